//! Kafka settings: ours by name, everything else of librdkafka's passed through, except what would break
//! exactly-once.

use std::collections::BTreeMap;
use std::fmt;

use homeward_contract::feed::Feed;
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

/// How to reach Kafka and what to read there.
#[derive(Clone)]
pub struct KafkaConfig {
    /// Bootstrap servers, `host:port` separated by commas.
    pub brokers: String,
    /// Stem of the consumer groups: each feed has its own, `{group_id}.{feed}`, so that one feed's rebalance
    /// leaves the others alone. Grant access to the prefix.
    pub group_id: String,
    /// Topics of each feed; a feed without topics is not read.
    pub topics: BTreeMap<Feed, Vec<String>>,
    /// Longest time that the broker holds an empty fetch back, in milliseconds. Small means low latency.
    pub fetch_wait_max_ms: u32,
    /// Further librdkafka properties as written: `security.protocol`, `sasl.*`, `ssl.*` and so on.
    pub properties: BTreeMap<String, String>,
}

impl KafkaConfig {
    /// Settings for `brokers` with the default group and topics and no further properties.
    #[must_use]
    pub fn new(brokers: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            group_id: "homeward".to_owned(),
            topics: Feed::ALL.into_iter().map(|feed| (feed, vec![feed.default_topic().to_owned()])).collect(),
            fetch_wait_max_ms: 5,
            properties: BTreeMap::new(),
        }
    }

    /// Refuses settings that cannot work or would break exactly-once.
    ///
    /// # Errors
    /// The first fault found.
    pub fn validate(&self) -> Result<(), KafkaConfigError> {
        if self.brokers.trim().is_empty() {
            return Err(KafkaConfigError::NoBrokers);
        }
        let mut topics: Vec<_> = self.topics.values().flatten().collect();
        topics.sort();
        if let Some(twice) = topics.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(KafkaConfigError::TopicTwice(twice[0].clone()));
        }
        match self.properties.keys().find_map(|name| refusal(name).map(|reason| (name, reason))) {
            Some((name, reason)) => Err(KafkaConfigError::Refused { name: name.clone(), reason }),
            None => Ok(()),
        }
    }

    /// Consumer group of a feed.
    #[must_use]
    pub fn group_of(&self, feed: Feed) -> String {
        format!("{}.{feed}", self.group_id)
    }

    pub(super) fn consumer(&self, feed: Feed, buffer_bytes_max: usize) -> Result<ClientConfig, KafkaConfigError> {
        let mut client = self.client(&format!("homeward-ingest-{feed}"))?;
        let kilobytes = (buffer_bytes_max / 1024).clamp(1, 2_097_151);
        client
            .set("group.id", self.group_of(feed))
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // An offset that Kafka no longer holds is lost data: an error for people, never a silent reset.
            .set("auto.offset.reset", "error")
            .set("isolation.level", "read_committed")
            .set("partition.assignment.strategy", "range")
            .set("allow.auto.create.topics", "false")
            .set("fetch.wait.max.ms", self.fetch_wait_max_ms.to_string())
            .set("fetch.queue.backoff.ms", "20")
            .set("queued.max.messages.kbytes", kilobytes.to_string())
            .set("statistics.interval.ms", "1000");
        Ok(client)
    }

    pub(super) fn producer(&self) -> Result<ClientConfig, KafkaConfigError> {
        let mut client = self.client("homeward-publisher")?;
        client.set("enable.idempotence", "true").set("acks", "all").set("queue.buffering.max.kbytes", "65536");
        for (name, value) in [("linger.ms", "5"), ("compression.type", "zstd")] {
            if !self.properties.contains_key(name) {
                client.set(name, value);
            }
        }
        Ok(client)
    }

    fn client(&self, id: &str) -> Result<ClientConfig, KafkaConfigError> {
        self.validate()?;
        let mut client = ClientConfig::new();
        client.set("client.id", id);
        for (name, value) in &self.properties {
            client.set(name, value);
        }
        client.set("bootstrap.servers", &self.brokers).set_log_level(RDKafkaLogLevel::Warning);
        Ok(client)
    }
}

/// Why settings are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KafkaConfigError {
    /// No bootstrap servers.
    #[error("no Kafka brokers are set: give [kafka] brokers, for example \"kafka-1:9092,kafka-2:9092\"")]
    NoBrokers,
    /// A topic belongs to two feeds, or stands twice in one.
    #[error("Kafka topic {0:?} is listed twice: a topic belongs to one feed, once")]
    TopicTwice(String),
    /// A property that Homeward must set itself.
    #[error("Kafka property {name:?} is refused: {reason}. Remove it from [kafka.properties]")]
    Refused {
        /// Name of the property.
        name: String,
        /// Why, and what to use instead.
        reason: &'static str,
    },
    /// librdkafka does not take a property or its value.
    #[error("Kafka client refused its settings: {0}")]
    Client(String),
}

/// Why a pass-through property is refused, if it is.
fn refusal(name: &str) -> Option<&'static str> {
    Some(match name {
        "enable.auto.commit" | "auto.commit.enable" | "enable.auto.offset.store" | "auto.commit.interval.ms" => {
            "offsets are kept in the lake with the data, and those at the broker are for display only"
        }
        "auto.offset.reset" => {
            "Homeward starts at the lake's frontier and stops when Kafka no longer holds it; resetting would lose or repeat records silently"
        }
        "group.id" | "group.protocol" => "the consumer group is set by [kafka] group_id",
        "bootstrap.servers" | "metadata.broker.list" => "the brokers are set by [kafka] brokers",
        "isolation.level" => "records of aborted transactions must never be counted",
        "partition.assignment.strategy" => "offsets are taken from the lake at each eager assignment",
        "enable.partition.eof" | "statistics.interval.ms" => "Homeward sets it for its own lag figures",
        "queued.max.messages.kbytes" => "memory is bounded by [ingest] buffer_bytes_max",
        "fetch.wait.max.ms" => "set [kafka] fetch_wait_max_ms instead",
        "enable.idempotence" | "acks" | "request.required.acks" | "transactional.id" | "enable.gapless.guarantee" => {
            "the publisher must write each record once and durably"
        }
        "plugin.library.paths" => "it loads foreign code",
        name if name.starts_with("test.mock.") => "it replaces the brokers by a mock; use homeward demo for that",
        _ => return None,
    })
}

fn is_secret(name: &str) -> bool {
    ["password", "secret", "token", "jaas", "key", "pem", "username"].iter().any(|part| name.contains(part))
}

impl fmt::Debug for KafkaConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: BTreeMap<_, _> = self
            .properties
            .iter()
            .map(|(name, value)| (name, if is_secret(name) { "<redacted>" } else { value.as_str() }))
            .collect();
        f.debug_struct("KafkaConfig")
            .field("brokers", &self.brokers)
            .field("group_id", &self.group_id)
            .field("topics", &self.topics)
            .field("fetch_wait_max_ms", &self.fetch_wait_max_ms)
            .field("properties", &shown)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &str) -> KafkaConfig {
        let mut config = KafkaConfig::new("kafka:9092");
        config.properties.insert(name.to_owned(), value.to_owned());
        config
    }

    #[test]
    fn properties_that_break_exactly_once_are_refused_by_name() {
        for name in
            ["enable.auto.commit", "auto.offset.reset", "group.id", "acks", "isolation.level", "test.mock.num.brokers"]
        {
            let error = with(name, "x").validate().unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
        with("security.protocol", "sasl_ssl").validate().unwrap();
        with("session.timeout.ms", "10000").validate().unwrap();
    }

    #[test]
    fn secrets_never_show() {
        for name in
            ["sasl.password", "ssl.key.password", "ssl.key.pem", "sasl.oauthbearer.client.secret", "sasl.username"]
        {
            let shown = format!("{:?}", with(name, "hunter2"));
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        assert!(format!("{:?}", with("security.protocol", "ssl")).contains("ssl"));
    }

    #[test]
    fn a_topic_belongs_to_one_feed() {
        let mut config = KafkaConfig::new("kafka:9092");
        config.topics.insert(Feed::Csds, vec![Feed::Ucr.default_topic().to_owned()]);
        assert_eq!(config.validate(), Err(KafkaConfigError::TopicTwice(Feed::Ucr.default_topic().to_owned())));
        config.brokers = "  ".to_owned();
        assert_eq!(config.validate(), Err(KafkaConfigError::NoBrokers));
    }

    #[test]
    fn the_buffer_bound_reaches_the_client() {
        let client = KafkaConfig::new("kafka:9092").consumer(Feed::Ucr, 64 * 1024 * 1024).unwrap();
        assert_eq!(client.get("queued.max.messages.kbytes"), Some("65536"));
        assert_eq!(client.get("group.id"), Some("homeward.ucr"));
    }
}
