//! Phrases of real clients that the engine cannot read, said in words that it can.
//!
//! Each one is about PostgreSQL's own machinery (rights, storage, numbers of catalogues), of which there is none here: what
//! takes its place is the answer that a database without such things would give.

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Select, SelectItem,
    Statement, Value, ValueWithSpan, VisitMut, VisitorMut,
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
            let text = subquery.to_string();
            let not = if *negated { "NOT " } else { "" };
            let asks = text.contains("current_setting('search_path')") && text.contains("$user");
            asks.then(|| expression(&format!("{expr} {not}IN ('{DEFAULT_SCHEMA}')"))).flatten()
        }
        Expr::Subquery(query) => {
            let text = query.to_string();
            // psql's \dT asks whether a row type is one of its own, in a form that the engine cannot plan.
            if text.starts_with("SELECT c.relkind = 'c' FROM pg_catalog.pg_class") {
                return expression("false");
            }
            number_of_catalogue(&text)
        }
        Expr::CompoundIdentifier(idents) if idents.len() > 1 && idents.last()?.value == "tableoid" => expression("0"),
        // SQLAlchemy asks for collations of columns, in sub-queries that the engine cannot plan. None has its own.
        Expr::Case { .. } if expr.to_string().contains("FROM pg_catalog.pg_collation") => {
            Some(Expr::Value(Value::Null.into()))
        }
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
        let arguments = function.args.to_string();
        let none = ["reloptions", "acl", "pg_policy"].iter().any(|word| arguments.contains(word));
        return none.then_some(Expr::Value(Value::Null.into()));
    }
    let of_keys = |text: String| ["indkey", "conkey", "confkey"].iter().any(|keys| text.contains(keys));
    if name.ends_with("_pg_expandarray") {
        return expression("0");
    }
    if name == "generate_subscripts" && of_keys(function.args.to_string()) {
        // No constant: the engine fails on an aggregation that is ordered by one.
        return expression(&format!("array_length{}", function.args));
    }
    // psql's \du asks which roles a role is a member of.
    let members = name == "array" && function.args.to_string().contains("pg_auth_members");
    if members { expression("'{}'") } else { None }
}

/// What a cast to `regclass` has become, where it names a catalogue: PostgreSQL's number of it. A parameter is looked up
/// when it is known.
fn number_of_catalogue(query: &str) -> Option<Expr> {
    let (_, operand) = query.split_once("parse_ident(").filter(|(start, _)| start.contains("pg_class c"))?;
    match operand.strip_prefix('\'') {
        Some(name) => expression(&catalogue_number(name.split('\'').next()?)?.to_string()),
        None => {
            let operand = operand.split("::").next().filter(|operand| operand.starts_with('$'))?;
            expression(&format!("coalesce({CATALOGUE_NUMBER}({operand}::text), ({query}))"))
        }
    }
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
    let column = match function {
        Expr::Identifier(ident) => ident,
        Expr::CompoundIdentifier(idents) => idents.last()?,
        _ => return None,
    };
    if !FUNCTION_COLUMNS.contains(&column.value.to_lowercase().as_str()) {
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
            let text = query.to_string();
            let (_, rest) = text.split_once("FROM pg_catalog.pg_proc WHERE proname = '")?;
            let name = rest.split('\'').next()?;
            expression(&format!("'{}'", name.strip_prefix("pg_catalog.").unwrap_or(name)))?
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
            ("SELECT a.area FROM x a", "SELECT a.area FROM x a"),
        ] {
            assert_eq!(adapted(sql, &[]), expected, "{sql}");
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
