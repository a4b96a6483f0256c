//! What a folder or archive may hold at most. A national monthly submission stays far below each
//! limit.

use crate::decode::MOST_RECORD_BYTES;

/// Bytes of one line, be it a CSV row or an event.
pub(super) const MOST_LINE_BYTES: usize = MOST_RECORD_BYTES;

/// Files in one folder tree or archive.
pub(super) const MOST_FILES: usize = 20_000;

/// Folders within folders.
pub(super) const MOST_DEPTH: usize = 8;

/// Columns of one CSV file: the widest table has 27.
pub(super) const MOST_COLUMNS: usize = 300;

/// Bytes of an archive once unpacked. Nothing is unpacked to disk; this bounds the work.
pub(super) const MOST_UNPACKED_BYTES: u64 = 64 << 30;

/// How many times its packed size a large file of an archive may have. CSV packs about tenfold, a
/// bomb a thousandfold.
pub(super) const MOST_PACKING: u64 = 250;

/// Below this size a file may pack as it likes.
pub(super) const PACKING_MATTERS_BYTES: u64 = 64 << 20;

/// Remarks kept about files and columns that were left out.
pub(super) const MOST_NOTES: usize = 200;
