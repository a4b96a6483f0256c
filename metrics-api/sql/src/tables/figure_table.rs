//! `outcomes.figures` and the view of each indicator: computed when scanned, and only what the filters leave.

use std::fmt;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::datasource::{TableProvider, TableType};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use futures::{StreamExt, TryStreamExt, stream};
use homeward_transform::release::Policy;
use homeward_transform::release::reach::LEVELS;

use super::shelf::Part;
use super::wanted::Wanted;
use crate::pin::{Picture, Pin};
use crate::source::Source;

/// Rows of one batch on their way to a client.
const BATCH_ROWS_MAX: usize = 8_192;

/// What a session reads, and by which rule.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    pub(crate) source: Source,
    pub(crate) pin: Arc<Pin>,
    pub(crate) policy: &'static Policy,
}

/// All figures, or those of one indicator with its companion counts.
pub(crate) struct FigureTable {
    schema: SchemaRef,
    indicator: Option<String>,
    /// What a client is told that the view is; its companion counts come besides.
    definition: Option<String>,
    reader: Reader,
}

impl FigureTable {
    /// `indicator` narrows the table to one, whose view it then is.
    pub(crate) fn new(schema: SchemaRef, indicator: Option<String>, reader: Reader) -> Self {
        let definition =
            indicator.as_ref().map(|id| format!("SELECT * FROM outcomes.figures WHERE indicator = '{id}'"));
        Self { schema, indicator, definition, reader }
    }

    fn parts(&self, wanted: &Wanted) -> Vec<Part> {
        let mut parts = Vec::new();
        for definition in self.reader.source.catalogue.iter() {
            let in_scope = self.indicator.as_ref().is_none_or(|only| *only == definition.id);
            if !in_scope || !wanted.admits("indicator", &definition.id) {
                continue;
            }
            for level in LEVELS.into_iter().filter(|level| wanted.admits("level", level.as_str())) {
                for kind in definition.grains.iter().filter(|kind| wanted.admits("period_kind", kind)) {
                    parts.push(Part { indicator: definition.id.clone(), level, kind: kind.clone() });
                }
            }
        }
        parts
    }
}

impl fmt::Debug for FigureTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FigureTable").field("indicator", &self.indicator).finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for FigureTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Clients list tables and views apart. Nothing here can be written, and all is computed: views.
    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn get_table_definition(&self) -> Option<&str> {
        self.definition.as_deref()
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let wanted = Wanted::of(filters);
        let parts = self.parts(&wanted);
        let picture = self.reader.pin.picture();
        let scan = Scan { schema: self.schema(), reader: self.reader.clone(), picture, parts, wanted };
        streaming(&self.schema, Arc::new(scan), projection, limit)
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(narrowing(filters))
    }
}

/// Which filters save work. All are applied again afterwards.
pub(crate) fn narrowing(filters: &[&Expr]) -> Vec<TableProviderFilterPushDown> {
    let support = |filter: &&Expr| {
        if Wanted::narrows(filter) {
            TableProviderFilterPushDown::Inexact
        } else {
            TableProviderFilterPushDown::Unsupported
        }
    };
    filters.iter().map(support).collect()
}

/// A plan that reads one stream.
pub(crate) fn streaming(
    schema: &SchemaRef,
    stream: Arc<dyn PartitionStream>,
    projection: Option<&Vec<usize>>,
    limit: Option<usize>,
) -> Result<Arc<dyn ExecutionPlan>> {
    Ok(Arc::new(StreamingTableExec::try_new(Arc::clone(schema), vec![stream], projection, None, false, limit)?))
}

struct Scan {
    schema: SchemaRef,
    reader: Reader,
    picture: Picture,
    parts: Vec<Part>,
    wanted: Wanted,
}

impl fmt::Debug for Scan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Scan").field("parts", &self.parts.len()).field("wanted", &self.wanted).finish()
    }
}

impl PartitionStream for Scan {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// One part at a time, with a pause between them in which a query can be stopped.
    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (reader, picture) = (self.reader.clone(), self.picture.clone());
        let is_tick = picture.is_tick();
        let (parts, wanted, schema) = (self.parts.clone(), self.wanted.clone(), Arc::clone(&self.schema));
        let batches = stream::once(async move {
            let snapshot = picture.snapshot(&reader.source).await.map_err(external)?;
            let parts = if snapshot.is_some() { parts } else { Vec::new() };
            Ok::<_, DataFusionError>(stream::iter(parts).then(move |part| {
                let (reader, snapshot, wanted, schema) =
                    (reader.clone(), snapshot.clone(), wanted.clone(), Arc::clone(&schema));
                async move {
                    tokio::task::yield_now().await;
                    let Some(snapshot) = snapshot else { return Ok(RecordBatch::new_empty(schema)) };
                    let batch = reader.source.shelf.part(&snapshot, reader.policy, is_tick, &part)?;
                    narrow(&batch, &schema, &wanted)
                }
            }))
        });
        let slices = batches.try_flatten().map_ok(|batch| stream::iter(slices(batch).map(Ok))).try_flatten();
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), slices))
    }
}

/// The columns of the table, which come first in the part, and the rows that the filters leave.
fn narrow(batch: &RecordBatch, schema: &SchemaRef, wanted: &Wanted) -> Result<RecordBatch> {
    if batch.num_rows() == 0 {
        return Ok(RecordBatch::new_empty(Arc::clone(schema)));
    }
    let columns: Vec<usize> = (0..schema.fields().len()).collect();
    let batch = batch.project(&columns)?;
    let column = |name: &str| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
    let (Some(bases), Some(periods)) = (column("basis"), column("period")) else { return Ok(batch) };
    let keep: BooleanArray = bases
        .iter()
        .zip(periods)
        .map(|(basis, period)| {
            Some(
                wanted.admits("basis", basis.unwrap_or_default())
                    && wanted.admits("period", period.unwrap_or_default()),
            )
        })
        .collect();
    Ok(filter_record_batch(&batch, &keep)?)
}

/// A batch in pieces that are sent one by one; nothing of an empty one.
pub(crate) fn slices(batch: RecordBatch) -> impl Iterator<Item = RecordBatch> + Send {
    let rows = batch.num_rows();
    (0..rows).step_by(BATCH_ROWS_MAX).map(move |from| batch.slice(from, BATCH_ROWS_MAX.min(rows - from)))
}

/// An error of ours as DataFusion carries it.
pub(crate) fn external(error: impl std::error::Error + Send + Sync + 'static) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::{col, lit};
    use homeward_contract::clock::SystemClock;
    use homeward_contract::geography::Geography;
    use homeward_transform::definition::Catalogue;
    use homeward_transform::figure::Dimension;
    use tokio::sync::watch;

    use super::*;

    /// The filters decide how much is computed.
    #[test]
    fn parts_that_no_row_can_come_from_are_not_computed() {
        let (_sender, snapshots) = watch::channel(None);
        let catalogue = Arc::new(Catalogue::builtin().unwrap());
        let kinds: usize = catalogue.iter().map(|definition| definition.grains.len()).sum();
        let by_day = catalogue.iter().filter(|definition| definition.has_grain("day"));
        let by_day = by_day.count();
        let source = Source::new(snapshots, None, catalogue, Arc::new(Geography::devon()), Arc::new(SystemClock));
        let reader = Reader { pin: Arc::new(Pin::new(&source, None)), source, policy: &Policy::ALL[0] };
        let table = |indicator: Option<&str>| {
            let schema = super::super::figures::all_outline().arrow();
            FigureTable::new(schema, indicator.map(str::to_owned), reader.clone())
        };
        let count = |table: FigureTable, filters: &[Expr]| table.parts(&Wanted::of(filters)).len();
        assert_eq!(count(table(None), &[]), 6 * kinds, "six levels of every kind of period of every indicator");
        assert_eq!(count(table(Some("ucr-referrals")), &[]), 18);
        let one = [col("level").eq(lit("icb")), col("period_kind").eq(lit("day")), col("basis").eq(lit("live"))];
        assert_eq!(count(table(None), &one), by_day);
        let found = table(Some("ucr-referrals")).parts(&Wanted::of(&one));
        let expected = Part { indicator: "ucr-referrals".to_owned(), level: Dimension::Icb, kind: "day".to_owned() };
        assert_eq!(found, [expected]);
        assert_eq!(count(table(None), &[col("level").eq(lit("ward"))]), 0);
    }
}
