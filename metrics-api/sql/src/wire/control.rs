//! Statements that the engine never sees: transactions, settings, cursors.

use std::sync::{Arc, PoisonError};

use datafusion::sql::sqlparser::ast::Statement;
use datafusion_postgres::pgwire::api::Type;
use datafusion_postgres::pgwire::api::portal::Format;
use datafusion_postgres::pgwire::api::results::{DataRowEncoder, FieldFormat, FieldInfo};
use datafusion_postgres::pgwire::messages::PgWireBackendMessage as Out;
use datafusion_postgres::pgwire::messages::data::DataRow;

use super::connection::{Connection, End, Stream};
use super::rows::{Cursor, row_description};
use crate::engine::interrupt::Interrupt;
use crate::engine::prepare;
use crate::engine::run::describe;
use crate::guard::settings::Settings;
use crate::guard::statement::Action;
use crate::refusal::{Refusal, code};

/// Most cursors of one connection.
const CURSORS_MAX: usize = 16;

/// What a statement gave.
pub(super) struct Given {
    /// PostgreSQL's tag.
    pub(super) tag: String,
    pub(super) rows: usize,
}

impl Given {
    fn tag(tag: &str) -> Self {
        Self { tag: tag.to_owned(), rows: 0 }
    }
}

/// Columns of `SHOW name`, or of `SHOW ALL`.
pub(super) fn show_fields(name: &str, format: &Format) -> Arc<Vec<FieldInfo>> {
    let names: &[&str] = if is_all(name) { &["name", "setting", "description"] } else { &[name] };
    let field = |(index, name): (usize, &&str)| {
        // Texts are the same in both formats.
        let format = if format_is_binary(format, index) { FieldFormat::Binary } else { FieldFormat::Text };
        FieldInfo::new((*name).to_owned(), None, None, Type::TEXT, format)
    };
    Arc::new(names.iter().enumerate().map(field).collect())
}

fn format_is_binary(format: &Format, index: usize) -> bool {
    match format {
        Format::UnifiedText => false,
        Format::UnifiedBinary => true,
        Format::Individual(codes) => codes.get(index).is_some_and(|code| *code == 1),
    }
}

fn is_all(name: &str) -> bool {
    name.eq_ignore_ascii_case("all")
}

fn show_rows(name: &str, settings: &Settings, fields: &Arc<Vec<FieldInfo>>) -> Result<Vec<DataRow>, Refusal> {
    let mut encoder = DataRowEncoder::new(Arc::clone(fields));
    let mut rows = Vec::new();
    if is_all(name) {
        for (name, value) in settings.all() {
            for cell in [name.as_str(), value.as_str(), ""] {
                encoder.encode_field(&cell)?;
            }
            rows.push(encoder.take_row());
        }
        return Ok(rows);
    }
    encoder.encode_field(&settings.show(name)?.as_str())?;
    rows.push(encoder.take_row());
    Ok(rows)
}

impl<S: Stream> Connection<S> {
    /// Runs a statement that is not for the engine. `describes` sends the columns first, as the simple protocol does.
    pub(super) async fn control(
        &mut self,
        action: &Action,
        format: &Format,
        describes: bool,
        interrupt: &Arc<Interrupt>,
    ) -> Result<Given, End> {
        if let Some(tag) = self.transaction.step(action)? {
            self.after_step(action, interrupt).await?;
            return Ok(Given::tag(tag));
        }
        match action {
            Action::Show(name) => self.show(name, format, describes).await,
            Action::Set { name, value } => {
                let change = self.with_settings(|settings| settings.set(name, value))?;
                self.tell([change]).await?;
                Ok(Given::tag("SET"))
            }
            Action::Reset(name) => {
                let changes = self.with_settings(|settings| match name {
                    Some(name) => settings.reset(name).map(|change| vec![change]),
                    None => Ok(settings.reset_all()),
                })?;
                self.tell(changes).await?;
                Ok(Given::tag("RESET"))
            }
            Action::DiscardAll => self.discard_all().await,
            Action::Deallocate(name) => {
                self.deallocate(name.as_deref())?;
                Ok(Given::tag(if name.is_some() { "DEALLOCATE" } else { "DEALLOCATE ALL" }))
            }
            Action::Declare { name, query } => {
                self.declare(name, Statement::Query(query.clone()), interrupt).await?;
                Ok(Given::tag("DECLARE CURSOR"))
            }
            Action::Fetch { name, count } => self.fetch(name, *count, format, describes, interrupt).await,
            Action::Close(name) => self.close_cursor(name.as_deref()),
            Action::Nothing(tag) => Ok(Given::tag(tag)),
            _ => Err(Refusal::defect("a statement was taken for one of control", &"").into()),
        }
    }

    fn with_settings<T>(&self, change: impl FnOnce(&mut Settings) -> Result<T, Refusal>) -> Result<T, Refusal> {
        change(&mut self.settings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A transaction's picture is taken at its beginning; its cursors and portals end with it.
    async fn after_step(&mut self, action: &Action, interrupt: &Arc<Interrupt>) -> Result<(), End> {
        match action {
            Action::Begin => {
                let session = self.session(interrupt).await?;
                if !self.is_renewed {
                    session.pin.renew();
                }
            }
            Action::Commit | Action::Rollback => {
                self.cursors.clear();
                self.portals.clear();
                self.is_renewed = false;
            }
            _ => {}
        }
        Ok(())
    }

    async fn show(&mut self, name: &str, format: &Format, describes: bool) -> Result<Given, End> {
        let fields = show_fields(name, format);
        let rows = show_rows(name, &self.settings(), &fields)?;
        let sent = rows.len();
        if describes {
            self.feed(row_description(&fields)).await?;
        }
        for row in rows {
            self.feed(Out::DataRow(row)).await?;
        }
        Ok(Given { tag: "SHOW".to_owned(), rows: sent })
    }

    async fn discard_all(&mut self) -> Result<Given, End> {
        if self.transaction.is_open() {
            let message = "DISCARD ALL cannot run inside a transaction block";
            return Err(Refusal::new("25001", message, "COMMIT or ROLLBACK first").into());
        }
        self.statements.clear();
        self.portals.clear();
        self.cursors.clear();
        let changes = self.with_settings(|settings| Ok(settings.reset_all()))?;
        self.tell(changes).await?;
        Ok(Given::tag("DISCARD ALL"))
    }

    fn deallocate(&mut self, name: Option<&str>) -> Result<(), Refusal> {
        match name {
            None => self.statements.clear(),
            Some(name) => {
                if self.statements.remove(name).is_none() {
                    return Err(Refusal::new(code::NO_STATEMENT, "prepared statement does not exist", ""));
                }
            }
        }
        Ok(())
    }

    async fn declare(&mut self, name: &str, query: Statement, interrupt: &Arc<Interrupt>) -> Result<(), End> {
        if !self.transaction.is_open() {
            let message = "DECLARE CURSOR can only be used in transaction blocks";
            return Err(Refusal::new(code::NO_TRANSACTION, message, "BEGIN first").into());
        }
        if self.cursors.contains_key(name) {
            return Err(Refusal::new(code::CURSOR_EXISTS, "cursor already exists", "CLOSE it first").into());
        }
        if self.cursors.len() >= CURSORS_MAX {
            let message = format!("a connection has at most {CURSORS_MAX} cursors");
            return Err(Refusal::new(code::LIMIT, message, "CLOSE those that are done").into());
        }
        let session = self.session(interrupt).await?;
        let planned = {
            let session = Arc::clone(&session);
            let planning = async move { prepare::plan(&session, query, &[]).await };
            self.server.engine.compute(interrupt, planning).await??
        };
        self.cursors.insert(name.to_owned(), Cursor::new(planned.plan, &planned.schema));
        Ok(())
    }

    async fn fetch(
        &mut self,
        name: &str,
        count: Option<usize>,
        format: &Format,
        describes: bool,
        interrupt: &Arc<Interrupt>,
    ) -> Result<Given, End> {
        let session = self.session(interrupt).await?;
        let mut cursor = self.cursors.remove(name).ok_or_else(|| no_cursor(name))?;
        self.start_cursor(&mut cursor, &session, format, interrupt)?;
        if describes {
            let fields = describe(&cursor.schema, format)?;
            self.feed(row_description(&fields)).await?;
        }
        if let Some(interrupt) = cursor.interrupt() {
            self.entry.slot.watch(interrupt);
        }
        let sent = self.send_rows(&mut cursor, count).await?;
        self.cursors.insert(name.to_owned(), cursor);
        Ok(Given { tag: format!("FETCH {}", sent.rows), rows: sent.rows })
    }

    fn close_cursor(&mut self, name: Option<&str>) -> Result<Given, End> {
        match name {
            None => self.cursors.clear(),
            Some(name) => drop(self.cursors.remove(name).ok_or_else(|| no_cursor(name))?),
        }
        Ok(Given::tag("CLOSE CURSOR"))
    }
}

fn no_cursor(name: &str) -> Refusal {
    let name: String = name.chars().filter(|character| !character.is_control()).take(63).collect();
    Refusal::new(code::NO_CURSOR, format!("cursor \"{name}\" does not exist"), "DECLARE it in this transaction")
}
