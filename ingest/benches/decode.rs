//! What decoding costs: microseconds of one thread an event, over batches of the handbook's events.
//!
//! Plain timing, because the aim is one number against a goal (3 microseconds for a 400-byte event),
//! and the best of several rounds is the one the machine disturbed least.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a bench reports by printing")]

use std::sync::Arc;
use std::time::Instant;

use homeward_contract::feed::Feed;
use homeward_contract::identity::PseudonymKeys;
use homeward_ingest::decode::{DecodeContext, Place, RawRecord, decode};

const BATCH: usize = 10_000;
const ROUNDS: usize = 20;

fn main() {
    let contact: serde_json::Value =
        serde_json::from_str(include_str!("../fixtures/handbook/ucr-first-contact-1.json"))
            .expect("the fixture is JSON");
    let received: serde_json::Value =
        serde_json::from_str(include_str!("../fixtures/handbook/ucr-referral-received-1.json"))
            .expect("the fixture is JSON");
    let mut short = contact.clone();
    if let Some(object) = short.as_object_mut() {
        object.remove("filtering");
        object.remove("datacontenttype");
    }
    measure("short contact", &short.to_string(), "NR5|SRI-000912345");
    measure("first contact", &contact.to_string(), "NR5|SRI-000912345");
    measure("received", &received.to_string(), "NR5|SRI-000912345");
}

fn measure(name: &str, payload: &str, key: &str) {
    let keys = PseudonymKeys::from_secret(3, b"homeward-test-key-not-secret");
    let context = DecodeContext::new(&keys, chrono::DateTime::UNIX_EPOCH);
    let topic: Arc<str> = Arc::from("homeward.ucr");
    let records: Vec<RawRecord<'_>> = (0..BATCH)
        .map(|offset| RawRecord {
            place: Place { topic: Arc::clone(&topic), partition: 0, offset: i64::try_from(offset).unwrap_or(0) },
            key: Some(key.as_bytes()),
            payload: Some(payload.as_bytes()),
        })
        .collect();
    let best = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            let decoded = decode(Feed::Ucr, &records, &context);
            let spent = start.elapsed();
            assert_eq!(decoded.accepted as usize, BATCH);
            spent
        })
        .min()
        .unwrap_or_default();
    let each_micros = best.as_secs_f64() * 1e6 / BATCH as f64;
    println!("{name}: {} bytes, {each_micros:.2} microseconds an event", payload.len());
}
