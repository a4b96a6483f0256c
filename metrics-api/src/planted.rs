//! A small planted history for tests of the outlets: known counts at one instant.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use homeward_contract::feed::Feed;
use homeward_contract::geography::Geography;
use homeward_ingest::decode::Place;
use homeward_transform::definition::Catalogue;
use homeward_transform::evaluate::{Instants, evaluate};
use homeward_transform::snapshot::Snapshot;

use crate::facts::{OwnedRecord, decode_records};
use crate::keys;

/// 15:00 in London on Thursday 12 June 2025.
pub(crate) fn as_of() -> DateTime<Utc> {
    "2025-06-12T14:00:00Z".parse().unwrap()
}

/// Plymouth: 27 of 40 seen within two hours, one clock open for 100 minutes.
pub(crate) async fn snapshot() -> (Snapshot, Arc<Catalogue>) {
    evaluate_records(&records()).await
}

/// The events behind [`snapshot`].
pub(crate) fn records() -> Vec<OwnedRecord> {
    let mut records = Vec::new();
    for number in 0..40 {
        let start = as_of() - Duration::hours(30) - Duration::minutes(10 * number);
        let minutes = if number < 27 { 99 } else { 121 };
        records.push(received(number, start));
        records.push(seen(number, start + Duration::minutes(minutes)));
    }
    records.push(received(40, as_of() - Duration::minutes(100)));
    records
}

/// Nothing known yet.
pub(crate) async fn empty() -> (Snapshot, Arc<Catalogue>) {
    evaluate_records(&[]).await
}

async fn evaluate_records(records: &[OwnedRecord]) -> (Snapshot, Arc<Catalogue>) {
    let catalogue = Arc::new(Catalogue::builtin().unwrap());
    let decoded = decode_records(records, &keys::of_this_run(), as_of());
    let refusals: usize = decoded.iter().map(|batch| batch.refusals.len()).sum();
    assert_eq!(refusals, 0, "{decoded:?}");
    let facts: Vec<_> = decoded.into_iter().flat_map(|batch| batch.tables).collect();
    let instants = Instants { as_of: as_of(), as_known_at: None };
    let geography = Arc::new(Geography::devon());
    let snapshot = evaluate(&facts, Arc::clone(&catalogue), geography, instants).await.unwrap();
    (snapshot, catalogue)
}

fn received(number: i64, start: DateTime<Utc>) -> OwnedRecord {
    let start = start.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    event(
        number,
        "referral-received",
        1,
        &start,
        &format!(
            r#""OrgID_Commissioner":"15N","person":{{"pseudonym":"vMBWuQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy5hg","keyVersion":3,"ageYears":84,"lsoa":"E01999901","practice":"L83999"}},"ReferralRequest_ReceivedDateTime":"{start}","RTT_StartDateTime":"{start}","WaitingTime_MeasurementType":"05","sourceGroup":"999","TeamType":"51""#
        ),
    )
}

fn seen(number: i64, end: DateTime<Utc>) -> OwnedRecord {
    let end = end.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let data = format!(
        r#""CareContactID":"CC-{number}","Contact_DateTime":"{end}","ConsMechanism":"01","AttendanceStatus":"5","stopsClock":true,"RTT_EndDateTime":"{end}""#
    );
    event(number, "first-contact", 2, &end, &data)
}

fn event(number: i64, kind: &str, version: i64, time: &str, data: &str) -> OwnedRecord {
    let payload = format!(
        r#"{{"specversion":"1.0","id":"00000000-0000-4000-8000-{number:06}{version:06}","source":"uk.nhs.nr5.ucr-feed","type":"ucr-{kind}-1","time":"{time}","subject":"NR5|SRI-{number}","datacontenttype":"application/json","versionid":"{version}","data":{{"OrgID_Provider":"NR5","ServiceRequestID":"SRI-{number}",{data}}}}}"#
    );
    OwnedRecord {
        feed: Feed::Ucr,
        key: format!("NR5|SRI-{number}").into_bytes(),
        payload: payload.into_bytes(),
        place: Place { topic: Arc::from("homeward.ucr"), partition: 0, offset: 2 * number + version },
    }
}
