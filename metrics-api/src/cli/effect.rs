//! What a load changed: Homeward's lake before and after, and the months whose figures moved.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use homeward_contract::feed::Feed;
use homeward_contract::geography::Geography;
use homeward_ingest::kafka::PublishReceipt;
use homeward_ingest::lake::{Follower, Lake};
use homeward_transform::book::Book;
use homeward_transform::book::roll::Line;
use homeward_transform::computation::Computation;
use homeward_transform::definition::Catalogue;
use homeward_transform::figure::Dimension;
use homeward_transform::history::CellVersion;
use homeward_transform::snapshot::{FigureQuery, Snapshot};

use super::error::CliError;

/// Pause between two looks at the lake while the running service takes records in.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The figures that a lake gives, computed here: the lake is only read.
pub(super) struct Watched {
    lake: Lake,
    followers: Vec<Follower>,
    computation: Computation,
    catalogue: Arc<Catalogue>,
    before: Months,
}

/// Numerator and denominator by indicator, basis, provider and month.
type Months = BTreeMap<Month, (Option<i64>, Option<i64>)>;

/// Which figure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Month {
    pub(super) indicator: String,
    pub(super) basis: String,
    pub(super) provider: String,
    pub(super) month: String,
}

/// A figure that moved. Exact, so it leaves only through release.
#[derive(Debug)]
pub(super) struct Moved {
    pub(super) figure: Month,
    /// Numerator and denominator; none when there was no figure.
    pub(super) old: Option<(Option<i64>, Option<i64>)>,
    pub(super) new: Option<(Option<i64>, Option<i64>)>,
    /// Why, in the words of the revision log.
    pub(super) because: String,
}

impl Watched {
    /// Reads the lake in this folder and computes what it gives now.
    pub(super) async fn new(lake: Lake, now: DateTime<Utc>) -> Result<Self, CliError> {
        let catalogue = Arc::new(Catalogue::builtin()?);
        let followers = Feed::counted().map(|feed| lake.follow_columns(feed, Book::columns_read)).collect();
        let computation = Computation::new(Arc::clone(&catalogue), Arc::new(Geography::devon()));
        let mut watched = Self { lake, followers, computation, catalogue, before: Months::new() };
        watched.read().await?;
        watched.computation.evaluate(now).await.map_err(compute)?;
        watched.before = watched.months(now).await?;
        Ok(watched)
    }

    /// Every submission that the lake knows.
    pub(super) fn submissions(&self) -> Vec<Line> {
        self.computation.book().register().roll()
    }

    async fn read(&mut self) -> Result<(), CliError> {
        for follower in &mut self.followers {
            loop {
                let commits = follower.poll().await?;
                if commits.is_empty() {
                    break;
                }
                for commit in commits {
                    for batch in &commit.batches {
                        self.computation.apply(commit.table, batch)?;
                    }
                }
            }
        }
        Ok(())
    }

    async fn months(&mut self, now: DateTime<Utc>) -> Result<Months, CliError> {
        let snapshot = self.computation.snapshot(now).await.map_err(compute)?;
        Ok(months(&snapshot, &self.catalogue))
    }

    /// Takes what the lake gained, and tells which months moved and why.
    pub(super) async fn moved(&mut self, now: DateTime<Utc>) -> Result<Vec<Moved>, CliError> {
        self.read().await?;
        let versions: Vec<CellVersion> = self.computation.evaluate(now).await.map_err(compute)?.versions().collect();
        let after = self.months(now).await?;
        let because = reasons(&versions);
        let figures: BTreeSet<&Month> = self.before.keys().chain(after.keys()).collect();
        let moved = figures.into_iter().filter(|figure| self.before.get(*figure) != after.get(*figure));
        let moved = moved.map(|figure| Moved {
            figure: figure.clone(),
            old: self.before.get(figure).copied(),
            new: after.get(figure).copied(),
            because: because.get(figure).map(|words| words.to_string()).unwrap_or_default(),
        });
        Ok(moved.collect())
    }

    /// Waits until every record of a receipt is durable in the lake; false when that takes longer than `patience`.
    pub(super) async fn taken_in(&self, receipt: &PublishReceipt, patience: Duration) -> Result<bool, CliError> {
        let deadline = Instant::now() + patience;
        loop {
            let mut frontier = BTreeMap::new();
            for feed in Feed::ALL {
                frontier.extend(self.lake.frontier(feed).await?);
            }
            let mut partitions = receipt.partitions.iter();
            if partitions.all(|(place, own)| frontier.get(place).is_some_and(|next| *next > own.last_offset)) {
                return Ok(true);
            }
            if Instant::now() >= deadline {
                return Ok(false);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

fn compute(error: homeward_transform::compute::ComputeError) -> CliError {
    CliError::Evaluate(error.into())
}

fn months(snapshot: &Snapshot, catalogue: &Catalogue) -> Months {
    let mut months = Months::new();
    for definition in catalogue.iter() {
        let by = vec![Dimension::Provider, Dimension::Month];
        let query = FigureQuery { indicator: definition.id.clone(), by, ..FigureQuery::default() };
        for figure in snapshot.figures(&query) {
            let [provider, month] = [0, 1].map(|at| figure.dimensions.get(at).map(|(_, value)| value.clone()));
            let (Some(provider), Some(month)) = (provider, month) else { continue };
            let indicator = definition.id.clone();
            let key = Month { indicator, basis: figure.basis.clone(), provider, month };
            months.insert(key, (figure.numerator, figure.denominator));
        }
    }
    months
}

fn reasons(versions: &[CellVersion]) -> BTreeMap<Month, &str> {
    let month = |version: &CellVersion| {
        let month = version.atom.period.strip_prefix("month:")?.to_owned();
        let (indicator, basis) = (version.indicator.to_string(), version.atom.basis.to_string());
        Some(Month { indicator, basis, provider: version.atom.provider.to_string(), month })
    };
    versions.iter().filter_map(|version| Some((month(version)?, version.because()))).collect()
}

/// The lake in a folder, when there is one.
pub(super) fn lake_at(folder: &Path) -> Result<Option<Lake>, CliError> {
    Ok(if folder.is_dir() { Some(Lake::open(folder)?) } else { None })
}
