//! The whole house in one process: ingest, transform and outlets, started in order and stopped together.
//!
//! Addresses are taken first, so that a wrong one is told before any work. The outlets answer from the first
//! moment (`/readyz` says what is missing); figures follow once the lake has been read.

use std::sync::Arc;

use homeward_contract::clock::Clock;
use homeward_contract::geography::Geography;
use homeward_ingest::lake::Lake;
use homeward_ingest::pipeline::{Ingest, IngestError, run_ingest};
use homeward_ingest::telemetry::IngestTelemetry;
use homeward_sql::{Source, SqlConfig, SqlServeError};
use homeward_transform::definition::Catalogue;
use homeward_transform::live::{self, Live, LiveError, LiveOptions, Past};
use homeward_transform::snapshot::Snapshot;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::ServeConfig;
use crate::http::{self, ServeError, Serving, ServingParts};
use crate::watching::Watching;

/// The house could not start, or a part of it ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum HouseError {
    /// An address could not be served.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// SQL could not be served.
    #[error(transparent)]
    Sql(#[from] SqlServeError),
    /// Ingest could not start or ended.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The figures could not be restored from the lake.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// A part of the house panicked.
    #[error(
        "defect: a part of the process ended before it was told to: {0}; its last words are in the log, please report them"
    )]
    Panicked(#[from] tokio::task::JoinError),
}

/// Snapshots on their way to the outlets; none until the first is made.
pub type Snapshots = watch::Receiver<Option<Arc<Snapshot>>>;

/// What the house is made of.
pub struct Rooms {
    /// The lake that all rooms share.
    pub lake: Lake,
    /// The clock that all rooms share.
    pub clock: Arc<dyn Clock>,
    /// The definitions.
    pub catalogue: Arc<Catalogue>,
    /// Names and areas.
    pub geography: Arc<Geography>,
    /// Counters of ingest.
    pub telemetry: Arc<IngestTelemetry>,
}

/// The tasks that run until told to stop.
pub struct House {
    rooms: Rooms,
    tasks: JoinSet<Result<(), HouseError>>,
    snapshots: watch::Sender<Option<Arc<Snapshot>>>,
    shutdown: CancellationToken,
}

impl House {
    /// An empty house; every part ends when `shutdown` is cancelled.
    #[must_use]
    pub fn new(rooms: Rooms, shutdown: CancellationToken) -> Self {
        Self { rooms, tasks: JoinSet::new(), snapshots: watch::Sender::new(None), shutdown }
    }

    /// Snapshots as they are made.
    #[must_use]
    pub fn snapshots(&self) -> Snapshots {
        self.snapshots.subscribe()
    }

    /// Takes the addresses and answers from now on.
    ///
    /// # Errors
    /// When an address is taken or not ours.
    pub async fn serve(
        &mut self,
        config: ServeConfig,
        stale_after_seconds: i64,
        notice: Option<String>,
    ) -> Result<std::net::SocketAddr, HouseError> {
        let listener = http::bind(config.bind).await?;
        let metrics_listener = match config.metrics_bind {
            Some(address) => Some(http::bind(address).await?),
            None => None,
        };
        let address = listener.local_addr().unwrap_or(config.bind);
        let serving = Serving::new(ServingParts {
            snapshots: self.snapshots(),
            past: Some(Past::new(
                Arc::new(self.rooms.lake.clone()),
                Arc::clone(&self.rooms.catalogue),
                Arc::clone(&self.rooms.geography),
            )),
            catalogue: Arc::clone(&self.rooms.catalogue),
            geography: Arc::clone(&self.rooms.geography),
            machinery: Arc::new(Watching::new(Arc::clone(&self.rooms.telemetry), config.clone())),
            clock: Arc::clone(&self.rooms.clock),
            config,
            stale_after_seconds,
            notice,
        });
        let own = metrics_listener.is_some();
        self.spawn_server(listener, http::router(serving.clone(), !own));
        if let Some(listener) = metrics_listener {
            self.spawn_server(listener, http::metrics_router(serving));
        }
        Ok(address)
    }

    /// Takes the address of the SQL outlet and answers from now on.
    ///
    /// # Errors
    /// When the address is taken or not ours. A certificate that cannot be used ends the house with its message.
    pub async fn serve_sql(&mut self, config: SqlConfig) -> Result<std::net::SocketAddr, HouseError> {
        let listener = http::bind(config.bind).await?;
        let address = listener.local_addr().unwrap_or(config.bind);
        let rooms = &self.rooms;
        let past = Past::new(Arc::new(rooms.lake.clone()), Arc::clone(&rooms.catalogue), Arc::clone(&rooms.geography));
        let source = Source::new(
            self.snapshots(),
            Some(past),
            Arc::clone(&rooms.catalogue),
            Arc::clone(&rooms.geography),
            Arc::clone(&rooms.clock),
        );
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move { Ok(homeward_sql::serve(listener, config, source, shutdown).await?) });
        Ok(address)
    }

    fn spawn_server(&mut self, listener: TcpListener, router: axum::Router) {
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move { Ok(http::serve(listener, router, shutdown).await?) });
    }

    /// Starts ingest.
    pub fn ingest(&mut self, ingest: Ingest) {
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move { Ok(run_ingest(ingest, shutdown).await?) });
    }

    /// Restores the figures from the lake and keeps them up to date from now on.
    ///
    /// # Errors
    /// When the lake cannot be read or an indicator's SQL fails.
    pub async fn transform(&mut self, options: LiveOptions) -> Result<(), HouseError> {
        let live = self.restore(options).await?;
        self.follow(live);
        Ok(())
    }

    /// The figures as of the clock's present, and not yet followed.
    ///
    /// # Errors
    /// As [`House::transform`].
    pub async fn restore(&self, options: LiveOptions) -> Result<Live, HouseError> {
        let rooms = &self.rooms;
        let live = Live::restore(
            Arc::new(rooms.lake.clone()),
            Arc::clone(&rooms.catalogue),
            Arc::clone(&rooms.geography),
            options,
            rooms.clock.now(),
        );
        Ok(live.await?)
    }

    /// Keeps restored figures up to date, and shows them.
    pub fn follow(&mut self, live: Live) {
        let mut made = live.subscribe();
        let shown = self.snapshots.clone();
        self.tasks.spawn(async move {
            loop {
                let snapshot = Arc::clone(&made.borrow_and_update());
                shown.send_replace(Some(snapshot));
                // The live path ends with the house, and its channel with it.
                if made.changed().await.is_err() {
                    return Ok(());
                }
            }
        });
        let (clock, shutdown) = (Arc::clone(&self.rooms.clock), self.shutdown.clone());
        self.tasks.spawn(async move {
            live::run(live, clock, shutdown).await;
            Ok(())
        });
    }

    /// Adds a task of the caller's own, which must end with the house.
    pub fn add(&mut self, task: impl Future<Output = Result<(), HouseError>> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Waits for the end: told from outside, or because a part failed, which ends the others too.
    ///
    /// # Errors
    /// The first failure.
    pub async fn run(mut self) -> Result<(), HouseError> {
        let mut outcome = Ok(());
        while let Some(ended) = self.tasks.join_next().await {
            let ended = ended.map_err(HouseError::from).and_then(|result| result);
            if let Err(error) = ended {
                self.shutdown.cancel();
                outcome = outcome.and(Err(error));
            }
        }
        outcome
    }
}

/// A token that Ctrl-C and SIGTERM cancel.
#[must_use]
pub fn told_to_stop() -> CancellationToken {
    let token = CancellationToken::new();
    let told = token.clone();
    tokio::spawn(async move {
        wait_for_signal().await;
        tracing::info!("told to stop; finishing what is at hand");
        told.cancel();
    });
    token
}

#[cfg(unix)]
async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    // Without the handler, SIGTERM ends the process at once, which is safe too.
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(not(unix))]
async fn wait_for_signal() {
    let _ = tokio::signal::ctrl_c().await;
}
