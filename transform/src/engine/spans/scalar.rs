//! Functions of one row: on sets, on profiles, and the local date.
//!
//! A set that is null, as an outer join gives it, is the empty set: a person without a hospital stay has nights at home.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::column::{Pair, Pairs, Rows, internal, point_of_arguments, point_of_list, points_of, span_pairs, takes};
use super::local;
use crate::book::view::instant_type;
use crate::spans::{Span, Spans};

const SECOND_MICROS: i64 = 1_000_000;

/// Which function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Call {
    /// The set of one interval.
    Span,
    /// Points of either set.
    Union,
    /// Points of both sets.
    Intersection,
    /// Points of the first set that are not of the second.
    Minus,
    /// Points of a set from one point up to another.
    Within,
    /// Number of nights.
    Nights,
    /// Whole seconds.
    Seconds,
    /// True when the set holds the point.
    Covers,
    /// The count at a point.
    CountAt,
    /// The counts at a list of points, in order.
    CountsAt,
    /// Sum of the count over the nights from one date up to another.
    CountNights,
    /// Sum of the count over the seconds from one instant up to another.
    CountSeconds,
    /// The calendar date in England.
    LocalDate,
    /// The instants at which a full hour in England falls between two instants.
    LocalHours,
    /// 08:00 on the reference Thursday of a date's month.
    ReferenceMorning,
}

const CALLS: [(Call, &str); 15] = [
    (Call::Span, "span"),
    (Call::Union, "span_union"),
    (Call::Intersection, "span_intersection"),
    (Call::Minus, "span_minus"),
    (Call::Within, "span_within"),
    (Call::Nights, "span_nights"),
    (Call::Seconds, "span_seconds"),
    (Call::Covers, "span_covers"),
    (Call::CountAt, "profile_at"),
    (Call::CountsAt, "profile_at_each"),
    (Call::CountNights, "profile_nights"),
    (Call::CountSeconds, "profile_seconds"),
    (Call::LocalDate, "local_date"),
    (Call::LocalHours, "local_hours"),
    (Call::ReferenceMorning, "reference_morning"),
];

/// All functions.
pub(super) fn functions() -> impl Iterator<Item = ScalarUDF> {
    CALLS.into_iter().map(|(call, name)| ScalarUDF::new_from_impl(Function::new(call, name)))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    call: Call,
    name: &'static str,
    signature: Signature,
}

impl Function {
    fn new(call: Call, name: &'static str) -> Self {
        Self { call, name, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

/// What a call takes where its points are of this type; none when it does not take them.
fn arguments(call: Call, point: &DataType) -> Option<Vec<DataType>> {
    let (set, profile) = (Pair::Spans.list_type(point), Pair::Profile.list_type(point));
    let is_date = *point == DataType::Date32;
    let point = || point.clone();
    match call {
        Call::Span => Some(vec![point(), point()]),
        Call::Union | Call::Intersection | Call::Minus => Some(vec![set.clone(), set]),
        Call::Within => Some(vec![set, point(), point()]),
        Call::Nights => is_date.then(|| vec![set]),
        Call::Seconds => (!is_date).then(|| vec![set]),
        Call::Covers => Some(vec![set, point()]),
        Call::CountAt => Some(vec![profile, point()]),
        Call::CountsAt => Some(vec![profile, DataType::new_list(point(), true)]),
        Call::CountNights => is_date.then(|| vec![profile, point(), point()]),
        Call::CountSeconds => (!is_date).then(|| vec![profile, point(), point()]),
        Call::LocalDate => (!is_date).then(|| vec![point()]),
        Call::LocalHours => (!is_date).then(|| vec![point(), point(), DataType::Int64]),
        Call::ReferenceMorning => is_date.then(|| vec![point()]),
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let point = point_of_arguments(self.name, given)?;
        match arguments(self.call, &point) {
            Some(wanted) => takes(self.name, given, wanted),
            None if point == DataType::Date32 => plan_err!("{} takes instants, not dates", self.name),
            None => plan_err!("{} takes dates, not instants; local_date() makes a date of one", self.name),
        }
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let first = arguments.first().ok_or_else(|| internal("an argument"))?;
        Ok(match self.call {
            Call::Span => Pair::Spans.list_type(first),
            Call::Union | Call::Intersection | Call::Minus | Call::Within | Call::CountsAt => first.clone(),
            Call::Nights | Call::Seconds | Call::CountAt | Call::CountNights | Call::CountSeconds => DataType::Int64,
            Call::Covers => DataType::Boolean,
            Call::LocalDate => DataType::Date32,
            Call::ReferenceMorning => instant_type(),
            Call::LocalHours => DataType::new_list(first.clone(), true),
        })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&arguments.args)?;
        let rows = columns.first().map_or(0, |column| column.len());
        Ok(ColumnarValue::Array(self.call.column(&columns, rows)?))
    }
}

impl Call {
    fn column(self, columns: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        match (self, columns) {
            (Self::LocalDate, [instant]) => local::dates(instant),
            (Self::LocalHours, [from, to, hour]) => local::hours((from, to), hour),
            (Self::ReferenceMorning, [date]) => local::reference_mornings(date),
            (Self::Span, [from, to]) => {
                let (first, second) = (points_of(from)?, points_of(to)?);
                let held = |row| first.is_valid(row) && second.is_valid(row);
                let span = |row| Spans::from(Span::new(first.value(row), second.value(row)));
                set_column(from.data_type(), rows, |row| if held(row) { span(row) } else { Spans::default() })
            }
            (Self::Union | Self::Intersection | Self::Minus, [one, two]) => {
                let operation = match self {
                    Self::Union => Spans::union,
                    Self::Intersection => Spans::intersection,
                    _ => Spans::minus,
                };
                let point = point_of_list(one.data_type())?;
                let (one, two) = (Pairs::new(one)?, Pairs::new(two)?);
                set_column(&point, rows, |row| operation(&one.spans(row), &two.spans(row)))
            }
            (Self::Within, [set, from, to]) => {
                let point = point_of_list(set.data_type())?;
                let (set, window) = (Pairs::new(set)?, Window::new(from, to)?);
                let clip = |row| window.row(row).map(|window| set.spans(row).within(window)).unwrap_or_default();
                set_column(&point, rows, clip)
            }
            (Self::Nights | Self::Seconds, [set]) => {
                let (set, unit) = (Pairs::new(set)?, self.unit());
                numbers(rows, |row| Some(set.row(row).map(|(from, to)| to - from).sum::<i64>() / unit))
            }
            (Self::Covers, [set, point]) => {
                let (set, point) = (Pairs::new(set)?, points_of(point)?);
                let covers = |row| set.spans(row).covers(point.value(row));
                let answers = (0..rows).map(|row| point.is_valid(row).then(|| covers(row)));
                Ok(Arc::new(answers.collect::<BooleanArray>()))
            }
            (Self::CountAt, [profile, point]) => {
                let (profile, point) = (Pairs::new(profile)?, points_of(point)?);
                numbers(rows, |row| point.is_valid(row).then(|| profile.profile(row).at(point.value(row))))
            }
            (Self::CountsAt, [profile, points]) => counts_at(profile, points, rows),
            (Self::CountNights | Self::CountSeconds, [profile, from, to]) => {
                let (profile, window, unit) = (Pairs::new(profile)?, Window::new(from, to)?, self.unit());
                numbers(rows, |row| Some(profile.profile(row).integral(window.row(row)?) / unit))
            }
            _ => Err(internal("as many arguments as it takes")),
        }
    }

    /// Points in one of what is counted.
    const fn unit(self) -> i64 {
        match self {
            Self::Seconds | Self::CountSeconds => SECOND_MICROS,
            _ => 1,
        }
    }
}

/// Two columns of points.
struct Window {
    from: Int64Array,
    to: Int64Array,
}

impl Window {
    fn new(from: &ArrayRef, to: &ArrayRef) -> Result<Self> {
        Ok(Self { from: points_of(from)?, to: points_of(to)? })
    }

    fn row(&self, row: usize) -> Option<Span> {
        let is_whole = self.from.is_valid(row) && self.to.is_valid(row);
        is_whole.then(|| Span::new(self.from.value(row), self.to.value(row)))
    }
}

fn set_column(point: &DataType, rows: usize, set: impl Fn(usize) -> Spans) -> Result<ArrayRef> {
    let mut pairs = Rows::default();
    (0..rows).for_each(|row| pairs.push(span_pairs(&set(row))));
    Pair::Spans.column(point, pairs)
}

fn numbers(rows: usize, number: impl Fn(usize) -> Option<i64>) -> Result<ArrayRef> {
    Ok(Arc::new((0..rows).map(number).collect::<Int64Array>()))
}

fn counts_at(profile: &ArrayRef, points: &ArrayRef, rows: usize) -> Result<ArrayRef> {
    let point = point_of_list(profile.data_type())?;
    let lists = points.as_list_opt::<i32>().ok_or_else(|| internal("a list of points"))?;
    let profiles = Pairs::new(profile)?;
    let mut pairs = Rows::default();
    for row in 0..rows {
        let mut wanted: Vec<i64> = match lists.is_valid(row) {
            true => points_of(&lists.value(row))?.iter().flatten().collect(),
            false => Vec::new(),
        };
        wanted.sort_unstable();
        let profile = profiles.profile(row);
        pairs.push(profile.at_each(wanted).map(|step| (step.at, step.count)));
    }
    Pair::Profile.column(&point, pairs)
}
