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
use homeward_transform::release::Policy;

use super::outlines;
use crate::source::Source;

const PG_CATALOG: &str = "pg_catalog";
const PG_DESCRIPTION: &str = "pg_description";

/// The number of `pg_class` itself, which says that a comment is of a table or column. Fixed in PostgreSQL.
const OF_CLASS: i32 = 1259;

/// Adds the dictionary as comments: after [`super::register`] and after the catalogue's own set-up.
///
/// # Errors
/// When the session has no `pg_catalog`, or it cannot be read.
pub async fn add_comments(
    context: &SessionContext,
    source: &Source,
    policy: &'static Policy,
) -> Result<(), DataFusionError> {
    let comments = Arc::new(Comments::read(context, source, policy).await?);
    let name = context.state().config_options().catalog.default_catalog.clone();
    let missing = || DataFusionError::Configuration(format!("the session has no schema '{PG_CATALOG}' in '{name}'"));
    let catalogue = context.catalog(&name).ok_or_else(missing)?;
    let inner = catalogue.schema(PG_CATALOG).ok_or_else(missing)?;
    let table = description(context, &comments).await?;
    catalogue.register_schema(PG_CATALOG, Arc::new(Commented { inner, table }))?;
    for (name, arguments) in [("obj_description", 1), ("col_description", 2), ("shobj_description", 0)] {
        let function = DescriptionOf { name, of: arguments, signature: any(), comments: Arc::clone(&comments) };
        context.register_udf(ScalarUDF::from(function));
    }
    Ok(())
}

/// Text by number of the table and of the column; column 0 is the table.
#[derive(Debug, Default)]
struct Comments(BTreeMap<(i32, i32), String>);

impl Comments {
    async fn read(context: &SessionContext, source: &Source, policy: &'static Policy) -> Result<Self> {
        let sql = "SELECT n.nspname AS schema_name, c.relname AS table_name, c.oid AS number \
                   FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                   WHERE n.nspname IN ('outcomes', 'meta')";
        let mut numbers = BTreeMap::new();
        for batch in context.sql(sql).await?.collect().await? {
            let text = |index: usize| cast(batch.column(index), &DataType::Utf8);
            let (schemas, tables) = (text(0)?, text(1)?);
            let oids = cast(batch.column(2), &DataType::Int32)?;
            let (schemas, tables) = (schemas.as_string::<i32>(), tables.as_string::<i32>());
            for (row, number) in oids.as_primitive::<Int32Type>().iter().enumerate() {
                numbers
                    .insert((schemas.value(row).to_owned(), tables.value(row).to_owned()), number.unwrap_or_default());
            }
        }
        let mut comments = BTreeMap::new();
        for outline in outlines(source, policy)? {
            let Some(number) = numbers.get(&(outline.schema.to_owned(), outline.name)) else { continue };
            comments.insert((*number, 0), outline.description);
            for (position, column) in (1..).zip(outline.columns) {
                comments.insert((*number, position), column.description);
            }
        }
        Ok(Self(comments))
    }
}

/// The catalogue's own rows and ours.
async fn description(context: &SessionContext, comments: &Comments) -> Result<Arc<dyn TableProvider>> {
    let held = context.sql("SELECT * FROM pg_catalog.pg_description").await?;
    let schema: SchemaRef = Arc::new(held.schema().as_arrow().clone());
    let mut batches = held.collect().await?;
    let numbers =
        |pick: fn(&(i32, i32)) -> i32| -> ArrayRef { Arc::new(comments.0.keys().map(pick).collect::<Int32Array>()) };
    let columns = schema.fields().iter().map(|field| {
        let values: ArrayRef = match field.name().as_str() {
            "objoid" => numbers(|(table, _)| *table),
            "objsubid" => numbers(|(_, column)| *column),
            "classoid" => numbers(|_| OF_CLASS),
            "description" => Arc::new(comments.0.values().map(|text| Some(text.as_str())).collect::<StringArray>()),
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
            self.comments.0.get(&(value(&tables, row)?, column)).map(String::as_str)
        };
        let found: StringArray = (0..arguments.number_rows).map(text).collect();
        Ok(ColumnarValue::Array(Arc::new(found)))
    }
}
