//! The allow-list over parsed statements. A kind of statement that is not named here is refused.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    CloseCursor, Declare, DeclareType, DiscardObject, Expr, FetchDirection, Ident, ObjectName, Query, Reset, Select,
    Set, SetExpr, Statement, TableFactor, Value, ValueWithSpan, Visit, Visitor,
};

use super::{functions, plan};
use crate::refusal::{Refusal, code};

/// What a statement does, once it is allowed.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Reads: SELECT, WITH, VALUES, TABLE, and EXPLAIN of these.
    Read,
    /// `SHOW name`.
    Show(String),
    /// `SET name = value`.
    Set {
        /// The setting.
        name: String,
        /// Its new value.
        value: String,
    },
    /// A statement that is accepted and does nothing; the tag is what PostgreSQL answers.
    Nothing(&'static str),
    /// `RESET name`, or all.
    Reset(Option<String>),
    /// `BEGIN`
    Begin,
    /// `COMMIT`
    Commit,
    /// `ROLLBACK`
    Rollback,
    /// `SAVEPOINT name`
    Savepoint(String),
    /// `RELEASE SAVEPOINT name`
    Release(String),
    /// `ROLLBACK TO SAVEPOINT name`
    RollbackTo(String),
    /// `DISCARD ALL`
    DiscardAll,
    /// `DEALLOCATE name`, or all.
    Deallocate(Option<String>),
    /// `DECLARE name CURSOR FOR query`
    Declare {
        /// The cursor.
        name: String,
        /// What it reads.
        query: Box<Query>,
    },
    /// `FETCH count FROM name`; no count means all that is left.
    Fetch {
        /// The cursor.
        name: String,
        /// Rows to fetch.
        count: Option<usize>,
    },
    /// `CLOSE name`, or all.
    Close(Option<String>),
}

impl Action {
    /// True for what a failed transaction still takes.
    #[must_use]
    pub const fn ends_failure(&self) -> bool {
        matches!(self, Self::Commit | Self::Rollback | Self::RollbackTo(_))
    }

    /// True for what gives rows when it runs.
    #[must_use]
    pub const fn gives_rows(&self) -> bool {
        matches!(self, Self::Read | Self::Show(_) | Self::Fetch { .. })
    }
}

/// Decides about one statement.
///
/// # Errors
/// When it changes anything, reads what it may not, or is of a kind that we do not know.
pub fn decide(statement: &Statement) -> Result<Action, Refusal> {
    match statement {
        Statement::Query(query) => reads(query.as_ref()).map(|()| Action::Read),
        Statement::Explain { analyze, statement: explained, .. } => {
            if *analyze {
                return Err(forbidden("EXPLAIN ANALYZE", "EXPLAIN shows the plan without running it"));
            }
            match explained.as_ref() {
                Statement::Query(query) => reads(query.as_ref()).map(|()| Action::Read),
                other => Err(refusal_of(other)),
            }
        }
        Statement::ShowVariable { variable } => Ok(Action::Show(shown_name(variable))),
        Statement::Set(set) => decide_set(set),
        Statement::Reset(reset) => Ok(Action::Reset(match &reset.reset {
            Reset::ALL => None,
            Reset::ConfigurationParameter(name) => Some(plain_name(name)),
        })),
        Statement::UNLISTEN { .. } => Ok(Action::Nothing("UNLISTEN")),
        Statement::StartTransaction { statements, exception, .. } if statements.is_empty() && exception.is_none() => {
            Ok(Action::Begin)
        }
        Statement::Commit { chain: false, .. } => Ok(Action::Commit),
        Statement::Rollback { chain: false, savepoint: None } => Ok(Action::Rollback),
        Statement::Rollback { chain: false, savepoint: Some(name) } => Ok(Action::RollbackTo(name.value.clone())),
        Statement::Savepoint { name } => Ok(Action::Savepoint(name.value.clone())),
        Statement::ReleaseSavepoint { name } => Ok(Action::Release(name.value.clone())),
        Statement::Discard { object_type: DiscardObject::ALL } => Ok(Action::DiscardAll),
        Statement::Discard { .. } => Ok(Action::Nothing("DISCARD")),
        Statement::Deallocate { name, .. } => Ok(Action::Deallocate(all_or(name))),
        Statement::Declare { stmts } => decide_declare(stmts),
        Statement::Fetch { name, direction, into: None, .. } => decide_fetch(name, direction),
        Statement::Close { cursor } => Ok(Action::Close(match cursor {
            CloseCursor::All => None,
            CloseCursor::Specific { name } => Some(name.value.clone()),
        })),
        other => Err(refusal_of(other)),
    }
}

fn all_or(name: &Ident) -> Option<String> {
    let is_all = name.quote_style.is_none() && name.value.eq_ignore_ascii_case("all");
    (!is_all).then(|| name.value.clone())
}

fn plain_name(name: &ObjectName) -> String {
    let parts = name.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.as_str());
    parts.collect::<Vec<_>>().join(".")
}

/// `SHOW TIME ZONE` and `SHOW TRANSACTION ISOLATION LEVEL` are PostgreSQL's only settings of several words.
fn shown_name(words: &[Ident]) -> String {
    let words: Vec<String> = words.iter().map(|word| word.value.to_lowercase()).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["time", "zone"] => "TimeZone".to_owned(),
        ["transaction", "isolation", "level"] => "transaction_isolation".to_owned(),
        _ => words.join("."),
    }
}

fn decide_set(set: &Set) -> Result<Action, Refusal> {
    match set {
        Set::SingleAssignment { hivevar: false, variable, values, .. } => {
            let values: Result<Vec<String>, Refusal> = values.iter().map(value_of).collect();
            Ok(Action::Set { name: plain_name(variable), value: values?.join(", ") })
        }
        Set::SetTimeZone { value, .. } => {
            let value = value_of(value)?;
            let value = if value.eq_ignore_ascii_case("local") { "default".to_owned() } else { value };
            Ok(Action::Set { name: "TimeZone".to_owned(), value })
        }
        Set::SetNames { charset_name, .. } => {
            Ok(Action::Set { name: "client_encoding".to_owned(), value: charset_name.value.clone() })
        }
        // Every transaction here is read-only and repeatable: the strictest that can be asked for.
        Set::SetTransaction { snapshot: None, .. } => Ok(Action::Nothing("SET")),
        Set::SetRole { .. } => Err(forbidden("SET ROLE", "log in as the role that you need")),
        Set::SetSessionAuthorization(_) => {
            Err(forbidden("SET SESSION AUTHORIZATION", "log in as the role that you need"))
        }
        _ => Err(forbidden("this form of SET", "write SET name = value")),
    }
}

/// The plain value of an assignment. Expressions are refused: they would have to be computed.
fn value_of(expr: &Expr) -> Result<String, Refusal> {
    match expr {
        Expr::Value(value) => literal(value),
        Expr::Identifier(ident) => Ok(ident.value.clone()),
        Expr::CompoundIdentifier(idents) => {
            Ok(idents.iter().map(|ident| ident.value.as_str()).collect::<Vec<_>>().join("."))
        }
        Expr::UnaryOp { op, expr } => Ok(format!("{op}{}", value_of(expr)?)),
        _ => Err(Refusal::new(code::BAD_VALUE, "SET takes a plain value", "write SET name = 'value'")),
    }
}

fn literal(value: &ValueWithSpan) -> Result<String, Refusal> {
    match &value.value {
        Value::Number(text, _) => Ok(text.clone()),
        Value::Boolean(value) => Ok(if *value { "on" } else { "off" }.to_owned()),
        other => other
            .clone()
            .into_string()
            .ok_or_else(|| Refusal::new(code::BAD_VALUE, "SET takes a plain value", "write SET name = 'value'")),
    }
}

fn decide_declare(declares: &[Declare]) -> Result<Action, Refusal> {
    let [Declare { names, declare_type: Some(DeclareType::Cursor), for_query: Some(query), scroll, hold, .. }] =
        declares
    else {
        return Err(forbidden("this form of DECLARE", "write DECLARE name CURSOR FOR SELECT ..."));
    };
    if *scroll == Some(true) || *hold == Some(true) {
        return Err(Refusal::new(
            code::NOT_SUPPORTED,
            "cursors are forward-only and end with their transaction",
            "leave out SCROLL and WITH HOLD",
        ));
    }
    reads(query.as_ref())?;
    let name = names.first().map(|name| name.value.clone()).unwrap_or_default();
    Ok(Action::Declare { name, query: query.clone() })
}

fn decide_fetch(name: &Ident, direction: &FetchDirection) -> Result<Action, Refusal> {
    let count = match direction {
        FetchDirection::Next | FetchDirection::Forward { limit: None } => Some(1),
        FetchDirection::Count { limit } | FetchDirection::Forward { limit: Some(limit) } => {
            Some(literal(limit)?.parse().map_err(|_| {
                Refusal::new(code::BAD_VALUE, "FETCH takes a number of rows", "write FETCH 100 FROM name")
            })?)
        }
        FetchDirection::All | FetchDirection::ForwardAll => None,
        _ => {
            return Err(Refusal::new(
                code::NOT_SUPPORTED,
                "cursor can only scan forward",
                "write FETCH FORWARD, or sort the other way round",
            ));
        }
    };
    Ok(Action::Fetch { name: name.value.clone(), count })
}

fn forbidden(what: &str, mend: &str) -> Refusal {
    Refusal::new(code::FORBIDDEN, format!("{what} is refused on this server"), mend)
}

/// Words for what is not on the list: the first ones of the statement, never its literals.
fn refusal_of(statement: &Statement) -> Refusal {
    let text = statement.to_string();
    let words = text.split(|character: char| !character.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    let words: Vec<&str> =
        words.take_while(|word| word.chars().all(|character| character.is_ascii_uppercase())).take(2).collect();
    let what = if words.is_empty() { "this statement".to_owned() } else { words.join(" ") };
    match statement {
        Statement::Prepare { .. } | Statement::Execute { .. } => {
            forbidden(&what, "prepared statements go through the driver's own protocol")
        }
        Statement::Copy { .. } => forbidden(&what, "in psql, \\copy (SELECT ...) is refused too: use \\o and --csv"),
        _ => Refusal::new(
            code::READ_ONLY,
            format!("cannot execute {what}: this server is read-only"),
            "SELECT from the schemas outcomes and meta; everything else happens upstream",
        ),
    }
}

/// Walks all that a reading statement consists of.
fn reads(query: &impl Visit) -> Result<(), Refusal> {
    match query.visit(&mut Reader) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(refusal) => Err(refusal),
    }
}

struct Reader;

impl Visitor for Reader {
    type Break = Refusal;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Refusal> {
        if query.with.as_ref().is_some_and(|with| with.recursive) {
            return ControlFlow::Break(Refusal::new(
                code::NOT_SUPPORTED,
                "WITH RECURSIVE is refused on this server",
                "areas and periods are flat: meta.areas names every parent",
            ));
        }
        if !query.locks.is_empty() || query.for_clause.is_some() {
            return ControlFlow::Break(Refusal::new(
                code::READ_ONLY,
                "cannot execute SELECT ... FOR UPDATE or FOR SHARE: this server is read-only",
                "leave the clause out: a transaction reads one snapshot anyway",
            ));
        }
        if query.settings.is_some() || query.format_clause.is_some() || !query.pipe_operators.is_empty() {
            return ControlFlow::Break(forbidden("this clause", "write the query in PostgreSQL's SQL"));
        }
        changes(&query.body)
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Refusal> {
        if select.into.is_some() {
            return ControlFlow::Break(Refusal::new(
                code::READ_ONLY,
                "cannot execute SELECT INTO: this server is read-only",
                "leave INTO out and keep the result on your side",
            ));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Refusal> {
        match factor {
            // Those that the engine does not have at all would be "not found": said as PostgreSQL says it.
            TableFactor::Table { name, args: None, .. } if private(name).is_some() => {
                private(name).map_or(ControlFlow::Continue(()), |name| ControlFlow::Break(plan::denied(&name)))
            }
            TableFactor::Table { args: None, .. }
            | TableFactor::Derived { .. }
            | TableFactor::UNNEST { .. }
            | TableFactor::NestedJoin { .. } => ControlFlow::Continue(()),
            TableFactor::Table { name, args: Some(_), .. } | TableFactor::Function { name, .. } => table_function(name),
            TableFactor::TableFunction { expr: Expr::Function(function), .. } => table_function(&function.name),
            _ => ControlFlow::Break(forbidden("this kind of table expression", "read from outcomes or meta")),
        }
    }

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<Refusal> {
        match statement {
            Statement::Query(_) => ControlFlow::Continue(()),
            other => ControlFlow::Break(refusal_of(other)),
        }
    }
}

fn changes(body: &SetExpr) -> ControlFlow<Refusal> {
    match body {
        SetExpr::Insert(statement)
        | SetExpr::Update(statement)
        | SetExpr::Delete(statement)
        | SetExpr::Merge(statement) => ControlFlow::Break(refusal_of(statement)),
        SetExpr::SetOperation { left, right, .. } => {
            changes(left)?;
            changes(right)
        }
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) | SetExpr::Table(_) => ControlFlow::Continue(()),
    }
}

/// The name of a table that only PostgreSQL's administrators may read.
fn private(name: &ObjectName) -> Option<String> {
    let parts: Vec<String> = name.0.iter().filter_map(|part| Some(part.as_ident()?.value.to_lowercase())).collect();
    let (table, schemas) = parts.split_last()?;
    let is_catalogue = schemas.last().is_none_or(|schema| schema == "pg_catalog");
    (is_catalogue && plan::PRIVATE.contains(&table.as_str())).then(|| table.clone())
}

fn table_function(name: &ObjectName) -> ControlFlow<Refusal> {
    let name = name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.to_lowercase());
    match name {
        Some(name) if functions::TABLE_FUNCTIONS.contains(&name.as_str()) => ControlFlow::Continue(()),
        _ => ControlFlow::Break(forbidden(
            "this table function",
            &format!("these are allowed: {}", functions::TABLE_FUNCTIONS.join(", ")),
        )),
    }
}

#[cfg(test)]
#[path = "statement_tests.rs"]
mod tests;
