//! Accounts, certificates and limits of the SQL outlet.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use homeward_transform::release::Policy;

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

/// Bounds of the outlet. Past each the server refuses with a message that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Most connections at once, those still logging in included.
    pub connections_max: usize,
    /// Longest life of a statement from its first message to its last row. Clients may ask for less, never for more.
    pub statement_timeout: Duration,
    /// Memory of all running statements together; one statement may take half of it.
    pub memory_bytes: usize,
    /// Disk that sorts and aggregations may spill to, all statements together; 0 forbids spilling.
    pub spill_bytes: u64,
    /// Most rows of one result.
    pub rows_max: usize,
    /// Threads that compute, at lowered priority.
    pub threads: usize,
}

impl Limits {
    /// Statements that run at once; the others wait their turn within their own time.
    #[must_use]
    pub fn running_max(&self) -> usize {
        self.threads.saturating_mul(4).max(4)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 100,
            statement_timeout: Duration::from_secs(30),
            memory_bytes: 256 * 1024 * 1024,
            spill_bytes: 1024 * 1024 * 1024,
            rows_max: 1_000_000,
            threads: 1,
        }
    }
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
