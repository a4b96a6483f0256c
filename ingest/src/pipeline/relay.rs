//! From the messages of `adt_message` to the topics of spells and stays in emergency departments.
//!
//! The lake is the state: at start every message is read again, and what the spells and attendances of the lake hold already
//! is not said again. What was on its way when the process died is said twice, with the same ids, which changes nothing.
//! Every process that takes in the feed `adt` does this for all of its messages: run it in one process, or events are
//! published as often as there are processes, and counted once.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{AsArray, RecordBatch};
use homeward_contract::feed::{Feed, Table};
use tokio_util::sync::CancellationToken;

use super::Ingest;
use crate::adt::{AdtEvent, AdtShapeError, SOURCE_ENDING, Visits, Wards};
use crate::kafka::{PublishError, Publisher};
use crate::lake::{Lake, LakeError};

/// Longest wait between two looks at the lake: commits of this process wake it at once, those of others do not.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Why a round ended; the next one begins anew.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The lake could not be read.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// Messages in the lake lack a column.
    #[error(transparent)]
    Shape(#[from] AdtShapeError),
    /// Kafka did not take the events.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A thread ended by itself.
    #[error("defect: publishing ended before it was told to")]
    Panicked,
}

/// How many events the ADT messages of the lake tell of that its spells and attendances do not hold yet: on their way, or
/// refused by the rules of those feeds.
///
/// # Errors
/// When the lake cannot be read.
pub async fn unsaid(lake: &Lake, wards: &Wards) -> Result<usize, RelayError> {
    let messages = lake.read(Table::AdtMessage.name()).await?;
    let events = Visits::new(wards.clone()).take(&messages)?;
    Ok(still_unsaid(lake, events).await?.len())
}

/// Runs until `ended`; a failure is logged, and tried again from the start.
pub(super) async fn relay(ingest: Arc<Ingest>, ended: CancellationToken) {
    while !ended.is_cancelled() {
        let Some(Err(error)) = ended.run_until_cancelled(follow(&ingest)).await else { return };
        tracing::warn!(%error, "events of ADT messages are delayed; trying again");
        ended.run_until_cancelled(tokio::time::sleep(ingest.options.retry_wait_max)).await;
    }
}

async fn follow(ingest: &Ingest) -> Result<std::convert::Infallible, RelayError> {
    let publisher = Arc::new(Publisher::new(&ingest.kafka)?);
    let lake = &ingest.lake;
    let mut visits = Visits::new(ingest.options.wards.clone()).held_for(ingest.options.visits_held_for);
    let mut commits = lake.commits();
    let mut follower = lake.follow(Feed::Adt);
    let mut is_first = true;
    loop {
        commits.mark_unchanged();
        loop {
            let facts = follower.poll().await?;
            if facts.is_empty() {
                break;
            }
            let batches: Vec<RecordBatch> = facts.into_iter().flat_map(|commit| commit.batches).collect();
            let mut events = visits.take(&batches)?;
            // The first reading, and a stay that is read again, meet what was said before.
            if is_first {
                events = still_unsaid(lake, events).await?;
            }
            if visits.has_late() {
                let again = visits.read_again(&lake.read(Table::AdtMessage.name()).await?)?;
                events.extend(still_unsaid(lake, again).await?);
            }
            if !events.is_empty() {
                publish(ingest, &publisher, events).await?;
            }
        }
        is_first = false;
        let _ = tokio::time::timeout(LOOK_EVERY, commits.changed()).await;
    }
}

/// Without the events that the lake holds.
async fn still_unsaid(lake: &Lake, mut events: Vec<AdtEvent>) -> Result<Vec<AdtEvent>, RelayError> {
    if events.is_empty() {
        return Ok(events);
    }
    let hasher = RandomState::new();
    let mut said = HashSet::new();
    for table in [Table::HospitalSpell, Table::EdStay] {
        for batch in lake.read_columns(table.name(), &["source", "event_id"]).await? {
            let text = |name| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
            let (Some(sources), Some(ids)) = (text("source"), text("event_id")) else { continue };
            let both = sources.iter().flatten().zip(ids.iter().flatten());
            let ours = both.filter(|(source, _)| source.ends_with(SOURCE_ENDING));
            said.extend(ours.map(|(source, id)| hasher.hash_one((table.feed(), source, id))));
        }
    }
    events.retain(|event| !said.contains(&hasher.hash_one((event.feed, event.source.as_str(), event.id.as_str()))));
    Ok(events)
}

async fn publish(ingest: &Ingest, publisher: &Arc<Publisher>, events: Vec<AdtEvent>) -> Result<(), RelayError> {
    let topic = |feed: Feed| {
        let named = ingest.kafka.topics.get(&feed).and_then(|topics| topics.first());
        named.map_or_else(|| feed.default_topic().to_owned(), Clone::clone)
    };
    let topics = [Feed::Spell, Feed::EdStay].map(|feed| (feed, topic(feed)));
    let publisher = Arc::clone(publisher);
    let sending = tokio::task::spawn_blocking(move || {
        for event in &events {
            let named = topics.iter().find(|(feed, _)| *feed == event.feed);
            let Some((_, topic)) = named else { continue };
            publisher.send(topic, Some(event.subject.as_bytes()), event.payload.as_bytes())?;
        }
        publisher.flush().map(drop)
    });
    Ok(sending.await.map_err(|_| RelayError::Panicked)??)
}
