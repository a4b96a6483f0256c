//! What NHS England's workbooks say, by load. A workbook speaks for the whole of each month that it has: the last load of
//! a month replaces the ones before, so that a corrected workbook supersedes and an organisation that it drops is gone.
//!
//! Bounds: one value an organisation, month, measure and load.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use chrono::NaiveDate;
use homeward_contract::feed::Table;
use homeward_contract::published::Measure;

use super::month::Count;
use crate::book::clock::Micros;
use crate::book::read::{FactShapeError, Facts, date_of, day_at};

/// Differences of less than this are those of binary fractions.
const BINARY: f64 = 1e-12;

/// How far from our own count the published one is looked for, in multiples of 5.
const REACH: i64 = 4_000;

/// One figure of a workbook.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedRate {
    /// The value; none where the cell is blank, which is no data.
    pub rate: Option<f64>,
    /// Decimals that the workbook prints for this kind of organisation.
    pub decimals: u8,
    /// The month is marked provisional.
    pub provisional: bool,
    /// Name of the workbook.
    pub workbook: Arc<str>,
}

impl PublishedRate {
    /// The multiples of 5 that give the percentage to the digits printed and lie nearest to ours. Which ones stand behind
    /// it is not published: several may fit, and the nearest is our choice.
    #[must_use]
    pub fn counts_near(&self, ours: Count) -> Option<Count> {
        let rate = self.rate?;
        let tolerance = (0.5 * 0.1_f64.powi(i32::from(self.decimals))).max(BINARY);
        (0..=REACH).flat_map(|away| [ours.stopped - 5 * away, ours.stopped + 5 * away]).find_map(|stopped| {
            if stopped < 5 {
                return None;
            }
            let met = nearest5(rate * float(stopped));
            let fits = (float(met) / float(stopped) - rate).abs() <= tolerance;
            // Our own numerator stands where the digits allow it.
            let own = stopped == ours.stopped && (float(ours.met) / float(stopped) - rate).abs() <= tolerance;
            let met = if own { ours.met } else { met };
            (own || fits).then_some(Count { met, stopped })
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
const fn float(count: i64) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, reason = "a share of a count is as small as the count")]
fn nearest5(count: f64) -> i64 {
    (count / 5.0).round() as i64 * 5
}

/// Loads in rising order: when it was loaded, then its id.
type LoadKey = (Micros, Arc<str>);

#[derive(Debug, Clone, Default)]
struct Load {
    /// When Homeward took in the first of its figures.
    known_at: Micros,
    figures: BTreeMap<Arc<str>, PublishedRate>,
}

/// Every load of every month.
#[derive(Debug, Clone, Default)]
pub struct Published {
    months: BTreeMap<(Measure, NaiveDate), BTreeMap<LoadKey, Load>>,
    changed: BTreeSet<NaiveDate>,
}

impl Published {
    /// Takes rows of `published_figure`.
    ///
    /// # Errors
    /// When the batch does not have the table's columns.
    pub fn take(&mut self, batch: &RecordBatch) -> Result<(), FactShapeError> {
        let facts = Facts::new(Table::PublishedFigure.name(), batch);
        let (load, organisation, measure) =
            (facts.text("load_id")?, facts.text("organisation")?, facts.text("measure")?);
        let (workbook, loaded_at, known_at) =
            (facts.text("workbook")?, facts.instant("loaded_at")?, facts.instant("known_at")?);
        let (months, values) = (facts.date("month")?, facts.real("value")?);
        let (decimals, provisional) = (facts.int("decimals")?, facts.flag("provisional")?);
        for row in 0..batch.num_rows() {
            let Some((measure, month)) = Measure::from_word(measure.value(row)).zip(day_at(months, row).map(date_of))
            else {
                continue;
            };
            let figure = PublishedRate {
                rate: values.is_valid(row).then(|| values.value(row)),
                decimals: u8::try_from(decimals.value(row)).unwrap_or(0),
                provisional: provisional.value(row),
                workbook: Arc::from(workbook.value(row)),
            };
            let key = (loaded_at.value(row), Arc::from(load.value(row)));
            let held = self.months.entry((measure, month)).or_default().entry(key).or_default();
            let known_at = known_at.value(row);
            held.known_at = if held.figures.is_empty() { known_at } else { held.known_at.min(known_at) };
            held.figures.insert(Arc::from(organisation.value(row)), figure);
            self.changed.insert(month);
        }
        Ok(())
    }

    /// What the last workbook says of an organisation.
    #[must_use]
    pub fn figure(&self, measure: Measure, organisation: &str, month: NaiveDate) -> Option<&PublishedRate> {
        self.months.get(&(measure, month))?.last_key_value()?.1.figures.get(organisation)
    }

    /// What the last workbook said that was known at an instant.
    #[must_use]
    pub fn as_known_at(
        &self,
        measure: Measure,
        organisation: &str,
        month: NaiveDate,
        known_at: Micros,
    ) -> Option<&PublishedRate> {
        let loads = self.months.get(&(measure, month))?;
        let (_, load) = loads.iter().rev().find(|(_, load)| load.known_at <= known_at)?;
        load.figures.get(organisation)
    }

    /// Organisations of a measure and month that the last workbook has.
    pub fn organisations(&self, measure: Measure, month: NaiveDate) -> impl Iterator<Item = &Arc<str>> {
        let load = self.months.get(&(measure, month)).and_then(|loads| loads.last_key_value());
        load.into_iter().flat_map(|(_, load)| load.figures.keys())
    }

    /// Every figure of the last load of each measure and month.
    pub(super) fn newest(&self) -> impl Iterator<Item = (Measure, NaiveDate, &Arc<str>, &PublishedRate)> {
        self.months.iter().flat_map(|((measure, month), loads)| {
            let load = loads.last_key_value().into_iter();
            load.flat_map(|(_, load)| &load.figures).map(|(code, figure)| (*measure, *month, code, figure))
        })
    }

    /// One figure, of one load for all.
    #[cfg(test)]
    pub(super) fn plant(&mut self, measure: Measure, month: NaiveDate, organisation: &str, value: f64) {
        let held = self.months.entry((measure, month)).or_default().entry((0, Arc::from("planted"))).or_default();
        let workbook = Arc::from("planted.csv");
        let figure = PublishedRate { rate: Some(value), decimals: 0, provisional: false, workbook };
        held.figures.insert(Arc::from(organisation), figure);
    }

    /// Months with new figures since the last call.
    pub fn take_changed(&mut self) -> BTreeSet<NaiveDate> {
        std::mem::take(&mut self.changed)
    }
}
