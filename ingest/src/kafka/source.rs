//! The consumer of one feed: records in order per partition, starting where the lake says.
//!
//! Made for one thread that calls [`Source::receive`] in a loop; rebalances happen inside that call and never
//! while the caller is busy with a batch.
//!
//! Limits: librdkafka buffers at most `buffer_bytes_max` in the background and then stops fetching.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use homeward_contract::feed::Feed;
use rdkafka::Statistics;
use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;

use super::config::{KafkaConfig, KafkaConfigError};
use crate::lake::LakeError;
use crate::telemetry::IngestTelemetry;

/// Longest wait for the broker when a partition's bounds are asked for.
const WATERMARK_TIMEOUT: Duration = Duration::from_millis(500);

type Frontier = BTreeMap<(String, i32), i64>;

/// What a source reads and where it begins.
pub struct SourceOptions {
    /// The feed.
    pub feed: Feed,
    /// Most bytes that librdkafka may fetch ahead.
    pub buffer_bytes_max: usize,
    /// Reads the lake's frontier; called on the receiving thread at each assignment, and may block.
    pub frontier: Box<dyn Fn() -> Result<Frontier, LakeError> + Send + Sync>,
    /// Where lag and Kafka's errors are noted.
    pub telemetry: Arc<IngestTelemetry>,
}

/// One record, owned. Its `Debug` form does not show key and payload.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Topic.
    pub topic: Arc<str>,
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// Offset that was due: equal to `offset`, or smaller where Kafka holds no record (compaction, transaction
    /// markers); nothing for the first record of a partition that the lake does not know.
    pub due: Option<i64>,
    /// Key.
    pub key: Option<Vec<u8>>,
    /// Payload.
    pub payload: Option<Vec<u8>>,
}

impl Record {
    /// Bytes that the record occupies in a batch.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let part = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
        part(&self.key) + part(&self.payload) + size_of::<Self>()
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({}/{} offset {}, {} bytes)", self.topic, self.partition, self.offset, self.bytes())
    }
}

/// What one call of [`Source::receive`] brought.
#[derive(Debug)]
pub enum Received {
    /// A record.
    Record(Record),
    /// Nothing in the time given.
    Nothing,
    /// Partitions changed hands, or positions were read anew: drop every record that is not committed.
    Reassigned,
}

/// Why a source cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The settings are refused.
    #[error(transparent)]
    Config(#[from] KafkaConfigError),
    /// librdkafka makes no client of the settings. Waiting does not help.
    #[error("[kafka] librdkafka refuses the settings: {0}; mend the properties in homeward.toml and start again")]
    Settings(#[source] KafkaError),
    /// Kafka no longer holds, or never held, the offset that comes next. Waiting does not help.
    #[error(
        "Kafka does not hold the record that comes next: {places}. Records were deleted before they were taken in, \
         or the topic was created anew. Homeward will not skip them silently: publish the missing records to a new \
         topic and name it in [kafka] topics, or raise the topic's retention and restore it"
    )]
    Truncated {
        /// Partitions concerned, with what the lake expects and what Kafka holds.
        places: String,
    },
    /// The lake's frontier could not be read at assignment.
    #[error("could not read where to begin: {0}")]
    Frontier(#[source] LakeError),
    /// The client is beyond repair: make a new one.
    #[error("Kafka client failed: {0}")]
    Client(#[from] KafkaError),
}

#[derive(Debug, Clone)]
struct Position {
    topic: Arc<str>,
    partition: i32,
    next: Option<i64>,
}

#[derive(Debug, Default)]
struct Assignment {
    generation: u64,
    positions: Vec<Position>,
    /// From an assignment, an empty one too, to its revocation.
    is_settled: bool,
    failure: Option<LakeError>,
}

/// librdkafka's callbacks, all of them served inside [`Source::receive`].
struct FeedContext {
    options: SourceOptions,
    assignment: Mutex<Assignment>,
}

impl FeedContext {
    fn lock(&self) -> MutexGuard<'_, Assignment> {
        self.assignment.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over exactly these partitions, each from the lake's frontier or from its beginning.
    fn assign(&self, consumer: &BaseConsumer<Self>, partitions: &TopicPartitionList) {
        let SourceOptions { feed, telemetry, .. } = &self.options;
        telemetry.forget_places(*feed);
        let mut assignment = self.lock();
        assignment.generation += 1;
        assignment.is_settled = true;
        assignment.positions.clear();
        let mut list = TopicPartitionList::new();
        match (self.options.frontier)() {
            Ok(frontier) => {
                for element in partitions.elements() {
                    let (topic, partition) = (element.topic(), element.partition());
                    let next = frontier.get(&(topic.to_owned(), partition)).copied();
                    if let Some(next) = next {
                        telemetry.record_frontier(*feed, topic, partition, next);
                    }
                    assignment.positions.push(Position { topic: topic.into(), partition, next });
                    let offset = next.map_or(Offset::Beginning, Offset::Offset);
                    if let Err(error) = list.add_partition_offset(topic, partition, offset) {
                        tracing::error!(%feed, topic, partition, %error, "offset of a partition is refused");
                    }
                }
            }
            // The empty list is assigned all the same: the group waits for an answer.
            Err(error) => assignment.failure = Some(error),
        }
        if let Err(error) = consumer.assign(&list) {
            tracing::error!(%feed, %error, "Kafka assignment failed; the group will try again");
        }
    }

    fn revoke(&self, consumer: &BaseConsumer<Self>) {
        self.options.telemetry.forget_places(self.options.feed);
        let mut assignment = self.lock();
        assignment.generation += 1;
        assignment.is_settled = false;
        assignment.positions.clear();
        if let Err(error) = consumer.unassign() {
            tracing::warn!(feed = %self.options.feed, %error, "Kafka partitions could not be given back");
        }
    }
}

impl ClientContext for FeedContext {
    fn stats(&self, statistics: Statistics) {
        for (topic, topic_statistics) in &statistics.topics {
            for partition in topic_statistics.partitions.values().filter(|partition| partition.hi_offset >= 0) {
                let SourceOptions { feed, telemetry, .. } = &self.options;
                telemetry.record_high_watermark(*feed, topic, partition.partition, partition.hi_offset);
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.options.telemetry.record_kafka_error(self.options.feed);
        tracing::warn!(feed = %self.options.feed, %error, reason, "Kafka consumer");
    }
}

impl ConsumerContext for FeedContext {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, event: RDKafkaRespErr, partitions: &mut TopicPartitionList) {
        match event {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => self.assign(consumer, partitions),
            _ => self.revoke(consumer),
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        if let Err(error) = result {
            tracing::debug!(feed = %self.options.feed, %error, "offsets for display were not taken");
        }
    }
}

/// A consumer of one feed.
pub struct Source {
    consumer: BaseConsumer<FeedContext>,
    generation: u64,
    positions: Vec<Position>,
    paused: bool,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("positions", &self.positions)
            .field("paused", &self.paused)
            .finish_non_exhaustive()
    }
}

impl Source {
    /// Joins the feed's consumer group.
    ///
    /// # Errors
    /// [`SourceError::Config`] and [`SourceError::Settings`] when the settings are refused, [`SourceError::Client`] when the
    /// client cannot subscribe.
    pub fn open(config: &KafkaConfig, options: SourceOptions) -> Result<Self, SourceError> {
        let feed = options.feed;
        let client = config.consumer(feed, options.buffer_bytes_max)?;
        let context = FeedContext { options, assignment: Mutex::default() };
        let consumer: BaseConsumer<FeedContext> = client.create_with_context(context).map_err(SourceError::Settings)?;
        let topics: Vec<&str> = config.topics.get(&feed).into_iter().flatten().map(String::as_str).collect();
        consumer.subscribe(&topics)?;
        Ok(Self { consumer, generation: 0, positions: Vec::new(), paused: false })
    }

    /// Waits up to `timeout` for the next record. May return early with nothing.
    ///
    /// # Errors
    /// [`SourceError::Truncated`] stops the feed; after [`SourceError::Frontier`] and [`SourceError::Client`] a new
    /// source may do better.
    pub fn receive(&mut self, timeout: Duration) -> Result<Received, SourceError> {
        let polled = self.consumer.poll(timeout).map(|result| result.map(|message| self.own(&message)));
        if self.take_over()? {
            if matches!(polled, Some(Ok(_))) {
                // A record that came together with a reassignment belongs to neither side for sure.
                self.restart()?;
            }
            return Ok(Received::Reassigned);
        }
        match polled {
            None => Ok(Received::Nothing),
            Some(Ok(_)) if self.paused => {
                self.restart()?;
                Ok(Received::Reassigned)
            }
            Some(Ok(record)) => Ok(self.place(record).map_or(Received::Nothing, Received::Record)),
            Some(Err(error)) => self.judge(error),
        }
    }

    /// Copies a message. Its topic is shared with the position that it belongs to, which is one for nearly all.
    fn own(&self, message: &BorrowedMessage<'_>) -> Record {
        let known = self.positions.iter().find(|position| &*position.topic == message.topic());
        Record {
            topic: known.map_or_else(|| message.topic().into(), |position| Arc::clone(&position.topic)),
            partition: message.partition(),
            offset: message.offset(),
            due: None,
            key: message.key().map(<[u8]>::to_vec),
            payload: message.payload().map(<[u8]>::to_vec),
        }
    }

    /// Gives every record its due offset; those not ours or already seen are dropped.
    fn place(&mut self, mut record: Record) -> Option<Record> {
        let ours = |position: &&mut Position| position.partition == record.partition && position.topic == record.topic;
        let position = self.positions.iter_mut().find(ours)?;
        if position.next.is_some_and(|next| record.offset < next) {
            return None;
        }
        record.due = position.next;
        record.topic = Arc::clone(&position.topic);
        position.next = Some(record.offset + 1);
        Some(record)
    }

    /// Takes over a changed assignment from the callbacks; true when there was one.
    fn take_over(&mut self) -> Result<bool, SourceError> {
        let mut assignment = self.consumer.context().lock();
        if let Some(failure) = assignment.failure.take() {
            return Err(SourceError::Frontier(failure));
        }
        if assignment.generation == self.generation {
            return Ok(false);
        }
        self.generation = assignment.generation;
        self.positions.clone_from(&assignment.positions);
        drop(assignment);
        self.resume()?;
        Ok(true)
    }

    fn judge(&self, error: KafkaError) -> Result<Received, SourceError> {
        match error {
            KafkaError::MessageConsumption(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => {
                Err(SourceError::Truncated { places: self.places_out_of_range() })
            }
            KafkaError::MessageConsumptionFatal(_) => Err(error.into()),
            passing => {
                // librdkafka goes on by itself: a broker away, a topic not there yet, a token to renew.
                let options = &self.consumer.context().options;
                options.telemetry.record_kafka_error(options.feed);
                tracing::warn!(feed = %options.feed, error = %passing, "Kafka consumer");
                Ok(Received::Nothing)
            }
        }
    }

    fn places_out_of_range(&self) -> String {
        let describe = |position: &Position| {
            let next = position.next?;
            let (low, high) = self.bounds(&position.topic, position.partition)?;
            let outside = next < low || next > high;
            outside.then(|| {
                format!("{}/{} expects offset {next}, Kafka holds {low} to {high}", position.topic, position.partition)
            })
        };
        let places: Vec<_> = self.positions.iter().filter_map(describe).collect();
        if places.is_empty() { "the broker gave no bounds".to_owned() } else { places.join("; ") }
    }

    /// First offset that Kafka holds of a partition and the next it will give out, asked afresh; waits at most
    /// half a second, and may say nothing.
    #[must_use]
    pub fn bounds(&self, topic: &str, partition: i32) -> Option<(i64, i64)> {
        self.consumer.fetch_watermarks(topic, partition, WATERMARK_TIMEOUT).ok()
    }

    /// True while the group's last word is an assignment: a group with more members than partitions has empty ones.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.consumer.context().lock().is_settled
    }

    /// True when a broker answers that one of the topics has partitions; waits at most half a second.
    #[must_use]
    pub fn has_something_to_read(&self) -> bool {
        let wanted = self.consumer.subscription().ok();
        let told = self.consumer.fetch_metadata(None, WATERMARK_TIMEOUT).ok();
        wanted.zip(told).is_some_and(|(wanted, told)| {
            let is_wanted = |name: &str| wanted.elements().iter().any(|element| element.topic() == name);
            told.topics().iter().any(|topic| is_wanted(topic.name()) && !topic.partitions().is_empty())
        })
    }

    /// Partitions read, with the next offset due where it is known.
    pub fn positions(&self) -> impl Iterator<Item = (&str, i32, Option<i64>)> {
        self.positions.iter().map(|position| (&*position.topic, position.partition, position.next))
    }

    /// Reads the frontier afresh and begins there again with the same partitions. The caller drops what it holds.
    ///
    /// # Errors
    /// As [`Source::receive`].
    pub fn restart(&mut self) -> Result<(), SourceError> {
        let partitions = self.consumer.assignment()?;
        self.consumer.context().assign(&self.consumer, &partitions);
        self.take_over().map(drop)
    }

    /// Stops fetching while a batch cannot be committed. Calling [`Source::receive`] goes on, for the group's sake.
    ///
    /// # Errors
    /// [`SourceError::Client`] when the client refuses.
    pub fn pause(&mut self) -> Result<(), SourceError> {
        if !self.paused {
            self.consumer.pause(&self.consumer.assignment()?)?;
            self.paused = true;
        }
        Ok(())
    }

    /// Fetches again after [`Source::pause`].
    ///
    /// # Errors
    /// [`SourceError::Client`] when the client refuses.
    pub fn resume(&mut self) -> Result<(), SourceError> {
        if self.paused {
            self.consumer.resume(&self.consumer.assignment()?)?;
            self.paused = false;
        }
        Ok(())
    }

    /// Tells Kafka how far the lake is, for display in its tools only. Does not wait.
    pub fn show_committed<'a>(&self, offsets: impl IntoIterator<Item = (&'a str, i32, i64)>) {
        let mut list = TopicPartitionList::new();
        for (topic, partition, next) in offsets {
            if list.add_partition_offset(topic, partition, Offset::Offset(next)).is_err() {
                return;
            }
        }
        if let Err(error) = self.consumer.commit(&list, CommitMode::Async) {
            tracing::debug!(%error, "offsets for display were not sent");
        }
    }
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
