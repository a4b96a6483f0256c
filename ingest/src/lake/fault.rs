//! A seam to make the lake's writes fail on purpose, so that tests can crash between any two of them.

use std::fmt::Debug;
use std::io;
use std::sync::Mutex;

/// Asked before every write of the lake's store.
pub trait WriteGate: Debug + Send + Sync {
    /// Lets the write of the object at `path` go ahead, or fails it.
    ///
    /// # Errors
    /// The error the writer shall see instead of its write.
    fn before_write(&self, path: &str) -> io::Result<()>;
}

/// The gate of production: every write goes ahead.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenGate;

impl WriteGate for OpenGate {
    fn before_write(&self, _path: &str) -> io::Result<()> {
        Ok(())
    }
}

/// A gate that fails on purpose: from the nth write whose path holds a text, for ever (a crash) or for a number of
/// writes (a full disk that is mended).
#[derive(Debug)]
pub struct FaultPlan {
    path_part: String,
    state: Mutex<FaultState>,
}

#[derive(Debug)]
struct FaultState {
    /// Matching writes until the fault begins; 0 once it has, or when it never does.
    writes_left: usize,
    /// Writes of any path that fail once the fault begins; nothing for all.
    failures: Option<usize>,
    fired: bool,
}

impl FaultPlan {
    /// Dies at the `nth` (from 1) write of a path that holds `path_part`: it and every later write fail. 0 never dies.
    #[must_use]
    pub fn die_at(path_part: &str, nth: usize) -> Self {
        Self::new(path_part, nth, None)
    }

    /// Fails `failures` writes from the `nth` (from 1) write of a path that holds `path_part` on, then recovers.
    #[must_use]
    pub fn outage_at(path_part: &str, nth: usize, failures: usize) -> Self {
        Self::new(path_part, nth, Some(failures))
    }

    fn new(path_part: &str, nth: usize, failures: Option<usize>) -> Self {
        let state = FaultState { writes_left: nth, failures, fired: false };
        Self { path_part: path_part.to_owned(), state: Mutex::new(state) }
    }

    /// Whether the fault has begun.
    #[must_use]
    pub fn has_fired(&self) -> bool {
        self.lock().fired
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, FaultState> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl WriteGate for FaultPlan {
    fn before_write(&self, path: &str) -> io::Result<()> {
        let mut state = self.lock();
        if !state.fired && state.writes_left > 0 && path.contains(&self.path_part) {
            state.writes_left -= 1;
            state.fired = state.writes_left == 0;
        }
        if !state.fired || state.failures == Some(0) {
            return Ok(());
        }
        state.failures = state.failures.map(|left| left - 1);
        Err(io::Error::other("the fault plan fails this write"))
    }
}
