//! Tables as data: each column once, with its type, whether it may be null, and what it means. Pure.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use chrono::{DateTime, NaiveDate, Utc};

/// The type of a column, by its PostgreSQL name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `text`
    Text,
    /// `bigint`
    Bigint,
    /// `double precision`
    Double,
    /// `timestamp with time zone`
    Timestamptz,
    /// `date`
    Date,
    /// `boolean`
    Boolean,
}

impl Kind {
    fn arrow(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Bigint => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Timestamptz => DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))),
            Self::Date => DataType::Date32,
            Self::Boolean => DataType::Boolean,
        }
    }

    /// The name that PostgreSQL gives the type.
    pub(crate) const fn postgres(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Bigint => "bigint",
            Self::Double => "double precision",
            Self::Timestamptz => "timestamp with time zone",
            Self::Date => "date",
            Self::Boolean => "boolean",
        }
    }
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
    pub(crate) description: Arc<str>,
}

/// A column that always has a value.
pub(crate) fn always(name: &str, kind: Kind, description: &str) -> Column {
    Column { name: name.to_owned(), kind, nullable: false, description: Arc::from(description) }
}

/// A column that may be null.
pub(crate) fn maybe(name: &str, kind: Kind, description: &str) -> Column {
    Column { nullable: true, ..always(name, kind, description) }
}

/// One table or view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outline {
    pub(crate) schema: &'static str,
    pub(crate) name: String,
    pub(crate) description: Arc<str>,
    pub(crate) columns: Vec<Column>,
}

impl Outline {
    /// The table as Arrow sees it.
    pub(crate) fn arrow(&self) -> SchemaRef {
        let field = |column: &Column| Field::new(&column.name, column.kind.arrow(), column.nullable);
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }

    /// Rows as one batch.
    ///
    /// # Errors
    /// When a row does not fit the columns: a defect that a test of every table rules out.
    pub(crate) fn batch(&self, rows: &[Vec<Cell>]) -> Result<RecordBatch, ArrowError> {
        let columns = self.columns.iter().enumerate().map(|(index, column)| array(column.kind, index, rows)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        RecordBatch::try_new_with_options(self.arrow(), columns, &options)
    }
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Text(String),
    Whole(i64),
    Number(f64),
    Instant(DateTime<Utc>),
    Day(NaiveDate),
    Truth(bool),
    Null,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(whole: i64) -> Self {
        Self::Whole(whole)
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<DateTime<Utc>> for Cell {
    fn from(instant: DateTime<Utc>) -> Self {
        Self::Instant(instant)
    }
}

impl From<NaiveDate> for Cell {
    fn from(day: NaiveDate) -> Self {
        Self::Day(day)
    }
}

impl From<bool> for Cell {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A cell of another kind than its column becomes null, which Arrow then refuses where null may not be.
fn array(kind: Kind, index: usize, rows: &[Vec<Cell>]) -> ArrayRef {
    let cells = rows.iter().map(|row| row.get(index).unwrap_or(&Cell::Null));
    match kind {
        Kind::Text => Arc::new(
            cells.map(|cell| if let Cell::Text(text) = cell { Some(text) } else { None }).collect::<StringArray>(),
        ),
        Kind::Bigint => Arc::new(
            cells.map(|cell| if let Cell::Whole(whole) = cell { Some(*whole) } else { None }).collect::<Int64Array>(),
        ),
        Kind::Double => Arc::new(
            cells
                .map(|cell| if let Cell::Number(number) = cell { Some(*number) } else { None })
                .collect::<Float64Array>(),
        ),
        Kind::Boolean => Arc::new(
            cells.map(|cell| if let Cell::Truth(truth) = cell { Some(*truth) } else { None }).collect::<BooleanArray>(),
        ),
        Kind::Date => Arc::new(
            cells
                .map(|cell| if let Cell::Day(day) = cell { Some(days_since_epoch(*day)) } else { None })
                .collect::<Date32Array>(),
        ),
        Kind::Timestamptz => {
            let instants =
                cells.map(|cell| if let Cell::Instant(at) = cell { Some(at.timestamp_micros()) } else { None });
            Arc::new(instants.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
        }
    }
}

fn days_since_epoch(day: NaiveDate) -> i32 {
    let days = day.signed_duration_since(DateTime::UNIX_EPOCH.date_naive()).num_days();
    i32::try_from(days).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_keeps_its_kinds_and_nothing_null_hides_in_a_column_that_always_has_a_value() {
        let outline = Outline {
            schema: "meta",
            name: "try".to_owned(),
            description: Arc::from(""),
            columns: vec![always("word", Kind::Text, ""), maybe("day", Kind::Date, "")],
        };
        let day = NaiveDate::from_ymd_opt(2025, 6, 12).unwrap();
        let batch = outline.batch(&[vec!["a".into(), day.into()], vec!["b".into(), Cell::Null]]).unwrap();
        assert_eq!((batch.num_rows(), batch.column(1).null_count()), (2, 1));
        assert!(outline.batch(&[vec![Cell::Null, Cell::Null]]).is_err());
        assert!(outline.batch(&[vec![7.into(), Cell::Null]]).is_err(), "a number is no word");
    }
}
