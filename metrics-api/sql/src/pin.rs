//! A stand-in until the tables arrive: which snapshot one statement reads.

use std::sync::{Arc, Mutex, PoisonError};

use homeward_transform::release::Policy;
use homeward_transform::snapshot::Snapshot;

use crate::source::Source;

/// How often the figures of a public role change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    /// At every London midnight.
    Day,
}

impl Tick {
    /// The tick of a policy for which none is set.
    #[must_use]
    pub fn of_policy(_: &Policy) -> Option<Self> {
        None
    }
}

/// Holds the picture that one statement, or one transaction, reads.
pub struct Pin {
    source: Source,
    held: Mutex<Option<Arc<Snapshot>>>,
}

impl Pin {
    /// A pin on what is newest now.
    #[must_use]
    pub fn new(source: &Source, _: Option<Tick>) -> Self {
        let pin = Self { source: source.clone(), held: Mutex::new(None) };
        pin.renew();
        pin
    }

    /// Moves on to what is newest now.
    pub fn renew(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = self.source.snapshots.borrow().clone();
    }

    pub(crate) fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
