//! A stand-in until the tables arrive: where sessions read from.

use std::sync::Arc;

use homeward_contract::clock::Clock;
use homeward_contract::geography::Geography;
use homeward_transform::definition::Catalogue;
use homeward_transform::live::Past;
use homeward_transform::snapshot::Snapshot;
use tokio::sync::watch;

/// Snapshots as they are made; none until the first.
pub type Snapshots = watch::Receiver<Option<Arc<Snapshot>>>;

/// Where sessions read from.
#[derive(Clone)]
pub struct Source {
    /// Snapshots of the live path.
    pub snapshots: Snapshots,
    /// The lake's history.
    pub past: Option<Past>,
    /// The definitions in force.
    pub catalogue: Arc<Catalogue>,
    /// Names and areas.
    pub geography: Arc<Geography>,
    /// What "now" is.
    pub clock: Arc<dyn Clock>,
}

impl Source {
    /// A source.
    #[must_use]
    pub fn new(
        snapshots: Snapshots,
        past: Option<Past>,
        catalogue: Arc<Catalogue>,
        geography: Arc<Geography>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { snapshots, past, catalogue, geography, clock }
    }
}
