//! One number, three surfaces: at one `as_of`, `/metrics`, SQL and the JSON API agree to the last digit, for every
//! indicator, basis, area, level, window and band, while data flows into the real server; and so does the HTML of a
//! provider's and a system's board, to the digit that it shows.
//!
//! A pass reads the exposition, then every live figure by one SQL statement, then JSON or a board, and counts only when
//! all of them speak for the same instant; else it is read again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]
#![allow(clippy::print_stdout, reason = "what a test has seen is told where cargo shows it")]
#![allow(dead_code, reason = "the server is that of the clients' tests, which use more of it")]

mod board;
#[path = "../clients/certificate.rs"]
mod certificate;
#[path = "../clients/connection.rs"]
mod connection;
#[path = "../real_kafka/http.rs"]
mod http;
#[path = "../real_kafka/patience.rs"]
mod patience;
#[path = "../clients/planted.rs"]
mod planted;
#[path = "../clients/server.rs"]
mod server;
mod surfaces;

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use chrono::Utc;

use board::compare_board;
use server::Server;
use surfaces::{Numbers, read_exposition, read_json, read_sql};

/// Passes that must agree, with new records between each and the next.
const PASSES: i64 = 5;

const PATIENCE: Duration = Duration::from_secs(120);

/// One more referral comes every so often while the surfaces are read.
const FLOW_PAUSE: Duration = Duration::from_millis(500);

/// Boards whose HTML is read at each pass.
const BOARDS: [(&str, &str); 2] = [("provider", PASS_PROVIDER), ("icb", "QJK")];

/// The provider of the passes, and that of the flow.
const PASS_PROVIDER: &str = "RA9";
const FLOW_PROVIDER: &str = "RDY";

/// Three readings of one instant at which at least `referrals` of the passes are counted.
async fn read_one_instant(server: &Server, client: &tokio_postgres::Client, referrals: i64) -> [Numbers; 3] {
    let begun = Instant::now();
    loop {
        let exposition = read_exposition(&http::body(server.http, "/metrics").unwrap());
        let sql = read_sql(client).await;
        if sql.referrals_of_the_day(PASS_PROVIDER) == Some(referrals)
            && exposition.as_of_micros / 1_000 == sql.as_of_micros / 1_000
            && let Some(json) = read_json(server, sql.as_of_micros)
        {
            return [exposition, sql, json];
        }
        assert!(begun.elapsed() < PATIENCE, "no three readings of one instant");
    }
}

fn differences(one: &Numbers, other: &Numbers, names: &str) -> Vec<String> {
    let all: BTreeMap<_, _> = one.counts.iter().chain(&other.counts).map(|(key, _)| (key, ())).collect();
    let differing = all.into_keys().filter(|key| one.counts.get(*key) != other.counts.get(*key));
    differing
        .map(|key| format!("{names}: {key:?}: {:?} and {:?}", one.counts.get(key), other.counts.get(key)))
        .collect()
}

/// Publishes one referral after the other until its sender is dropped.
fn flow(server: &Server, stop: mpsc::Receiver<()>) -> i64 {
    let mut number = 0;
    while stop.recv_timeout(FLOW_PAUSE) == Err(mpsc::RecvTimeoutError::Timeout) {
        server.publish(vec![planted::received(FLOW_PROVIDER, number, Utc::now())]);
        number += 1;
    }
    number
}

/// A board and SQL of one instant say the same.
async fn board_of_one_instant(server: &Server, client: &tokio_postgres::Client, level: &str, area: &str) {
    let begun = Instant::now();
    loop {
        let sql = read_sql(client).await;
        if let Some((compared, faults)) = compare_board(server, level, area, &sql) {
            assert!(faults.is_empty(), "{area}: {} differ:\n{}", faults.len(), faults.join("\n"));
            assert!(compared >= 8, "only {compared} figures of {area} were compared");
            println!("{area}: {compared} figures of its board agree at {}", sql.as_of_micros);
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "no board and SQL of one instant");
    }
}

#[test]
fn metrics_sql_and_json_agree_to_the_last_digit_while_data_flows() {
    let server = Server::start(false, 20);
    let (stop, stopped) = mpsc::channel();
    std::thread::scope(|scope| {
        let running = &server;
        let flowing = scope.spawn(move || flow(running, stopped));
        tokio::runtime::Runtime::new().unwrap().block_on(compare(&server));
        drop(stop);
        assert!(flowing.join().unwrap() > 1, "nothing flowed meanwhile");
    });
}

async fn compare(server: &Server) {
    let client = connection::connect(server).await;
    let mut instants = Vec::new();
    for pass in 0..PASSES {
        let now = Utc::now();
        server.publish((0..40).map(|number| planted::received(PASS_PROVIDER, 40 * pass + number, now)).collect());
        let [exposition, sql, json] = read_one_instant(server, &client, 40 * (pass + 1)).await;
        let mut faults = differences(&exposition, &sql, "metrics and SQL");
        faults.extend(differences(&sql, &json, "SQL and JSON"));
        assert!(faults.is_empty(), "pass {pass}: {} differ:\n{}", faults.len(), faults.join("\n"));
        assert_eq!(sql.values, json.values, "pass {pass}: values and intervals of SQL and JSON");
        assert!(sql.counts.len() > 100, "only {} figures were compared", sql.counts.len());
        println!("pass {pass}: {} figures agree at {}", sql.counts.len(), sql.as_of_micros);
        instants.push(sql.as_of_micros);
        for (level, area) in BOARDS {
            board_of_one_instant(server, &client, level, area).await;
        }
    }
    instants.dedup();
    assert_eq!(instants.len() as i64, PASSES, "each pass was at an instant of its own");
}
