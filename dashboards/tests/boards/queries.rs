//! Queries as text: SQL parses as PostgreSQL reads it and reads our schemas alone; ratios never divide by nothing.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use homeward_dashboards::grafana::POSTGRES;
use homeward_dashboards::grafana::expansion::Choices;
use homeward_dashboards::grafana::model::Target;
use sqlparser::ast::{Statement, visit_relations};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use crate::{generated, targets};

fn choices() -> Choices {
    let at = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
    let values: BTreeMap<String, Vec<String>> =
        [("level", vec!["lcp"]), ("area", vec!["North", "it's unknown"]), ("window", vec!["1d"])]
            .map(|(name, values)| (name.to_owned(), values.into_iter().map(str::to_owned).collect()))
            .into();
    Choices { from: at("2025-05-01T00:00:00Z"), to: at("2025-06-20T00:00:00Z"), values }
}

#[test]
fn every_statement_is_one_select_of_our_schemas() {
    let mut statements = Vec::new();
    for board in generated() {
        for (panel, target) in targets(&board) {
            if let Target::Sql(sql) = target {
                statements.push((panel.to_owned(), sql.raw_sql.clone()));
            }
        }
        for variable in &board.templating.list {
            if variable.datasource.as_ref().is_some_and(|source| source.uid == POSTGRES) {
                let text = variable.query.as_str().expect("a menu of SQL is text");
                statements.push((variable.name.clone(), text.to_owned()));
            }
        }
    }
    assert!(statements.len() >= 8, "{} statements", statements.len());
    for (name, text) in statements {
        let expanded = choices().sql(&text);
        assert!(!expanded.contains('$'), "{name}: something was not expanded: {expanded}");
        let parsed = Parser::parse_sql(&PostgreSqlDialect {}, &expanded)
            .unwrap_or_else(|error| panic!("{name}: {error}\n{expanded}"));
        assert!(matches!(parsed.as_slice(), [Statement::Query(_)]), "{name}: not one SELECT: {expanded}");
        let _: ControlFlow<()> = visit_relations(&parsed, |relation| {
            let relation = relation.to_string();
            assert!(relation.starts_with("outcomes.") || relation.starts_with("meta."), "{name} reads {relation}");
            ControlFlow::Continue(())
        });
    }
}

#[test]
fn a_ratio_is_a_sum_over_a_sum_that_is_not_zero() {
    let mut ratios = 0;
    for board in generated() {
        for (panel, target) in targets(&board) {
            let Target::PromQl(promql) = target else { continue };
            let expanded = choices().promql(&promql.expr);
            assert!(!expanded.contains('$'), "{panel}: something was not expanded: {expanded}");
            if let Some((numerator, denominator)) = expanded.split_once(" / ") {
                ratios += 1;
                assert!(numerator.starts_with("sum"), "{panel}: {expanded}");
                assert!(denominator.starts_with("(sum") && denominator.ends_with("> 0)"), "{panel}: {expanded}");
            }
            assert!(!expanded.contains("avg"), "{panel}: ratios are never averaged: {expanded}");
        }
    }
    assert!(ratios >= 6, "{ratios} ratios");
}
