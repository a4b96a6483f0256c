//! The revision log in words, from the records a feed would send.
#![expect(clippy::expect_used, reason = "a test says why it fails by panicking")]

use std::sync::Arc;

use chrono::{DateTime, Utc};
use homeward_contract::geography::Geography;
use homeward_contract::identity::PseudonymKeys;
use homeward_ingest::decode::{DecodeContext, Place, RawRecord, decode};
use homeward_transform::computation::Computation;
use homeward_transform::definition::Catalogue;
use homeward_transform::definition::case::{Case, CaseRecord, records};

const PRIMARY_THEN_REFRESH: &str = r#"
id = "an-end-in-the-refresh"
title = "Of two clocks of October, one gains its end in the Refresh"
rule = "revision"
as_of = "2025-01-06T09:00:00Z"
csds = [
  {rp="2024-10", created="2024-11-14T09:00:00", clocks=[
    {referral="S1", start="2024-10-12T10:00", end="2024-10-12T11:00"},
    {referral="S2", start="2024-10-13T10:00"},
  ]},
  {rp="2024-10", created="2024-12-13T09:00:00", clocks=[
    {referral="S1", start="2024-10-12T10:00", end="2024-10-12T11:00"},
    {referral="S2", start="2024-10-13T10:00", end="2024-10-13T13:00"},
  ]},
]
expect = []
"#;

#[tokio::test]
async fn a_restated_month_says_which_submission_moved_it() {
    let case: Case = toml::from_str(PRIMARY_THEN_REFRESH).expect("a case");
    let catalogue = Arc::new(Catalogue::builtin().expect("the built-in definitions are sound"));
    let mut computation = Computation::new(catalogue, Arc::new(Geography::devon()));
    let records = records(&case).expect("records");
    let is_refresh = records.last().map(|record| record.known_at).expect("a record");
    let (refresh, primary): (Vec<_>, Vec<_>) = records.iter().partition(|record| record.known_at == is_refresh);

    take(&mut computation, &primary);
    computation.evaluate(instant("2024-11-20T09:00:00Z")).await.expect("evaluates");
    take(&mut computation, &refresh);
    computation.evaluate(instant("2024-12-20T09:00:00Z")).await.expect("evaluates");

    let snapshot = computation.snapshot(case.as_of).await.expect("a picture");
    let told: Vec<String> = snapshot
        .revisions()
        .iter()
        .map(|revision| revision.words(snapshot.catalogue().get(&revision.indicator)))
        .collect();
    let sentence = "NR5, Oct 2024: 100.0% (1 of 1) to 50.0% (1 of 2) because 1 clock gained an RTT end in the Refresh of \
                    13 December 2024";
    assert!(told.iter().any(|words| words.starts_with(sentence)), "{told:#?}");
}

fn take(computation: &mut Computation, records: &[&CaseRecord]) {
    let keys = PseudonymKeys::from_secret(1, b"homeward-test-key-not-secret");
    for record in records {
        let place = Place { topic: Arc::from("case"), partition: 0, offset: 0 };
        let raw = RawRecord { place, key: Some(&record.key), payload: Some(&record.payload) };
        let decoded = decode(record.feed, &[raw], &DecodeContext::new(&keys, record.known_at));
        assert_eq!(decoded.refusals.len(), 0, "{:?}", decoded.refusals);
        for (table, batch) in &decoded.tables {
            computation.apply(*table, batch).expect("takes the facts");
        }
    }
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}
