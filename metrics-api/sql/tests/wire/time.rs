//! A statement ends when its time is over or its client says so, and what it held is free again.

use std::time::{Duration, Instant};

use futures::{StreamExt, pin_mut};
use homeward_sql::Limits;
use tokio_postgres::NoTls;

use crate::server::{Outlet, PASSWORD, PATIENCE, ROLE, code};

/// Statements that compute for hours: many batches made of few, a filter that lets nothing through, and equal keys.
const ENDLESS: [&str; 4] = [
    "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b, generate_series(1, 1000) c",
    "SELECT count(*) FROM generate_series(1, 1000000) a(x) JOIN generate_series(1, 1000000) b(y) ON x * y = -1",
    "SELECT count(*) FROM generate_series(1, 200000) a(x) JOIN generate_series(1, 200000) b(y) \
     ON x % 1 = y % 1 AND x * y = -1",
    "SELECT sum(x * y) FROM generate_series(1, 1000000) a(x) CROSS JOIN generate_series(1, 1000000) b(y) GROUP BY x % 7",
];

/// The second that the issue allows, after the statement's own time.
const SOON: Duration = Duration::from_secs(1);

fn one_thread() -> Limits {
    Limits { threads: 1, statement_timeout: Duration::from_secs(3_600), rows_max: usize::MAX, ..Limits::default() }
}

#[tokio::test]
async fn the_servers_time_ends_a_statement_and_frees_its_thread() {
    let time = Duration::from_millis(300);
    let outlet = Outlet::start(Limits { statement_timeout: time, ..one_thread() }).await;
    let client = outlet.connect().await;
    client.batch_execute("SET statement_timeout = '1h'").await.unwrap();
    for sql in ENDLESS {
        let begun = Instant::now();
        assert_eq!(code(&client.batch_execute(sql).await.expect_err(sql)), "57014");
        assert_eq!(code(&client.query(sql, &[]).await.expect_err(sql)), "57014");
        // The only thread that computes answers again, so the statements do not run on behind our back.
        client.query_one("SELECT 1", &[]).await.unwrap();
        assert!(begun.elapsed() < 2 * (time + SOON), "{sql}: {:?}", begun.elapsed());
    }
    outlet.stop().await;
}

#[tokio::test]
async fn a_client_may_give_itself_less_time() {
    let outlet = Outlet::start(one_thread()).await;
    let client = outlet.connect().await;
    client.batch_execute("SET statement_timeout = '200ms'").await.unwrap();
    assert_eq!(code(&client.query(ENDLESS[1], &[]).await.expect_err("its time is over")), "57014");
    outlet.stop().await;
}

#[tokio::test]
async fn a_cancel_request_stops_what_computes() {
    let outlet = Outlet::start(one_thread()).await;
    let client = outlet.connect().await;
    let token = client.cancel_token();
    for sql in ENDLESS {
        let statement = client.query(sql, &[]);
        pin_mut!(statement);
        // A request that comes before the statement does nothing, so it is repeated until one has come after it.
        let stopped = async {
            loop {
                token.cancel_query(NoTls).await.unwrap();
                if let Ok(ended) = tokio::time::timeout(SOON, &mut statement).await {
                    return ended;
                }
            }
        };
        let ended = tokio::time::timeout(PATIENCE, stopped).await.expect("a cancel request stops it");
        assert_eq!(code(&ended.expect_err(sql)), "57014");
        tokio::time::timeout(SOON, client.query_one("SELECT 1", &[])).await.expect("the thread is free").unwrap();
    }
    outlet.stop().await;
}

#[tokio::test]
async fn a_cancel_request_stops_what_streams() {
    let outlet = Outlet::start(one_thread()).await;
    let client = outlet.connect().await;
    let parameters: [i64; 0] = [];
    let rows = client.query_raw("SELECT * FROM generate_series(1, 10000000000)", parameters).await.unwrap();
    pin_mut!(rows);
    rows.next().await.expect("the first row comes").unwrap();
    let asked = Instant::now();
    client.cancel_token().cancel_query(NoTls).await.unwrap();
    let error = loop {
        match rows.next().await.expect("it does not end by itself") {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(code(&error), "57014");
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    client.query_one("SELECT 1", &[]).await.unwrap();
    outlet.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_statements_with_it() {
    let limits = one_thread();
    let outlet = Outlet::start(limits.clone()).await;
    // As many as may run at once: a further statement waits for one of them to end.
    for _ in 0..limits.running_max() {
        let (client, connection) = outlet.config(ROLE, PASSWORD).connect(NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        client.query_one("SELECT 1", &[]).await.unwrap();
        let running = tokio::spawn(async move { client.batch_execute(ENDLESS[0]).await });
        tokio::task::yield_now().await;
        running.abort();
        connection.abort();
    }
    let client = outlet.connect().await;
    tokio::time::timeout(PATIENCE, client.query_one("SELECT 1", &[])).await.expect("there is a turn").unwrap();
    outlet.stop().await;
}
