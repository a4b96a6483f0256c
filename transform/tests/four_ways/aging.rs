//! The clock runs without events: an open referral ages, falls due and is counted as breached while no message comes.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use homeward_contract::feed::{Feed, Table};
use homeward_contract::geography::Geography;
use homeward_contract::identity::PseudonymKeys;
use homeward_ingest::decode::{DecodeContext, Place, RawRecord, decode};
use homeward_transform::computation::Computation;
use homeward_transform::definition::Catalogue;
use homeward_transform::figure::{Dimension, Figure};
use homeward_transform::snapshot::{FigureQuery, Snapshot};

const REFERRAL: &str = include_str!("../../../ingest/fixtures/handbook/ucr-referral-received-1.json");

#[expect(clippy::expect_used, reason = "the instants of this test are written out")]
fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn read(snapshot: &Snapshot, indicator: &str, by: Dimension) -> Vec<Figure> {
    let (indicator, bases) = (indicator.to_owned(), vec!["live".to_owned()]);
    snapshot.figures(&FigureQuery { indicator, bases, by: vec![by], ..FigureQuery::default() })
}

/// The handbook's referral starts at 10:02 London time and is due at 12:02, which is 11:02 UTC.
#[tokio::test]
async fn an_open_referral_ages_and_breaches_while_no_message_comes() {
    let keys = PseudonymKeys::from_secret(1, b"homeward-test-key-not-secret");
    let place = Place { topic: Arc::from("homeward.ucr"), partition: 0, offset: 0 };
    let raw = [RawRecord { place, key: Some(b"NR5|SRI-000912345"), payload: Some(REFERRAL.as_bytes()) }];
    let decoded = decode(Feed::Ucr, &raw, &DecodeContext::new(&keys, at("2025-06-12T09:03:00Z")));
    let catalogue = Arc::new(Catalogue::builtin().expect("the built-in definitions are sound"));
    let mut computation = Computation::new(catalogue, Arc::new(Geography::devon()));
    for (table, batch) in &decoded.tables {
        assert_eq!(*table, Table::UcrEvent);
        computation.apply(*table, batch).expect("the facts have their columns");
    }
    let expected = [
        ("2025-06-12T09:03:00Z", "0_to_60m", None),
        ("2025-06-12T10:02:00Z", "60_to_90m", None),
        ("2025-06-12T10:32:00Z", "90_to_120m", None),
        ("2025-06-12T11:01:59Z", "90_to_120m", None),
        ("2025-06-12T11:02:00Z", "over_120m", Some((0, 1))),
        ("2025-06-13T11:02:00Z", "over_120m", Some((0, 1))),
    ];
    for (now, band, rate) in expected {
        let changes = computation.evaluate(at(now)).await.expect("evaluates");
        let snapshot = computation.snapshot(at(now)).await.expect("evaluates");
        let open = read(&snapshot, "ucr-open-clocks", Dimension::Band);
        let bands: Vec<(&str, Option<i64>)> =
            open.iter().map(|figure| (figure.dimensions[0].1.as_str(), figure.numerator)).collect();
        assert_eq!(bands, [(band, Some(1))], "at {now}");
        let month = read(&snapshot, "ucr-two-hour-response", Dimension::Month);
        let found = month.first().and_then(|figure| Some((figure.numerator?, figure.denominator?)));
        assert_eq!(found.filter(|(_, denominator)| *denominator > 0), rate, "at {now}");
        let breached_now = now == "2025-06-12T11:02:00Z";
        assert!(!breached_now || !changes.is_empty(), "the breach becomes a version of the month's cell");
    }
}
