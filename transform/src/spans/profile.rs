//! How many intervals hold each point: a count that steps up where one begins and down where one ends. Pure.

use super::{Point, Span};

/// From a point on, the count is this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step {
    /// The point.
    pub at: Point,
    /// The count from it up to the next step.
    pub count: i64,
}

/// The count over the whole line, by its steps in order; nothing before the first, and after the last what it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile(Vec<Step>);

impl FromIterator<Span> for Profile {
    fn from_iter<I: IntoIterator<Item = Span>>(spans: I) -> Self {
        let of_span = |span: Span| [(span.from, 1), (span.to, -1)];
        Self::of_changes(spans.into_iter().filter(|span| !span.is_empty()).flat_map(of_span).collect())
    }
}

impl Profile {
    /// From changes of the count, in any order.
    #[must_use]
    pub fn of_changes(mut changes: Vec<(Point, i64)>) -> Self {
        changes.sort_unstable();
        let mut steps: Vec<Step> = Vec::new();
        let mut count = 0;
        for together in changes.chunk_by(|one, two| one.0 == two.0) {
            let before = count;
            count += together.iter().map(|(_, change)| change).sum::<i64>();
            if count != before {
                steps.push(Step { at: together[0].0, count });
            }
        }
        Self(steps)
    }

    /// A profile that was made before.
    #[must_use]
    pub const fn of_steps(steps: Vec<Step>) -> Self {
        Self(steps)
    }

    /// The steps in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The count at a point: an interval that ends there no longer counts, one that begins there does.
    #[must_use]
    pub fn at(&self, point: Point) -> i64 {
        let after = self.0.partition_point(|step| step.at <= point);
        if after == 0 { 0 } else { self.0[after - 1].count }
    }

    /// The counts at points that come in order.
    pub fn at_each(&self, points: impl IntoIterator<Item = Point>) -> impl Iterator<Item = Step> {
        let mut after = 0;
        points.into_iter().map(move |at| {
            after += self.0[after..].iter().take_while(|step| step.at <= at).count();
            Step { at, count: if after == 0 { 0 } else { self.0[after - 1].count } }
        })
    }

    /// Sum of the count over every point of a window: nights, or bed-microseconds.
    #[must_use]
    pub fn integral(&self, window: Span) -> i64 {
        let first = self.0.partition_point(|step| step.at <= window.from).saturating_sub(1);
        let mut sum = 0;
        for (index, step) in self.0.iter().enumerate().skip(first) {
            let until = self.0.get(index + 1).map_or(window.to, |next| next.at.min(window.to));
            let from = step.at.max(window.from);
            if from >= window.to {
                break;
            }
            sum += step.count * Span::new(from, until).length();
        }
        sum
    }
}
