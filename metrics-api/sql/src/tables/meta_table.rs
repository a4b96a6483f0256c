//! A table of schema `meta`: written once from definitions, or read from the session's picture when scanned.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::datasource::{TableProvider, TableType};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::stream;

use super::column::{Cell, Outline};
use super::figure_table::{Reader, external, streaming};
use super::state::State;
use super::world::policy_rows;
use crate::pin::Picture;

/// Schema of what the figures mean.
pub(crate) const META: &str = "meta";

/// An outline of a table of this schema.
pub(crate) fn outline(name: &str, description: &str, columns: Vec<super::column::Column>) -> Outline {
    Outline { schema: META, name: name.to_owned(), description: Arc::from(description), columns }
}

/// A table that never changes, as rows.
pub(crate) type Written = (Outline, Vec<Vec<Cell>>);

/// Where the rows come from.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// Definitions and names: they stay as they are for the life of the session.
    Written(RecordBatch),
    /// The state of the picture that the statement reads.
    State(State),
}

/// One table of `meta`.
pub(crate) struct MetaTable {
    outline: Arc<Outline>,
    schema: SchemaRef,
    content: Content,
    reader: Reader,
}

impl MetaTable {
    pub(crate) const fn new(outline: Arc<Outline>, schema: SchemaRef, content: Content, reader: Reader) -> Self {
        Self { outline, schema, content, reader }
    }
}

impl fmt::Debug for MetaTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MetaTable").field("name", &self.outline.name).finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for MetaTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let scan = MetaScan {
            outline: Arc::clone(&self.outline),
            schema: self.schema(),
            content: self.content.clone(),
            picture: self.reader.pin.picture(),
            reader: self.reader.clone(),
        };
        streaming(&self.schema, Arc::new(scan), projection, limit)
    }
}

#[derive(Clone)]
struct MetaScan {
    outline: Arc<Outline>,
    schema: SchemaRef,
    content: Content,
    picture: Picture,
    reader: Reader,
}

impl fmt::Debug for MetaScan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MetaScan").field("table", &self.outline.name).finish_non_exhaustive()
    }
}

impl MetaScan {
    async fn batch(self) -> Result<RecordBatch, DataFusionError> {
        match self.content {
            Content::Written(batch) => Ok(batch),
            // Rules hold before there is any figure.
            Content::State(State::Policies) => Ok(self.outline.batch(&policy_rows(&self.reader))?),
            Content::State(state) => {
                let snapshot = self.picture.snapshot(&self.reader.source).await.map_err(external)?;
                let rows = snapshot.map(|snapshot| state.rows(&snapshot, &self.reader, self.picture.is_tick()));
                Ok(self.outline.batch(&rows.unwrap_or_default())?)
            }
        }
    }
}

impl PartitionStream for MetaScan {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batch = self.clone().batch();
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), stream::once(batch)))
    }
}
