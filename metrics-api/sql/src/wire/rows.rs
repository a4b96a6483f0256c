//! Rows on their way to a client: at his pace, within the statement's time.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::logical_expr::LogicalPlan;
use datafusion_postgres::pgwire::api::portal::Format;
use datafusion_postgres::pgwire::api::results::FieldInfo;
use datafusion_postgres::pgwire::messages::PgWireBackendMessage as Out;
use datafusion_postgres::pgwire::messages::data::{DataRow, RowDescription};
use futures::{SinkExt, StreamExt};

use super::connection::{Connection, End, Stream, broken};
use crate::engine::Session;
use crate::engine::interrupt::{Interrupt, Reason};
use crate::engine::run::{Running, start};
use crate::refusal::Refusal;

/// A result that is read bit by bit: a portal's, or a cursor's.
pub(super) struct Cursor {
    pub(super) schema: SchemaRef,
    state: State,
}

enum State {
    /// Not started.
    Planned(LogicalPlan),
    /// At work; some rows may have come already.
    Running(Running, VecDeque<DataRow>),
    /// Read to its end.
    Done,
}

impl Cursor {
    pub(super) fn new(plan: LogicalPlan, schema: &SchemaRef) -> Self {
        Self { schema: Arc::clone(schema), state: State::Planned(plan) }
    }

    /// What ends it, once it runs.
    pub(super) const fn interrupt(&self) -> Option<&Arc<Interrupt>> {
        match &self.state {
            State::Running(running, _) => Some(&running.interrupt),
            State::Planned(_) | State::Done => None,
        }
    }
}

/// What went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) rows: usize,
    /// There was nothing left.
    pub(super) is_all: bool,
}

/// Describes columns on the wire.
pub(super) fn row_description(fields: &[FieldInfo]) -> Out {
    Out::RowDescription(RowDescription::new(fields.iter().map(Into::into).collect()))
}

impl<S: Stream> Connection<S> {
    /// Starts a cursor that has not been started.
    pub(super) fn start_cursor(
        &self,
        cursor: &mut Cursor,
        session: &Arc<Session>,
        format: &Format,
        interrupt: &Arc<Interrupt>,
    ) -> Result<(), Refusal> {
        if let State::Planned(plan) = &cursor.state {
            let running = start(&self.server.engine, session, plan.clone(), format.clone(), Arc::clone(interrupt))?;
            cursor.state = State::Running(running, VecDeque::new());
        }
        Ok(())
    }

    /// Sends up to `most` rows, or all.
    pub(super) async fn send_rows(&mut self, cursor: &mut Cursor, most: Option<usize>) -> Result<Sent, End> {
        let State::Running(running, waiting) = &mut cursor.state else { return Ok(Sent { rows: 0, is_all: true }) };
        let mut rows = 0;
        loop {
            while most.is_none_or(|most| rows < most) {
                let Some(row) = waiting.pop_front() else { break };
                self.send_row(row, &running.interrupt).await?;
                rows += 1;
            }
            if most.is_some_and(|most| rows >= most) {
                return Ok(Sent { rows, is_all: false });
            }
            match self.next_chunk(running).await? {
                Some(chunk) => waiting.extend(chunk),
                None => {
                    cursor.state = State::Done;
                    return Ok(Sent { rows, is_all: true });
                }
            }
        }
    }

    /// A client that does not read holds its statement up until its time is over, and then loses the connection: there
    /// is no other way to tell it.
    async fn send_row(&mut self, row: DataRow, interrupt: &Interrupt) -> Result<(), End> {
        let fed = tokio::time::timeout_at(interrupt.deadline(), self.io.feed(Out::DataRow(row))).await;
        match fed {
            Ok(fed) => Ok(fed?),
            Err(_) => {
                tracing::info!(role = self.account.name, "a client that reads too slowly was left");
                Err(End::Gone)
            }
        }
    }

    /// The next rows; meanwhile the client is watched, so that a statement ends when nobody waits for it.
    async fn next_chunk(&mut self, running: &mut Running) -> Result<Option<Vec<DataRow>>, End> {
        let interrupt = Arc::clone(&running.interrupt);
        loop {
            tokio::select! {
                biased;
                chunk = running.rows.recv() => return chunk.transpose().map_err(End::from),
                reason = interrupt.wait() => return Err(reason.refusal().into()),
                message = self.io.next(), if self.ahead.is_none() => match message {
                    Some(Ok(message)) => self.ahead = Some(message),
                    Some(Err(error)) => return Err(broken(error)),
                    None => {
                        interrupt.fire(Reason::Gone);
                        return Err(End::Gone);
                    }
                },
            }
        }
    }
}
