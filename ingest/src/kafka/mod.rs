//! The only place that names rdkafka: configuration, the consumer of a feed, the publisher, an embedded broker.
//!
//! Offsets live in the lake. On assignment the consumer seeks to the lake's frontier; what is committed to Kafka
//! is for display, and every property that could make Kafka decide where to read is refused.

mod config;
mod embedded;
mod publisher;
mod raw;
mod source;
mod watchdog;

pub use config::{KafkaConfig, KafkaConfigError};
pub use embedded::{EmbeddedBroker, EmbeddedError};
pub use publisher::{Progress, PublishError, PublishReceipt, Publisher};
pub use raw::{RawError, RawReceipt, raw_consume};
pub use source::{Received, Record, Source, SourceError, SourceOptions};
pub use watchdog::{Verdict, Watchdog};
