use std::sync::Arc;

use chrono::{DateTime, Utc};
use homeward_contract::calendar::{FileType, SubmissionCalendar};
use homeward_contract::decision::{Decision, Verdict};
use homeward_contract::feed::Feed;
use homeward_contract::identity::PseudonymKeys;
use homeward_contract::manifest::Manifest;
use homeward_contract::submission::{CsdsVersion, Submission, header_payload, record_payload};
use homeward_ingest::decode::{DecodeContext, Place, RawRecord, decode};

use super::super::roll::Outcome;
use super::*;

/// Key and payload.
type Record = (String, String);

fn submission(provider: &str, month: &str, made_at: &str) -> Submission {
    let start: chrono::NaiveDate = format!("{month}-01").parse().unwrap();
    let end = (start + chrono::Months::new(1)).pred_opt().unwrap();
    Submission::new(provider, CsdsVersion::V1_6, start, end, made_at.parse().unwrap())
}

/// A person with a practice, and so many clocks; the header last.
fn records(submission: &Submission, clocks: u32) -> Vec<Record> {
    let json = submission.to_json();
    let key = format!("{}|P1", submission.provider);
    let row = |table: &str, number: u32, items: &[(&str, &str)]| {
        (key.clone(), record_payload(table, &json, i64::from(number), items.iter().copied()))
    };
    let mut made = vec![
        row("CYP001MPI", 1, &[("LocalPatientID", "P1"), ("OrgID_LocalPatientID", &submission.provider)]),
        row("CYP002GP", 1, &[("LocalPatientID", "P1"), ("OrgID_GP", "L83999")]),
    ];
    let rtt = [("ServiceRequestID", "S1"), ("WaitingTime_MeasurementType", "05")];
    made.extend((1..=clocks).map(|number| row("CYP104RTT", number, &rtt)));
    made.push(header(submission, clocks));
    made
}

fn header(submission: &Submission, clocks: u32) -> Record {
    let manifest: Manifest =
        [(Table::Cyp001Mpi, 1), (Table::Cyp002Gp, 1), (Table::Cyp104Rtt, clocks)].into_iter().collect();
    let (start, end) = (submission.rp_start.to_string(), submission.rp_end.to_string());
    let items = [
        ("Version", "1.6"),
        ("OrgID_Provider", submission.provider.as_str()),
        ("OrgID_Submitter", submission.provider.as_str()),
        ("RP_StartDate", &start),
        ("RP_EndDate", &end),
        ("FileCreation_DateTime", "2025-05-12T09:15:00"),
        ("PrimarySystem", "X"),
    ];
    (submission.id.clone(), header_payload(&submission.to_json(), items, &manifest, None))
}

fn decided(submission: &Submission, verdict: Verdict, at: &str) -> Record {
    let decision = Decision {
        id: format!("{at}-{}", verdict.as_str()),
        submission: submission.id.clone(),
        verdict,
        reason: "wrong month".to_owned(),
        by: "data manager".to_owned(),
        at: at.parse().unwrap(),
    };
    (submission.id.clone(), decision.payload())
}

fn take(register: &mut Register, records: &[Record]) {
    take_at(register, records, DateTime::UNIX_EPOCH);
}

fn take_at(register: &mut Register, records: &[Record], known_at: DateTime<Utc>) {
    let keys = PseudonymKeys::from_secret(1, b"homeward-test-key-not-secret");
    let raw: Vec<RawRecord<'_>> = records
        .iter()
        .zip(0..)
        .map(|((key, payload), offset)| RawRecord {
            place: Place { topic: Arc::from("homeward.csds"), partition: 0, offset },
            key: Some(key.as_bytes()),
            payload: Some(payload.as_bytes()),
        })
        .collect();
    let context = DecodeContext::new(&keys, known_at);
    for (table, batch) in decode(Feed::Csds, &raw, &context).tables {
        register.take(table, &batch).unwrap();
    }
}

/// Takes records and says in words what became of each submission, by receipt.
fn told(register: &mut Register, records: &[Record]) -> Vec<String> {
    take(register, records);
    register.settle();
    register.roll().into_iter().map(|line| line.outcome.to_string()).collect()
}

#[test]
fn a_submission_counts_when_its_last_row_is_known_in_any_order() {
    let april = submission("NR5", "2025-04", "2025-05-12T09:15:00");
    let all = records(&april, 3);
    for last in 0..all.len() {
        let mut register = Register::default();
        let mut others = all.clone();
        let completing = others.remove(last);
        others.reverse();
        let before = told(&mut register, &[others.clone(), others].concat());
        assert!(before[0].starts_with("incomplete: "), "{before:?}");
        assert_eq!(told(&mut register, &[completing]), ["active"], "completed by record {last}");
    }
    let mut register = Register::default();
    assert_eq!(told(&mut register, &all[3..])[0], "incomplete: missing 1 of CYP001MPI, 1 of CYP002GP, 1 of CYP104RTT");
}

#[test]
fn a_refused_row_is_a_row_that_arrived_and_mended_it_counts_once() {
    let april = submission("NR5", "2025-04", "2025-05-12T09:15:00");
    let mut all = records(&april, 2);
    let mended = all[3].clone();
    all[3].1 = all[3].1.replace("\"05\"", "\"05\",\"RTT_StartDate\":\"30/04/2025\"");
    let mut register = Register::default();
    assert_eq!(told(&mut register, &all), ["active"]);
    assert_eq!(register.row_counts(0), (3, 1));
    assert_eq!(told(&mut register, &[mended]), ["active"]);
    assert_eq!(register.row_counts(0), (4, 0));
}

#[test]
fn the_checksum_is_that_of_the_header_that_came_last_in_any_order() {
    let april = submission("NR5", "2025-04", "2025-05-12T09:15:00");
    let [one, other] = ["1", "2"].map(|digit| digit.repeat(64));
    let with = |content: &str| {
        let (key, payload) = header(&april, 1);
        (key, payload.replace(",\"rows\"", &format!(",\"content\":\"{content}\",\"rows\"")))
    };
    let sent = [(1, with(&other)), (2, with(&one)), (3, header(&april, 1))];
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let mut register = Register::default();
        for (second, record) in order.map(|place| &sent[place]) {
            take_at(&mut register, std::slice::from_ref(record), DateTime::from_timestamp(*second, 0).unwrap());
        }
        register.settle();
        assert_eq!(register.content(0), Some(one.as_str()), "{order:?}");
    }
}

#[test]
fn what_can_never_be_whole_says_so() {
    let april = submission("NR5", "2025-04", "2025-05-12T09:15:00");
    let without_manifest = |(key, payload): Record| {
        let end = payload.find(",\"rows\"").unwrap();
        (key, format!("{}}}", &payload[..end]))
    };
    let lacking = |(key, payload): Record| (key, payload.replace("\"CYP002GP\":1,", ""));
    let cases: [(Vec<Record>, &str); 5] = [
        (vec![without_manifest(header(&april, 0))], "incomplete: its header does not say how many rows there are"),
        (records(&april, 2)[..4].to_vec(), "incomplete: its header has not arrived, or was refused"),
        ([records(&april, 2), vec![header(&april, 1)]].concat(), "refused: two files under one id; send it again"),
        ([records(&april, 2)[..4].to_vec(), vec![header(&april, 1)]].concat(), "refused: two files under one id"),
        (vec![lacking(header(&april, 1))], "refused: no row of CYP002GP"),
    ];
    for (sent, words) in cases {
        let found = told(&mut Register::default(), &sent);
        assert!(found[0].starts_with(words), "{found:?} is not {words}");
    }
}

#[test]
fn the_last_receipt_of_a_kind_counts_and_a_refresh_replaces_its_primary() {
    let first = submission("NR5", "2025-04", "2025-05-09T09:00:00");
    let again = submission("NR5", "2025-04", "2025-05-12T09:00:00");
    let refresh = submission("NR5", "2025-04", "2025-06-10T09:00:00");
    assert_eq!(refresh.file_type, FileType::Refresh);
    let other = submission("RA9", "2025-04", "2025-05-09T09:00:00");
    let sent = [&again, &refresh, &other, &first].map(|one| records(one, 1));
    let mut register = Register::default();
    let found = told(&mut register, &sent.concat());
    let by = format!("replaced by {}", refresh.id);
    assert_eq!(found, [by.as_str(), by.as_str(), "active", "active"]);

    let withdrawn = [decided(&refresh, Verdict::Withdrawn, "2025-06-11T09:00:00Z")];
    let found = told(&mut register, &withdrawn);
    assert_eq!(found, [format!("replaced by {}", again.id).as_str(), "active", "withdrawn", "active"]);
    // A later Primary does not undo a Refresh that stands.
    let found = told(&mut register, &[decided(&refresh, Verdict::Reinstated, "2025-06-12T09:00:00Z")]);
    assert_eq!(found, [by.as_str(), by.as_str(), "active", "active"]);
}

#[test]
fn the_latest_decision_wins_even_before_its_submission_arrives() {
    let april = submission("NR5", "2025-04", "2025-05-12T09:15:00");
    let withdrawn = decided(&april, Verdict::Withdrawn, "2025-05-13T09:00:00Z");
    let reinstated = decided(&april, Verdict::Reinstated, "2025-05-14T09:00:00Z");
    for (decisions, words) in [
        (vec![&withdrawn], "withdrawn"),
        (vec![&reinstated, &withdrawn], "active"),
        (vec![&withdrawn, &reinstated], "active"),
    ] {
        let decisions: Vec<Record> = decisions.into_iter().cloned().collect();
        let (before, after) = (&mut Register::default(), &mut Register::default());
        assert_eq!(told(before, &[decisions.clone(), records(&april, 1)].concat()), [words]);
        assert_eq!(told(after, &[records(&april, 1), decisions].concat()), [words]);
    }
}

#[test]
fn a_flip_says_what_began_to_count_and_why() {
    let primary = submission("NR5", "2025-04", "2025-05-09T09:00:00");
    let refresh = submission("NR5", "2025-04", "2025-06-10T09:00:00");
    let mut register = Register::default();
    let mut flips = |sent: &[Record]| {
        take(&mut register, sent);
        register.settle()
    };
    assert_eq!(flips(&records(&primary, 1)), [Flip { old: None, new: Some(0), why: None }]);
    assert_eq!(flips(&records(&primary, 1)), [], "a resend changes nothing");
    let replaced = Flip { old: Some(0), new: Some(1), why: Some(Why::Replaced(crate::book::clock::Source::Refresh)) };
    assert_eq!(flips(&records(&refresh, 1)), [replaced]);
    let withdrawn = [decided(&refresh, Verdict::Withdrawn, "2025-06-11T09:00:00Z")];
    assert_eq!(flips(&withdrawn), [Flip { old: Some(1), new: Some(0), why: Some(Why::Withdrawn) }]);
    let reinstated = [decided(&refresh, Verdict::Reinstated, "2025-06-12T09:00:00Z")];
    assert_eq!(flips(&reinstated), [Flip { old: Some(0), new: Some(1), why: Some(Why::Reinstated) }]);
}

#[test]
fn a_provider_that_stops_submitting_shows_when_the_window_is_over() {
    let mut register = Register::default();
    let april = submission("NR5", "2025-04", "2025-05-09T09:00:00");
    let may = submission("NR5", "2025-05", "2025-06-09T09:00:00");
    let refresh = submission("NR5", "2025-04", "2025-06-10T09:00:00");
    take(&mut register, &[records(&april, 1), records(&may, 1), records(&refresh, 1)].concat());
    register.settle();
    let gaps = |as_of: &str| -> Vec<String> {
        let found = register.gaps(as_of.parse().unwrap(), &SubmissionCalendar::default());
        found.iter().map(|gap| format!("{} {} by {}", gap.file_type.as_str(), gap.rp_end, gap.closed_on)).collect()
    };
    assert_eq!(gaps("2025-07-14T12:00:00Z"), [] as [&str; 0], "the window of May's Refresh is open to its last day");
    assert_eq!(gaps("2025-07-15T12:00:00Z"), ["refresh 2025-05-31 by 2025-07-14", "primary 2025-06-30 by 2025-07-14"]);
    assert_eq!(register.roll().len(), 3);
    assert!(register.roll().iter().any(|line| line.outcome == Outcome::Counts && line.id == may.id.as_str().into()));
}
