//! A planted month: four providers in four places, every count known.

use std::sync::Arc;

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use homeward_contract::feed::Feed;
use homeward_contract::geography::Geography;
use homeward_ingest::decode::Place;
use homeward_metrics_api::facts::{OwnedRecord, decode_records};
use homeward_metrics_api::keys;
use homeward_transform::definition::Catalogue;
use homeward_transform::evaluate::{Instants, evaluate};
use homeward_transform::feedback::{DataQuality, Measure, Quality, Share};
use homeward_transform::reconcile::{PublishedSeries, PublishedWards};
use homeward_transform::snapshot::Snapshot;

use crate::states;

/// 15:00 in London on Thursday 12 June 2025.
pub(crate) fn as_of() -> DateTime<Utc> {
    "2025-06-12T14:00:00Z".parse().expect("an instant")
}

/// Provider, practice of its people, referrals a day, and of ten referrals how many are seen in time.
const PLACES: [(&str, &str, i64, i64); 4] =
    [("NR5", "L83953", 9, 7), ("RH8", "L83881", 12, 9), ("RA9", "L83972", 7, 8), ("RK9", "L83870", 2, 6)];

/// Days before today that are planted.
const DAYS: i64 = 27;

/// Referrals of NR5 that still run: minutes since their start.
const RUNNING: [i64; 4] = [20, 70, 100, 130];

/// Records in the order of their telling.
pub(crate) struct History {
    records: Vec<OwnedRecord>,
    number: i64,
}

impl History {
    pub(crate) fn planted() -> Self {
        let mut history = Self { records: Vec::new(), number: 0 };
        for (provider, practice, daily, in_time) in PLACES {
            for day in 1..=DAYS {
                for place in 0..daily {
                    // Spread over the day from nine in the morning on; which ones are late shifts from day to day.
                    let start = as_of() - Duration::days(day) + Duration::minutes(45 * place - 360);
                    let met = (7 * place + 3 * day) % 10 < in_time;
                    history.visited(provider, practice, start, if met { 84 } else { 147 });
                }
            }
            history.visited(provider, practice, as_of() - Duration::minutes(200), 90);
        }
        for minutes in RUNNING {
            history.running("NR5", "L83953", as_of() - Duration::minutes(minutes));
        }
        history.records.extend(states::planted());
        history
    }

    /// One more referral that was seen in time, an hour ago.
    pub(crate) fn another_visit(&mut self) {
        self.visited("NR5", "L83953", as_of() - Duration::minutes(80), 60);
    }

    fn visited(&mut self, provider: &str, practice: &str, start: DateTime<Utc>, minutes: i64) {
        let number = self.running(provider, practice, start);
        let end = (start + Duration::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Secs, true);
        let data = format!(
            r#""CareContactID":"CC-{number}","Contact_DateTime":"{end}","ConsMechanism":"01","AttendanceStatus":"5","stopsClock":true,"RTT_EndDateTime":"{end}""#
        );
        self.tell(provider, number, ("first-contact", 2), &end, &data);
    }

    fn running(&mut self, provider: &str, practice: &str, start: DateTime<Utc>) -> i64 {
        self.number += 1;
        let (number, start) = (self.number, start.to_rfc3339_opts(SecondsFormat::Secs, true));
        let data = format!(
            r#""OrgID_Commissioner":"15N","person":{{"pseudonym":"vMBWuQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy5hg","keyVersion":3,"ageYears":84,"lsoa":"E01999901","practice":"{practice}"}},"ReferralRequest_ReceivedDateTime":"{start}","RTT_StartDateTime":"{start}","WaitingTime_MeasurementType":"05","sourceGroup":"999","TeamType":"51""#
        );
        self.tell(provider, number, ("referral-received", 1), &start, &data);
        number
    }

    fn tell(&mut self, provider: &str, number: i64, (kind, version): (&str, i64), time: &str, data: &str) {
        let source = provider.to_lowercase();
        let payload = format!(
            r#"{{"specversion":"1.0","id":"00000000-0000-4000-8000-{number:06}{version:06}","source":"uk.nhs.{source}.ucr-feed","type":"ucr-{kind}-1","time":"{time}","subject":"{provider}|SRI-{number}","datacontenttype":"application/json","versionid":"{version}","data":{{"OrgID_Provider":"{provider}","ServiceRequestID":"SRI-{number}",{data}}}}}"#
        );
        self.records.push(OwnedRecord {
            feed: Feed::Ucr,
            key: format!("{provider}|SRI-{number}").into_bytes(),
            payload: payload.into_bytes(),
            place: Place { topic: Arc::from("homeward.ucr"), partition: 0, offset: 2 * number + version },
        });
    }

    /// The picture of everything told so far, at an instant.
    pub(crate) async fn snapshot(&self, catalogue: &Arc<Catalogue>, at: DateTime<Utc>) -> Snapshot {
        let decoded = decode_records(&self.records, &keys::of_this_run(), at);
        let refusals: usize = decoded.iter().map(|batch| batch.refusals.len()).sum();
        assert_eq!(refusals, 0, "the planted records are sound");
        let facts: Vec<_> = decoded.into_iter().flat_map(|batch| batch.tables).collect();
        let instants = Instants { as_of: at, as_known_at: None };
        let geography = Arc::new(Geography::devon());
        let snapshot = evaluate(&facts, Arc::clone(catalogue), geography, instants).await;
        let snapshot = snapshot.expect("the planted facts evaluate").with_data_quality(data_quality());
        let reconciliation = snapshot.reconciliation().clone().with_wards(published());
        snapshot.with_reconciliation(reconciliation)
    }
}

/// Patients and beds of NHS Devon as they were published, and a month that looks like a missing count.
fn published() -> PublishedSeries {
    let months = [
        ("2023-07-01", 98, 126),
        ("2023-08-01", 77, 129),
        ("2023-09-01", 67, 150),
        ("2023-10-01", 101, 202),
        ("2023-11-01", 107, 225),
        ("2023-12-01", 105, 208),
        ("2024-01-01", 96, 216),
        ("2024-02-01", 114, 216),
        ("2024-03-01", 0, 216),
    ];
    PublishedSeries::planted(months.map(|(month, patients, beds)| {
        let held = PublishedWards { patients: Some(patients), beds: Some(beds), ..PublishedWards::default() };
        (month.parse().expect("a day"), Arc::from("QJK"), held)
    }))
}

/// Two months of one provider with a gap between them.
fn data_quality() -> DataQuality {
    let quality = |numerator| {
        let mut quality = Quality::default().with_share(Measure::NhsNumber, Share { numerator, denominator: 104 });
        quality.orphans = 3;
        quality
    };
    let month = |first: &str, numerator| (Arc::from("NR5"), first.parse().expect("a day"), quality(numerator));
    DataQuality::of([month("2025-02-01", 90), month("2025-04-01", 101)])
}
