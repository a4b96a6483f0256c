//! Kafka and files in; validated, pseudonymised facts out.
//!
//! [`decode`] is pure: records into Arrow batches and refusals; so is [`adt`], which makes events of HL7 messages. Around them stand the edges: [`file`] and
//! [`kafka`] bring records, [`lake`] keeps facts together with the offsets they came from,
//! [`quarantine`] keeps what was refused, and [`pipeline`] joins them. No other crate of Homeward
//! names Kafka, Delta Lake or object storage.

pub mod adt;
pub mod decode;
pub mod file;
pub mod kafka;
pub mod lake;
pub mod pipeline;
pub mod quarantine;
pub mod telemetry;
