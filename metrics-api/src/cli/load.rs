//! `homeward load`: files to Kafka, with a receipt of what was found in them, what the broker acknowledged, and what came of
//! it.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use homeward_contract::clock::{Clock, SystemClock};
use homeward_contract::feed::Feed;
use homeward_ingest::file::{FileError, FileRecord, read_path_by};
use homeward_ingest::kafka::{PublishReceipt, Publisher};
use homeward_transform::release::Policy;
use serde::Serialize;

use super::arguments::LoadArguments;
use super::effect::{self, Watched};
use super::error::{CliError, Outcome};
use super::progress::Progress;
use super::receipt::{Homeward, Receipt};
use super::validate::validate;
use crate::config::{Config, Role, Settings};

pub(super) async fn run(
    arguments: &LoadArguments,
    config: Option<&Path>,
    out: &mut (dyn Write + Send),
) -> Result<Outcome, CliError> {
    let settings = super::settings_with_broker(config, arguments.brokers.as_ref())?;
    let topics = Topics::of(&settings);
    let policy = Policy::by_name(&arguments.release)?;
    let folder = arguments.source.lake.clone().unwrap_or_else(|| settings.lake.path.clone());
    let roles: &[Role] = if arguments.check { &[] } else { &[Role::Publish] };
    let config = Config::check(settings, roles)?;
    // Files that are at fault are refused before anything of them is sent.
    let validated = validate(&arguments.paths, &config.calendar, SystemClock.now())?;
    for note in &validated.notes {
        eprintln!("note: {note}");
    }
    let lake = effect::lake_at(&folder)?;
    let mut receipt =
        Receipt { validated: &validated, published: None, homeward: Homeward::Unseen, moved: Vec::new(), policy };
    let mut watched = match (&lake, arguments.wait.filter(|_| !arguments.check)) {
        (Some(lake), Some(_)) => Some(Watched::new(lake.clone(), SystemClock.now()).await?),
        (None, Some(_)) => {
            let what = format!("there is no lake in {}, so that nothing can be waited for", folder.display());
            return Err(CliError::argument(what, "name its folder with --lake, or leave --wait out"));
        }
        (_, None) => None,
    };
    receipt.homeward = match (&watched, &lake) {
        (Some(watched), _) => Homeward::Before(watched.submissions()),
        (None, Some(lake)) => Homeward::Before(super::submission::register(lake).await?.roll()),
        (None, None) => Homeward::Unseen,
    };
    let published = if arguments.check { None } else { Some(send(arguments, &config, &topics)?) };
    receipt.published = published.as_ref();
    if let (Some(watched), Some(published), Some(seconds), Homeward::Before(before)) =
        (&mut watched, &published, arguments.wait, &mut receipt.homeward)
    {
        let before = std::mem::take(before);
        receipt.homeward = if watched.taken_in(published, Duration::from_secs(seconds)).await? {
            receipt.moved = watched.moved(SystemClock.now()).await?;
            Homeward::After(before, watched.submissions())
        } else {
            Homeward::NotInTime(seconds)
        };
    }
    if let Some(file) = &arguments.receipt {
        let text = serde_json::to_vec_pretty(&receipt).map_err(io::Error::from)?;
        std::fs::write(file, text).map_err(|source| CliError::Write { path: file.clone(), source })?;
    }
    receipt.write(out)?;
    Ok(Outcome::Done)
}

/// Publishes every record of the files.
fn send(arguments: &LoadArguments, config: &Config, topics: &Topics) -> Result<PublishReceipt, CliError> {
    let publisher = Publisher::new(&config.kafka)?;
    let mut progress = Progress::start("Publishing", None);
    for path in &arguments.paths {
        for record in read_path_by(path, &config.calendar)? {
            publish(&publisher, topics, record)?;
            progress.advance(1);
        }
    }
    let receipt = publisher.flush()?;
    progress.finish();
    Ok(receipt)
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

/// What the broker acknowledged of one partition.
#[derive(Serialize)]
pub(super) struct ReceiptLine<'a> {
    topic: &'a str,
    partition: i32,
    records: u64,
    first_offset: i64,
    last_offset: i64,
}

impl<'a> ReceiptLine<'a> {
    pub(super) fn of(receipt: &'a PublishReceipt) -> Vec<Self> {
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
pub(super) fn write_partitions(receipt: &PublishReceipt, out: &mut dyn Write) -> io::Result<()> {
    for line in ReceiptLine::of(receipt) {
        let ReceiptLine { topic, partition, records, first_offset, last_offset } = line;
        writeln!(out, "{topic} partition {partition}: {records} records, offsets {first_offset} to {last_offset}")?;
    }
    let progress = receipt.progress;
    writeln!(out, "{} records sent, {} acknowledged, {} bytes", progress.sent, progress.acknowledged, progress.bytes)
}
