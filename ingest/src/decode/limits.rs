//! What one record may hold at most. A record beyond them goes to quarantine; nothing grows with
//! it.

/// Bytes of one record. A CSDS row with every item filled stays below 4 KiB.
pub const MOST_RECORD_BYTES: usize = 1 << 20;

/// Changes in one amended event.
pub(super) const MOST_CHANGES: usize = 64;

/// Minutes of a contact: the data set's item has 16 bits.
pub(super) const MOST_DURATION_MINUTES: i64 = i16::MAX as i64;

/// Minutes of a contact above which one trust's pipeline speaks of "over the maximum" (`csds.md`
/// section 4): kept, and flagged.
pub(super) const LONG_DURATION_MINUTES: i64 = 9999;
