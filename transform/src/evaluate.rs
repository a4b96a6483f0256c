//! The same pipeline over files: one batch of facts, figures as of an instant, as known at an instant.

use std::sync::Arc;

use arrow::array::{BooleanArray, Scalar, TimestampMicrosecondArray};
use arrow::compute::filter_record_batch;
use arrow::compute::kernels::cmp::lt_eq;
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use homeward_contract::feed::{Feed, Table};
use homeward_contract::geography::Geography;

use crate::book::read::{FactShapeError, Facts};
use crate::computation::Computation;
use crate::compute::ComputeError;
use crate::definition::Catalogue;
use crate::snapshot::Snapshot;

/// An evaluation of files failed.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// A batch is not a fact batch.
    #[error(transparent)]
    Facts(#[from] FactShapeError),
    /// An indicator's SQL failed.
    #[error(transparent)]
    Compute(#[from] ComputeError),
    /// Facts could not be filtered: a defect.
    #[error("facts could not be filtered by when they became known: {0}")]
    Filter(#[from] ArrowError),
}

/// Which instants an evaluation speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instants {
    /// Open clocks and windows are read at this instant.
    pub as_of: DateTime<Utc>,
    /// Only facts recorded by this instant count: event `time` for live events, receipt of the file for submissions, and
    /// when a decision about a submission was taken.
    pub as_known_at: Option<DateTime<Utc>>,
}

/// Evaluates every indicator over facts that came from files.
///
/// # Errors
/// When a batch is not of its table or an indicator's SQL fails.
pub async fn evaluate(
    facts: &[(Table, RecordBatch)],
    catalogue: Arc<Catalogue>,
    geography: Arc<Geography>,
    instants: Instants,
) -> Result<Snapshot, EvaluateError> {
    evaluate_with(Computation::new(catalogue, geography), facts, instants).await
}

/// The same by a computation that has taken nothing yet.
pub(crate) async fn evaluate_with(
    mut computation: Computation,
    facts: &[(Table, RecordBatch)],
    instants: Instants,
) -> Result<Snapshot, EvaluateError> {
    for (table, batch) in facts {
        match instants.as_known_at {
            None => computation.apply(*table, batch)?,
            Some(known_at) => computation.apply(*table, &known_by(*table, batch, known_at)?)?,
        }
    }
    computation.evaluate(instants.as_of).await?;
    Ok(computation.snapshot(instants.as_of).await?)
}

/// The rows of a batch that had been recorded by an instant.
fn known_by(table: Table, batch: &RecordBatch, known_at: DateTime<Utc>) -> Result<RecordBatch, EvaluateError> {
    let column = match (table, table.feed()) {
        (Table::CsdsSubmissionDecision, _) => "decided_at",
        (_, Feed::Csds) => "file_received_at",
        (_, Feed::Published) => "loaded_at",
        (_, Feed::Adt) => "recorded_at",
        (
            _,
            Feed::Ucr | Feed::VwStay | Feed::VwCapacity | Feed::Spell | Feed::EdStay | Feed::Death | Feed::Registration,
        ) => "event_time",
    };
    let recorded = Facts::new(table.name(), batch).instant(column)?;
    let limit = TimestampMicrosecondArray::from(vec![known_at.timestamp_micros()]).with_timezone("UTC");
    let keep: BooleanArray = lt_eq(recorded, &Scalar::new(limit))?;
    Ok(filter_record_batch(batch, &keep)?)
}
