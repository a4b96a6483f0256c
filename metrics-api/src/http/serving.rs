//! What the handlers share: the newest snapshot, the definitions and the settings of the outlets.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use homeward_contract::clock::Clock;
use homeward_contract::geography::Geography;
use homeward_transform::definition::Catalogue;
use homeward_transform::live::Past;
use homeward_transform::release::Policy;
use homeward_transform::snapshot::Snapshot;
use tokio::sync::{Mutex, Semaphore, watch};

use super::board::{LISTENERS_MAX, Pages};
use super::problem::Problem;
use crate::config::ServeConfig;
use crate::prometheus::{Exposition, Machinery};
use crate::reading::Reading;

/// A board hears of the server at least this often in health, whatever the pace of a simulated clock.
const QUIET_SECONDS_MAX: i64 = 60;

/// The machinery as the outlets see it; ingest in this process, or none.
pub trait MachineryView: Send + Sync {
    /// Counters and providers' feeds at an instant of the simulated or real clock.
    fn machinery(&self, now: DateTime<Utc>, snapshot: Option<&Snapshot>) -> Machinery;
    /// Why a feed stopped, if one did.
    fn stopped(&self) -> Option<String>;
}

/// The parts of [`Serving`].
pub struct ServingParts {
    /// The newest snapshot; none until the first cycle is done.
    pub snapshots: watch::Receiver<Option<Arc<Snapshot>>>,
    /// The definitions.
    pub catalogue: Arc<Catalogue>,
    /// Earlier figures; none where no lake is at hand.
    pub past: Option<Past>,
    /// Names of organisations and areas.
    pub geography: Arc<Geography>,
    /// Counters.
    pub machinery: Arc<dyn MachineryView>,
    /// The clock that figures are compared with, to tell stale ones.
    pub clock: Arc<dyn Clock>,
    /// Settings.
    pub config: ServeConfig,
    /// Snapshots older than this many seconds of that clock are shown as stale.
    pub stale_after_seconds: i64,
    /// A sentence at the top of the page, for a simulation.
    pub notice: Option<String>,
}

/// Shared state of the handlers; cheap to clone.
#[derive(Clone)]
pub struct Serving {
    pub(super) parts: Arc<ServingParts>,
    pub(super) exposition: Arc<Exposition>,
    /// Renderings of the newest snapshot.
    pub(super) pages: Arc<Pages>,
    /// Places for boards that listen.
    pub(super) listeners: Arc<Semaphore>,
    /// Reading the past costs a scan of its history: one reader at a time, the others wait.
    past_turn: Arc<Mutex<()>>,
}

impl Serving {
    /// Shares the parts.
    #[must_use]
    pub fn new(parts: ServingParts) -> Self {
        let exposition = Arc::new(Exposition::new(parts.config.series_limit));
        let listeners = Arc::new(Semaphore::new(LISTENERS_MAX));
        Self { parts: Arc::new(parts), exposition, pages: Arc::default(), listeners, past_turn: Arc::default() }
    }

    /// The newest snapshot, or a problem that says to wait.
    pub(super) fn snapshot(&self) -> Result<Arc<Snapshot>, Problem> {
        self.snapshot_if_any().ok_or_else(|| Problem::not_ready("the first figures are still being computed"))
    }

    /// The calendar figures as they were shown at an instant.
    pub(super) async fn as_known_at(&self, known_at: DateTime<Utc>) -> Result<Snapshot, Problem> {
        let Some(past) = &self.parts.past else {
            return Err(Problem::not_ready("this process has no lake, so it cannot tell earlier figures"));
        };
        let _turn = self.past_turn.lock().await;
        past.as_known_at(known_at).await.map_err(|error| Problem::internal(error.to_string()))
    }

    /// The newest snapshot, if there is one.
    pub(super) fn snapshot_if_any(&self) -> Option<Arc<Snapshot>> {
        self.parts.snapshots.borrow().clone()
    }

    /// The policy that a caller asked for, or the default; one that is not offered is refused.
    pub(super) fn policy(&self, asked: Option<&str>) -> Result<&'static Policy, Problem> {
        let offered = &self.parts.config.releases;
        let names: Vec<&str> = offered.iter().map(|policy| policy.name).collect();
        let mend = format!("use one of {}", names.join(", "));
        let Some(name) = asked else {
            return offered.first().copied().ok_or_else(|| Problem::internal("no release policy is configured"));
        };
        let policy = Policy::by_name(name).map_err(|error| Problem::bad_request(error.to_string(), mend.clone()))?;
        // The offered form of the policy, which knows how much of England is at hand.
        offered.iter().copied().find(|offer| offer.name == policy.name).ok_or_else(|| {
            Problem::new(
                axum::http::StatusCode::FORBIDDEN,
                "forbidden",
                format!("the release policy '{name}' is not offered here"),
                mend,
            )
        })
    }

    /// A reading of the snapshot through the default policy.
    pub(super) fn reading(&self, snapshot: &Snapshot, policy: &'static Policy) -> Reading {
        Reading::take(snapshot, &self.parts.catalogue, policy)
    }

    /// True when the snapshot is too old to be called live.
    pub(super) fn is_stale(&self, snapshot: &Snapshot) -> bool {
        let age = self.parts.clock.now() - snapshot.as_of();
        age.num_seconds() > self.parts.stale_after_seconds
    }

    /// Real seconds without news after which an open board greys by itself.
    pub(super) fn quiet_seconds(&self) -> u64 {
        u64::try_from(self.parts.stale_after_seconds.clamp(1, QUIET_SECONDS_MAX)).unwrap_or(1)
    }

    /// Name of an area for people.
    pub(super) fn area_name(&self, code: &str) -> String {
        if code == "unknown" || code.is_empty() {
            return "Area not known".to_owned();
        }
        match self.parts.geography.name_of(code) {
            Some(name) if name != code => format!("{name} ({code})"),
            _ => code.to_owned(),
        }
    }
}
