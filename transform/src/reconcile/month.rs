//! The reconciliation of one provider and month: stages in their order, and between them the causes that lead from each to
//! the next.

use std::sync::Arc;

use chrono::NaiveDate;

use super::cause::{Cause, Stage, Step};
use super::ledger::{Sum, Sums};
use super::posting::Account;
use super::published::PublishedRate;

/// Published counts are multiples of this.
const BASE: i64 = 5;

/// Clocks met and stopped, or the change in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Clocks met: the numerator.
    pub met: i64,
    /// Clocks stopped: the denominator.
    pub stopped: i64,
}

impl Count {
    fn less(self, other: Self) -> Self {
        Self { met: self.met - other.met, stopped: self.stopped - other.stopped }
    }

    fn rounded(self) -> Self {
        Self { met: round5(self.met), stopped: round5(self.stopped) }
    }
}

impl From<Sum> for Count {
    fn from(sum: Sum) -> Self {
        Self { met: sum.met, stopped: sum.stopped }
    }
}

/// One line of a reconciliation.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A stage that exists.
    Stage {
        /// Which.
        stage: Stage,
        /// What it counts. None for a published percentage that no two multiples of 5 give.
        count: Option<Count>,
        /// The percentage as published; none for the other stages.
        rate: Option<f64>,
    },
    /// A cause on the way from one stage to the next.
    Cause {
        /// From which stage.
        from: Stage,
        /// To which.
        to: Stage,
        /// Why.
        cause: Cause,
        /// The change that it makes. None where the published counts are not known.
        change: Option<Count>,
        /// How many clocks; none for rounding and what it leaves.
        clocks: Option<i64>,
    },
}

/// One provider and month.
#[derive(Debug, Clone, PartialEq)]
pub struct Reconciled {
    /// Provider, after succession.
    pub provider: Arc<str>,
    /// First day of the local month of the RTT end.
    pub month: NaiveDate,
    /// The published figure is marked provisional.
    pub provisional: bool,
    /// Stages and causes in reading order.
    pub entries: Vec<Entry>,
}

/// Which stages of a provider and month exist.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exists {
    /// The provider's live feed had begun.
    pub live: bool,
    /// A Primary of the month was received whole.
    pub primary: bool,
    /// What counts now is more than the Primary: a Refresh counts, or the Primary was withdrawn.
    pub refresh: bool,
}

impl Reconciled {
    /// The picture of one provider and month.
    #[must_use]
    pub fn new(
        provider: Arc<str>,
        month: NaiveDate,
        exists: Exists,
        sums: &Sums,
        published: Option<&PublishedRate>,
    ) -> Self {
        let stages = [(Stage::Live, exists.live), (Stage::Primary, exists.primary), (Stage::Refresh, exists.refresh)];
        let count = |stage| sums.get(&Account::Stage(stage)).copied().map(Count::from).unwrap_or_default();
        let mut entries = Vec::new();
        let mut before = None;
        for (stage, _) in stages.into_iter().filter(|(_, exists)| *exists) {
            if let Some((from, step)) = before.and_then(|from| Some((from, Step::between(from, stage)?))) {
                entries.extend(causes(sums, step, from, stage));
            }
            entries.push(Entry::Stage { stage, count: Some(count(stage)), rate: None });
            before = Some(stage);
        }
        let rate = published.and_then(|published| published.rate);
        if let Some((published, rate)) = published.zip(rate) {
            // Live figures are never published: without a submission there is nothing to compare with.
            let from = before.filter(|stage| *stage != Stage::Live);
            entries.extend(last_step(from.map(|stage| (stage, count(stage))), published, rate));
        }
        Self { provider, month, provisional: published.is_some_and(|published| published.provisional), entries }
    }

    /// What a stage counts.
    #[must_use]
    pub fn stage(&self, wanted: Stage) -> Option<Count> {
        self.entries.iter().find_map(|entry| match entry {
            Entry::Stage { stage, count, .. } if *stage == wanted => *count,
            _ => None,
        })
    }

    /// The clocks under a cause on the way to a stage.
    #[must_use]
    pub fn clocks(&self, to_stage: Stage, wanted: Cause) -> i64 {
        let clocks = self.entries.iter().find_map(|entry| match entry {
            Entry::Cause { to, cause, clocks, .. } if *to == to_stage && *cause == wanted => *clocks,
            _ => None,
        });
        clocks.unwrap_or(0)
    }
}

fn causes(sums: &Sums, step: Step, from: Stage, to: Stage) -> impl Iterator<Item = Entry> {
    Cause::ALL.into_iter().filter_map(move |cause| {
        let sum = sums.get(&Account::Cause(step, cause))?;
        Some(Entry::Cause { from, to, cause, change: Some((*sum).into()), clocks: Some(sum.clocks) })
    })
}

/// Rounding, what it leaves, and the published figure.
fn last_step(from: Option<(Stage, Count)>, published: &PublishedRate, rate: f64) -> Vec<Entry> {
    let to = Stage::Published;
    let Some((from, exact)) = from else {
        return vec![Entry::Stage { stage: to, count: None, rate: Some(rate) }];
    };
    let rounded = exact.rounded();
    let counts = published.counts_near(rounded);
    let line = |cause, change| Entry::Cause { from, to, cause, change, clocks: None };
    vec![
        line(Cause::Rounding, Some(rounded.less(exact))),
        line(Cause::NotExplained, counts.map(|counts| counts.less(rounded))),
        Entry::Stage { stage: to, count: counts, rate: Some(rate) },
    ]
}

/// The published form of a count: 0 stays 0, 1 to 7 become 5, others the nearest multiple of 5.
#[must_use]
pub const fn round5(count: i64) -> i64 {
    match count {
        0 => 0,
        1..=7 => BASE,
        _ => (2 * count + BASE).div_euclid(2 * BASE) * BASE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_round_as_the_handbook_says() {
        let rounded = [0, 3, 7, 8, 12, 13, 52, 53].map(round5);
        assert_eq!(rounded, [0, 5, 5, 10, 10, 15, 50, 55]);
    }

    fn published(rate: f64, decimals: u8) -> PublishedRate {
        PublishedRate { rate: Some(rate), decimals, provisional: false, workbook: Arc::from("2024-25") }
    }

    fn refresh_alone(met: i64, stopped: i64) -> Sums {
        Sums::from([(Account::Stage(Stage::Refresh), Sum { met, stopped, clocks: stopped })])
    }

    fn reconciled(sums: &Sums, published: &PublishedRate) -> Reconciled {
        let exists = Exists { refresh: true, ..Exists::default() };
        let month = NaiveDate::from_ymd_opt(2024, 10, 1).unwrap();
        Reconciled::new(Arc::from("NR5"), month, exists, sums, Some(published))
    }

    fn changes(reconciled: &Reconciled) -> Vec<(Cause, Option<(i64, i64)>)> {
        let told = |entry: &Entry| match entry {
            Entry::Cause { cause, change, .. } => Some((*cause, change.map(|count| (count.met, count.stopped)))),
            Entry::Stage { .. } => None,
        };
        reconciled.entries.iter().filter_map(told).collect()
    }

    #[test]
    fn what_rounding_leaves_is_shown_plainly() {
        let sums = refresh_alone(803, 957);
        let same = reconciled(&sums, &published(805.0 / 955.0, 15));
        assert_eq!(changes(&same), [(Cause::Rounding, Some((2, -2))), (Cause::NotExplained, Some((0, 0)))]);
        assert_eq!(same.stage(Stage::Published), Some(Count { met: 805, stopped: 955 }));
        let other = reconciled(&sums, &published(800.0 / 945.0, 15));
        assert_eq!(changes(&other)[1], (Cause::NotExplained, Some((-5, -10))));
        let none = reconciled(&sums, &published(0.843_123_456_789_012, 15));
        assert_eq!(changes(&none)[1], (Cause::NotExplained, None), "no two multiples of 5 give it");
        assert_eq!(none.stage(Stage::Published), None);
    }

    #[test]
    fn a_percentage_of_four_decimals_is_any_that_rounds_to_it() {
        let sums = refresh_alone(803, 957);
        let same = reconciled(&sums, &published(0.8429, 4));
        assert_eq!(changes(&same)[1], (Cause::NotExplained, Some((0, 0))));
    }
}
