//! One statement's share of the memory that all statements have together.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};

/// A session's door to the server's pool, with a bound of its own.
#[derive(Debug)]
pub(super) struct SessionPool {
    server: Arc<dyn MemoryPool>,
    reserved: AtomicUsize,
    most: usize,
}

impl SessionPool {
    pub(super) fn new(server: Arc<dyn MemoryPool>, most: usize) -> Self {
        Self { server, reserved: AtomicUsize::new(0), most }
    }
}

impl fmt::Display for SessionPool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "session({} of {} bytes)", self.reserved(), self.most)
    }
}

impl MemoryPool for SessionPool {
    fn name(&self) -> &'static str {
        "session"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.server.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.server.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.reserved.fetch_add(additional, Ordering::Relaxed);
        self.server.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.reserved.fetch_sub(shrink, Ordering::Relaxed);
        self.server.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let fits = |reserved: usize| reserved.checked_add(additional).filter(|sum| *sum <= self.most);
        if self.reserved.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_err() {
            return Err(DataFusionError::ResourcesExhausted(format!("a statement may take {} bytes", self.most)));
        }
        self.server.try_grow(reservation, additional).inspect_err(|_| {
            self.reserved.fetch_sub(additional, Ordering::Relaxed);
        })
    }

    fn reserved(&self) -> usize {
        self.reserved.load(Ordering::Relaxed)
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.most)
    }
}

#[cfg(test)]
mod tests {
    use datafusion::execution::memory_pool::FairSpillPool;

    use super::*;

    #[test]
    fn one_session_cannot_take_it_all_and_gives_back_what_it_took() {
        let server: Arc<dyn MemoryPool> = Arc::new(FairSpillPool::new(100));
        let greedy: Arc<dyn MemoryPool> = Arc::new(SessionPool::new(Arc::clone(&server), 50));
        let modest: Arc<dyn MemoryPool> = Arc::new(SessionPool::new(Arc::clone(&server), 50));
        let first = MemoryConsumer::new("first").register(&greedy);
        assert!(first.try_grow(50).is_ok());
        assert!(first.try_grow(1).is_err(), "more than a session's share");
        let second = MemoryConsumer::new("second").register(&modest);
        assert!(second.try_grow(50).is_ok());
        assert_eq!(server.reserved(), 100);
        drop(first);
        assert_eq!((server.reserved(), greedy.reserved()), (50, 0));
        let third = MemoryConsumer::new("third").register(&greedy);
        assert!(third.try_grow(50).is_ok());
        drop((second, third));
        assert_eq!(server.reserved(), 0);
    }
}
