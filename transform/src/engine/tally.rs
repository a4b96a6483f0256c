//! What a cell has of some records, to be put together with what it has of others. Pure.

use std::collections::BTreeMap;

use super::result::{Atom, AtomValue};
use crate::percentile::{Percentile, Quantile};

/// A cell, or a part of one. Parts add up: of a percentile they hold every measure with the number of its records, and of
/// distinct people, those whose records are all in the part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// All that is a sum already.
    value: AtomValue,
    /// Of a percentile, how many records have each measure.
    measures: BTreeMap<i64, i64>,
}

impl From<AtomValue> for Tally {
    fn from(value: AtomValue) -> Self {
        Self { value, measures: BTreeMap::new() }
    }
}

impl Tally {
    /// Sums over records that have the same measure, or none.
    pub(super) fn of_measure(value: AtomValue, measure: Option<i64>, records: i64) -> Self {
        Self { value, measures: measure.map(|measure| (measure, records)).into_iter().collect() }
    }

    /// Adds another part of the same cell.
    pub fn add(&mut self, other: &Self) {
        self.value.add(&other.value);
        for (measure, records) in &other.measures {
            *self.measures.entry(*measure).or_default() += records;
        }
    }

    /// The cell, when all its parts are added.
    #[must_use]
    pub fn finish(self, quantile: Option<Quantile>) -> AtomValue {
        let Some(quantile) = quantile else { return self.value };
        let percentile = Percentile::of(&self.measures, quantile);
        AtomValue { denominator: Some(self.measures.values().sum()), percentile, ..self.value }
    }
}

/// Cells while their parts come.
#[derive(Debug, Default)]
pub struct Parts {
    /// The first of them in order, each once; behind them what came since.
    cells: Vec<(Atom, Tally)>,
    joined: usize,
}

/// So few parts wait to be joined however few cells there are.
const WAITING: usize = 64;

impl Parts {
    /// Adds a part of a cell. Parts are joined when as many wait as there are cells, so that those of many runs take no more
    /// memory than twice their cells.
    pub fn add(&mut self, atom: Atom, part: Tally) {
        self.cells.push((atom, part));
        if self.cells.len() >= WAITING + 2 * self.joined {
            self.join();
        }
    }

    /// The cells in order, when all their parts are added. One in which nothing was counted is absent, not zero.
    pub fn finish(mut self, quantile: Option<Quantile>) -> impl Iterator<Item = (Atom, AtomValue)> {
        self.join();
        let cells = self.cells.into_iter().map(move |(atom, tally)| (atom, tally.finish(quantile)));
        cells.filter(|(_, value)| !value.is_empty())
    }

    fn join(&mut self) {
        self.cells.sort_unstable_by(|(one, _), (two, _)| one.cmp(two));
        self.cells.dedup_by(|(atom, part), (kept, sum)| {
            let is_same = atom == kept;
            if is_same {
                sum.add(part);
            }
            is_same
        });
        self.joined = self.cells.len();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    fn tally(measures: &[(i64, i64)]) -> Tally {
        let parts = measures.iter().map(|(measure, records)| {
            let value = AtomValue { source_rank: Some(*measure), ..AtomValue::default() };
            Tally::of_measure(value, Some(*measure), *records)
        });
        parts.fold(Tally::default(), |mut all, part| {
            all.add(&part);
            all
        })
    }

    #[test]
    fn a_percentile_of_parts_is_that_of_all_records() {
        let quantile = Some(Quantile::try_from(0.5).expect("a share"));
        let mut all = tally(&[(10, 1), (20, 1)]);
        all.add(&tally(&[(20, 2), (90, 5)]));
        let cell = all.finish(quantile);
        assert_eq!(cell, tally(&[(10, 1), (20, 3), (90, 5)]).finish(quantile));
        assert_eq!(cell.denominator, Some(9));
        assert_eq!(cell.percentile.map(Percentile::value), Some(90.0));
        assert_eq!(cell.source_rank, Some(10));
    }

    #[test]
    fn a_percentile_of_nothing_is_none() {
        let quantile = Some(Quantile::try_from(0.9).expect("a share"));
        let cell = Tally::of_measure(AtomValue { numerator: 0, ..AtomValue::default() }, None, 0).finish(quantile);
        assert_eq!((cell.denominator, cell.percentile), (Some(0), None));
    }

    fn atom(name: u8) -> Atom {
        let text = |text: &str| Arc::from(text);
        let (basis, provider, period) = (text("live"), text("NR5"), text("month:2025-06"));
        let strata = Arc::from([Arc::from(format!("{name:03}"))]);
        Atom { basis, provider, icb: None, lcp: None, pcn: None, strata, period, place: None }
    }

    proptest! {
        /// However many parts a cell comes in, and however they are mixed, it is their sum, and cells are in order.
        #[test]
        fn cells_are_the_sums_of_their_parts(parts in prop::collection::vec((0_u8..120, 0_i64..3), 0..600)) {
            let mut expected = BTreeMap::<Atom, i64>::new();
            let mut held = Parts::default();
            for (name, count) in parts {
                *expected.entry(atom(name)).or_default() += count;
                held.add(atom(name), AtomValue { numerator: count, ..AtomValue::default() }.into());
            }
            expected.retain(|_, count| *count != 0);
            let cells: Vec<(Atom, i64)> = held.finish(None).map(|(atom, value)| (atom, value.numerator)).collect();
            prop_assert_eq!(cells, expected.into_iter().collect::<Vec<_>>());
        }
    }
}
