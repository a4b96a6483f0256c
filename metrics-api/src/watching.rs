//! Ingest's counters as the outlets show them: a provider's feed, a partition, a feed.
//!
//! Received and refused events are counted over the last day of this process, by the provider that a record names; what
//! names none counts as `unknown`. At most [`SAMPLES_MAX`] samples are kept.

mod hours;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use homeward_contract::feed::Feed;
use homeward_ingest::telemetry::{IngestCounters, IngestTelemetry, SenderCounters};
use homeward_transform::figure::Dimension;
use homeward_transform::snapshot::{FigureQuery, Snapshot};

use crate::config::ServeConfig;
use crate::http::MachineryView;
use crate::prometheus::{Events, FeedCounters, Machinery, PartitionCounters, ProviderFeed};
use crate::reading::REFERRALS;
use hours::Hours;

/// Most samples of the counters: one every [`SAMPLE_EVERY_SECONDS`] for a day, and both its ends.
pub(crate) const SAMPLES_MAX: usize = 1_442;
/// Time between two samples, in seconds of the clock in use.
pub(crate) const SAMPLE_EVERY_SECONDS: i64 = 60;

/// Reads one [`IngestTelemetry`].
pub(crate) struct Watching {
    telemetry: Arc<IngestTelemetry>,
    config: ServeConfig,
    samples: Mutex<VecDeque<Sample>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Sample {
    at: DateTime<Utc>,
    senders: BTreeMap<String, SenderCounters>,
}

impl Watching {
    /// Over these counters.
    #[must_use]
    pub(crate) fn new(telemetry: Arc<IngestTelemetry>, config: ServeConfig) -> Self {
        Self { telemetry, config, samples: Mutex::default() }
    }

    const fn hours(&self) -> Hours {
        Hours { opens: self.config.service_opens, closes: self.config.service_closes }
    }

    /// As configured for the provider; else the default, or what chance gives one of its size if that is longer.
    fn expected_gap_seconds(&self, provider: &str, referrals_28d: Option<i64>) -> u32 {
        let configured = self.config.expected_gap_seconds_by_provider.get(provider).copied();
        let by_chance = referrals_28d.map_or(0, |referrals| self.hours().chance_gap_seconds(referrals));
        configured.unwrap_or_else(|| self.config.expected_gap_seconds.max(by_chance))
    }

    /// Events of the live feed over the last day, or since the process began, by sender.
    fn last_day(&self, now: DateTime<Utc>, counters: &IngestCounters) -> Vec<Events> {
        let newest = Sample { at: now, senders: counters.senders.clone() };
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = remember(&mut samples, &newest);
        let since = |(sender, total): (String, SenderCounters)| {
            let before = oldest.senders.get(&sender).copied().unwrap_or_default();
            Events {
                provider: sender,
                window: "1d",
                received: total.received - before.received,
                refused: total.refused - before.refused,
            }
        };
        newest.senders.into_iter().map(since).collect()
    }
}

impl MachineryView for Watching {
    fn machinery(&self, now: DateTime<Utc>, snapshot: Option<&Snapshot>) -> Machinery {
        let counters = self.telemetry.snapshot();
        let mut providers: BTreeSet<&str> = counters.watermarks.keys().map(String::as_str).collect();
        if let Some(snapshot) = snapshot {
            providers.extend(snapshot.freshness().watermarks.keys().map(AsRef::as_ref));
        }
        let referrals = snapshot.map(referrals_28d).unwrap_or_default();
        let watermark = |provider: &str| {
            let shown = snapshot.and_then(|snapshot| snapshot.freshness().watermarks.get(provider).copied());
            shown.max(counters.watermarks.get(provider).copied())
        };
        let feed = |provider: &str| ProviderFeed {
            provider: provider.to_owned(),
            open: self.hours().is_open(now),
            expected_gap_seconds: self.expected_gap_seconds(provider, referrals.get(provider).copied()),
            open_silence_seconds: watermark(provider).map(|newest| self.hours().between(newest, now)),
            last_poll: counters.feeds.get(&Feed::Ucr).and_then(|feed| feed.last_poll_at),
            lag_records: lag_of(&counters, Feed::Ucr),
        };
        Machinery {
            clock: Some(now),
            providers: providers.into_iter().map(feed).collect(),
            events: self.last_day(now, &counters),
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

/// Referrals of the last 28 days by provider: they tell how long a silence is normal. The gap is shown in whole hours.
fn referrals_28d(snapshot: &Snapshot) -> BTreeMap<String, i64> {
    let query = FigureQuery {
        indicator: REFERRALS.to_owned(),
        bases: vec!["live".to_owned()],
        by: vec![Dimension::Provider, Dimension::Window],
        period: Some("window:28d".to_owned()),
        ..FigureQuery::default()
    };
    let figures = snapshot.figures(&query).into_iter();
    figures
        .filter_map(|figure| {
            Some((figure.dimensions.first().map(|(_, provider)| provider.clone())?, figure.numerator?))
        })
        .collect()
}

/// Keeps a sample now and then, and returns the one that the last day is counted from.
fn remember(samples: &mut VecDeque<Sample>, newest: &Sample) -> Sample {
    let due = samples.back().is_none_or(|last| newest.at - last.at >= TimeDelta::seconds(SAMPLE_EVERY_SECONDS));
    if due {
        // The first sample is zero: what came before it came within this process's first moments.
        let first = Sample { at: newest.at, ..Sample::default() };
        samples.push_back(if samples.is_empty() { first } else { newest.clone() });
    }
    while samples.len() > SAMPLES_MAX || samples.get(1).is_some_and(|next| newest.at - next.at >= TimeDelta::days(1)) {
        samples.pop_front();
    }
    samples.front().cloned().unwrap_or_default()
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
        Sample { at, senders: BTreeMap::from([("NR5".to_owned(), SenderCounters { received, refused: 0 })]) }
    }

    #[test]
    fn the_last_day_is_counted_from_a_sample_about_a_day_old() {
        let mut samples = VecDeque::new();
        let mut since = |newest| remember(&mut samples, &newest).senders.get("NR5").map_or(0, |own| own.received);
        assert_eq!(since(sample(0, 50)), 0);
        assert_eq!(since(sample(1, 60)), 0);
        for minute in 2..=1_440 {
            since(sample(minute, 60 + minute.unsigned_abs()));
        }
        assert_eq!(since(sample(1_441, 2_000)), 60);
        assert!(samples.len() <= SAMPLES_MAX);
    }

    #[test]
    fn a_gap_configured_for_a_provider_wins_and_a_small_provider_is_given_time() {
        use crate::config::{Config, Settings};
        let mut config = Config::check(Settings::default(), &[]).unwrap().serve;
        config.expected_gap_seconds_by_provider.insert("NR5".to_owned(), 900);
        let watching = Watching::new(Arc::default(), config);
        assert_eq!(watching.expected_gap_seconds("NR5", Some(1)), 900);
        assert_eq!(watching.expected_gap_seconds("RK9", Some(75)), 12 * 3_600);
        assert_eq!(watching.expected_gap_seconds("RK9", None), 7_200);
    }
}
