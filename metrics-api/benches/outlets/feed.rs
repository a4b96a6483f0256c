//! Events at an even pace, and when each was handed over.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use homeward_ingest::kafka::Publisher;
use homeward_simulator::load::LoadEvents;

use crate::stand::Fault;

/// Events are handed over in small parts, one each such stretch of time.
const PART: Duration = Duration::from_millis(10);

/// How far the feed had come at an instant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handed {
    /// Microseconds since 1970.
    pub(crate) at: i64,
    /// Records handed over until then.
    pub(crate) records: u64,
    /// Referrals that they tell of.
    pub(crate) referrals: u64,
}

/// Publishes all events, `rate` a second from `begins_at` on, and waits until the broker has them.
pub(crate) fn publish(
    publisher: &Publisher,
    topic: &str,
    mut events: LoadEvents,
    begins_at: DateTime<Utc>,
    rate: u64,
) -> Result<Vec<Handed>, Fault> {
    std::thread::sleep((begins_at - Utc::now()).to_std().unwrap_or_default());
    let began = Instant::now();
    let mut handed = Vec::new();
    let (mut records, all) = (0, events.counts().records);
    while records < all {
        let due = PART * u32::try_from(handed.len() + 1)?;
        let wanted = (due.as_secs_f64() * rate as f64) as u64;
        for event in events.by_ref().take(usize::try_from(wanted - records)?) {
            publisher.send(topic, Some(&event.key), &event.payload)?;
            records += 1;
        }
        handed.push(Handed { at: micros_now(), records, referrals: events.referrals() });
        std::thread::sleep((began + due).saturating_duration_since(Instant::now()));
    }
    let acknowledged = publisher.flush()?.progress.acknowledged;
    if acknowledged != records {
        return Err(format!("Kafka has {acknowledged} of {records} records").into());
    }
    Ok(handed)
}

/// Microseconds since 1970: parent and child read the same clock.
pub(crate) fn micros_now() -> i64 {
    Utc::now().timestamp_micros()
}
