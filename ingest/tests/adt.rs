//! HL7 v2 messages from their topic to the facts of spells, against the embedded broker: once each, restarts included, and
//! what is at fault in quarantine with its bytes.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::AsArray as _;
use homeward_contract::clock::{Clock, ManualClock, SystemClock};
use homeward_contract::feed::{Feed, Table};
use homeward_contract::identity::PseudonymKeys;
use homeward_ingest::adt::Wards;
use homeward_ingest::decode::adt_key;
use homeward_ingest::kafka::{EmbeddedBroker, Publisher};
use homeward_ingest::lake::Lake;
use homeward_ingest::pipeline::{Ingest, IngestOptions, run_ingest, unsaid};
use homeward_ingest::quarantine::{QUARANTINE_TABLE, QuarantineKey, batch_to_entries};
use homeward_ingest::telemetry::IngestTelemetry;
use tokio_util::sync::CancellationToken;

const DEADLINE: Duration = Duration::from_secs(60);

fn message(
    control: u32,
    trigger: &str,
    class: &str,
    visit: &str,
    recorded: &str,
    ward: &str,
    discharged: &str,
) -> Vec<u8> {
    let (before, after) = ("|".repeat(16), "|".repeat(25));
    format!(
        "MSH|^~\\&|PAS|RA9|||{recorded}||ADT^{trigger}|C{control}|P|2.4\rPID|1||9990000018^^^NHS^NH\r\
         PV1|1|{class}|{ward}{before}{visit}{after}202505062130|{discharged}\r"
    )
    .into_bytes()
}

fn ingest(broker: &EmbeddedBroker, lake: &Path, clock: Arc<dyn Clock>) -> Ingest {
    let wards = Wards::from_csv("provider,ward,kind,setting\nRA9,VW1,virtual,acute\n").unwrap();
    Ingest {
        kafka: broker.config(),
        options: IngestOptions { commit_interval: Duration::from_millis(20), wards, ..IngestOptions::default() },
        lake: Lake::open(lake).unwrap(),
        keys: Arc::new(PseudonymKeys::from_secret(3, b"homeward-test-key-not-secret")),
        quarantine_key: Arc::new(QuarantineKey::new(1, [7; 32])),
        calendar: Arc::default(),
        clock,
        telemetry: Arc::new(IngestTelemetry::new()),
    }
}

/// Subjects and ids of the events in a table.
async fn events(lake: &Lake, table: Table) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for batch in lake.read_columns(table.name(), &["subject", "event_id"]).await.unwrap() {
        let text = |column: usize, row: usize| batch.column(column).as_string::<i32>().value(row).to_owned();
        found.extend((0..batch.num_rows()).map(|row| (text(0, row), text(1, row))));
    }
    found.sort();
    found
}

/// Runs ingest over these messages until the lake holds so many events of spells and attendances.
async fn take_in(broker: &EmbeddedBroker, folder: &Path, messages: &[Vec<u8>], spells: usize, attendances: usize) {
    send(broker, messages);
    let (ingest, shutdown) = (ingest(broker, folder, Arc::new(SystemClock)), CancellationToken::new());
    let lake = ingest.lake.clone();
    let running = tokio::spawn(run_ingest(ingest, shutdown.clone()));
    until(&lake, spells, attendances).await;
    shutdown.cancel();
    running.await.unwrap().unwrap();
}

fn send(broker: &EmbeddedBroker, messages: &[Vec<u8>]) {
    let publisher = Publisher::new(&broker.config()).unwrap();
    for message in messages {
        publisher.send(Feed::Adt.default_topic(), adt_key(message).as_deref(), message).unwrap();
    }
    publisher.flush().unwrap();
}

/// Waits until the lake holds so many events of spells and attendances.
async fn until(lake: &Lake, spells: usize, attendances: usize) {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let counts = (events(lake, Table::HospitalSpell).await.len(), events(lake, Table::EdStay).await.len());
        if counts == (spells, attendances) {
            break;
        }
        assert!(Instant::now() < deadline, "{counts:?} events");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_become_facts_once_and_a_bad_one_waits_in_quarantine() {
    let folder = tempfile::tempdir().unwrap();
    let broker = EmbeddedBroker::start().unwrap();
    for feed in Feed::ALL {
        broker.create_topic(feed.default_topic(), 2).unwrap();
    }
    let bad = b"MSH|^~\\&|PAS|RA9|||20250506||ADT^A01|C9|P|2.4".to_vec();
    let first = [
        message(1, "A01", "I", "V1", "202505062135", "W1", ""),
        message(2, "A01", "E", "V2", "202505062135", "ED", ""),
        message(3, "A02", "I", "V1", "202505081000", "VW1", ""),
        bad.clone(),
    ];
    take_in(&broker, folder.path(), &first, 3, 1).await;
    // After a restart: one that was sent before, and the end of the stay.
    let second = [first[0].clone(), message(4, "A03", "I", "V1", "202505121512", "VW1", "202505121510")];
    take_in(&broker, folder.path(), &second, 4, 1).await;

    let lake = Lake::open(folder.path()).unwrap();
    let wards = ingest(&broker, folder.path(), Arc::new(SystemClock)).options.wards;
    assert_eq!(unsaid(&lake, &wards).await.unwrap(), 0);
    // A ward that is no virtual one any more: the move to it was none, and the stay is one segment.
    assert_eq!(unsaid(&lake, &Wards::default()).await.unwrap(), 1);
    let spells = events(&lake, Table::HospitalSpell).await;
    let expected = [("RA9|V1|1", "V1.1.1"), ("RA9|V1|1", "V1.1.2"), ("RA9|V1|2", "V1.2.2"), ("RA9|V1|2", "V1.2.3")];
    assert_eq!(spells, expected.map(|(subject, id)| (subject.to_owned(), id.to_owned())));
    assert_eq!(spells.iter().collect::<BTreeSet<_>>().len(), spells.len(), "no event is said twice");

    let mut entries = Vec::new();
    for batch in lake.read(QUARANTINE_TABLE).await.unwrap() {
        entries.extend(batch_to_entries(&batch).unwrap());
    }
    assert_eq!(entries.iter().map(|entry| entry.code.as_str()).collect::<Vec<_>>(), ["HW-ADT-004"]);
    assert_eq!((entries[0].feed.as_str(), &*entries[0].place.topic), ("adt", "homeward.hl7_adt"));
    assert_eq!(entries[0].open(&QuarantineKey::new(1, [7; 32])).unwrap(), bad);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_stay_that_left_memory_is_told_as_if_it_were_held() {
    let folder = tempfile::tempdir().unwrap();
    let broker = EmbeddedBroker::start().unwrap();
    for feed in Feed::ALL {
        broker.create_topic(feed.default_topic(), 1).unwrap();
    }
    let clock = Arc::new(ManualClock::new("2025-05-13T09:00:00Z".parse().unwrap()));
    let shutdown = CancellationToken::new();
    let ingest = ingest(&broker, folder.path(), Arc::<ManualClock>::clone(&clock));
    let lake = ingest.lake.clone();
    let running = tokio::spawn(run_ingest(ingest, shutdown.clone()));
    let over = [
        message(1, "A01", "I", "V1", "202505062135", "W1", ""),
        message(2, "A02", "I", "V1", "202505081000", "VW1", ""),
        message(3, "A03", "I", "V1", "202505121512", "VW1", "202505121510"),
    ];
    for (message, spells) in over.iter().zip([1, 3, 4]) {
        send(&broker, std::slice::from_ref(message));
        until(&lake, spells, 0).await;
    }
    // Forty days on another stay is told of, and the first one leaves memory; then its discharge is cancelled.
    clock.set("2025-06-22T09:00:00Z".parse().unwrap());
    for (message, spells) in [
        (message(4, "A01", "I", "V2", "202506220900", "W1", ""), 5),
        (message(5, "A13", "I", "V1", "202506220930", "VW1", ""), 6),
    ] {
        send(&broker, &[message]);
        until(&lake, spells, 0).await;
    }
    shutdown.cancel();
    running.await.unwrap().unwrap();
    let told = events(&lake, Table::HospitalSpell).await;
    let ids = ["V1.1.1", "V1.1.2", "V1.2.2", "V1.2.3", "V1.2.4", "V2.1.1"];
    assert_eq!(told.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>(), ids);
}
