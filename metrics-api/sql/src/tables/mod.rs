//! A stand-in until the tables arrive: one small view.

use std::sync::Arc;

use arrow::array::{Int64Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use datafusion::catalog::{MemTable, MemorySchemaProvider, SchemaProvider};
use datafusion::error::{DataFusionError, Result};
use datafusion::prelude::SessionContext;
use homeward_transform::release::Policy;

use crate::pin::Pin;
use crate::source::Source;

/// Registers the schemas `outcomes` and `meta`.
///
/// # Errors
/// When a schema cannot be registered.
pub fn register(context: &SessionContext, pin: &Arc<Pin>, _: &Source, policy: &'static Policy) -> Result<()> {
    let catalog = context.catalog("homeward").ok_or_else(|| DataFusionError::Internal("no catalog".to_owned()))?;
    let schema = Arc::new(Schema::new(vec![
        Field::new("area", DataType::Utf8, false),
        Field::new("numerator", DataType::Int64, true),
    ]));
    let area = Arc::new(StringArray::from(vec!["QJK", "QVV"]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![area, Arc::new(Int64Array::from(vec![27, 40]))])?;
    let outcomes = MemorySchemaProvider::new();
    outcomes.register_table("figures".to_owned(), Arc::new(MemTable::try_new(schema, vec![vec![batch]])?))?;
    catalog.register_schema("outcomes", Arc::new(outcomes))?;
    catalog.register_schema("meta", Arc::new(MemorySchemaProvider::new()))?;
    tracing::debug!(policy = policy.name, held = pin.snapshot().is_some(), "registered");
    Ok(())
}
