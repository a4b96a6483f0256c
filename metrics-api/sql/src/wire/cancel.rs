//! Who may cancel what: process numbers and their secret keys.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::engine::interrupt::{Interrupt, Reason};

/// The connections of a server by process number.
#[derive(Debug, Default)]
pub(super) struct Registry {
    next: AtomicI32,
    slots: Mutex<HashMap<i32, (i32, Arc<Slot>)>>,
}

/// What a connection is working on.
#[derive(Debug, Default)]
pub(super) struct Slot {
    current: Mutex<Weak<Interrupt>>,
}

impl Slot {
    /// This statement is the one that a cancel request ends.
    pub(super) fn watch(&self, interrupt: &Arc<Interrupt>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(interrupt);
    }

    /// Nothing runs from here on: a cancel request that comes late ends nothing, neither the next statement nor a portal
    /// that waits with rows left.
    pub(super) fn rest(&self) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Weak::new();
    }

    fn fire(&self, reason: Reason) {
        if let Some(interrupt) = self.current.lock().unwrap_or_else(PoisonError::into_inner).upgrade() {
            interrupt.fire(reason);
        }
    }
}

/// A connection's entry; it leaves the registry when dropped.
#[derive(Debug)]
pub(super) struct Entry {
    registry: Arc<Registry>,
    pub(super) pid: i32,
    pub(super) key: i32,
    pub(super) slot: Arc<Slot>,
}

impl Registry {
    /// Enters a connection.
    pub(super) fn enter(self: &Arc<Self>) -> Entry {
        let pid = 1 + (self.next.fetch_add(1, Ordering::Relaxed) & 0x3fff_ffff);
        let (key, slot) = (rand::random(), Arc::new(Slot::default()));
        self.lock().insert(pid, (key, Arc::clone(&slot)));
        Entry { registry: Arc::clone(self), pid, key, slot }
    }

    /// Cancels what the connection of that number and key works on. A wrong key does nothing, and says nothing.
    pub(super) fn cancel(&self, pid: i32, key: i32) {
        let slot = self.lock().get(&pid).filter(|(known, _)| *known == key).map(|(_, slot)| Arc::clone(slot));
        if let Some(slot) = slot {
            slot.fire(Reason::Cancelled);
        }
    }

    /// Ends every statement.
    pub(super) fn shut_down(&self) {
        for (_, slot) in self.lock().values() {
            slot.fire(Reason::Shutdown);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<i32, (i32, Arc<Slot>)>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.registry.lock().remove(&self.pid);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_the_right_key_cancels_and_only_what_runs() {
        let registry = Arc::new(Registry::default());
        let (mine, theirs) = (registry.enter(), registry.enter());
        assert_ne!(mine.pid, theirs.pid);
        let interrupt = Arc::new(Interrupt::after(Duration::from_secs(60)));
        mine.slot.watch(&interrupt);
        registry.cancel(mine.pid, mine.key.wrapping_add(1));
        registry.cancel(theirs.pid, theirs.key);
        assert_eq!(interrupt.reason(), None);
        registry.cancel(mine.pid, mine.key);
        assert_eq!(interrupt.reason(), Some(Reason::Cancelled));
        let suspended = Arc::new(Interrupt::after(Duration::from_secs(60)));
        mine.slot.watch(&suspended);
        mine.slot.rest();
        registry.cancel(mine.pid, mine.key);
        assert_eq!(suspended.reason(), None, "a late cancel ends nothing");
        let pid = mine.pid;
        drop(mine);
        assert!(!registry.lock().contains_key(&pid), "a closed connection leaves nothing behind");
    }
}
