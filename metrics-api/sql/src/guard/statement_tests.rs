//! What passes and what does not, statement by statement, as the parser of the wire reads them.

use datafusion_postgres::datafusion_pg_catalog::sql::PostgresCompatibilityParser;

use super::*;

fn decisions(sql: &str) -> Vec<Result<Action, Refusal>> {
    match PostgresCompatibilityParser::new().parse(sql) {
        Ok(statements) => statements.iter().map(decide).collect(),
        // The wire refuses what cannot be read with the same code.
        Err(error) => vec![Err(Refusal::new(code::SYNTAX, error.to_string(), ""))],
    }
}

fn one(sql: &str) -> Result<Action, Refusal> {
    let mut decisions = decisions(sql);
    assert_eq!(decisions.len(), 1, "{sql}");
    decisions.remove(0)
}

#[test]
fn reading_is_allowed() {
    for sql in [
        "SELECT 1",
        "SELECT * FROM outcomes.figures WHERE area = $1 ORDER BY 1 LIMIT 10",
        "WITH a AS (SELECT 1 AS x) SELECT * FROM a JOIN a AS b USING (x)",
        "VALUES (1, 'a'), (2, 'b')",
        "SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3",
        "SELECT * FROM generate_series(1, 10)",
        "SELECT * FROM unnest(ARRAY[1, 2])",
        "SELECT count(*) FILTER (WHERE value > 0.8) OVER (PARTITION BY area) FROM outcomes.figures",
        "EXPLAIN SELECT 1",
        "EXPLAIN (VERBOSE) SELECT 1",
        "SELECT (SELECT max(value) FROM outcomes.figures)",
    ] {
        assert_eq!(one(sql).unwrap(), Action::Read, "{sql}");
    }
}

#[test]
fn everything_that_changes_or_reaches_out_is_refused() {
    let mut wrong = Vec::new();
    for (sql, expected) in [
        ("INSERT INTO outcomes.figures VALUES (1)", code::READ_ONLY),
        ("UPDATE outcomes.figures SET value = 1", code::READ_ONLY),
        ("DELETE FROM outcomes.figures", code::READ_ONLY),
        ("TRUNCATE outcomes.figures", code::READ_ONLY),
        ("MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN DELETE", code::READ_ONLY),
        ("CREATE TABLE t (a int)", code::READ_ONLY),
        ("CREATE TABLE t AS SELECT 1", code::READ_ONLY),
        ("CREATE TEMPORARY TABLE t (a int)", code::READ_ONLY),
        ("CREATE VIEW v AS SELECT 1", code::READ_ONLY),
        ("CREATE SCHEMA s", code::READ_ONLY),
        ("CREATE DATABASE d", code::READ_ONLY),
        ("CREATE INDEX i ON t (a)", code::READ_ONLY),
        ("CREATE EXTENSION dblink", code::READ_ONLY),
        ("CREATE ROLE r", code::READ_ONLY),
        ("CREATE SEQUENCE s", code::READ_ONLY),
        ("CREATE FUNCTION f() RETURNS int AS 'SELECT 1' LANGUAGE sql", code::READ_ONLY),
        ("ALTER TABLE t ADD COLUMN b int", code::READ_ONLY),
        ("ALTER ROLE r WITH SUPERUSER", code::READ_ONLY),
        ("DROP TABLE t", code::READ_ONLY),
        ("DROP VIEW outcomes.figures", code::READ_ONLY),
        ("DROP SCHEMA outcomes CASCADE", code::READ_ONLY),
        ("GRANT SELECT ON t TO r", code::READ_ONLY),
        ("REVOKE SELECT ON t FROM r", code::READ_ONLY),
        ("COMMENT ON TABLE t IS 'x'", code::READ_ONLY),
        ("VACUUM", code::READ_ONLY),
        ("ANALYZE t", code::READ_ONLY),
        ("CALL p()", code::READ_ONLY),
        ("LISTEN c", code::READ_ONLY),
        ("NOTIFY c", code::READ_ONLY),
        ("LOCK TABLE t", code::READ_ONLY),
        ("COPY outcomes.figures TO '/tmp/x'", code::FORBIDDEN),
        ("COPY outcomes.figures TO STDOUT", code::FORBIDDEN),
        ("COPY (SELECT 1) TO PROGRAM 'id'", code::FORBIDDEN),
        ("COPY outcomes.figures FROM STDIN", code::FORBIDDEN),
        ("PREPARE p AS SELECT 1", code::FORBIDDEN),
        ("PREPARE p AS DROP TABLE t", code::FORBIDDEN),
        ("EXECUTE p", code::FORBIDDEN),
        ("SET ROLE admin", code::FORBIDDEN),
        ("SET SESSION AUTHORIZATION admin", code::FORBIDDEN),
        ("EXPLAIN ANALYZE SELECT 1", code::FORBIDDEN),
        ("EXPLAIN INSERT INTO t VALUES (1)", code::READ_ONLY),
        ("SELECT 1 INTO t", code::READ_ONLY),
        ("SELECT * FROM t FOR UPDATE", code::READ_ONLY),
        ("SELECT * FROM (SELECT a FROM t FOR SHARE) AS x", code::READ_ONLY),
        ("WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT 1 FROM r) SELECT * FROM r", code::NOT_SUPPORTED),
        ("SELECT * FROM (WITH RECURSIVE r AS (SELECT 1) SELECT * FROM r) AS x", code::NOT_SUPPORTED),
        ("WITH w AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM w", code::READ_ONLY),
        ("WITH w AS (DELETE FROM t RETURNING *) SELECT * FROM w", code::READ_ONLY),
        ("SELECT * FROM read_csv('/etc/passwd')", code::FORBIDDEN),
        ("SELECT * FROM read_parquet('/tmp/x')", code::FORBIDDEN),
        ("SELECT * FROM parquet_metadata('/tmp/x')", code::FORBIDDEN),
        ("SELECT * FROM pg_ls_dir('/')", code::FORBIDDEN),
        ("DECLARE c CURSOR FOR SELECT * FROM read_csv('/etc/passwd')", code::FORBIDDEN),
        ("DECLARE c SCROLL CURSOR FOR SELECT 1", code::NOT_SUPPORTED),
        ("COMMIT AND CHAIN", code::READ_ONLY),
    ] {
        for (index, decision) in decisions(sql).into_iter().enumerate() {
            match decision {
                Err(refusal) if refusal.code == expected => {}
                other => wrong.push(format!("{sql}: statement {index}: {other:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_refusal_never_repeats_a_literal() {
    let refusal = one("INSERT INTO t VALUES ('9990001112')").unwrap_err();
    assert!(!refusal.to_string().contains("999"), "{refusal}");
}

#[test]
fn sessions_and_transactions_are_answered() {
    let name = |text: &str| text.to_owned();
    for (sql, action) in [
        ("BEGIN", Action::Begin),
        ("BEGIN READ ONLY", Action::Begin),
        ("START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY", Action::Begin),
        ("COMMIT", Action::Commit),
        ("END", Action::Commit),
        ("ROLLBACK", Action::Rollback),
        ("ABORT", Action::Rollback),
        ("SAVEPOINT s", Action::Savepoint(name("s"))),
        ("RELEASE SAVEPOINT s", Action::Release(name("s"))),
        ("ROLLBACK TO SAVEPOINT s", Action::RollbackTo(name("s"))),
        ("DISCARD ALL", Action::DiscardAll),
        ("DEALLOCATE ALL", Action::Deallocate(None)),
        ("DEALLOCATE p", Action::Deallocate(Some(name("p")))),
        ("CLOSE ALL", Action::Close(None)),
        ("FETCH 100 FROM c", Action::Fetch { name: name("c"), count: Some(100) }),
        ("FETCH FORWARD ALL FROM c", Action::Fetch { name: name("c"), count: None }),
        ("UNLISTEN *", Action::Nothing("UNLISTEN")),
        ("RESET ALL", Action::Reset(None)),
        ("SHOW server_version", Action::Show(name("server_version"))),
        ("SHOW TRANSACTION ISOLATION LEVEL", Action::Show(name("transaction_isolation"))),
        ("SHOW TIME ZONE", Action::Show(name("TimeZone"))),
        ("SET statement_timeout = 5000", Action::Set { name: name("statement_timeout"), value: name("5000") }),
        ("SET statement_timeout TO '5s'", Action::Set { name: name("statement_timeout"), value: name("5s") }),
        ("SET TIME ZONE 'Europe/London'", Action::Set { name: name("TimeZone"), value: name("Europe/London") }),
        ("SET NAMES 'UTF8'", Action::Set { name: name("client_encoding"), value: name("UTF8") }),
        ("SET search_path = outcomes, meta", Action::Set { name: name("search_path"), value: name("outcomes, meta") }),
        ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", Action::Nothing("SET")),
        (
            "SET datafusion.execution.batch_size = 1",
            Action::Set { name: name("datafusion.execution.batch_size"), value: name("1") },
        ),
    ] {
        assert_eq!(one(sql).unwrap_or_else(|refusal| panic!("{sql}: {refusal}")), action, "{sql}");
    }
}
