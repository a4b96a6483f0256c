//! What is read of the rows of a submission's tables: the keys that they name, and whether items are filled.

use arrow::array::{Array, BooleanArray, Date32Array, StringArray};
use arrow::record_batch::RecordBatch;
use homeward_contract::codes::UNKNOWN_TEAM_TYPE;
use homeward_contract::dictionary::item_columns;
use homeward_contract::feed::Table;
use homeward_contract::item::Item;

use super::quality::{Filled, Measure};
use crate::book::read::{FactShapeError, Facts, text_at};

/// A key item of one table: its column, and the one that says that it is a placeholder.
fn key_columns(item: &'static Item) -> Vec<&'static str> {
    item_columns(item)
}

/// The columns of CYP104 that tell two clocks of one referral apart.
const CLOCK: [&str; 3] = ["waiting_time_measurement_type", "rtt_start_date", "rtt_start_time"];
const CLOCK_END: [&str; 2] = ["rtt_end_date", "rtt_end_time"];

/// Every column of a table that is read, beside those of its submission.
pub(super) fn names(table: Table) -> Vec<&'static str> {
    let keys = [table.named_by(), table.parent().map(|(_, item)| item)];
    let mut names: Vec<&str> = keys.into_iter().flatten().flat_map(key_columns).collect();
    if table == Table::Cyp104Rtt {
        names.extend(CLOCK.into_iter().chain(CLOCK_END));
    }
    names.extend(Measure::of(table).iter().filter_map(|measure| measure.column()));
    names.sort_unstable();
    names.dedup();
    names
}

/// A column of keys. A placeholder names nothing (D2).
struct KeyColumn<'a> {
    texts: &'a StringArray,
    placeholder: Option<&'a BooleanArray>,
}

impl<'a> KeyColumn<'a> {
    fn new(facts: &Facts<'a>, item: Option<&'static Item>) -> Result<Option<Self>, FactShapeError> {
        let Some(columns) = item.map(key_columns) else { return Ok(None) };
        let [texts, flags @ ..] = columns.as_slice() else { return Ok(None) };
        let placeholder = flags.first().map(|column| facts.flag(column)).transpose()?;
        Ok(Some(Self { texts: facts.text(texts)?, placeholder }))
    }

    fn at(&self, row: usize) -> Option<&'a str> {
        let is_placeholder = self.placeholder.is_some_and(|flags| flags.is_valid(row) && flags.value(row));
        text_at(self.texts, row).filter(|_| !is_placeholder)
    }
}

/// Reads the rows of one batch of one table.
pub(super) struct RowReader<'a> {
    table: Table,
    own: Option<KeyColumn<'a>>,
    parent: Option<KeyColumn<'a>>,
    clock: Option<Clock<'a>>,
    filled: Vec<(Measure, &'a StringArray)>,
}

struct Clock<'a> {
    waiting_type: &'a StringArray,
    start_day: &'a Date32Array,
    start_time: &'a StringArray,
    end_day: &'a Date32Array,
    end_time: &'a StringArray,
}

impl<'a> Clock<'a> {
    fn new(facts: &Facts<'a>) -> Result<Self, FactShapeError> {
        let ([waiting_type, start_day, start_time], [end_day, end_time]) = (CLOCK, CLOCK_END);
        Ok(Self {
            waiting_type: facts.text(waiting_type)?,
            start_day: facts.date(start_day)?,
            start_time: facts.text(start_time)?,
            end_day: facts.date(end_day)?,
            end_time: facts.text(end_time)?,
        })
    }
}

impl<'a> RowReader<'a> {
    pub(super) fn new(table: Table, batch: &'a RecordBatch) -> Result<Self, FactShapeError> {
        let facts = Facts::new(table.name(), batch);
        let measures = Measure::of(table).iter().filter_map(|measure| Some((*measure, measure.column()?)));
        Ok(Self {
            table,
            own: KeyColumn::new(&facts, table.named_by())?,
            parent: KeyColumn::new(&facts, table.parent().map(|(_, item)| item))?,
            clock: (table == Table::Cyp104Rtt).then(|| Clock::new(&facts)).transpose()?,
            filled: measures.map(|(measure, column)| Ok((measure, facts.text(column)?))).collect::<Result<_, _>>()?,
        })
    }

    /// The key that children name the row by.
    pub(super) fn own(&self, row: usize) -> Option<&'a str> {
        self.own.as_ref()?.at(row)
    }

    /// The key by which it names its parent.
    pub(super) fn parent(&self, row: usize) -> Option<&'a str> {
        self.parent.as_ref()?.at(row)
    }

    /// What tells the row from others of its table in one submission, where anything does. An activity does not carry its
    /// service request, so that its contact's id stands for it.
    pub(super) fn canonical(&self, row: usize) -> Option<String> {
        if self.table.canonical_key().is_empty() {
            return None;
        }
        let parts = match &self.clock {
            Some(clock) => {
                let day = clock.start_day.is_valid(row).then(|| clock.start_day.value(row).to_string());
                let texts = [text_at(clock.waiting_type, row), day.as_deref(), text_at(clock.start_time, row)];
                let texts = texts.map(|text| text.unwrap_or_default().to_owned());
                [vec![self.parent(row)?.to_owned()], texts.to_vec()].concat()
            }
            // The person is no part of a referral's key.
            None if matches!(self.table, Table::Cyp001Mpi | Table::Cyp101Referral) => vec![self.own(row)?.to_owned()],
            None => vec![self.parent(row)?.to_owned(), self.own(row)?.to_owned()],
        };
        Some(parts.join("\u{1f}"))
    }

    /// Which measures the row belongs to, and of which it fills the item.
    pub(super) fn filled(&self, row: usize) -> Filled {
        let mut filled = Filled::default();
        for (measure, texts) in &self.filled {
            let says =
                text_at(texts, row).is_some_and(|text| text != UNKNOWN_TEAM_TYPE || *measure != Measure::TeamType);
            filled.count(*measure, says);
        }
        if let Some(clock) = &self.clock
            && clock.end_day.is_valid(row)
        {
            filled.count(Measure::RttEndTime, clock.end_time.is_valid(row));
        }
        filled
    }
}
