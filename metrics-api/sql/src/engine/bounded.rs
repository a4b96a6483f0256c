//! Functions whose result can be much larger than what went in, each with a bound.
//!
//! The engine's memory pool counts what sorts, joins and aggregations hold, and not what an expression makes on its
//! way. So a series in the place of a value has at most 10,000 elements a row, padding is at most 10,000 characters,
//! and no expression makes more than 32 MiB for one batch.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, LogicalPlan, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility,
};
use datafusion::prelude::SessionContext;

use crate::refusal::{Refusal, code};

/// Most elements of a series in one row, and most characters of padding.
const ELEMENTS_MAX: i64 = 10_000;

/// Most bytes that one expression makes for one batch.
const RESULT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What is looked at before a function runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Before {
    /// Nothing: the result is no longer than the arguments together.
    Nothing,
    /// The second argument is a length.
    Length,
    /// The arguments are the bounds of a series.
    Series,
    /// The first argument's text may grow by the length of another one, at every character.
    Replacement(usize),
}

/// Functions that grow, and what is looked at beforehand.
const GROWING: [(&str, Before); 15] = [
    ("lpad", Before::Length),
    ("rpad", Before::Length),
    ("range", Before::Series),
    ("generate_series", Before::Series),
    ("replace", Before::Replacement(2)),
    ("regexp_replace", Before::Replacement(2)),
    ("concat", Before::Nothing),
    ("concat_ws", Before::Replacement(0)),
    ("array_to_string", Before::Replacement(1)),
    ("array_replace", Before::Replacement(2)),
    ("array_replace_n", Before::Replacement(2)),
    ("array_replace_all", Before::Replacement(2)),
    ("array_concat", Before::Nothing),
    ("make_array", Before::Nothing),
    ("array_append", Before::Nothing),
];

/// Puts the bounded functions in the place of the engine's own.
pub(super) fn replace_growing_functions(context: &SessionContext) {
    let state = context.state();
    for (name, before) in GROWING {
        if let Some(inner) = state.scalar_functions().get(name) {
            context.register_udf(ScalarUDF::new_from_impl(Bounded { inner: Arc::clone(inner), before }));
        }
    }
}

/// Bounds the operator `||`, which is no function of the registry. Run over a plan before it is optimised, so that
/// constants are bounded too.
pub(super) fn bound_concatenations(plan: LogicalPlan) -> Result<LogicalPlan> {
    let function = Arc::new(ScalarUDF::new_from_impl(BoundedText::new()));
    let bounded = plan.transform_up_with_subqueries(|node| {
        let mapped = node.map_expressions(|expression| {
            expression.transform_up(|expression| match &expression {
                Expr::BinaryExpr(BinaryExpr { op: Operator::StringConcat, .. }) => {
                    Ok(Transformed::yes(function.call(vec![expression])))
                }
                _ => Ok(Transformed::no(expression)),
            })
        })?;
        mapped.map_data(|node| node.recompute_schema())
    })?;
    Ok(bounded.data)
}

fn too_large(what: &str) -> DataFusionError {
    let message = format!("{what} makes more than this server allows");
    DataFusionError::External(Box::new(Refusal::new(
        code::LIMIT,
        message,
        "at most 10,000 elements or characters a value, and 32 MiB a step",
    )))
}

#[derive(Debug)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    before: Before,
}

impl PartialEq for Bounded {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl Eq for Bounded {}

impl Hash for Bounded {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

// What would let the engine put the unbounded function back (`simplify`) is left at its default on purpose.
impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arguments)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        self.inner.return_field_from_args(arguments)
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arguments)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.look_before(&arguments)?;
        let result = self.inner.invoke_with_args(arguments)?;
        check_size(&result, self.inner.name())?;
        Ok(result)
    }
}

impl Bounded {
    fn look_before(&self, arguments: &ScalarFunctionArgs) -> Result<()> {
        let name = self.inner.name();
        match self.before {
            Before::Nothing => Ok(()),
            Before::Length => {
                let lengths =
                    arguments.args.get(1).map(|length| integers(length, arguments.number_rows)).transpose()?;
                let longest = lengths.into_iter().flatten().flatten().max().unwrap_or_default();
                if longest > ELEMENTS_MAX { Err(too_large(name)) } else { Ok(()) }
            }
            Before::Series => look_at_series(arguments, name),
            Before::Replacement(index) => {
                let rows = arguments.number_rows;
                let grown = arguments.args.get(index).map(|text| longest_text(text, rows)).transpose()?.unwrap_or(0);
                let mut bytes: usize = 0;
                for argument in &arguments.args {
                    bytes = bytes.saturating_add(size_of(argument, rows)?);
                }
                let fits = bytes.saturating_mul(grown.max(1)) <= RESULT_BYTES_MAX.saturating_mul(8);
                if fits { Ok(()) } else { Err(too_large(name)) }
            }
        }
    }
}

/// Series of integers only: one of instants goes to FROM, where it is made bit by bit.
fn look_at_series(arguments: &ScalarFunctionArgs, name: &str) -> Result<()> {
    let mut columns = Vec::new();
    for argument in &arguments.args {
        if !argument.data_type().is_integer() && argument.data_type() != DataType::Null {
            return Err(too_large(&format!("{name} of instants outside FROM")));
        }
        columns.push(integers(argument, arguments.number_rows)?);
    }
    let rows = columns.iter().map(Vec::len).max().unwrap_or_default();
    for row in 0..rows {
        let value = |index: usize| columns.get(index).and_then(|column| column.get(row).copied().flatten());
        let (start, stop, step) = match columns.len() {
            1 => (Some(0), value(0), Some(1)),
            2 => (value(0), value(1), Some(1)),
            _ => (value(0), value(1), value(2)),
        };
        let (Some(start), Some(stop), Some(step)) = (start, stop, step) else { continue };
        let span = stop.checked_sub(start).and_then(i64::checked_abs);
        let count = span.and_then(|span| span.checked_div(step.checked_abs()?));
        if step != 0 && count.is_none_or(|count| count >= ELEMENTS_MAX) {
            return Err(too_large(name));
        }
    }
    Ok(())
}

fn array_of(value: &ColumnarValue, rows: usize) -> Result<ArrayRef> {
    match value {
        ColumnarValue::Array(array) => Ok(Arc::clone(array)),
        ColumnarValue::Scalar(scalar) => scalar.to_array_of_size(rows.min(1)),
    }
}

fn integers(value: &ColumnarValue, rows: usize) -> Result<Vec<Option<i64>>> {
    let array = cast(&array_of(value, rows)?, &DataType::Int64)?;
    // A scalar stands for every row.
    let values: Vec<Option<i64>> = array.as_primitive::<Int64Type>().iter().collect();
    match value {
        ColumnarValue::Scalar(_) => Ok(vec![values.first().copied().flatten(); rows]),
        ColumnarValue::Array(_) => Ok(values),
    }
}

fn longest_text(value: &ColumnarValue, rows: usize) -> Result<usize> {
    let array = array_of(value, rows)?;
    if !matches!(array.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) {
        return Ok(0);
    }
    let array = cast(&array, &DataType::LargeUtf8)?;
    Ok(array.as_string::<i64>().iter().flatten().map(str::len).max().unwrap_or_default())
}

fn size_of(value: &ColumnarValue, rows: usize) -> Result<usize> {
    Ok(match value {
        ColumnarValue::Array(array) => array.to_data().get_slice_memory_size().unwrap_or(array.get_array_memory_size()),
        ColumnarValue::Scalar(scalar) => scalar.size().saturating_mul(rows.max(1)),
    })
}

fn check_size(value: &ColumnarValue, name: &str) -> Result<()> {
    let bytes = match value {
        ColumnarValue::Array(array) => array.get_array_memory_size(),
        ColumnarValue::Scalar(scalar) => ScalarValue::size(scalar),
    };
    if bytes > RESULT_BYTES_MAX { Err(too_large(name)) } else { Ok(()) }
}

/// Hands its argument on, unless it is too large.
#[derive(Debug, PartialEq, Eq, Hash)]
struct BoundedText {
    signature: Signature,
}

impl BoundedText {
    fn new() -> Self {
        Self { signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for BoundedText {
    fn name(&self) -> &'static str {
        "bounded"
    }

    // The column keeps the name that it would have without us.
    fn schema_name(&self, arguments: &[Expr]) -> Result<String> {
        Ok(arguments.first().map(|argument| argument.schema_name().to_string()).unwrap_or_default())
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        arguments.first().cloned().ok_or_else(|| DataFusionError::Internal("bounded has one argument".to_owned()))
    }

    fn invoke_with_args(&self, mut arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let value = arguments.args.pop();
        let value = value.ok_or_else(|| DataFusionError::Internal("bounded has one argument".to_owned()))?;
        check_size(&value, "||")?;
        Ok(value)
    }
}
