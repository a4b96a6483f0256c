//! One line a statement for whoever must know who asked what. Never a literal, a parameter or a row.

use std::time::Instant;

use super::connection::End;

/// A statement from its first message on.
pub(super) struct Audit<'a> {
    pub(super) role: &'a str,
    pub(super) pid: i32,
    /// The same for statements that differ only in their literals.
    pub(super) fingerprint: &'a str,
    pub(super) started: Instant,
}

impl Audit<'_> {
    /// Writes the line.
    pub(super) fn close(&self, rows: usize, outcome: Result<(), &End>) {
        let outcome = match outcome {
            Ok(()) => "done",
            Err(End::Refused(refusal)) => refusal.code,
            Err(End::Gone) => "client gone",
        };
        tracing::info!(
            target: "homeward_sql::audit",
            role = self.role,
            pid = self.pid,
            statement = self.fingerprint,
            rows,
            milliseconds = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            outcome,
            "statement"
        );
    }
}
