//! The SQL engine behind the wire: sessions, plans, and statements at work.
//!
//! Everything that computes runs on the outlet's own threads ([`threads`]), under the guard's decisions, within a
//! statement's time ([`interrupt`]) and memory ([`memory`]).

mod bounded;
mod catalogue;
mod context;
mod dialect;
mod failure;
mod information_schema;
pub(crate) mod interrupt;
mod memory;
mod pass;
mod phrases;
pub(crate) mod prepare;
pub(crate) mod run;
mod session_functions;
mod threads;
mod watch;
mod windows;

use std::fmt;
use std::sync::Arc;

use datafusion::prelude::SessionContext;
use datafusion_postgres::datafusion_pg_catalog::sql::PostgresCompatibilityParser;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::config::Account;
use crate::limits::Limits;
use crate::pin::Pin;
use crate::refusal::Refusal;
use crate::source::Source;
use context::Template;
use interrupt::{Interrupt, Reason};

pub(crate) use session_functions::SharedSettings;
pub(crate) use threads::Threads;

/// What all connections share.
pub(crate) struct Engine {
    pub(crate) limits: Limits,
    pub(crate) source: Source,
    template: Template,
    parser: Arc<PostgresCompatibilityParser>,
    computing: Handle,
    /// Statements that may run at once.
    turns: Semaphore,
}

/// One connection's session with the engine. Made at its first statement, not before.
pub(crate) struct Session {
    pub(crate) context: SessionContext,
    pub(crate) pin: Arc<Pin>,
    parser: Arc<PostgresCompatibilityParser>,
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").finish_non_exhaustive()
    }
}

impl Engine {
    pub(crate) fn new(limits: Limits, source: Source, computing: Handle) -> Result<Self, Refusal> {
        let template =
            Template::new(&limits).map_err(|error| Refusal::defect("the engine could not be made", &error))?;
        let turns = Semaphore::new(limits.running_max());
        let parser = Arc::new(PostgresCompatibilityParser::new());
        Ok(Self { limits, source, template, parser, computing, turns })
    }

    fn computing(&self) -> Result<&Handle, Refusal> {
        Ok(&self.computing)
    }

    async fn session(&self, account: &Account, pid: i32, settings: &SharedSettings) -> Result<Session, Refusal> {
        let made = self.template.session(&self.source, account, pid, settings).await;
        let (context, pin) = made.map_err(|error| Refusal::defect("a session could not be made", &error))?;
        Ok(Session { context, pin, parser: Arc::clone(&self.parser) })
    }

    /// A new session, made on the threads that compute.
    pub(crate) async fn open(
        self: &Arc<Self>,
        account: &Arc<Account>,
        pid: i32,
        settings: &SharedSettings,
        interrupt: &Interrupt,
    ) -> Result<Arc<Session>, Refusal> {
        let (engine, account, settings) = (Arc::clone(self), Arc::clone(account), Arc::clone(settings));
        let made = self.compute(interrupt, async move { engine.session(&account, pid, &settings).await }).await?;
        Ok(Arc::new(made?))
    }

    /// Runs a short piece of work on the threads that compute, and leaves it behind when the statement ends first.
    pub(crate) async fn compute<T: Send + 'static>(
        &self,
        interrupt: &Interrupt,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Refusal> {
        let mut task = self.computing.spawn(work);
        tokio::select! {
            done = &mut task => done.map_err(|error| {
                if error.is_cancelled() { Reason::Shutdown.refusal() } else { Refusal::defect("a statement panicked", &error) }
            }),
            reason = interrupt.wait() => {
                task.abort();
                Err(reason.refusal())
            }
        }
    }
}
