//! The three data sources by their fixed uids; `deploy/grafana/provisioning` makes them under the same ones.

use super::model::{DatasourceRef, PromQlTarget, SqlTarget, Target};

/// Uid of the Prometheus that scrapes Homeward.
pub const PROMETHEUS: &str = "homeward-prometheus";
/// Uid of Homeward's own SQL.
pub const POSTGRES: &str = "homeward-postgres";
/// Uid of the Alertmanager.
pub const ALERTMANAGER: &str = "homeward-alertmanager";

/// Plugin of a Prometheus source.
pub(super) const PROMETHEUS_PLUGIN: &str = "prometheus";
/// Plugin of a PostgreSQL source, as Grafana 11 and 12 call it.
pub(super) const POSTGRES_PLUGIN: &str = "grafana-postgresql-datasource";
/// Plugin of an Alertmanager source.
pub(super) const ALERTMANAGER_PLUGIN: &str = "alertmanager";

pub(super) fn prometheus() -> DatasourceRef {
    DatasourceRef { kind: PROMETHEUS_PLUGIN.to_owned(), uid: PROMETHEUS.to_owned() }
}

pub(super) fn postgres() -> DatasourceRef {
    DatasourceRef { kind: POSTGRES_PLUGIN.to_owned(), uid: POSTGRES.to_owned() }
}

/// PromQL at the end of the range, for figures that stand still.
pub(super) fn instant(expr: impl Into<String>, legend: impl Into<String>) -> Target {
    promql(expr.into(), legend.into(), "time_series", true)
}

/// PromQL at the end of the range, one line a series, for tables.
pub(super) fn rows(expr: impl Into<String>) -> Target {
    promql(expr.into(), String::new(), "table", true)
}

/// PromQL over the range, for curves.
pub(super) fn curve(expr: impl Into<String>, legend: impl Into<String>) -> Target {
    promql(expr.into(), legend.into(), "time_series", false)
}

fn promql(expr: String, legend_format: String, format: &str, instant: bool) -> Target {
    Target::PromQl(PromQlTarget {
        ref_id: String::new(),
        datasource: prometheus(),
        editor_mode: "code".to_owned(),
        expr,
        legend_format,
        format: format.to_owned(),
        instant,
        range: !instant,
    })
}

/// SQL as a table.
pub(super) fn sql_table(raw_sql: String) -> Target {
    sql(raw_sql, "table")
}

/// SQL as curves: a column `time`, a column `metric` where there are several, numbers.
pub(super) fn sql_curve(raw_sql: String) -> Target {
    sql(raw_sql, "time_series")
}

fn sql(raw_sql: String, format: &str) -> Target {
    Target::Sql(SqlTarget {
        ref_id: String::new(),
        datasource: postgres(),
        editor_mode: "code".to_owned(),
        raw_sql,
        raw_query: true,
        format: format.to_owned(),
    })
}
