//! Versions of calendar cells as rows of the lake: what was shown when, and why it changed. Pure; the lake is elsewhere.
//!
//! One row a cell version. A cell that vanished has a row with `present` false. The revision log is a function of these
//! rows, so figure and reason are durable in one commit.

mod changes;
mod columns;
mod figures;
mod log;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};

use crate::book::View;
use crate::cells::{Cells, Unit};
use crate::engine::period::parse_name;
use crate::engine::{Atom, AtomValue, Texts};
use crate::revision::view_of;

pub use changes::{Changes, joined};
pub use columns::{HistoryShapeError, VersionName, schema};
pub use figures::{FigureVersion, VersionQuery, figure_versions};
pub use log::RevisionLog;

/// Lake table of cell versions.
pub const TABLE: &str = "figure_version";

/// One version of one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellVersion {
    /// Indicator id.
    pub indicator: Arc<str>,
    /// Definition version.
    pub version: u32,
    /// The cell.
    pub atom: Atom,
    /// Its value; `None` when it vanished.
    pub value: Option<AtomValue>,
    /// When it was first shown.
    pub known_at: DateTime<Utc>,
    /// Why clocks of `csds_clock` changed, in words.
    pub csds_because: Arc<str>,
    /// Why clocks of `live_clock` changed, in words.
    pub live_because: Arc<str>,
}

impl CellVersion {
    /// Why it changed, in the words of the view that its basis reads.
    #[must_use]
    pub fn because(&self) -> &str {
        match view_of(&self.atom.basis) {
            View::Csds => &self.csds_because,
            View::Live => &self.live_because,
        }
    }
}

/// Cell versions as one batch.
///
/// # Errors
/// When Arrow refuses the columns, which a test rules out.
pub fn to_batch(versions: &[CellVersion]) -> Result<RecordBatch, arrow::error::ArrowError> {
    columns::to_batch(versions)
}

/// Versions in one batch at most.
const BATCH_VERSIONS: usize = 131_072;

/// Cell versions as batches of bounded size, made one after the other.
pub fn to_batches(
    mut versions: impl Iterator<Item = CellVersion>,
) -> impl Iterator<Item = Result<RecordBatch, arrow::error::ArrowError>> {
    std::iter::from_fn(move || {
        let some: Vec<CellVersion> = versions.by_ref().take(BATCH_VERSIONS).collect();
        (!some.is_empty()).then(|| columns::to_batch(&some))
    })
}

/// Cell versions while they are read, a batch at a time.
#[derive(Default)]
pub struct Reading {
    versions: Vec<CellVersion>,
    texts: Texts,
}

impl Reading {
    /// Takes the versions of a batch that are wanted: the others are never built.
    ///
    /// # Errors
    /// When the table was written by another version of Homeward.
    pub fn take(
        &mut self,
        batch: &RecordBatch,
        wanted: impl Fn(&VersionName<'_>) -> bool,
    ) -> Result<(), HistoryShapeError> {
        columns::read_batch(batch, wanted, &mut self.texts, &mut self.versions)
    }

    /// The versions, oldest first.
    #[must_use]
    pub fn finish(mut self) -> Vec<CellVersion> {
        self.versions.sort_by_key(|version| version.known_at);
        self.versions
    }
}

/// Cell versions from batches, oldest first.
///
/// # Errors
/// As [`Reading::take`].
pub fn from_batches(batches: &[RecordBatch]) -> Result<Vec<CellVersion>, HistoryShapeError> {
    let mut reading = Reading::default();
    batches.iter().try_for_each(|batch| reading.take(batch, |_| true))?;
    Ok(reading.finish())
}

/// The cells as they were shown at an instant.
#[must_use]
pub fn cells_at(versions: &[CellVersion], known_at: DateTime<Utc>) -> Cells {
    let mut newest: BTreeMap<(&Arc<str>, &Atom), &CellVersion> = BTreeMap::new();
    for version in versions.iter().filter(|version| version.known_at <= known_at) {
        newest.insert((&version.indicator, &version.atom), version);
    }
    let mut units: BTreeMap<_, Vec<(Atom, AtomValue)>> = BTreeMap::new();
    for ((indicator, atom), version) in newest {
        let Some(period) = parse_name(&atom.period, known_at) else { continue };
        let shelf = (Arc::clone(indicator), Arc::clone(&atom.provider));
        if let Some(value) = &version.value {
            units.entry((shelf, period.kind)).or_default().push((atom.clone(), value.clone()));
        }
    }
    let mut cells = Cells::default();
    for ((shelf, period), unit) in units {
        cells.replace(&shelf, period, Unit::from_iter(unit));
    }
    cells
}
