//! The least that any consumer of a feed must do: for the benchmark, as the measure of everything else.
//!
//! Same client library, same settings and the same poll as [`super::Source`]; nothing is kept of the records.

use std::time::Duration;

use homeward_contract::feed::Feed;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::config::{KafkaConfig, KafkaConfigError};

/// A silence of the broker that ends the reading.
const PATIENCE: Duration = Duration::from_secs(30);

/// What was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RawReceipt {
    /// Records.
    pub records: u64,
    /// Bytes of their keys and payloads.
    pub bytes: u64,
}

/// Why the reading ended early.
#[derive(Debug, thiserror::Error)]
pub enum RawError {
    /// The settings are refused.
    #[error(transparent)]
    Config(#[from] KafkaConfigError),
    /// Kafka failed.
    #[error("Kafka client failed: {0}")]
    Client(#[from] KafkaError),
    /// No record came for half a minute.
    #[error("only {records} of {expected} records came: is the topic complete?")]
    Silence {
        /// Records read.
        records: u64,
        /// Records wanted.
        expected: u64,
    },
}

/// Reads `expected` records of a feed's topics from their beginning and lets them go.
///
/// # Errors
/// When Kafka fails or fewer records come.
pub fn raw_consume(
    config: &KafkaConfig,
    feed: Feed,
    buffer_bytes_max: usize,
    expected: u64,
) -> Result<RawReceipt, RawError> {
    let consumer: BaseConsumer = config.consumer(feed, buffer_bytes_max)?.create()?;
    let mut list = TopicPartitionList::new();
    for topic in config.topics.get(&feed).into_iter().flatten() {
        let metadata = consumer.fetch_metadata(Some(topic), PATIENCE)?;
        for partition in metadata.topics().iter().flat_map(|topic| topic.partitions()) {
            list.add_partition_offset(topic, partition.id(), Offset::Beginning)?;
        }
    }
    consumer.assign(&list)?;
    let mut read = RawReceipt::default();
    while read.records < expected {
        let Some(message) = consumer.poll(PATIENCE) else {
            return Err(RawError::Silence { records: read.records, expected });
        };
        let message = message?;
        read.records += 1;
        read.bytes += (message.payload_len() + message.key_len()) as u64;
    }
    Ok(read)
}
