//! Submissions of a lake under review: read beside the figures, which need none of it.
//!
//! A pass reads the CSDS tables of the lake once, for the submissions that are due: files that by their statistics hold
//! none of them are passed over. It runs while records come at their usual
//! pace, one at a time, and after it comes a pause of its own length at least: never more than half of one thread.
//!
//! Bounds: what [`Review`] keeps of [`PASS_ROWS_MAX`](crate::feedback::PASS_ROWS_MAX) rows, and one poll of the lake.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use homeward_contract::feed::{Feed, Table};
use homeward_ingest::lake::{Lake, LakeError};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::warn;

use crate::book::read::FactShapeError;
use crate::book::register::Register;
use crate::book::roll::Line;
use crate::book::submission::Identity;
use crate::feedback::{DataQuality, Due, Feedback, Quality, Review, Reviewed};

/// Shortest pause between two passes.
const PAUSE_MIN: Duration = Duration::from_secs(1);

/// Submissions could not be reviewed.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// The lake cannot be read.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// Rows of another version of Homeward.
    #[error(transparent)]
    Facts(#[from] FactShapeError),
}

/// What was found in the submission of this id; in each, where several share it by mistake.
///
/// # Errors
/// When the lake cannot be read.
pub async fn feedback(lake: &Lake, id: &str) -> Result<Vec<Feedback>, ReviewError> {
    let id: Arc<str> = Arc::from(id);
    let mut read = beside(lake, &id).await?;
    read.insert(Arc::clone(&id));
    Ok(review(lake, read, move |identity| identity.id == id).await?.finish())
}

/// The submissions of the same provider and period, which decide whether this one counts. Those without a header do not.
async fn beside(lake: &Lake, id: &str) -> Result<BTreeSet<Arc<str>>, ReviewError> {
    let table = Table::Cyp000Header;
    let mut headers = Register::default();
    for batch in lake.read_columns(table.name(), &Register::columns(table)).await? {
        headers.take(table, &batch)?;
    }
    headers.settle();
    let lines = headers.roll();
    let place = |line: &Line| (Arc::clone(&line.provider), line.rp_end);
    let places: BTreeSet<_> = lines.iter().filter(|line| *line.id == *id).map(place).collect();
    Ok(lines.into_iter().filter(|line| places.contains(&place(line))).map(|line| line.id).collect())
}

/// Reviews submissions of a lake: those wanted, of what the files hold that have rows of the ids.
async fn review(
    lake: &Lake,
    ids: BTreeSet<Arc<str>>,
    wanted: impl Fn(&Identity) -> bool + Send + 'static,
) -> Result<Review, ReviewError> {
    let mut review = Review::new(wanted);
    let mut follower = lake.follow_columns(Feed::Csds, |table| Some(Review::columns(table))).of_submissions(ids);
    loop {
        let commits = follower.poll().await?;
        if commits.is_empty() {
            return Ok(review);
        }
        for commit in commits {
            for batch in &commit.batches {
                review.take(commit.table, batch)?;
                // Rows are many, and figures share the threads.
                tokio::task::yield_now().await;
            }
        }
    }
}

/// How good the submissions are that count and are wanted, in as many passes as that takes.
///
/// # Errors
/// When the lake cannot be read.
pub async fn qualities(
    lake: &Lake,
    register: &Register,
    wanted: impl Fn(&Identity) -> bool,
) -> Result<DataQuality, ReviewError> {
    let mut reviewed = Reviewed::default();
    loop {
        let due = reviewed.due(register, &wanted);
        if due.is_empty() {
            return Ok(reviewed.months(register));
        }
        let found = pass(lake, &due).await?;
        reviewed.take(due, found);
    }
}

async fn pass(lake: &Lake, due: &Due) -> Result<BTreeMap<Identity, Quality>, ReviewError> {
    let asked = due.clone();
    let review = review(lake, due.ids(), move |identity| asked.wants(identity)).await?;
    Ok(review.qualities())
}

/// One pass that is over.
struct Over {
    due: Due,
    found: Result<BTreeMap<Identity, Quality>, ReviewError>,
    took: Duration,
}

/// The reviews of a service.
#[derive(Default)]
pub(super) struct Reviews {
    reviewed: Reviewed,
    /// At most one pass; it ends with whoever began it.
    running: JoinSet<Over>,
    not_before: Option<Instant>,
    /// The version of the register that the months were made of.
    version: u64,
    months: Arc<DataQuality>,
}

impl Reviews {
    /// Takes what a pass found, begins the next one when any is due, and says what is known of the submissions that count.
    pub(super) fn turn(&mut self, lake: &Arc<Lake>, register: &Register, is_calm: bool) -> Arc<DataQuality> {
        let is_new = self.take_found();
        if is_new || self.version != register.version() {
            self.version = register.version();
            self.months = Arc::new(self.reviewed.months(register));
        }
        if is_calm && self.running.is_empty() && self.not_before.is_none_or(|at| Instant::now() >= at) {
            self.begin(lake, register);
        }
        Arc::clone(&self.months)
    }

    fn take_found(&mut self) -> bool {
        let Some(ended) = self.running.try_join_next() else { return false };
        let (took, is_new) = match ended {
            Ok(Over { due, found: Ok(found), took }) => {
                self.reviewed.take(due, found);
                (took, true)
            }
            Ok(Over { found: Err(error), took, .. }) => {
                warn!(%error, "submissions were not reviewed; trying again");
                (took, false)
            }
            Err(error) => {
                warn!(%error, "a review of submissions broke off; trying again");
                (Duration::ZERO, false)
            }
        };
        self.not_before = Some(Instant::now() + took.max(PAUSE_MIN));
        is_new
    }

    fn begin(&mut self, lake: &Arc<Lake>, register: &Register) {
        let due = self.reviewed.due(register, |_| true);
        if due.is_empty() {
            return;
        }
        let lake = Arc::clone(lake);
        self.running.spawn(async move {
            let began = Instant::now();
            let found = pass(&lake, &due).await;
            Over { due, found, took: began.elapsed() }
        });
    }
}
