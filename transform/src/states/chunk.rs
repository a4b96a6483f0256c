//! Batches of rows of which some stand: which they are, and how they are joined. Pure.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch};
use arrow::compute::kernels::boolean::{and_kleene, is_null, or};
use arrow::compute::kernels::cmp::{gt_eq, lt};
use arrow::compute::{cast, take_record_batch};
use arrow::datatypes::{DataType, Int64Type};
use arrow::error::ArrowError;

use crate::spans::Span;

/// Where a row is, until [`super::Store::tidy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which batch.
    pub(super) chunk: u32,
    /// Which row of it.
    pub(super) row: u32,
}

/// A batch, and the subject of each of its rows.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) rows: RecordBatch,
    pub(super) subjects: Vec<u32>,
    /// How many of the rows stand.
    pub(super) standing: usize,
}

impl Chunk {
    /// True when most of its rows are superseded.
    pub(super) fn is_mostly_dead(&self) -> bool {
        self.standing * 2 < self.subjects.len()
    }

    /// These rows of it.
    pub(super) fn keep(&self, rows: &[u32]) -> Result<Self, ArrowError> {
        let subjects: Vec<u32> = rows.iter().map(|row| self.subjects[*row as usize]).collect();
        let rows = take_record_batch(&self.rows, &arrow::array::UInt32Array::from(rows.to_vec()))?;
        Ok(Self { rows, standing: subjects.len(), subjects })
    }

    /// Rows whose interval begins before the end of a span of points and does not end before it begins.
    pub(super) fn touching(&self, (start, end): (usize, usize), span: Span) -> Result<BooleanArray, ArrowError> {
        let (start, end) = (points(self.rows.column(start))?, points(self.rows.column(end))?);
        let begins = lt(&start, &Int64Array::new_scalar(span.to))?;
        let lasts = or(&is_null(&end)?, &without_nulls(&gt_eq(&end, &Int64Array::new_scalar(span.from))?))?;
        and_kleene(&begins, &lasts)
    }
}

/// Null is no.
fn without_nulls(answers: &BooleanArray) -> BooleanArray {
    match answers.nulls() {
        Some(valid) => BooleanArray::new(answers.values() & valid.inner(), None),
        None => answers.clone(),
    }
}

/// Instants in microseconds, or dates in days since the epoch.
fn points(column: &ArrayRef) -> Result<Int64Array, ArrowError> {
    let whole = match column.data_type() {
        DataType::Date32 => cast(&cast(column, &DataType::Int32)?, &DataType::Int64)?,
        _ => cast(column, &DataType::Int64)?,
    };
    Ok(whole.as_primitive::<Int64Type>().clone())
}
