//! `homeward load`: files to Kafka, with a receipt of what the broker acknowledged.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use homeward_contract::feed::Feed;
use homeward_ingest::file::{FileError, FileRecord, read_path_by};
use homeward_ingest::kafka::{PublishReceipt, Publisher};
use serde::Serialize;

use super::arguments::LoadArguments;
use super::error::{CliError, Outcome};
use super::progress::Progress;
use crate::config::{Config, Role, Settings};

pub(super) async fn run(
    arguments: &LoadArguments,
    config: Option<&Path>,
    out: &mut dyn Write,
) -> Result<Outcome, CliError> {
    let settings = super::settings_with_broker(config, arguments.brokers.as_ref())?;
    let topics = Topics::of(&settings);
    let config = Config::check(settings, &[Role::Publish])?;
    let publisher = Publisher::new(&config.kafka)?;
    let mut progress = Progress::start("Publishing", None);
    for path in &arguments.paths {
        for record in read_path_by(path, &config.calendar)? {
            publish(&publisher, &topics, record)?;
            progress.advance(1);
        }
    }
    let receipt = publisher.flush()?;
    progress.finish();
    if let Some(file) = &arguments.receipt {
        let text = serde_json::to_vec_pretty(&ReceiptLine::of(&receipt)).unwrap_or_default();
        std::fs::write(file, text).map_err(|source| CliError::Write { path: file.clone(), source })?;
    }
    write_receipt(&receipt, out)?;
    Ok(Outcome::Done)
}

fn publish(publisher: &Publisher, topics: &Topics, record: Result<FileRecord, FileError>) -> Result<(), CliError> {
    let record = record?;
    let key = (!record.key.is_empty()).then_some(record.key.as_slice());
    Ok(publisher.send(topics.of_feed(record.feed), key, &record.payload)?)
}

/// Topic of each feed, whichever feeds a process takes in.
pub(super) struct Topics(BTreeMap<Feed, String>);

impl Topics {
    /// As configured.
    pub(super) fn of(settings: &Settings) -> Self {
        let topic = |feed: Feed| {
            let named = settings.kafka.topics.get(feed.name()).cloned();
            named.unwrap_or_else(|| feed.default_topic().to_owned())
        };
        Self(Feed::ALL.into_iter().map(|feed| (feed, topic(feed))).collect())
    }

    /// The topic of a feed.
    pub(super) fn of_feed(&self, feed: Feed) -> &str {
        self.0.get(&feed).map_or(feed.default_topic(), String::as_str)
    }
}

/// A publisher to the configured brokers.
pub(super) fn publisher(settings: &Settings) -> Result<Publisher, CliError> {
    let config = Config::check(settings.clone(), &[Role::Publish])?;
    Ok(Publisher::new(&config.kafka)?)
}

#[derive(Serialize)]
struct ReceiptLine<'a> {
    topic: &'a str,
    partition: i32,
    records: u64,
    first_offset: i64,
    last_offset: i64,
}

impl<'a> ReceiptLine<'a> {
    fn of(receipt: &'a PublishReceipt) -> Vec<Self> {
        receipt
            .partitions
            .iter()
            .map(|((topic, partition), own)| Self {
                topic,
                partition: *partition,
                records: own.records,
                first_offset: own.first_offset,
                last_offset: own.last_offset,
            })
            .collect()
    }
}

/// What the broker acknowledged, a line a partition.
pub(super) fn write_receipt(receipt: &PublishReceipt, out: &mut dyn Write) -> Result<(), CliError> {
    for line in ReceiptLine::of(receipt) {
        let ReceiptLine { topic, partition, records, first_offset, last_offset } = line;
        writeln!(out, "{topic} partition {partition}: {records} records, offsets {first_offset} to {last_offset}")?;
    }
    let progress = receipt.progress;
    writeln!(out, "{} records sent, {} acknowledged, {} bytes", progress.sent, progress.acknowledged, progress.bytes)?;
    Ok(())
}
