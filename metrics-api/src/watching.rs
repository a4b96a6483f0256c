//! Ingest's counters as the outlets show them: a provider's feed, a partition, a feed.
//!
//! Received and refused events are counted over the last day of this process, for the feed as a whole: a
//! refused record often does not say which provider sent it, so the label is `all`. At most
//! [`SAMPLES_MAX`] samples are kept.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use homeward_contract::feed::Feed;
use homeward_contract::time::london;
use homeward_ingest::telemetry::{IngestCounters, IngestTelemetry};
use homeward_transform::snapshot::Snapshot;

use crate::config::ServeConfig;
use crate::http::MachineryView;
use crate::prometheus::{Events, FeedCounters, Machinery, PartitionCounters, ProviderFeed};

/// Most samples of the counters: one every [`SAMPLE_EVERY_SECONDS`] for a day, and both its ends.
pub(crate) const SAMPLES_MAX: usize = 1_442;
/// Time between two samples, in seconds of the clock in use.
pub(crate) const SAMPLE_EVERY_SECONDS: i64 = 60;

/// The provider label of counts that no provider can be given.
const ALL_PROVIDERS: &str = "all";

/// Reads one [`IngestTelemetry`].
pub(crate) struct Watching {
    telemetry: Arc<IngestTelemetry>,
    config: ServeConfig,
    samples: Mutex<VecDeque<Sample>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sample {
    at: DateTime<Utc>,
    received: u64,
    refused: u64,
}

impl Watching {
    /// Over these counters.
    #[must_use]
    pub(crate) fn new(telemetry: Arc<IngestTelemetry>, config: ServeConfig) -> Self {
        Self { telemetry, config, samples: Mutex::default() }
    }

    fn is_open(&self, now: DateTime<Utc>) -> bool {
        let local = london(now).time();
        self.config.service_opens <= local && local < self.config.service_closes
    }

    fn provider(&self, provider: &str, now: DateTime<Utc>, counters: &IngestCounters) -> ProviderFeed {
        let gaps = &self.config.expected_gap_seconds_by_provider;
        ProviderFeed {
            provider: provider.to_owned(),
            open: self.is_open(now),
            expected_gap_seconds: gaps.get(provider).copied().unwrap_or(self.config.expected_gap_seconds),
            last_poll: counters.feeds.get(&Feed::Ucr).and_then(|feed| feed.last_poll_at),
            lag_records: lag_of(counters, Feed::Ucr),
        }
    }

    /// Events of the live feed over the last day, or since the process began.
    fn last_day(&self, now: DateTime<Utc>, counters: &IngestCounters) -> Option<Events> {
        let mut newest = Sample { at: now, ..Sample::default() };
        let mut any = false;
        for (_, partition) in counters.partitions.iter().filter(|((feed, ..), _)| *feed == Feed::Ucr) {
            any = true;
            newest.received += partition.consumed;
            newest.refused += partition.quarantined;
        }
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = remember(&mut samples, newest);
        any.then(|| Events {
            provider: ALL_PROVIDERS.to_owned(),
            window: "1d",
            received: newest.received - oldest.received,
            refused: newest.refused - oldest.refused,
        })
    }
}

impl MachineryView for Watching {
    fn machinery(&self, now: DateTime<Utc>, snapshot: Option<&Snapshot>) -> Machinery {
        let counters = self.telemetry.snapshot();
        let mut providers: BTreeSet<&str> = counters.watermarks.keys().map(String::as_str).collect();
        if let Some(snapshot) = snapshot {
            providers.extend(snapshot.freshness().watermarks.keys().map(AsRef::as_ref));
        }
        Machinery {
            providers: providers.into_iter().map(|provider| self.provider(provider, now, &counters)).collect(),
            events: self.last_day(now, &counters).into_iter().collect(),
            partitions: partitions(&counters),
            feeds: counters.feeds.iter().map(|(feed, own)| feed_counters(*feed, own)).collect(),
        }
    }

    fn stopped(&self) -> Option<String> {
        let counters = self.telemetry.snapshot();
        let reasons: Vec<String> = counters
            .feeds
            .iter()
            .filter_map(|(feed, own)| Some(format!("{feed}: {}", own.stopped.as_ref()?)))
            .collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }
}

/// Keeps a sample now and then, and returns the one that the last day is counted from.
fn remember(samples: &mut VecDeque<Sample>, newest: Sample) -> Sample {
    let due = samples.back().is_none_or(|last| newest.at - last.at >= TimeDelta::seconds(SAMPLE_EVERY_SECONDS));
    if due {
        // The first sample is zero: what came before it came within this process's first moments.
        samples.push_back(if samples.is_empty() { Sample { at: newest.at, ..Sample::default() } } else { newest });
    }
    while samples.len() > SAMPLES_MAX || samples.get(1).is_some_and(|next| newest.at - next.at >= TimeDelta::days(1)) {
        samples.pop_front();
    }
    samples.front().copied().unwrap_or_default()
}

fn lag_of(counters: &IngestCounters, wanted: Feed) -> Option<u64> {
    let lags = counters
        .partitions
        .iter()
        .filter(|((feed, ..), _)| *feed == wanted)
        .filter_map(|(_, partition)| partition.lag());
    lags.map(|lag| u64::try_from(lag).unwrap_or(0)).reduce(|one, two| one + two)
}

fn partitions(counters: &IngestCounters) -> Vec<PartitionCounters> {
    counters
        .partitions
        .iter()
        .map(|((feed, topic, partition), own)| PartitionCounters {
            feed: feed.to_string(),
            topic: topic.clone(),
            partition: *partition,
            consumed: own.consumed,
            accepted: own.accepted,
            quarantined: own.quarantined,
            filtered: own.filtered,
        })
        .collect()
}

fn feed_counters(feed: Feed, own: &homeward_ingest::telemetry::FeedCounters) -> FeedCounters {
    FeedCounters {
        feed: feed.to_string(),
        commits: own.commits,
        commit_seconds: own.commit_seconds,
        fenced: own.fenced,
        retries: own.retries,
        kafka_errors: own.kafka_errors,
        rebuilds: own.watchdog_rebuilds,
        stopped: own.stopped.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(minute: i64, received: u64) -> Sample {
        let at = DateTime::from_timestamp(1_750_000_000, 0).unwrap() + TimeDelta::minutes(minute);
        Sample { at, received, refused: 0 }
    }

    #[test]
    fn the_last_day_is_counted_from_a_sample_about_a_day_old() {
        let mut samples = VecDeque::new();
        assert_eq!(remember(&mut samples, sample(0, 50)).received, 0);
        assert_eq!(remember(&mut samples, sample(1, 60)).received, 0);
        for minute in 2..=1_440 {
            remember(&mut samples, sample(minute, 60 + minute.unsigned_abs()));
        }
        assert_eq!(remember(&mut samples, sample(1_441, 2_000)).received, 60);
        assert!(samples.len() <= SAMPLES_MAX);
    }
}
