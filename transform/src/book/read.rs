//! Typed, borrowed reading of fact batches by column name.

use std::sync::Arc;

use arrow::array::{
    Array, AsArray, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use arrow::record_batch::RecordBatch;
use chrono::{Duration, NaiveDate, NaiveTime};
use homeward_contract::time::{local_midnight, resolve_start};

use super::Map;
use super::clock::Micros;

/// A fact batch does not have the columns of its contract: a defect, or a lake written by a newer Homeward.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "fact table '{table}' lacks column '{column}' of type {wanted}: was the lake written by another version of Homeward? Start this one on a lake of its own or upgrade it"
)]
pub struct FactShapeError {
    /// Lake table.
    pub table: &'static str,
    /// Column looked for.
    pub column: &'static str,
    /// Arrow type wanted.
    pub wanted: DataType,
}

/// Columns of one fact batch.
pub struct Facts<'a> {
    table: &'static str,
    batch: &'a RecordBatch,
}

impl<'a> Facts<'a> {
    /// Reads this batch as rows of a lake table.
    #[must_use]
    pub const fn new(table: &'static str, batch: &'a RecordBatch) -> Self {
        Self { table, batch }
    }

    fn column(&self, column: &'static str, wanted: &DataType) -> Result<&'a Arc<dyn Array>, FactShapeError> {
        self.batch
            .column_by_name(column)
            .filter(|array| match (array.data_type(), wanted) {
                (DataType::Timestamp(TimeUnit::Microsecond, _), DataType::Timestamp(_, _)) => true,
                (found, wanted) => found == wanted,
            })
            .ok_or_else(|| FactShapeError { table: self.table, column, wanted: wanted.clone() })
    }

    /// A text column.
    pub fn text(&self, column: &'static str) -> Result<&'a StringArray, FactShapeError> {
        Ok(self.column(column, &DataType::Utf8)?.as_string::<i32>())
    }

    /// An instant column.
    pub fn instant(&self, column: &'static str) -> Result<&'a TimestampMicrosecondArray, FactShapeError> {
        let wanted = DataType::Timestamp(TimeUnit::Microsecond, None);
        Ok(self.column(column, &wanted)?.as_primitive::<TimestampMicrosecondType>())
    }

    /// A date column.
    pub fn date(&self, column: &'static str) -> Result<&'a Date32Array, FactShapeError> {
        Ok(self.column(column, &DataType::Date32)?.as_primitive::<Date32Type>())
    }

    /// A 64-bit integer column.
    pub fn long(&self, column: &'static str) -> Result<&'a Int64Array, FactShapeError> {
        Ok(self.column(column, &DataType::Int64)?.as_primitive::<Int64Type>())
    }

    /// A 32-bit integer column.
    pub fn int(&self, column: &'static str) -> Result<&'a Int32Array, FactShapeError> {
        Ok(self.column(column, &DataType::Int32)?.as_primitive::<Int32Type>())
    }

    /// A column of real numbers.
    pub fn real(&self, column: &'static str) -> Result<&'a Float64Array, FactShapeError> {
        Ok(self.column(column, &DataType::Float64)?.as_primitive::<Float64Type>())
    }

    /// A yes/no column.
    pub fn flag(&self, column: &'static str) -> Result<&'a BooleanArray, FactShapeError> {
        Ok(self.column(column, &DataType::Boolean)?.as_boolean())
    }
}

/// The value of a text column in one row.
pub fn text_at(array: &StringArray, row: usize) -> Option<&str> {
    array.is_valid(row).then(|| array.value(row))
}

/// The value of an instant column in one row.
pub fn instant_at(array: &TimestampMicrosecondArray, row: usize) -> Option<Micros> {
    array.is_valid(row).then(|| array.value(row))
}

/// The value of a date column in one row, in days since the epoch.
pub fn day_at(array: &Date32Array, row: usize) -> Option<i32> {
    array.is_valid(row).then(|| array.value(row))
}

/// A date from days since the epoch.
#[must_use]
pub fn date_of(day: i32) -> NaiveDate {
    NaiveDate::default() + Duration::days(i64::from(day))
}

/// Local midnight that starts a day, in microseconds UTC.
#[must_use]
pub fn midnight(day: i32) -> Micros {
    local_midnight(date_of(day)).timestamp_micros()
}

/// The instant of a second of a local day; of two in the fold, the earlier.
#[must_use]
pub fn local_instant(day: i32, second: u32) -> Micros {
    let time = NaiveTime::from_num_seconds_from_midnight_opt(second, 0).unwrap_or(NaiveTime::MIN);
    resolve_start(date_of(day).and_time(time)).at.timestamp_micros()
}

/// Shares equal short strings, so that a million rows of one provider hold its code once, and numbers them.
#[derive(Default)]
pub struct Interner {
    held: Vec<Arc<str>>,
    numbers: Map<Arc<str>, u32>,
}

/// Past this many distinct strings no more are shared: hostile data must not grow the table for ever.
const INTERNED_MAX: usize = 65_536;

impl Interner {
    /// The shared form of a string.
    pub fn share(&mut self, text: &str) -> Arc<str> {
        if let Some((shared, _)) = self.numbers.get_key_value(text) {
            return Arc::clone(shared);
        }
        let shared: Arc<str> = Arc::from(text);
        if let Some(number) = u32::try_from(self.held.len()).ok().filter(|_| self.held.len() < INTERNED_MAX) {
            self.held.push(Arc::clone(&shared));
            self.numbers.insert(Arc::clone(&shared), number);
        }
        shared
    }

    /// The shared form of an optional string.
    pub fn share_opt(&mut self, text: Option<&str>) -> Option<Arc<str>> {
        text.map(|text| self.share(text))
    }

    /// The number of a string that is shared.
    #[must_use]
    pub fn number(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    /// The shared string of a number.
    #[must_use]
    pub fn text(&self, number: usize) -> Arc<str> {
        Arc::clone(&self.held[number])
    }
}
