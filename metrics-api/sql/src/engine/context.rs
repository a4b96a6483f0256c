//! One session's view of the engine: its catalogue, its functions, its share of memory.

use std::sync::Arc;

use datafusion::catalog::{CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, SchemaProvider};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::config::SessionConfig;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, MemoryPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionState;
use datafusion::prelude::SessionContext;
use datafusion_postgres::datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
use datafusion_postgres::datafusion_pg_catalog::pg_catalog::{PgCatalogSchemaProvider, PgCatalogStaticTables};
use datafusion_postgres::datafusion_pg_catalog::setup_pg_catalog;
use tokio::sync::OnceCell;

use super::bounded;
use super::catalogue::{self, OwnRole};
use super::information_schema;
use super::memory::SessionPool;
use super::session_functions::{self, SharedSettings};
use crate::config::Account;
use crate::guard::functions::REMOVED;
use crate::guard::plan::DEFAULT_SCHEMA;
use crate::limits::Limits;
use crate::local::DATABASE;
use crate::pin::Pin;
use crate::source::Source;
use crate::tables;

/// Rows of a batch: small, so that a statement's end is noticed often.
const BATCH_ROWS: usize = 2_048;

/// What all sessions share.
pub(super) struct Template {
    state: SessionState,
    static_tables: Arc<PgCatalogStaticTables>,
    runtime: Arc<RuntimeEnv>,
    pool: Arc<dyn MemoryPool>,
    session_bytes: usize,
    /// The same for all sessions, as their tables are.
    information_schema: OnceCell<Arc<dyn SchemaProvider>>,
}

impl Template {
    pub(super) fn new(limits: &Limits) -> Result<Self> {
        let pool: Arc<dyn MemoryPool> = Arc::new(FairSpillPool::new(limits.memory_bytes));
        let mode = if limits.spill_bytes == 0 { DiskManagerMode::Disabled } else { DiskManagerMode::OsTmpDirectory };
        let disk = DiskManagerBuilder::default().with_mode(mode).with_max_temp_directory_size(limits.spill_bytes);
        let builder = RuntimeEnvBuilder::new().with_memory_pool(Arc::clone(&pool)).with_disk_manager_builder(disk);
        let runtime = Arc::new(builder.build()?);
        forget_the_file_system(&runtime)?;
        let config = SessionConfig::new()
            .with_default_catalog_and_schema(DATABASE, DEFAULT_SCHEMA)
            // Ours is a schema like the others: `information_schema`.
            .with_information_schema(false)
            .with_target_partitions(limits.threads.max(1))
            .with_batch_size(BATCH_ROWS)
            // `now()` and `::timestamptz` carry a zone, as in PostgreSQL.
            .set_str("datafusion.execution.time_zone", "+00:00");
        let builder = SessionStateBuilder::new_with_default_features().with_config(config);
        let context = SessionContext::new_with_state(builder.with_runtime_env(Arc::clone(&runtime)).build());
        setup_pg_catalog(&context, DATABASE, EmptyContextProvider).map_err(|error| *error)?;
        session_functions::register_common(&context);
        for name in REMOVED {
            context.deregister_udf(name);
        }
        bounded::replace_growing_functions(&context);
        Ok(Self {
            state: context.state(),
            static_tables: Arc::new(PgCatalogStaticTables::try_new()?),
            runtime,
            pool,
            session_bytes: limits.memory_bytes / 2,
            information_schema: OnceCell::new(),
        })
    }

    /// A session of an account.
    pub(super) async fn session(
        &self,
        source: &Source,
        account: &Account,
        pid: i32,
        settings: &SharedSettings,
    ) -> Result<(SessionContext, Arc<Pin>)> {
        let catalogs = MemoryCatalogProviderList::new();
        catalogs.register_catalog(DATABASE.to_owned(), Arc::new(MemoryCatalogProvider::new()));
        let runtime = RuntimeEnv {
            memory_pool: Arc::new(SessionPool::new(Arc::clone(&self.pool), self.session_bytes)),
            ..RuntimeEnv::clone(&self.runtime)
        };
        let state = SessionStateBuilder::new_from_existing(self.state.clone())
            .with_session_id(pid.to_string())
            .with_catalog_list(Arc::new(catalogs))
            .with_runtime_env(Arc::new(runtime))
            .build();
        let context = SessionContext::new_with_state(state);
        let pin = Arc::new(Pin::new(source, account.tick));
        self.register_pg_catalog(&context, &account.name)?;
        tables::register(&context, &pin, source, account.policy)?;
        let catalog = context.catalog(DATABASE).ok_or_else(|| missing("catalogue"))?;
        let information =
            self.information_schema.get_or_try_init(|| information_schema::schema(catalog.as_ref())).await?;
        catalog.register_schema(information_schema::NAME, Arc::clone(information))?;
        tables::add_comments(&context, source).await?;
        catalogue::correct(&context, catalog.as_ref(), settings).await?;
        session_functions::register(&context, &account.name, pid, settings);
        Ok((context, pin))
    }

    /// The catalogue of PostgreSQL over the session's own tables. Its fixed tables are read once a server.
    fn register_pg_catalog(&self, context: &SessionContext, role: &str) -> Result<()> {
        let list = Arc::clone(context.state().catalog_list());
        let provider = PgCatalogSchemaProvider::try_new(list, Arc::clone(&self.static_tables), OwnRole::new(role))?;
        let catalog = context.catalog(DATABASE).ok_or_else(|| missing("catalogue"))?;
        catalog.register_schema("pg_catalog", Arc::new(provider))?;
        Ok(())
    }
}

fn missing(what: &str) -> DataFusionError {
    DataFusionError::Internal(format!("the session has no {what}"))
}

/// No statement names a file, and if one did there would be no file system to look in.
fn forget_the_file_system(runtime: &RuntimeEnv) -> Result<()> {
    let root = datafusion::datasource::listing::ListingTableUrl::parse("/")?;
    runtime.object_store_registry.deregister_store(root.object_store().as_ref())?;
    Ok(())
}

#[cfg(test)]
#[path = "reviewed_tests.rs"]
mod tests;
