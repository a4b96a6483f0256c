//! What ends a statement before its last row, and how everything that works for it learns of it.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use datafusion::error::DataFusionError;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::refusal::{Refusal, code};

/// Why a statement ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Reason {
    /// Its time is up.
    #[error("statement timeout")]
    Timeout,
    /// The client asked for it.
    #[error("cancelled by the client")]
    Cancelled,
    /// The client went away.
    #[error("the client went away")]
    Gone,
    /// The server stops.
    #[error("the server stops")]
    Shutdown,
}

impl Reason {
    const ALL: [Self; 4] = [Self::Timeout, Self::Cancelled, Self::Gone, Self::Shutdown];

    /// What the client is told.
    pub(crate) fn refusal(self) -> Refusal {
        match self {
            Self::Timeout => Refusal::new(
                code::CANCELLED,
                "canceling statement due to statement timeout",
                "ask for fewer areas or a shorter period, or aggregate; SHOW statement_timeout tells the time",
            ),
            Self::Cancelled | Self::Gone => {
                Refusal::new(code::CANCELLED, "canceling statement due to user request", "")
            }
            Self::Shutdown => {
                Refusal::fatal(code::SHUTDOWN, "terminating connection: the server stops", "connect again in a moment")
            }
        }
    }
}

/// One statement's end, shared by the connection and by every stream that computes for it.
#[derive(Debug)]
pub(crate) struct Interrupt {
    fired: CancellationToken,
    reason: AtomicU8,
    deadline: Instant,
}

impl Interrupt {
    pub(crate) fn after(time: Duration) -> Self {
        Self { fired: CancellationToken::new(), reason: AtomicU8::new(0), deadline: Instant::now() + time }
    }

    pub(crate) const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Ends the statement. The first reason stays.
    pub(crate) fn fire(&self, reason: Reason) {
        let index = Reason::ALL.iter().position(|other| *other == reason).unwrap_or_default();
        // Four reasons fit a byte.
        let number = u8::try_from(index + 1).unwrap_or(1);
        let _ = self.reason.compare_exchange(0, number, Ordering::AcqRel, Ordering::Acquire);
        self.fired.cancel();
    }

    /// Why the statement ended, if it did. Reads the clock: a statement past its time has ended.
    pub(crate) fn reason(&self) -> Option<Reason> {
        if !self.fired.is_cancelled() && Instant::now() >= self.deadline {
            self.fire(Reason::Timeout);
        }
        let number = self.reason.load(Ordering::Acquire);
        Reason::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// Fails when the statement has ended: for code that computes.
    pub(crate) fn check(&self) -> Result<(), DataFusionError> {
        self.reason().map_or(Ok(()), |reason| Err(DataFusionError::External(Box::new(reason))))
    }

    /// Waits for the end: for code that waits.
    pub(crate) async fn wait(&self) -> Reason {
        tokio::select! {
            () = self.fired.cancelled() => {}
            () = tokio::time::sleep_until(self.deadline) => self.fire(Reason::Timeout),
        }
        self.reason().unwrap_or(Reason::Cancelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over() -> Interrupt {
        Interrupt::after(Duration::ZERO)
    }

    fn running() -> Interrupt {
        Interrupt::after(Duration::from_secs(3_600))
    }

    #[tokio::test]
    async fn the_deadline_ends_it_and_says_so() {
        assert_eq!(over().wait().await, Reason::Timeout);
        assert_eq!(over().wait().await.refusal().code, code::CANCELLED);
        assert!(running().check().is_ok());
    }

    #[test]
    fn code_that_computes_sees_the_deadline_without_anybody_waiting() {
        let interrupt = over();
        assert_eq!(interrupt.reason(), Some(Reason::Timeout));
        assert!(interrupt.check().is_err());
    }

    #[tokio::test]
    async fn the_first_reason_stays() {
        let interrupt = running();
        interrupt.fire(Reason::Cancelled);
        interrupt.fire(Reason::Shutdown);
        assert_eq!(interrupt.wait().await, Reason::Cancelled);
    }
}
