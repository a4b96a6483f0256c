//! Phrases of real clients that the engine cannot read, said in words that it can.
//!
//! Each one is about PostgreSQL's own machinery (rights, storage, numbers of catalogues), of which there is none here: what
//! takes its place is the answer that a database without such things would give. They are known by what the parsed
//! statement reads and calls, not by its text: a word within a literal changes nothing.
//!
//! | Phrase | Who sends it | Pinned by, in `metrics-api/tests/clients` |
//! |---|---|---|
//! | schemas `IN` the search path | Grafana's query builder; the tool itself was not run | `probes/answered.sql` |
//! | `array_to_string` of options, rights, policies | psql 15: `\d+`, `\dn+`, `\dp` | `psql.rs` |
//! | `ARRAY(SELECT ... pg_auth_members ...)` | psql 15: `\du` | `psql.rs` |
//! | `(SELECT c.relkind = 'c' ...)` | psql 15: `\dT` | `psql.rs` |
//! | `tableoid`, `'pg_class'::regclass` | psql 15: `\dd`; DBeaver, not run itself; SQLAlchemy 2.0 | `psql.rs`, `probes/answered.sql`, `scripts/sqlalchemy_client.py` |
//! | `CASE` over `pg_collation`, `LIKE ... ESCAPE '/'`, `generate_subscripts` of keys | SQLAlchemy 2.0 | `scripts/sqlalchemy_client.py` |
//! | `_pg_expandarray`, `(result.keys).x` | pgjdbc 42.5: keys and indexes | `scripts/JdbcClient.java` |
//! | `i.indisprimary = 't'` | psqlODBC 13: keys | `scripts/odbc_client.py` |
//! | `typinput = 'array_in'::regproc` | pgjdbc 42.5: types | `scripts/JdbcClient.java` |
//! | `proc.oid = typ.typreceive` | Npgsql (Power BI), not run itself | `probes/answered.sql` |
//! | `= ANY($1)` | drivers with lists | `rust.rs`, `scripts/psycopg_client.py`, `scripts/asyncpg_client.py` |

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Query, Select, SelectItem,
    SetExpr, Statement, Value, ValueWithSpan, Visit, VisitMut, VisitorMut, visit_expressions, visit_relations,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion_postgres::pgwire::api::Type;

use crate::guard::plan::DEFAULT_SCHEMA;

/// Numbers that PostgreSQL gives its catalogues: comments are kept under them, and clients look them up by name.
const CATALOGUES: [(&str, i32); 14] = [
    ("pg_type", 1247),
    ("pg_attribute", 1249),
    ("pg_proc", 1255),
    ("pg_class", 1259),
    ("pg_database", 1262),
    ("pg_am", 2601),
    ("pg_constraint", 2606),
    ("pg_language", 2612),
    ("pg_namespace", 2615),
    ("pg_operator", 2617),
    ("pg_rewrite", 2618),
    ("pg_trigger", 2620),
    ("pg_extension", 3079),
    ("pg_collation", 3456),
];

/// Columns that hold functions. PostgreSQL keeps numbers there, the catalogue of ours their names.
const FUNCTION_COLUMNS: [&str; 7] =
    ["typinput", "typoutput", "typreceive", "typsend", "typmodin", "typmodout", "typanalyze"];

/// Columns of lists of other columns.
const KEY_COLUMNS: [&str; 3] = ["indkey", "conkey", "confkey"];

/// Rewrites a statement as it was parsed.
pub(super) fn adapt(statement: &mut Statement) {
    let _ = statement.visit(&mut Adapter);
}

/// Rewrites what depends on the types that the client told of its parameters, and gives columns of the same name
/// different ones, as the engine tells columns apart by name. Run after the names of the result are known.
pub(super) fn complete(statement: &mut Statement, told: &[Option<Type>]) {
    let _ = statement.visit(&mut Completer { told });
}

fn expression(text: &str) -> Option<Expr> {
    Parser::new(&PostgreSqlDialect {}).try_with_sql(text).and_then(|mut parser| parser.parse_expr()).ok()
}

/// True when a part of a statement reads a table of this name, in whatever schema.
fn reads(part: &impl Visit, table: &str) -> bool {
    let found = visit_relations(part, |name| {
        let is_it = name.0.last().and_then(|name| name.as_ident()).is_some_and(|name| name.value == table);
        if is_it { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    found.is_break()
}

/// The first thing that is wanted among the expressions of a part.
fn first_of<T>(part: &impl Visit, wanted: impl Fn(&Expr) -> Option<T>) -> Option<T> {
    let found = visit_expressions(part, |expr| match wanted(expr) {
        Some(found) => ControlFlow::Break(found),
        None => ControlFlow::Continue(()),
    });
    found.break_value()
}

/// The name of a column, without its table.
fn column(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Identifier(ident) => Some(&ident.value),
        Expr::CompoundIdentifier(idents) => idents.last().map(|ident| ident.value.as_str()),
        _ => None,
    }
}

fn has_column(part: &impl Visit, is_it: impl Fn(&str) -> bool) -> bool {
    first_of(part, |expr| column(expr).filter(|name| is_it(name)).map(|_| ())).is_some()
}

/// A text in quotes, cast or not.
fn literal(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => Some(text),
        Expr::Cast { expr, .. } | Expr::Nested(expr) => literal(expr),
        _ => None,
    }
}

/// The argument of a function of one, called by this name.
fn argument<'a>(expr: &'a Expr, function: &str) -> Option<&'a Expr> {
    let Expr::Function(Function { name, args: FunctionArguments::List(list), .. }) = expr else { return None };
    let is_it = name.0.last().and_then(|name| name.as_ident()).is_some_and(|name| name.value == function);
    match list.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))] if is_it => Some(argument),
        _ => None,
    }
}

struct Adapter;

impl VisitorMut for Adapter {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Some(better) = better(expr) {
            *expr = better;
        }
        ControlFlow::Continue(())
    }
}

fn better(expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::Function(function) => of_function(function),
        Expr::InSubquery { expr, subquery, negated } => {
            // Grafana asks which schemas are on the search path, by functions in FROM that the engine does not have.
            let not = if *negated { "NOT " } else { "" };
            asks_for_the_search_path(subquery)
                .then(|| expression(&format!("{expr} {not}IN ('{DEFAULT_SCHEMA}')")))
                .flatten()
        }
        // psql's \dT asks whether a row type is one of its own, in a form that the engine cannot plan.
        Expr::Subquery(query) if asks_for_a_row_type(query) => expression("false"),
        Expr::Subquery(query) => number_of_catalogue(query),
        Expr::CompoundIdentifier(idents) if idents.len() > 1 && idents.last()?.value == "tableoid" => expression("0"),
        // SQLAlchemy asks for collations of columns, in sub-queries that the engine cannot plan. None has its own.
        Expr::Case { .. } if reads(expr, "pg_collation") => Some(Expr::Value(Value::Null.into())),
        // The engine knows no other escape than the backslash; SQLAlchemy's is a slash.
        Expr::Like { negated, any: false, expr, pattern, escape_char: Some(escape) } => {
            let escape =
                escape.value.clone().into_string().filter(|text| text.len() == 1 && text != "\\" && text != "'")?;
            let not = if *negated { "NOT " } else { "" };
            let slashed = format!("replace(replace({pattern}, '\\', '\\\\'), '{escape}', '\\')");
            expression(&format!("({expr} {not}LIKE {slashed})"))
        }
        // pgjdbc unfolds the columns of an index, of which there are none: no row ever has these values.
        Expr::CompoundFieldAccess { .. } => {
            let text = expr.to_string().to_lowercase();
            ["(0).n", "(0).x", "(result.keys).x"].contains(&text.as_str()).then(|| expression("0")).flatten()
        }
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
            by_name(left, right).or_else(|| by_name(right, left)).or_else(|| of_truth(left, right))
        }
        _ => None,
    }
}

fn of_function(function: &Function) -> Option<Expr> {
    let name = function.name.to_string().to_lowercase();
    if name.ends_with("array_to_string") {
        // Storage options and access lists: nothing here has either.
        let is_none = |name: &str| name == "reloptions" || name.ends_with("acl");
        let is_absent = has_column(&function.args, is_none) || reads(&function.args, "pg_policy");
        return is_absent.then_some(Expr::Value(Value::Null.into()));
    }
    if name.ends_with("_pg_expandarray") {
        return expression("0");
    }
    if name == "generate_subscripts" && has_column(&function.args, |name| KEY_COLUMNS.contains(&name)) {
        // No constant: the engine fails on an aggregation that is ordered by one.
        return expression(&format!("array_length{}", function.args));
    }
    // psql's \du asks which roles a role is a member of.
    (name == "array" && reads(&function.args, "pg_auth_members")).then(|| expression("'{}'")).flatten()
}

fn asks_for_the_search_path(query: &Query) -> bool {
    let is = |expr: Option<&Expr>, text: &str| expr.and_then(literal).filter(|held| *held == text).map(|_| ());
    first_of(query, |expr| is(argument(expr, "current_setting"), "search_path")).is_some()
        && first_of(query, |expr| is(Some(expr), "\"$user\"")).is_some()
}

fn asks_for_a_row_type(query: &Query) -> bool {
    let SetExpr::Select(select) = query.body.as_ref() else { return false };
    let [SelectItem::UnnamedExpr(Expr::BinaryOp { left, op: BinaryOperator::Eq, right })] =
        select.projection.as_slice()
    else {
        return false;
    };
    column(left) == Some("relkind") && literal(right) == Some("c") && reads(query, "pg_class")
}

/// What a cast to `regclass` has become, where it names a catalogue: PostgreSQL's number of it. A parameter is looked up
/// when it is known.
fn number_of_catalogue(query: &Query) -> Option<Expr> {
    let operand =
        first_of(query, |expr| argument(expr, "parse_ident").cloned()).filter(|_| reads(query, "pg_class"))?;
    if let Some(name) = literal(&operand) {
        return expression(&catalogue_number(name)?.to_string());
    }
    let placeholder = first_of(&operand, |expr| match expr {
        Expr::Value(ValueWithSpan { value: Value::Placeholder(name), .. }) => Some(name.clone()),
        _ => None,
    })?;
    expression(&format!("coalesce({CATALOGUE_NUMBER}({placeholder}::text), ({query}))"))
}

/// Name of the function behind [`catalogue_number`].
pub(super) const CATALOGUE_NUMBER: &str = "homeward_catalogue_number";

/// PostgreSQL's number of a catalogue.
pub(super) fn catalogue_number(name: &str) -> Option<i32> {
    let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
    CATALOGUES.iter().find(|(catalogue, _)| *catalogue == name).map(|(_, number)| *number)
}

/// `proc.oid = typ.typreceive` becomes `proc.proname = typ.typreceive`, and `typinput = 'array_in'::regproc`, which is a
/// sub-query by now, `typinput = 'array_in'`.
fn by_name(number: &Expr, function: &Expr) -> Option<Expr> {
    if !FUNCTION_COLUMNS.contains(&column(function)?.to_lowercase().as_str()) {
        return None;
    }
    let name = match number {
        Expr::CompoundIdentifier(idents) => {
            let (column, table) = idents.split_last()?;
            let is_number = column.value.eq_ignore_ascii_case("oid");
            let named = table.iter().cloned().chain([Ident::new("proname")]);
            is_number.then(|| Expr::CompoundIdentifier(named.collect()))?
        }
        Expr::Subquery(query) => {
            let named = |expr: &Expr| match expr {
                Expr::BinaryOp { left, op: BinaryOperator::Eq, right } if column(left) == Some("proname") => {
                    literal(right).map(str::to_owned)
                }
                _ => None,
            };
            let name = first_of(query.as_ref(), named).filter(|_| reads(query.as_ref(), "pg_proc"))?;
            expression(&format!("'{}'", name.strip_prefix("pg_catalog.").unwrap_or(&name)))?
        }
        _ => return None,
    };
    Some(Expr::BinaryOp { left: Box::new(name), op: BinaryOperator::Eq, right: Box::new(function.clone()) })
}

/// `i.indisprimary = 't'`, as psqlODBC writes it: the engine compares no truth with a text.
fn of_truth(column: &Expr, literal: &Expr) -> Option<Expr> {
    const TRUTHS: [&str; 6] = ["indis", "relhas", "attis", "atthas", "attnotnull", "datis"];
    let Expr::CompoundIdentifier(idents) = column else { return None };
    let name = idents.last()?.value.to_lowercase();
    let text = literal.to_string();
    let is_text = ["'t'", "'f'", "'true'", "'false'"].contains(&text.as_str());
    (is_text && TRUTHS.iter().any(|start| name.starts_with(start)))
        .then(|| expression(&format!("{column} = {text}::boolean")))
        .flatten()
}

struct Completer<'a> {
    told: &'a [Option<Type>],
}

impl VisitorMut for Completer<'_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expr
            && ["array_contains", "array_has"].contains(&function.name.to_string().to_lowercase().as_str())
            && let FunctionArguments::List(list) = &mut function.args
            && let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(array))) = list.args.first_mut()
            && let Expr::Value(ValueWithSpan { value: Value::Placeholder(name), .. }) = &*array
            && let Some(typed) = expression(&format!("{name}::{}[]", self.element(name)))
        {
            *array = typed;
        }
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        let mut seen = HashSet::new();
        for (index, item) in select.projection.iter_mut().enumerate() {
            if let SelectItem::UnnamedExpr(expr) = item
                && !seen.insert(expr.to_string())
            {
                let alias = Ident::with_quote('"', format!("column {}", index + 1));
                *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
            }
        }
        ControlFlow::Continue(())
    }
}

impl Completer<'_> {
    /// What `= ANY($1)` compares with: the client's word, or text.
    fn element(&self, placeholder: &str) -> &'static str {
        let index = placeholder.trim_start_matches('$').parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        match index.and_then(|index| self.told.get(index)).cloned().flatten() {
            Some(Type::INT2_ARRAY) => "smallint",
            Some(Type::INT4_ARRAY) => "integer",
            Some(Type::INT8_ARRAY) => "bigint",
            Some(Type::FLOAT4_ARRAY) => "real",
            Some(Type::FLOAT8_ARRAY) => "double precision",
            Some(Type::BOOL_ARRAY) => "boolean",
            Some(Type::TIMESTAMPTZ_ARRAY) => "timestamptz",
            Some(Type::DATE_ARRAY) => "date",
            _ => "text",
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion_postgres::datafusion_pg_catalog::sql::PostgresCompatibilityParser;

    use super::*;

    fn adapted(sql: &str, told: &[Option<Type>]) -> String {
        let mut statement = PostgresCompatibilityParser::new().parse(sql).unwrap().remove(0);
        adapt(&mut statement);
        complete(&mut statement, told);
        statement.to_string()
    }

    #[test]
    fn what_is_not_here_is_said_to_be_absent() {
        for (sql, expected) in [
            ("SELECT array_to_string(n.nspacl, E'\\n') FROM x n", "SELECT NULL FROM x n"),
            ("SELECT d.classoid = 'pg_class'::regclass FROM x d", "SELECT d.classoid = 1259 FROM x d"),
            ("SELECT p.tableoid FROM x p", "SELECT 0 FROM x p"),
            ("SELECT 1 FROM p JOIN t ON p.oid = t.typreceive", "SELECT 1 FROM p JOIN t ON p.proname = t.typreceive"),
            ("SELECT typinput = 'array_in'::regproc FROM x", "SELECT 'array_in' = typinput FROM x"),
            ("SELECT CASE WHEN (SELECT true FROM pg_catalog.pg_collation) THEN 1 END", "SELECT NULL"),
            ("SELECT (SELECT c.relkind = 'c' FROM pg_catalog.pg_class c)", "SELECT false"),
            ("SELECT ARRAY(SELECT 1 FROM pg_catalog.pg_auth_members m)", "SELECT '{}'"),
            ("SELECT generate_subscripts(i.indkey, 1) FROM x i", "SELECT array_length(i.indkey, 1) FROM x i"),
        ] {
            assert_eq!(adapted(sql, &[]), expected, "{sql}");
        }
    }

    #[test]
    fn words_within_a_text_are_no_phrases() {
        for sql in [
            "SELECT a.area FROM x a",
            "SELECT CASE WHEN a.area = 'FROM pg_catalog.pg_collation' THEN 1 END FROM x a",
            "SELECT array_to_string(a.list, 'acl reloptions pg_policy') FROM x a",
            "SELECT generate_subscripts(a.list, 1), 'indkey' FROM x a",
            "SELECT 1 FROM x WHERE area IN (SELECT 'current_setting(''search_path'') \"$user\"' FROM y)",
            "SELECT (SELECT 'pg_class c parse_ident(''pg_class'')' FROM y LIMIT 1)",
        ] {
            assert_eq!(adapted(sql, &[]), sql);
        }
    }

    #[test]
    fn a_list_of_values_has_the_type_that_the_client_told() {
        let sql = "SELECT 1 FROM x WHERE area = ANY($1)";
        assert!(adapted(sql, &[]).contains("$1::TEXT[]"), "{}", adapted(sql, &[]));
        assert!(adapted(sql, &[Some(Type::INT8_ARRAY)]).contains("$1::BIGINT[]"));
    }

    #[test]
    fn columns_of_the_same_name_are_told_apart() {
        assert_eq!(adapted("SELECT 1, 1", &[]), "SELECT 1, 1 AS \"column 2\"");
    }
}
