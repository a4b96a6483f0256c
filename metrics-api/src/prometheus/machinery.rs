//! Samples of freshness and of our own machinery. Nothing here counts a patient.

use chrono::{DateTime, Utc};
use homeward_transform::snapshot::Snapshot;

use super::sheet::Sheet;
use super::table;

/// What the machinery says at the instant of a scrape.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Machinery {
    /// The house's clock; none where nobody asked it.
    pub clock: Option<DateTime<Utc>>,
    /// Providers that were ever heard of.
    pub providers: Vec<ProviderFeed>,
    /// Events over windows.
    pub events: Vec<Events>,
    /// Counters by feed, topic and partition.
    pub partitions: Vec<PartitionCounters>,
    /// Counters by feed.
    pub feeds: Vec<FeedCounters>,
}

/// A provider's feed, seen from the outlets.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProviderFeed {
    /// Organisation code.
    pub provider: String,
    /// Open by its hours, in London, now.
    pub open: bool,
    /// Silence that is normal while open.
    pub expected_gap_seconds: u32,
    /// Time within service hours since its newest event, in seconds; none before the first.
    pub open_silence_seconds: Option<u64>,
    /// Last time the consumer of its feed asked the broker; none without a consumer in this process.
    pub last_poll: Option<DateTime<Utc>>,
    /// Records of its feed that wait at the broker.
    pub lag_records: Option<u64>,
}

/// Events of a live feed over a window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Events {
    /// Organisation code, or `unknown` for refused records that name none.
    pub provider: String,
    /// Window, for example `1d`.
    pub window: &'static str,
    /// Events taken in, refused ones included.
    pub received: u64,
    /// Events refused.
    pub refused: u64,
}

/// Counters of one topic partition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartitionCounters {
    /// Feed name.
    pub feed: String,
    /// Topic.
    pub topic: String,
    /// Partition.
    pub partition: i32,
    /// Records taken.
    pub consumed: u64,
    /// Records that became facts.
    pub accepted: u64,
    /// Records in quarantine.
    pub quarantined: u64,
    /// Records left out for a reason.
    pub filtered: u64,
}

/// Counters of one feed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeedCounters {
    /// Feed name.
    pub feed: String,
    /// Commits to the lake.
    pub commits: u64,
    /// Time in commits.
    pub commit_seconds: f64,
    /// Commits that lost.
    pub fenced: u64,
    /// Commits tried again.
    pub retries: u64,
    /// Errors that Kafka reported.
    pub kafka_errors: u64,
    /// Consumers rebuilt.
    pub rebuilds: u64,
    /// The feed stopped itself.
    pub stopped: bool,
}

/// Freshness and conditions, which belong to the snapshot.
pub(super) fn push_snapshot(sheet: &mut Sheet, snapshot: &Snapshot) {
    sheet.push(&table::AS_OF, &[], seconds(snapshot.as_of()));
    sheet.push(&table::REVISION, &[], as_value(snapshot.revision()));
    for (provider, watermark) in &snapshot.freshness().watermarks {
        sheet.push(&table::WATERMARK, &[provider], seconds(*watermark));
    }
    for (provider, told_at) in &snapshot.freshness().ward_stays {
        sheet.push(&table::WARD_WATERMARK, &[provider], seconds(*told_at));
    }
    for ((provider, ward), told_at) in &snapshot.freshness().ward_beds {
        sheet.push(&table::WARD_BEDS_TOLD, &[provider, ward], seconds(*told_at));
    }
    for condition in snapshot.conditions() {
        let labels = [&condition.alert, condition.level.as_str(), &condition.area, condition.stage.as_str()];
        sheet.push(&table::CONDITION, &labels, 1.0);
    }
}

/// Providers' feeds and counters, which move between snapshots.
pub(super) fn push_machinery(sheet: &mut Sheet, machinery: &Machinery) {
    if let Some(clock) = machinery.clock {
        sheet.push(&table::CLOCK, &[], seconds(clock));
    }
    for feed in &machinery.providers {
        push_provider(sheet, feed);
    }
    for events in &machinery.events {
        let labels = [events.provider.as_str(), events.window];
        sheet.push(&table::EVENTS_RECEIVED, &labels, as_value(events.received));
        sheet.push(&table::EVENTS_REJECTED, &labels, as_value(events.refused));
    }
    for partition in &machinery.partitions {
        let number = partition.partition.to_string();
        let labels = [partition.feed.as_str(), &partition.topic, &number];
        sheet.push(&table::CONSUMED, &labels, as_value(partition.consumed));
        sheet.push(&table::ACCEPTED, &labels, as_value(partition.accepted));
        sheet.push(&table::QUARANTINED, &labels, as_value(partition.quarantined));
        sheet.push(&table::FILTERED, &labels, as_value(partition.filtered));
    }
    for feed in &machinery.feeds {
        let labels = [feed.feed.as_str()];
        sheet.push(&table::COMMITS, &labels, as_value(feed.commits));
        sheet.push(&table::COMMIT_SECONDS, &labels, feed.commit_seconds);
        sheet.push(&table::FENCED, &labels, as_value(feed.fenced));
        sheet.push(&table::RETRIES, &labels, as_value(feed.retries));
        sheet.push(&table::KAFKA_ERRORS, &labels, as_value(feed.kafka_errors));
        sheet.push(&table::REBUILDS, &labels, as_value(feed.rebuilds));
        sheet.push(&table::FEED_STOPPED, &labels, f64::from(u8::from(feed.stopped)));
    }
}

fn push_provider(sheet: &mut Sheet, feed: &ProviderFeed) {
    let labels = [feed.provider.as_str()];
    sheet.push(&table::SERVICE_OPEN, &labels, f64::from(u8::from(feed.open)));
    sheet.push(&table::EXPECTED_GAP, &labels, f64::from(feed.expected_gap_seconds));
    if let Some(silence) = feed.open_silence_seconds {
        sheet.push(&table::OPEN_SILENCE, &labels, as_value(silence));
    }
    if let Some(last_poll) = feed.last_poll {
        sheet.push(&table::LAST_POLL, &labels, seconds(last_poll));
    }
    if let Some(lag) = feed.lag_records {
        sheet.push(&table::LAG, &labels, as_value(lag));
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 and counts stay below 2^53")]
fn seconds(at: DateTime<Utc>) -> f64 {
    at.timestamp_millis() as f64 / 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
const fn as_value(count: u64) -> f64 {
    count as f64
}
