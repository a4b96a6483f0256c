//! The check of what the engine made of a statement.
//!
//! Limits: 2,000 nodes and 32 joins a plan, 500 columns a result.

use datafusion::common::TableReference;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;

use super::functions::TABLE_FUNCTIONS;
use super::windows;
use crate::local::DATABASE;
use crate::refusal::{Refusal, code};

/// The schema of names that are written without one.
pub const DEFAULT_SCHEMA: &str = "outcomes";

const PG_CATALOG: &str = "pg_catalog";

/// Schemas that may be read.
pub const SCHEMAS: [&str; 4] = [DEFAULT_SCHEMA, "meta", PG_CATALOG, "information_schema"];

/// Tables of PostgreSQL's catalogue that only its administrators may read: passwords, samples of data, files.
pub const PRIVATE: [&str; 8] = [
    "pg_authid",
    "pg_shadow",
    "pg_user_mapping",
    "pg_statistic",
    "pg_statistic_ext_data",
    "pg_largeobject",
    "pg_hba_file_rules",
    "pg_file_settings",
];

/// Most nodes of a plan, subqueries included.
pub const NODES_MAX: usize = 2_000;

/// Most joins of a plan, subqueries included.
pub const JOINS_MAX: usize = 32;

/// Most columns of a result.
pub const COLUMNS_MAX: usize = 500;

/// Checks that a plan only reads, reads only our schemas, and is of a size that can be planned in bounded time.
///
/// # Errors
/// The first thing that is not so.
pub fn check(plan: &LogicalPlan) -> Result<(), Refusal> {
    let nothing_but_reading =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    nothing_but_reading.verify_plan(plan).map_err(|_| read_only())?;
    if plan.schema().fields().len() > COLUMNS_MAX {
        return Err(too_large(format!("the result has more than {COLUMNS_MAX} columns"), "name the columns you need"));
    }
    let (mut nodes, mut joins, mut found) = (0, 0, None);
    let walked = plan.apply_with_subqueries(|node| {
        nodes += 1;
        joins += usize::from(matches!(node, LogicalPlan::Join(_)));
        found = check_node(node).err().or_else(|| {
            if nodes > NODES_MAX {
                return Some(too_large(format!("the statement needs more than {NODES_MAX} steps"), "split it"));
            }
            (joins > JOINS_MAX).then(|| too_large(format!("the statement has more than {JOINS_MAX} joins"), "split it"))
        });
        Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    match (found, walked) {
        (Some(refusal), _) => Err(refusal),
        (None, Ok(_)) => Ok(()),
        (None, Err(error)) => Err(Refusal::defect("a plan could not be walked", &error)),
    }
}

fn check_node(node: &LogicalPlan) -> Result<(), Refusal> {
    match node {
        LogicalPlan::TableScan(scan) if !may_read(&scan.table_name) => Err(denied(scan.table_name.table())),
        LogicalPlan::RecursiveQuery(_) | LogicalPlan::Extension(_) | LogicalPlan::Analyze(_) => {
            Err(Refusal::new(code::NOT_SUPPORTED, "this statement is refused on this server", "write a plain SELECT"))
        }
        LogicalPlan::Ddl(_) | LogicalPlan::Dml(_) | LogicalPlan::Copy(_) | LogicalPlan::Statement(_) => {
            Err(read_only())
        }
        LogicalPlan::Window(window) => windows::check(window),
        // Literal expressions over functions could hide in lists of values as anywhere; the functions themselves are
        // bounded, so there is nothing to look for here.
        _ => Ok(()),
    }
}

/// The refusal of a table that may not be read.
pub(super) fn denied(table: &str) -> Refusal {
    let message = format!("permission denied for table {table}");
    Refusal::new(code::FORBIDDEN, message, format!("these schemas can be read: {}", SCHEMAS.join(", ")))
}

/// Whether a table is one of ours. Bare names resolve to the default schema; `name()` is a table function.
#[must_use]
pub fn may_read(table: &TableReference) -> bool {
    let name = table.table();
    match (table.catalog(), table.schema()) {
        (None, None) => {
            let function = name.strip_suffix("()").unwrap_or(name);
            !name.ends_with("()") || TABLE_FUNCTIONS.contains(&function)
        }
        (None | Some(DATABASE), Some(schema)) => {
            SCHEMAS.contains(&schema) && !(schema == PG_CATALOG && PRIVATE.contains(&name.to_lowercase().as_str()))
        }
        _ => false,
    }
}

fn read_only() -> Refusal {
    Refusal::new(code::READ_ONLY, "cannot execute this statement: this server is read-only", "write a SELECT")
}

fn too_large(message: String, hint: &str) -> Refusal {
    Refusal::new(code::COMPLEX, message, hint)
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    use super::*;

    #[test]
    fn only_our_schemas_can_be_read() {
        for (table, expected) in [
            (TableReference::bare("figures"), true),
            (TableReference::bare("generate_series()"), true),
            (TableReference::bare("read_csv()"), false),
            (TableReference::partial("outcomes", "figures"), true),
            (TableReference::partial("meta", "areas"), true),
            (TableReference::partial("pg_catalog", "pg_class"), true),
            (TableReference::partial("pg_catalog", "pg_authid"), false),
            (TableReference::partial("pg_catalog", "pg_shadow"), false),
            (TableReference::full("homeward", "pg_catalog", "pg_user_mapping"), false),
            (TableReference::partial("information_schema", "tables"), true),
            (TableReference::partial("public", "t"), false),
            (TableReference::partial("lake", "facts"), false),
            (TableReference::full("homeward", "outcomes", "figures"), true),
            (TableReference::full("datafusion", "outcomes", "figures"), false),
        ] {
            assert_eq!(may_read(&table), expected, "{table}");
        }
    }

    async fn checked(sql: &str) -> Result<(), Refusal> {
        let context = SessionContext::new();
        let plan = context.state().create_logical_plan(sql).await;
        check(&plan.unwrap_or_else(|error| panic!("{sql}: {error}")))
    }

    /// The tree's guard would refuse all of these; the plan's must do so alone.
    #[tokio::test]
    async fn a_plan_that_does_more_than_read_is_refused() {
        for (sql, expected) in [
            ("CREATE TABLE t AS SELECT 1 AS a", code::READ_ONLY),
            ("CREATE VIEW v AS SELECT 1 AS a", code::READ_ONLY),
            ("DROP TABLE IF EXISTS t", code::READ_ONLY),
            ("CREATE EXTERNAL TABLE t (a INT) STORED AS PARQUET LOCATION '/tmp'", code::READ_ONLY),
            ("COPY (SELECT 1) TO '/tmp/x.parquet'", code::READ_ONLY),
            ("SET datafusion.execution.batch_size = 1", code::READ_ONLY),
            ("PREPARE p AS SELECT 1", code::READ_ONLY),
            ("EXPLAIN ANALYZE SELECT 1", code::NOT_SUPPORTED),
            (
                "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT * FROM r",
                code::NOT_SUPPORTED,
            ),
        ] {
            assert_eq!(checked(sql).await.unwrap_err().code, expected, "{sql}");
        }
    }

    #[tokio::test]
    async fn a_window_that_grows_with_its_frame_is_refused() {
        for refused in [
            "array_agg(x) OVER (ORDER BY x)",
            "string_agg(x::text, ',') OVER ()",
            "median(x) OVER (ORDER BY x)",
            "1 + coalesce(sum(DISTINCT x) OVER (ORDER BY x), 0)",
            "last_value(x) IGNORE NULLS OVER (ORDER BY x)",
        ] {
            let sql = format!("SELECT {refused} FROM (VALUES (1), (2)) AS t(x)");
            assert_eq!(checked(&sql).await.unwrap_err().code, code::NOT_SUPPORTED, "{refused}");
        }
        for taken in [
            "row_number() OVER (PARTITION BY x ORDER BY x)",
            "x - lag(x) OVER (ORDER BY x)",
            "avg(x) OVER (ORDER BY x ROWS BETWEEN 6 PRECEDING AND CURRENT ROW)",
            "sum(count(*)) OVER ()",
            "count(*) FILTER (WHERE x > 1) OVER ()",
        ] {
            let group = if taken.contains("sum(count") { " GROUP BY x" } else { "" };
            assert_eq!(checked(&format!("SELECT {taken} FROM (VALUES (1)) AS t(x){group}")).await, Ok(()), "{taken}");
        }
        assert!(checked("SELECT array_agg(DISTINCT x) FROM (VALUES (1)) AS t(x)").await.is_ok(), "no window");
    }

    #[tokio::test]
    async fn a_plan_that_is_too_large_is_refused() {
        let joins = format!("SELECT 1 FROM (VALUES (1)) AS t0(x){}", {
            (1..=JOINS_MAX + 1).map(|index| format!(" CROSS JOIN (VALUES (1)) AS t{index}(x)")).collect::<String>()
        });
        let columns = format!("SELECT {}", (0..=COLUMNS_MAX).map(|n| format!("{n}")).collect::<Vec<_>>().join(","));
        for sql in [joins, columns] {
            assert_eq!(checked(&sql).await.unwrap_err().code, code::COMPLEX);
        }
        assert_eq!(checked("SELECT 1 WHERE 1 IN (SELECT 1)").await, Ok(()));
    }
}
