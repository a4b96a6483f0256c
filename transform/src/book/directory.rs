//! Values by provider and name, and by the number that each got when it came.

use hashbrown::HashTable;

use super::pack::{Pack, Shared};
use super::pages::Pages;
use super::store::Store;

/// A value that has a name inside a provider.
pub trait Named {
    /// The provider, after succession.
    fn provider(&self) -> &str;
    /// The name.
    fn name(&self) -> &str;
}

/// All values. The names stand with the values alone: here are their hashes.
pub struct Directory<T> {
    store: Store<T>,
    numbers: HashTable<(u32, u32)>,
    hasher: ahash::RandomState,
}

impl<T: Pack + Named> Directory<T> {
    /// An empty directory that leaves so many values unpacked.
    #[must_use]
    pub fn new(open_max: usize, pages: Pages) -> Self {
        Self { store: Store::new(open_max, pages), numbers: HashTable::new(), hasher: ahash::RandomState::new() }
    }

    /// The number of a value.
    #[must_use]
    pub fn find(&self, provider: &str, name: &str, shared: &Shared) -> Option<u32> {
        let hash = self.hash(provider, name);
        let is_it = |&(held, number): &(u32, u32)| {
            held == hash && {
                let value = self.store.get(number, shared);
                value.name() == name && value.provider() == provider
            }
        };
        self.numbers.find(spread(hash), is_it).map(|(_, number)| *number)
    }

    /// Adds a value that [`Directory::find`] does not find.
    pub fn add(&mut self, value: T) -> u32 {
        let hash = self.hash(value.provider(), value.name());
        let number = self.store.push(value);
        self.numbers.insert_unique(spread(hash), (hash, number), |(hash, _)| spread(*hash));
        number
    }

    /// The value of a number.
    #[must_use]
    pub fn get(&self, number: u32, shared: &Shared) -> &T {
        self.store.get(number, shared)
    }

    /// The value of a number, to be changed.
    pub fn get_mut(&mut self, number: u32, shared: &Shared) -> &mut T {
        self.store.get_mut(number, shared)
    }

    /// Packs what has not been asked for of late; see [`Store::cool`].
    pub fn cool(&mut self, shared: &mut Shared) {
        self.store.cool(shared);
    }

    /// How many values there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.store.count()
    }

    fn hash(&self, provider: &str, name: &str) -> u32 {
        let [_, _, _, _, high @ ..] = self.hasher.hash_one((provider, name)).to_le_bytes();
        u32::from_le_bytes(high)
    }
}

/// Half a hash over the bits that a table looks at.
const fn spread(hash: u32) -> u64 {
    (hash as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
