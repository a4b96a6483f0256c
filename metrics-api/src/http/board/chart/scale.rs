//! Values to coordinates, and labels that do not lie over one another.

/// A straight scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// From the value `low` at `start` to `high` at `end`.
    pub(super) fn new((low, high): (f64, f64), (start, end): (f64, f64)) -> Self {
        Self { low, high: if high > low { high } else { low + 1.0 }, start, end }
    }

    /// Where a value lies, never outside the scale: the drawing clips, the rules do not.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.start + share * (self.end - self.start)
    }
}

/// An axis for rates: the range of what is drawn, in steps of 5%, 10% or 20%, within 0 and 1.
pub(super) fn rate_axis(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let (low, high) = range(values).unwrap_or((0.0, 1.0));
    let (low, high) = (low.clamp(0.0, 1.0), high.clamp(0.0, 1.0));
    let step = if high - low > 0.5 {
        0.2
    } else if high - low > 0.2 {
        0.1
    } else {
        0.05
    };
    let first = ((low / step) + 1e-9).floor();
    let last = ((high / step) - 1e-9).ceil().max(first + 1.0);
    steps(first, last, step).into_iter().filter(|value| *value <= 1.0 + 1e-9).collect()
}

/// An axis for counts: from zero, about five steps.
pub(super) fn count_axis(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let high = range(values).map_or(1.0, |(_, high)| high.max(1.0));
    let rough = high / 4.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= rough);
    let step = step.unwrap_or(10.0 * power).max(1.0);
    steps(0.0, (high / step - 1e-9).ceil().max(1.0), step)
}

fn steps(first: f64, last: f64, step: f64) -> Vec<f64> {
    // At most 21 steps of the smallest size fit between 0 and 1; counts have about five.
    let mut values = Vec::new();
    let mut index = first;
    while index <= last && values.len() < 24 {
        values.push(index * step);
        index += 1.0;
    }
    values
}

fn range(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|value| value.is_finite()).fold(None, |range, value| match range {
        None => Some((value, value)),
        Some((low, high)) => Some((low.min(value), high.max(value))),
    })
}

/// Moves labels apart so that neighbours keep `gap`, as near to their places as that allows, between `top` and `bottom`.
pub(super) fn spread(places: &[f64], gap: f64, (top, bottom): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|one, two| places[*one].total_cmp(&places[*two]));
    let mut moved = places.to_vec();
    let mut lowest = top;
    for index in &order {
        moved[*index] = moved[*index].max(lowest);
        lowest = moved[*index] + gap;
    }
    let mut highest = bottom;
    for index in order.iter().rev() {
        moved[*index] = moved[*index].min(highest);
        highest = moved[*index] - gap;
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: &[f64], expected: &[f64]) {
        let same = found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(same, "{found:?}, expected {expected:?}");
    }

    #[test]
    fn a_scale_turns_round_and_clips() {
        let scale = Scale::new((0.5, 1.0), (200.0, 0.0));
        assert_eq!(scale.at(0.5), 200.0);
        assert_eq!(scale.at(0.75), 100.0);
        assert_eq!(scale.at(1.3), 0.0, "limits beyond 100% are drawn at the edge");
        assert_eq!(Scale::new((3.0, 3.0), (0.0, 10.0)).at(3.0), 0.0, "one value alone is no division by zero");
    }

    #[test]
    fn a_rate_axis_shows_the_data_the_limits_and_the_targets() {
        near(&rate_axis([0.62, 0.95, 0.8, 0.7]), &[0.6, 0.7, 0.8, 0.9, 1.0]);
        near(&rate_axis([0.81, 0.83, 0.8]), &[0.8, 0.85]);
        near(&rate_axis([0.1, 1.2]), &[0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
        near(&rate_axis([1.0]), &[1.0]);
        near(&rate_axis([]), &[0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
    }

    #[test]
    fn a_count_axis_begins_at_zero() {
        near(&count_axis([3.0, 17.0]), &[0.0, 5.0, 10.0, 15.0, 20.0]);
        near(&count_axis([1.0]), &[0.0, 1.0]);
        near(&count_axis([180.0]), &[0.0, 50.0, 100.0, 150.0, 200.0]);
        near(&count_axis([]), &[0.0, 1.0]);
    }

    #[test]
    fn labels_keep_their_distance_and_stay_inside() {
        near(&spread(&[50.0, 52.0, 100.0], 14.0, (0.0, 120.0)), &[50.0, 64.0, 100.0]);
        near(&spread(&[118.0, 119.0], 14.0, (0.0, 120.0)), &[106.0, 120.0]);
        near(&spread(&[30.0, 10.0], 14.0, (0.0, 120.0)), &[30.0, 10.0]);
    }
}
