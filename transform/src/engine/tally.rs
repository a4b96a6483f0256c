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

/// The cells, when all their parts are added. One in which nothing was counted is absent, not zero.
pub fn finished(cells: BTreeMap<Atom, Tally>, quantile: Option<Quantile>) -> impl Iterator<Item = (Atom, AtomValue)> {
    let cells = cells.into_iter().map(move |(atom, tally)| (atom, tally.finish(quantile)));
    cells.filter(|(_, value)| !value.is_empty())
}

#[cfg(test)]
mod tests {
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
}
