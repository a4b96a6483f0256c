//! From Kafka to the lake: receive, decode, commit, for each feed on a thread of its own.
//!
//! A feed either runs or has stopped for a stated reason; one feed's stop leaves the others alone. Each feed is
//! one loop: gather a batch for at most `commit_interval` or `batch_bytes_max`, decode it on several threads,
//! commit it, go on. Meanwhile librdkafka fetches ahead into a bounded buffer. No rebalance can happen while a
//! batch is in hand, because rebalances are served only when the loop asks for records.
//!
//! Limits: memory for one feed is about `buffer_bytes_max` + three times `batch_bytes_max`.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use homeward_contract::calendar::SubmissionCalendar;
use homeward_contract::clock::Clock;
use homeward_contract::feed::Feed;
use homeward_contract::identity::PseudonymKeys;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

mod batch;
mod feed;
mod poison;
mod prepare;
mod relay;
mod senders;

pub use poison::PoisonRule;
pub use relay::{RelayError, unsaid};
pub use senders::UNKNOWN as UNKNOWN_SENDER;

use crate::adt::Wards;
use crate::kafka::{KafkaConfig, KafkaConfigError};
use crate::lake::{Lake, UpkeepPolicy};
use crate::quarantine::QuarantineKey;
use crate::telemetry::IngestTelemetry;

/// Time between two rounds of upkeep.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(60);

/// How ingestion behaves.
#[derive(Debug, Clone)]
pub struct IngestOptions {
    /// A batch closes this long after its first record.
    pub commit_interval: Duration,
    /// A batch closes at this size.
    pub batch_bytes_max: usize,
    /// Most bytes fetched ahead of the batch, for each feed.
    pub buffer_bytes_max: usize,
    /// When a batch is so bad that its feed stops instead.
    pub poison: PoisonRule,
    /// Threads that decode one batch.
    pub decode_threads: NonZeroUsize,
    /// A partition that stands still this long while Kafka holds more has its consumer rebuilt.
    pub stall: Duration,
    /// Longest wait between two attempts at a failed commit.
    pub retry_wait_max: Duration,
    /// Which wards of ADT messages are virtual, and of what kind.
    pub wards: Wards,
    /// A stay that is over leaves memory so long after its newest ADT message.
    pub visits_held_for: Duration,
    /// When tables are checkpointed and compacted; nothing leaves that to another process.
    pub upkeep: Option<UpkeepPolicy>,
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self {
            commit_interval: Duration::from_millis(250),
            batch_bytes_max: 32 * 1024 * 1024,
            buffer_bytes_max: 64 * 1024 * 1024,
            poison: PoisonRule::default(),
            decode_threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            stall: Duration::from_secs(120),
            retry_wait_max: Duration::from_secs(30),
            wards: Wards::default(),
            visits_held_for: Duration::from_hours(24 * 30),
            upkeep: Some(UpkeepPolicy::default()),
        }
    }
}

/// Everything ingestion needs.
#[derive(Debug, Clone)]
pub struct Ingest {
    /// How to reach Kafka.
    pub kafka: KafkaConfig,
    /// How to behave.
    pub options: IngestOptions,
    /// Where facts go.
    pub lake: Lake,
    /// Keys that turn identities into pseudonyms.
    pub keys: Arc<PseudonymKeys>,
    /// Key that seals refused records.
    pub quarantine_key: Arc<QuarantineKey>,
    /// Decides between Primary and Refresh where a submission does not say.
    pub calendar: Arc<SubmissionCalendar>,
    /// Gives each batch the instant at which it became known.
    pub clock: Arc<dyn Clock>,
    /// Where counters go.
    pub telemetry: Arc<IngestTelemetry>,
}

/// Why ingestion ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The Kafka settings are refused.
    #[error(transparent)]
    Config(#[from] KafkaConfigError),
    /// A feed's thread could not start.
    #[error("could not start a thread for feed {feed}: {source}")]
    Thread {
        /// The feed.
        feed: Feed,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A feed's thread panicked.
    #[error(
        "defect: the thread of feed {0} ended before it was told to. Its last words are in the log; please report them"
    )]
    Panicked(Feed),
}

/// Reads every configured feed into the lake until `shutdown` is cancelled, then ends after the batch in hand.
/// A feed that stops by itself stays stopped (its reason is in the telemetry) and does not end the call.
///
/// # Errors
/// [`IngestError`] when ingestion cannot start, or through a defect; the other feeds are then ended, too.
pub async fn run_ingest(ingest: Ingest, shutdown: CancellationToken) -> Result<(), IngestError> {
    ingest.kafka.validate()?;
    let ingest = Arc::new(ingest);
    let ended = shutdown.child_token();
    let upkeep = tokio::spawn(keep_up(Arc::clone(&ingest), ended.clone()));
    let takes_messages = ingest.kafka.topics.get(&Feed::Adt).is_some_and(|topics| !topics.is_empty());
    let relayed = takes_messages.then(|| tokio::spawn(relay::relay(Arc::clone(&ingest), ended.clone())));
    let feeds = ingest.kafka.topics.iter().filter(|(_, topics)| !topics.is_empty()).map(|(feed, _)| *feed);
    let started: Result<Vec<_>, IngestError> = feeds.map(|feed| start(&ingest, feed, &ended)).collect();
    let outcome = match started {
        Ok(threads) => join(threads, &ended).await,
        Err(error) => Err(error),
    };
    ended.cancel();
    let _ = upkeep.await;
    if let Some(relayed) = relayed {
        let _ = relayed.await;
    }
    outcome
}

fn start(
    ingest: &Arc<Ingest>,
    feed: Feed,
    ended: &CancellationToken,
) -> Result<(Feed, oneshot::Receiver<()>), IngestError> {
    let (done, end) = oneshot::channel();
    let worker = feed::FeedLoop::new(Arc::clone(ingest), feed, Handle::current(), ended.clone());
    let body = move || {
        worker.run();
        // A panic skips this line: the channel closes without a word.
        let _ = done.send(());
    };
    let thread = std::thread::Builder::new().name(format!("ingest-{feed}")).spawn(body);
    thread.map_err(|source| IngestError::Thread { feed, source })?;
    Ok((feed, end))
}

async fn join(threads: Vec<(Feed, oneshot::Receiver<()>)>, ended: &CancellationToken) -> Result<(), IngestError> {
    let waits = threads.into_iter().map(|(feed, end)| async move {
        let outcome = end.await.map_err(|_| IngestError::Panicked(feed));
        if outcome.is_err() {
            ended.cancel();
        }
        outcome
    });
    futures::future::join_all(waits).await.into_iter().collect()
}

async fn keep_up(ingest: Arc<Ingest>, ended: CancellationToken) {
    let Some(policy) = &ingest.options.upkeep else { return };
    while ended.run_until_cancelled(tokio::time::sleep(UPKEEP_INTERVAL)).await.is_some() {
        match ingest.lake.upkeep(policy).await {
            Ok(report) => tracing::debug!(?report, "lake upkeep"),
            Err(error) => tracing::warn!(%error, "lake upkeep failed; the next round tries again"),
        }
    }
}
