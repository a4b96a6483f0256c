//! Counters of the ingest machinery. Plain numbers behind one lock, touched once a batch and never once a
//! record; how they are shown is for the outlets to say.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use homeward_contract::feed::Feed;

/// Most senders that are counted by name; later ones count as unknown, so that no feed can grow the list without end.
const SENDERS_MAX: usize = 256;

/// Shared counters of all feeds in this process.
#[derive(Debug, Default)]
pub struct IngestTelemetry {
    counters: Mutex<IngestCounters>,
}

/// All counters as they stood at one moment.
#[derive(Debug, Clone, Default)]
pub struct IngestCounters {
    /// By feed.
    pub feeds: BTreeMap<Feed, FeedCounters>,
    /// By feed, topic and partition.
    pub partitions: BTreeMap<(Feed, String, i32), PartitionCounters>,
    /// Newest event time by provider, over accepted live events.
    pub watermarks: BTreeMap<String, DateTime<Utc>>,
    /// Live events by provider, or by [`crate::pipeline::UNKNOWN_SENDER`].
    pub senders: BTreeMap<String, SenderCounters>,
}

/// Live events of one sender.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SenderCounters {
    /// Events committed, refused ones included.
    pub received: u64,
    /// Events in quarantine.
    pub refused: u64,
}

/// Counters of one feed.
#[derive(Debug, Clone, Default)]
pub struct FeedCounters {
    /// Commits to the lake.
    pub commits: u64,
    /// Seconds spent in those commits, in all.
    pub commit_seconds: f64,
    /// Seconds that the newest commit took.
    pub last_commit_seconds: f64,
    /// Batches dropped because another writer had moved the partition on.
    pub fenced: u64,
    /// Commits tried again after the lake failed.
    pub retries: u64,
    /// Consumers rebuilt because a partition stood still, or the group did not take them back.
    pub watchdog_rebuilds: u64,
    /// Errors that Kafka reported and the client got over by itself.
    pub kafka_errors: u64,
    /// When Kafka was last asked for records.
    pub last_poll_at: Option<DateTime<Utc>>,
    /// Why the feed stopped; nothing while it runs.
    pub stopped: Option<String>,
}

/// Counters of one partition: consumed = accepted + quarantined + filtered, always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartitionCounters {
    /// Records consumed and committed.
    pub consumed: u64,
    /// Records whose rows are in the lake.
    pub accepted: u64,
    /// Records refused and kept in quarantine.
    pub quarantined: u64,
    /// Records left out for a stated reason.
    pub filtered: u64,
    /// Next offset that the lake expects; nothing before the first commit of all.
    pub frontier: Option<i64>,
    /// Kafka's next offset as last reported.
    pub high_watermark: Option<i64>,
}

impl PartitionCounters {
    /// Records between the lake's frontier and Kafka's newest; nothing while either is unknown.
    #[must_use]
    pub fn lag(&self) -> Option<i64> {
        Some((self.high_watermark? - self.frontier?).max(0))
    }
}

impl IngestTelemetry {
    /// Counters at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The counters as they stand.
    #[must_use]
    pub fn snapshot(&self) -> IngestCounters {
        self.lock().clone()
    }

    /// Counts a batch that is durable: its partitions and the time the commit took.
    pub fn record_commit(&self, feed: Feed, batch: &BTreeMap<(String, i32), PartitionCounters>, took: Duration) {
        let mut counters = self.lock();
        let own = counters.feeds.entry(feed).or_default();
        own.commits += 1;
        own.last_commit_seconds = took.as_secs_f64();
        own.commit_seconds += own.last_commit_seconds;
        for ((topic, partition), share) in batch {
            let total = counters.partitions.entry((feed, topic.clone(), *partition)).or_default();
            total.consumed += share.consumed;
            total.accepted += share.accepted;
            total.quarantined += share.quarantined;
            total.filtered += share.filtered;
            total.frontier = share.frontier.or(total.frontier);
        }
    }

    /// Moves a provider's newest event time on; it never moves back.
    pub fn record_watermark(&self, provider: &str, event_time: DateTime<Utc>) {
        let mut counters = self.lock();
        match counters.watermarks.get_mut(provider) {
            Some(newest) => *newest = event_time.max(*newest),
            None => {
                counters.watermarks.insert(provider.to_owned(), event_time);
            }
        }
    }

    /// Counts the live events of a batch by who sent them.
    pub fn record_senders(&self, batch: &BTreeMap<String, SenderCounters>) {
        let mut counters = self.lock();
        for (sender, share) in batch {
            let known = counters.senders.contains_key(sender) || counters.senders.len() < SENDERS_MAX;
            let name = if known { sender } else { crate::pipeline::UNKNOWN_SENDER };
            let total = counters.senders.entry(name.to_owned()).or_default();
            total.received += share.received;
            total.refused += share.refused;
        }
    }

    /// Notes where a partition starts: the lake's frontier at assignment.
    pub fn record_frontier(&self, feed: Feed, topic: &str, partition: i32, next: i64) {
        self.lock().partitions.entry((feed, topic.to_owned(), partition)).or_default().frontier = Some(next);
    }

    /// Notes Kafka's next offset of a partition.
    pub fn record_high_watermark(&self, feed: Feed, topic: &str, partition: i32, high: i64) {
        self.lock().partitions.entry((feed, topic.to_owned(), partition)).or_default().high_watermark = Some(high);
    }

    /// Forgets where partitions stand that this process no longer reads, so that their lag is not shown twice.
    pub fn forget_places(&self, feed: Feed) {
        for (_, counters) in self.lock().partitions.iter_mut().filter(|((own, _, _), _)| *own == feed) {
            counters.frontier = None;
            counters.high_watermark = None;
        }
    }

    /// Notes that Kafka was asked for records.
    pub fn record_poll(&self, feed: Feed, at: DateTime<Utc>) {
        self.update(feed, |own| own.last_poll_at = Some(at));
    }

    /// Counts a batch that lost against another writer.
    pub fn record_fenced(&self, feed: Feed) {
        self.update(feed, |own| own.fenced += 1);
    }

    /// Counts a commit that has to be tried again.
    pub fn record_retry(&self, feed: Feed) {
        self.update(feed, |own| own.retries += 1);
    }

    /// Counts a consumer rebuilt by the watchdog.
    pub fn record_rebuild(&self, feed: Feed) {
        self.update(feed, |own| own.watchdog_rebuilds += 1);
    }

    /// Counts an error that Kafka reported.
    pub fn record_kafka_error(&self, feed: Feed) {
        self.update(feed, |own| own.kafka_errors += 1);
    }

    /// Notes why a feed stopped.
    pub fn record_stop(&self, feed: Feed, reason: &str) {
        self.update(feed, |own| own.stopped = Some(reason.to_owned()));
    }

    fn update(&self, feed: Feed, change: impl FnOnce(&mut FeedCounters)) {
        change(self.lock().feeds.entry(feed).or_default());
    }

    fn lock(&self) -> MutexGuard<'_, IngestCounters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_is_known_only_when_both_ends_are() {
        let telemetry = IngestTelemetry::new();
        telemetry.record_high_watermark(Feed::Ucr, "t", 0, 12);
        let key = (Feed::Ucr, "t".to_owned(), 0);
        assert_eq!(telemetry.snapshot().partitions[&key].lag(), None);
        telemetry.record_frontier(Feed::Ucr, "t", 0, 5);
        assert_eq!(telemetry.snapshot().partitions[&key].lag(), Some(7));
        let share =
            PartitionCounters { consumed: 9, accepted: 8, quarantined: 1, frontier: Some(14), ..Default::default() };
        telemetry.record_commit(Feed::Ucr, &BTreeMap::from([(("t".to_owned(), 0), share)]), Duration::from_millis(20));
        let counters = telemetry.snapshot();
        assert_eq!(counters.partitions[&key].lag(), Some(0));
        assert_eq!((counters.feeds[&Feed::Ucr].commits, counters.partitions[&key].consumed), (1, 9));
        telemetry.forget_places(Feed::Ucr);
        assert_eq!(telemetry.snapshot().partitions[&key].lag(), None);
    }

    #[test]
    fn watermarks_never_move_back() {
        let telemetry = IngestTelemetry::new();
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        telemetry.record_watermark("RH8", at(10));
        telemetry.record_watermark("RH8", at(5));
        assert_eq!(telemetry.snapshot().watermarks["RH8"], at(10));
    }
}
