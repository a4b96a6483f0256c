//! The outlet's own threads: one that talks to clients, and a few of lowered priority that compute.
//!
//! A greedy client can keep `threads` of them busy and nothing else. At niceness 10 each weighs about a tenth of one
//! of ingest's or the scrape's threads (Linux's scheduler gives it 110 parts where they have 1,024), so that a core
//! that both want gives SQL about a tenth of its time, and a core that nobody wants gives it all.

use std::io;

use thread_priority::{ThreadPriority, ThreadPriorityValue};
use tokio::runtime::{Builder, Handle, Runtime};

/// Stack of each thread: statements of `guard::text`'s size are planned and dropped by recursion. It is address space,
/// not memory, until it is used.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Threads for spilling to disk, each runtime.
const BLOCKING_THREADS_MAX: usize = 2;

/// `ThreadPriority` from 0 to 99 is spread over niceness 19 to -20; this is niceness 10.
const COMPUTING_PRIORITY: u8 = 22;

/// Both kinds of threads. Dropping it ends them without waiting: whatever still computes has been told to stop.
#[derive(Debug)]
pub(crate) struct Threads {
    talking: Option<Runtime>,
    computing: Option<Runtime>,
}

impl Threads {
    pub(crate) fn start(computing: usize) -> io::Result<Self> {
        let talking = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(BLOCKING_THREADS_MAX)
            .thread_name("sql-talk")
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()?;
        let computing = Builder::new_multi_thread()
            .worker_threads(computing.max(1))
            .max_blocking_threads(BLOCKING_THREADS_MAX)
            .thread_name("sql-compute")
            .thread_stack_size(STACK_BYTES)
            .on_thread_start(step_back)
            .enable_all()
            .build()?;
        Ok(Self { talking: Some(talking), computing: Some(computing) })
    }

    /// Where connections are served; none once the threads have ended.
    pub(crate) fn talking(&self) -> Option<&Handle> {
        self.talking.as_ref().map(Runtime::handle)
    }

    /// Where statements are planned and run.
    pub(crate) fn computing(&self) -> Option<&Handle> {
        self.computing.as_ref().map(Runtime::handle)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        for runtime in [self.talking.take(), self.computing.take()].into_iter().flatten() {
            runtime.shutdown_background();
        }
    }
}

/// Lowers the priority of the thread at hand.
fn step_back() {
    let Ok(value) = ThreadPriorityValue::try_from(COMPUTING_PRIORITY) else { return };
    if let Err(error) = thread_priority::set_current_thread_priority(ThreadPriority::Crossplatform(value)) {
        tracing::warn!(?error, "the priority of a computing thread could not be lowered; SQL competes as an equal");
    }
}
