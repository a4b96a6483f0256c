//! The live feed: the same bytes for the same seed, exact counts, the shape of a day.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its failure report")]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Timelike, Utc};
use chrono_tz::Europe::London;
use homeward_simulator::{Fate, Message, Parameters, Simulation};
use serde_json::Value;

fn parameters(seed: u64, days: u32) -> Parameters {
    Parameters { seed, days, ..Parameters::default() }
}

fn event(message: &Message) -> Option<Value> {
    serde_json::from_slice(&message.payload).ok()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let bytes = |seed| {
        let simulation = Simulation::new(parameters(seed, 20));
        let live: Vec<Message> = simulation.live().collect();
        let files: Vec<_> =
            simulation.submissions().iter().map(|submission| (submission.folder.clone(), submission.files())).collect();
        (live, files)
    };
    assert!(bytes(11) == bytes(11));
    assert!(bytes(11).0 != bytes(12).0);
}

#[test]
fn delivery_is_in_order_and_keys_are_subjects() {
    let simulation = Simulation::new(Parameters { feed: Parameters::default().clean().feed, ..parameters(2, 10) });
    let mut last = DateTime::<Utc>::MIN_UTC;
    for message in simulation.live() {
        assert!(message.deliver_at >= last);
        last = message.deliver_at;
        let event = event(&message).unwrap();
        assert_eq!(event["subject"].as_str().unwrap().as_bytes(), message.key);
        let recorded: DateTime<Utc> = event["time"].as_str().unwrap().parse().unwrap();
        assert!(recorded <= message.deliver_at);
    }
    let both: Vec<DateTime<Utc>> = simulation.messages().map(|message| message.deliver_at).collect();
    assert!(both.is_sorted());
    let submitted: usize = simulation.submissions().iter().map(|submission| submission.messages().len()).sum();
    assert_eq!(both.len(), simulation.live().count() + submitted);
}

/// Counts what the records say and compares with what was planted.
#[test]
fn counts_are_exact() {
    let mut parameters = parameters(5, 60);
    parameters.feed.malformed = 0.0;
    let simulation = Simulation::new(parameters.clone());
    let counts = &simulation.truth().counts.feed;
    let (mut ids, mut facts) = (BTreeSet::new(), BTreeSet::new());
    let (mut same_id, mut new_id) = (0u64, 0u64);
    let mut types: BTreeMap<String, u64> = BTreeMap::new();
    for message in simulation.live() {
        let event = event(&message).unwrap();
        if !ids.insert(event["id"].as_str().unwrap().to_owned()) {
            same_id += 1;
        } else if !facts.insert((event["subject"].to_string(), event["versionid"].to_string())) {
            new_id += 1;
        } else {
            *types.entry(event["type"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    assert_eq!((same_id, new_id), (counts.duplicates_same_id, counts.duplicates_new_id));
    assert!(same_id > 20 && new_id > 5);
    assert_eq!(facts.len() as u64, counts.facts);
    assert_eq!(types["ucr-referral-received-1"], counts.type05 + counts.type07);
    assert_eq!(types["ucr-referral-amended-1"], counts.amended);
    assert_eq!(types["ucr-referral-voided-1"], counts.voided + counts.contacts_voided);
    assert_eq!(types["ucr-referral-rejected-1"], counts.fates[&Fate::Rejected] + counts.fates[&Fate::Redirected]);
    assert_eq!(types["ucr-referral-closed-1"], counts.closed);

    parameters.feed.malformed = 0.05;
    let broken = Simulation::new(parameters);
    let extra = broken.live().count() - simulation.live().count();
    assert_eq!(extra as u64, broken.truth().counts.feed.malformed);
    assert_eq!(broken.truth().counts.feed.malformed_by_kind.values().sum::<u64>(), extra as u64);
    assert!(broken.truth().counts.feed.malformed_by_kind.len() >= 12, "most kinds occur");
}

#[test]
fn devon_looks_like_devon() {
    let simulation = Simulation::new(parameters(8, 365));
    let clocks: Vec<_> = simulation.truth().clocks.iter().filter(|clock| clock.on_feed).collect();
    let fives = clocks.iter().filter(|clock| clock.waiting_type == "05").count() as f64;
    assert!((fives / 365.0 - 27.0).abs() < 1.5, "{} a day", fives / 365.0);
    let share = |wanted: &dyn Fn(&&&homeward_simulator::PlantedClock) -> bool| {
        clocks.iter().filter(wanted).count() as f64 / clocks.len() as f64
    };
    let sevens = share(&|clock| clock.waiting_type == "07");
    assert!((sevens - 0.15).abs() < 0.02, "{sevens}");
    let daytime = share(&|clock| (8..20).contains(&clock.received_at.with_timezone(&London).hour()));
    assert!((daytime - 0.90).abs() < 0.02, "{daytime}");
    for (source, expected) in [("self_carer", 0.375), ("gp", 0.156), ("999", 0.084)] {
        let found = share(&|clock| clock.source_group == source);
        assert!((found - expected).abs() < 0.02, "{source}: {found}");
    }
    let unnumbered = share(&|clock| !clock.has_nhs_number);
    assert!((unnumbered - 0.03).abs() < 0.015, "{unnumbered}");
    let pcns: BTreeSet<_> = clocks.iter().filter_map(|clock| clock.pcn.clone()).collect();
    assert_eq!(pcns.len(), 31);
    let over_the_border = share(&|clock| clock.icb.as_deref() != Some("QJK"));
    assert!((0.005..0.05).contains(&over_the_border), "{over_the_border}");
}

#[test]
fn each_provider_has_its_own_rate() {
    let mut parameters = parameters(9, 400);
    parameters.providers[1].two_hour_rate = 0.6;
    let simulation = Simulation::new(parameters.clone());
    for provider in &parameters.providers {
        let own =
            simulation.truth().clocks.iter().filter(|clock| {
                clock.provider == provider.code && clock.waiting_type == "05" && clock.fate == Fate::Seen
            });
        let minutes: Vec<i64> = own.filter_map(|clock| clock.true_minutes).collect();
        let rate = minutes.iter().filter(|minutes| (0..=120).contains(*minutes)).count() as f64 / minutes.len() as f64;
        assert!((rate - provider.two_hour_rate).abs() < 0.03, "{}: {rate}", provider.code);
    }
}

#[test]
fn the_endless_stream_begins_like_the_finite_one() {
    let finite: Vec<Message> = Simulation::new(parameters(4, 30)).live().collect();
    let until = Parameters::default().start + chrono::Duration::days(29);
    let mut most_waiting = 0;
    let mut endless = Simulation::endless(parameters(4, 0));
    for expected in finite.iter().take_while(|message| message.deliver_at < until) {
        assert_eq!(endless.next().as_ref(), Some(expected));
        most_waiting = most_waiting.max(endless.waiting());
    }
    for _ in 0..50_000 {
        assert!(endless.next().is_some());
        most_waiting = most_waiting.max(endless.waiting());
    }
    assert!(most_waiting < 3_000, "{most_waiting} waiting");
}

#[test]
fn nothing_arrives_in_an_empty_devon() {
    let empty = Parameters { type05_per_day: 0.0, ..parameters(1, 5) };
    assert_eq!(Simulation::new(empty.clone()).live().count(), 0);
    assert!(Simulation::endless(empty).next().is_none());
}
