//! Transactions, settings, cursors, empty statements: what drivers and dashboards take for granted.

use chrono::{DateTime, Utc};
use homeward_sql::Limits;
use tokio_postgres::SimpleQueryMessage;

use crate::server::{Outlet, code};

#[tokio::test]
async fn a_transaction_holds_one_picture() {
    let outlet = Outlet::start(Limits::default()).await;
    let client = outlet.connect().await;
    let as_of = "SELECT max(as_of) FROM meta.freshness";
    let (early, late): (DateTime<Utc>, DateTime<Utc>) =
        ("2025-06-12T14:00:00Z".parse().unwrap(), "2025-06-12T15:00:00Z".parse().unwrap());
    let seen = async || client.query_one(as_of, &[]).await.unwrap().get::<_, std::time::SystemTime>(0).into();
    outlet.show(early);
    let first: DateTime<Utc> = seen().await;
    client.batch_execute("BEGIN").await.unwrap();
    outlet.show(late);
    let inside: DateTime<Utc> = seen().await;
    client.batch_execute("COMMIT").await.unwrap();
    let after: DateTime<Utc> = seen().await;
    assert_eq!((first, inside, after), (early, early, late));
    outlet.stop().await;
}

#[tokio::test]
async fn a_failed_transaction_takes_nothing_until_its_end() {
    let outlet = Outlet::start(Limits::default()).await;
    let client = outlet.connect().await;
    client.batch_execute("BEGIN; SAVEPOINT s").await.unwrap();
    assert_eq!(code(&client.query("SELECT nothing_of_that_name", &[]).await.unwrap_err()), "42703");
    assert_eq!(code(&client.query("SELECT 1", &[]).await.unwrap_err()), "25P02");
    assert_eq!(code(&client.batch_execute("SELECT 1").await.unwrap_err()), "25P02");
    client.batch_execute("ROLLBACK TO SAVEPOINT s; SELECT 1; RELEASE SAVEPOINT s").await.unwrap();
    client.batch_execute("COMMIT").await.unwrap();
    client.query_one("SELECT 1", &[]).await.unwrap();
    outlet.stop().await;
}

#[tokio::test]
async fn several_statements_and_empty_ones_are_answered() {
    let outlet = Outlet::start(Limits::default()).await;
    let client = outlet.connect().await;
    for sql in ["", ";", "-- ping", "SELECT 1; SELECT 2;", "SET jit = off; SHOW jit", "DISCARD ALL", "RESET ALL"] {
        client.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    let rows = client.simple_query("SELECT 1; SELECT 2 AS b").await.unwrap();
    let values: Vec<&str> = rows
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        })
        .collect();
    assert_eq!(values, ["1", "2"]);
    outlet.stop().await;
}

#[tokio::test]
async fn a_portal_gives_its_rows_bit_by_bit() {
    let outlet = Outlet::start(Limits::default()).await;
    let mut client = outlet.connect().await;
    let transaction = client.transaction().await.unwrap();
    let portal =
        transaction.bind("SELECT x FROM generate_series(1, 20) AS s(x) WHERE x <= $1", &[&10_i64]).await.unwrap();
    let mut counts = Vec::new();
    loop {
        let rows = transaction.query_portal(&portal, 4).await.unwrap();
        counts.push(rows.len());
        if rows.is_empty() {
            break;
        }
    }
    assert_eq!(counts, [4, 4, 2, 0]);
    transaction.commit().await.unwrap();
    outlet.stop().await;
}

#[tokio::test]
async fn a_cursor_is_read_forward_within_its_transaction() {
    let outlet = Outlet::start(Limits::default()).await;
    let client = outlet.connect().await;
    let declare = "DECLARE c CURSOR FOR SELECT * FROM generate_series(1, 5)";
    assert_eq!(code(&client.batch_execute(declare).await.unwrap_err()), "25P01");
    client.batch_execute("BEGIN").await.unwrap();
    client.batch_execute(declare).await.unwrap();
    assert_eq!(client.query("FETCH 3 FROM c", &[]).await.unwrap().len(), 3);
    assert_eq!(client.query("FETCH ALL FROM c", &[]).await.unwrap().len(), 2);
    client.batch_execute("CLOSE c; COMMIT").await.unwrap();
    assert_eq!(code(&client.query("FETCH 1 FROM c", &[]).await.unwrap_err()), "34000");
    outlet.stop().await;
}

#[tokio::test]
async fn parameters_and_types_go_both_ways() {
    let outlet = Outlet::start(Limits::default()).await;
    let client = outlet.connect().await;
    let sql = "SELECT $1::bigint + 1 AS i, $2::double precision AS f, $3::text AS t, $4::boolean AS b, \
               '2025-06-12'::date AS d, now() AS z, 1.5::numeric(10, 2) AS n";
    let row = client.query_one(sql, &[&41_i64, &0.675_f64, &"it's", &true]).await.unwrap();
    assert_eq!(row.get::<_, i64>("i"), 42);
    assert_eq!(row.get::<_, f64>("f"), 0.675);
    assert_eq!(row.get::<_, &str>("t"), "it's");
    assert!(row.get::<_, bool>("b"));
    let types: Vec<String> = row.columns().iter().map(|column| column.type_().name().to_owned()).collect();
    assert_eq!(types, ["int8", "float8", "text", "bool", "date", "timestamptz", "numeric"]);
    let names = client.prepare("SELECT count(*), 1, max(value) FROM outcomes.figures").await.unwrap();
    let names: Vec<&str> = names.columns().iter().map(|column| column.name()).collect();
    assert_eq!(names, ["count", "?column?", "max"]);
    outlet.stop().await;
}
