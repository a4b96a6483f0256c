//! Taking connections, within the cap, until told to stop.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::codec::{Framed, FramedParts};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::cancel::Registry;
use super::codec::Codec;
use super::connection::{Connection, End, WRITE_BYTES, last_word};
use super::startup::{first_message, log_in, welcome};
use super::tls::{self, TlsError, negotiate};
use crate::config::{Account, SqlConfig};
use crate::engine::{Engine, Threads};
use crate::refusal::{Refusal, code};
use crate::source::Source;

/// Longest time from the first byte to the end of the login. Our choice; PostgreSQL gives 60 s.
const LOGIN_TIME: Duration = Duration::from_secs(10);

/// Connections beyond the cap that are told so at a time; those beyond are closed without a word.
const TURNED_AWAY_MAX: usize = 32;

/// Longest time that connections have to end once told to.
const FAREWELL: Duration = Duration::from_secs(5);

/// Pause after the system refused to hand out a connection: its table of open files is full.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The SQL outlet could not start, or ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum SqlServeError {
    /// A certificate or key cannot be used.
    #[error("the SQL outlet cannot start: {0}")]
    Tls(#[from] TlsError),
    /// Threads or sockets of the system ran out.
    #[error("the SQL outlet cannot start: {0}; see the limits of this process (ulimit -a)")]
    System(#[from] io::Error),
    /// The engine could not be made.
    #[error("defect: the SQL engine cannot be made: {0}")]
    Engine(#[from] Refusal),
    /// The outlet panicked.
    #[error("defect: the SQL outlet ended before it was told to: {0}")]
    Panicked(#[from] tokio::task::JoinError),
}

/// What all connections share.
pub(super) struct Server {
    pub(super) engine: Arc<Engine>,
    pub(super) accounts: BTreeMap<String, Arc<Account>>,
    /// Makes up the verifiers of users that do not exist.
    pub(super) stranger_secret: [u8; 32],
    pub(super) registry: Arc<Registry>,
    pub(super) shutdown: CancellationToken,
    acceptor: Option<TlsAcceptor>,
    places: Arc<Semaphore>,
    turned_away: Arc<Semaphore>,
}

/// Serves SQL until `shutdown` is cancelled. Everything runs on threads of its own.
///
/// # Errors
/// When a certificate cannot be used or the system refuses threads or sockets.
pub async fn serve(
    listener: TcpListener,
    config: SqlConfig,
    source: Source,
    shutdown: CancellationToken,
) -> Result<(), SqlServeError> {
    let acceptor = config.tls.as_ref().map(tls::acceptor).transpose()?;
    let threads = Threads::start(config.limits.threads)?;
    let (Some(talking), Some(computing)) = (threads.talking().cloned(), threads.computing().cloned()) else {
        return Ok(());
    };
    let (limits, places) = (config.limits.clone(), config.limits.connections_max);
    let engine = {
        let computing = computing.clone();
        threads_make(&computing.clone(), async move { Engine::new(limits, source, computing) }).await??
    };
    let accounts = config.accounts.into_iter().map(|account| (account.name.clone(), Arc::new(account))).collect();
    let server = Arc::new(Server {
        engine: Arc::new(engine),
        accounts,
        stranger_secret: rand::random(),
        registry: Arc::default(),
        shutdown,
        acceptor,
        places: Arc::new(Semaphore::new(places)),
        turned_away: Arc::new(Semaphore::new(TURNED_AWAY_MAX)),
    });
    // The listener moves to the threads that talk, and with it every socket that it takes.
    let listener = listener.into_std()?;
    let ended = talking.spawn(async move { accept_all(TcpListener::from_std(listener)?, server).await }).await?;
    drop(threads);
    Ok(ended?)
}

async fn threads_make<T: Send + 'static>(
    threads: &tokio::runtime::Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, tokio::task::JoinError> {
    threads.spawn(work).await
}

async fn accept_all(listener: TcpListener, server: Arc<Server>) -> io::Result<()> {
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = server.shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, _)) => admit(socket, &server, &connections),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    server.registry.shut_down();
    connections.close();
    if tokio::time::timeout(FAREWELL, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "connections were closed without a word");
    }
    Ok(())
}

fn admit(socket: TcpStream, server: &Arc<Server>, connections: &TaskTracker) {
    let place = Arc::clone(&server.places).try_acquire_owned().ok();
    let permit = match place {
        Some(place) => Some((place, true)),
        None => Arc::clone(&server.turned_away).try_acquire_owned().ok().map(|permit| (permit, false)),
    };
    let Some((permit, has_place)) = permit else {
        tracing::warn!("a connection was closed at once: too many are waiting to be told that there are too many");
        return;
    };
    let server = Arc::clone(server);
    connections.spawn(async move { meet(socket, &server, permit, has_place).await });
}

/// A connection from its first byte to its last.
async fn meet(socket: TcpStream, server: &Arc<Server>, permit: OwnedSemaphorePermit, has_place: bool) {
    let greeted = tokio::time::timeout(LOGIN_TIME, greet(socket, server, has_place));
    let greeted = tokio::select! {
        biased;
        () = server.shutdown.cancelled() => return,
        greeted = greeted => greeted,
    };
    match greeted {
        Ok(Some(connection)) => connection.run().await,
        Ok(None) => {}
        Err(_) => tracing::info!("a client did not finish its login in time"),
    }
    drop(permit);
}

type SessionStream = tokio_util::either::Either<TcpStream, Box<tokio_rustls::server::TlsStream<TcpStream>>>;

async fn greet(socket: TcpStream, server: &Arc<Server>, has_place: bool) -> Option<Connection<SessionStream>> {
    let peer = socket.peer_addr().ok()?;
    prepare_socket(&socket);
    let negotiated = match negotiate(socket, server.acceptor.as_ref()).await {
        Ok(negotiated) => negotiated,
        Err(error) => {
            tracing::debug!(%error, "a connection ended before its first message");
            return None;
        }
    };
    let mut parts = FramedParts::new::<datafusion_postgres::pgwire::messages::PgWireBackendMessage>(
        negotiated.stream,
        Codec::new(peer, negotiated.is_secure),
    );
    parts.read_buf = negotiated.start;
    let mut io = Framed::from_parts(parts);
    io.set_backpressure_boundary(WRITE_BYTES);
    match log_in_or_refuse(&mut io, server, has_place, negotiated.is_secure).await {
        Ok(Some((login, entry))) => Some(Connection::new(io, Arc::clone(server), login, entry)),
        Ok(None) | Err(End::Gone) => None,
        Err(End::Refused(refusal)) => {
            last_word(&mut io, Refusal { is_fatal: true, ..refusal }).await;
            None
        }
    }
}

async fn log_in_or_refuse(
    io: &mut Framed<SessionStream, Codec>,
    server: &Server,
    has_place: bool,
    is_secure: bool,
) -> Result<Option<(super::startup::Login, super::cancel::Entry)>, End> {
    let Some(startup) = first_message(io, server).await? else { return Ok(None) };
    if server.acceptor.is_some() && !is_secure {
        let message = "this server takes encrypted connections only";
        return Err(Refusal::fatal(code::NOT_AUTHORISED, message, "connect with sslmode=require or stricter").into());
    }
    if !has_place {
        let hint = "close connections that are not used, or ask the operator for more ([sql] connections_max)";
        return Err(Refusal::fatal(code::CONNECTIONS, "sorry, too many clients already", hint).into());
    }
    io.codec_mut().begin_login();
    let login = log_in(io, server, &startup).await?;
    let entry = server.registry.enter();
    welcome(io, &login, entry.pid, entry.key).await?;
    io.codec_mut().end_login();
    Ok(Some((login, entry)))
}

/// Small answers go out at once, and a client that vanished is noticed in the end.
fn prepare_socket(socket: &TcpStream) {
    let set = || -> io::Result<()> {
        socket.set_nodelay(true)?;
        // A second name for the same socket: the option holds for both.
        #[cfg(unix)]
        {
            use std::os::fd::AsFd;
            let twin = socket.as_fd().try_clone_to_owned()?;
            TcpSocket::from_std_stream(std::net::TcpStream::from(twin)).set_keepalive(true)?;
        }
        Ok(())
    };
    if let Err(error) = set() {
        tracing::debug!(%error, "a socket's options could not be set");
    }
}
