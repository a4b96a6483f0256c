//! From the first message to the first `ReadyForQuery`: who is it, and does he know the password?

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use datafusion_postgres::pgwire::messages::cancel::CancelRequest;
use datafusion_postgres::pgwire::messages::response::{ReadyForQuery, TransactionStatus};
use datafusion_postgres::pgwire::messages::startup::{
    Authentication, BackendKeyData, NegotiateProtocolVersion, ParameterStatus, SecretKey, Startup,
};
use datafusion_postgres::pgwire::messages::{PgWireBackendMessage as Out, PgWireFrontendMessage as In};
use futures::{SinkExt, StreamExt};
use tokio_util::bytes::Bytes;

use super::connection::{End, Io};
use super::listen::Server;
use crate::config::Account;
use crate::engine::SharedSettings;
use crate::guard::settings::{Settings, greeting};
use crate::local::DATABASE;
use crate::refusal::{Refusal, code};
use crate::scram::{Exchange, ExchangeError, Verifier};

/// A client that has proved who he is.
pub(super) struct Login {
    pub(super) account: Arc<Account>,
    pub(super) settings: SharedSettings,
}

/// The first message: a start-up, or the only message of a connection that cancels.
pub(super) async fn first_message<S: super::connection::Stream>(
    io: &mut Io<S>,
    server: &Server,
) -> Result<Option<Startup>, End> {
    match io.next().await {
        Some(Ok(In::Startup(startup))) => Ok(Some(startup)),
        Some(Ok(In::CancelRequest(request))) => {
            cancel(server, &request);
            Ok(None)
        }
        Some(Ok(_)) => Err(Refusal::fatal(code::PROTOCOL, "the first message must be a start-up", "").into()),
        Some(Err(error)) => Err(super::connection::broken(error)),
        None => Ok(None),
    }
}

fn cancel(server: &Server, request: &CancelRequest) {
    let key = match &request.secret_key {
        SecretKey::I32(key) => Some(*key),
        SecretKey::Bytes(bytes) => <[u8; 4]>::try_from(bytes.as_ref()).ok().map(i32::from_be_bytes),
    };
    if let Some(key) = key {
        server.registry.cancel(request.pid, key);
    }
}

/// Asks for the password and checks it.
pub(super) async fn log_in<S: super::connection::Stream>(
    io: &mut Io<S>,
    server: &Server,
    startup: &Startup,
) -> Result<Login, End> {
    check_version(io, startup).await?;
    let Some(user) = startup.parameters.get("user") else {
        return Err(Refusal::fatal(code::NOT_AUTHORISED, "no user is named in the start-up", "name one").into());
    };
    let account = server.accounts.get(user.as_str());
    let verifier = account
        .map_or_else(|| Verifier::of_stranger(&server.stranger_secret, user), |account| account.verifier.clone());
    let proved = prove(io, verifier).await;
    let (proof, account) = match (proved, account) {
        (Ok(proof), Some(account)) => (proof, Arc::clone(account)),
        // A stranger's verifier fits no proof, so that this arm with `Ok` never comes; it refuses all the same.
        (Ok(_) | Err(Proved::Not(ExchangeError::WrongProof)), _) => {
            tracing::warn!(target: "homeward_sql::audit", user = printable(user), "login refused");
            let message = format!("password authentication failed for user \"{}\"", printable(user));
            return Err(Refusal::fatal(code::BAD_PASSWORD, message, "check user and password").into());
        }
        (Err(Proved::Not(error)), _) => {
            return Err(Refusal::fatal(code::PROTOCOL, error.to_string(), "").into());
        }
        (Err(Proved::End(end)), _) => return Err(end),
    };
    check_database(startup)?;
    let settings = settings_of(startup)?;
    io.feed(Out::Authentication(Authentication::SASLFinal(Bytes::from(proof)))).await?;
    io.feed(Out::Authentication(Authentication::Ok)).await?;
    Ok(Login { account, settings: Arc::new(Mutex::new(settings)) })
}

/// A user's name, short enough for a message or a log line and without what could forge one.
fn printable(user: &str) -> String {
    user.chars().filter(|character| !character.is_control() && *character != '"').take(63).collect()
}

async fn check_version<S: super::connection::Stream>(io: &mut Io<S>, startup: &Startup) -> Result<(), End> {
    let (major, minor) = (startup.protocol_number_major, startup.protocol_number_minor);
    if major != 3 {
        let message = format!("protocol {major}.{minor} is not spoken here");
        return Err(Refusal::fatal(code::NOT_SUPPORTED, message, "use a client of PostgreSQL 7.4 or later").into());
    }
    let options: Vec<String> = startup.parameters.keys().filter(|name| name.starts_with("_pq_.")).cloned().collect();
    if minor > 0 || !options.is_empty() {
        io.feed(Out::NegotiateProtocolVersion(NegotiateProtocolVersion::new(0, options))).await?;
    }
    Ok(())
}

enum Proved {
    Not(ExchangeError),
    End(End),
}

impl<E: Into<End>> From<E> for Proved {
    fn from(error: E) -> Self {
        Self::End(error.into())
    }
}

/// The four messages of SCRAM; the last one, our own proof, is left to the caller.
async fn prove<S: super::connection::Stream>(io: &mut Io<S>, verifier: Verifier) -> Result<String, Proved> {
    io.send(Out::Authentication(Authentication::SASL(vec!["SCRAM-SHA-256".to_owned()]))).await?;
    let malformed = || Proved::Not(ExchangeError::Malformed);
    let message = next_password(io).await?.into_sasl_initial_response().map_err(|_| malformed())?;
    if message.auth_method != "SCRAM-SHA-256" {
        return Err(Proved::Not(ExchangeError::ChannelBinding));
    }
    let first = message.data.and_then(|data| String::from_utf8(data.to_vec()).ok()).ok_or_else(malformed)?;
    let nonce = STANDARD.encode(rand::random::<[u8; 18]>());
    let (exchange, answer) = Exchange::begin(&first, verifier, &nonce).map_err(Proved::Not)?;
    io.send(Out::Authentication(Authentication::SASLContinue(Bytes::from(answer)))).await?;
    let message = next_password(io).await?.into_sasl_response().map_err(|_| malformed())?;
    let last = String::from_utf8(message.data.to_vec()).map_err(|_| malformed())?;
    exchange.finish(&last).map_err(Proved::Not)
}

async fn next_password<S: super::connection::Stream>(
    io: &mut Io<S>,
) -> Result<datafusion_postgres::pgwire::messages::startup::PasswordMessageFamily, Proved> {
    match io.next().await {
        Some(Ok(In::PasswordMessageFamily(message))) => Ok(message),
        Some(Ok(_)) => Err(Proved::Not(ExchangeError::Malformed)),
        Some(Err(error)) => Err(Proved::End(super::connection::broken(error))),
        None => Err(Proved::End(End::Gone)),
    }
}

/// There is one database. As in PostgreSQL, only who has proved who he is learns which names do not exist.
fn check_database(startup: &Startup) -> Result<(), Refusal> {
    match startup.parameters.get("database") {
        Some(name) if name != DATABASE => {
            let message = format!("database \"{}\" does not exist", printable(name));
            Err(Refusal::fatal(code::NO_DATABASE, message, format!("the one database is {DATABASE}")))
        }
        _ => Ok(()),
    }
}

/// Settings that the client asks for in its start-up, each checked as by `SET`.
fn settings_of(startup: &Startup) -> Result<Settings, Refusal> {
    let mut settings = Settings::default();
    let fatal = |refusal: Refusal| Refusal { is_fatal: true, ..refusal };
    for (name, value) in &startup.parameters {
        match name.as_str() {
            "user" | "database" => {}
            "options" => {
                for (name, value) in options(value)? {
                    settings.set(&name, &value).map_err(fatal)?;
                }
            }
            "replication" if ["off", "false", "no", "0"].contains(&value.as_str()) => {}
            "replication" => {
                return Err(Refusal::fatal(code::FORBIDDEN, "replication is refused on this server", "log in plainly"));
            }
            name if name.starts_with("_pq_.") => {}
            name => drop(settings.set(name, value).map_err(fatal)?),
        }
    }
    Ok(settings)
}

/// `-c name=value` and `--name=value`, as `PGOPTIONS` has them; a backslash keeps a space.
fn options(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let bad =
        || Refusal::fatal(code::BAD_VALUE, "the start-up's options cannot be read", "write options='-c name=value'");
    let mut words: Vec<String> = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, words.last_mut()) {
            ('\\', Some(word)) => word.extend(characters.next()),
            (character, _) if character.is_whitespace() => words.push(String::new()),
            (character, Some(word)) => word.push(character),
            (_, None) => {}
        }
    }
    let mut words = words.into_iter().filter(|word| !word.is_empty());
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        let assignment = match word.strip_prefix("--") {
            Some(assignment) => assignment.to_owned(),
            None if word == "-c" => words.next().ok_or_else(bad)?,
            None => word.strip_prefix("-c").ok_or_else(bad)?.to_owned(),
        };
        let (name, value) = assignment.split_once('=').ok_or_else(bad)?;
        found.push((name.replace('-', "_"), value.to_owned()));
    }
    Ok(found)
}

/// Tells the client what it waits for before its first statement.
pub(super) async fn welcome<S: super::connection::Stream>(
    io: &mut Io<S>,
    login: &Login,
    pid: i32,
    key: i32,
) -> Result<(), End> {
    let settings = login.settings.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    for (name, value) in greeting(&settings, &login.account.name) {
        io.feed(Out::ParameterStatus(ParameterStatus::new(name, value))).await?;
    }
    io.feed(Out::BackendKeyData(BackendKeyData::new(pid, SecretKey::I32(key)))).await?;
    io.send(Out::ReadyForQuery(ReadyForQuery::new(TransactionStatus::Idle))).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_the_start_up_are_read_as_postgresql_reads_them() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        for (text, expected) in [
            ("", vec![]),
            ("-c statement_timeout=5s", vec![pair("statement_timeout", "5s")]),
            ("-cjit=off --statement-timeout=5s", vec![pair("jit", "off"), pair("statement_timeout", "5s")]),
            ("-c application_name=my\\ tool", vec![pair("application_name", "my tool")]),
        ] {
            assert_eq!(options(text).unwrap(), expected, "{text}");
        }
        for text in ["-c", "-d 5", "-c nothing", "statement_timeout=5"] {
            assert!(options(text).unwrap_err().is_fatal, "{text}");
        }
    }

    #[test]
    fn another_database_does_not_exist() {
        let asked = |name: Option<&str>| {
            let mut startup = Startup::default();
            startup.parameters.extend(name.map(|name| ("database".to_owned(), name.to_owned())));
            check_database(&startup).map_err(|refusal| (refusal.code, refusal.is_fatal))
        };
        assert_eq!((asked(None), asked(Some(DATABASE))), (Ok(()), Ok(())));
        for name in ["postgres", "Homeward", "others", ""] {
            assert_eq!(asked(Some(name)), Err((code::NO_DATABASE, true)), "{name}");
        }
    }

    #[test]
    fn a_start_up_sets_no_more_than_set_does() {
        let with = |name: &str, value: &str| {
            let mut startup = Startup::default();
            startup.parameters.insert("user".to_owned(), "analyst".to_owned());
            startup.parameters.insert(name.to_owned(), value.to_owned());
            settings_of(&startup)
        };
        assert_eq!(with("application_name", "psql").unwrap().get("application_name").as_deref(), Some("psql"));
        for (name, value) in [
            ("datafusion.execution.batch_size", "1"),
            ("options", "-c datafusion.execution.batch_size=1"),
            ("options", "-c session_authorization=admin"),
            ("replication", "database"),
            ("client_encoding", "LATIN1"),
        ] {
            assert!(with(name, value).unwrap_err().is_fatal, "{name}");
        }
    }
}
