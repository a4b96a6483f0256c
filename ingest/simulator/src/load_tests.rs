//! Tests of the benchmark's load.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

const SHARES: [f64; 3] = [0.01, 0.005, 0.001];

/// One minute of a winter night, told by many senders.
fn of_one_minute(records: u64) -> Load {
    let sender = |number| LoadSender { provider: format!("T{number:02}"), commissioner: format!("Q{number:02}") };
    Load {
        begins_at: "2025-12-31T23:59:30Z".parse().unwrap(),
        span_seconds: 60,
        visited_after_seconds: 5,
        senders: (0..40).map(sender).collect(),
        ..Load::of_sixty_days(records, 4, SHARES)
    }
}

#[test]
fn counts_are_exact() {
    for count in [1, 10, 999, 20_000] {
        check_counts(Load::of_sixty_days(count, 3, SHARES));
        check_counts(of_one_minute(count));
    }
    let counts = Load::of_sixty_days(20_000, 3, SHARES).events().counts().clone();
    assert_eq!((counts.duplicate, counts.malformed, counts.late), (100, 20, 200));
}

fn check_counts(load: Load) {
    let count = load.records;
    let events = load.events();
    let counts = events.counts().clone();
    let messages: Vec<Message> = events.collect();
    assert_eq!(messages.len() as u64, count);
    assert_eq!(counts.records, count);
    assert_eq!(counts.good + counts.duplicate + counts.malformed, count);
    let (mut ids, mut duplicate, mut malformed, mut late) = (BTreeSet::new(), 0, 0, 0);
    for message in &messages {
        let Ok(Value::Object(event)) = serde_json::from_slice::<Value>(&message.payload) else {
            malformed += 1;
            continue;
        };
        let time = event.get("time").and_then(Value::as_str).and_then(|time| DateTime::parse_from_rfc3339(time).ok());
        let sound = event.get("id").is_some_and(|id| id != "again")
            && event.contains_key("data")
            && event["specversion"] == "1.0"
            && event["type"] != "ucr-referral-teleported-1"
            && event["versionid"] != "newest"
            && event["data"]["ServiceRequestID"]
                .as_str()
                .is_some_and(|id| event["subject"].as_str().unwrap().ends_with(id));
        match time {
            // Only good records are repeated; two broken ones may be alike by chance.
            Some(_) if sound && !ids.insert(message.payload.clone()) => duplicate += 1,
            Some(time) if sound && time.offset().local_minus_utc() == 0 => {
                let behind = message.deliver_at - time.to_utc();
                assert!(behind.num_seconds() >= 0 && (behind.num_minutes() < 1 || behind.num_hours() >= 49));
                late += u64::from(behind.num_hours() >= 49);
            }
            _ => malformed += 1,
        }
    }
    assert_eq!((duplicate, malformed, late), (counts.duplicate, counts.malformed, counts.late), "of {count}");
}

#[test]
fn records_have_the_stated_size_and_figures_add_up() {
    let events = Load::of_sixty_days(50_000, 9, SHARES).events();
    let counts = events.counts().clone();
    let bytes: usize = events.map(|message| message.payload.len()).sum();
    assert!((380..=440).contains(&(bytes / 50_000)), "{} bytes a record", bytes / 50_000);
    let total = counts.providers.values().fold(LoadFigures::default(), |sum, one| LoadFigures {
        referrals: sum.referrals + one.referrals,
        stopped: sum.stopped + one.stopped,
        met: sum.met + one.met,
    });
    assert_eq!(total.referrals + total.stopped, counts.good);
    assert_eq!(counts.providers.len(), 4);
    let rate = total.met as f64 / total.stopped as f64;
    assert!((0.82..0.84).contains(&rate), "{rate}");
}

#[test]
fn a_load_of_one_minute_has_its_senders_and_its_visits_in_winter_time() {
    let events = of_one_minute(6_000).events();
    let counts = events.counts().clone();
    assert_eq!(counts.providers.len(), 40);
    let stopped: u64 = counts.providers.values().map(|own| own.stopped).sum();
    assert!(stopped > 2_500, "{stopped} visits");
    let mut told = events;
    let texts: Vec<String> =
        told.by_ref().map(|message| String::from_utf8_lossy(&message.payload).into_owned()).collect();
    assert_eq!(told.referrals(), counts.providers.values().map(|own| own.referrals).sum::<u64>());
    assert!(texts.iter().all(|text| !text.contains("+01:00")));
    let has = |parts: &[&str]| texts.iter().any(|text| parts.iter().all(|part| text.contains(part)));
    assert!(has(&["\"OrgID_Provider\":\"T07\"", "\"OrgID_Commissioner\":\"Q07\"", "\"time\":\"2026-01-01T00:00"]));
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let one: Vec<Message> = Load::of_sixty_days(2_000, 5, SHARES).events().collect();
    assert!(Load::of_sixty_days(2_000, 5, SHARES).events().eq(one.iter().cloned()));
    assert!(!Load::of_sixty_days(2_000, 6, SHARES).events().eq(one));
}
