//! What one record may hold at most. A record beyond them goes to quarantine; nothing grows with
//! it.

/// Bytes of one record. A CSDS row with every item filled stays below 4 KiB.
pub const MOST_RECORD_BYTES: usize = 1 << 20;

/// Changes in one amended event.
pub(super) const MOST_CHANGES: usize = 64;

/// The largest whole number of the data set: its items have 16 bits.
pub(super) const MOST_WHOLE_NUMBER: i64 = i16::MAX as i64;

/// Minutes of a contact.
pub(super) const MOST_DURATION_MINUTES: i64 = MOST_WHOLE_NUMBER;

/// Minutes of a duration above which one trust's pipeline speaks of "over the maximum" (`csds.md`
/// section 4): kept, and flagged.
pub(super) const LONG_DURATION_MINUTES: i64 = 9999;
