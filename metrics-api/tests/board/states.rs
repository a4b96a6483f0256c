//! Planted stays on virtual wards, beds, lists and hospital spells: a ward below the line, one above its beds, one empty.

use std::sync::Arc;

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use homeward_contract::feed::Feed;
use homeward_ingest::decode::Place;
use homeward_metrics_api::facts::OwnedRecord;

use crate::history::as_of;

/// Provider, ward, practice of its people, beds, and how many are on it.
const WARDS: [(&str, &str, &str, i64, i64); 3] = [
    ("RH8", "RH8-VW-FRAILTY", "L83881", 30, 16),
    ("RA9", "RA9-VW-FRAILTY", "L83972", 10, 11),
    ("RK9", "RK9-VW-HEART", "L83870", 8, 0),
];

/// Days for which a stay lasts, and days before today for which stays are planted.
const STAY_DAYS: i64 = 8;
const DAYS: i64 = 70;

/// People on the list of each ward's practice, of whom one in eight was in hospital in April and in May.
const LISTED: i64 = 40;

/// Every record.
pub(crate) fn planted() -> Vec<OwnedRecord> {
    let mut records = Vec::new();
    for (index, (provider, ward, practice, beds, patients)) in (0..).zip(WARDS) {
        let own = Ward { index, provider, ward, practice };
        records.push(own.beds(beds));
        for patient in 0..patients {
            // Each bed that is taken is taken anew when its stay is over, some hours later than the bed before.
            let mut begin = as_of() - Duration::days(DAYS) - Duration::hours(5 * patient);
            while begin < as_of() {
                let end = Some(begin + Duration::days(STAY_DAYS)).filter(|end| *end < as_of());
                records.push(own.stay(records.len(), patient, begin, end));
                begin += Duration::days(STAY_DAYS) + Duration::minutes(20);
            }
        }
        for person in 0..LISTED {
            records.push(own.registration(person));
            if person % 8 == 0 {
                records.push(own.spell(person, "2025-04-10T10:00:00+01:00", "2025-04-16T11:00:00+01:00"));
                records.push(own.spell(person, "2025-05-05T10:00:00+01:00", "2025-05-08T11:00:00+01:00"));
            }
        }
    }
    records
}

struct Ward {
    index: i64,
    provider: &'static str,
    ward: &'static str,
    practice: &'static str,
}

fn told(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl Ward {
    fn pseudonym(&self, person: i64) -> String {
        format!("{:04}uQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy5hg", 1_000 * self.index + person)
    }

    fn person(&self, person: i64) -> String {
        format!(
            r#""person":{{"pseudonym":"{}","keyVersion":1,"ageYears":81,"lsoa":"E01999902","practice":"{}"}}"#,
            self.pseudonym(person),
            self.practice
        )
    }

    fn beds(&self, beds: i64) -> OwnedRecord {
        let Self { provider, ward, .. } = self;
        let data = format!(
            r#""provider":"{provider}","ward_id":"{ward}","ward_name":"{ward}","pathway":"frailty","beds":{beds},"valid_from":"2025-01-01T00:00:00+00:00","valid_to":null,"area":"QJK""#
        );
        let subject = format!("{provider}|{ward}|2025-01-01");
        record((Feed::VwCapacity, "virtual-ward-capacity-1"), provider, &subject, "2024-12-31T16:00:00Z", &data)
    }

    fn stay(&self, number: usize, person: i64, begin: DateTime<Utc>, end: Option<DateTime<Utc>>) -> OwnedRecord {
        let Self { provider, ward, .. } = self;
        let (closed, outcome) = match end {
            Some(end) => (format!("\"{}\"", told(end)), "\"home\""),
            None => ("null".to_owned(), "null"),
        };
        let (status, route) = (
            if end.is_some() { "closed" } else { "open" },
            if number.is_multiple_of(3) { "step_up" } else { "step_down" },
        );
        let data = format!(
            r#""provider":"{provider}","stay_id":"VWS-{number}","ward_id":"{ward}",{},"admitted_at":"{}","discharged_at":{closed},"route":"{route}","pathway":"frailty","tech_enabled":true,"usual_residence":"own_home","outcome":{outcome},"referred_by":"{provider}","status":"{status}""#,
            self.person(person),
            told(begin)
        );
        let subject = format!("{provider}|VWS-{number}");
        record((Feed::VwStay, "virtual-ward-stay-1"), provider, &subject, &told(end.unwrap_or(begin)), &data)
    }

    fn registration(&self, person: i64) -> OwnedRecord {
        let (pseudonym, practice) = (self.pseudonym(person), self.practice);
        let data = format!(
            r#""pseudonym":"{pseudonym}","keyVersion":1,"practice":"{practice}","pcn":null,"lsoa":"E01999901","registered_from":"2024-01-01","registered_to":null,"end_reason":null,"opted_out":false,"care_home":false,"efi_band":"moderate","ageYears":81"#
        );
        let subject = format!("QJK|{pseudonym}|{practice}|2024-01-01");
        record((Feed::Registration, "registration-1"), "QJK", &subject, "2024-01-02T06:00:00Z", &data)
    }

    fn spell(&self, person: i64, admitted: &str, discharged: &str) -> OwnedRecord {
        let provider = self.provider;
        let spell = format!(
            "SP-{}-{}",
            self.pseudonym(person).get(..4).unwrap_or_default(),
            admitted.get(5..7).unwrap_or_default()
        );
        let data = format!(
            r#""provider":"{provider}","spell_id":"{spell}","segment":1,"trigger":"A03","status":"closed",{},"admitted_at":"{admitted}","discharged_at":"{discharged}","setting":"acute","ward_kind":"physical","admission_method":"emergency","patient_classification":"ordinary","usual_residence":"own_home","discharge_destination":"usual_residence","discharge_pathway":"P1","discharge_ready_at":null"#,
            self.person(person)
        );
        record(
            (Feed::Spell, "hospital-spell-1"),
            provider,
            &format!("{provider}|{spell}|1"),
            "2025-05-10T08:00:00Z",
            &data,
        )
    }
}

fn record((feed, kind): (Feed, &str), source: &str, subject: &str, time: &str, data: &str) -> OwnedRecord {
    let source = source.to_lowercase();
    // Every subject has one message, so that its own letters make an id that no other message has.
    let id = subject.bytes().fold(0_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let id = format!("00000000-0000-4000-8000-{:012}", id % 1_000_000_000_000);
    let payload = format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"uk.nhs.{source}.planted","type":"{kind}","time":"{time}","subject":"{subject}","datacontenttype":"application/json","versionid":"1","data":{{{data}}}}}"#
    );
    OwnedRecord {
        feed,
        key: subject.as_bytes().to_vec(),
        payload: payload.into_bytes(),
        place: Place { topic: Arc::from(feed.default_topic()), partition: 0, offset: 0 },
    }
}
