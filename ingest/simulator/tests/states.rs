//! Events that carry a whole state: the same bytes for the same seed, everything that goes wrong planted, a plain truth.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its failure report")]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use homeward_contract::feed::Feed;
use homeward_simulator::Parameters;
use homeward_simulator::states::{State, StateRates, States, Version};
use serde_json::Value;

fn states(seed: u64) -> States {
    States::new(&Parameters { seed, days: 60, ..Parameters::default() }, &StateRates::default())
}

#[test]
fn the_same_seed_gives_the_same_bytes_in_order_of_delivery() {
    let one = states(3);
    assert!(one.messages() == states(3).messages());
    assert!(one.messages() != states(4).messages());
    assert!(one.messages().is_sorted_by_key(|message| message.deliver_at));
    let feeds: BTreeSet<Feed> = one.messages().iter().map(|message| message.feed).collect();
    assert_eq!(feeds.into_iter().collect::<Vec<_>>(), Feed::STATES);
    for message in one.messages() {
        let event: Value = serde_json::from_slice(&message.payload).unwrap();
        assert_eq!(event["subject"].as_str().unwrap().as_bytes(), message.key);
        let recorded: DateTime<Utc> = event["time"].as_str().unwrap().parse().unwrap();
        assert!(recorded <= message.deliver_at);
    }
}

#[test]
fn everything_that_can_go_wrong_does() {
    let states = states(5);
    let mut triggers: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut voided, mut cancelled, mut revoked) = (0, 0, 0);
    let mut ids: BTreeMap<(Feed, String), BTreeSet<i64>> = BTreeMap::new();
    for version in states.versions() {
        ids.entry((version.feed, version.subject.clone())).or_default().insert(version.version_id);
        match &version.state {
            State::Spell(spell) => {
                *triggers.entry(spell.trigger).or_default() += 1;
                assert_eq!(version.withdrawn, spell.trigger == "A11");
                assert!(spell.discharged_at.is_none_or(|end| end >= spell.admitted_at), "{spell:?}");
            }
            State::VoidedStay(_) => voided += usize::from(version.withdrawn),
            State::EdStay(stay) => {
                cancelled += usize::from(version.withdrawn);
                assert!(stay.departed_at.is_none_or(|end| end >= stay.arrived_at), "{stay:?}");
            }
            State::Death(_) => revoked += usize::from(version.withdrawn),
            _ => {}
        }
    }
    assert_eq!(triggers.keys().copied().collect::<Vec<_>>(), ["A01", "A02", "A03", "A08", "A11", "A13"]);
    assert!(voided > 0 && cancelled > 0 && revoked > 0 && states.backwards() > 0);
    for versions in ids.values() {
        assert_eq!(versions.iter().copied().collect::<Vec<_>>(), (1..=versions.len() as i64).collect::<Vec<_>>());
    }
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for message in states.messages() {
        let event: Value = serde_json::from_slice(&message.payload).unwrap();
        *sent.entry(event["id"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert!(sent.values().any(|times| *times == 2), "some are sent again with the same id");
    assert_eq!(sent.len() as u64, states.versions().len() as u64 + states.backwards());
}

#[test]
fn the_newest_state_of_each_subject_is_told_at_any_instant() {
    let states = states(6);
    let start = Parameters::default().start;
    let (mut open, mut silent) = (0, 0);
    let mut before = 0;
    for day in [5, 30, 60, 200] {
        let newest = states.newest_at(start + Duration::days(day));
        assert!(newest.len() >= before, "a subject never goes");
        before = newest.len();
        for ((feed, subject), version) in newest {
            assert_eq!((version.feed, version.subject.as_str()), (feed, subject));
            match &version.state {
                State::Spell(spell) if day == 200 && !version.withdrawn => {
                    open += usize::from(spell.discharged_at.is_none());
                }
                State::Beds(beds) if day == 200 => {
                    silent += usize::from(beds.valid_to.is_some() || beds.beds.is_none())
                }
                _ => {}
            }
        }
    }
    assert!(open > 0, "some spells nobody ever closes");
    assert_eq!(silent, 2, "one ward fell silent and one never said a number");
}

#[test]
fn a_hospital_that_writes_hl7_tells_the_same_history() {
    let parameters = Parameters { seed: 8, days: 60, ..Parameters::default() };
    let as_events = States::new(&parameters, &StateRates::default());
    let rates = StateRates { hl7_hospital: Some("RA9".to_owned()), ..StateRates::default() };
    let as_messages = States::new(&parameters, &rates);
    let plan = |states: &States| -> Vec<Version> {
        states.versions().iter().map(|version| Version { told_in: None, ..version.clone() }).collect()
    };
    assert!(plan(&as_events) == plan(&as_messages), "only the form differs");
    assert!(as_events.versions().iter().all(|version| version.told_in == Some(version.feed)));

    let (mut triggers, mut ids) = (BTreeMap::<String, usize>::new(), BTreeMap::<String, usize>::new());
    let (mut backwards, mut with_number) = (0, 0);
    for message in as_messages.messages().iter().filter(|message| message.feed == Feed::Adt) {
        let text = str::from_utf8(&message.payload).unwrap();
        let field = |segment: &str, number: usize| -> String {
            let found = text.split('\r').find(|held| held.starts_with(segment)).unwrap();
            let offset = usize::from(segment == "MSH");
            found.split('|').nth(number - offset).unwrap_or_default().to_owned()
        };
        *triggers.entry(field("EVN", 1)).or_default() += 1;
        *ids.entry(field("MSH", 10)).or_default() += 1;
        assert_eq!(message.key, format!("RA9|{}", field("PV1", 19)).into_bytes());
        assert_eq!((field("MSH", 4).as_str(), field("MSH", 9)), ("RA9", format!("ADT^{}", field("EVN", 1))));
        with_number += usize::from(field("PID", 3).contains("~999"));
        // Of one offset or of two an hour apart: no discharge is less than an hour before its admission.
        let (admitted, discharged) = (field("PV1", 44), field("PV1", 45));
        backwards += u64::from(!discharged.is_empty() && discharged < admitted);
    }
    assert_eq!(triggers.keys().map(String::as_str).collect::<Vec<_>>(), ["A01", "A02", "A03", "A08", "A11", "A13"]);
    assert!(with_number > 0 && backwards > 0 && ids.values().any(|times| *times == 2));
    let told = as_messages.versions().iter().filter(|version| version.told_in == Some(Feed::Adt)).count() as u64;
    assert_eq!(ids.len() as u64, told + backwards);
    let silent = |version: &&Version| version.told_in.is_none();
    let moved: Vec<&Version> = as_messages.versions().iter().filter(silent).collect();
    assert!(!moved.is_empty(), "a move ends a segment without a message of its own");
    let of_hospital = |message: &&homeward_simulator::Message| {
        [Feed::Spell, Feed::EdStay].contains(&message.feed) && message.key.starts_with(b"RA9|")
    };
    assert_eq!(as_messages.messages().iter().filter(of_hospital).count(), 0, "nothing is told twice");
    assert!(as_events.messages().iter().filter(of_hospital).count() > 0);
}
