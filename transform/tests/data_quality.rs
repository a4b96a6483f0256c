//! Data quality follows the submissions that count, from the lake, beside the figures.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in a test is its failure report")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use homeward_contract::decision::{Decision, Verdict};
use homeward_contract::feed::{Feed, Table};
use homeward_contract::geography::Geography;
use homeward_contract::identity::PseudonymKeys;
use homeward_contract::manifest::Manifest;
use homeward_contract::submission::{CsdsVersion, Submission, header_payload, record_payload};
use homeward_ingest::decode::{DecodeContext, Place, RawRecord, decode};
use homeward_ingest::lake::{FeedCommit, Lake, OffsetAdvance};
use homeward_transform::book::register::Register;
use homeward_transform::book::roll::Outcome;
use homeward_transform::definition::Catalogue;
use homeward_transform::feedback::DataQuality;
use homeward_transform::live::{Live, LiveOptions, feedback, qualities};

const PERSON: [(&str, &str); 3] =
    [("LocalPatientID", "P1"), ("OrgID_LocalPatientID", "NR5"), ("NHSNumber", "9990000018")];

/// Key and payload.
type Record = (String, String);

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// April of Livewell; made in June it is the Refresh.
fn april(made_at: &str) -> Submission {
    month("2025-04-01", "2025-04-30", made_at)
}

fn month(first: &str, last: &str, made_at: &str) -> Submission {
    let day = |text: &str| text.parse().unwrap();
    Submission::new("NR5", CsdsVersion::V1_6, day(first), day(last), made_at.parse().unwrap())
}

fn referral<'a>(id: &'a str, source: Option<&'a str>) -> Vec<(&'static str, &'a str)> {
    let mut items =
        vec![("ServiceRequestID", id), ("LocalPatientID", "P1"), ("ReferralRequest_ReceivedDate", "2025-04-03")];
    items.extend(source.map(|source| ("SourceOfReferral", source)));
    items
}

/// Records of a submission with one person and these referrals.
fn records(submission: &Submission, referrals: &[Vec<(&str, &str)>]) -> Vec<Record> {
    let json = submission.to_json();
    let mut manifest = Manifest::default();
    let mut rows = Vec::new();
    let mut row = |table: &'static str, items: &[(&str, &str)]| {
        let held = Table::from_csds_name(table).unwrap();
        manifest.count(held);
        let payload = record_payload(table, &json, i64::from(manifest.rows(held)), items.iter().copied());
        rows.push(("NR5|".to_owned(), payload));
    };
    row("CYP001MPI", &PERSON);
    row("CYP002GP", &[("LocalPatientID", "P1"), ("OrgID_GP", "L83999")]);
    referrals.iter().for_each(|items| row("CYP101Referral", items));
    let made_at = submission.id.clone();
    let made_at = made_at.rsplit('-').next().unwrap();
    let made_at = chrono::NaiveDateTime::parse_from_str(made_at, "%Y%m%dT%H%M%S").unwrap();
    let made_at = made_at.format("%Y-%m-%dT%H:%M:%S").to_string();
    let items = [
        ("Version", "1.6"),
        ("OrgID_Provider", "NR5"),
        ("OrgID_Submitter", "NR5"),
        ("RP_StartDate", &submission.rp_start.to_string()),
        ("RP_EndDate", &submission.rp_end.to_string()),
        ("FileCreation_DateTime", made_at.as_str()),
        ("PrimarySystem", "X"),
    ];
    rows.push((submission.id.clone(), header_payload(&json, items, &manifest, None)));
    rows
}

fn decided(submission: &Submission, verdict: Verdict, when: &str) -> Vec<Record> {
    let (reason, by) = ("wrong month".to_owned(), "data manager".to_owned());
    let decision =
        Decision { id: format!("D {when}"), submission: submission.id.clone(), verdict, reason, by, at: at(when) };
    vec![(submission.id.clone(), decision.payload())]
}

struct House {
    lake: Arc<Lake>,
    live: Live,
    next: i64,
    now: DateTime<Utc>,
    folder: tempfile::TempDir,
}

impl House {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lake = Arc::new(Lake::open(folder.path()).unwrap());
        let now = at("2025-07-01T09:00:00Z");
        let live = restore(&lake, now).await;
        Self { lake, live, next: 0, now, folder }
    }

    async fn commit(&mut self, records: &[Record]) {
        let keys = PseudonymKeys::from_secret(1, b"homeward-test-key-not-secret");
        let from = self.next;
        self.next += i64::try_from(records.len()).unwrap();
        let topic: Arc<str> = Arc::from("homeward.csds");
        let place = |offset| Place { topic: Arc::clone(&topic), partition: 0, offset };
        let raw: Vec<RawRecord<'_>> = (from..)
            .zip(records)
            .map(|(offset, (key, payload))| RawRecord {
                place: place(offset),
                key: Some(key.as_bytes()),
                payload: Some(payload.as_bytes()),
            })
            .collect();
        self.now += chrono::Duration::minutes(1);
        let tables = decode(Feed::Csds, &raw, &DecodeContext::new(&keys, self.now)).tables;
        let advance = OffsetAdvance { topic: topic.to_string(), partition: 0, from, next: self.next };
        let commit = FeedCommit { feed: Feed::Csds, tables, quarantine: None, offsets: vec![advance] };
        self.lake.commit(commit).await.unwrap();
    }

    /// The register as all files make it.
    async fn register(&self) -> Register {
        let mut register = Register::default();
        for table in Feed::Csds.tables() {
            for batch in self.lake.read_columns(table.name(), &Register::columns(*table)).await.unwrap() {
                register.take(*table, &batch).unwrap();
            }
        }
        register.settle();
        register
    }

    /// What the command tells of the lake.
    async fn told(&self) -> DataQuality {
        qualities(&self.lake, &self.register().await, |_| true).await.unwrap()
    }

    /// Every data file of the lake.
    fn files(&self) -> BTreeSet<PathBuf> {
        let entries = |folder: &Path| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let tables = entries(self.folder.path()).filter(|path| path.is_dir());
        tables
            .flat_map(|table| entries(&table).filter(|path| path.extension().is_some_and(|kind| kind == "parquet")))
            .collect()
    }

    /// What the service shows after one cycle.
    async fn cycle(&mut self) -> DataQuality {
        self.live.cycle(self.now).await.unwrap();
        self.live.subscribe().borrow().data_quality().clone()
    }

    /// Cycles until the service shows this.
    async fn shows(&mut self, measure: &str, wanted: (u64, Option<u64>)) -> DataQuality {
        let deadline = Instant::now() + Duration::from_secs(180);
        loop {
            let shown = self.cycle().await;
            if find(&shown, measure) == Some(wanted) {
                return shown;
            }
            if Instant::now() >= deadline {
                let submissions = self.live.subscribe().borrow().submissions().to_vec();
                panic!(
                    "{measure} {wanted:?} not in time: {shown:?}; of the lake {:?}; {submissions:?}",
                    self.told().await
                );
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn restore(lake: &Arc<Lake>, now: DateTime<Utc>) -> Live {
    let catalogue = Arc::new(Catalogue::builtin().unwrap());
    let geography = Arc::new(Geography::devon());
    Live::restore(Arc::clone(lake), catalogue, geography, LiveOptions::default(), now).await.unwrap()
}

fn find(shown: &DataQuality, measure: &str) -> Option<(u64, Option<u64>)> {
    let quality = shown.get("NR5", "2025-04-01".parse().unwrap())?;
    let item = quality.items().find(|item| item.name == measure)?;
    Some((item.numerator, item.denominator))
}

/// The Primary's, then the Refresh's; the Primary's again once that is withdrawn; and a mended row mends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_quality_is_of_the_submission_that_counts() {
    let mut house = House::open().await;
    assert_eq!(house.cycle().await, DataQuality::default());
    let (primary, refresh) = (april("2025-05-12T09:15:00"), april("2025-06-10T09:15:00"));
    let unread = vec![("ServiceRequestID", "S9"), ("LocalPatientID", "P1")];
    let sent = records(&primary, &[referral("S1", None), referral("S2", Some("01")), unread]);
    let (header, rows) = sent.split_last().unwrap();

    house.commit(rows).await;
    assert_eq!(house.cycle().await, DataQuality::default(), "it does not count yet");
    house.commit(std::slice::from_ref(header)).await;
    let shown = house.shows("source_of_referral", (1, Some(2))).await;
    assert_eq!(find(&shown, "refused_rows"), Some((1, None)));
    assert_eq!(find(&shown, "nhs_number"), Some((1, Some(1))));
    assert_eq!(shown, house.told().await, "the command says the same");

    house.commit(&records(&refresh, &[referral("S1", Some("01")), referral("S2", Some("01"))])).await;
    let after = house.cycle().await;
    assert!(
        find(&after, "refused_rows").is_none_or(|(refused, _)| refused == 0),
        "never the Primary's again: {after:?}"
    );
    let shown = house.shows("source_of_referral", (2, Some(2))).await;
    assert_eq!(shown, house.told().await);

    house.commit(&decided(&refresh, Verdict::Withdrawn, "2025-06-20T09:00:00Z")).await;
    let shown = house.cycle().await;
    assert_eq!(find(&shown, "source_of_referral"), Some((1, Some(2))), "reviewed before, it is told at once");

    let items = referral("S9", Some("01"));
    let mended = record_payload("CYP101Referral", &primary.to_json(), 3, items.iter().copied());
    house.commit(&[("NR5|".to_owned(), mended)]).await;
    let shown = house.shows("source_of_referral", (2, Some(3))).await;
    assert_eq!(find(&shown, "refused_rows"), Some((0, None)), "the row came again mended");
    assert_eq!(shown, house.told().await);

    let mut again = restore(&house.lake, house.now).await;
    again.review(house.now).await.unwrap();
    assert_eq!(*again.subscribe().borrow().data_quality(), shown, "and after a restart");
}

/// A review of April reads no file of May: they can be gone. Its own month's are read, as they say which file counts.
#[tokio::test]
async fn a_review_reads_the_files_of_its_submissions_alone() {
    let mut house = House::open().await;
    let (primary, refresh) = (april("2025-05-12T09:15:00"), april("2025-06-10T09:15:00"));
    let may = month("2025-05-01", "2025-05-31", "2025-06-10T10:15:00");
    house.commit(&records(&primary, &[referral("S1", None)])).await;
    house.commit(&records(&refresh, &[referral("S1", Some("01")), referral("S2", None)])).await;
    let of_april = house.files();
    house.commit(&records(&may, &[referral("S1", None)])).await;
    let register = house.register().await;
    // Another process: nothing of the commits is in memory.
    let lake = Lake::open(house.folder.path()).unwrap();
    let whole = feedback(&lake, &primary.id).await.unwrap();
    let of_may: Vec<PathBuf> = house.files().difference(&of_april).cloned().collect();
    // Headers are one row a submission, and all are read.
    let is_header = |path: &Path| path.parent().is_some_and(|table| table.ends_with(Table::Cyp000Header.name()));
    let gone: Vec<&PathBuf> = of_may.iter().filter(|path| !is_header(path)).collect();
    assert_eq!(gone.len(), 3, "a file a table: {gone:?}");
    gone.into_iter().for_each(|path| std::fs::remove_file(path).unwrap());

    let lake = Lake::open(house.folder.path()).unwrap();
    assert_eq!(feedback(&lake, &primary.id).await.unwrap(), whole);
    let [told] = whole.as_slice() else { panic!("{whole:?}") };
    assert_eq!(told.line.outcome, Outcome::Replaced(Arc::from(refresh.id.as_str())));
    let quality = qualities(&lake, &register, |identity| *identity.id == *refresh.id).await.unwrap();
    assert_eq!(find(&quality, "source_of_referral"), Some((1, Some(2))));
    assert!(feedback(&lake, &may.id).await.is_err(), "May's own files are needed for May");
    assert_eq!(feedback(&lake, "NR5-1").await.unwrap(), []);
}
