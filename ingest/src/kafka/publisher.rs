//! Writing records to Kafka: for `load`, `replay`, `simulate` and the demo.
//!
//! Idempotent and acknowledged by all replicas: within one run a record is written once and in order. A run that
//! is repeated writes its records again, which the feeds' own rules absorb.
//!
//! Limits: at most 64 MiB wait for acknowledgement; beyond that `send` waits.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::producer::{
    BaseRecord, DeliveryResult, NoCustomPartitioner, Producer as _, ProducerContext, ThreadedProducer,
};
use rdkafka::{ClientContext, Statistics};

use super::config::{KafkaConfig, KafkaConfigError};

/// Longest wait for the queue to the broker to have room again, and for the last acknowledgements.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long to wait before asking a full queue again.
const FULL_QUEUE_PAUSE: Duration = Duration::from_millis(5);

/// How far a publication has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Records handed over.
    pub sent: u64,
    /// Records that Kafka acknowledged.
    pub acknowledged: u64,
    /// Bytes of keys and payloads handed over.
    pub bytes: u64,
}

/// What Kafka acknowledged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublishReceipt {
    /// Counts over all topics.
    pub progress: Progress,
    /// By topic and partition: records, first offset and last offset.
    pub partitions: BTreeMap<(String, i32), PartitionReceipt>,
}

/// What Kafka acknowledged for one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionReceipt {
    /// Records acknowledged.
    pub records: u64,
    /// Smallest offset given.
    pub first_offset: i64,
    /// Largest offset given.
    pub last_offset: i64,
}

/// Why records could not be published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The settings are refused.
    #[error(transparent)]
    Config(#[from] KafkaConfigError),
    /// Kafka did not take records.
    #[error(
        "Kafka took {acknowledged} of {sent} records and then refused: {source}. Nothing is half-written; mend the \
         cause and publish again"
    )]
    Refused {
        /// Records handed over.
        sent: u64,
        /// Records acknowledged.
        acknowledged: u64,
        /// The first cause.
        #[source]
        source: KafkaError,
    },
}

#[derive(Debug, Default)]
struct Delivered {
    receipt: PublishReceipt,
    failure: Option<KafkaError>,
}

#[derive(Debug, Default, Clone)]
struct Deliveries(Arc<Mutex<Delivered>>);

impl Deliveries {
    fn lock(&self) -> MutexGuard<'_, Delivered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Deliveries {
    fn stats(&self, _statistics: Statistics) {}

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "Kafka publisher");
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let mut delivered = self.lock();
        match result {
            Ok(message) => {
                delivered.receipt.progress.acknowledged += 1;
                let key = (message.topic().to_owned(), message.partition());
                let offset = message.offset();
                let fresh = PartitionReceipt { records: 0, first_offset: offset, last_offset: offset };
                let partition = delivered.receipt.partitions.entry(key).or_insert(fresh);
                partition.records += 1;
                partition.first_offset = partition.first_offset.min(offset);
                partition.last_offset = partition.last_offset.max(offset);
            }
            Err((error, _)) => {
                delivered.failure.get_or_insert_with(|| error.clone());
            }
        }
    }
}

/// An idempotent producer with a running receipt.
pub struct Publisher {
    producer: ThreadedProducer<Deliveries, NoCustomPartitioner>,
    deliveries: Deliveries,
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher").field("progress", &self.progress()).finish_non_exhaustive()
    }
}

impl Publisher {
    /// A publisher to the brokers of `config`. Kafka is not asked yet.
    ///
    /// # Errors
    /// When the settings are refused.
    pub fn new(config: &KafkaConfig) -> Result<Self, PublishError> {
        let deliveries = Deliveries::default();
        let created = config.producer()?.create_with_context(deliveries.clone());
        let producer = created.map_err(|error: KafkaError| KafkaConfigError::Client(error.to_string()))?;
        Ok(Self { producer, deliveries })
    }

    /// Hands one record over, waiting while too much is unacknowledged.
    ///
    /// # Errors
    /// When Kafka refused this or an earlier record.
    pub fn send(&self, topic: &str, key: Option<&[u8]>, payload: &[u8]) -> Result<(), PublishError> {
        self.check()?;
        let mut record = BaseRecord::<[u8], [u8]>::to(topic).payload(payload);
        if let Some(key) = key {
            record = record.key(key);
        }
        let deadline = Instant::now() + PATIENCE;
        while let Err((error, refused)) = self.producer.send(record) {
            let full = matches!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull));
            if !full || Instant::now() >= deadline {
                return Err(self.refused(error));
            }
            record = refused;
            std::thread::sleep(FULL_QUEUE_PAUSE);
        }
        let mut delivered = self.deliveries.lock();
        delivered.receipt.progress.sent += 1;
        delivered.receipt.progress.bytes += (payload.len() + key.map_or(0, <[u8]>::len)) as u64;
        Ok(())
    }

    /// Publishes all `records` of (topic, key, payload), tells `progress` now and then, and waits for every
    /// acknowledgement.
    ///
    /// # Errors
    /// When Kafka refused a record; what was acknowledged before stays.
    pub fn publish_all<T: AsRef<str>, B: AsRef<[u8]>>(
        &self,
        records: impl IntoIterator<Item = (T, Option<B>, B)>,
        mut progress: impl FnMut(Progress),
    ) -> Result<PublishReceipt, PublishError> {
        for (number, (topic, key, payload)) in records.into_iter().enumerate() {
            self.send(topic.as_ref(), key.as_ref().map(AsRef::as_ref), payload.as_ref())?;
            if number % 1_000 == 0 {
                progress(self.progress());
            }
        }
        let receipt = self.flush()?;
        progress(receipt.progress);
        Ok(receipt)
    }

    /// Waits until Kafka has acknowledged everything sent so far and returns the receipt of this publisher's life.
    ///
    /// # Errors
    /// When Kafka refused a record or does not answer.
    pub fn flush(&self) -> Result<PublishReceipt, PublishError> {
        self.producer.flush(PATIENCE).map_err(|error| self.refused(error))?;
        self.check()?;
        Ok(self.deliveries.lock().receipt.clone())
    }

    /// How far this publisher has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.deliveries.lock().receipt.progress
    }

    fn check(&self) -> Result<(), PublishError> {
        let failure = self.deliveries.lock().failure.clone();
        failure.map_or(Ok(()), |error| Err(self.refused(error)))
    }

    fn refused(&self, source: KafkaError) -> PublishError {
        let progress = self.progress();
        PublishError::Refused { sent: progress.sent, acknowledged: progress.acknowledged, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::EmbeddedBroker;

    #[test]
    fn the_receipt_counts_what_kafka_acknowledged() {
        let broker = EmbeddedBroker::start().unwrap();
        broker.create_topic("t", 2).unwrap();
        let publisher = Publisher::new(&KafkaConfig::new(broker.brokers())).unwrap();
        let records = (0..50).map(|number| ("t", Some(format!("key {number}")), "payload".to_owned()));
        let mut told = 0;
        let receipt = publisher.publish_all(records, |progress| told = progress.acknowledged).unwrap();
        assert_eq!((told, receipt.progress.sent), (50, 50));
        assert_eq!(receipt.partitions.values().map(|partition| partition.records).sum::<u64>(), 50);
        assert_eq!(receipt.partitions.len(), 2);
        for partition in receipt.partitions.values() {
            assert_eq!(partition.last_offset - partition.first_offset + 1, i64::try_from(partition.records).unwrap());
        }
    }
}
