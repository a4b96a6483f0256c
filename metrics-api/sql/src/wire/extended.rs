//! The extended protocol: Parse, Bind, Describe, Execute, Close.

use std::sync::Arc;
use std::time::Instant;

use datafusion::common::ParamValues;
use datafusion_postgres::arrow_pg::datatypes::df::deserialize_parameters_with_server_types;
use datafusion_postgres::pgwire::api::Type;
use datafusion_postgres::pgwire::api::portal::{Format, Portal as WirePortal};
use datafusion_postgres::pgwire::api::results::FieldInfo;
use datafusion_postgres::pgwire::api::stmt::StoredStatement;
use datafusion_postgres::pgwire::messages::PgWireBackendMessage as Out;
use datafusion_postgres::pgwire::messages::data::{NoData, ParameterDescription};
use datafusion_postgres::pgwire::messages::extendedquery::{
    Bind, BindComplete, Close, CloseComplete, Describe, Execute, Parse, ParseComplete, PortalSuspended,
    TARGET_TYPE_BYTE_STATEMENT,
};
use datafusion_postgres::pgwire::messages::response::{CommandComplete, EmptyQueryResponse};

use super::audit::Audit;
use super::connection::{Connection, End, Stream};
use super::control::{Given, show_fields};
use super::rows::{Cursor, row_description};
use crate::engine::prepare::{self, Planned};
use crate::engine::run::describe;
use crate::guard::statement::Action;
use crate::refusal::{Refusal, code};

/// Most prepared statements of one connection.
const STATEMENTS_MAX: usize = 300;

/// Most portals of one connection.
const PORTALS_MAX: usize = 32;

/// A prepared statement.
pub(super) struct Prepared {
    /// What it does; none for a text without a statement.
    action: Option<Action>,
    planned: Planned,
    fingerprint: String,
}

/// A prepared statement with its parameters bound.
pub(super) struct Portal {
    prepared: Arc<Prepared>,
    format: Format,
    /// Rows of a reading statement.
    cursor: Option<Cursor>,
}

fn unknown(what: &str, code: &'static str) -> Refusal {
    Refusal::new(code, format!("{what} does not exist"), "the driver should prepare it again")
}

impl<S: Stream> Connection<S> {
    pub(super) async fn parse(&mut self, message: Parse) -> Result<(), End> {
        let interrupt = self.begin_statement();
        let name = message.name.unwrap_or_default();
        if !name.is_empty() && self.statements.contains_key(&name) {
            let hint = "close it first, or use another name";
            return Err(Refusal::new("42P05", "prepared statement already exists", hint).into());
        }
        if self.statements.len() >= STATEMENTS_MAX {
            let message = format!("a connection has at most {STATEMENTS_MAX} prepared statements");
            return Err(Refusal::new(code::LIMIT, message, "close those that are done: DEALLOCATE ALL").into());
        }
        let session = self.session(&interrupt).await?;
        self.renew(&session);
        let types: Vec<Option<Type>> = message.type_oids.iter().map(|oid| Type::from_oid(*oid)).collect();
        let query = message.query;
        let preparing = async move {
            let parsed = prepare::parse(&session, &query)?;
            let mut statements = parsed.statements;
            if statements.len() > 1 {
                let hint = "send them one by one";
                return Err(Refusal::new(
                    code::SYNTAX,
                    "cannot insert multiple commands into a prepared statement",
                    hint,
                ));
            }
            let (action, planned) = match statements.pop().transpose()? {
                None => (None, prepare::nothing()),
                Some(allowed) if allowed.action == Action::Read => {
                    (Some(Action::Read), prepare::plan(&session, allowed.statement, &types).await?)
                }
                Some(allowed) => (Some(allowed.action), prepare::nothing()),
            };
            Ok(Prepared { action, planned, fingerprint: parsed.fingerprint })
        };
        let prepared = self.server.engine.compute(&interrupt, preparing).await?;
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(refusal) => {
                self.audit("", Instant::now(), 0, Err(&End::Refused(refusal.clone())));
                return Err(refusal.into());
            }
        };
        if let Some(action) = &prepared.action {
            self.transaction.admit(action)?;
        }
        self.statements.insert(name, Arc::new(prepared));
        self.feed(Out::ParseComplete(ParseComplete::new())).await
    }

    pub(super) async fn bind(&mut self, message: Bind) -> Result<(), End> {
        let interrupt = self.begin_statement();
        let name = message.statement_name.clone().unwrap_or_default();
        let prepared = self.statements.get(&name);
        let prepared = Arc::clone(prepared.ok_or_else(|| unknown("prepared statement", code::NO_STATEMENT))?);
        let portal_name = message.portal_name.clone().unwrap_or_default();
        if self.portals.len() >= PORTALS_MAX && !self.portals.contains_key(&portal_name) {
            let message = format!("a connection has at most {PORTALS_MAX} portals");
            return Err(Refusal::new(code::LIMIT, message, "close those that are done").into());
        }
        let (values, format) = values(&message, &prepared.planned.parameters)?;
        let cursor = match &prepared.action {
            Some(Action::Read) => {
                let bound = Arc::clone(&prepared);
                let binding = async move { prepare::bind(&bound.planned, values) };
                let (plan, schema) = self.server.engine.compute(&interrupt, binding).await??;
                let cursor = Cursor::new(plan, &schema);
                describe(&cursor.schema, &format)?;
                Some(cursor)
            }
            _ => None,
        };
        self.portals.insert(portal_name, Portal { prepared, format, cursor });
        self.feed(Out::BindComplete(BindComplete::new())).await
    }

    pub(super) async fn describe(&mut self, message: Describe) -> Result<(), End> {
        let name = message.name.unwrap_or_default();
        let fields = if message.target_type == TARGET_TYPE_BYTE_STATEMENT {
            let prepared = self.statements.get(&name);
            let prepared = Arc::clone(prepared.ok_or_else(|| unknown("prepared statement", code::NO_STATEMENT))?);
            let types = prepared.planned.parameters.iter().map(|(wire, _)| wire.oid()).collect();
            self.feed(Out::ParameterDescription(ParameterDescription::new(types))).await?;
            self.fields_of(&prepared, &Format::UnifiedText)?
        } else {
            let portal = self.portals.get(&name).ok_or_else(|| unknown("portal", code::NO_CURSOR))?;
            match &portal.cursor {
                Some(cursor) => Some(describe(&cursor.schema, &portal.format)?),
                None => self.fields_of(&portal.prepared, &portal.format)?,
            }
        };
        match fields {
            Some(fields) => self.feed(row_description(&fields)).await,
            None => self.feed(Out::NoData(NoData::new())).await,
        }
    }

    /// Columns of a statement's rows; none when it gives no rows.
    fn fields_of(&self, prepared: &Prepared, format: &Format) -> Result<Option<Arc<Vec<FieldInfo>>>, Refusal> {
        match &prepared.action {
            Some(Action::Read) => describe(&prepared.planned.schema, format).map(Some),
            Some(Action::Show(name)) => Ok(Some(show_fields(name, format))),
            Some(Action::Fetch { name, .. }) => {
                self.cursors.get(name).map(|cursor| describe(&cursor.schema, format)).transpose()
            }
            _ => Ok(None),
        }
    }

    pub(super) async fn execute(&mut self, message: Execute) -> Result<(), End> {
        let name = message.name.unwrap_or_default();
        let mut portal = self.portals.remove(&name).ok_or_else(|| unknown("portal", code::NO_CURSOR))?;
        let prepared = Arc::clone(&portal.prepared);
        let Some(action) = &prepared.action else {
            self.portals.insert(name, portal);
            return self.feed(Out::EmptyQueryResponse(EmptyQueryResponse::new())).await;
        };
        let started = Instant::now();
        let executed = self.execute_portal(&mut portal, action, message.max_rows).await;
        let rows = executed.as_ref().map_or(0, |given| given.as_ref().map_or(0, |given| given.rows));
        self.audit(&prepared.fingerprint, started, rows, executed.as_ref().map(|_| ()));
        match executed? {
            Some(given) => {
                if !matches!(action, Action::Commit | Action::Rollback) {
                    self.portals.insert(name, portal);
                }
                self.feed(Out::CommandComplete(CommandComplete::new(given.tag))).await
            }
            None => {
                self.portals.insert(name, portal);
                self.feed(Out::PortalSuspended(PortalSuspended::new())).await
            }
        }
    }

    /// Runs a portal; none when it has been suspended with rows left.
    async fn execute_portal(
        &mut self,
        portal: &mut Portal,
        action: &Action,
        max_rows: i32,
    ) -> Result<Option<Given>, End> {
        self.transaction.admit(action)?;
        let Some(cursor) = &mut portal.cursor else {
            let interrupt = self.begin_statement();
            return self.control(action, &portal.format, false, &interrupt).await.map(Some);
        };
        let interrupt = match cursor.interrupt() {
            Some(interrupt) => Arc::clone(interrupt),
            None => self.begin_statement(),
        };
        self.entry.slot.watch(&interrupt);
        let session = self.session(&interrupt).await?;
        self.renew(&session);
        self.start_cursor(cursor, &session, &portal.format, &interrupt)?;
        let most = usize::try_from(max_rows).ok().filter(|most| *most > 0);
        let sent = self.send_rows(cursor, most).await?;
        Ok(sent.is_all.then(|| Given { tag: format!("SELECT {}", sent.rows), rows: sent.rows }))
    }

    pub(super) async fn close(&mut self, message: Close) -> Result<(), End> {
        let name = message.name.unwrap_or_default();
        if message.target_type == TARGET_TYPE_BYTE_STATEMENT {
            self.statements.remove(&name);
        } else {
            self.portals.remove(&name);
        }
        self.feed(Out::CloseComplete(CloseComplete::new())).await
    }

    fn audit(&self, fingerprint: &str, started: Instant, rows: usize, outcome: Result<(), &End>) {
        Audit { role: &self.account.name, pid: self.entry.pid, fingerprint, started }.close(rows, outcome);
    }
}

/// Reads the parameters of a Bind, and the format that it wants.
fn values(
    message: &Bind,
    parameters: &[(Type, Option<arrow::datatypes::DataType>)],
) -> Result<(ParamValues, Format), Refusal> {
    let (given, wanted) = (message.parameters.len(), parameters.len());
    if given != wanted {
        let text = format!("bind message supplies {given} parameters, but the statement requires {wanted}");
        return Err(Refusal::new(code::PROTOCOL, text, "give one value for each $1, $2 ..."));
    }
    let formats = message.parameter_format_codes.len();
    if formats > 1 && formats != given {
        let text = format!("bind message has {formats} parameter formats but {given} parameters");
        return Err(Refusal::new(code::PROTOCOL, text, "name one format, or one a parameter"));
    }
    let types = parameters.iter().map(|(wire, _)| Some(wire.clone())).collect();
    let stored = StoredStatement::new(String::new(), (), types);
    let portal = WirePortal::try_new(message, Arc::new(stored))?;
    let inferred: Vec<_> = parameters.iter().map(|(_, inferred)| inferred.as_ref()).collect();
    let wire: Vec<_> = parameters.iter().map(|(wire, _)| Some(wire)).collect();
    let values = deserialize_parameters_with_server_types(&portal, &inferred, &wire)?;
    Ok((values, portal.result_column_format))
}
