//! As known at: the figures that were shown at a past instant, read back from history.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use homeward_contract::geography::Geography;
use homeward_ingest::lake::Lake;

use super::LiveError;
use crate::definition::Catalogue;
use crate::history::{self, CellVersion, Reading, VersionName, cells_at};
use crate::snapshot::Snapshot;

/// Where the versions are.
#[derive(Clone)]
enum Kept {
    Lake(Arc<Lake>),
    Memory(Arc<[RecordBatch]>),
}

/// The versions in a lake that are wanted, oldest first.
pub(super) async fn versions(
    lake: &Lake,
    wanted: impl Fn(&VersionName<'_>) -> bool + Send + Sync,
) -> Result<Vec<CellVersion>, LiveError> {
    let mut reading = Reading::default();
    let take =
        |rows: Vec<RecordBatch>| Ok::<_, LiveError>(rows.iter().try_for_each(|batch| reading.take(batch, &wanted))?);
    lake.read_each(history::TABLE, take).await?;
    Ok(reading.finish())
}

/// Reads earlier figures from a lake.
#[derive(Clone)]
pub struct Past {
    kept: Kept,
    catalogue: Arc<Catalogue>,
    geography: Arc<Geography>,
}

impl Past {
    /// Over this lake.
    #[must_use]
    pub const fn new(lake: Arc<Lake>, catalogue: Arc<Catalogue>, geography: Arc<Geography>) -> Self {
        Self { kept: Kept::Lake(lake), catalogue, geography }
    }

    /// Over versions at hand, oldest first: for a past that is planted.
    ///
    /// # Errors
    /// When Arrow refuses the columns, which a test rules out.
    pub fn of_versions(
        versions: &[CellVersion],
        catalogue: Arc<Catalogue>,
        geography: Arc<Geography>,
    ) -> Result<Self, LiveError> {
        let kept = Kept::Memory(Arc::from([history::to_batch(versions)?]));
        Ok(Self { kept, catalogue, geography })
    }

    /// The definitions that read the past.
    #[must_use]
    pub const fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// The reference geography that names its areas.
    #[must_use]
    pub const fn geography(&self) -> &Arc<Geography> {
        &self.geography
    }

    /// The cell versions that a caller wants, oldest first.
    ///
    /// # Errors
    /// As [`Past::as_known_at`].
    pub async fn versions(
        &self,
        wanted: impl Fn(&VersionName<'_>) -> bool + Send + Sync,
    ) -> Result<Vec<CellVersion>, LiveError> {
        match &self.kept {
            Kept::Lake(lake) => versions(lake, wanted).await,
            Kept::Memory(batches) => {
                let mut reading = Reading::default();
                batches.iter().try_for_each(|batch| reading.take(batch, &wanted))?;
                Ok(reading.finish())
            }
        }
    }

    /// The calendar figures as they were shown at an instant; windows and open clocks are not kept.
    ///
    /// # Errors
    /// When the lake cannot be read or was written by another version of Homeward.
    pub async fn as_known_at(&self, known_at: DateTime<Utc>) -> Result<Snapshot, LiveError> {
        let versions = self.versions(|_| true).await?;
        let cells = cells_at(&versions, known_at);
        Ok(Snapshot::of_cells(cells, Arc::clone(&self.catalogue), Arc::clone(&self.geography), known_at))
    }
}
