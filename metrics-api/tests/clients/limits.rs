//! Limits as a client meets them: a timeout and a cancel that stop a query, and neighbours that nobody can slow down.
//!
//! Times are measured by the client and printed. The assertion allows more than the promised second, because a test
//! machine of two processors runs other tests meanwhile.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::Utc;
use futures::StreamExt as _;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::external::{environment, folder};
use crate::patience::until;
use crate::server::{PLAIN, SLOW_QUERY, Server, TLS};
use crate::{connection, http, planted, python};

/// Asserted bound for what is promised within a second.
const STOPPED_WITHIN: Duration = Duration::from_secs(5);

/// Timeout that the client sets for itself.
const TIMEOUT: Duration = Duration::from_millis(500);

const PATIENCE: Duration = Duration::from_secs(120);

/// Rows without end for a client that reads them.
const STREAMING_QUERY: &str = "SELECT a.area, b.area, c.area, a.numerator + b.numerator FROM outcomes.ucr_two_hour_response a, \
    outcomes.ucr_two_hour_response b, outcomes.ucr_two_hour_response c";

fn assert_stopped(what: &str, error: &Error, took: Duration) {
    println!("{what}: stopped after {} ms", took.as_millis());
    assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED), "{what}: {error:?}");
    assert!(took < STOPPED_WITHIN, "{what}: took {} ms", took.as_millis());
}

#[tokio::test]
async fn a_timeout_stops_a_busy_and_a_streaming_query() {
    for server in [&*PLAIN, &*TLS] {
        let client = connection::connect(server).await;
        client.batch_execute(&format!("SET statement_timeout = {}", TIMEOUT.as_millis())).await.unwrap();
        let begun = Instant::now();
        let error = client.query(SLOW_QUERY, &[]).await.expect_err("it runs until it is stopped");
        assert_stopped("busy query, extended, timeout", &error, begun.elapsed().saturating_sub(TIMEOUT));

        let begun = Instant::now();
        let error = client.simple_query(SLOW_QUERY).await.expect_err("it runs until it is stopped");
        assert_stopped("busy query, simple, timeout", &error, begun.elapsed().saturating_sub(TIMEOUT));

        let begun = Instant::now();
        let error = stream_to_the_end(client.query_raw(STREAMING_QUERY, &[] as &[i32]).await.unwrap()).await;
        assert_stopped("streaming query, timeout", &error, begun.elapsed().saturating_sub(TIMEOUT));
        client.query_one("SELECT 1", &[]).await.expect("the connection works on");
    }
}

async fn stream_to_the_end(rows: tokio_postgres::RowStream) -> Error {
    let mut rows = std::pin::pin!(rows);
    loop {
        match rows.next().await {
            Some(Ok(_)) => {}
            Some(Err(error)) => return error,
            None => panic!("the rows came to an end"),
        }
    }
}

#[tokio::test]
async fn a_cancel_stops_a_busy_and_a_streaming_query() {
    for server in [&*PLAIN, &*TLS] {
        let client = connection::connect(server).await;
        // A busy query gives no sign of life: it is left alone for a while, then cancelled.
        let mut busy = Box::pin(client.query(SLOW_QUERY, &[]));
        assert!(tokio::time::timeout(TIMEOUT, &mut busy).await.is_err(), "the busy query is over already");
        let begun = Instant::now();
        connection::cancel(server, &client).await.unwrap();
        assert_stopped("busy query, cancel", &busy.await.expect_err("it is cancelled"), begun.elapsed());

        let mut rows = Box::pin(client.query_raw(STREAMING_QUERY, &[] as &[i32]).await.unwrap());
        for _ in 0..1_000 {
            rows.next().await.expect("a thousand rows").expect("rows");
        }
        let begun = Instant::now();
        connection::cancel(server, &client).await.unwrap();
        let error = loop {
            match rows.next().await.expect("rows without end") {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_stopped("streaming query, cancel", &error, begun.elapsed());
        client.query_one("SELECT 1", &[]).await.expect("the connection works on");

        // A cancel that comes late stops nothing.
        connection::cancel(server, &client).await.unwrap();
        client.query_one("SELECT 1", &[]).await.expect("an idle connection has nothing to cancel");
    }
}

/// A Python process that holds connections until its input closes.
struct Holder(Child);

impl Holder {
    fn start(server: &Server, script: &str, arguments: &[&str]) -> Option<Self> {
        let mut command = Command::new(python::interpreter()?);
        command.arg("-B").arg(folder().join("scripts").join(script)).args(arguments).envs(environment(server));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python can be run");
        let output = child.stdout.take().expect("its output is piped");
        let holder = Self(child);
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).expect("it says when it is ready");
        assert_eq!(line.trim(), "ready", "{script} {arguments:?}\n{}", server.log());
        Some(holder)
    }

    /// Closes its input and waits for its verdict.
    fn finish(mut self) {
        drop(self.0.stdin.take().map(|mut input| input.flush()));
        let status = until("the end of the holder", PATIENCE, || match self.0.try_wait() {
            Ok(Some(status)) => Ok(status),
            other => Err(format!("{other:?}")),
        });
        assert!(status.success(), "the held connections were not as they should be");
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Publishes referrals one by one and waits for each on /metrics: records keep being committed and scrapes answered.
fn check_that_figures_flow(server: &Server, first: i64, count: i64) -> Vec<Duration> {
    (first..first + count)
        .map(|number| {
            let before = consumed(server).expect("a scrape");
            let begun = Instant::now();
            server.publish(vec![planted::received("RDY", number, Utc::now())]);
            until("the record to be committed", PATIENCE, || {
                let now = consumed(server)?;
                if now > before { Ok(()) } else { Err(format!("{now} records consumed\n{}", server.log())) }
            });
            begun.elapsed()
        })
        .collect()
}

fn consumed(server: &Server) -> Result<usize, String> {
    let text = http::body(server.http, "/metrics")?;
    let samples = text.lines().filter(|line| line.starts_with("homeward_ingest_records_accepted_total{"));
    Ok(samples.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum())
}

#[test]
fn a_thousand_idle_connections_a_slow_reader_and_a_greedy_query_leave_ingest_and_scrapes_alone() {
    let server = &*PLAIN;
    let quiet = check_that_figures_flow(server, 0, 5);
    let Some(idle) = Holder::start(server, "idle_connections.py", &["1000"]) else { return };
    let Some(slow) = Holder::start(server, "slow_reader.py", &[STREAMING_QUERY]) else { return };
    let Some(greedy) = Holder::start(server, "slow_reader.py", &[SLOW_QUERY]) else { return };
    let busy = check_that_figures_flow(server, 100, 5);
    println!("publication to committed and scraped, quiet {quiet:?}, with a thousand connections {busy:?}");
    drop(greedy);
    drop(slow);
    // Each of the thousand is asked once more: none was dropped.
    idle.finish();
}

#[tokio::test]
async fn past_the_cap_a_connection_is_refused_in_words_and_a_place_comes_free() {
    const CAP: usize = 4;
    let server = Server::start(false, CAP);
    let config = connection::config(&server);
    let mut held = Vec::new();
    let refused = loop {
        match connection::connect_with(&server, &config).await {
            Ok(client) => held.push(client),
            Err(error) => break error,
        }
        assert!(held.len() <= CAP, "there is no cap");
    };
    assert_eq!(held.len(), CAP);
    assert_eq!(refused.code(), Some(&SqlState::TOO_MANY_CONNECTIONS), "{refused:?}");
    assert!(
        refused.as_db_error().is_some_and(|own| own.hint().is_some_and(|hint| hint.contains("connections_max"))),
        "the setting is named: {refused:?}"
    );
    held.clear();
    let begun = Instant::now();
    while let Err(error) = connection::connect_with(&server, &config).await {
        assert!(begun.elapsed() < PATIENCE, "no place came free: {error:?}");
        tokio::task::yield_now().await;
    }
}
