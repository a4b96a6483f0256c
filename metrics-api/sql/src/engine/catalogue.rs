//! PostgreSQL's catalogue where the library that brings it says what is not so here.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema};
use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, MemTable, SchemaProvider};
use datafusion::datasource::TableProvider;
use datafusion::error::Result;
use datafusion::physical_plan::collect;
use datafusion::prelude::SessionContext;
use datafusion_postgres::datafusion_pg_catalog::pg_catalog::context::{PgCatalogContextProvider, Role};

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
pub(super) async fn correct(context: &SessionContext, catalogue: &dyn CatalogProvider) -> Result<()> {
    let Some(inner) = catalogue.schema(PG_CATALOG) else { return Ok(()) };
    let mut corrected: HashMap<&'static str, Arc<dyn TableProvider>> = HashMap::new();
    if let Some(databases) = inner.table("pg_database").await? {
        corrected.insert("pg_database", the_one_database(context, databases.as_ref()).await?);
    }
    if let Some(indexes) = inner.table("pg_index").await? {
        corrected.insert("pg_index", no_indexes(&indexes.schema())?);
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

/// Views have no indexes; and the library's lists of columns are texts, which clients cannot look into.
fn no_indexes(schema: &Schema) -> Result<Arc<dyn TableProvider>> {
    let fields = schema.fields().iter().map(|field| match field.name().as_str() {
        name @ ("indkey" | "indoption") => Field::new(name, DataType::new_list(DataType::Int16, true), true),
        name @ ("indclass" | "indcollation") => Field::new(name, DataType::new_list(DataType::Int32, true), true),
        _ => field.as_ref().clone(),
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    Ok(Arc::new(MemTable::try_new(schema, vec![Vec::new()])?))
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
