//! The real server in this process, over planted snapshots, on a port of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use homeward_contract::clock::ManualClock;
use homeward_contract::geography::Geography;
use homeward_metrics_api::config::{Config, Settings};
use homeward_metrics_api::http::{self, MachineryView, ServeError, Serving, ServingParts};
use homeward_metrics_api::prometheus::Machinery;
use homeward_transform::definition::Catalogue;
use homeward_transform::release::{Coverage, Policy};
use homeward_transform::snapshot::Snapshot;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::history::as_of;

/// Seconds without news after which these boards grey.
pub(crate) const QUIET_SECONDS: i64 = 6;

struct NoMachinery;

impl MachineryView for NoMachinery {
    fn machinery(&self, _now: DateTime<Utc>, _snapshot: Option<&Snapshot>) -> Machinery {
        Machinery::default()
    }

    fn stopped(&self) -> Option<String> {
        None
    }
}

pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) clock: Arc<ManualClock>,
    snapshots: watch::Sender<Option<Arc<Snapshot>>>,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), ServeError>>,
}

impl House {
    pub(crate) async fn open(snapshot: Snapshot, catalogue: &Arc<Catalogue>, policy: &str) -> Self {
        let mut config = Config::check(Settings::default(), &[]).expect("the defaults are sound").serve;
        config.releases = vec![Policy::by_name_over(policy, Coverage::PartOfEngland).expect("a known policy")];
        config.page_refresh_seconds = 2;
        let (snapshots, receiver) = watch::channel(Some(Arc::new(snapshot)));
        let clock = Arc::new(ManualClock::new(as_of() + Duration::seconds(1)));
        let serving = Serving::new(ServingParts {
            past: None,
            snapshots: receiver,
            catalogue: Arc::clone(catalogue),
            geography: Arc::new(Geography::devon()),
            machinery: Arc::new(NoMachinery),
            clock: Arc::<ManualClock>::clone(&clock),
            config,
            stale_after_seconds: QUIET_SECONDS,
            notice: None,
        });
        let listener = http::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(http::serve(listener, http::router(serving, true), shutdown.clone()));
        Self { address, clock, snapshots, shutdown, task }
    }

    /// The next snapshot, as the live path would hand it over.
    pub(crate) fn show(&self, snapshot: Snapshot) {
        self.snapshots.send_replace(Some(Arc::new(snapshot)));
    }

    /// Ends the server as SIGTERM would; open event streams must not hold it up.
    pub(crate) async fn close(self) {
        self.shutdown.cancel();
        let patience = std::time::Duration::from_secs(20);
        let ended = tokio::time::timeout(patience, self.task).await.expect("the server ends though boards listen");
        ended.expect("the server does not panic").expect("the server ends well");
    }
}
