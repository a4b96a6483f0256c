//! A book that holds next to nothing in memory: what it says must not depend on that.

#![expect(clippy::expect_used, reason = "a test says why it fails by panicking")]
use std::sync::Mutex;

use homeward_transform::book::limits::Limits;
use homeward_transform::book::pages::Spill;

/// Three referrals and three people are held unpacked, every packed one is spilled, and views hold the rows of some
/// hundred.
pub(crate) const NARROW: Limits = Limits { open_max: 3, packed_bytes_max: 0, together_max: 100 };

/// A file in memory.
#[derive(Default)]
pub(crate) struct InMemory(Mutex<Vec<u8>>);

impl InMemory {
    /// For referrals and for people.
    pub(crate) fn both() -> [Box<dyn Spill>; 2] {
        [Box::<Self>::default(), Box::<Self>::default()]
    }
}

impl Spill for InMemory {
    fn write(&self, place_bytes: u64, bytes: &[u8]) {
        let first = usize::try_from(place_bytes).expect("fits in memory");
        let mut file = self.0.lock().expect("no test failed with it");
        if file.len() < first + bytes.len() {
            file.resize(first + bytes.len(), 0);
        }
        file[first..first + bytes.len()].copy_from_slice(bytes);
    }

    fn read(&self, place_bytes: u64, into: &mut [u8]) {
        let first = usize::try_from(place_bytes).expect("fits in memory");
        let file = self.0.lock().expect("no test failed with it");
        into.copy_from_slice(&file[first..first + into.len()]);
    }
}
