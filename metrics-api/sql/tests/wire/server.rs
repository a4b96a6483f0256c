//! One outlet a test, on a port of its own, over a picture of the figures that the test makes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use homeward_contract::clock::{Clock, ManualClock, SystemClock};
use homeward_contract::geography::Geography;
use homeward_sql::scram::{ITERATIONS_MIN, Verifier};
use homeward_sql::{Account, Limits, Source, SqlConfig, SqlServeError, Tick, TlsFiles};
use homeward_transform::cells::Cells;
use homeward_transform::definition::Catalogue;
use homeward_transform::history::{CellVersion, cells_at};
use homeward_transform::live::Past;
use homeward_transform::release::Policy;
use homeward_transform::snapshot::Snapshot;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls};
use tokio_util::sync::CancellationToken;

pub(crate) const ROLE: &str = "analyst";
/// A role that sees rounded figures, by the day.
pub(crate) const PUBLIC_ROLE: &str = "public";
pub(crate) const PASSWORD: &str = "a password of these tests";

/// Longest wait for anything that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Outlet {
    pub(crate) address: SocketAddr,
    pub(crate) snapshots: watch::Sender<Option<Arc<Snapshot>>>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) served: JoinHandle<Result<(), SqlServeError>>,
    catalogue: Arc<Catalogue>,
    geography: Arc<Geography>,
}

impl Outlet {
    pub(crate) async fn start(limits: Limits) -> Self {
        Self::start_with(limits, None).await
    }

    pub(crate) async fn start_with(limits: Limits, tls: Option<TlsFiles>) -> Self {
        Self::serve(limits, tls, &[], Arc::new(SystemClock)).await
    }

    /// Over planted versions of cells, by a clock that the test moves.
    pub(crate) async fn start_over(versions: &[CellVersion], clock: &Arc<ManualClock>) -> Self {
        Self::serve(Limits::default(), None, versions, Arc::clone(clock) as _).await
    }

    async fn serve(limits: Limits, tls: Option<TlsFiles>, versions: &[CellVersion], clock: Arc<dyn Clock>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (catalogue, geography) = (Arc::new(Catalogue::builtin().unwrap()), Arc::new(Geography::devon()));
        let snapshots = watch::Sender::new(None);
        let past = Past::of_versions(versions, Arc::clone(&catalogue), Arc::clone(&geography)).unwrap();
        let source =
            Source::new(snapshots.subscribe(), Some(past), Arc::clone(&catalogue), Arc::clone(&geography), clock);
        let account = |name: &str, policy, tick| {
            let verifier = Verifier::of_password(PASSWORD, b"salt of 16 bytes", ITERATIONS_MIN).unwrap();
            Account { name: name.to_owned(), verifier, policy: Policy::by_name(policy).unwrap(), tick }
        };
        let accounts =
            vec![account(ROLE, "internal-live", None), account(PUBLIC_ROLE, "ucr-publication", Some(Tick::Day))];
        let config = SqlConfig { bind: address, tls, accounts, limits };
        let shutdown = CancellationToken::new();
        let served = tokio::spawn(homeward_sql::serve(listener, config, source, shutdown.clone()));
        Self { address, snapshots, shutdown, served, catalogue, geography }
    }

    pub(crate) fn config(&self, user: &str, password: &str) -> Config {
        let mut config = Config::new();
        config.host(self.address.ip().to_string()).port(self.address.port()).dbname("homeward");
        config.user(user).password(password);
        config
    }

    pub(crate) async fn try_connect(&self, user: &str, password: &str) -> Result<Client, tokio_postgres::Error> {
        let (client, connection) = self.config(user, password).connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    pub(crate) async fn connect(&self) -> Client {
        self.try_connect(ROLE, PASSWORD).await.unwrap()
    }

    /// Shows a picture of nothing, as of an instant.
    pub(crate) fn show(&self, as_of: DateTime<Utc>) {
        self.show_cells(Cells::default(), as_of);
    }

    /// Shows what was known at an instant.
    pub(crate) fn show_known(&self, versions: &[CellVersion], as_of: DateTime<Utc>) {
        self.show_cells(cells_at(versions, as_of), as_of);
    }

    fn show_cells(&self, cells: Cells, as_of: DateTime<Utc>) {
        let (catalogue, geography) = (Arc::clone(&self.catalogue), Arc::clone(&self.geography));
        let snapshot = Snapshot::of_cells(cells, catalogue, geography, as_of);
        self.snapshots.send_replace(Some(Arc::new(snapshot)));
    }

    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.served).await.expect("it ends").unwrap().unwrap();
    }
}

/// PostgreSQL's code of an error.
pub(crate) fn code(error: &tokio_postgres::Error) -> String {
    let error = error.as_db_error().unwrap_or_else(|| panic!("no answer of the server: {error:?}"));
    error.code().code().to_owned()
}
