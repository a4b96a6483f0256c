//! The whole way from Kafka to the lake, against the embedded broker: restarts, rivals, crashes, poison, lost
//! offsets. Every test ends by asking where each record went: in one table, once.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::AsArray as _;
use arrow::datatypes::{Int32Type, Int64Type};
use homeward_contract::clock::SystemClock;
use homeward_contract::feed::{Feed, Table};
use homeward_contract::identity::PseudonymKeys;
use homeward_contract::state;
use homeward_ingest::kafka::{EmbeddedBroker, KafkaConfig, Publisher};
use homeward_ingest::lake::fault::FaultPlan;
use homeward_ingest::lake::{FeedCommit, Lake, OffsetAdvance};
use homeward_ingest::pipeline::{Ingest, IngestError, IngestOptions, run_ingest};
use homeward_ingest::quarantine::{QUARANTINE_TABLE, QuarantineKey};
use homeward_ingest::telemetry::IngestTelemetry;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const RECEIVED: &str = include_str!("../fixtures/handbook/ucr-referral-received-1.json");
const DEADLINE: Duration = Duration::from_secs(60);
const UCR: &str = "homeward.ucr";
const CSDS: &str = "homeward.csds";
/// Two examples that carry a whole state, and the parts of them that a number replaces.
const SPELL: &str = include_str!("../fixtures/handbook/hospital-spell-1.json");
const DEATH: &str = include_str!("../fixtures/handbook/death-1.json");

/// A running pipeline that a test can end.
struct Running {
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), IngestError>>,
    telemetry: Arc<IngestTelemetry>,
}

impl Running {
    async fn end(self) {
        self.shutdown.cancel();
        tokio::time::timeout(DEADLINE, self.task).await.expect("ingest ends in time").unwrap().unwrap();
    }
}

fn ingest(kafka: KafkaConfig, lake: Lake) -> Ingest {
    Ingest {
        kafka,
        options: IngestOptions { commit_interval: Duration::from_millis(20), ..IngestOptions::default() },
        lake,
        keys: Arc::new(PseudonymKeys::from_secret(3, b"homeward-test-key-not-secret")),
        quarantine_key: Arc::new(QuarantineKey::new(1, [7; 32])),
        calendar: Arc::default(),
        clock: Arc::new(SystemClock),
        telemetry: Arc::new(IngestTelemetry::new()),
    }
}

fn start(ingest: Ingest) -> Running {
    let (shutdown, telemetry) = (CancellationToken::new(), Arc::clone(&ingest.telemetry));
    let task = tokio::spawn(run_ingest(ingest, shutdown.clone()));
    Running { shutdown, task, telemetry }
}

async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let deadline = Instant::now() + DEADLINE;
    while !condition().await {
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The `number`th record of the live feed: every tenth is no event at all.
fn event(number: usize) -> (String, Vec<u8>) {
    let key = format!("NR5|SRI-{number}");
    let event = match number % 10 {
        9 => format!("this is not an event {number}"),
        _ => RECEIVED
            .replace("SRI-000912345", &format!("SRI-{number}"))
            .replace("6f0c1a1e-8a2e-4d0e-9a1d-0b8b0c7e5b11", &format!("6f0c1a1e-8a2e-4d0e-9a1d-{number:012}")),
    };
    (key, event.into_bytes())
}

/// The `number`th record of the CSDS feed: a header, a referral, a clock or nonsense.
fn row(number: usize) -> (String, Vec<u8>) {
    let submission = r#"{"id":"NR5-202504-20250512T091500","version":"1.6","provider":"NR5","rp_start":"2025-04-01","rp_end":"2025-04-30","file_received_at":"2025-05-12T08:15:00Z","file_type":"primary"}"#;
    let service_request = format!("S{number}");
    let key = format!("NR5|{service_request}");
    let (key, table, record) = match number % 4 {
        0 => (
            "NR5-202504-20250512T091500".to_owned(),
            "CYP000Header",
            r#"{"Version":"1.6","OrgID_Provider":"NR5","OrgID_Submitter":"NR5","PrimarySystem":"X","RP_StartDate":"2025-04-01","RP_EndDate":"2025-04-30","FileCreation_DateTime":"2025-05-12T09:15:00"}"#.to_owned(),
        ),
        1 => (
            key,
            "CYP101Referral",
            format!(r#"{{"ServiceRequestID":"{service_request}","LocalPatientID":"P{number}","ReferralRequest_ReceivedDate":"2025-04-03"}}"#),
        ),
        2 => (
            key,
            "CYP104RTT",
            format!(r#"{{"ServiceRequestID":"{service_request}","WaitingTime_MeasurementType":"05","RTT_StartDate":"2025-04-03"}}"#),
        ),
        3 if number % 8 == 3 => return (key, b"nonsense".to_vec()),
        // Refused, with its place in the submission known.
        _ => (key, "CYP104RTT", format!(r#"{{"ServiceRequestID":"{service_request}","RTT_StartDate":"yesterday"}}"#)),
    };
    (
        key,
        format!(r#"{{"table":"{table}","submission":{submission},"row_number":{},"record":{record}}}"#, number + 1)
            .into_bytes(),
    )
}

/// The `number`th record of the spells: five versions of each segment, now and then one that ends before it begins.
fn spell(number: usize) -> (String, Vec<u8>) {
    let (spell, version) = (number / 5, number % 5 + 1);
    let event = SPELL
        .replace("SP-70041", &format!("SP-{spell}"))
        .replace("3a6e0f10-9b1c-4d2e-8f30-1b2c3d4e5f01", &format!("3a6e0f10-9b1c-4d2e-8f30-{number:012}"))
        .replace("\"versionid\":\"1\"", &format!("\"versionid\":\"{version}\""));
    let event = match number % 10 {
        9 => event.replace("\"discharged_at\":null", "\"discharged_at\":\"2025-05-01T09:00:00+01:00\""),
        _ => event,
    };
    (format!("RA9|SP-{spell}|1"), event.into_bytes())
}

fn publish(broker: &EmbeddedBroker, topic: &str, records: impl IntoIterator<Item = (String, Vec<u8>)>) {
    let publisher = Publisher::new(&broker.config()).unwrap();
    let records = records.into_iter().map(|(key, payload)| (topic, Some(key.into_bytes()), payload));
    publisher.publish_all(records, |_| ()).unwrap();
}

fn broker() -> EmbeddedBroker {
    let broker = EmbeddedBroker::start().unwrap();
    broker.create_topic(UCR, 3).unwrap();
    broker.create_topic(CSDS, 1).unwrap();
    for feed in Feed::ALL.into_iter().filter(|feed| ![Feed::Ucr, Feed::Csds].contains(feed)) {
        broker.create_topic(feed.default_topic(), if feed == Feed::Spell { 3 } else { 1 }).unwrap();
    }
    broker
}

async fn frontier_total(lake: &Lake, feed: Feed) -> i64 {
    lake.frontier(feed).await.unwrap().values().sum()
}

/// Where every record of a topic went: its place, and the table that holds it. Fails on a record held twice, but for
/// refused rows, which are in quarantine and leave their place in a table of their own, once.
async fn places(lake: &Lake, topic: &str) -> BTreeMap<(i32, i64), String> {
    let (refused, mut places) = (Table::CsdsRefusedRow.name(), BTreeMap::new());
    let warnings = Table::CsdsRowWarning.name();
    let noted = places_in(lake, topic, &[refused.to_owned()]).await;
    let tables: Vec<String> =
        lake.table_names().unwrap().into_iter().filter(|name| name != refused && *name != warnings).collect();
    places.extend(places_in(lake, topic, &tables).await);
    for place in noted.keys() {
        assert_eq!(places[place], QUARANTINE_TABLE, "{place:?} of {refused}");
    }
    places
}

async fn places_in(lake: &Lake, topic: &str, tables: &[String]) -> BTreeMap<(i32, i64), String> {
    let mut places = BTreeMap::new();
    for name in tables {
        for batch in lake.read_columns(name, &["topic", "partition", "offset"]).await.unwrap() {
            let topics = batch.column(0).as_string::<i32>();
            let (partitions, offsets) =
                (batch.column(1).as_primitive::<Int32Type>(), batch.column(2).as_primitive::<Int64Type>());
            for at in (0..batch.num_rows()).filter(|&at| topics.value(at) == topic) {
                let place = (partitions.value(at), offsets.value(at));
                let twice = places.insert(place, name.clone());
                assert_eq!(twice, None, "{topic} {place:?} is also in {name}");
            }
        }
    }
    places
}

/// Every offset below the frontier is held once, and there are `records` of them.
async fn assert_conserved(root: &Path, feed: Feed, records: usize) -> BTreeMap<(i32, i64), String> {
    let lake = Lake::open(root).unwrap();
    let topic = feed.default_topic();
    let places = places(&lake, topic).await;
    let due: BTreeSet<(i32, i64)> = lake
        .frontier(feed)
        .await
        .unwrap()
        .into_iter()
        .flat_map(|((_, partition), next)| (0..next).map(move |offset| (partition, offset)))
        .collect();
    assert_eq!(places.keys().copied().collect::<BTreeSet<_>>(), due);
    assert_eq!(places.len(), records);
    places
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_record_lands_once_across_restarts_after_commits() {
    let (broker, dir) = (broker(), tempfile::tempdir().unwrap());
    publish(&broker, UCR, (0..300).map(event));
    let mut consumed = 0;
    for more in [300, 330, 360] {
        let lake = Lake::open(dir.path()).unwrap();
        let before = frontier_total(&lake, Feed::Ucr).await;
        let mut ingest = ingest(broker.config(), lake.clone());
        // A batch of about ten records: many commits, and an end in the middle of the first 300.
        ingest.options.batch_bytes_max = 12_000;
        let running = start(ingest);
        until("a commit", async || frontier_total(&lake, Feed::Ucr).await > before).await;
        let telemetry = Arc::clone(&running.telemetry);
        running.end().await;
        for counters in telemetry.snapshot().partitions.values() {
            assert_eq!(counters.consumed, counters.accepted + counters.quarantined + counters.filtered);
            consumed += counters.consumed;
        }
        assert_eq!(i64::try_from(consumed).unwrap(), frontier_total(&Lake::open(dir.path()).unwrap(), Feed::Ucr).await);
        publish(&broker, UCR, (more..more + 30).map(event));
    }
    let lake = Lake::open(dir.path()).unwrap();
    let running = start(ingest(broker.config(), lake.clone()));
    until("all records", async || frontier_total(&lake, Feed::Ucr).await == 390).await;
    // A batch is counted after it is durable.
    let watermark = || running.telemetry.snapshot().watermarks.get("NR5").map(chrono::DateTime::to_rfc3339);
    until("the watermark", async || watermark().as_deref() == Some("2025-06-12T09:02:30+00:00")).await;
    running.end().await;
    let places = assert_conserved(dir.path(), Feed::Ucr, 390).await;
    assert_eq!(places.values().filter(|table| *table == QUARANTINE_TABLE).count(), 39);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rivals_on_the_same_partitions_never_write_a_record_twice() {
    let (broker, dir) = (broker(), tempfile::tempdir().unwrap());
    publish(&broker, UCR, (0..200).map(event));
    // Two groups own every partition at once: what a zombie of the same group does for a moment, they do for ever.
    let rivals: Vec<_> = ["a", "b"]
        .into_iter()
        .map(|group| {
            let mut kafka = broker.config();
            kafka.group_id = group.to_owned();
            let mut ingest = ingest(kafka, Lake::open(dir.path()).unwrap());
            ingest.options.batch_bytes_max = 8_000;
            start(ingest)
        })
        .collect();
    let lake = Lake::open(dir.path()).unwrap();
    for round in 1..=4 {
        until("a round of records", async || frontier_total(&lake, Feed::Ucr).await == round * 200).await;
        if round < 4 {
            let first = usize::try_from(round * 200).unwrap();
            publish(&broker, UCR, (first..first + 200).map(event));
        }
    }
    let fenced: u64 = rivals.iter().map(|rival| rival.telemetry.snapshot().feeds[&Feed::Ucr].fenced).sum();
    assert!(fenced > 0, "the rivals met");
    for rival in rivals {
        rival.end().await;
    }
    assert_conserved(dir.path(), Feed::Ucr, 800).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_the_commits_of_a_batch_loses_and_doubles_nothing() {
    let broker = broker();
    publish(&broker, CSDS, (0..40).map(row));
    for crash_at in [2, 4, 6, 8] {
        let dir = tempfile::tempdir().unwrap();
        let plan = Arc::new(FaultPlan::die_at("_delta_log/0000", crash_at));
        let doomed = Lake::open_with_gate(dir.path(), Arc::clone(&plan) as _).unwrap();
        let mut kafka = broker.config();
        kafka.topics.remove(&Feed::Ucr);
        kafka.group_id = format!("crash-{crash_at}");
        let running = start(ingest(kafka.clone(), doomed));
        until("the crash", async || plan.has_fired()).await;
        until("the failure is counted", async || running.telemetry.snapshot().feeds[&Feed::Csds].retries > 0).await;
        running.end().await;

        let lake = Lake::open(dir.path()).unwrap();
        assert_eq!(frontier_total(&lake, Feed::Csds).await, 0, "the anchor commits last");
        let running = start(ingest(kafka, lake.clone()));
        until("all records", async || frontier_total(&lake, Feed::Csds).await == 40).await;
        running.end().await;
        let places = assert_conserved(dir.path(), Feed::Csds, 40).await;
        let tables: BTreeSet<_> = places.into_values().collect();
        assert_eq!(tables.len(), 4, "{tables:?}");
        let refused = places_in(&lake, CSDS, &[Table::CsdsRefusedRow.name().to_owned()]).await;
        assert_eq!(refused.len(), 5, "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_and_recovers_only_costs_time() {
    let (broker, dir) = (broker(), tempfile::tempdir().unwrap());
    publish(&broker, CSDS, (0..40).map(row));
    let plan = Arc::new(FaultPlan::outage_at("_delta_log/0000", 11, 3));
    let lake = Lake::open_with_gate(dir.path(), Arc::clone(&plan) as _).unwrap();
    let mut ingest = ingest(broker.config(), lake.clone());
    ingest.options.batch_bytes_max = 4_000;
    let running = start(ingest);
    until("all records", async || frontier_total(&lake, Feed::Csds).await == 40).await;
    publish(&broker, CSDS, (40..80).map(row));
    until("the records after", async || frontier_total(&lake, Feed::Csds).await == 80).await;
    assert!(plan.has_fired());
    assert!(running.telemetry.snapshot().feeds[&Feed::Csds].retries > 0);
    running.end().await;
    assert_conserved(dir.path(), Feed::Csds, 80).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poisoned_feed_stops_with_a_reason_and_leaves_the_other_alone() {
    let (broker, dir) = (broker(), tempfile::tempdir().unwrap());
    publish(&broker, UCR, (0..600).map(|number| (format!("k{number}"), b"<xml/>".to_vec())));
    publish(&broker, CSDS, (0..40).map(row));
    let lake = Lake::open(dir.path()).unwrap();
    let running = start(ingest(broker.config(), lake.clone()));
    let stopped =
        async || running.telemetry.snapshot().feeds.get(&Feed::Ucr).is_some_and(|feed| feed.stopped.is_some());
    until("the stop", stopped).await;
    until("the other feed", async || frontier_total(&lake, Feed::Csds).await == 40).await;
    publish(&broker, CSDS, (40..44).map(row));
    until("the other feed goes on", async || frontier_total(&lake, Feed::Csds).await == 44).await;
    let counters = running.telemetry.snapshot();
    let reason = counters.feeds[&Feed::Ucr].stopped.clone().unwrap();
    assert!(reason.contains("were refused") && reason.contains("HW-") && reason.contains("restart"), "{reason}");
    assert_eq!(counters.feeds[&Feed::Csds].stopped, None);
    assert_eq!(frontier_total(&lake, Feed::Ucr).await, 0);
    running.end().await;
    assert_conserved(dir.path(), Feed::Csds, 44).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offsets_that_kafka_no_longer_holds_stop_the_feed_with_the_places() {
    let (broker, dir) = (broker(), tempfile::tempdir().unwrap());
    publish(&broker, CSDS, (0..8).map(row));
    let lake = Lake::open(dir.path()).unwrap();
    let offsets = vec![OffsetAdvance { topic: CSDS.to_owned(), partition: 0, from: 0, next: 1_000 }];
    lake.commit(FeedCommit { feed: Feed::Csds, tables: vec![], quarantine: None, offsets }).await.unwrap();
    let running = start(ingest(broker.config(), lake.clone()));
    let reason = async || running.telemetry.snapshot().feeds.get(&Feed::Csds).and_then(|feed| feed.stopped.clone());
    until("the stop", async || reason().await.is_some()).await;
    let reason = reason().await.unwrap();
    assert!(reason.contains("homeward.csds/0 expects offset 1000, Kafka holds 0 to 8"), "{reason}");
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_of_one_group_share_the_partitions_and_hand_them_over() {
    let (broker, dir) = (broker(), tempfile::tempdir().unwrap());
    publish(&broker, UCR, (0..120).map(event));
    let lake = Lake::open(dir.path()).unwrap();
    let member = || start(ingest(broker.config(), Lake::open(dir.path()).unwrap()));
    let first = member();
    until("the first records", async || frontier_total(&lake, Feed::Ucr).await == 120).await;
    let second = member();
    let reads = |running: &Running| {
        let counters = running.telemetry.snapshot();
        counters.partitions.iter().filter(|((feed, ..), own)| *feed == Feed::Ucr && own.frontier.is_some()).count()
    };
    until("the partitions are shared", async || {
        reads(&first) > 0 && reads(&second) > 0 && reads(&first) + reads(&second) == 3
    })
    .await;
    publish(&broker, UCR, (120..240).map(event));
    until("both take in records", async || frontier_total(&lake, Feed::Ucr).await == 240).await;
    first.end().await;
    publish(&broker, UCR, (240..360).map(event));
    until("the second takes over", async || frontier_total(&lake, Feed::Ucr).await == 360).await;
    second.end().await;
    assert_conserved(dir.path(), Feed::Ucr, 360).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_in_the_feed_of_spells_loses_and_doubles_nothing() {
    let broker = broker();
    publish(&broker, Feed::Spell.default_topic(), (0..200).map(spell));
    for crash_at in [1, 2, 5] {
        let dir = tempfile::tempdir().unwrap();
        let plan = Arc::new(FaultPlan::die_at("_delta_log/0000", crash_at));
        let doomed = Lake::open_with_gate(dir.path(), Arc::clone(&plan) as _).unwrap();
        let mut kafka = broker.config();
        kafka.topics.retain(|feed, _| *feed == Feed::Spell);
        kafka.group_id = format!("spells-{crash_at}");
        let ingest_with = |lake: Lake| {
            let mut ingest = ingest(kafka.clone(), lake);
            ingest.options.batch_bytes_max = 40_000;
            ingest
        };
        let running = start(ingest_with(doomed));
        until("the crash", async || plan.has_fired()).await;
        until("the failure is counted", async || running.telemetry.snapshot().feeds[&Feed::Spell].retries > 0).await;
        running.end().await;

        let lake = Lake::open(dir.path()).unwrap();
        assert!(frontier_total(&lake, Feed::Spell).await < 200, "it died on the way");
        let running = start(ingest_with(lake.clone()));
        until("all records", async || frontier_total(&lake, Feed::Spell).await == 200).await;
        running.end().await;
        let places = assert_conserved(dir.path(), Feed::Spell, 200).await;
        let held = |table: &str| places.values().filter(|name| *name == table).count();
        assert_eq!((held(Table::HospitalSpell.name()), held(QUARANTINE_TABLE)), (180, 20));
    }
}

/// Every feed of whole states at once; what is refused waits in quarantine with its bytes and its reason.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_feed_of_states_has_its_table_and_its_quarantine() {
    let (broker, dir) = (broker(), tempfile::tempdir().unwrap());
    let examples = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/handbook")).unwrap();
    let mut sent: BTreeMap<Feed, usize> = BTreeMap::new();
    for path in examples.map(|entry| entry.unwrap().path()) {
        let text = std::fs::read_to_string(&path).unwrap();
        let event: serde_json::Value = serde_json::from_str(&text).unwrap();
        let Some((feed, _)) = state::from_wire_name(event["type"].as_str().unwrap()) else { continue };
        let subject = event["subject"].as_str().unwrap().to_owned();
        let broken = text.replace("\"specversion\":\"1.0\"", "\"specversion\":\"2.0\"").into_bytes();
        publish(&broker, feed.default_topic(), [(subject.clone(), text.into_bytes()), (subject, broken)]);
        *sent.entry(feed).or_default() += 2;
    }
    assert_eq!(sent.keys().copied().collect::<Vec<_>>(), Feed::STATES);
    // A death of whom the sender knows the number alone: it is in no column and no name of a file.
    let by_number = DEATH
        .replace(
            "\"pseudonym\":\"4TcIg4VBBqwJqCdJ71jdpYm51ioUFiIFaxFovmpzJQ8\",\"keyVersion\":3",
            "\"nhsNumber\":\"9990000018\"",
        )
        .replace("4TcIg4VBBqwJqCdJ71jdpYm51ioUFiIFaxFovmpzJQ8", "9990000018");
    publish(&broker, Feed::Death.default_topic(), [("QJK|9990000018".to_owned(), by_number.into_bytes())]);
    *sent.entry(Feed::Death).or_default() += 1;

    let lake = Lake::open(dir.path()).unwrap();
    let running = start(ingest(broker.config(), lake.clone()));
    for (feed, records) in &sent {
        let all = i64::try_from(*records).unwrap();
        until("all records of a feed", async || frontier_total(&lake, *feed).await == all).await;
    }
    running.end().await;
    for (feed, records) in sent {
        let places = assert_conserved(dir.path(), feed, records).await;
        let refused = places.values().filter(|name| *name == QUARANTINE_TABLE).count();
        assert_eq!(refused, records / 2, "{feed}");
        assert!(places.values().any(|name| name == feed.anchor().name()), "{feed}");
    }
    for batch in lake.read_columns("quarantine", &["code"]).await.unwrap() {
        assert!(batch.column(0).as_string::<i32>().iter().all(|code| code == Some("HW-STATE-001")));
    }
    let deaths = lake.read_columns("death", &["subject", "pseudonym"]).await.unwrap();
    let of = |column: usize| -> BTreeSet<String> {
        let texts = deaths.iter().flat_map(|batch| batch.column(column).as_string::<i32>().iter().flatten());
        texts.map(|text| text.trim_start_matches("QJK|").to_owned()).collect()
    };
    assert_eq!(of(0), of(1));
    assert!(of(0).contains("vMBWuQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy5hg"));
}
