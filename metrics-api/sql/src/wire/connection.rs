//! One connection: its messages in order, its statements, its state.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use datafusion_postgres::pgwire::error::PgWireError;
use datafusion_postgres::pgwire::messages::response::ReadyForQuery;
use datafusion_postgres::pgwire::messages::startup::ParameterStatus;
use datafusion_postgres::pgwire::messages::{PgWireBackendMessage as Out, PgWireFrontendMessage as In};
use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::codec::Framed;

use super::cancel::Entry;
use super::codec::Codec;
use super::extended::{Portal, Prepared};
use super::listen::Server;
use super::rows::Cursor;
use super::startup::Login;
use super::transaction::Transaction;
use crate::config::Account;
use crate::engine::interrupt::{Interrupt, Reason};
use crate::engine::{Session, SharedSettings};
use crate::guard::settings::{Change, Settings};
use crate::refusal::{Refusal, code};

/// What connections run over: TCP, or TLS over it.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A stream of messages.
pub(super) type Io<S> = Framed<S, Codec>;

/// Bytes of answers that are gathered before they are written.
pub(super) const WRITE_BYTES: usize = 64 * 1024;

/// Why a message was not answered to its end.
#[derive(Debug)]
pub(super) enum End {
    /// The client is told, and the session goes on unless the refusal is fatal.
    Refused(Refusal),
    /// The client is no longer there to be told.
    Gone,
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// What a message that cannot be read means.
pub(super) fn broken(error: PgWireError) -> End {
    match error {
        PgWireError::IoError(_) => End::Gone,
        PgWireError::MessageTooLarge(most, _) => Refusal::fatal(
            code::PROTOCOL,
            format!("a message of this kind has at most {most} bytes here"),
            "write a shorter statement",
        )
        .into(),
        _ => Refusal::fatal(code::PROTOCOL, "malformed message", "").into(),
    }
}

/// A connection after its login.
pub(super) struct Connection<S> {
    pub(super) io: Io<S>,
    pub(super) server: Arc<Server>,
    pub(super) account: Arc<Account>,
    pub(super) settings: SharedSettings,
    pub(super) entry: Entry,
    session: Option<Arc<Session>>,
    pub(super) transaction: Transaction,
    pub(super) statements: HashMap<String, Arc<Prepared>>,
    pub(super) portals: HashMap<String, Portal>,
    pub(super) cursors: HashMap<String, Cursor>,
    /// A message that came while a statement ran.
    pub(super) ahead: Option<In>,
    /// After a failure in the extended protocol: nothing counts until the next Sync.
    is_skipping: bool,
    /// The picture was renewed for the implicit transaction that lasts until the next Sync.
    pub(super) is_renewed: bool,
}

impl<S: Stream> Connection<S> {
    pub(super) fn new(io: Io<S>, server: Arc<Server>, login: Login, entry: Entry) -> Self {
        Self {
            io,
            server,
            account: login.account,
            settings: login.settings,
            entry,
            session: None,
            transaction: Transaction::default(),
            statements: HashMap::new(),
            portals: HashMap::new(),
            cursors: HashMap::new(),
            ahead: None,
            is_skipping: false,
            is_renewed: false,
        }
    }

    /// Serves until the client leaves, or the server stops.
    pub(super) async fn run(mut self) {
        let shutdown = self.server.shutdown.clone();
        loop {
            let message = match self.ahead.take() {
                Some(message) => Some(Ok(message)),
                None => tokio::select! {
                    biased;
                    () = shutdown.cancelled() => {
                        self.last_word(Reason::Shutdown.refusal()).await;
                        return;
                    }
                    message = self.io.next() => message,
                },
            };
            let handled = match message {
                None | Some(Ok(In::Terminate(_))) => return,
                Some(Err(error)) => Err(broken(error)),
                Some(Ok(message)) if self.is_skipping && !matches!(message, In::Sync(_)) => continue,
                Some(Ok(message)) => {
                    let is_extended = message.is_extended_query();
                    match self.handle(message).await {
                        Err(End::Refused(refusal)) if !refusal.is_fatal => self.refuse(refusal, is_extended).await,
                        other => other,
                    }
                }
            };
            match handled {
                Ok(()) => {}
                Err(End::Refused(refusal)) => {
                    self.last_word(refusal).await;
                    return;
                }
                Err(End::Gone) => return,
            }
        }
    }

    async fn handle(&mut self, message: In) -> Result<(), End> {
        match message {
            In::Query(query) => self.simple(&query.query).await,
            In::Parse(message) => self.parse(message).await,
            In::Bind(message) => self.bind(message).await,
            In::Describe(message) => self.describe(message).await,
            In::Execute(message) => self.execute(message).await,
            In::Close(message) => self.close(message).await,
            In::Flush(_) => self.flush().await,
            In::Sync(_) => {
                self.is_skipping = false;
                self.is_renewed = false;
                if !self.transaction.is_open() {
                    self.portals.clear();
                }
                self.ready().await
            }
            // PostgreSQL ignores stray messages of COPY after its end, and so do we: there is no COPY here.
            In::CopyData(_) | In::CopyDone(_) | In::CopyFail(_) => Ok(()),
            _ => Err(Refusal::fatal(code::PROTOCOL, "this message is not expected now", "").into()),
        }
    }

    /// A new statement's time starts now, and cancel requests go to it.
    pub(super) fn begin_statement(&self) -> Arc<Interrupt> {
        let time = self.settings().statement_timeout(self.server.engine.limits.statement_timeout);
        let interrupt = Arc::new(Interrupt::after(time));
        self.entry.slot.watch(&interrupt);
        if self.server.shutdown.is_cancelled() {
            interrupt.fire(Reason::Shutdown);
        }
        interrupt
    }

    pub(super) fn settings(&self) -> Settings {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The session with the engine, made at the first statement.
    pub(super) async fn session(&mut self, interrupt: &Interrupt) -> Result<Arc<Session>, End> {
        if let Some(session) = &self.session {
            return Ok(Arc::clone(session));
        }
        let engine = Arc::clone(&self.server.engine);
        let session = engine.open(&self.account, self.entry.pid, &self.settings, interrupt).await?;
        self.session = Some(Arc::clone(&session));
        Ok(session)
    }

    /// Moves on to the newest picture of the figures, unless a transaction holds one.
    pub(super) fn renew(&mut self, session: &Session) {
        if !self.transaction.is_open() && !self.is_renewed {
            session.pin.renew();
            self.is_renewed = true;
        }
    }

    /// Gathers an answer; a client that takes nothing for a statement's whole time is left.
    pub(super) async fn feed(&mut self, message: Out) -> Result<(), End> {
        let patience = self.server.engine.limits.statement_timeout;
        match tokio::time::timeout(patience, self.io.feed(message)).await {
            Ok(fed) => Ok(fed?),
            Err(_) => Err(End::Gone),
        }
    }

    pub(super) async fn tell(&mut self, changes: impl IntoIterator<Item = Change>) -> Result<(), End> {
        for change in changes.into_iter().filter(|change| change.is_reported) {
            self.feed(Out::ParameterStatus(ParameterStatus::new(change.name.to_owned(), change.value))).await?;
        }
        Ok(())
    }

    /// Ends a message of the simple protocol, or a Sync.
    pub(super) async fn ready(&mut self) -> Result<(), End> {
        self.entry.slot.rest();
        self.feed(Out::ReadyForQuery(ReadyForQuery::new(self.transaction.status()))).await?;
        self.flush().await
    }

    /// Writes what was gathered; a client that takes nothing for a statement's whole time is left.
    pub(super) async fn flush(&mut self) -> Result<(), End> {
        let patience = self.server.engine.limits.statement_timeout;
        match tokio::time::timeout(patience, self.io.flush()).await {
            Ok(flushed) => Ok(flushed?),
            Err(_) => {
                tracing::info!(role = self.account.name, "a client that reads nothing was left");
                Err(End::Gone)
            }
        }
    }

    async fn refuse(&mut self, refusal: Refusal, is_extended: bool) -> Result<(), End> {
        self.transaction.fail();
        self.feed(Out::ErrorResponse(refusal.into_info().into())).await?;
        if is_extended {
            self.is_skipping = true;
            return self.flush().await;
        }
        self.is_renewed = false;
        self.ready().await
    }

    async fn last_word(&mut self, refusal: Refusal) {
        last_word(&mut self.io, refusal).await;
    }
}

/// How long a client may take to read why it is sent away.
const LAST_WORD: Duration = Duration::from_secs(2);

/// Tells a client why its connection ends.
pub(super) async fn last_word<S: Stream>(io: &mut Io<S>, refusal: Refusal) {
    let told = async {
        io.send(Out::ErrorResponse(refusal.into_info().into())).await?;
        io.close().await
    };
    // It may be gone already, or not read: then it is not told.
    let _ = tokio::time::timeout(LAST_WORD, told).await;
}
