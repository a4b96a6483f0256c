//! Functions of PostgreSQL that answer about the session: who, where, which version, which setting.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, ListBuilder, StringArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use datafusion::prelude::SessionContext;
use datafusion_postgres::pgwire::api::Type;

use super::phrases;
use crate::guard::plan::DEFAULT_SCHEMA;
use crate::guard::settings::{SERVER_VERSION, Settings};
use crate::local::DATABASE;
use crate::refusal::{Refusal, code};

/// Settings of a session, as its connection and its functions share them.
pub(crate) type SharedSettings = Arc<Mutex<Settings>>;

type Answer = Arc<dyn Fn(&[ArrayRef], usize) -> Result<ArrayRef> + Send + Sync>;

/// A function that is known by its name and answers for a session.
struct SessionFunction {
    name: Cow<'static, str>,
    signature: Signature,
    returns: DataType,
    answer: Answer,
}

impl fmt::Debug for SessionFunction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

impl PartialEq for SessionFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && Arc::ptr_eq(&self.answer, &other.answer)
    }
}

impl Eq for SessionFunction {}

impl Hash for SessionFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for SessionFunction {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.returns.clone())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let scalars = arguments.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let rows = if scalars { 1 } else { arguments.number_rows };
        let arrays: Result<Vec<ArrayRef>> =
            arguments.args.iter().map(|argument| argument.clone().into_array(rows)).collect();
        let answer = (self.answer)(&arrays?, rows)?;
        if scalars {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&answer, 0)?));
        }
        Ok(ColumnarValue::Array(answer))
    }
}

/// Numbers of text arguments that a function takes.
fn texts(counts: &[usize]) -> Signature {
    let kinds = counts.iter().map(|count| match count {
        0 => TypeSignature::Nullary,
        count => TypeSignature::String(*count),
    });
    Signature::one_of(kinds.collect(), Volatility::Stable)
}

fn constant(name: &'static str, value: impl Into<String>) -> SessionFunction {
    let value: String = value.into();
    SessionFunction {
        name: Cow::Borrowed(name),
        signature: texts(&[0]),
        returns: DataType::Utf8,
        answer: Arc::new(move |_, rows| Ok(Arc::new(StringArray::from(vec![value.as_str(); rows])))),
    }
}

fn scalar(name: &'static str, signature: Signature, value: ScalarValue) -> SessionFunction {
    let returns = value.data_type();
    SessionFunction {
        name: Cow::Borrowed(name),
        signature,
        returns,
        answer: Arc::new(move |_, rows| value.to_array_of_size(rows)),
    }
}

/// Registers the functions that are the same for each session.
pub(super) fn register_common(context: &SessionContext) {
    let version = format!("PostgreSQL {SERVER_VERSION}, read-only SQL over Homeward's figures");
    let any = |count: usize| Signature::any(count, Volatility::Stable);
    let variadic = Signature::variadic_any(Volatility::Stable);
    let schemas = schemas_list();
    let functions = [
        constant("version", version),
        constant("current_database", DATABASE),
        constant("current_catalog", DATABASE),
        constant("current_schema", DEFAULT_SCHEMA),
        schemas,
        scalar("pg_is_in_recovery", texts(&[0]), ScalarValue::Boolean(Some(false))),
        scalar("pg_advisory_unlock_all", texts(&[0]), ScalarValue::Utf8(Some(String::new()))),
        // There are no sequences, so no column has one.
        scalar("pg_get_serial_sequence", any(2), ScalarValue::Utf8(None)),
        // Views are made by the program, not by SQL; nothing else has a definition.
        scalar("pg_get_viewdef", variadic.clone(), ScalarValue::Utf8(Some(String::new()))),
        scalar("pg_get_ruledef", variadic.clone(), ScalarValue::Utf8(None)),
        scalar("pg_get_indexdef", variadic.clone(), ScalarValue::Utf8(None)),
        scalar("pg_get_triggerdef", variadic.clone(), ScalarValue::Utf8(None)),
        scalar("pg_get_functiondef", variadic.clone(), ScalarValue::Utf8(None)),
        // What psql lists with sizes, owners and visibility: views have no size, and everything is visible.
        scalar("pg_size_pretty", any(1), ScalarValue::Utf8(Some("0 bytes".to_owned()))),
        scalar("pg_table_size", any(1), ScalarValue::Int64(Some(0))),
        scalar("pg_indexes_size", any(1), ScalarValue::Int64(Some(0))),
        scalar("pg_database_size", any(1), ScalarValue::Int64(Some(0))),
        scalar("pg_encoding_to_char", any(1), ScalarValue::Utf8(Some("UTF8".to_owned()))),
        scalar("pg_get_function_result", variadic.clone(), ScalarValue::Utf8(Some(String::new()))),
        scalar("pg_get_function_arguments", variadic.clone(), ScalarValue::Utf8(Some(String::new()))),
        scalar("pg_get_function_identity_arguments", variadic.clone(), ScalarValue::Utf8(Some(String::new()))),
        scalar("inet_server_addr", texts(&[0]), ScalarValue::Utf8(None)),
        scalar("inet_client_addr", texts(&[0]), ScalarValue::Utf8(None)),
        scalar("pg_my_temp_schema", texts(&[0]), ScalarValue::Int32(Some(0))),
        scalar("txid_current", texts(&[0]), ScalarValue::Int64(Some(1))),
    ];
    let visible = ["type", "function", "opclass", "opfamily", "operator", "collation", "conversion", "ts_config"]
        .map(|kind| (format!("pg_{kind}_is_visible"), any(1)));
    let allowed =
        ["function", "column", "sequence", "type", "language", "tablespace", "foreign_data_wrapper", "server"]
            .map(|kind| (format!("has_{kind}_privilege"), variadic.clone()));
    let truths = visible.into_iter().chain(allowed).map(|(name, signature)| SessionFunction {
        name: Cow::Owned(name),
        signature,
        returns: DataType::Boolean,
        answer: Arc::new(|_, rows| ScalarValue::Boolean(Some(true)).to_array_of_size(rows)),
    });
    for function in functions.into_iter().chain(truths).chain([type_number(), catalogue_number()]) {
        context.register_udf(ScalarUDF::new_from_impl(function));
    }
}

/// `to_regtype`: the number of a type of PostgreSQL by its name, or null, which tells clients that an extension's type
/// is not there.
fn type_number() -> SessionFunction {
    let numbers: HashMap<String, i32> = (1..TYPE_NUMBER_END)
        .filter_map(Type::from_oid)
        .filter_map(|known| Some((known.name().to_owned(), i32::try_from(known.oid()).ok()?)))
        .collect();
    SessionFunction {
        name: Cow::Borrowed("to_regtype"),
        signature: texts(&[1]),
        returns: DataType::Int32,
        answer: Arc::new(move |arguments, rows| {
            let names = arguments.first().map(|names| cast(names, &DataType::Utf8)).transpose()?;
            let names = names.as_ref().and_then(|names| names.as_string_opt::<i32>());
            let number = |row| {
                let name = names.filter(|names| names.is_valid(row))?.value(row).to_lowercase();
                let name = name.strip_prefix("pg_catalog.").unwrap_or(&name);
                let short = SPELLED_OUT.iter().find(|(long, _)| *long == name).map_or(name, |(_, short)| short);
                numbers.get(short).copied()
            };
            Ok(Arc::new((0..rows).map(number).collect::<Int32Array>()))
        }),
    }
}

/// PostgreSQL's number of a catalogue by its name, or null: see [`phrases`].
fn catalogue_number() -> SessionFunction {
    SessionFunction {
        name: Cow::Borrowed(phrases::CATALOGUE_NUMBER),
        signature: texts(&[1]),
        returns: DataType::Int32,
        answer: Arc::new(|arguments, rows| {
            let names = arguments.first().map(|names| cast(names, &DataType::Utf8)).transpose()?;
            let names = names.as_ref().and_then(|names| names.as_string_opt::<i32>());
            let number = |row| phrases::catalogue_number(names.filter(|names| names.is_valid(row))?.value(row));
            Ok(Arc::new((0..rows).map(number).collect::<Int32Array>()))
        }),
    }
}

/// Numbers of PostgreSQL's own types end before this one.
const TYPE_NUMBER_END: u32 = 10_000;

/// Types whose names in SQL are not those of the catalogue.
const SPELLED_OUT: [(&str, &str); 11] = [
    ("bigint", "int8"),
    ("integer", "int4"),
    ("int", "int4"),
    ("smallint", "int2"),
    ("double precision", "float8"),
    ("real", "float4"),
    ("boolean", "bool"),
    ("character varying", "varchar"),
    ("timestamp with time zone", "timestamptz"),
    ("timestamp without time zone", "timestamp"),
    ("decimal", "numeric"),
];

fn schemas_list() -> SessionFunction {
    SessionFunction {
        name: Cow::Borrowed("current_schemas"),
        signature: Signature::exact(vec![DataType::Boolean], Volatility::Stable),
        returns: DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
        answer: Arc::new(|arguments, rows| {
            let implicit = arguments.first().and_then(|argument| argument.as_boolean_opt());
            let mut lists = ListBuilder::new(StringBuilder::new());
            for row in 0..rows {
                if implicit.is_some_and(|implicit| implicit.value(row)) {
                    lists.values().append_value("pg_catalog");
                }
                lists.values().append_value(DEFAULT_SCHEMA);
                lists.append(true);
            }
            Ok(Arc::new(lists.finish()))
        }),
    }
}

/// Registers the functions that answer for one session.
pub(super) fn register(context: &SessionContext, role: &str, pid: i32, settings: &SharedSettings) {
    let read = Arc::clone(settings);
    let current_setting = SessionFunction {
        name: Cow::Borrowed("current_setting"),
        signature: Signature::one_of(
            vec![
                TypeSignature::Exact(vec![DataType::Utf8]),
                TypeSignature::Exact(vec![DataType::Utf8, DataType::Boolean]),
            ],
            Volatility::Stable,
        ),
        returns: DataType::Utf8,
        answer: Arc::new(move |arguments, rows| answer_settings(&read, arguments, rows)),
    };
    let written = Arc::clone(settings);
    let set_config = SessionFunction {
        name: Cow::Borrowed("set_config"),
        signature: Signature::exact(vec![DataType::Utf8, DataType::Utf8, DataType::Boolean], Volatility::Volatile),
        returns: DataType::Utf8,
        answer: Arc::new(move |arguments, rows| set_settings(&written, arguments, rows)),
    };
    let functions = [
        constant("session_user", role),
        constant("current_user", role),
        constant("user", role),
        scalar("pg_backend_pid", texts(&[0]), ScalarValue::Int32(Some(pid))),
        current_setting,
        set_config,
    ];
    for function in functions {
        context.register_udf(ScalarUDF::new_from_impl(function));
    }
}

fn outer(refusal: Refusal) -> DataFusionError {
    DataFusionError::External(Box::new(refusal))
}

fn answer_settings(settings: &SharedSettings, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
    let settings = settings.lock().unwrap_or_else(PoisonError::into_inner);
    let names = arguments.first().and_then(|argument| argument.as_string_opt::<i32>());
    let missing_ok = arguments.get(1).and_then(|argument| argument.as_boolean_opt());
    let mut values = StringBuilder::new();
    for row in 0..rows {
        let name = names.map(|names| names.value(row)).unwrap_or_default();
        match settings.show(name) {
            Ok(value) => values.append_value(value),
            Err(_) if missing_ok.is_some_and(|missing_ok| missing_ok.value(row)) => values.append_null(),
            Err(refusal) => return Err(outer(refusal)),
        }
    }
    Ok(Arc::new(values.finish()))
}

/// `set_config` in a query; drivers use it for `jit` and `application_name`. The same rules as `SET`.
fn set_settings(settings: &SharedSettings, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
    let [names, values, _] = arguments else {
        return Err(outer(Refusal::new(code::BAD_VALUE, "set_config takes a name, a value and a boolean", "")));
    };
    let mut settings = settings.lock().unwrap_or_else(PoisonError::into_inner);
    let mut set = StringBuilder::new();
    for row in 0..rows {
        let (name, value) = (names.as_string::<i32>().value(row), values.as_string::<i32>().value(row));
        set.append_value(settings.set(name, value).map_err(outer)?.value);
    }
    Ok(Arc::new(set.finish()))
}
