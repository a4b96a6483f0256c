//! The published figures through everything: one month of all England as CSDS submissions, about 120,000 records, goes
//! through a real Apache Kafka into the running service, and as folders into `homeward evaluate`; both give the published
//! percentages of England, the South West, Devon and Devon's providers to the last digit.
//!
//! How the month is planted is told in `transform/tests/published`, which proves every month without a broker.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

#[path = "real_kafka/broker.rs"]
#[allow(dead_code, reason = "made for the tests that do harm to the broker")]
mod broker;
#[path = "real_kafka/http.rs"]
mod http;
#[path = "real_kafka/patience.rs"]
mod patience;
#[path = "../../transform/tests/published/plan.rs"]
#[allow(dead_code, reason = "made for every month, with and without rounding")]
mod plan;
#[path = "../../transform/tests/published/search.rs"]
#[allow(dead_code, reason = "its own tests are elsewhere")]
mod search;
#[path = "../../transform/tests/published/workbook.rs"]
mod workbook;

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chrono::NaiveDate;
use homeward_contract::calendar::FileType;
use homeward_contract::feed::Feed;
use homeward_simulator::published::submissions;
use serde_json::Value;
use tempfile::TempDir;

use broker::{Broker, Security, free_ports};
use patience::until;
use plan::{MonthPlan, Planted};
use workbook::published;

/// England 50,120 of 59,065, Devon 715 of 820.
const MONTH: &str = "2024-09";
const INDICATOR: &str = "ucr-two-hour-response";
/// Patience with the whole month on a busy machine, with a program that is not optimised.
const PATIENCE: Duration = Duration::from_secs(600);

/// The month as submission folders, and room for a configuration, a lake and logs.
struct Month {
    folder: TempDir,
    plan: MonthPlan,
    records: usize,
}

impl Month {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let plan = MonthPlan::of(MONTH);
        let first_day: NaiveDate = format!("{MONTH}-01").parse().unwrap();
        let mut records = 0;
        for submission in submissions(first_day, FileType::Refresh, &plan.rows) {
            let own = folder.path().join("submissions").join(&submission.folder);
            fs::create_dir_all(&own).unwrap();
            for (name, bytes) in submission.files() {
                fs::write(own.join(name), bytes).unwrap();
            }
            records += Feed::Csds.tables().iter().map(|table| submission.rows(*table)).sum::<usize>();
        }
        Self { folder, plan, records }
    }

    fn submissions(&self) -> PathBuf {
        self.folder.path().join("submissions")
    }

    /// What was planted, by the dimension that shows it.
    fn planted(&self) -> impl Iterator<Item = (&'static str, Planted)> {
        let areas = ["nation", "region", "icb"].into_iter().zip(self.plan.areas);
        areas.chain(self.plan.providers.into_iter().map(|provider| ("provider", provider)))
    }

    /// `homeward ARGUMENTS` with its output in a file.
    fn homeward(&self, arguments: &[&str], log: &str) -> Command {
        let output = File::create(self.folder.path().join(log)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_homeward"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.stderr(output.try_clone().unwrap()).stdout(output);
        command
    }

    fn text(&self, log: &str) -> String {
        fs::read_to_string(self.folder.path().join(log)).unwrap_or_default()
    }

    fn configure(&self, broker: &Broker, address: SocketAddr) {
        let text = format!(
            "[lake]\npath = 'lake'\n\n[kafka]\nbrokers = '{brokers}'\n\n[ingest]\nfeeds = ['csds']\n\
             commit_interval_seconds = 2.0\n\n[keys]\npseudonym = '{key}'\nquarantine = '{key}'\n\n[serve]\n\
             bind = '{address}'\n",
            brokers = broker.address(),
            key = "5a".repeat(32),
        );
        fs::write(self.folder.path().join("homeward.toml"), text).unwrap();
    }
}

/// A child that is killed when a test ends, well or not.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when the child is gone and waited for, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_running_service_gives_the_published_percentages() {
    let Some(broker) = Broker::start(Security::None) else { return };
    broker.create_topic(Feed::Csds.default_topic());
    let month = Month::new();
    let [port] = free_ports();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    month.configure(&broker, address);

    let loaded = month.homeward(&["load", path(&month.submissions())], "load.log").status().unwrap();
    assert!(loaded.success(), "homeward load: {}", month.text("load.log"));
    let receipt = format!("{0} records sent, {0} acknowledged", month.records);
    assert!(month.text("load.log").contains(&receipt), "not {receipt}: {}", month.text("load.log"));

    let _running = Running(month.homeward(&["run"], "run.log").spawn().unwrap());
    until("the last record of the month", PATIENCE, || {
        let exposition = http::body(address, "/metrics")?;
        let counted = |what: &str| counted(&exposition, what);
        let seen = (counted("consumed"), counted("accepted"), counted("quarantined") + counted("filtered"));
        if seen == (month.records, month.records, 0) {
            Ok(())
        } else {
            Err(format!("consumed, accepted, refused: {seen:?} of {}\n{}", month.records, month.text("run.log")))
        }
    });
    until("the published figures", PATIENCE, || {
        month.planted().try_for_each(|(by, planted)| {
            let figure = figure_of(address, by, planted.code)?;
            let number = |column: &str| figure[column].as_f64();
            differences(planted, number("numerator"), number("denominator"), number("value"))
                .map_err(|difference| format!("{difference}\n{}", month.text("run.log")))
        })
    });
}

#[test]
fn evaluation_of_the_folders_gives_the_published_percentages() {
    let month = Month::new();
    let runs = ["nation", "region", "icb", "provider"].map(|by| {
        let dimensions = format!("{by},month");
        let folder = month.submissions();
        let arguments = [
            "evaluate",
            path(&folder),
            "--indicator",
            INDICATOR,
            "--by",
            &dimensions,
            "--basis",
            "published",
            "--release",
            "ucr-publication",
            "--format",
            "csv",
        ];
        let status = month.homeward(&arguments, by).status().unwrap();
        assert!(status.success(), "homeward {}: {}", arguments.join(" "), month.text(by));
        (by, rows(&month.text(by)))
    });
    for (by, planted) in month.planted() {
        let (_, rows) = runs.iter().find(|(run, _)| *run == by).unwrap();
        let row = rows.iter().find(|row| cell(row, by) == planted.code).unwrap_or_else(|| panic!("no {by} {rows:?}"));
        let number = |column: &str| cell(row, column).parse().ok();
        assert_eq!((cell(row, "month"), cell(row, "release")), (MONTH, "ucr-publication/1"));
        let difference = differences(planted, number("numerator"), number("denominator"), number("value"));
        assert_eq!(difference, Ok(()));
    }
}

/// Whether a figure is the published one to the last digit, and its counts the pair behind it.
fn differences(
    planted: Planted,
    numerator: Option<f64>,
    denominator: Option<f64>,
    value: Option<f64>,
) -> Result<(), String> {
    let Planted { code, published: pair, .. } = planted;
    let rate = &published(code)[MONTH].rate;
    let counts = (Some(pair.met as f64), Some(pair.stopped as f64));
    if (numerator, denominator) == counts && value.is_some_and(|value| rate.is(value)) {
        return Ok(());
    }
    Err(format!("{code}: {numerator:?} of {denominator:?} is {value:?}, published {rate:?}, {pair:?}"))
}

/// The figure of one area or provider, as the API releases it.
fn figure_of(address: SocketAddr, by: &str, code: &str) -> Result<Value, String> {
    let query = format!("indicator={INDICATOR}&basis=published&by={by}&period={MONTH}&release=ucr-publication");
    let body = http::body(address, &format!("/api/v1/figures?{query}"))?;
    let mut answer: Value = serde_json::from_str(&body).map_err(|error| error.to_string())?;
    let Value::Array(figures) = answer["figures"].take() else { return Err(format!("no list of figures: {body}")) };
    let found = figures.into_iter().find(|figure| figure[by] == code);
    found.ok_or_else(|| format!("no figure of {code} yet"))
}

/// The sum of one of the record counters over all partitions.
fn counted(exposition: &str, what: &str) -> usize {
    let name = format!("homeward_ingest_records_{what}_total{{");
    let samples = exposition.lines().filter(|line| line.starts_with(&name));
    samples.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum()
}

type Row = Vec<(String, String)>;

/// The rows of a CSV output, after what was said on standard error.
fn rows(text: &str) -> Vec<Row> {
    let begin = text.find("indicator,").unwrap_or_else(|| panic!("no table: {text}"));
    let mut reader = csv::Reader::from_reader(&text.as_bytes()[begin..]);
    let header = reader.headers().unwrap().clone();
    let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let records = reader.records().map(Result::unwrap);
    records.map(|record| header.iter().zip(&record).map(|(name, value)| own(name, value)).collect()).collect()
}

fn cell<'r>(row: &'r Row, column: &str) -> &'r str {
    row.iter().find(|(name, _)| name == column).map_or("", |(_, value)| value)
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a temporary folder's name is UTF-8")
}
