//! The demonstration's SQL outlet: one role that sees exact figures, as nobody in them exists.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use homeward_sql::{Account, Limits, SqlConfig};
use homeward_transform::release::Policy;

use crate::cli::{CliError, DemoArguments};
use crate::config::verifier_of_password;

/// Name of the role.
const ROLE: &str = "demo";

/// Its release policy.
const RELEASE: &str = "internal-live";

/// The password of the role: from a file, or new and known to nobody but the reader of the screen.
pub(super) fn password(file: Option<&Path>) -> Result<String, CliError> {
    let Some(file) = file else { return Ok(uuid::Uuid::new_v4().simple().to_string()) };
    let text = std::fs::read_to_string(file).map_err(|error| {
        CliError::argument(format!("{} cannot be read: {error}", file.display()), "name a file with one line")
    })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// The outlet beside the page, unless another address is asked for.
pub(super) fn config(arguments: &DemoArguments, password: &str) -> Result<SqlConfig, CliError> {
    // A page that others may open is no reason to show them an outlet without encryption.
    let beside = |page: SocketAddr| {
        let port = if page.port() == 0 { 0 } else { page.port().saturating_add(1) };
        SocketAddr::new(if page.ip().is_loopback() { page.ip() } else { Ipv4Addr::LOCALHOST.into() }, port)
    };
    let bind = arguments.sql_bind.unwrap_or_else(|| beside(arguments.bind));
    if !bind.ip().is_loopback() {
        return Err(CliError::argument(
            format!("{bind} can be reached by others, and the demonstration's SQL is not encrypted"),
            "write --sql-bind 127.0.0.1:8641, or use 'homeward run' with [sql] tls_certificate_file",
        ));
    }
    let verifier = verifier_of_password(password)
        .map_err(|error| CliError::argument(error.to_string(), "see --sql-password-file"))?;
    let account = Account { name: ROLE.to_owned(), verifier, policy: Policy::by_name(RELEASE)?, tick: None };
    Ok(SqlConfig { bind, tls: None, accounts: vec![account], limits: Limits::default() })
}

/// What psql takes.
pub(super) fn url(address: SocketAddr, password: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let encode = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let password: String = password.bytes().map(encode).collect();
    format!("postgresql://{ROLE}:{password}@{address}/homeward")
}
