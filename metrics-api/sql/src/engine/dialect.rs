//! Names of a result's columns, which PostgreSQL and the engine choose differently.

use datafusion::sql::sqlparser::ast::{Expr, Query, SelectItem, SetExpr, Statement};

/// The names that PostgreSQL gives a statement's columns; none where a wildcard leaves them to the tables.
pub(super) fn column_names(statement: &Statement) -> Option<Vec<String>> {
    match statement {
        Statement::Query(query) => of_query(query),
        _ => None,
    }
}

fn of_query(query: &Query) -> Option<Vec<String>> {
    let mut body = query.body.as_ref();
    loop {
        match body {
            SetExpr::Select(select) => return select.projection.iter().map(of_item).collect(),
            SetExpr::Query(query) => body = query.body.as_ref(),
            SetExpr::SetOperation { left, .. } => body = left.as_ref(),
            _ => return None,
        }
    }
}

fn of_item(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::UnnamedExpr(expr) => Some(of_expr(expr).unwrap_or_else(|| "?column?".to_owned())),
        SelectItem::ExprWithAlias { alias, .. } => Some(match alias.quote_style {
            Some(_) => alias.value.clone(),
            None => alias.value.to_lowercase(),
        }),
        _ => None,
    }
}

fn of_expr(expr: &Expr) -> Option<String> {
    let folded = |ident: &datafusion::sql::sqlparser::ast::Ident| match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    };
    let fixed = |name: &str| Some(name.to_owned());
    match expr {
        Expr::Identifier(ident) => Some(folded(ident)),
        Expr::CompoundIdentifier(idents) => idents.last().map(folded),
        Expr::Function(function) => function.name.0.last().and_then(|part| part.as_ident()).map(folded),
        Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => of_expr(inner),
        Expr::Cast { expr: inner, data_type, .. } => {
            of_expr(inner).or_else(|| Some(data_type.to_string().to_lowercase()))
        }
        Expr::Case { .. } => fixed("case"),
        Expr::Exists { .. } => fixed("exists"),
        Expr::Extract { .. } => fixed("extract"),
        Expr::Substring { .. } => fixed("substring"),
        Expr::Trim { .. } => fixed("btrim"),
        Expr::Position { .. } => fixed("position"),
        Expr::Ceil { .. } => fixed("ceil"),
        Expr::Floor { .. } => fixed("floor"),
        Expr::AtTimeZone { .. } => fixed("timezone"),
        Expr::Array(_) => fixed("array"),
        Expr::Subquery(query) => of_query(query).and_then(|names| names.into_iter().next()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use datafusion_postgres::datafusion_pg_catalog::sql::PostgresCompatibilityParser;

    use super::*;

    fn names(sql: &str) -> Option<Vec<String>> {
        column_names(&PostgresCompatibilityParser::new().parse(sql).unwrap()[0])
    }

    #[test]
    fn columns_are_called_as_postgresql_calls_them() {
        for (sql, expected) in [
            ("SELECT 1", vec!["?column?"]),
            ("SELECT count(*), MAX(value), area, f.level FROM f", vec!["count", "max", "area", "level"]),
            ("SELECT 1 AS One, 2 AS \"Two\"", vec!["one", "Two"]),
            ("SELECT value::text, '1'::int FROM f", vec!["value", "int"]),
            ("SELECT CASE WHEN true THEN 1 END, EXISTS (SELECT 1)", vec!["case", "exists"]),
            ("SELECT a + b, (SELECT max(x) FROM y) FROM f", vec!["?column?", "max"]),
            ("SELECT 1 AS a UNION SELECT 2", vec!["a"]),
        ] {
            assert_eq!(names(sql).unwrap(), expected, "{sql}");
        }
        assert_eq!(names("SELECT * FROM f"), None);
        assert_eq!(names("SELECT f.*, 1 FROM f"), None);
    }
}
