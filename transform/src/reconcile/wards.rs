//! The published beds and patients of virtual wards, a board and month each, and what a reader of them must know
//! (`virtual-wards.md` sections 2 and 5). Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Months, NaiveDate};
use homeward_contract::published::Measure;

use super::published::Published;

/// What the last file says of one board and month.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PublishedWards {
    /// Beds in the last return of the month.
    pub beds: Option<i64>,
    /// Patients at 08:00 on the reference Thursday.
    pub patients: Option<i64>,
    /// People aged 16 or over who are registered with a practice; the same in every month of a year's files.
    pub population: Option<i64>,
    /// The share as printed.
    pub printed: Option<f64>,
    /// No patient at all, beds, and not none in the month before: a missing count is published as 0.
    pub is_suspect_zero: bool,
}

impl PublishedWards {
    /// Patients by beds, worked out anew: what is printed changes its digits from month to month, and is capped.
    #[must_use]
    pub fn occupancy(&self) -> Option<f64> {
        share(self.patients?, self.beds?)
    }

    /// Beds for every 100,000 people aged 16 or over.
    #[must_use]
    pub fn beds_per_100k(&self) -> Option<f64> {
        share(self.beds?, self.population?).map(|share| share * 100_000.0)
    }

    /// More patients than beds: the true value is kept.
    #[must_use]
    pub fn is_over_capacity(&self) -> bool {
        self.occupancy().is_some_and(|share| share > 1.0)
    }

    /// The print says 100% and means more.
    #[must_use]
    pub fn is_capped(&self) -> bool {
        self.is_over_capacity() && self.printed.is_some_and(|printed| (printed - 1.0).abs() < 1e-9)
    }

    /// Flags in order, by name.
    #[must_use]
    pub fn flags(&self) -> Vec<&'static str> {
        let all = [
            ("over_capacity", self.is_over_capacity()),
            ("capped", self.is_capped()),
            ("suspect_zero", self.is_suspect_zero),
        ];
        all.into_iter().filter(|(_, raised)| *raised).map(|(name, _)| name).collect()
    }
}

/// Null without beds, never 0% or without end.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn share(count: i64, of: i64) -> Option<f64> {
    (of > 0).then(|| count as f64 / of as f64)
}

/// Every board and month that a file has, by month.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PublishedSeries(BTreeMap<(NaiveDate, Arc<str>), PublishedWards>);

impl PublishedSeries {
    /// These rows: for a picture that is planted.
    #[must_use]
    pub fn planted(rows: impl IntoIterator<Item = (NaiveDate, Arc<str>, PublishedWards)>) -> Self {
        let mut series = Self(rows.into_iter().map(|(month, board, held)| ((month, board), held)).collect());
        series.suspect();
        series
    }

    /// What the last loads say.
    pub(crate) fn of(published: &Published) -> Self {
        let mut series: BTreeMap<(NaiveDate, Arc<str>), PublishedWards> = BTreeMap::new();
        for (measure, month, organisation, figure) in published.newest() {
            let Some(value) = figure.rate else { continue };
            #[expect(clippy::cast_possible_truncation, reason = "a published count is whole and at most 1e9")]
            let count = Some(value as i64);
            let key = (month, Arc::clone(organisation));
            match measure {
                Measure::VwBeds => series.entry(key).or_default().beds = count,
                Measure::VwPatients => series.entry(key).or_default().patients = count,
                Measure::VwPopulation => series.entry(key).or_default().population = count,
                Measure::VwOccupancy => series.entry(key).or_default().printed = Some(value),
                _ => {}
            }
        }
        let mut series = Self(series);
        series.suspect();
        series
    }

    /// Flags zeros that may be missing counts.
    fn suspect(&mut self) {
        let series = &mut self.0;
        let zeros: Vec<(NaiveDate, Arc<str>)> = series
            .iter()
            .filter(|(_, held)| held.patients == Some(0) && held.beds.is_some_and(|beds| beds > 0))
            .filter(|((month, board), _)| {
                let before = month.checked_sub_months(Months::new(1)).map(|before| (before, Arc::clone(board)));
                // A month that no file has could have been anything.
                before.and_then(|before| series.get(&before)).is_none_or(|before| before.patients != Some(0))
            })
            .map(|(key, _)| key.clone())
            .collect();
        for key in zeros {
            if let Some(held) = series.get_mut(&key) {
                held.is_suspect_zero = true;
            }
        }
    }

    /// Each board's month, by month and then by code.
    pub fn iter(&self) -> impl Iterator<Item = (NaiveDate, &str, &PublishedWards)> {
        self.0.iter().map(|((month, board), held)| (*month, board.as_ref(), held))
    }

    /// The boards of a month together: sums, divided last. None where there is no board.
    #[must_use]
    pub fn total(&self, month: NaiveDate) -> Option<PublishedWards> {
        let add = |sum: Option<i64>, own: Option<i64>| own.map_or(sum, |own| Some(sum.unwrap_or(0) + own));
        let of_month = self.iter().filter(|(own, _, _)| *own == month);
        of_month.map(|(_, _, held)| held).fold(None, |sum: Option<PublishedWards>, held| {
            let sum = sum.unwrap_or_default();
            Some(PublishedWards {
                beds: add(sum.beds, held.beds),
                patients: add(sum.patients, held.patients),
                population: add(sum.population, held.population),
                ..PublishedWards::default()
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(rows: &[(&str, &str, i64, i64, f64)]) -> PublishedSeries {
        let mut published = Published::default();
        for (month, board, beds, patients, printed) in rows {
            let month = format!("{month}-01").parse().unwrap();
            #[expect(clippy::cast_precision_loss, reason = "small counts")]
            let values = [
                (Measure::VwBeds, *beds as f64),
                (Measure::VwPatients, *patients as f64),
                (Measure::VwOccupancy, *printed),
            ];
            for (measure, value) in values {
                published.plant(measure, month, board, value);
            }
        }
        PublishedSeries::of(&published)
    }

    fn of<'s>(series: &'s PublishedSeries, month: &str, board: &str) -> &'s PublishedWards {
        let month: NaiveDate = format!("{month}-01").parse().unwrap();
        series.iter().find(|(own, code, _)| *own == month && *code == board).map(|(_, _, held)| held).unwrap()
    }

    /// The rows that the handbook quotes, and the rest of England as one row, so that the sums are those reported.
    #[test]
    fn boards_sum_to_the_england_figure_and_flags_stand_where_the_handbook_says() {
        let october = [("QJK", 202, 101, 0.5), ("QUY", 156, 195, 1.0), ("QT6", 175, 0, 0.0)];
        let (beds, patients) = october.iter().fold((0, 0), |(beds, patients), row| (beds + row.1, patients + row.2));
        let rest = ("the other 39", 10_737 - beds, 7_317 - patients, 0.6884);
        let rows: Vec<_> = october
            .into_iter()
            .chain([rest])
            .map(|(board, beds, patients, printed)| ("2023-10", board, beds, patients, printed))
            .collect();
        let series = series(&rows);
        let england = series.total("2023-10-01".parse().unwrap()).unwrap();
        assert_eq!((england.beds, england.patients), (Some(10_737), Some(7_317)));
        assert_eq!(format!("{:.1}", 100.0 * england.occupancy().unwrap()), "68.1");
        assert_eq!(series.total("2023-11-01".parse().unwrap()), None);

        let bristol = of(&series, "2023-10", "QUY");
        assert_eq!((bristol.occupancy(), bristol.flags()), (Some(1.25), vec!["over_capacity", "capped"]));
        assert_eq!(of(&series, "2023-10", "QT6").flags(), ["suspect_zero"]);
        assert_eq!(
            (of(&series, "2023-10", "QJK").occupancy(), of(&series, "2023-10", "QJK").flags().len()),
            (Some(0.5), 0)
        );
    }

    #[test]
    fn a_zero_after_a_zero_is_believed_and_no_beds_are_no_share() {
        let series = series(&[("2023-10", "A", 10, 0, 0.0), ("2023-11", "A", 10, 0, 0.0), ("2023-11", "B", 0, 0, 0.0)]);
        assert_eq!(of(&series, "2023-10", "A").flags(), ["suspect_zero"]);
        assert!(of(&series, "2023-11", "A").flags().is_empty());
        assert_eq!((of(&series, "2023-11", "B").occupancy(), of(&series, "2023-11", "B").flags().len()), (None, 0));
    }
}
