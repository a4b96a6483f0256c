//! Feedback on small submissions, every row of which is written here.

use std::sync::Arc;

use chrono::DateTime;
use homeward_contract::identity::PseudonymKeys;
use homeward_contract::manifest::Manifest;
use homeward_contract::submission::{CsdsVersion, Submission, header_payload, raw_line_payload, record_payload};
use homeward_ingest::decode::{DecodeContext, RawRecord, decode};

use super::*;

const P1: (&str, &str) = ("LocalPatientID", "P1");
const P2: (&str, &str) = ("LocalPatientID", "P2");
const AT_NR5: (&str, &str) = ("OrgID_LocalPatientID", "NR5");
const RECEIVED: (&str, &str) = ("ReferralRequest_ReceivedDate", "2025-04-03");

fn april() -> Submission {
    let day = |text: &str| text.parse().unwrap();
    let made_at = "2025-05-12T09:15:00".parse().unwrap();
    Submission::new("NR5", CsdsVersion::V1_6, day("2025-04-01"), day("2025-04-30"), made_at)
}

/// A submission as it is built, row by row.
#[derive(Clone, Default)]
struct Sent {
    rows: Vec<(&'static str, u32, String)>,
    manifest: Manifest,
}

impl Sent {
    fn row(mut self, table: &'static str, items: &[(&str, &str)]) -> Self {
        let number = self.next(table);
        let payload = record_payload(table, &april().to_json(), i64::from(number), items.iter().copied());
        self.rows.push((table, number, payload));
        self
    }

    fn torn(mut self, table: &'static str) -> Self {
        let number = self.next(table);
        self.rows.push((table, number, raw_line_payload(table, &april().to_json(), i64::from(number), "\"torn")));
        self
    }

    fn next(&mut self, table: &'static str) -> u32 {
        let table = Table::from_csds_name(table).unwrap();
        self.manifest.count(table);
        self.manifest.rows(table)
    }

    /// The row sent again with other items.
    fn again(mut self, table: &'static str, number: u32, items: &[(&str, &str)]) -> Self {
        let payload = record_payload(table, &april().to_json(), i64::from(number), items.iter().copied());
        self.rows.push((table, number, payload));
        self
    }

    fn records(&self) -> Vec<(String, String)> {
        let april = april();
        let items = [
            ("Version", "1.6"),
            ("OrgID_Provider", "NR5"),
            ("OrgID_Submitter", "NR5"),
            ("RP_StartDate", "2025-04-01"),
            ("RP_EndDate", "2025-04-30"),
            ("FileCreation_DateTime", "2025-05-12T09:15:00"),
            ("PrimarySystem", "X"),
        ];
        let header = (april.id.clone(), header_payload(&april.to_json(), items, &self.manifest, None));
        self.rows.iter().map(|(_, _, payload)| ("NR5|".to_owned(), payload.clone())).chain([header]).collect()
    }
}

fn take(review: &mut Review, records: &[(String, String)], from: i64) {
    take_with(review, records, from, b"homeward-test-key-not-secret");
}

fn take_with(review: &mut Review, records: &[(String, String)], from: i64, secret: &[u8]) {
    let keys = PseudonymKeys::from_secret(1, secret);
    let raw: Vec<RawRecord<'_>> = records
        .iter()
        .zip(from..)
        .map(|((key, payload), offset)| RawRecord {
            place: Place { topic: Arc::from("homeward.csds"), partition: 0, offset },
            key: Some(key.as_bytes()),
            payload: Some(payload.as_bytes()),
        })
        .collect();
    let known_at = DateTime::UNIX_EPOCH + chrono::Duration::seconds(from);
    for (table, batch) in decode(Feed::Csds, &raw, &DecodeContext::new(&keys, known_at)).tables {
        review.take(table, &batch).unwrap();
    }
}

/// The feedback, the same in any order of arrival.
fn feedback(sent: &Sent) -> Feedback {
    let records = sent.records();
    let all = |records: &[(String, String)], step: usize| {
        let mut review = Review::new(|_| true);
        for (at, chunk) in records.chunks(step).enumerate() {
            take(&mut review, chunk, i64::try_from(at * step).unwrap());
        }
        let [found] = <[Feedback; 1]>::try_from(review.finish()).unwrap();
        found
    };
    let told = all(&records, records.len());
    assert_eq!(all(&records, 1), told, "row by row");
    // Where it stood in quarantine goes with the order of arrival; what is told of it does not.
    let bare = |mut feedback: Feedback| {
        feedback.entries.iter_mut().for_each(|entry| entry.quarantine = None);
        feedback
    };
    let backwards: Vec<_> = records.iter().rev().cloned().collect();
    let repeated: Vec<_> = sent.rows.iter().map(|(table, number, _)| (table, number)).collect();
    let is_resent = repeated.iter().any(|row| repeated.iter().filter(|other| other == &row).count() > 1);
    if !is_resent {
        assert_eq!(bare(all(&backwards, 2)), bare(told.clone()), "backwards");
    }
    told
}

fn words(feedback: &Feedback) -> Vec<String> {
    let row = |(table, row): RowRef| format!("{} {row}", table.csds_name().unwrap());
    let told = |entry: &Entry| {
        let own = match (entry.table, entry.row) {
            (Some(table), Some(number)) => row((table, number)),
            (Some(table), None) => table.csds_name().unwrap().to_owned(),
            _ => "submission".to_owned(),
        };
        let root = entry.root.map(|root| format!(" because of {}", row(root))).unwrap_or_default();
        let takes = if entry.takes > 0 { format!(" takes {}", entry.takes) } else { String::new() };
        format!("{} {own}{root}{takes}", entry.code)
    };
    feedback.entries.iter().map(told).collect()
}

/// D14: the person's row is bad, its children are good.
fn d14() -> Sent {
    let referral = |id, person| [("ServiceRequestID", id), person, RECEIVED];
    Sent::default()
        .row("CYP001MPI", &[P2, AT_NR5, ("NHSNumber", "9990000018")])
        .row("CYP001MPI", &[P1])
        .row("CYP002GP", &[P1, ("OrgID_GP", "L83999")])
        .row("CYP002GP", &[P2, ("OrgID_GP", "L83999")])
        .row("CYP101Referral", &referral("S1", P1))
        .row("CYP101Referral", &referral("S2", P2))
        .row("CYP102ServiceTypeReferredTo", &[("ServiceRequestID", "S1"), ("TeamType", "51")])
        .row("CYP104RTT", &[("ServiceRequestID", "S1|x"), ("WaitingTime_MeasurementType", "05")])
        .row("CYP104RTT", &[("ServiceRequestID", "S2"), ("WaitingTime_MeasurementType", "05")])
        .row(
            "CYP201CareContact",
            &[("CareContactID", "C1"), ("ServiceRequestID", "S1"), ("Contact_Date", "2025-04-03")],
        )
        .row("CYP202CareActivity", &[("CareActivityID", "A1"), ("CareContactID", "C1")])
        .row("CYP611Obs", &[("CareActivityID", "A1"), ("Weight", "71.25")])
}

#[test]
fn d14_children_of_a_refused_person_point_at_the_root_and_come_back_when_it_is_mended() {
    let told = feedback(&d14());
    assert_eq!(
        words(&told),
        [
            "HW-CSDS-023 CYP001MPI 2 takes 7",
            "HW-CSDS-031 CYP002GP 1 because of CYP001MPI 2",
            "HW-CSDS-031 CYP101Referral 1 because of CYP001MPI 2",
            "HW-CSDS-031 CYP102ServiceTypeReferredTo 1 because of CYP001MPI 2",
            "HW-CSDS-031 CYP104RTT 1 because of CYP001MPI 2",
            "HW-CSDS-031 CYP201CareContact 1 because of CYP001MPI 2",
            "HW-CSDS-031 CYP202CareActivity 1 because of CYP001MPI 2",
            "HW-CSDS-031 CYP611Obs 1 because of CYP001MPI 2",
        ]
    );
    assert_eq!(told.rows, Rows { taken: 4, refused: 1, cascaded: 7 });
    assert_eq!(told.entries[0].quarantine.as_deref(), Some("csds/0/1"));
    assert_eq!(told.entries[0].item.as_deref(), Some("OrgID_LocalPatientID"));
    assert!(told.line.outcome.is_counted());
    assert_eq!(told.summary(), [(RejectCode::MissingMandatoryItem, 1), (RejectCode::CascadeReject, 7)]);
    assert_eq!(told.quality.share(Measure::NhsNumber), Share { numerator: 1, denominator: 1 });
    assert_eq!(told.quality.share(Measure::RttStartTime), Share { numerator: 0, denominator: 1 });

    let mended = feedback(&d14().again("CYP001MPI", 2, &[P1, AT_NR5]));
    assert_eq!(words(&mended), [] as [&str; 0]);
    assert_eq!(mended.rows, Rows { taken: 12, refused: 0, cascaded: 0 });
}

/// Taken in twice, before and after the pseudonym key was changed.
#[test]
fn a_submission_that_came_under_two_keys_is_told_once() {
    let mut review = Review::new(|_| true);
    take_with(&mut review, &d14().records(), 0, b"homeward-test-key-not-secret");
    take_with(&mut review, &d14().records(), 100, b"another-test-key-not-secret");
    let told = review.finish().remove(0);
    assert_eq!(words(&told), words(&feedback(&d14())));
    assert_eq!(told.rows, Rows { taken: 4, refused: 1, cascaded: 7 });
}

#[test]
fn what_takes_most_with_it_comes_first_and_the_topmost_row_is_the_root() {
    let referral = |id, person| [("ServiceRequestID", id), person, RECEIVED];
    let told = feedback(
        &Sent::default()
            .row("CYP001MPI", &[P1, AT_NR5])
            .row("CYP002GP", &[P1])
            .row("CYP101Referral", &[("ServiceRequestID", "S1"), P1])
            .row("CYP104RTT", &[("ServiceRequestID", "S1")])
            .row("CYP104RTT", &[("ServiceRequestID", "S1"), ("RTT_StartDate", "2025-04-04")])
            .row("CYP001MPI", &[P2])
            .row("CYP101Referral", &[("ServiceRequestID", "S2"), P2])
            .row("CYP104RTT", &[("ServiceRequestID", "S2")])
            // A second row of a refused referral that stands: its children stand.
            .row("CYP101Referral", &[("ServiceRequestID", "S3"), P1])
            .row("CYP101Referral", &referral("S3", P1))
            .row("CYP104RTT", &[("ServiceRequestID", "S3")]),
    );
    assert_eq!(
        words(&told),
        [
            "HW-CSDS-023 CYP101Referral 1 takes 2",
            "HW-CSDS-023 CYP001MPI 2 takes 1",
            "HW-CSDS-023 CYP002GP 1",
            "HW-CSDS-023 CYP101Referral 2",
            "HW-CSDS-023 CYP101Referral 3",
            "HW-CSDS-031 CYP104RTT 1 because of CYP101Referral 1",
            "HW-CSDS-031 CYP104RTT 2 because of CYP101Referral 1",
            "HW-CSDS-031 CYP104RTT 3 because of CYP001MPI 2",
        ]
    );
}

#[test]
fn orphans_are_kept_and_flagged_and_a_torn_parent_makes_orphans() {
    let told = feedback(
        &Sent::default()
            .row("CYP001MPI", &[P1, AT_NR5])
            .row("CYP002GP", &[P1, ("OrgID_GP", "L83999")])
            .torn("CYP101Referral")
            .row("CYP104RTT", &[("ServiceRequestID", "S1")])
            .row("CYP202CareActivity", &[("CareActivityID", "A1"), ("CareContactID", "C9")])
            .row("CYP611Obs", &[("CareActivityID", "A1")])
            .row("CYP104RTT", &[("ServiceRequestID", "NHSNOREM1")]),
    );
    assert_eq!(
        words(&told),
        [
            "HW-CSDS-021 CYP101Referral 1",
            "HW-CSDS-066 CYP104RTT 1",
            "HW-CSDS-061 CYP104RTT 2",
            "HW-CSDS-066 CYP202CareActivity 1"
        ]
    );
    assert_eq!(told.rows, Rows { taken: 6, refused: 1, cascaded: 0 });
    assert_eq!((told.quality.orphans, told.quality.placeholder_ids), (2, 1));
}

#[test]
fn a_repeated_key_is_told_at_the_later_row_and_a_resend_is_none() {
    let clock = [("ServiceRequestID", "S1"), ("WaitingTime_MeasurementType", "5"), ("RTT_StartDate", "2025-04-03")];
    let other = [("ServiceRequestID", "S1"), ("WaitingTime_MeasurementType", "05"), ("RTT_StartDate", "2025-04-03")];
    let contact =
        |id, referral| [("CareContactID", id), ("ServiceRequestID", referral), ("Contact_Date", "2025-04-03")];
    let sent = Sent::default()
        .row("CYP001MPI", &[P1, AT_NR5])
        .row("CYP002GP", &[P1, ("OrgID_GP", "L83999")])
        .row("CYP101Referral", &[("ServiceRequestID", "S1"), P1, RECEIVED])
        .row("CYP101Referral", &[("ServiceRequestID", "S2"), P1, RECEIVED])
        .row("CYP104RTT", &clock)
        .row("CYP104RTT", &other)
        // D3: one contact id under two referrals is two contacts.
        .row("CYP201CareContact", &contact("C1", "S1"))
        .row("CYP201CareContact", &contact("C1", "S2"));
    let told = feedback(&sent);
    assert_eq!(words(&told), ["HW-CSDS-067 CYP104RTT 2 because of CYP104RTT 1"]);
    assert_eq!((told.quality.duplicates, told.rows.taken), (1, 8));
    assert_eq!(feedback(&sent.again("CYP104RTT", 1, &clock)), told, "the same row twice is one row");
}

#[test]
fn what_the_whole_submission_lacks_comes_before_its_rows() {
    let half = |sent: &Sent, left: usize| {
        let mut review = Review::new(|identity| &*identity.provider == "NR5");
        let records = sent.records();
        take(&mut review, &[&records[..left], &records[records.len() - 1..]].concat(), 0);
        words(&review.finish().remove(0))
    };
    assert_eq!(
        half(&d14(), 4),
        [
            "HW-CSDS-014 CYP101Referral takes 2",
            "HW-CSDS-014 CYP104RTT takes 2",
            "HW-CSDS-014 CYP102ServiceTypeReferredTo takes 1",
            "HW-CSDS-014 CYP201CareContact takes 1",
            "HW-CSDS-014 CYP202CareActivity takes 1",
            "HW-CSDS-014 CYP611Obs takes 1",
            "HW-CSDS-023 CYP001MPI 2 takes 1",
            "HW-CSDS-031 CYP002GP 1 because of CYP001MPI 2",
        ]
    );
    assert_eq!(half(&Sent::default().row("CYP001MPI", &[P1, AT_NR5]), 1), ["HW-CSDS-017 CYP002GP"]);
    let mut review = Review::new(|_| true);
    take(&mut review, &d14().records()[..1], 0);
    assert_eq!(words(&review.finish()[0]), ["HW-CSDS-008 CYP000Header"]);
    let mut review = Review::new(|identity| &*identity.provider == "RA9");
    take(&mut review, &d14().records(), 0);
    assert!(review.finish().is_empty(), "nobody asked");
}
