//! A list of values of which few are looked at: those are held as they are, the others packed.
//!
//! A packed value that is asked for is unpacked and stays so until [`Store::cool`]. One that was only read is then packed
//! still, and dropped.

use std::sync::{Mutex, OnceLock, PoisonError};

use super::pack::{Pack, Shared, pack, unpack};
use super::pages::{Pages, Place};

/// One value: unpacked, packed, or both while they are equal.
struct Slot<T> {
    open: OnceLock<Box<T>>,
    packed: Place,
}

/// A list of values.
pub struct Store<T> {
    slots: Vec<Slot<T>>,
    pages: Pages,
    /// Values that are unpacked, in the order in which they were.
    opened: Mutex<Vec<u32>>,
    open_max: usize,
}

impl<T: Pack> Store<T> {
    /// An empty list that leaves so many values unpacked.
    #[must_use]
    pub fn new(open_max: usize, pages: Pages) -> Self {
        Self { slots: Vec::new(), pages, opened: Mutex::default(), open_max }
    }

    /// Adds a value and says where it stands.
    pub fn push(&mut self, value: T) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "four thousand million values have no room")]
        let index = self.slots.len() as u32;
        self.slots.push(Slot { open: OnceLock::from(Box::new(value)), packed: Place::default() });
        self.note(index);
        index
    }

    /// How many values there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.slots.len()
    }

    /// The value at an index.
    #[must_use]
    pub fn get(&self, index: u32, shared: &Shared) -> &T {
        let slot = &self.slots[index as usize];
        slot.open.get_or_init(|| {
            self.note(index);
            self.unpacked(slot.packed, shared)
        })
    }

    /// The value at an index, to be changed.
    pub fn get_mut(&mut self, index: u32, shared: &Shared) -> &mut T {
        let packed = std::mem::take(&mut self.slots[index as usize].packed);
        if self.slots[index as usize].open.get().is_none() {
            self.note(index);
            let value = self.unpacked(packed, shared);
            self.slots[index as usize].open = OnceLock::from(value);
        }
        self.pages.free(packed);
        let open = self.slots[index as usize].open.get_mut();
        open.unwrap_or_else(|| unreachable!("it was opened"))
    }

    /// Packs the values that were unpacked first, so that half as many as may be unpacked still are. Does nothing while
    /// they are fewer.
    pub fn cool(&mut self, shared: &mut Shared) {
        let opened = self.opened.get_mut().unwrap_or_else(PoisonError::into_inner);
        if opened.len() <= self.open_max {
            return;
        }
        let kept = opened.split_off(opened.len() - self.open_max / 2);
        let mut large = Vec::new();
        let mut bytes = Vec::new();
        for index in std::mem::replace(opened, kept) {
            let slot = &mut self.slots[index as usize];
            if !slot.packed.is_held() {
                let Some(value) = slot.open.get() else { continue };
                bytes.clear();
                pack(&**value, shared, &mut bytes);
                match self.pages.put(&bytes) {
                    Some(place) => slot.packed = place,
                    None => {
                        large.push(index);
                        continue;
                    }
                }
            }
            slot.open = OnceLock::new();
        }
        // What has no room packed stays as it is; it is looked at again when the list is full again.
        opened.append(&mut large);
    }

    fn unpacked(&self, place: Place, shared: &Shared) -> Box<T> {
        let mut buffer = Vec::new();
        Box::new(unpack(self.pages.get(place, &mut buffer), shared))
    }

    fn note(&self, index: u32) {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).push(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However few values stay unpacked, each is what it was made.
        #[test]
        fn values_are_what_they_were_made(
            steps in prop::collection::vec((0_usize..40, any::<i64>(), any::<bool>()), 1..300),
            open_max in 0_usize..8,
        ) {
            let mut shared = Shared::default();
            let mut store: Store<Vec<i64>> = Store::new(open_max, Pages::default());
            let mut model: Vec<Vec<i64>> = Vec::new();
            for (which, number, changes) in steps {
                if which >= model.len() {
                    store.push(vec![number]);
                    model.push(vec![number]);
                } else if changes {
                    store.get_mut(which as u32, &shared).push(number);
                    model[which].push(number);
                }
                store.cool(&mut shared);
                let which = which.min(model.len() - 1);
                prop_assert_eq!(store.get(which as u32, &shared), &model[which]);
            }
            let all: Vec<Vec<i64>> = (0..model.len()).map(|index| store.get(index as u32, &shared).clone()).collect();
            prop_assert_eq!(all, model);
        }
    }

    #[test]
    fn what_was_only_read_is_not_written_again() {
        let mut shared = Shared::default();
        let mut store: Store<Vec<i64>> = Store::new(0, Pages::default());
        store.push(vec![1; 10]);
        store.cool(&mut shared);
        let place = store.slots[0].packed;
        assert!(place.is_held() && store.slots[0].open.get().is_none());
        assert_eq!(store.get(0, &shared).len(), 10);
        store.cool(&mut shared);
        assert!(store.slots[0].packed == place && store.slots[0].open.get().is_none());
        store.get_mut(0, &shared).push(2);
        assert!(!store.slots[0].packed.is_held());
        store.cool(&mut shared);
        assert_eq!(store.get(0, &shared).len(), 11);
    }

    /// A value too long for a page stays as it is.
    #[test]
    fn long_values_stay_unpacked() {
        let mut shared = Shared::default();
        let mut store: Store<Vec<i64>> = Store::new(0, Pages::default());
        store.push(vec![i64::MAX; 100_000]);
        store.push(vec![7]);
        for _ in 0..3 {
            store.cool(&mut shared);
            assert!(store.slots[0].open.get().is_some() && store.slots[1].open.get().is_none());
        }
        assert_eq!(store.get(0, &shared).len(), 100_000);
    }
}
