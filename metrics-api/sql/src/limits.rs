//! Bounds of the SQL outlet.

use std::time::Duration;

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
