//! One query without a server: the same tables, for `homeward sql` and for tests.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::error::DataFusionError;
use datafusion::execution::context::{SQLOptions, SessionContext};
use datafusion::prelude::SessionConfig;
use homeward_transform::release::Policy;

use crate::pin::{Pin, Tick};
use crate::source::Source;
use crate::tables;

/// Name of the one database.
pub const DATABASE: &str = "homeward";

/// A query could not be answered.
#[derive(Debug, thiserror::Error)]
#[error(
    "the query failed: {0}\n  see `SELECT * FROM meta.data_dictionary` for tables and columns, and meta.example_queries for examples"
)]
pub struct LocalError(#[from] Box<DataFusionError>);

impl From<DataFusionError> for LocalError {
    fn from(error: DataFusionError) -> Self {
        Self(Box::new(error))
    }
}

/// The answer of one query.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its columns.
    pub schema: SchemaRef,
    /// Its rows.
    pub batches: Vec<RecordBatch>,
}

/// A session over the tables, with the settings that make them read-only.
///
/// # Errors
/// When the tables cannot be registered: a defect.
pub fn session(source: &Source, pin: &Arc<Pin>, policy: &'static Policy) -> Result<SessionContext, DataFusionError> {
    let config = SessionConfig::new()
        .with_default_catalog_and_schema(DATABASE, "outcomes")
        .with_create_default_catalog_and_schema(true)
        .with_information_schema(true)
        .with_target_partitions(1)
        .set_bool("datafusion.execution.enable_recursive_ctes", false);
    let context = SessionContext::new_with_config(config);
    tables::register(&context, pin, source, policy)?;
    Ok(context)
}

/// Runs one query. Nothing but reading is planned.
///
/// # Errors
/// What DataFusion says of the query.
pub async fn local(
    source: &Source,
    policy: &'static Policy,
    tick: Option<Tick>,
    sql: &str,
) -> Result<Answer, LocalError> {
    let pin = Arc::new(Pin::new(source, tick));
    let context = session(source, &pin, policy)?;
    let reading = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let frame = context.sql_with_options(sql, reading).await?;
    let schema: SchemaRef = Arc::new(frame.schema().as_arrow().clone());
    Ok(Answer { schema, batches: frame.collect().await? })
}
