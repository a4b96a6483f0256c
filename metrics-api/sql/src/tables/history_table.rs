//! `outcomes.figures_history`: versions of figures, read from the lake when scanned.
//!
//! Bounds: one history is read at a time, whoever asks; a query that wants more than [`VERSIONS_MAX`] cell versions is
//! refused with what to add to it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use datafusion::catalog::Session;
use datafusion::datasource::{TableProvider, TableType};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::{StreamExt, TryStreamExt, stream};
use homeward_contract::geography::Geography;
use homeward_transform::definition::Definition;
use homeward_transform::figure::Dimension;
use homeward_transform::history::{CellVersion, FigureVersion, VersionName, VersionQuery, figure_versions};
use homeward_transform::live::LiveError;
use homeward_transform::release::Rounding;
use homeward_transform::release::reach::{LEVELS, may_show};

use super::column::{Cell, Outline};
use super::figure_table::{Reader, external, narrowing, slices, streaming};
use super::figures::figure_row;
use super::wanted::Wanted;
use crate::pin::{Picture, Tick};

/// Cell versions that one query may read: about a gibibyte of them.
const VERSIONS_MAX: usize = 2_000_000;

/// The grains that history keeps.
const GRAINS: [Dimension; 2] = [Dimension::Month, Dimension::Day];

/// A query of the history failed.
#[derive(Debug, thiserror::Error)]
enum HistoryFault {
    /// It wants too much at once.
    #[error(
        "this query reads more than {VERSIONS_MAX} versions of cells; add a filter on indicator, basis, period_kind or period, for example period_kind = 'month'"
    )]
    TooMuch,
    /// The lake cannot be read.
    #[error(transparent)]
    Lake(#[from] LiveError),
}

/// Versions of released figures.
pub(crate) struct HistoryTable {
    outline: Arc<Outline>,
    schema: SchemaRef,
    reader: Reader,
}

impl HistoryTable {
    pub(crate) const fn new(outline: Arc<Outline>, schema: SchemaRef, reader: Reader) -> Self {
        Self { outline, schema, reader }
    }
}

impl fmt::Debug for HistoryTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("HistoryTable")
    }
}

#[async_trait]
impl TableProvider for HistoryTable {
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
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let picture = self.reader.pin.picture();
        let until = match &picture {
            Picture::Live(snapshot) => snapshot.as_ref().map(|snapshot| snapshot.as_of()),
            Picture::Tick(tick) => Some(*tick),
        };
        let scan = HistoryScan {
            outline: Arc::clone(&self.outline),
            schema: self.schema(),
            reader: self.reader.clone(),
            wanted: Wanted::of(filters),
            until,
        };
        streaming(&self.schema, Arc::new(scan), projection, limit)
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(narrowing(filters))
    }
}

#[derive(Clone)]
struct HistoryScan {
    outline: Arc<Outline>,
    schema: SchemaRef,
    reader: Reader,
    wanted: Wanted,
    /// What became known later is not told: the statement's snapshot does not know it either.
    until: Option<DateTime<Utc>>,
}

impl fmt::Debug for HistoryScan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HistoryScan").field("wanted", &self.wanted).finish_non_exhaustive()
    }
}

impl PartitionStream for HistoryScan {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let scan = self.clone();
        let batches = stream::once(async move {
            let versions = Arc::new(scan.versions().await.map_err(external)?);
            let parts = scan.parts();
            Ok::<_, DataFusionError>(stream::iter(parts).then(move |(indicator, level, grain)| {
                let (scan, versions) = (scan.clone(), Arc::clone(&versions));
                async move {
                    tokio::task::yield_now().await;
                    Ok::<_, DataFusionError>(scan.part(&versions, &indicator, level, grain)?)
                }
            }))
        });
        let slices = batches.try_flatten().map_ok(|batch| stream::iter(slices(batch).map(Ok))).try_flatten();
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), slices))
    }
}

impl HistoryScan {
    fn parts(&self) -> Vec<(String, Dimension, Dimension)> {
        let mut parts = Vec::new();
        let wanted = |definition: &&Definition| self.wanted.admits("indicator", &definition.id);
        for definition in self.reader.source.catalogue.iter().filter(wanted) {
            for level in LEVELS.into_iter().filter(|level| self.wanted.admits("level", level.as_str())) {
                for grain in GRAINS.into_iter().filter(|grain| self.wanted.admits("period_kind", grain.as_str())) {
                    parts.push((definition.id.clone(), level, grain));
                }
            }
        }
        parts
    }

    async fn versions(&self) -> Result<Vec<CellVersion>, HistoryFault> {
        let (Some(past), Some(until)) = (&self.reader.source.past, self.until) else { return Ok(Vec::new()) };
        let _one_at_a_time = self.reader.source.history_gate.lock().await;
        let count = AtomicUsize::new(0);
        let wanted = |name: &VersionName<'_>| {
            let (grain, period) = name.period.split_once(':').unwrap_or((name.period, name.period));
            self.wanted.admits("indicator", name.indicator)
                && self.wanted.admits("basis", name.basis)
                && self.wanted.admits("period_kind", grain)
                && self.wanted.admits("period", period)
                && count.fetch_add(1, Ordering::Relaxed) < VERSIONS_MAX
        };
        let mut versions = past.versions(wanted).await?;
        if count.load(Ordering::Relaxed) > VERSIONS_MAX {
            return Err(HistoryFault::TooMuch);
        }
        versions.retain(|version| version.known_at <= until);
        Ok(versions)
    }

    fn part(
        &self,
        versions: &[CellVersion],
        indicator: &str,
        level: Dimension,
        grain: Dimension,
    ) -> Result<RecordBatch, ArrowError> {
        let (catalogue, geography) = (&self.reader.source.catalogue, &self.reader.source.geography);
        let rows = match catalogue.get(indicator) {
            Some(definition) => {
                let query = VersionQuery { definition, geography, level, grain };
                let told = figure_versions(versions, &query, |known_at| self.shown_at(known_at));
                self.rows(told, definition, geography, level)
            }
            None => Vec::new(),
        };
        self.outline.batch(&rows)
    }

    /// When something known at an instant was shown to this role.
    fn shown_at(&self, known_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let shown = self.reader.pin.tick().map_or(known_at, |tick: Tick| tick.at_or_after(known_at));
        self.until.is_some_and(|until| shown <= until).then_some(shown)
    }

    fn rows(
        &self,
        mut versions: Vec<FigureVersion>,
        definition: &Definition,
        geography: &Geography,
        level: Dimension,
    ) -> Vec<Vec<Cell>> {
        versions.retain_mut(|version| shown_from(version, self.until));
        let exact = self.reader.policy.rounding == Rounding::Exact;
        let (figures, rest): (Vec<_>, Vec<_>) = versions
            .into_iter()
            .map(|version| (version.figure, (version.replaced_at, exact.then_some(version.because))))
            .unzip();
        let released = self.reader.policy.release(figures, definition);
        let rows = released.iter().zip(rest).map(|(figure, (replaced_at, because))| {
            (figure_row(figure, level, geography), figure.as_of, replaced_at, because)
        });
        merged(rows)
    }
}

/// False when a version may not be shown at all. One of a network's month is shown from the end of the month on.
fn shown_from(version: &mut FigureVersion, until: Option<DateTime<Utc>>) -> bool {
    if may_show(&version.figure) {
        return true;
    }
    let over = version.figure.period_end;
    let stands = version.replaced_at.is_none_or(|replaced| replaced > over) && until.is_some_and(|until| until >= over);
    version.figure.as_of = over.max(version.figure.as_of);
    stands && may_show(&version.figure)
}

type Version = (Vec<Cell>, DateTime<Utc>, Option<DateTime<Utc>>, Option<String>);

/// Neighbours that show the same are one: what a policy hides must not be told by when it changed.
fn merged(versions: impl Iterator<Item = Version>) -> Vec<Vec<Cell>> {
    let mut kept: Vec<Version> = Vec::new();
    for (row, known_at, replaced_at, because) in versions {
        match kept.last_mut() {
            Some((held, _, until, _)) if *held == row && *until == Some(known_at) => *until = replaced_at,
            _ => kept.push((row, known_at, replaced_at, because)),
        }
    }
    let finish = |(mut row, known_at, replaced_at, because): Version| {
        row.extend([known_at.into(), replaced_at.into(), because.into()]);
        row
    };
    kept.into_iter().map(finish).collect()
}
