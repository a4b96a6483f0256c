//! Tests of the benchmark's load.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

#[test]
fn counts_are_exact() {
    for count in [1, 10, 999, 20_000] {
        let events = load_events(count, 3, 0.01, 0.005, 0.001);
        let counts = events.counts().clone();
        let messages: Vec<Message> = events.collect();
        assert_eq!(messages.len() as u64, count);
        assert_eq!(counts.records, count);
        assert_eq!(counts.good + counts.duplicate + counts.malformed, count);
        let (mut ids, mut duplicate, mut malformed, mut late) = (BTreeSet::new(), 0, 0, 0);
        for message in &messages {
            if !ids.insert(message.payload.clone()) {
                duplicate += 1;
                continue;
            }
            let Ok(Value::Object(event)) = serde_json::from_slice::<Value>(&message.payload) else {
                malformed += 1;
                continue;
            };
            let time =
                event.get("time").and_then(Value::as_str).and_then(|time| DateTime::parse_from_rfc3339(time).ok());
            let sound = event.get("id").is_some_and(|id| id != "again")
                && event.contains_key("data")
                && event["specversion"] == "1.0"
                && event["type"] != "ucr-referral-teleported-1"
                && event["versionid"] != "newest"
                && event["data"]["ServiceRequestID"]
                    .as_str()
                    .is_some_and(|id| event["subject"].as_str().unwrap().ends_with(id));
            match time {
                Some(time) if sound && time.offset().local_minus_utc() == 0 => {
                    let behind = message.deliver_at - time.to_utc();
                    assert!(behind.num_seconds() >= 0 && (behind.num_minutes() < 1 || behind.num_hours() >= 49));
                    late += u64::from(behind.num_hours() >= 49);
                }
                _ => malformed += 1,
            }
        }
        assert_eq!((duplicate, malformed, late), (counts.duplicate, counts.malformed, counts.late), "of {count}");
        if count == 20_000 {
            assert_eq!((counts.duplicate, counts.malformed, counts.late), (100, 20, 200));
        }
    }
}

#[test]
fn records_have_the_stated_size_and_figures_add_up() {
    let events = load_events(50_000, 9, 0.01, 0.005, 0.001);
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
fn the_same_seed_gives_the_same_bytes() {
    let one: Vec<Message> = load_events(2_000, 5, 0.01, 0.005, 0.001).collect();
    assert!(load_events(2_000, 5, 0.01, 0.005, 0.001).eq(one.iter().cloned()));
    assert!(!load_events(2_000, 6, 0.01, 0.005, 0.001).eq(one));
}
