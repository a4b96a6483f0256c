//! The simulated states through the decoder: what is refused, and the newest row of each subject, are what was planted.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array as _, AsArray as _, RecordBatch};
use arrow::datatypes::{Date32Type, Int32Type, Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, Duration, Utc};
use homeward_contract::feed::Feed;
use homeward_contract::identity::PseudonymKeys;
use homeward_contract::reject::RejectCode;
use homeward_contract::state::Version as Order;
use homeward_ingest::adt::{Visits, Wards};
use homeward_ingest::decode::{DecodeContext, Decoded, Place, RawRecord, decode};
use homeward_simulator::states::{State, StateRates, States, Version, wards_csv};
use homeward_simulator::{Message, Parameters};

/// Rows of one feed, newest of each subject.
struct Newest {
    batch: RecordBatch,
    rows: BTreeMap<String, usize>,
}

impl Newest {
    fn of(batch: RecordBatch) -> Self {
        let subjects = batch.column_by_name("subject").unwrap().as_string::<i32>().clone();
        let ids = batch.column_by_name("event_id").unwrap().as_string::<i32>().clone();
        let versions = batch.column_by_name("version_id").unwrap().as_primitive::<Int64Type>().clone();
        let times = batch.column_by_name("event_time").unwrap().as_primitive::<TimestampMicrosecondType>().clone();
        let order = |row: usize| Order {
            version_id: versions.value(row),
            event_time: DateTime::from_timestamp_micros(times.value(row)).unwrap(),
            event_id: ids.value(row),
        };
        let mut rows: BTreeMap<String, usize> = BTreeMap::new();
        for row in 0..batch.num_rows() {
            let held = rows.entry(subjects.value(row).to_owned()).or_insert(row);
            if order(row) > order(*held) {
                *held = row;
            }
        }
        Self { batch, rows }
    }

    fn text(&self, row: usize, column: &str) -> Option<String> {
        let texts = self.batch.column_by_name(column).unwrap().as_string::<i32>();
        texts.is_valid(row).then(|| texts.value(row).to_owned())
    }

    fn at(&self, row: usize, column: &str) -> Option<DateTime<Utc>> {
        let times = self.batch.column_by_name(column).unwrap().as_primitive::<TimestampMicrosecondType>();
        times.is_valid(row).then(|| DateTime::from_timestamp_micros(times.value(row)).unwrap())
    }

    fn day(&self, row: usize, column: &str) -> Option<String> {
        let days = self.batch.column_by_name(column).unwrap().as_primitive::<Date32Type>();
        days.is_valid(row).then(|| days.value_as_date(row).unwrap().to_string())
    }

    fn number(&self, row: usize, column: &str) -> Option<i32> {
        let numbers = self.batch.column_by_name(column).unwrap().as_primitive::<Int32Type>();
        numbers.is_valid(row).then(|| numbers.value(row))
    }

    /// Holds one row against the plan.
    fn compare(&self, row: usize, planted: &Version) {
        let withdrawn = self.batch.column_by_name("withdrawn").unwrap().as_boolean().value(row);
        assert_eq!((self.text(row, "event_id"), withdrawn), (Some(planted.event_id.clone()), planted.withdrawn));
        let text = |column| self.text(row, column);
        let word = |word: Option<&str>| word.map(str::to_owned);
        match &planted.state {
            State::Stay(stay) => {
                assert_eq!(self.at(row, "admitted_at"), Some(stay.admitted_at));
                assert_eq!(self.at(row, "discharged_at"), stay.discharged_at);
                assert_eq!((text("outcome"), text("pseudonym")), (word(stay.outcome), stay.person.pseudonym.clone()));
                assert_eq!(text("ward_id").as_deref(), Some(stay.ward_id));
            }
            State::VoidedStay(_) => assert_eq!(text("reason").as_deref(), Some("entered_in_error")),
            State::Beds(beds) => {
                assert_eq!(self.number(row, "beds").map(i32::cast_unsigned), beds.beds);
                assert_eq!(self.at(row, "valid_from"), Some(beds.valid_from));
                assert_eq!(self.at(row, "valid_to"), beds.valid_to);
            }
            State::Spell(spell) => {
                assert_eq!(self.at(row, "admitted_at"), Some(spell.admitted_at));
                assert_eq!(self.at(row, "discharged_at"), spell.discharged_at);
                assert_eq!(
                    (text("trigger"), text("ward_kind")),
                    (word(Some(spell.trigger)), word(Some(spell.ward_kind)))
                );
                assert_eq!(text("discharge_destination"), word(spell.discharge_destination));
                assert_eq!(self.number(row, "segment").map(i32::cast_unsigned), Some(spell.segment));
            }
            State::EdStay(stay) => {
                assert_eq!(self.at(row, "arrived_at"), Some(stay.arrived_at));
                assert_eq!(self.at(row, "departed_at"), stay.departed_at);
                assert_eq!(text("linked_spell_id"), stay.linked_spell_id);
            }
            State::Death(death) => {
                assert_eq!(self.day(row, "date_of_death"), Some(death.date_of_death.to_string()));
                assert_eq!(text("status").as_deref(), Some(death.status));
            }
            State::Registration(own) => {
                assert_eq!(self.day(row, "registered_from"), Some(own.registered_from.to_string()));
                assert_eq!(self.day(row, "registered_to"), own.registered_to.map(|day| day.to_string()));
                assert_eq!((text("efi_band"), text("pcn")), (word(Some(own.efi_band)), own.pcn.clone()));
                assert_eq!(self.number(row, "age_years"), Some(own.age_years));
            }
        }
    }
}

#[test]
fn what_is_decoded_is_what_was_planted() {
    let parameters = Parameters { seed: 11, days: 60, ..Parameters::default() };
    let states = States::new(&parameters, &StateRates::default());
    let keys = PseudonymKeys::from_secret(1, b"a secret that no simulated sender knows");
    let context = DecodeContext::new(&keys, DateTime::UNIX_EPOCH);
    let mut refused = 0;
    for (day, is_last) in [(10, false), (45, false), (400, true)] {
        let as_of = parameters.start + Duration::days(day);
        let newest = states.newest_at(as_of);
        for feed in Feed::STATES {
            let mut messages: Vec<&Message> = states
                .messages()
                .iter()
                .filter(|message| message.feed == feed && message.deliver_at <= as_of)
                .collect();
            // Order is nothing: newest versions win, whatever comes first.
            messages.reverse();
            let topic: Arc<str> = Arc::from(feed.default_topic());
            let records: Vec<RawRecord<'_>> = messages
                .iter()
                .zip(0..)
                .map(|(message, offset)| RawRecord {
                    place: Place { topic: Arc::clone(&topic), partition: 0, offset },
                    key: Some(&message.key),
                    payload: Some(&message.payload),
                })
                .collect();
            let mut decoded = decode(feed, &records, &context);
            assert!(decoded.flags.is_empty(), "{:?}", decoded.flags);
            for refusal in &decoded.refusals {
                assert_eq!(refusal.code, RejectCode::StateEndsBeforeStart, "{}", refusal.detail);
            }
            refused += if is_last { decoded.refusals.len() as u64 } else { 0 };
            let found = Newest::of(decoded.tables.remove(0).1);
            let due: Vec<&str> = newest.keys().filter(|(of, _)| *of == feed).map(|(_, subject)| *subject).collect();
            assert_eq!(found.rows.keys().map(String::as_str).collect::<Vec<_>>(), due, "{feed} at day {day}");
            for (subject, row) in &found.rows {
                found.compare(*row, newest[&(feed, subject.as_str())]);
            }
        }
    }
    assert_eq!(refused, states.backwards());
}

/// What events and messages of one hospital both say of a segment and of an attendance.
const SPELL_ITEMS: [&str; 10] = [
    "pseudonym",
    "pseudonym_key_version",
    "age_years",
    "admitted_at",
    "discharged_at",
    "setting",
    "ward_kind",
    "admission_method",
    "patient_classification",
    "withdrawn",
];
const ED_ITEMS: [&str; 6] =
    ["pseudonym", "pseudonym_key_version", "age_years", "arrived_at", "departed_at", "withdrawn"];

/// Decodes records of one feed: key and payload.
fn decoded<'r>(
    feed: Feed,
    records: impl Iterator<Item = (&'r [u8], &'r [u8])>,
    context: &DecodeContext<'_>,
) -> Decoded {
    let topic: Arc<str> = Arc::from(feed.default_topic());
    let records: Vec<RawRecord<'_>> = records
        .zip(0..)
        .map(|((key, payload), offset)| RawRecord {
            place: Place { topic: Arc::clone(&topic), partition: 0, offset },
            key: Some(key),
            payload: Some(payload),
        })
        .collect();
    decode(feed, &records, context)
}

/// The newest state of each subject of a hospital, item by item, as told by events.
fn told(batch: RecordBatch, items: &[&str], hospital: &str) -> BTreeMap<String, Vec<String>> {
    let newest = Newest::of(batch);
    let own = newest.rows.iter().filter(|(subject, _)| subject.starts_with(hospital));
    own.map(|(subject, row)| {
        let value = |item: &&str| {
            let column = newest.batch.column_by_name(item).unwrap();
            arrow::util::display::array_value_to_string(column, *row).unwrap()
        };
        (subject.clone(), items.iter().map(value).collect())
    })
    .collect()
}

#[test]
fn a_hospital_told_in_hl7_gives_the_facts_of_its_events() {
    let hospital = "RA9";
    // Over the clock changes of spring and of autumn.
    for (seed, start) in [(11, "2025-03-01T00:00:00Z"), (12, "2025-10-01T00:00:00Z"), (13, "2025-06-01T00:00:00Z")] {
        let parameters = Parameters { seed, days: 60, start: start.parse().unwrap(), ..Parameters::default() };
        let as_events = States::new(&parameters, &StateRates::default());
        let rates = StateRates { hl7_hospital: Some(hospital.to_owned()), ..StateRates::default() };
        let as_messages = States::new(&parameters, &rates);
        let keys = parameters.pseudonym_keys();
        let context = DecodeContext::new(&keys, DateTime::UNIX_EPOCH);

        let of = |states: &States, feed: Feed| {
            let own = states.messages().iter().filter(|message| message.feed == feed);
            own.map(|message| (message.key.clone(), message.payload.clone())).collect::<Vec<_>>()
        };
        let messages = of(&as_messages, Feed::Adt);
        let pairs = |records: &[(Vec<u8>, Vec<u8>)]| {
            let mut one = decoded(Feed::Adt, records.iter().map(|(key, payload)| (&**key, &**payload)), &context);
            for refusal in &one.refusals {
                assert_eq!(refusal.code, RejectCode::AdtEndsBeforeStart, "{}", refusal.detail);
            }
            assert!(one.flags.is_empty(), "{:?}", one.flags);
            (one.tables.pop().map(|(_, batch)| batch), one.refusals.len() as u64)
        };
        let reversed: Vec<_> = messages.iter().rev().cloned().collect();
        for (order, messages) in [("as delivered", messages), ("reversed", reversed)] {
            let mut visits = Visits::new(Wards::from_csv(&wards_csv()).unwrap());
            let (mut events, mut refused) = (Vec::new(), 0);
            for records in messages.chunks(25) {
                let (batch, faults) = pairs(records);
                refused += faults;
                events.extend(visits.take(batch.as_slice()).unwrap());
            }
            for (feed, items) in [(Feed::Spell, &SPELL_ITEMS[..]), (Feed::EdStay, &ED_ITEMS)] {
                let made = events.iter().filter(|event| event.feed == feed);
                let made = made.map(|event| (event.subject.as_bytes(), event.payload.as_bytes()));
                let mut made = decoded(feed, made, &context);
                assert!(made.refusals.is_empty() && made.flags.is_empty(), "{:?}", made.refusals);
                let records = of(&as_events, feed);
                let mut sent = decoded(feed, records.iter().map(|(key, payload)| (&**key, &**payload)), &context);
                let due = told(sent.tables.remove(0).1, items, hospital);
                let found = told(made.tables.remove(0).1, items, hospital);
                assert!(due.len() > 50, "{} of {feed}", due.len());
                for (subject, items) in &due {
                    assert_eq!(found.get(subject), Some(items), "{order}, seed {seed}, {subject}");
                }
                assert_eq!(found.len(), due.len());
            }
            let own = as_messages.messages().iter().filter(|message| Feed::STATES.contains(&message.feed));
            let others: Vec<&Message> = own.collect();
            let mut elsewhere = 0;
            for feed in Feed::STATES {
                let own = others.iter().filter(|message| message.feed == feed);
                let own = own.map(|message| (&*message.key, &*message.payload));
                elsewhere += decoded(feed, own, &context).refusals.len() as u64;
            }
            assert_eq!(refused + elsewhere, as_messages.backwards(), "what must be refused is");
            assert!(refused > 0);
        }
    }
}
