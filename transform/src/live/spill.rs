//! What the book has no memory for: a file beside the lake that has no name, and goes with the process.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::book::pages::Spill;

/// A file for packed records.
struct SpillFile(File);

impl SpillFile {
    /// A file on the lake's disk, or where temporary files go when the lake cannot be written to.
    fn open(lake: &Path) -> io::Result<Self> {
        tempfile::tempfile_in(lake).or_else(|_| tempfile::tempfile()).map(Self)
    }
}

/// Of a file that cannot be read or written the book has lost a part: no figure may be made without it. The process ends,
/// and the next one makes the book anew from the lake.
#[expect(clippy::panic, reason = "as when memory fails: nothing true can be said any more")]
fn end(what: &str, error: &io::Error) -> ! {
    panic!("the book's spill file beside the lake cannot be {what}: {error}; is the disk full?")
}

impl Spill for SpillFile {
    fn write(&self, place_bytes: u64, bytes: &[u8]) {
        self.0.write_all_at(bytes, place_bytes).unwrap_or_else(|error| end("written", &error));
    }

    fn read(&self, place_bytes: u64, into: &mut [u8]) {
        self.0.read_exact_at(into, place_bytes).unwrap_or_else(|error| end("read", &error));
    }
}

/// Files for the referrals and for the people of a book over the lake in this folder.
///
/// # Errors
/// When no file can be made.
pub(super) fn files(lake: &Path) -> io::Result<[Box<dyn Spill>; 2]> {
    Ok([Box::new(SpillFile::open(lake)?), Box::new(SpillFile::open(lake)?)])
}
