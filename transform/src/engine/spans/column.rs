//! Sets of intervals and profiles as Arrow columns.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Int64Type};
use datafusion::common::plan_err;
use datafusion::error::{DataFusionError, Result};

use crate::book::view::instant_type;
use crate::spans::{Profile, Span, Spans, Step};

/// The kind of points that the arguments of a function are made of. They are never turned into each other: an instant read
/// as a date would lose its time unnoticed.
///
/// # Errors
/// When the arguments are of both kinds, or of neither.
pub(super) fn point_of_arguments(function: &str, arguments: &[DataType]) -> Result<DataType> {
    let mut points: Vec<DataType> = arguments.iter().filter_map(point_in).collect();
    points.dedup();
    match points.as_slice() {
        [one] => Ok(one.clone()),
        [] => plan_err!("{function} takes dates or instants; cast its arguments to DATE or TIMESTAMP"),
        _ => plan_err!("{function} takes dates or instants, not both; local_date() makes a date of an instant"),
    }
}

/// What a function takes, when it is given as many.
///
/// # Errors
/// When it is not.
pub(super) fn takes(function: &str, arguments: &[DataType], wanted: Vec<DataType>) -> Result<Vec<DataType>> {
    if arguments.len() == wanted.len() {
        return Ok(wanted);
    }
    plan_err!("{function} takes {} arguments, not {}", wanted.len(), arguments.len())
}

fn point_in(argument: &DataType) -> Option<DataType> {
    match argument {
        DataType::Date32 => Some(DataType::Date32),
        // Without a zone it is UTC, as everywhere in indicator SQL.
        DataType::Timestamp(_, _) => Some(instant_type()),
        DataType::List(item) => point_in(item.data_type()),
        DataType::Struct(fields) => point_in(fields.first()?.data_type()),
        _ => None,
    }
}

/// Names of the two columns of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Pair {
    /// `{from, to}`: a set of intervals.
    Spans,
    /// `{at, count}`: a profile, or the changes of one.
    Profile,
}

impl Pair {
    /// Fields of one pair.
    fn fields(self, point: &DataType) -> Fields {
        let field = |name: &str, data_type: DataType| Field::new(name, data_type, false);
        Fields::from(match self {
            Self::Spans => vec![field("from", point.clone()), field("to", point.clone())],
            Self::Profile => vec![field("at", point.clone()), field("count", DataType::Int64)],
        })
    }

    /// Type of a column of lists of such pairs.
    pub(super) fn list_type(self, point: &DataType) -> DataType {
        DataType::List(Arc::new(Field::new_list_field(DataType::Struct(self.fields(point)), false)))
    }

    /// A column from the pairs of all rows.
    pub(super) fn column(self, point: &DataType, rows: Rows) -> Result<ArrayRef> {
        let second = match self {
            Self::Spans => points_to(rows.second, point)?,
            Self::Profile => Arc::new(Int64Array::from(rows.second)),
        };
        let fields = self.fields(point);
        let pairs = StructArray::try_new(fields.clone(), vec![points_to(rows.first, point)?, second], None)?;
        let item = Arc::new(Field::new_list_field(DataType::Struct(fields), false));
        let offsets = OffsetBuffer::from_lengths(rows.lengths);
        Ok(Arc::new(ListArray::try_new(item, offsets, Arc::new(pairs), None)?))
    }
}

/// Pairs of many rows, one after another.
#[derive(Debug, Default)]
pub(super) struct Rows {
    first: Vec<i64>,
    second: Vec<i64>,
    lengths: Vec<usize>,
}

impl Rows {
    /// One more row.
    pub(super) fn push(&mut self, pairs: impl IntoIterator<Item = (i64, i64)>) {
        let before = self.first.len();
        for (first, second) in pairs {
            self.first.push(first);
            self.second.push(second);
        }
        self.lengths.push(self.first.len() - before);
    }
}

/// A set as pairs.
pub(super) fn span_pairs(set: &Spans) -> impl Iterator<Item = (i64, i64)> + '_ {
    set.pieces().iter().map(|piece| (piece.from, piece.to))
}

/// A column of lists of pairs, opened for reading.
pub(super) struct Pairs {
    lists: ListArray,
    first: Int64Array,
    second: Int64Array,
}

impl Pairs {
    /// Opens a column.
    pub(super) fn new(column: &ArrayRef) -> Result<Self> {
        let lists = column.as_list_opt::<i32>().ok_or_else(|| internal("a list of pairs"))?.clone();
        let pairs = lists.values().as_struct_opt().ok_or_else(|| internal("pairs"))?;
        Ok(Self { first: points_of(pairs.column(0))?, second: points_of(pairs.column(1))?, lists })
    }

    /// The pairs of a row; a row that is null has none.
    pub(super) fn row(&self, row: usize) -> impl Iterator<Item = (i64, i64)> + '_ {
        let offsets = self.lists.value_offsets();
        let place = |offset: i32| usize::try_from(offset).unwrap_or_default();
        let range = if self.lists.is_valid(row) { place(offsets[row])..place(offsets[row + 1]) } else { 0..0 };
        let pairs = self.first.values()[range.clone()].iter().zip(&self.second.values()[range]);
        pairs.map(|(first, second)| (*first, *second))
    }

    /// A row as a set.
    pub(super) fn spans(&self, row: usize) -> Spans {
        self.row(row).map(|(from, to)| Span::new(from, to)).collect()
    }

    /// A row as a profile.
    pub(super) fn profile(&self, row: usize) -> Profile {
        Profile::of_steps(self.row(row).map(|(at, count)| Step { at, count }).collect())
    }
}

/// Points or counts as whole numbers.
pub(super) fn points_of(column: &ArrayRef) -> Result<Int64Array> {
    let wide = match column.data_type() {
        DataType::Date32 => cast(&cast(column, &DataType::Int32)?, &DataType::Int64)?,
        _ => cast(column, &DataType::Int64)?,
    };
    Ok(wide.as_primitive::<Int64Type>().clone())
}

/// Whole numbers as points.
fn points_to(points: Vec<i64>, point: &DataType) -> Result<ArrayRef> {
    let wide: ArrayRef = Arc::new(Int64Array::from(points));
    Ok(match point {
        DataType::Date32 => cast(&cast(&wide, &DataType::Int32)?, point)?,
        _ => cast(&wide, point)?,
    })
}

/// Type of the points in a list of pairs.
pub(super) fn point_of_list(list: &DataType) -> Result<DataType> {
    let DataType::List(item) = list else { return Err(internal("a list of pairs")) };
    let DataType::Struct(fields) = item.data_type() else { return Err(internal("pairs")) };
    let first = fields.first().ok_or_else(|| internal("a pair"))?;
    Ok(first.data_type().clone())
}

/// A call that the signature should have refused.
pub(super) fn internal(wanted: &str) -> DataFusionError {
    DataFusionError::Internal(format!("an interval function was given something that is not {wanted}"))
}
