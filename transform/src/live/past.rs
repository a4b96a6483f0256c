//! As known at: the figures that were shown at a past instant, read back from history.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use homeward_contract::geography::Geography;
use homeward_ingest::lake::Lake;

use super::LiveError;
use crate::definition::Catalogue;
use crate::history::{self, cells_at};
use crate::snapshot::Snapshot;

/// Reads earlier figures from a lake.
#[derive(Clone)]
pub struct Past {
    lake: Arc<Lake>,
    catalogue: Arc<Catalogue>,
    geography: Arc<Geography>,
}

impl Past {
    /// Over this lake.
    #[must_use]
    pub const fn new(lake: Arc<Lake>, catalogue: Arc<Catalogue>, geography: Arc<Geography>) -> Self {
        Self { lake, catalogue, geography }
    }

    /// The calendar figures as they were shown at an instant; windows and open clocks are not kept.
    ///
    /// # Errors
    /// When the lake cannot be read or was written by another version of Homeward.
    pub async fn as_known_at(&self, known_at: DateTime<Utc>) -> Result<Snapshot, LiveError> {
        let versions = history::from_batches(&self.lake.read(history::TABLE).await?)?;
        let cells = cells_at(&versions, known_at);
        Ok(Snapshot::of_cells(cells, Arc::clone(&self.catalogue), Arc::clone(&self.geography), known_at))
    }
}
