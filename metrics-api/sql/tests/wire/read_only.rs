//! What changes something, or reaches out, is refused in both protocols and leaves the session usable.

use homeward_sql::Limits;

use crate::server::{Outlet, code};

/// Statement and PostgreSQL's code. The long list is `guard`'s own; this one is about the ways in.
const REFUSED: [(&str, &str); 16] = [
    ("INSERT INTO outcomes.figures VALUES (1)", "25006"),
    ("UPDATE outcomes.figures SET value = 1", "25006"),
    ("DELETE FROM outcomes.figures", "25006"),
    ("CREATE TABLE t (a int)", "25006"),
    ("CREATE VIEW v AS SELECT 1", "25006"),
    ("DROP TABLE outcomes.figures", "25006"),
    ("COPY outcomes.figures TO '/tmp/homeward-must-not-exist'", "42501"),
    ("COPY outcomes.figures TO STDOUT", "42501"),
    ("SET datafusion.execution.batch_size = 1", "42501"),
    ("PREPARE p AS SELECT 1", "42501"),
    ("WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT 1 FROM r) SELECT * FROM r", "0A000"),
    ("SELECT 1 AS a INTO t", "25006"),
    ("SELECT * FROM read_csv('/etc/passwd')", "42501"),
    ("SELECT * FROM '/etc/passwd'", "42P01"),
    ("SELECT repeat('x', 1000000000)", "42883"),
    ("EXPLAIN ANALYZE SELECT 1", "42501"),
];

#[tokio::test]
async fn both_protocols_refuse_alike() {
    let outlet = Outlet::start(Limits::default()).await;
    let client = outlet.connect().await;
    for (sql, expected) in REFUSED {
        let simple = client.batch_execute(sql).await.expect_err(sql);
        assert_eq!(code(&simple), expected, "simple: {sql}");
        let extended = client.query(sql, &[]).await.expect_err(sql);
        assert_eq!(code(&extended), expected, "extended: {sql}");
        client.query_one("SELECT 1", &[]).await.unwrap();
    }
    assert!(!std::path::Path::new("/tmp/homeward-must-not-exist").exists());
    outlet.stop().await;
}

#[tokio::test]
async fn what_grows_without_bound_is_refused() {
    let outlet = Outlet::start(Limits { rows_max: 1_000, ..Limits::default() }).await;
    let client = outlet.connect().await;
    let doubled = (0..40).map(|n| format!(", t{} AS (SELECT v || v AS v FROM t{n})", n + 1)).collect::<String>();
    for (sql, expected) in [
        ("SELECT * FROM generate_series(1, 1001)".to_owned(), "54000"),
        ("SELECT generate_series(1, 1000000000)".to_owned(), "54000"),
        ("SELECT lpad('x', 1000000000)".to_owned(), "54000"),
        (format!("WITH t0 AS (SELECT 'x' AS v){doubled} SELECT length(v) FROM t40"), "54000"),
        (format!("SELECT 1{}", "+1".repeat(5_000)), "54001"),
        ("SELECT sum(x) OVER () FROM generate_series(1, 10000000000) a(x) LIMIT 1".to_owned(), "54000"),
        ("SELECT sum(x) OVER (), avg(x) OVER () FROM generate_series(1, 500001) a(x) LIMIT 1".to_owned(), "54000"),
        ("SELECT array_agg(x) OVER (ORDER BY x) FROM generate_series(1, 100000) a(x)".to_owned(), "0A000"),
    ] {
        for error in [client.batch_execute(&sql).await.err(), client.query(&sql, &[]).await.err()] {
            let start = &sql[..sql.len().min(60)];
            assert_eq!(code(&error.unwrap_or_else(|| panic!("answered: {start}"))), expected, "{start}");
        }
    }
    assert_eq!(client.query("SELECT * FROM generate_series(1, 1000)", &[]).await.unwrap().len(), 1_000);
    outlet.stop().await;
}

#[tokio::test]
async fn memory_and_disk_have_an_end() {
    let limits = Limits { memory_bytes: 16 * 1024 * 1024, spill_bytes: 0, ..Limits::default() };
    let outlet = Outlet::start(limits).await;
    let client = outlet.connect().await;
    let sql = "SELECT count(DISTINCT x || '-' || y) FROM generate_series(1, 2000) a(x), generate_series(1, 2000) b(y)";
    assert_eq!(code(&client.query(sql, &[]).await.expect_err("more than 16 MiB")), "53200");
    // The engine does not count what a window holds.
    let window = "SELECT sum(x) OVER () FROM generate_series(1, 900000) a(x) LIMIT 1";
    assert_eq!(code(&client.query(window, &[]).await.expect_err("more than its half")), "53200");
    client.query_one("SELECT 1", &[]).await.unwrap();
    outlet.stop().await;
}

#[tokio::test]
async fn a_chain_as_long_as_is_taken_is_answered() {
    let outlet = Outlet::start(Limits::default()).await;
    let client = outlet.connect().await;
    let sql = format!("SELECT 1{}", "+1".repeat(990));
    assert_eq!(client.query_one(&sql, &[]).await.unwrap().get::<_, i64>(0), 991);
    outlet.stop().await;
}
