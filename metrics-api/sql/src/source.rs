//! What every session reads from: the snapshots of the live path, the lake's history, definitions and names.

use std::fmt;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use homeward_contract::clock::Clock;
use homeward_contract::geography::Geography;
use homeward_transform::definition::Catalogue;
use homeward_transform::live::{LiveError, Past};
use homeward_transform::snapshot::Snapshot;
use tokio::sync::{Mutex, watch};

use crate::tables::{Shelf, Table};

/// Pictures of past ticks kept, newest last. A tick serves a whole day or hour, so a few are plenty.
const TICKS_KEPT_MAX: usize = 4;

/// Snapshots as they are made; none until the first.
pub type Snapshots = watch::Receiver<Option<Arc<Snapshot>>>;

/// Where sessions read from. Cheap to clone: all clones share one cache.
#[derive(Clone)]
pub struct Source {
    /// Snapshots of the live path.
    pub snapshots: Snapshots,
    /// The lake's history; without it the past and public roles have nothing to read.
    pub past: Option<Past>,
    /// The definitions in force.
    pub catalogue: Arc<Catalogue>,
    /// Names and areas.
    pub geography: Arc<Geography>,
    /// What "now" is, for ages and publication ticks.
    pub clock: Arc<dyn Clock>,
    pub(crate) shelf: Arc<Shelf>,
    /// The tables that every session has.
    pub(crate) library: Arc<OnceLock<Vec<Table>>>,
    /// Held while the lake's history is read for a query.
    pub(crate) history_gate: Arc<Mutex<()>>,
    ticks: Arc<Mutex<Vec<Arc<Snapshot>>>>,
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Source").field("past", &self.past.is_some()).finish_non_exhaustive()
    }
}

impl Source {
    /// A source with an empty cache.
    #[must_use]
    pub fn new(
        snapshots: Snapshots,
        past: Option<Past>,
        catalogue: Arc<Catalogue>,
        geography: Arc<Geography>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (shelf, library, history_gate, ticks) = (Arc::default(), Arc::default(), Arc::default(), Arc::default());
        Self { snapshots, past, catalogue, geography, clock, shelf, library, history_gate, ticks }
    }

    /// The newest snapshot; none before the figures are restored.
    #[must_use]
    pub fn newest(&self) -> Option<Arc<Snapshot>> {
        self.snapshots.borrow().clone()
    }

    /// The picture of a publication tick: days and months as they were known then. One reader at a time reads the
    /// lake; the others wait for its answer.
    pub(crate) async fn at_tick(&self, tick: DateTime<Utc>) -> Result<Option<Arc<Snapshot>>, LiveError> {
        let Some(past) = &self.past else { return Ok(None) };
        let mut kept = self.ticks.lock().await;
        if let Some(found) = kept.iter().find(|snapshot| snapshot.as_of() == tick) {
            return Ok(Some(Arc::clone(found)));
        }
        let snapshot = Arc::new(past.as_known_at(tick).await?);
        if kept.len() >= TICKS_KEPT_MAX {
            kept.remove(0);
        }
        kept.push(Arc::clone(&snapshot));
        Ok(Some(snapshot))
    }
}
