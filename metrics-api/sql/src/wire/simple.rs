//! The simple protocol: a text of one or more statements, answered one after the other.

use std::sync::Arc;
use std::time::Instant;

use datafusion_postgres::pgwire::api::portal::Format;
use datafusion_postgres::pgwire::messages::PgWireBackendMessage as Out;
use datafusion_postgres::pgwire::messages::response::{CommandComplete, EmptyQueryResponse};

use super::audit::Audit;
use super::connection::{Connection, End, Stream};
use super::control::Given;
use super::rows::{Cursor, row_description};
use crate::engine::interrupt::Interrupt;
use crate::engine::prepare::{self, Allowed};
use crate::engine::run::describe;
use crate::guard::statement::Action;

impl<S: Stream> Connection<S> {
    /// Answers a text of statements. The first that fails ends it, as in PostgreSQL.
    pub(super) async fn simple(&mut self, sql: &str) -> Result<(), End> {
        let interrupt = self.begin_statement();
        self.is_renewed = false;
        let session = self.session(&interrupt).await?;
        let parsed = {
            let (session, sql) = (Arc::clone(&session), sql.to_owned());
            self.server.engine.compute(&interrupt, async move { prepare::parse(&session, &sql) }).await??
        };
        if parsed.statements.is_empty() {
            self.feed(Out::EmptyQueryResponse(EmptyQueryResponse::new())).await?;
        }
        // The first statement's time began with its text; each further one has its own.
        let mut interrupt = Some(interrupt);
        for statement in parsed.statements {
            let interrupt = interrupt.take().unwrap_or_else(|| self.begin_statement());
            let started = Instant::now();
            let given = match statement {
                Ok(allowed) => self.one(allowed, &interrupt).await,
                Err(refusal) => Err(refusal.into()),
            };
            let (role, pid) = (self.account.name.clone(), self.entry.pid);
            let audit = Audit { role: &role, pid, fingerprint: &parsed.fingerprint, started };
            audit.close(given.as_ref().map_or(0, |given| given.rows), given.as_ref().map(|_| ()));
            let given = given?;
            self.feed(Out::CommandComplete(CommandComplete::new(given.tag))).await?;
        }
        self.is_renewed = false;
        self.ready().await
    }

    async fn one(&mut self, allowed: Allowed, interrupt: &Arc<Interrupt>) -> Result<Given, End> {
        self.transaction.admit(&allowed.action)?;
        if allowed.action != Action::Read {
            return self.control(&allowed.action, &Format::UnifiedText, true, interrupt).await;
        }
        let session = self.session(interrupt).await?;
        self.renew(&session);
        let planned = {
            let session = Arc::clone(&session);
            let planning = async move { prepare::plan(&session, allowed.statement, &[]).await };
            self.server.engine.compute(interrupt, planning).await??
        };
        let mut cursor = Cursor::new(planned.plan, &planned.schema);
        let fields = describe(&cursor.schema, &Format::UnifiedText)?;
        self.start_cursor(&mut cursor, &session, &Format::UnifiedText, interrupt)?;
        self.feed(row_description(&fields)).await?;
        let sent = self.send_rows(&mut cursor, None).await?;
        Ok(Given { tag: format!("SELECT {}", sent.rows), rows: sent.rows })
    }
}
