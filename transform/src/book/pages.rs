//! Room for many packed records of unlike lengths: in memory up to a limit, and beyond it in a [`Spill`].
//!
//! Room that a record gave up is given to the next of about its length, so that what is held never grows beyond what was
//! held at once, and nothing is ever moved.

use std::collections::BTreeMap;

/// Storage beyond memory.
pub trait Spill: Send + Sync {
    /// Puts bytes at a place, whatever was there.
    fn write(&self, place_bytes: u64, bytes: &[u8]);
    /// Reads what was put at a place.
    fn read(&self, place_bytes: u64, into: &mut [u8]);
}

/// Records begin at multiples of this.
const BLOCK_BYTES: usize = 64;

/// A record lies in one page.
const PAGE_BLOCKS: usize = 1 << 14;

/// The longest record that is taken.
pub const RECORD_BYTES_MAX: usize = PAGE_BLOCKS * BLOCK_BYTES / 16;

/// Where a record lies. Of no bytes, there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    block: u32,
    bytes: u32,
}

impl Place {
    /// True when there is a record.
    #[must_use]
    pub const fn is_held(self) -> bool {
        self.bytes > 0
    }
}

/// The records.
#[derive(Default)]
pub struct Pages {
    pages: Vec<Box<[u8]>>,
    /// Pages held in memory at most; the others are in `spill`.
    pages_max: usize,
    spill: Option<Box<dyn Spill>>,
    /// The first block that was never used.
    next: u32,
    /// Rooms that were given up, by their blocks.
    free: BTreeMap<u32, Vec<u32>>,
}

impl Pages {
    /// Records beyond so many bytes go to `spill`.
    #[must_use]
    pub fn spilling(memory_bytes_max: usize, spill: Box<dyn Spill>) -> Self {
        let pages_max = memory_bytes_max / (PAGE_BLOCKS * BLOCK_BYTES);
        Self { pages_max, spill: Some(spill), ..Self::default() }
    }

    /// Takes a record of 1 to [`RECORD_BYTES_MAX`] bytes; `None` for another, and when there is no block left.
    pub fn put(&mut self, record: &[u8]) -> Option<Place> {
        if record.is_empty() || record.len() > RECORD_BYTES_MAX {
            return None;
        }
        let block = self.room(blocks(record.len()))?;
        let (page, first) = split(block);
        match (self.pages.get_mut(page), &self.spill) {
            (Some(page), _) => page[first..first + record.len()].copy_from_slice(record),
            (None, Some(spill)) => spill.write(u64::from(block) * BLOCK_BYTES as u64, record),
            (None, None) => return None,
        }
        Some(Place { block, bytes: u32::try_from(record.len()).ok()? })
    }

    /// The record at a place; `buffer` serves to hold one that is not in memory.
    pub fn get<'a>(&'a self, place: Place, buffer: &'a mut Vec<u8>) -> &'a [u8] {
        let (page, first) = split(place.block);
        let bytes = place.bytes as usize;
        if let Some(page) = self.pages.get(page) {
            return &page[first..first + bytes];
        }
        buffer.resize(bytes, 0);
        if let Some(spill) = &self.spill {
            spill.read(u64::from(place.block) * BLOCK_BYTES as u64, buffer);
        }
        buffer
    }

    /// Gives the room of a record up.
    pub fn free(&mut self, place: Place) {
        if place.is_held() {
            self.free.entry(blocks(place.bytes as usize)).or_default().push(place.block);
        }
    }

    /// The first block of a room.
    fn room(&mut self, blocks: u32) -> Option<u32> {
        // Of rooms given up, one of just this size: a record that grows leaves its room to a smaller one.
        if let Some(block) = self.free.get_mut(&blocks).and_then(Vec::pop) {
            return Some(block);
        }
        let left = PAGE_BLOCKS as u32 - self.next % PAGE_BLOCKS as u32;
        if left < blocks {
            self.leave(left);
        }
        let block = self.next;
        self.next = block.checked_add(blocks)?;
        let in_memory = self.spill.is_none() || self.pages.len() < self.pages_max;
        if split(block).0 == self.pages.len() && in_memory {
            self.pages.push(vec![0; PAGE_BLOCKS * BLOCK_BYTES].into_boxed_slice());
        }
        Some(block)
    }

    /// Leaves the end of a page to records that fit.
    fn leave(&mut self, mut left: u32) {
        while left > 0 {
            let part = (1..=left).rev().find(|part| rounded(*part) == *part).unwrap_or(left);
            self.free.entry(part).or_default().push(self.next);
            self.next += part;
            left -= part;
        }
    }
}

/// Blocks of the room of a record.
fn blocks(bytes: usize) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "a record lies in one page")]
    let blocks = bytes.div_ceil(BLOCK_BYTES) as u32;
    rounded(blocks)
}

/// Sizes an eighth apart, so that there are few and a room fits many records.
fn rounded(blocks: u32) -> u32 {
    if blocks <= 16 {
        return blocks;
    }
    let step = (blocks.next_power_of_two() / 16).max(1);
    blocks.next_multiple_of(step)
}

/// The page of a block, and where it begins there, in bytes.
const fn split(block: u32) -> (usize, usize) {
    (block as usize / PAGE_BLOCKS, block as usize % PAGE_BLOCKS * BLOCK_BYTES)
}

#[cfg(test)]
#[path = "pages_tests.rs"]
mod tests;
