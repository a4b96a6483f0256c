//! Rows into Arrow arrays, by the column names of the contract's schema.
//!
//! A row is first filled completely (`Row`), then appended at once to every builder: a record that
//! turns out to be wrong half-way never leaves the columns of different length.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int32Builder,
    Int64Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, SchemaRef, TimeUnit};
use chrono::{DateTime, NaiveDate, Utc};

/// Text bytes a cell is expected to take; only the first allocation depends on it.
const TEXT_BYTES_A_CELL: usize = 16;

/// One cell, borrowed from the payload where it can be.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Value<'a> {
    #[default]
    Null,
    Text(Cow<'a, str>),
    /// A text that many rows have.
    Shared(Arc<str>),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Instant(i64),
    /// Days since 1970-01-01.
    Day(i32),
    Whole(i64),
    Real(f64),
    Flag(bool),
}

impl<'a> Value<'a> {
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub(super) fn instant(at: DateTime<Utc>) -> Self {
        Self::Instant(at.timestamp_micros())
    }

    pub(super) fn day(day: NaiveDate) -> Self {
        let days = day.signed_duration_since(NaiveDate::default()).num_days();
        i32::try_from(days).map_or(Self::Null, Self::Day)
    }
}

impl<'a> From<Option<Cow<'a, str>>> for Value<'a> {
    fn from(text: Option<Cow<'a, str>>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

impl From<Option<DateTime<Utc>>> for Value<'_> {
    fn from(at: Option<DateTime<Utc>>) -> Self {
        at.map_or(Self::Null, Self::instant)
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Whole)
    }
}

impl From<Option<bool>> for Value<'_> {
    fn from(flag: Option<bool>) -> Self {
        flag.map_or(Self::Null, Self::Flag)
    }
}

/// Builders for one table, in the order of its schema.
pub(super) struct Columns {
    schema: SchemaRef,
    builders: Vec<Builder>,
    rows: usize,
}

enum Builder {
    Text(StringBuilder),
    Instant(TimestampMicrosecondBuilder),
    Day(Date32Builder),
    Whole32(Int32Builder),
    Whole64(Int64Builder),
    Real(Float64Builder),
    /// Numbers come as whole numbers of their last place.
    Decimal(Decimal128Builder),
    Flag(BooleanBuilder),
}

impl Columns {
    pub(super) fn new(schema: SchemaRef, capacity_rows: usize) -> Self {
        let builders = schema.fields().iter().map(|field| Builder::new(field.data_type(), capacity_rows)).collect();
        Self { schema, builders, rows: 0 }
    }

    pub(super) fn width(&self) -> usize {
        self.builders.len()
    }

    /// The first column that may not be null and is, in this row.
    pub(super) fn lacking(&self, row: &[Value<'_>]) -> Option<&str> {
        let lacks = self.schema.fields().iter().zip(row).find(|(field, cell)| !field.is_nullable() && cell.is_null());
        lacks.map(|(field, _)| field.name().as_str())
    }

    /// Appends the row and leaves it empty for the next one.
    pub(super) fn append(&mut self, row: &mut [Value<'_>]) {
        debug_assert_eq!(row.len(), self.builders.len(), "a row has one cell a column");
        for (builder, cell) in self.builders.iter_mut().zip(row) {
            builder.append(std::mem::take(cell));
        }
        self.rows += 1;
    }

    /// The finished batch, or `None` when no row was appended.
    pub(super) fn finish(mut self) -> Option<RecordBatch> {
        if self.rows == 0 {
            return None;
        }
        let arrays: Vec<ArrayRef> = self.builders.iter_mut().map(Builder::finish).collect();
        #[expect(
            clippy::expect_used,
            reason = "every builder is made from the schema's own type and each append adds one cell to each"
        )]
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays).expect("columns follow their schema");
        Some(batch)
    }
}

impl Builder {
    fn new(data_type: &DataType, rows: usize) -> Self {
        match data_type {
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                Self::Instant(TimestampMicrosecondBuilder::with_capacity(rows).with_data_type(data_type.clone()))
            }
            DataType::Date32 => Self::Day(Date32Builder::with_capacity(rows)),
            DataType::Int32 => Self::Whole32(Int32Builder::with_capacity(rows)),
            DataType::Float64 => Self::Real(Float64Builder::with_capacity(rows)),
            DataType::Int64 => Self::Whole64(Int64Builder::with_capacity(rows)),
            DataType::Decimal128(..) => {
                Self::Decimal(Decimal128Builder::with_capacity(rows).with_data_type(data_type.clone()))
            }
            DataType::Boolean => Self::Flag(BooleanBuilder::with_capacity(rows)),
            _ => Self::Text(StringBuilder::with_capacity(rows, rows * TEXT_BYTES_A_CELL)),
        }
    }

    /// A cell of another type than the column's is a defect of this module; it becomes null rather
    /// than a column out of step.
    fn append(&mut self, cell: Value<'_>) {
        match (self, cell) {
            (Self::Text(builder), Value::Text(text)) => builder.append_value(text),
            (Self::Text(builder), Value::Shared(text)) => builder.append_value(&*text),
            (Self::Instant(builder), Value::Instant(micros)) => builder.append_value(micros),
            (Self::Day(builder), Value::Day(day)) => builder.append_value(day),
            (Self::Whole32(builder), Value::Whole(number)) => builder.append_option(i32::try_from(number).ok()),
            (Self::Whole64(builder), Value::Whole(number)) => builder.append_value(number),
            (Self::Real(builder), Value::Real(number)) => builder.append_value(number),
            (Self::Decimal(builder), Value::Whole(number)) => builder.append_value(number.into()),
            (Self::Flag(builder), Value::Flag(flag)) => builder.append_value(flag),
            (builder, other) => {
                debug_assert_eq!(other, Value::Null, "a cell of the wrong type");
                builder.append_null();
            }
        }
    }

    fn append_null(&mut self) {
        match self {
            Self::Text(builder) => builder.append_null(),
            Self::Instant(builder) => builder.append_null(),
            Self::Day(builder) => builder.append_null(),
            Self::Whole32(builder) => builder.append_null(),
            Self::Whole64(builder) => builder.append_null(),
            Self::Real(builder) => builder.append_null(),
            Self::Decimal(builder) => builder.append_null(),
            Self::Flag(builder) => builder.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(builder) => ArrayBuilder::finish(builder),
            Self::Instant(builder) => ArrayBuilder::finish(builder),
            Self::Day(builder) => ArrayBuilder::finish(builder),
            Self::Whole32(builder) => ArrayBuilder::finish(builder),
            Self::Whole64(builder) => ArrayBuilder::finish(builder),
            Self::Real(builder) => ArrayBuilder::finish(builder),
            Self::Decimal(builder) => ArrayBuilder::finish(builder),
            Self::Flag(builder) => ArrayBuilder::finish(builder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::{Field, Schema};

    #[test]
    fn rows_stay_aligned_whatever_is_missing() {
        let schema = Arc::new(Schema::new(vec![
            Field::new("a", DataType::Utf8, true),
            Field::new("b", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
            Field::new("c", DataType::Date32, true),
            Field::new("d", DataType::Int32, true),
            Field::new("e", DataType::Boolean, true),
        ]));
        let mut columns = Columns::new(schema, 2);
        let mut row = vec![Value::Null; columns.width()];
        row[0] = Value::Text("x".into());
        row[2] = Value::day(NaiveDate::from_ymd_opt(1970, 1, 2).unwrap());
        columns.append(&mut row);
        row[3] = Value::Whole(i64::MAX);
        row[4] = Value::Flag(true);
        columns.append(&mut row);
        let batch = columns.finish().unwrap();
        assert_eq!(batch.num_rows(), 2);
        assert_eq!(batch.column(0).as_string::<i32>().value(0), "x");
        assert!(batch.column(0).is_null(1), "the first row's text must not leak into the second");
        assert_eq!(batch.column(2).as_primitive::<arrow::datatypes::Date32Type>().value(0), 1);
        assert!(batch.column(3).is_null(1), "a number beyond 32 bits does not wrap");
    }

    #[test]
    fn no_rows_no_batch() {
        assert!(Columns::new(Arc::new(Schema::empty()), 0).finish().is_none());
    }
}
