//! PostgreSQL's catalogue where the library that brings it says what is not so here.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError};

use arrow::array::{ArrayRef, AsArray, BooleanArray, StringArray, new_null_array};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::catalog::{CatalogProvider, MemTable, SchemaProvider};
use datafusion::datasource::TableProvider;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::collect;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::prelude::SessionContext;
use datafusion_postgres::datafusion_pg_catalog::pg_catalog::context::{PgCatalogContextProvider, Role};

use super::session_functions::SharedSettings;
use crate::local::DATABASE;

const PG_CATALOG: &str = "pg_catalog";

/// `pg_roles` holds the session's own role. Who else may log in is nobody's business here.
#[derive(Debug, Clone)]
pub(super) struct OwnRole {
    name: Arc<str>,
}

impl OwnRole {
    pub(super) fn new(name: &str) -> Self {
        Self { name: Arc::from(name) }
    }
}

#[async_trait]
impl PgCatalogContextProvider for OwnRole {
    async fn roles(&self) -> Vec<String> {
        vec![self.name.to_string()]
    }

    async fn role(&self, name: &str) -> Option<Role> {
        (name == &*self.name).then(|| Role {
            name: name.to_owned(),
            is_superuser: false,
            can_login: true,
            can_create_db: false,
            can_create_role: false,
            can_create_user: false,
            can_replication: false,
            grants: Vec::new(),
            inherited_roles: Vec::new(),
        })
    }
}

/// Puts corrected tables in the place of the library's.
pub(super) async fn correct(
    context: &SessionContext,
    catalogue: &dyn CatalogProvider,
    settings: &SharedSettings,
) -> Result<()> {
    let Some(inner) = catalogue.schema(PG_CATALOG) else { return Ok(()) };
    let mut corrected: HashMap<&'static str, Arc<dyn TableProvider>> = HashMap::new();
    if let Some(databases) = inner.table("pg_database").await? {
        corrected.insert("pg_database", the_one_database(context, databases.as_ref()).await?);
    }
    if let Some(relations) = inner.table("pg_class").await? {
        corrected.insert("pg_class", with_rights(context, relations.as_ref()).await?);
    }
    if let Some(known) = inner.table("pg_settings").await? {
        corrected.insert("pg_settings", Arc::new(settings_table(known.schema(), settings)?));
    }
    for name in ["pg_index", "pg_constraint"] {
        if let Some(table) = inner.table(name).await? {
            corrected.insert(name, nothing_in(&table.schema())?);
        }
    }
    catalogue.register_schema(PG_CATALOG, Arc::new(Corrected { inner, corrected }))?;
    Ok(())
}

/// The library adds a database `postgres`, which nobody can connect to.
async fn the_one_database(context: &SessionContext, table: &dyn TableProvider) -> Result<Arc<dyn TableProvider>> {
    let plan = table.scan(&context.state(), None, &[], None).await?;
    let mut batches = Vec::new();
    for batch in collect(plan, context.task_ctx()).await? {
        let names = batch.column_by_name("datname").and_then(|names| names.as_string_opt::<i32>());
        let ours: BooleanArray = match names {
            Some(names) => names.iter().map(|name| Some(name == Some(DATABASE))).collect(),
            None => vec![true; batch.num_rows()].into(),
        };
        batches.push(filter_record_batch(&batch, &ours)?);
    }
    Ok(Arc::new(MemTable::try_new(table.schema(), vec![batches])?))
}

/// The library lacks the columns of rights and storage options; both are null, as nothing was granted or set.
async fn with_rights(context: &SessionContext, table: &dyn TableProvider) -> Result<Arc<dyn TableProvider>> {
    let plan = table.scan(&context.state(), None, &[], None).await?;
    let more = ["relacl", "reloptions"].map(|name| Arc::new(list(name, DataType::Utf8)));
    let fields: Vec<FieldRef> = table.schema().fields().iter().cloned().chain(more.clone()).collect();
    let schema = Arc::new(Schema::new(fields));
    let mut batches = Vec::new();
    for batch in collect(plan, context.task_ctx()).await? {
        let nulls = more.iter().map(|field| new_null_array(field.data_type(), batch.num_rows()));
        let columns = batch.columns().iter().cloned().chain(nulls).collect();
        batches.push(RecordBatch::try_new(Arc::clone(&schema), columns)?);
    }
    Ok(Arc::new(MemTable::try_new(schema, vec![batches])?))
}

/// `pg_settings` with the settings of the session, as they are when it is read.
fn settings_table(schema: SchemaRef, settings: &SharedSettings) -> Result<StreamingTable> {
    let rows = SettingsRows { schema: Arc::clone(&schema), settings: Arc::clone(settings) };
    StreamingTable::try_new(schema, vec![Arc::new(rows)])
}

struct SettingsRows {
    schema: SchemaRef,
    settings: SharedSettings,
}

impl fmt::Debug for SettingsRows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SettingsRows")
    }
}

impl SettingsRows {
    fn batch(&self) -> Result<RecordBatch> {
        let all = self.settings.lock().unwrap_or_else(PoisonError::into_inner).all();
        let column = |field: &FieldRef| -> ArrayRef {
            match field.name().as_str() {
                "name" => Arc::new(all.iter().map(|(name, _)| Some(name)).collect::<StringArray>()),
                "setting" | "reset_val" => Arc::new(all.iter().map(|(_, value)| Some(value)).collect::<StringArray>()),
                _ => new_null_array(field.data_type(), all.len()),
            }
        };
        let columns = self.schema.fields().iter().map(column).collect();
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

impl PartitionStream for SettingsRows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows = futures::stream::iter([self.batch()]);
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), rows))
    }
}

/// Views have neither indexes nor constraints; and the library's lists of columns are texts, which clients cannot look
/// into.
fn nothing_in(schema: &Schema) -> Result<Arc<dyn TableProvider>> {
    let fields = schema.fields().iter().map(|field| match field.name().as_str() {
        name @ ("indkey" | "indoption" | "conkey" | "confkey") => list(name, DataType::Int16),
        name @ ("indclass" | "indcollation" | "conpfeqop" | "conppeqop" | "conffeqop" | "conexclop") => {
            list(name, DataType::Int32)
        }
        _ => field.as_ref().clone(),
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    Ok(Arc::new(MemTable::try_new(schema, vec![Vec::new()])?))
}

fn list(name: &str, of: DataType) -> Field {
    Field::new(name, DataType::new_list(of, true), true)
}

struct Corrected {
    inner: Arc<dyn SchemaProvider>,
    corrected: HashMap<&'static str, Arc<dyn TableProvider>>,
}

impl fmt::Debug for Corrected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Corrected")
    }
}

#[async_trait]
impl SchemaProvider for Corrected {
    fn table_names(&self) -> Vec<String> {
        self.inner.table_names()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        match self.corrected.get(name.to_ascii_lowercase().as_str()) {
            Some(table) => Ok(Some(Arc::clone(table))),
            None => self.inner.table(name).await,
        }
    }

    fn table_exist(&self, name: &str) -> bool {
        self.inner.table_exist(name)
    }
}
