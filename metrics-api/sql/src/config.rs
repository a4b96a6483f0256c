//! Accounts and certificates of the SQL outlet.

use std::net::SocketAddr;
use std::path::PathBuf;

use homeward_transform::release::Policy;

use crate::limits::Limits;
use crate::pin::Tick;
use crate::scram::Verifier;

/// Who may log in, and which figures he sees.
#[derive(Debug, Clone)]
pub struct Account {
    /// Name of the role.
    pub name: String,
    /// What recognises its password.
    pub verifier: Verifier,
    /// Every figure passes this policy on its way to the role.
    pub policy: &'static Policy,
    /// How often its figures change; none where they are live.
    pub tick: Option<Tick>,
}

/// Certificate and key of the server, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and its chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Everything that the outlet needs to know.
#[derive(Debug, Clone)]
pub struct SqlConfig {
    /// Address to listen on.
    pub bind: SocketAddr,
    /// When set, only TLS connections are served.
    pub tls: Option<TlsFiles>,
    /// The roles; never empty.
    pub accounts: Vec<Account>,
    /// The bounds.
    pub limits: Limits,
}
