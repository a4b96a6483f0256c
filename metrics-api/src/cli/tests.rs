//! Whole sub-commands: arguments in, files and a broker beside them, text out.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use homeward_contract::calendar::FileType;
use homeward_contract::clock::SystemClock;
use homeward_contract::feed::Feed;
use homeward_contract::reject::RejectCode;
use homeward_ingest::decode::{Disposition, Place, Refusal};
use homeward_ingest::kafka::{EmbeddedBroker, Publisher};
use homeward_ingest::lake::{FeedCommit, Lake, OffsetAdvance};
use homeward_ingest::pipeline::{Ingest, IngestOptions, run_ingest};
use homeward_ingest::quarantine::{QUARANTINE_TABLE, QuarantineKey, refusals_to_batch};
use homeward_ingest::telemetry::IngestTelemetry;
use homeward_simulator::SubmissionFiles;
use homeward_simulator::published::{self, PublishedRow};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::facts::decode_records;
use crate::planted;

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// A folder with a configuration, a lake and whatever a test puts there.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new(brokers: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lake = folder.path().join("lake");
        let text = format!(
            "[lake]\npath = '{}'\n[kafka]\nbrokers = '{brokers}'\n[keys]\nquarantine = '{KEY}'\n",
            lake.display()
        );
        std::fs::write(folder.path().join("homeward.toml"), text).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn run(&self, arguments: &[&str]) -> Result<(Outcome, String), CliError> {
        let config = self.path("homeward.toml");
        let start = ["homeward", "--config", config.to_str().unwrap()];
        let line = start.iter().chain(arguments);
        let mut out = Vec::new();
        let outcome = run(Cli::try_parse_from(line).unwrap(), &mut out).await?;
        Ok((outcome, String::from_utf8(out).unwrap()))
    }

    /// Writes a submission's folder and returns its path.
    fn save(&self, submission: &SubmissionFiles) -> String {
        let folder = self.path(&submission.folder);
        std::fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in submission.files() {
            std::fs::write(folder.join(name), bytes).unwrap();
        }
        folder.display().to_string()
    }

    fn events(&self) -> String {
        let path = self.path("events.ndjson");
        let lines: Vec<String> =
            planted::records().into_iter().map(|record| String::from_utf8(record.payload).unwrap()).collect();
        std::fs::write(&path, lines.join("\n")).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn evaluate_prints_exactly_the_columns_of_the_interface() {
    let desk = Desk::new("");
    let events = desk.events();
    let evaluate = ["evaluate", &events, "--indicator", "ucr-two-hour-response", "--by", "provider,window"];
    let more = ["--basis", "live", "--as-of", "2025-06-12T15:00", "--format"];
    let arguments = |format| [&evaluate[..], &more[..], &[format]].concat();
    let (_, csv) = desk.run(&arguments("csv")).await.unwrap();
    let mut lines = csv.lines();
    let header = "indicator,version,basis,provider,window,period_start,period_end,numerator,denominator,value,lower,upper,status,flags,release,as_of";
    assert_eq!(lines.next(), Some(header));
    let figure = csv.lines().find(|line| line.contains(",28d,")).unwrap();
    assert!(
        figure.starts_with("ucr-two-hour-response,1,live,NR5,28d,") && figure.contains(",27,40,0.675,"),
        "{figure}"
    );
    assert!(figure.ends_with("2025-06-12T14:00:00Z"), "{figure}");
    let (_, json) = desk.run(&arguments("json")).await.unwrap();
    let rows: Vec<serde_json::Map<String, serde_json::Value>> = serde_json::from_str(&json).unwrap();
    let mut columns: Vec<&str> = header.split(',').collect();
    columns.sort_unstable();
    assert_eq!(rows[0].keys().map(String::as_str).collect::<Vec<_>>(), columns);
    let (_, table) = desk.run(&arguments("table")).await.unwrap();
    assert!(table.contains("0.675000"), "{table}");
}

#[tokio::test]
async fn evaluate_says_suppressed_and_no_data() {
    let desk = Desk::new("");
    let events = desk.events();
    let line = |release| {
        [
            "evaluate",
            &events,
            "--indicator",
            "ucr-open-clocks",
            "--by",
            "provider,band",
            "--as-of",
            "2025-06-12T15:00",
            "--release",
            release,
            "--format",
            "csv",
        ]
        .map(str::to_owned)
    };
    let run = async |release| {
        let line = line(release);
        desk.run(&line.iter().map(String::as_str).collect::<Vec<_>>()).await.unwrap().1
    };
    let exact = run("internal-live").await;
    assert!(exact.contains(",NR5,90_to_120m,") && exact.contains(",1,no data,1,no data,no data,"), "{exact}");
    let public = run("public-hes").await;
    assert!(public.contains(",suppressed,no data,suppressed,"), "{public}");
}

#[tokio::test]
async fn evaluate_holds_a_network_back_but_by_the_week_and_in_months_that_are_over() {
    let desk = Desk::new("");
    let events = desk.events();
    let evaluate = async |indicator: &str, by: &str, as_of: &str| {
        let start = ["evaluate", &events, "--indicator", indicator, "--by", by, "--as-of", as_of, "--format", "csv"];
        desk.run(&start).await.map(|(_, csv)| csv.lines().skip(1).map(str::to_owned).collect::<Vec<_>>())
    };
    let (during, after) = ("2025-06-12T15:00", "2025-07-01T00:00");
    for (indicator, by) in [("ucr-referrals", "pcn,day"), ("ucr-referrals", "pcn"), ("ucr-open-clocks", "pcn,band")] {
        let refused = evaluate(indicator, by, during).await.unwrap_err().to_string();
        assert!(refused.contains("windows of 7 and 28 days"), "{indicator} by {by}: {refused}");
    }
    let windows = evaluate("ucr-referrals", "pcn,window", during).await.unwrap();
    assert_eq!(windows.len(), 2, "{windows:?}");
    assert!(windows.iter().all(|row| row.contains(",7d,") || row.contains(",28d,")), "{windows:?}");
    assert!(evaluate("ucr-referrals", "pcn,month", during).await.unwrap().is_empty(), "the month is under way");
    assert_eq!(evaluate("ucr-referrals", "pcn,month", after).await.unwrap().len(), 1);
}

#[tokio::test]
async fn faults_of_arguments_say_what_to_write() {
    let desk = Desk::new("");
    let events = desk.events();
    for (arguments, words) in [
        (vec!["evaluate", "/no/such/path", "--indicator", "ucr-referrals"], "spelling of the path"),
        (vec!["evaluate", &events, "--indicator", "ucr"], "use one of"),
        (vec!["evaluate", &events, "--indicator", "ucr-referrals", "--basis", "guess"], "no basis 'guess'"),
        (vec!["evaluate", &events, "--indicator", "ucr-referrals", "--release", "all"], "internal-live"),
        (vec!["evaluate", &events, "--indicator", "ucr-referrals", "--by", "day,month"], "one period"),
        (vec!["evaluate", &events, "--indicator", "ucr-response-minutes-p90", "--by", "provider"], "do not add up"),
        (
            vec!["evaluate", &events, "--indicator", "ucr-response-minutes-p90", "--by", "pcn,provider,month"],
            "at most one",
        ),
        (vec!["indicator", "explain", "x"], "use one of"),
        (vec!["indicator", "list", "--definitions", "/no/such"], "/no/such"),
        (vec!["load", &events], "no broker is named"),
        (vec!["quarantine", "list"], "no lake"),
        (vec!["run", "--roles", "serve"], "transform,serve"),
        (vec!["run"], "2 faults"),
    ] {
        let message = desk.run(&arguments).await.unwrap_err().to_string();
        assert!(message.contains(words), "{arguments:?}: '{words}' is not in: {message}");
    }
}

#[tokio::test]
async fn indicators_are_listed_and_explained() {
    let desk = Desk::new("");
    let (_, list) = desk.run(&["indicator", "list"]).await.unwrap();
    let built_in = homeward_transform::definition::Catalogue::builtin().unwrap();
    assert_eq!(list.lines().count(), built_in.iter().count(), "{list}");
    let (_, text) = desk.run(&["indicator", "explain", "ucr-two-hour-response"]).await.unwrap();
    for words in ["Counted", "Out of", "local 0.8", "national 0.7", "Bases", "published", "SQL"] {
        assert!(text.contains(words), "'{words}' is not in: {text}");
    }
}

#[tokio::test]
async fn load_publishes_with_a_receipt() {
    let broker = EmbeddedBroker::start().unwrap();
    broker.create_topic("homeward.ucr", 2).unwrap();
    let desk = Desk::new(broker.brokers());
    let receipt = desk.path("receipt.json");
    let (outcome, text) = desk.run(&["load", &desk.events(), "--receipt", receipt.to_str().unwrap()]).await.unwrap();
    assert_eq!(outcome, Outcome::Done);
    let records = planted::records().len() as u64;
    assert!(text.contains(&format!("{records} records sent, {records} acknowledged")), "{text}");
    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(&receipt).unwrap()).unwrap();
    let lines = told["partitions"].as_array().unwrap();
    let sum: u64 = lines.iter().map(|line| line["records"].as_u64().unwrap()).sum();
    assert_eq!(sum, records);
}

#[tokio::test]
async fn quarantine_is_listed_shown_and_replayed_once() {
    let broker = EmbeddedBroker::start().unwrap();
    broker.create_topic("homeward.ucr", 1).unwrap();
    let desk = Desk::new(broker.brokers());
    let lake = Lake::open(&desk.path("lake")).unwrap();
    let refusal = Refusal {
        place: Place { topic: "homeward.ucr".into(), partition: 3, offset: 1042 },
        disposition: Disposition::Quarantined,
        code: RejectCode::ALL[0],
        detail: "time is missing".to_owned(),
        payload: br#"{"subject":"NR5|S1","note":"original bytes"}"#.to_vec(),
    };
    let key = QuarantineKey::from_secret(1, KEY.as_bytes()).unwrap();
    let batch = refusals_to_batch(Feed::Ucr, &[refusal], &key, planted::as_of()).unwrap();
    lake.append(QUARANTINE_TABLE, batch).await.unwrap();

    let (_, list) = desk.run(&["quarantine", "list", "--waiting"]).await.unwrap();
    assert!(
        list.contains("ucr/3/1042") && list.contains("time is missing") && list.contains("1 of 1 entries"),
        "{list}"
    );
    assert!(!list.contains("original bytes"));
    let (_, shown) = desk.run(&["quarantine", "show", "ucr/3/1042"]).await.unwrap();
    assert!(shown.contains("Mend") && shown.contains("not yet") && !shown.contains("original bytes"), "{shown}");
    let (_, shown) = desk.run(&["quarantine", "show", "ucr/3/1042", "--bytes"]).await.unwrap();
    assert!(shown.contains("original bytes"), "{shown}");

    let (_, replayed) = desk.run(&["quarantine", "replay", "--all"]).await.unwrap();
    assert!(replayed.contains("1 records published again"), "{replayed}");
    let (_, list) = desk.run(&["quarantine", "list", "--waiting"]).await.unwrap();
    assert!(list.contains("0 of 0 entries"), "{list}");
    let (_, again) = desk.run(&["quarantine", "replay", "--all"]).await.unwrap();
    assert!(again.contains("0 records"), "a second replay of all finds nothing to do: {again}");
    let error = desk.run(&["quarantine", "show", "ucr/9/9"]).await.unwrap_err();
    assert!(error.to_string().contains("quarantine list"), "{error}");
}

/// A lake with the planted events of June 2025.
async fn fill_lake(desk: &Desk) {
    let lake = Lake::open(&desk.path("lake")).unwrap();
    let decoded = decode_records(&planted::records(), &crate::keys::of_this_run(), planted::as_of());
    for batch in decoded {
        let offsets = vec![OffsetAdvance { topic: "homeward.ucr".to_owned(), partition: 0, from: 0, next: 100 }];
        lake.commit(FeedCommit { feed: Feed::Ucr, tables: batch.tables, quarantine: None, offsets }).await.unwrap();
    }
}

#[tokio::test]
async fn sql_answers_over_the_lake_in_three_formats_and_writes_nothing() {
    let desk = Desk::new("");
    let missing = desk.run(&["sql", "SELECT 1"]).await.unwrap_err().to_string();
    assert!(missing.contains("there is no lake") && missing.contains("--lake"), "{missing}");
    fill_lake(&desk).await;
    let query = "SELECT area, period, numerator, denominator, value, band, first_day FROM outcomes.ucr_two_hour_response \
                 WHERE basis = 'live' AND level = 'provider' AND period_kind = 'month'";
    let (_, csv) = desk.run(&["sql", query, "--format", "csv"]).await.unwrap();
    // 40 clocks were stopped, 27 of them in time; the one left open has been past two hours since that June.
    let value = 27.0 / 41.0;
    assert_eq!(
        csv,
        format!("area,period,numerator,denominator,value,band,first_day\nNR5,2025-06,27,41,{value},,2025-06-01\n")
    );
    let (_, json) = desk.run(&["sql", query, "--format", "json"]).await.unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let expected = serde_json::json!([{"area": "NR5", "period": "2025-06", "numerator": 27, "denominator": 41,
        "value": value, "band": null, "first_day": "2025-06-01"}]);
    assert_eq!(json, expected);
    let (_, table) = desk.run(&["sql", "SELECT number, file FROM meta.example_queries"]).await.unwrap();
    assert!(table.contains("16") && table.ends_with("(16 rows)\n"), "{table}");
    let lake = Lake::open(&desk.path("lake")).unwrap();
    assert_eq!(lake.version("figure_version").await.unwrap(), None, "a query keeps no history");
}

#[tokio::test]
async fn sql_refuses_what_the_wire_refuses_and_rounds_by_the_policy_asked_for() {
    let desk = Desk::new("");
    fill_lake(&desk).await;
    for refused in ["DROP TABLE outcomes.figures", "COPY (SELECT 1) TO 'stolen.csv'", "SELECT 1; SELECT 2"] {
        assert!(matches!(desk.run(&["sql", refused]).await, Err(CliError::Sql(_))), "{refused}");
    }
    let error = desk.run(&["sql", "SELECT nonsense FROM outcomes.figures"]).await.unwrap_err().to_string();
    assert!(error.contains("meta.data_dictionary"), "{error}");
    let unknown = desk.run(&["sql", "SELECT 1", "--release", "none"]).await.unwrap_err().to_string();
    assert!(unknown.contains("ucr-publication"), "{unknown}");
    let own = "SELECT release, tick FROM meta.policies WHERE is_yours";
    let (_, policy) = desk.run(&["sql", own, "--release", "public-hes", "--format", "csv"]).await.unwrap();
    assert_eq!(policy, "release,tick\npublic-hes/1,day\n");
}

/// Reads what is on a feed's topic into the desk's lake until it holds so many records.
async fn take_in(desk: &Desk, broker: &EmbeddedBroker, feed: Feed, records: usize) {
    let lake = Lake::open(&desk.path("lake")).unwrap();
    let mut kafka = broker.config();
    kafka.topics.retain(|held, _| *held == feed);
    let ingest = Ingest {
        kafka,
        options: IngestOptions { commit_interval: Duration::from_millis(20), ..IngestOptions::default() },
        lake: lake.clone(),
        keys: Arc::new(crate::keys::of_this_run()),
        quarantine_key: Arc::new(QuarantineKey::from_secret(1, KEY.as_bytes()).unwrap()),
        calendar: Arc::default(),
        clock: Arc::new(SystemClock),
        telemetry: Arc::new(IngestTelemetry::new()),
    };
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(run_ingest(ingest, shutdown.clone()));
    let deadline = Instant::now() + Duration::from_secs(60);
    while lake.frontier(feed).await.unwrap().values().sum::<i64>() < i64::try_from(records).unwrap() {
        assert!(Instant::now() < deadline, "{records} records in time");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    shutdown.cancel();
    task.await.unwrap().unwrap();
}

/// A published submission as a folder, with the person of its first row refused (D14).
fn spoiled_folder(desk: &Desk) -> (String, String, usize) {
    let row = PublishedRow { provider: "NR5".to_owned(), commissioner: "15N".to_owned(), met: 4, stopped: 5 };
    let primary =
        published::submissions("2025-04-01".parse().unwrap(), FileType::Primary, std::slice::from_ref(&row)).remove(0);
    let folder = desk.save(&primary);
    let people = PathBuf::from(&folder).join("CYP001MPI.csv");
    let mut reader = csv::Reader::from_path(&people).unwrap();
    let names = reader.headers().unwrap().clone();
    let spoilt = names.iter().position(|name| name == "OrgID_LocalPatientID").unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let mut writer = csv::Writer::from_path(&people).unwrap();
    writer.write_record(&names).unwrap();
    for (number, row) in rows.iter().enumerate() {
        writer
            .write_record(row.iter().enumerate().map(|(at, cell)| if number == 0 && at == spoilt { "" } else { cell }))
            .unwrap();
    }
    writer.flush().unwrap();
    (folder, primary.id.clone(), primary.messages().len())
}

/// The text with the last digit of its last time changed: as many rows, all as sound as before.
fn with_another_digit(text: &str) -> String {
    let at = text.rfind(|c: char| c.is_ascii_digit()).unwrap();
    let other = if &text[at..=at] == "0" { "1" } else { "0" };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}

/// D14 through `load`, Kafka and the lake: checked, sent, taken in, sent again, and told row by row.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_tells_what_is_taken_refused_and_changed() {
    let broker = EmbeddedBroker::start().unwrap();
    broker.create_topic("homeward.csds", 1).unwrap();
    let desk = Desk::new(broker.brokers());
    let (folder, id, records) = spoiled_folder(&desk);
    let (_, checked) = desk.run(&["load", &folder, "--check"]).await.unwrap();
    for words in [
        "record   1 x HW-CSDS-023: a mandatory item of the table is absent or empty; send the item",
        "cascade  3 x HW-CSDS-031",
        "1 refused, 3 not counted with them",
        "unknown: there is no lake at hand",
        "nothing was sent",
    ] {
        assert!(checked.contains(words), "'{words}' is not in: {checked}");
    }
    let without = desk.run(&["load", &folder, "--wait", "1"]).await.unwrap_err().to_string();
    assert!(without.contains("there is no lake"), "{without}");

    Lake::open(&desk.path("lake")).unwrap();
    let (_, idle) = desk.run(&["load", &folder, "--wait", "0"]).await.unwrap();
    assert!(idle.contains("has not taken it in within 0 seconds: is 'homeward run'"), "{idle}");
    let file = desk.path("receipt.json");
    let line = ["load", &folder, "--wait", "60", "--receipt", file.to_str().unwrap()];
    let (told, ()) = tokio::join!(desk.run(&line), take_in(&desk, &broker, Feed::Csds, 2 * records));
    let (_, text) = told.unwrap();
    assert!(text.contains("Homeward has taken it in; it counts"), "{text}");
    assert!(text.contains("  NR5 2025-04, ucr-two-hour-response published: no data to "), "{text}");
    assert!(text.contains(" appeared in the Primary"), "{text}");
    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let submission = &told["submissions"][0];
    assert_eq!((&submission["rows_refused"], &submission["rows_cascaded"]), (&1.into(), &3.into()));
    assert_eq!(submission["summary"][0]["code"], "HW-CSDS-023");
    assert_eq!(told["taken_in"], true);
    let moved = told["moved"].as_array().unwrap();
    let published = moved.iter().find(|row| row["indicator"] == "ucr-two-hour-response" && row["basis"] == "published");
    assert_eq!(published.unwrap()["new_denominator"], 4, "one of five clocks fell with its person");

    let (told, ()) = tokio::join!(desk.run(&line), take_in(&desk, &broker, Feed::Csds, 3 * records));
    let (_, again) = told.unwrap();
    assert!(again.contains("held every row of it already, and the same files change nothing; it counts"), "{again}");
    assert!(again.contains("no figure of a provider's month moved"), "{again}");
    let (_, known) = desk.run(&["load", &folder, "--check"]).await.unwrap();
    assert!(known.contains("holds every row of it already"), "{known}");
    let clocks = std::path::Path::new(&folder).join("CYP104RTT.csv");
    let text = std::fs::read_to_string(&clocks).unwrap();
    std::fs::write(&clocks, with_another_digit(&text)).unwrap();
    let (_, changed) = desk.run(&["load", &folder, "--check"]).await.unwrap();
    assert!(changed.contains("holds as many rows under this id that say something else: a file that"), "{changed}");
    std::fs::write(&clocks, text).unwrap();

    let (_, csv) = desk.run(&["submission", "feedback", &id, "--format", "csv"]).await.unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 5, "{csv}");
    assert!(lines[1].starts_with(&format!("{id},record,HW-CSDS-023,CYP001MPI,1,OrgID_LocalPatientID,")), "{csv}");
    assert!(lines[1].contains(",3,csds/0/"), "{csv}");
    assert!(lines[2..].iter().all(|line| line.contains(",CYP001MPI,1,,") && line.contains(",cascade,")), "{csv}");
    let (_, json) = desk.run(&["submission", "feedback", &id, "--format", "json"]).await.unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["entries"].as_array().unwrap().len(), 4);
    let (_, table) = desk.run(&["submission", "feedback", &id]).await.unwrap();
    assert!(table.contains("CYP001MPI row 1 OrgID_LocalPatientID; 3 rows do not count because of it"), "{table}");
    let unknown = desk.run(&["submission", "feedback", "NR5-1"]).await.unwrap_err().to_string();
    assert!(unknown.contains("submission list"), "{unknown}");

    let (_, quality) = desk.run(&["submission", "quality", "--period", "2025-04", "--format", "csv"]).await.unwrap();
    for line in ["NR5,2025-04,rtt_end_time,4,4", "NR5,2025-04,cascaded_rows,3,", "NR5,2025-04,refused_rows,1,"] {
        assert!(quality.lines().any(|each| each == line), "{line} is not in: {quality}");
    }
    let sql = "SELECT provider, period AS month, measure, numerator, denominator FROM outcomes.data_quality";
    let (_, by_sql) = desk.run(&["sql", sql, "--format", "csv"]).await.unwrap();
    assert_eq!(by_sql, quality, "SQL says the same");
    let rounded = ["submission", "quality", "--release", "public-hes", "--format", "csv"];
    let (_, rounded) = desk.run(&rounded).await.unwrap();
    assert!(rounded.contains("NR5,2025-04,cascaded_rows,suppressed,"), "{rounded}");
}

/// April's file of 8 May is a Primary by rule; where the window closed on the 7th, it is a Refresh.
#[tokio::test]
async fn evaluate_tells_a_refresh_by_the_calendar_of_the_file() {
    let desk = Desk::new("localhost:9092");
    let row = PublishedRow { provider: "NR5".to_owned(), commissioner: "15N".to_owned(), met: 4, stopped: 5 };
    let month = "2025-04-01".parse().unwrap();
    let primary = published::submissions(month, FileType::Primary, std::slice::from_ref(&row)).remove(0);
    let folder = desk.save(&primary);
    let evaluate = ["evaluate", &folder, "--indicator", "ucr-two-hour-response", "--by", "provider,month"];
    let arguments = [&evaluate[..], &["--basis", "published", "--format", "csv"]].concat();
    let (_, by_rule) = desk.run(&arguments).await.unwrap();
    assert!(by_rule.contains("4,5,0.8,") && by_rule.contains(",provisional,"), "{by_rule}");
    let file = desk.path("homeward.toml");
    let moved = std::fs::read_to_string(&file).unwrap() + "[submissions.deadlines]\n'2025-05' = '2025-05-07'\n";
    std::fs::write(&file, moved).unwrap();
    let (_, moved) = desk.run(&arguments).await.unwrap();
    assert!(moved.contains("4,5,0.8,") && moved.contains(",final,"), "{moved}");
}

/// Through `load`, Kafka and the lake: whole, then a half-sent Refresh that never shows, then withdrawn and reinstated.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn submissions_are_listed_withdrawn_and_reinstated() {
    let broker = EmbeddedBroker::start().unwrap();
    broker.create_topic("homeward.csds", 1).unwrap();
    let desk = Desk::new(broker.brokers());
    let missing = desk.run(&["submission", "list"]).await.unwrap_err().to_string();
    assert!(missing.contains("there is no lake"), "{missing}");

    let row = PublishedRow { provider: "NR5".to_owned(), commissioner: "15N".to_owned(), met: 4, stopped: 5 };
    let month = "2025-04-01".parse().unwrap();
    let made = |file_type| published::submissions(month, file_type, std::slice::from_ref(&row)).remove(0);
    let (primary, refresh) = (made(FileType::Primary), made(FileType::Refresh));
    let folder = desk.save(&primary);
    desk.run(&["load", &folder]).await.unwrap();
    let whole = primary.messages().len();
    take_in(&desk, &broker, Feed::Csds, whole).await;
    let (primary, refresh_id) = (primary.id, refresh.id.clone());
    let (_, list) = desk.run(&["submission", "list", "--period", "2025-04"]).await.unwrap();
    assert!(list.contains(&format!("{primary} ")) && list.contains("  active\n"), "{list}");
    assert!(list.contains("NR5") && list.contains("refresh missing: its window closed on 2025-06-13"), "{list}");

    // Publishing the Refresh breaks off half-way.
    let half = refresh.messages().len() / 2;
    let publisher = Publisher::new(&broker.config()).unwrap();
    for message in refresh.messages().iter().take(half) {
        publisher.send("homeward.csds", Some(&message.key), &message.payload).unwrap();
    }
    publisher.flush().unwrap();
    let sent = whole + half;
    take_in(&desk, &broker, Feed::Csds, sent).await;
    let (_, faults) = desk.run(&["submission", "list", "--faults"]).await.unwrap();
    assert!(faults.contains(&refresh_id) && faults.contains("incomplete: its header has not arrived"), "{faults}");
    assert!(!faults.contains(&primary), "{faults}");

    let decide = |verb: &'static str, id: String| {
        let words = ["--reason", "wrong month", "--by", "data manager"];
        let line: Vec<String> = ["submission", verb, &id].into_iter().chain(words).map(str::to_owned).collect();
        let desk = &desk;
        async move { desk.run(&line.iter().map(String::as_str).collect::<Vec<_>>()).await }
    };
    let unknown = decide("withdraw", "NR5-1".to_owned()).await.unwrap_err().to_string();
    assert!(unknown.contains("submission list"), "{unknown}");
    let (_, text) = decide("withdraw", primary.clone()).await.unwrap();
    assert!(text.contains("is withdrawn; it was active"), "{text}");
    take_in(&desk, &broker, Feed::Csds, sent + 1).await;
    let (_, shown) = desk.run(&["submission", "show", &primary]).await.unwrap();
    assert!(shown.contains("State      withdrawn") && shown.contains("by data manager: wrong month"), "{shown}");
    decide("reinstate", primary.clone()).await.unwrap();
    take_in(&desk, &broker, Feed::Csds, sent + 2).await;
    let (_, shown) = desk.run(&["submission", "show", &primary]).await.unwrap();
    assert!(shown.contains("State      active"), "{shown}");
    assert_eq!(shown.matches("by data manager: wrong month").count(), 2, "the audit trail keeps both: {shown}");
}

/// A workbook that a person saved as CSV, through `published load`, Kafka and the lake, and again after a correction.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_published_workbook_is_loaded_and_a_corrected_one_supersedes() {
    let broker = EmbeddedBroker::start().unwrap();
    broker.create_topic("homeward.published", 1).unwrap();
    let desk = Desk::new(broker.brokers());
    fill_lake(&desk).await;
    let file = desk.path("Table 1.csv");
    let save = |rate: &str| {
        let head = "Table 1: Percentage of 2-hour UCR referrals,,,\n,,,\n,,,\n,,,\n,,,Month (RTT End Date)\n";
        let header = "ODS Code,Organisation Name,Organisation Type,June 2025 (provisional)\n";
        std::fs::write(&file, format!("{head}{header}NR5,Livewell Southwest,Provider,{rate}\n")).unwrap();
    };
    let load = async || desk.run(&["published", "load", file.to_str().unwrap()]).await;
    save("85%");
    let refused = load().await.unwrap_err().to_string();
    assert!(refused.contains("Table 1.csv") && refused.contains("unrounded"), "{refused}");
    save("0.5");
    let (_, text) = load().await.unwrap();
    assert!(text.contains("1 two_hour_rate, June 2025 to June 2025, 0 blank, June 2025 provisional"), "{text}");
    assert!(text.contains("1 records sent, 1 acknowledged"), "{text}");
    take_in(&desk, &broker, Feed::Published, 1).await;
    let stages = "SELECT stage, numerator, denominator, value, provisional FROM outcomes.reconciliation \
                  WHERE entry = 'stage' ORDER BY position";
    let header = "stage,numerator,denominator,value,provisional\n";
    let (_, csv) = desk.run(&["sql", stages, "--format", "csv"]).await.unwrap();
    assert_eq!(csv, format!("{header}live,27,40,0.675,true\npublished,,,0.5,true\n"), "no submission, no comparison");
    save("0.6");
    load().await.unwrap();
    take_in(&desk, &broker, Feed::Published, 2).await;
    let (_, csv) = desk.run(&["sql", stages, "--format", "csv"]).await.unwrap();
    assert_eq!(csv, format!("{header}live,27,40,0.675,true\npublished,,,0.6,true\n"));
}
