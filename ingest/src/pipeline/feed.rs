//! The loop of one feed: gather, commit, and decide what to do when something fails.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use homeward_contract::clock::{Clock, SystemClock};
use homeward_contract::feed::Feed;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::Ingest;
use super::batch::OpenBatch;
use super::prepare::{Prepared, Unfit, prepare};
use crate::kafka::{Received, Source, SourceError, SourceOptions, Verdict, Watchdog};
use crate::lake::LakeError;

/// Longest wait for one record: bounds how late the loop sees a shutdown.
const RECEIVE_WAIT: Duration = Duration::from_millis(50);

/// First wait after a failure; it doubles up to the configured longest.
const RETRY_WAIT_MIN: Duration = Duration::from_millis(100);

/// Least time between two notes that Kafka was asked.
const POLL_NOTE_INTERVAL: Duration = Duration::from_secs(1);

/// Why the loop over one source ended.
enum End {
    /// Told to.
    Shutdown,
    /// A partition stood still for too long, or the group did not take the consumer back for too long.
    Stalled(&'static str),
    /// The feed stops until people have looked.
    Stop(String),
    /// The source or the lake failed in a way that a new source may mend.
    Failed(String),
}

impl From<SourceError> for End {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Truncated { .. } | SourceError::Config(_) | SourceError::Settings(_) => {
                Self::Stop(error.to_string())
            }
            SourceError::Frontier(_) | SourceError::Client(_) => Self::Failed(error.to_string()),
        }
    }
}

/// One feed's loop and what it needs.
pub(super) struct FeedLoop {
    ingest: Arc<Ingest>,
    feed: Feed,
    runtime: Handle,
    shutdown: CancellationToken,
}

impl FeedLoop {
    pub(super) fn new(ingest: Arc<Ingest>, feed: Feed, runtime: Handle, shutdown: CancellationToken) -> Self {
        Self { ingest, feed, runtime, shutdown }
    }

    /// Runs until told to end. Consumers come and go; the feed's state is in the lake.
    pub(super) fn run(self) {
        let feed = self.feed;
        let mut watchdog = Watchdog::new(TimeDelta::from_std(self.ingest.options.stall).unwrap_or(TimeDelta::MAX));
        let mut wait = RETRY_WAIT_MIN;
        while !self.shutdown.is_cancelled() {
            let started = Instant::now();
            let mut source = match self.open() {
                Ok(source) => source,
                Err(error) => match End::from(error) {
                    End::Stop(reason) => return self.stop(None, &reason),
                    End::Failed(reason) => {
                        tracing::warn!(%feed, reason, "Kafka consumer could not start; trying again");
                        self.sleep(wait);
                        wait = self.longer(wait);
                        continue;
                    }
                    End::Shutdown | End::Stalled(_) => continue,
                },
            };
            let Err(end) = self.consume(&mut source, &mut watchdog);
            match end {
                End::Shutdown => {}
                End::Stop(reason) => return self.stop(Some(source), &reason),
                End::Stalled(reason) => {
                    self.ingest.telemetry.record_rebuild(feed);
                    tracing::warn!(%feed, reason, "the consumer is rebuilt");
                }
                End::Failed(reason) => {
                    if started.elapsed() > self.ingest.options.retry_wait_max {
                        wait = RETRY_WAIT_MIN;
                    }
                    tracing::warn!(%feed, reason, "consumer failed and is rebuilt");
                    drop(source);
                    self.sleep(wait);
                    wait = self.longer(wait);
                }
            }
        }
    }

    fn open(&self) -> Result<Source, SourceError> {
        let (lake, runtime, feed) = (self.ingest.lake.clone(), self.runtime.clone(), self.feed);
        let options = SourceOptions {
            feed,
            buffer_bytes_max: self.ingest.options.buffer_bytes_max,
            frontier: Box::new(move || runtime.block_on(lake.frontier(feed))),
            telemetry: Arc::clone(&self.ingest.telemetry),
        };
        Source::open(&self.ingest.kafka, options)
    }

    /// Gathers and commits batches; returns only with a reason to end.
    fn consume(&self, source: &mut Source, watchdog: &mut Watchdog) -> Result<std::convert::Infallible, End> {
        let options = &self.ingest.options;
        let mut batch = OpenBatch::default();
        let (mut noted, mut probed) = (None::<Instant>, Instant::now());
        let mut now = Instant::now();
        loop {
            if self.shutdown.is_cancelled() {
                // What is gathered is committed rather than read again; a failure costs only that reading.
                if !batch.is_empty() {
                    self.settle(source, &batch)?;
                }
                return Err(End::Shutdown);
            }
            if noted.is_none_or(|noted| now - noted >= POLL_NOTE_INTERVAL) {
                self.ingest.telemetry.record_poll(self.feed, self.ingest.clock.now());
                noted = Some(now);
            }
            let wait = batch.time_left(options.commit_interval, now).unwrap_or(RECEIVE_WAIT).min(RECEIVE_WAIT);
            let received = source.receive(wait)?;
            // The clock is read once a record: at two million records more would show.
            now = Instant::now();
            match received {
                Received::Record(record) => batch.push(record, now),
                Received::Reassigned => batch = OpenBatch::default(),
                Received::Nothing => {}
            }
            if batch.is_due(options.commit_interval, options.batch_bytes_max, now) {
                self.settle(source, &std::mem::take(&mut batch))?;
                now = Instant::now();
            }
            if now - probed >= options.stall / 4 {
                watch(source, watchdog)?;
                probed = Instant::now();
                now = probed;
            }
        }
    }

    /// Decodes and commits one batch, or gives it up for a reason that leaves it in Kafka.
    fn settle(&self, source: &mut Source, batch: &OpenBatch) -> Result<(), End> {
        let prepared = prepare(&self.ingest, self.feed, batch).map_err(|unfit: Unfit| End::Stop(unfit.to_string()))?;
        let mut wait = RETRY_WAIT_MIN;
        loop {
            let attempt = self.runtime.block_on(self.ingest.lake.commit(prepared.commit.clone()));
            match attempt {
                Ok(receipt) => {
                    source.resume()?;
                    self.count(source, &prepared, receipt.elapsed);
                    return Ok(());
                }
                Err(error @ LakeError::Fenced { .. }) => {
                    self.ingest.telemetry.record_fenced(self.feed);
                    tracing::warn!(feed = %self.feed, %error, "batch dropped");
                    return Ok(source.restart()?);
                }
                Err(error) if error.is_retryable() => {
                    self.ingest.telemetry.record_retry(self.feed);
                    tracing::error!(feed = %self.feed, %error, "commit failed; the batch is kept and tried again");
                    source.pause()?;
                    if self.shutdown.is_cancelled() || self.serve_group(source, wait)? {
                        return Ok(());
                    }
                    wait = self.longer(wait);
                }
                Err(error) => return Err(End::Stop(error.to_string())),
            }
        }
    }

    /// Waits while the consumer stays a member of its group; true when the batch in hand is no longer ours.
    fn serve_group(&self, source: &mut Source, wait: Duration) -> Result<bool, End> {
        let until = Instant::now() + wait;
        while Instant::now() < until && !self.shutdown.is_cancelled() {
            if matches!(source.receive(RECEIVE_WAIT)?, Received::Reassigned) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn count(&self, source: &Source, prepared: &Prepared, took: Duration) {
        let telemetry = &self.ingest.telemetry;
        telemetry.record_commit(self.feed, &prepared.partitions, took);
        for (provider, event_time) in &prepared.watermarks {
            telemetry.record_watermark(provider, *event_time);
        }
        telemetry.record_senders(&prepared.senders);
        let committed =
            prepared.commit.offsets.iter().map(|advance| (advance.topic.as_str(), advance.partition, advance.next));
        source.show_committed(committed);
    }

    /// Stops the feed and stays a silent member of its group, so that its partitions do not wander to another
    /// process which would stop in turn, and lag goes on being shown.
    fn stop(&self, source: Option<Source>, reason: &str) {
        let feed = self.feed;
        self.ingest.telemetry.record_stop(feed, reason);
        tracing::error!(%feed, reason, "feed stopped; other feeds go on");
        let mut source = source;
        while !self.shutdown.is_cancelled() {
            let Some(member) = source.as_mut() else {
                self.sleep(RECEIVE_WAIT);
                continue;
            };
            if member.pause().is_err() {
                source = None;
            } else if member.receive(RECEIVE_WAIT).is_err() {
                self.sleep(RECEIVE_WAIT);
            }
        }
    }

    fn sleep(&self, wait: Duration) {
        // The timer must be made inside the runtime: this thread is not one of its workers.
        self.runtime.block_on(async { self.shutdown.run_until_cancelled(tokio::time::sleep(wait)).await });
    }

    fn longer(&self, wait: Duration) -> Duration {
        (wait * 2).min(self.ingest.options.retry_wait_max)
    }
}

/// Compares every partition's position with what Kafka holds, and asks whether the group has taken the consumer in.
fn watch(source: &Source, watchdog: &mut Watchdog) -> Result<(), End> {
    let positions: Vec<_> =
        source.positions().map(|(topic, partition, next)| (topic.to_owned(), partition, next)).collect();
    if source.is_settled() || !source.has_something_to_read() {
        watchdog.forget_unsettled();
    } else if watchdog.judge_unsettled(SystemClock.now()) == Verdict::Rebuild {
        return Err(End::Stalled("the group did not take it back"));
    }
    for (topic, partition, next) in positions {
        // No answer means that the broker is away: rebuilding would not help.
        let Some((low, high)) = source.bounds(&topic, partition) else { return Ok(()) };
        if watchdog.judge(&topic, partition, next.unwrap_or(low), high, SystemClock.now()) == Verdict::Rebuild {
            return Err(End::Stalled("a partition stood still while Kafka held more"));
        }
    }
    Ok(())
}
