//! The live path: follows the lake, recomputes, keeps history, and hands each new snapshot to the outlets.
//!
//! Bounds: one poll of the lake's own limit at a time; while facts come at their usual pace, evaluation takes at
//! most about half of the time, because the pause before the next one is as long as the last one took; while a backlog is
//! read, it takes about a twentieth, and figures are at most [`BACKLOG_PAUSE_MAX`] and one evaluation old.

mod past;
mod review;
mod spill;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Scalar, TimestampMicrosecondArray};
use arrow::compute::kernels::cmp::lt_eq;
use arrow::compute::{filter_record_batch, not};
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use homeward_contract::clock::Clock;
use homeward_contract::feed::{Feed, Table};
use homeward_contract::geography::Geography;
use homeward_ingest::lake::{FactCommit, Follower, Lake, LakeError};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::book::Book;
use crate::book::limits::Limits;
use crate::book::read::{FactShapeError, Facts};
use crate::computation::Computation;
use crate::compute::ComputeError;
use crate::definition::Catalogue;
use crate::history::{self, Changes, HistoryShapeError};
use crate::snapshot::Snapshot;

pub use past::Past;
use review::Reviews;
pub use review::{ReviewError, feedback, qualities};

/// More rows than this since the last snapshot are a backlog.
const BACKLOG_ROWS: usize = 20_000;

/// In a backlog, evaluation takes about one part in so many of the time.
const BACKLOG_SHARE: u32 = 20;

/// In a backlog, figures are never older than this for want of a snapshot.
const BACKLOG_PAUSE_MAX: Duration = Duration::from_secs(10);

/// How the live path runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveOptions {
    /// Longest pause between two snapshots while no fact comes: open clocks age by it.
    pub tick: Duration,
    /// Shortest pause between two snapshots.
    pub pause_min: Duration,
    /// Write cell versions to the lake. Exactly one process of a lake does.
    pub keep_history: bool,
    /// What the book holds in memory; the rest lies in files beside the lake.
    pub book: Limits,
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self {
            tick: Duration::from_secs(1),
            pause_min: Duration::from_millis(50),
            keep_history: true,
            book: Limits::default(),
        }
    }
}

/// The live path failed.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The lake cannot be read or written.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// Facts of another version of Homeward.
    #[error(transparent)]
    Facts(#[from] FactShapeError),
    /// History of another version of Homeward.
    #[error(transparent)]
    History(#[from] HistoryShapeError),
    /// An indicator's SQL failed.
    #[error(transparent)]
    Compute(#[from] ComputeError),
    /// Submissions could not be reviewed.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// There is nowhere to put what memory does not hold.
    #[error("no file for what memory does not hold can be made beside the lake or among temporary files: {0}")]
    Spill(#[source] std::io::Error),
    /// A batch could not be built or divided: a defect.
    #[error("facts or cell versions could not be made into a batch: {0}")]
    Versions(#[from] arrow::error::ArrowError),
}

/// Follows one lake.
pub struct Live {
    lake: Arc<Lake>,
    followers: Vec<Follower>,
    /// Commits read from the lake and not yet in the book.
    pending: VecDeque<FactCommit>,
    computation: Computation,
    unwritten: Vec<Changes>,
    reviews: Reviews,
    options: LiveOptions,
    sender: watch::Sender<Arc<Snapshot>>,
}

impl Live {
    /// Rebuilds everything from the lake: history first, then the facts that history knew, then the rest; and shows the first snapshot.
    ///
    /// # Errors
    /// When the lake cannot be read, was written by another version, or an indicator's SQL fails.
    pub async fn restore(
        lake: Arc<Lake>,
        catalogue: Arc<Catalogue>,
        geography: Arc<Geography>,
        options: LiveOptions,
        now: DateTime<Utc>,
    ) -> Result<Self, LiveError> {
        let shown = past::versions(&lake, |_| true).await?;
        let shown_at = shown.last().map(|version| version.known_at);
        let spills = spill::files(lake.root()).map_err(LiveError::Spill)?;
        let computation = Computation::resume(Arc::clone(&catalogue), Arc::clone(&geography), &shown);
        // A country's history is not held while its facts are read.
        drop(shown);
        let mut computation = computation.within(options.book, spills);
        let mut followers: Vec<Follower> =
            Feed::counted().map(|feed| lake.follow_columns(feed, Book::columns_read)).collect();
        let mut later = Vec::new();
        for follower in &mut followers {
            loop {
                let commits = follower.poll().await?;
                if commits.is_empty() {
                    break;
                }
                for commit in commits {
                    later.extend(take_known(&mut computation, &commit, shown_at)?);
                }
            }
        }
        let mut unwritten = Vec::new();
        if let Some(shown_at) = shown_at {
            unwritten.push(computation.catch_up(shown_at, now).await?);
        }
        for (table, batch) in later {
            computation.apply(table, &batch)?;
        }
        unwritten.push(computation.evaluate(now).await?);
        let snapshot = computation.snapshot(now).await?;
        info!(referrals = computation.book().len(), "figures restored from the lake");
        let sender = watch::Sender::new(Arc::new(snapshot));
        let pending = VecDeque::new();
        let reviews = Reviews::default();
        let mut live = Self { lake, followers, pending, computation, unwritten, reviews, options, sender };
        live.write().await?;
        Ok(live)
    }

    /// Snapshots as they are made.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.sender.subscribe()
    }

    /// Reads what the lake gained, recomputes, writes history and shows a new snapshot.
    ///
    /// # Errors
    /// As [`Live::restore`]. A failed write is tried again at the next cycle.
    pub async fn cycle(&mut self, now: DateTime<Utc>) -> Result<(), LiveError> {
        self.take_in().await?;
        self.show(now, true).await
    }

    /// Reviews every submission that counts and shows a new snapshot: for whoever reads one picture and leaves. The service
    /// reviews beside its figures.
    ///
    /// # Errors
    /// As [`Live::restore`].
    pub async fn review(&mut self, now: DateTime<Utc>) -> Result<(), LiveError> {
        let found = qualities(&self.lake, self.computation.book().register(), |_| true).await;
        self.computation.tell_data_quality(Arc::new(found?));
        self.sender.send_replace(Arc::new(self.computation.snapshot(now).await?));
        Ok(())
    }

    /// Takes what the lake gained and says how many rows that was; nothing is recomputed. A commit that cannot be taken
    /// stays first in line, so that figures grow stale for all to see rather than go on without it.
    async fn take_in(&mut self) -> Result<usize, LiveError> {
        let mut rows = self.take_pending()?;
        for index in 0..self.followers.len() {
            self.pending.extend(self.followers[index].poll().await?);
            rows += self.take_pending()?;
        }
        Ok(rows)
    }

    fn take_pending(&mut self) -> Result<usize, FactShapeError> {
        let mut rows = 0;
        while let Some(commit) = self.pending.front() {
            take(&mut self.computation, commit)?;
            rows += commit.batches.iter().map(RecordBatch::num_rows).sum::<usize>();
            self.pending.pop_front();
        }
        Ok(rows)
    }

    /// Recomputes what changed, shows it and writes history. While it is not calm, no review begins.
    async fn show(&mut self, now: DateTime<Utc>, is_calm: bool) -> Result<(), LiveError> {
        let changes = self.computation.evaluate(now).await?;
        self.unwritten.push(changes);
        let found = self.reviews.turn(&self.lake, self.computation.book().register(), is_calm);
        self.computation.tell_data_quality(found);
        let snapshot = self.computation.snapshot(now).await?;
        self.sender.send_replace(Arc::new(snapshot));
        self.write().await
    }

    async fn write(&mut self) -> Result<(), LiveError> {
        if self.options.keep_history && self.unwritten.iter().any(|changes| !changes.is_empty()) {
            let batches = history::to_batches(self.unwritten.iter().flat_map(Changes::versions));
            self.lake.append_parts(history::TABLE, &history::schema(), batches).await?;
        }
        self.unwritten.clear();
        Ok(())
    }
}

/// Decides when a backlog is worth a snapshot. Evaluating costs the same for one new row of a month as for many, so while
/// facts come faster than they are shown, the next snapshot waits for [`BACKLOG_SHARE`] times what the last one took.
struct Pace {
    /// Rows taken since the last snapshot.
    waiting_rows: usize,
    /// In a backlog, no snapshot before this.
    not_before: Instant,
    /// Least pause before the next look at the lake.
    pause: Duration,
}

impl Pace {
    /// A snapshot is due: the last rows are in, they are few, or the others have waited long enough.
    fn is_due(&mut self, new_rows: usize) -> bool {
        self.waiting_rows += new_rows;
        new_rows == 0 || self.waiting_rows <= BACKLOG_ROWS || Instant::now() >= self.not_before
    }

    fn shown(&mut self, took: Duration, pause_min: Duration) {
        // In a backlog the next snapshot is put off, and reading goes on.
        self.pause = if self.waiting_rows > BACKLOG_ROWS { pause_min } else { took.max(pause_min) };
        self.waiting_rows = 0;
        self.not_before = Instant::now() + (took * BACKLOG_SHARE).min(BACKLOG_PAUSE_MAX);
    }
}

/// Runs the live path until told to stop. A cycle that fails is logged and tried again; the last snapshot keeps its `as_of`.
pub async fn run(mut live: Live, clock: Arc<dyn Clock>, shutdown: CancellationToken) {
    let mut commits = live.lake.commits();
    let mut pace = Pace { waiting_rows: 0, not_before: Instant::now(), pause: live.options.pause_min };
    loop {
        if let Err(error) = step(&mut live, &mut pace, clock.as_ref()).await {
            warn!(%error, "figures were not recomputed; trying again");
        }
        let pause = pace.pause;
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(live.options.tick.saturating_sub(pause)) => {}
            _ = commits.changed() => {}
        }
    }
}

async fn step(live: &mut Live, pace: &mut Pace, clock: &dyn Clock) -> Result<(), LiveError> {
    pace.pause = live.options.pause_min;
    let rows = live.take_in().await?;
    if pace.is_due(rows) {
        let began = Instant::now();
        live.show(clock.now(), pace.waiting_rows <= BACKLOG_ROWS).await?;
        pace.shown(began.elapsed(), live.options.pause_min);
    }
    Ok(())
}

fn take(computation: &mut Computation, commit: &FactCommit) -> Result<(), FactShapeError> {
    commit.batches.iter().try_for_each(|batch| computation.apply(commit.table, batch))
}

/// Takes the rows that history already knew, and hands back those that came later. A compacted file holds both.
fn take_known(
    computation: &mut Computation,
    commit: &FactCommit,
    shown_at: Option<DateTime<Utc>>,
) -> Result<Vec<(Table, RecordBatch)>, LiveError> {
    let Some(shown_at) = shown_at else {
        take(computation, commit)?;
        return Ok(Vec::new());
    };
    let limit = Scalar::new(TimestampMicrosecondArray::from(vec![shown_at.timestamp_micros()]).with_timezone("UTC"));
    let mut later = Vec::new();
    for batch in &commit.batches {
        let known_at = Facts::new(commit.table.name(), batch).instant("known_at")?;
        let known = lt_eq(known_at, &limit)?;
        match known.true_count() {
            all if all == batch.num_rows() => computation.apply(commit.table, batch)?,
            0 => later.push((commit.table, batch.clone())),
            _ => {
                computation.apply(commit.table, &filter_record_batch(batch, &known)?)?;
                later.push((commit.table, filter_record_batch(batch, &not(&known)?)?));
            }
        }
    }
    Ok(later)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::compute::concat_batches;
    use homeward_contract::identity::PseudonymKeys;
    use homeward_ingest::decode::{DecodeContext, Place, RawRecord, decode};

    const RECEIVED: &str = include_str!("../../../ingest/fixtures/handbook/ucr-referral-received-1.json");

    fn event(number: usize, known_at: DateTime<Utc>) -> RecordBatch {
        let keys = PseudonymKeys::from_secret(1, b"homeward-test-key-not-secret");
        let payload = RECEIVED.replace("SRI-000912345", &format!("SRI-{number}"));
        let place = Place { topic: Arc::from("homeward.ucr"), partition: 0, offset: 0 };
        let key = format!("NR5|SRI-{number}");
        let raw = [RawRecord { place, key: Some(key.as_bytes()), payload: Some(payload.as_bytes()) }];
        decode(Feed::Ucr, &raw, &DecodeContext::new(&keys, known_at)).tables.remove(0).1
    }

    /// What history had counted is taken with it, and what came later after it, although one file holds both.
    #[test]
    fn a_compacted_file_is_divided_at_what_history_knew() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let (known, later) = (event(1, at("2025-06-12T09:03:00Z")), event(2, at("2025-06-12T09:05:00Z")));
        let both = concat_batches(&known.schema(), [&known, &later]).unwrap();
        let catalogue = Arc::new(Catalogue::builtin().unwrap());
        for (batches, shown_at, taken, left) in [
            (vec![both.clone()], Some(at("2025-06-12T09:04:00Z")), 1, 1),
            (vec![known.clone(), later.clone()], Some(at("2025-06-12T09:04:00Z")), 1, 1),
            (vec![both.clone()], Some(at("2025-06-12T09:05:00Z")), 2, 0),
            (vec![both.clone()], Some(at("2025-06-12T09:00:00Z")), 0, 2),
            (vec![both.clone()], None, 2, 0),
        ] {
            let mut computation = Computation::new(Arc::clone(&catalogue), Arc::new(Geography::devon()));
            let commit = FactCommit { table: Table::UcrEvent, version: 0, batches };
            let rest = take_known(&mut computation, &commit, shown_at).unwrap();
            let left_over: usize = rest.iter().map(|(_, batch)| batch.num_rows()).sum();
            assert_eq!((computation.book().len(), left_over), (taken, left), "{shown_at:?}");
        }
    }
}
