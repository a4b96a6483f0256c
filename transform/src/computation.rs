//! Facts in, cells and their versions out: the part that is the same for live running, files and restatement.
//!
//! No I/O and no clock: the caller hands in fact batches and the instant to speak for.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use homeward_contract::feed::{Feed, Table};
use homeward_contract::geography::Geography;

use crate::at_home::AtHome;
use crate::book::Book;
use crate::book::clock::from_micros;
use crate::book::dirty::DirtyCells;
use crate::book::limits::Limits;
use crate::book::pages::Spill;
use crate::book::read::FactShapeError;
use crate::book::roll::Line;
use crate::cells::Cells;
use crate::compute::{self, ChangedUnit, ComputeError};
use crate::conditions::{Condition, conditions};
use crate::definition::{Catalogue, Definition};
use crate::engine::Engine;
use crate::feedback::DataQuality;
use crate::history::{CellVersion, Changes, RevisionLog, cells_at, joined};
use crate::reconcile::reconciler::Reconciler;
use crate::revision::COMPUTED_AGAIN;
use crate::snapshot::{Freshness, Snapshot};
use crate::wards::Wards;

/// The book, the cells computed from it, and the log of their restatements.
pub struct Computation {
    book: Book,
    wards: Wards,
    at_home: AtHome,
    engine: Engine,
    cells: Cells,
    log: RevisionLog,
    reconciler: Reconciler,
    conditions: Arc<[Condition]>,
    /// The list of submissions, and the version of the register that it was made of.
    submissions: (u64, Arc<[Line]>),
    data_quality: Arc<DataQuality>,
    catalogue: Arc<Catalogue>,
    geography: Arc<Geography>,
    waiting: DirtyCells,
    /// The same of virtual wards.
    waiting_wards: DirtyCells,
    /// The same of people's nights.
    waiting_nights: DirtyCells,
    /// Units changed by an evaluation that has not succeeded yet.
    changed: Vec<ChangedUnit>,
    sequence: u64,
}

impl Computation {
    /// Starts with no facts.
    #[must_use]
    pub fn new(catalogue: Arc<Catalogue>, geography: Arc<Geography>) -> Self {
        Self {
            book: Book::new(Arc::clone(&geography)),
            wards: Wards::new(Arc::clone(&geography)),
            at_home: AtHome::new(Arc::clone(&geography)).since(catalogue.first_night()),
            engine: Engine::new(Arc::clone(&geography)),
            cells: Cells::default(),
            log: RevisionLog::default(),
            reconciler: Reconciler::default(),
            conditions: Arc::from([]),
            submissions: (0, Arc::from([])),
            data_quality: Arc::default(),
            catalogue,
            geography,
            waiting: DirtyCells::default(),
            waiting_wards: DirtyCells::default(),
            waiting_nights: DirtyCells::default(),
            changed: Vec::new(),
            sequence: 0,
        }
    }

    /// Starts from cell versions that were shown before, oldest first.
    #[must_use]
    pub fn resume(catalogue: Arc<Catalogue>, geography: Arc<Geography>, shown: &[CellVersion]) -> Self {
        let mut resumed = Self::new(catalogue, geography);
        if let Some(newest) = shown.last() {
            resumed.cells = cells_at(shown, newest.known_at);
            resumed.log = RevisionLog::of(shown);
        }
        resumed
    }

    /// Keeps the book within these limits. Facts that were taken before are forgotten.
    #[must_use]
    pub fn within(self, limits: Limits, spills: [Box<dyn Spill>; 2]) -> Self {
        Self { book: Book::within(limits, spills, Arc::clone(&self.geography)), ..self }
    }

    /// Lets the views hold the rows of about so many referrals at a time, as [`Limits::together_max`] does.
    #[must_use]
    pub fn together(mut self, most: u64) -> Self {
        self.book.hold_together(most);
        self
    }

    /// The facts in hand.
    #[must_use]
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// Takes facts; nothing is computed until [`Computation::evaluate`].
    ///
    /// # Errors
    /// When the batch does not have its table's columns.
    pub fn apply(&mut self, table: Table, batch: &RecordBatch) -> Result<(), FactShapeError> {
        match table {
            Table::PublishedFigure => self.reconciler.published.take(batch),
            // Its events come as spells and stays in emergency departments.
            Table::AdtMessage => Ok(()),
            _ if Feed::STATES.contains(&table.feed()) => {
                self.wards.apply(table, batch)?;
                // The states of a country's people are not held where no definition counts their nights.
                if self.catalogue.iter().any(Definition::counts_nights) {
                    self.at_home.apply(table, batch)
                } else {
                    Ok(())
                }
            }
            _ => self.book.apply(table, batch),
        }
    }

    /// Recomputes every calendar cell that facts or time changed since the last call, and returns what changed.
    ///
    /// # Errors
    /// When an indicator's SQL fails. The cells that were due are computed at the next call.
    pub async fn evaluate(&mut self, as_of: DateTime<Utc>) -> Result<Changes, ComputeError> {
        let changes = Changes::new(self.recompute(as_of).await?, as_of);
        self.log.follow(&changes);
        Ok(changes)
    }

    /// As [`Computation::evaluate`] for facts that the resumed history had counted already. What differs all the same, because a
    /// definition changed or the process died before it wrote, becomes known at `known_at`, and says so.
    ///
    /// # Errors
    /// When an indicator's SQL fails.
    pub async fn catch_up(&mut self, as_of: DateTime<Utc>, known_at: DateTime<Utc>) -> Result<Changes, ComputeError> {
        let changes = Changes::new(self.recompute(as_of).await?, known_at).because(COMPUTED_AGAIN);
        self.log.follow(&changes);
        Ok(changes)
    }

    async fn recompute(&mut self, as_of: DateTime<Utc>) -> Result<Vec<ChangedUnit>, ComputeError> {
        self.waiting.merge(self.book.settle(as_of.timestamp_micros()));
        self.waiting_wards.merge(self.wards.settle(as_of)?);
        self.at_home.follow(self.book.take_acceptances());
        self.waiting_nights.merge(self.at_home.settle(as_of)?);
        self.reconciler.update(&mut self.book);
        let failed_before = !self.changed.is_empty();
        let Self { engine, catalogue, cells, changed, .. } = self;
        compute::calendar(engine, catalogue, &mut self.book, cells, &self.waiting, as_of, changed).await?;
        let (wards, waiting) = (&self.wards, &self.waiting_wards);
        compute::wards::calendar(engine, catalogue, wards, cells, waiting, as_of, changed).await?;
        let (at_home, waiting) = (&self.at_home, &self.waiting_nights);
        compute::at_home::calendar(engine, catalogue, at_home, cells, waiting, as_of, changed).await?;
        self.waiting = DirtyCells::default();
        self.waiting_wards = DirtyCells::default();
        self.waiting_nights = DirtyCells::default();
        let changed = std::mem::take(&mut self.changed);
        Ok(if failed_before { joined(changed) } else { changed })
    }

    /// Says how good the submissions are that count: whoever reads the lake has them reviewed.
    pub fn tell_data_quality(&mut self, data_quality: Arc<DataQuality>) {
        self.data_quality = data_quality;
    }

    /// Recomputes windows and the present instant and makes the picture that outlets read.
    ///
    /// # Errors
    /// When an indicator's SQL fails.
    pub async fn snapshot(&mut self, as_of: DateTime<Utc>) -> Result<Snapshot, ComputeError> {
        compute::moving(&self.engine, &self.catalogue, &mut self.book, &mut self.cells, as_of).await?;
        compute::wards::moving(&self.engine, &self.catalogue, &mut self.wards, &mut self.cells, as_of).await?;
        self.sequence += 1;
        let register = self.book.register();
        if self.submissions.0 != register.version() {
            self.submissions = (register.version(), Arc::from(register.roll()));
        }
        let mut snapshot = self.still(as_of);
        let now = conditions(&snapshot, &self.conditions);
        self.conditions = Arc::from(now);
        snapshot.conditions = Arc::clone(&self.conditions);
        Ok(snapshot)
    }

    fn still(&self, as_of: DateTime<Utc>) -> Snapshot {
        let watermarks = self.book.watermarks().iter();
        let known_at = self.book.known_at().max(self.wards.known_at()).max(self.at_home.known_at());
        Snapshot {
            as_of,
            sequence: self.sequence,
            revision_count: self.log.count(),
            cells: self.cells.clone(),
            catalogue: Arc::clone(&self.catalogue),
            geography: Arc::clone(&self.geography),
            freshness: Freshness {
                known_at: known_at.map(from_micros),
                watermarks: watermarks.map(|(provider, time)| (Arc::clone(provider), from_micros(*time))).collect(),
                ward_stays: self.wards.stays_told(),
                ward_beds: self.wards.beds_told(as_of),
            },
            revisions: self.log.kept().cloned().collect(),
            conditions: Arc::clone(&self.conditions),
            submissions: Arc::clone(&self.submissions.1),
            reconciliation: self.reconciler.shown(),
            data_quality: Arc::clone(&self.data_quality),
        }
    }
}
