use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::*;

/// Two pages, and no more.
#[derive(Clone)]
struct Disk(Arc<Mutex<Vec<u8>>>);

impl Spill for Disk {
    fn write(&self, place_bytes: u64, bytes: &[u8]) {
        let first = place_bytes as usize;
        self.0.lock().unwrap()[first..first + bytes.len()].copy_from_slice(bytes);
    }

    fn read(&self, place_bytes: u64, into: &mut [u8]) {
        let first = place_bytes as usize;
        into.copy_from_slice(&self.0.lock().unwrap()[first..first + into.len()]);
    }
}

proptest! {
    /// Records of any length, put and given up in any order, come back as they were: in memory, on disk and astride.
    #[test]
    fn records_come_back_whatever_was_given_up(
        steps in prop::collection::vec((0_usize..20, prop_oneof![1_usize..2_000, 1_usize..=RECORD_BYTES_MAX], any::<u8>()), 1..40),
        pages_in_memory in 0_usize..3,
    ) {
        let disk = Disk(Arc::new(Mutex::new(vec![0; 64 << 20])));
        let mut pages = Pages::spilling(pages_in_memory * PAGE_BLOCKS * BLOCK_BYTES, Box::new(disk));
        let mut held: Vec<(Place, Vec<u8>)> = Vec::new();
        for (which, length, fill) in steps {
            if which < held.len() {
                pages.free(held.swap_remove(which).0);
            } else {
                let record = vec![fill; length];
                held.push((pages.put(&record).unwrap(), record));
            }
            for (place, record) in &held {
                let mut buffer = Vec::new();
                prop_assert_eq!(pages.get(*place, &mut buffer), record.as_slice());
            }
        }
    }
}

#[test]
fn room_that_was_given_up_is_used_again() {
    let mut pages = Pages::default();
    let record = vec![1; 300];
    for _ in 0..1_000 {
        let places: Vec<Place> = (0..100).map(|_| pages.put(&record).unwrap()).collect();
        places.into_iter().for_each(|place| pages.free(place));
    }
    assert_eq!((pages.pages.len(), pages.next), (1, 500));
}

#[test]
fn what_fits_no_page_is_not_taken() {
    let mut pages = Pages::default();
    assert_eq!(pages.put(&[]), None);
    assert_eq!(pages.put(&vec![0; RECORD_BYTES_MAX + 1]), None);
    assert!(pages.put(&vec![0; RECORD_BYTES_MAX]).unwrap().is_held());
}

/// The end of a page that a record does not fit in serves shorter ones.
#[test]
fn no_block_is_lost_at_the_end_of_a_page() {
    let mut pages = Pages::default();
    let long = vec![0; RECORD_BYTES_MAX];
    let longs = PAGE_BLOCKS as u32 / blocks(long.len());
    assert!((0..longs - 1).all(|_| pages.put(&long).is_some()));
    pages.put(&[0; BLOCK_BYTES]).unwrap();
    pages.put(&long).unwrap();
    let left: u32 = pages.free.iter().map(|(blocks, rooms)| blocks * rooms.len() as u32).sum();
    assert_eq!(left, blocks(long.len()) - 1);
}
