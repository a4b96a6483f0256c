//! Renderings, made once a snapshot, policy and address, however many boards are open.
//!
//! Bounds: renderings of one snapshot only; at most [`PAGES_MAX`] of them and [`BYTES_MAX`] bytes. What does not fit is
//! rendered for its reader and not kept.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use homeward_transform::definition::Catalogue;
use homeward_transform::release::Policy;
use homeward_transform::snapshot::Snapshot;
use tokio::sync::OnceCell;

use super::super::problem::Problem;
use crate::reading::{DayReading, Reading};

/// Most renderings that are kept.
const PAGES_MAX: usize = 512;

/// Most bytes of renderings that are kept.
const BYTES_MAX: usize = 32 * 1024 * 1024;

/// One snapshot through one policy, as every rendering of it reads it.
pub(super) struct Taken {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) policy: &'static Policy,
    pub(super) reading: Reading,
    pub(super) days: DayReading,
}

/// What tells renderings of one snapshot apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// Path of the page.
    pub(super) path: String,
    pub(super) kiosk: bool,
    pub(super) stale: bool,
}

type Rendering = Arc<OnceCell<Arc<str>>>;

/// The renderings of the newest snapshot that was asked for.
#[derive(Default)]
pub(in crate::http) struct Pages {
    shelf: Mutex<Option<Arc<Shelf>>>,
    /// Readings taken so far: tests see that a thousand boards share one.
    readings: AtomicUsize,
}

struct Shelf {
    snapshot: Arc<Snapshot>,
    policy: &'static Policy,
    taken: OnceCell<Arc<Taken>>,
    pages: Mutex<HashMap<Key, Rendering>>,
    bytes: AtomicUsize,
}

impl Pages {
    /// The reading of a snapshot, taken by the first who asks; the others wait for it.
    pub(super) async fn taken(
        &self,
        snapshot: &Arc<Snapshot>,
        policy: &'static Policy,
        catalogue: &Arc<Catalogue>,
    ) -> Result<Arc<Taken>, Problem> {
        let shelf = self.shelf(snapshot, policy);
        self.taken_of(&shelf, catalogue).await
    }

    /// The rendering under `key`, made by `render` for the first who asks.
    pub(super) async fn page<F>(&self, taken: &Arc<Taken>, key: Key, render: F) -> Result<Arc<str>, Problem>
    where
        F: FnOnce(&Taken) -> String + Send + 'static,
    {
        let shelf = self.shelf(&taken.snapshot, taken.policy);
        let cell = shelf.cell(&key);
        let made = cell.get_or_try_init(|| async {
            let taken = Arc::clone(taken);
            let page: Arc<str> = blocking(move || Arc::from(render(&taken))).await?;
            let bytes = shelf.bytes.fetch_add(page.len(), Ordering::Relaxed) + page.len();
            if bytes > BYTES_MAX {
                shelf.pages.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
                shelf.bytes.fetch_sub(page.len(), Ordering::Relaxed);
            }
            Ok::<_, Problem>(page)
        });
        made.await.cloned()
    }

    /// Readings taken since the start.
    #[cfg(test)]
    pub(in crate::http) fn readings(&self) -> usize {
        self.readings.load(Ordering::Relaxed)
    }

    async fn taken_of(&self, shelf: &Arc<Shelf>, catalogue: &Arc<Catalogue>) -> Result<Arc<Taken>, Problem> {
        let take = || async {
            self.readings.fetch_add(1, Ordering::Relaxed);
            let (snapshot, policy, catalogue) = (Arc::clone(&shelf.snapshot), shelf.policy, Arc::clone(catalogue));
            blocking(move || {
                let reading = Reading::take(&snapshot, &catalogue, policy);
                let days = DayReading::take(&snapshot, &catalogue, policy);
                Arc::new(Taken { snapshot, policy, reading, days })
            })
            .await
        };
        shelf.taken.get_or_try_init(take).await.cloned()
    }

    /// The shelf of this snapshot; the one of an earlier snapshot is dropped, with all it holds.
    fn shelf(&self, snapshot: &Arc<Snapshot>, policy: &'static Policy) -> Arc<Shelf> {
        let mut held = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shelf) = held.as_ref()
            && Arc::ptr_eq(&shelf.snapshot, snapshot)
            && shelf.policy == policy
        {
            return Arc::clone(shelf);
        }
        let shelf = Arc::new(Shelf {
            snapshot: Arc::clone(snapshot),
            policy,
            taken: OnceCell::new(),
            pages: Mutex::default(),
            bytes: AtomicUsize::new(0),
        });
        // A reader that began before the last snapshot came gets a shelf of its own, and the newest one stays.
        if held.as_ref().is_none_or(|newest| newest.snapshot.sequence() <= snapshot.sequence()) {
            *held = Some(Arc::clone(&shelf));
        }
        shelf
    }
}

impl Shelf {
    fn cell(&self, key: &Key) -> Rendering {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = pages.get(key) {
            return Arc::clone(cell);
        }
        let cell = Rendering::default();
        if pages.len() < PAGES_MAX {
            pages.insert(key.clone(), Arc::clone(&cell));
        }
        cell
    }
}

/// Work of many milliseconds, away from the threads that answer requests.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(error.to_string()))
}
