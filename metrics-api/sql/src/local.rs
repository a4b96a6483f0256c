//! One query without a server: the same tables, guard and bounds as over the wire, for `homeward sql`.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use homeward_transform::release::Policy;

use crate::config::Account;
use crate::engine::interrupt::Interrupt;
use crate::engine::{Engine, Threads, prepare, run};
use crate::guard::statement::Action;
use crate::limits::Limits;
use crate::pin::Tick;
use crate::refusal::{Refusal, code};
use crate::scram::Verifier;
use crate::source::Source;

/// Name of the one database.
pub const DATABASE: &str = "homeward";

/// Where a reader finds what there is.
const SIGNPOST: &str = "see meta.data_dictionary for tables and columns, and meta.example_queries for examples";

/// The answer of one query.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its columns.
    pub schema: SchemaRef,
    /// Its rows.
    pub batches: Vec<RecordBatch>,
}

/// Runs one query within `limits`. What a client of the wire may not do is refused here too.
///
/// # Errors
/// What the guard or the engine refuses, with a hint.
pub async fn local(
    source: &Source,
    policy: &'static Policy,
    tick: Option<Tick>,
    limits: Limits,
    sql: &str,
) -> Result<Answer, Refusal> {
    let threads = Threads::start(limits.threads).map_err(|error| Refusal::defect("no threads", &error))?;
    let stopped = || Refusal::defect("no threads", &"they ended before the query");
    let computing = threads.computing().ok_or_else(stopped)?.clone();
    let interrupt = Arc::new(Interrupt::after(limits.statement_timeout));
    let engine = Arc::new(Engine::new(limits, source.clone(), computing)?);
    // Nobody logs in: no password fits this one.
    let account = Account { name: "local".to_owned(), verifier: Verifier::of_stranger(&[], "local"), policy, tick };
    let session = engine.open(&Arc::new(account), 0, &Arc::default(), &interrupt).await?;
    let (sql, shared) = (sql.to_owned(), (Arc::clone(&engine), Arc::clone(&interrupt)));
    let work = async move {
        let (engine, interrupt) = shared;
        let mut statements = prepare::parse(&session, &sql)?.statements;
        let allowed = match (statements.pop(), statements.is_empty()) {
            (Some(last), true) => last?,
            (None, _) => {
                return Err(Refusal::new(
                    code::SYNTAX,
                    "there is no query",
                    "write for example SELECT * FROM meta.freshness",
                ));
            }
            // A refused statement is told before the number of them.
            (Some(last), false) => {
                last?;
                return Err(Refusal::new(code::NOT_SUPPORTED, "more than one statement", "write one query"));
            }
        };
        if allowed.action != Action::Read {
            return Err(Refusal::new(code::NOT_SUPPORTED, "only a query is answered here", "write a SELECT"));
        }
        let planned = prepare::plan(&session, allowed.statement, &[]).await.map_err(signposted)?;
        let batches = run::collect(&engine, &session, planned.plan, &interrupt).await?;
        Ok(Answer { schema: planned.schema, batches })
    };
    engine.compute(&interrupt, work).await?
}

fn signposted(refusal: Refusal) -> Refusal {
    let hint = if refusal.hint.is_empty() { SIGNPOST.to_owned() } else { format!("{}; {SIGNPOST}", refusal.hint) };
    Refusal { hint, ..refusal }
}
