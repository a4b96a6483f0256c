//! A bounded memory of the newest commits, so that a follower in the same process need not read files back.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;

/// Most bytes that recent commits may hold in memory.
pub const RECENT_BYTES_MAX: usize = 64 * 1024 * 1024;

type Key = (String, u64);

/// The newest commits, by table and version; the oldest leave first once the bytes exceed the bound.
#[derive(Debug)]
pub(super) struct RecentCommits {
    bytes_max: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    bytes: usize,
    order: VecDeque<(Key, usize)>,
    batches: HashMap<Key, Arc<[RecordBatch]>>,
}

impl RecentCommits {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, held: Mutex::default() }
    }

    pub(super) fn put(&self, table: &str, version: u64, batches: &[RecordBatch]) {
        let bytes = batches.iter().map(RecordBatch::get_array_memory_size).sum();
        if bytes > self.bytes_max {
            return;
        }
        let key = (table.to_owned(), version);
        let mut held = self.lock();
        if held.batches.insert(key.clone(), batches.into()).is_none() {
            held.bytes += bytes;
            held.order.push_back((key, bytes));
        }
        while held.bytes > self.bytes_max {
            let Some((oldest, bytes)) = held.order.pop_front() else { break };
            held.batches.remove(&oldest);
            held.bytes -= bytes;
        }
    }

    pub(super) fn get(&self, table: &str, version: u64) -> Option<Arc<[RecordBatch]>> {
        self.lock().batches.get(&(table.to_owned(), version)).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Int64Array;

    fn batch(rows: i64) -> RecordBatch {
        let column = Arc::new(Int64Array::from_iter_values(0..rows));
        RecordBatch::try_from_iter([("n", column as _)]).unwrap()
    }

    #[test]
    fn the_oldest_commits_leave_first() {
        let one = batch(100).get_array_memory_size();
        let recent = RecentCommits::new(2 * one);
        for version in 0..3 {
            recent.put("t", version, &[batch(100)]);
        }
        assert!(recent.get("t", 0).is_none());
        assert!(recent.get("t", 1).is_some() && recent.get("t", 2).is_some());
        recent.put("t", 3, &[batch(10_000)]);
        assert!(recent.get("t", 3).is_none() && recent.get("t", 2).is_some());
        assert_eq!(recent.lock().bytes, 2 * one);
    }
}
