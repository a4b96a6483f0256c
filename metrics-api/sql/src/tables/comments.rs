//! Comments of tables and columns where PostgreSQL keeps them, so that `psql \d+` and other clients show the dictionary.
//!
//! The catalogue's own `pg_description` knows nothing of our tables, and `obj_description` and its sisters do not exist
//! there. Here the table is wrapped: its rows stay, ours are added under the numbers that `pg_class` gave our tables.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int32Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, Int64Type, SchemaRef};
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use datafusion::catalog::{MemTable, SchemaProvider};
use datafusion::datasource::TableProvider;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::physical_plan::collect;

use super::library;
use crate::source::Source;

const PG_CATALOG: &str = "pg_catalog";
const PG_DESCRIPTION: &str = "pg_description";

/// The number of `pg_class` itself, which says that a comment is of a table or column. Fixed in PostgreSQL.
const OF_CLASS: i32 = 1259;

/// Adds the dictionary as comments: after [`super::register`] and after the catalogue's own set-up.
///
/// # Errors
/// When the session has no `pg_catalog`, or it cannot be read.
pub async fn add_comments(context: &SessionContext, source: &Source) -> Result<(), DataFusionError> {
    let name = context.state().config_options().catalog.default_catalog.clone();
    let missing = || DataFusionError::Configuration(format!("the session has no schema '{PG_CATALOG}' in '{name}'"));
    let catalogue = context.catalog(&name).ok_or_else(missing)?;
    let inner = catalogue.schema(PG_CATALOG).ok_or_else(missing)?;
    let comments = Arc::new(Comments::read(context, inner.as_ref(), source).await?);
    let table = description(context, inner.as_ref(), &comments).await?;
    catalogue.register_schema(PG_CATALOG, Arc::new(Commented { inner, table }))?;
    for (name, arguments) in [("obj_description", 1), ("col_description", 2), ("shobj_description", 0)] {
        let function = DescriptionOf { name, of: arguments, signature: any(), comments: Arc::clone(&comments) };
        context.register_udf(ScalarUDF::from(function));
    }
    Ok(())
}

/// All rows of a table of the catalogue, without planning a statement: every connection does this once.
async fn read(
    context: &SessionContext,
    schema: &dyn SchemaProvider,
    table: &str,
) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    let missing = || DataFusionError::Configuration(format!("'{PG_CATALOG}' has no table '{table}'"));
    let table = schema.table(table).await?.ok_or_else(missing)?;
    let plan = table.scan(&context.state(), None, &[], None).await?;
    Ok((table.schema(), collect(plan, context.task_ctx()).await?))
}

/// Text by number of the table and of the column; column 0 is the table.
#[derive(Debug, Default)]
struct Comments(BTreeMap<(i32, i32), Arc<str>>);

impl Comments {
    async fn read(context: &SessionContext, schema: &dyn SchemaProvider, source: &Source) -> Result<Self> {
        let names = numbered(context, schema, "pg_namespace", "nspname", "oid").await?;
        let spaces: BTreeMap<i32, String> = names.into_iter().map(|(name, _, number)| (number, name)).collect();
        let mut numbers = BTreeMap::new();
        for (table, space, number) in numbered(context, schema, "pg_class", "relname", "relnamespace").await? {
            if let Some(space) = spaces.get(&space) {
                numbers.insert((space.clone(), table), number);
            }
        }
        let mut comments = BTreeMap::new();
        for outline in library(source)?.iter().map(|table| &table.outline) {
            let Some(number) = numbers.get(&(outline.schema.to_owned(), outline.name.clone())) else { continue };
            comments.insert((*number, 0), Arc::clone(&outline.description));
            for (position, column) in (1..).zip(&outline.columns) {
                comments.insert((*number, position), Arc::clone(&column.description));
            }
        }
        Ok(Self(comments))
    }
}

/// Name, another number, and own number of each thing in a table of the catalogue.
async fn numbered(
    context: &SessionContext,
    schema: &dyn SchemaProvider,
    table: &str,
    name: &str,
    other: &str,
) -> Result<Vec<(String, i32, i32)>> {
    let mut rows = Vec::new();
    for batch in read(context, schema, table).await?.1 {
        let column = |name: &str, kind: &DataType| {
            let missing = || DataFusionError::Internal(format!("{table} has no column '{name}'"));
            Ok::<_, DataFusionError>(cast(batch.column_by_name(name).ok_or_else(missing)?, kind)?)
        };
        let (names, others, numbers) =
            (column(name, &DataType::Utf8)?, column(other, &DataType::Int32)?, column("oid", &DataType::Int32)?);
        let (names, others) = (names.as_string::<i32>(), others.as_primitive::<Int32Type>());
        for (row, number) in numbers.as_primitive::<Int32Type>().iter().enumerate() {
            rows.push((names.value(row).to_owned(), others.value(row), number.unwrap_or_default()));
        }
    }
    Ok(rows)
}

/// The catalogue's own rows and ours.
async fn description(
    context: &SessionContext,
    held: &dyn SchemaProvider,
    comments: &Comments,
) -> Result<Arc<dyn TableProvider>> {
    let (schema, mut batches) = read(context, held, PG_DESCRIPTION).await?;
    let numbers =
        |pick: fn(&(i32, i32)) -> i32| -> ArrayRef { Arc::new(comments.0.keys().map(pick).collect::<Int32Array>()) };
    let columns = schema.fields().iter().map(|field| {
        let values: ArrayRef = match field.name().as_str() {
            "objoid" => numbers(|(table, _)| *table),
            "objsubid" => numbers(|(_, column)| *column),
            "classoid" => numbers(|_| OF_CLASS),
            "description" => Arc::new(comments.0.values().map(|text| Some(text.as_ref())).collect::<StringArray>()),
            other => {
                let what = format!("pg_description has a column '{other}' that Homeward does not know");
                return Err(DataFusionError::Internal(what));
            }
        };
        Ok(cast(&values, field.data_type())?)
    });
    batches.push(RecordBatch::try_new(Arc::clone(&schema), columns.collect::<Result<_>>()?)?);
    Ok(Arc::new(MemTable::try_new(schema, vec![batches])?))
}

/// The catalogue's schema with comments of ours.
struct Commented {
    inner: Arc<dyn SchemaProvider>,
    table: Arc<dyn TableProvider>,
}

impl fmt::Debug for Commented {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Commented")
    }
}

#[async_trait]
impl SchemaProvider for Commented {
    fn table_names(&self) -> Vec<String> {
        self.inner.table_names()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if name.eq_ignore_ascii_case(PG_DESCRIPTION) {
            return Ok(Some(Arc::clone(&self.table)));
        }
        self.inner.table(name).await
    }

    fn table_exist(&self, name: &str) -> bool {
        self.inner.table_exist(name)
    }
}

/// `obj_description(number [, catalogue])` and `col_description(number, column)`.
#[derive(Debug)]
struct DescriptionOf {
    name: &'static str,
    /// Arguments that name the thing; 0 for things that have no comment here, such as databases.
    of: usize,
    signature: Signature,
    comments: Arc<Comments>,
}

fn any() -> Signature {
    Signature::variadic_any(Volatility::Stable)
}

impl PartialEq for DescriptionOf {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && Arc::ptr_eq(&self.comments, &other.comments)
    }
}

impl Eq for DescriptionOf {}

impl Hash for DescriptionOf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for DescriptionOf {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let whole = |index: usize| match arrays.get(index) {
            Some(array) if self.of > index => cast(array, &DataType::Int64).map(Some),
            _ => Ok(None),
        };
        let (tables, columns) = (whole(0)?, whole(1)?);
        let value = |array: &Option<ArrayRef>, row: usize| {
            let array = array.as_ref()?.as_primitive_opt::<Int64Type>()?;
            array.iter().nth(row).flatten().and_then(|number| i32::try_from(number).ok())
        };
        let text = |row| {
            let column = if columns.is_some() { value(&columns, row)? } else { 0 };
            self.comments.0.get(&(value(&tables, row)?, column)).map(AsRef::as_ref)
        };
        let found: StringArray = (0..arguments.number_rows).map(text).collect();
        Ok(ColumnarValue::Array(Arc::new(found)))
    }
}
