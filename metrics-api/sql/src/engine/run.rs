//! Running one statement: on the threads that compute, in its turn, until its end.
//!
//! Limits: two chunks of rows wait between the engine and the connection, each of at most one batch; a result has at
//! most `rows_max` rows and 512 MiB.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion_postgres::arrow_pg::datatypes::{arrow_schema_to_pg_fields, encode_recordbatch};
use datafusion_postgres::pgwire::api::portal::Format;
use datafusion_postgres::pgwire::api::results::FieldInfo;
use datafusion_postgres::pgwire::messages::data::DataRow;
use datafusion_postgres::pgwire::types::format::FormatOptions;
use futures::StreamExt;
use tokio::sync::mpsc;

use super::failure::refusal_of;
use super::interrupt::Interrupt;
use super::{Engine, Session, watch};
use crate::refusal::{Refusal, code};
use crate::tables::slices;

/// Chunks of rows between the engine and a connection.
const CHUNKS_WAITING_MAX: usize = 2;

/// Most bytes of one result, as the wire counts them.
const RESULT_BYTES_MAX: usize = 512 * 1024 * 1024;

/// What the engine hands to a connection.
pub(crate) type Chunk = Result<Vec<DataRow>, Refusal>;

/// A statement at work. Dropping it ends the work.
pub(crate) struct Running {
    pub(crate) rows: mpsc::Receiver<Chunk>,
    pub(crate) interrupt: Arc<Interrupt>,
    task: tokio::task::AbortHandle,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Code that computes notices this one, code that waits the other.
        self.interrupt.fire(super::interrupt::Reason::Gone);
        self.task.abort();
    }
}

/// Describes the columns of a result.
pub(crate) fn describe(schema: &SchemaRef, format: &Format) -> Result<Arc<Vec<FieldInfo>>, Refusal> {
    if let Format::Individual(codes) = format
        && codes.len() != schema.fields().len()
    {
        let message = format!("bind names {} result formats for {} columns", codes.len(), schema.fields().len());
        return Err(Refusal::new(code::PROTOCOL, message, "name one format, or one a column"));
    }
    let options = Arc::new(FormatOptions::default());
    Ok(Arc::new(arrow_schema_to_pg_fields(schema, format, Some(options))?))
}

/// Starts a statement.
pub(crate) fn start(
    engine: &Arc<Engine>,
    session: &Arc<Session>,
    plan: LogicalPlan,
    format: Format,
    interrupt: Arc<Interrupt>,
) -> Result<Running, Refusal> {
    let (sink, rows) = mpsc::channel(CHUNKS_WAITING_MAX);
    let work = work(Arc::clone(engine), Arc::clone(session), plan, format, Arc::clone(&interrupt), sink);
    let task = engine.computing()?.spawn(work).abort_handle();
    Ok(Running { rows, interrupt, task })
}

async fn work(
    engine: Arc<Engine>,
    session: Arc<Session>,
    plan: LogicalPlan,
    format: Format,
    interrupt: Arc<Interrupt>,
    sink: mpsc::Sender<Chunk>,
) {
    let produced = tokio::select! {
        biased;
        reason = interrupt.wait() => Err(reason.refusal()),
        produced = produce(&engine, &session, plan, &format, &interrupt, &sink) => produced,
    };
    if let Err(refusal) = produced {
        // Whatever failed after the end failed because of it.
        let refusal = interrupt.reason().map_or(refusal, super::interrupt::Reason::refusal);
        let _ = sink.send(Err(refusal)).await;
    }
}

async fn produce(
    engine: &Engine,
    session: &Session,
    plan: LogicalPlan,
    format: &Format,
    interrupt: &Arc<Interrupt>,
    sink: &mpsc::Sender<Chunk>,
) -> Result<(), Refusal> {
    let _turn = engine.turns.acquire().await.map_err(|_| super::interrupt::Reason::Shutdown.refusal())?;
    let mut stream = open(engine, session, plan, interrupt).await?;
    let fields = describe(&stream.schema(), format)?;
    let mut tally = Tally { rows: 0, bytes: 0, rows_max: engine.limits.rows_max };
    while let Some(batch) = stream.next().await {
        // A window hands out all its rows at once.
        for slice in slices(batch.map_err(|error| refusal_of(&error))?) {
            interrupt.check().map_err(|error| refusal_of(&error))?;
            let rows = encode(slice, &fields)?;
            tally.add(&rows)?;
            // A closed channel means that nobody wants the rest.
            if sink.send(Ok(rows)).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The rows of a plan as they are computed, until the statement's end.
async fn open(
    engine: &Engine,
    session: &Session,
    plan: LogicalPlan,
    interrupt: &Arc<Interrupt>,
) -> Result<SendableRecordBatchStream, Refusal> {
    let failed = |error| refusal_of(&error);
    let mut state = session.context.state();
    state.execution_props_mut().query_execution_start_time = Some(engine.source.clock.now());
    let optimised = state.optimize(&plan).map_err(failed)?;
    interrupt.check().map_err(failed)?;
    let optimised = watch::watch_joins(optimised, interrupt).map_err(failed)?;
    let physical = state.query_planner().create_physical_plan(&optimised, &state).await.map_err(failed)?;
    let physical = watch::watch(physical, interrupt).map_err(failed)?;
    execute_stream(physical, state.task_ctx()).map_err(failed)
}

/// Every row of a plan, for a reader in this process.
pub(crate) async fn collect(
    engine: &Engine,
    session: &Session,
    plan: LogicalPlan,
    interrupt: &Arc<Interrupt>,
) -> Result<Vec<RecordBatch>, Refusal> {
    let mut stream = open(engine, session, plan, interrupt).await?;
    let mut tally = Tally { rows: 0, bytes: 0, rows_max: engine.limits.rows_max };
    let mut batches = Vec::new();
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(|error| refusal_of(&error))?;
        tally.rows += batch.num_rows();
        tally.bytes += batch.get_array_memory_size();
        tally.check()?;
        batches.push(batch);
    }
    Ok(batches)
}

fn encode(batch: RecordBatch, fields: &Arc<Vec<FieldInfo>>) -> Result<Vec<DataRow>, Refusal> {
    let rows: Result<Vec<DataRow>, _> = encode_recordbatch(Arc::clone(fields), batch).collect();
    Ok(rows?)
}

/// What a result has cost so far.
struct Tally {
    rows: usize,
    bytes: usize,
    rows_max: usize,
}

impl Tally {
    fn check(&self) -> Result<(), Refusal> {
        if self.rows > self.rows_max {
            let message = format!("the result has more than {} rows", self.rows_max);
            return Err(Refusal::new(code::LIMIT, message, "aggregate, filter, or read it in parts by period"));
        }
        if self.bytes > RESULT_BYTES_MAX {
            let message = "the result has more than 512 MiB";
            return Err(Refusal::new(code::LIMIT, message, "name the columns you need, or read it in parts by period"));
        }
        Ok(())
    }

    fn add(&mut self, rows: &[DataRow]) -> Result<(), Refusal> {
        self.rows += rows.len();
        self.bytes += rows.iter().map(|row| row.data.len()).sum::<usize>();
        self.check()
    }
}
