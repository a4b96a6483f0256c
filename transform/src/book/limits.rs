//! How much of a book, and of what is computed from it, is held in memory.

/// What a book may hold in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Referrals that are held unpacked, and people.
    pub open_max: usize,
    /// Bytes of those that are packed.
    pub packed_bytes_max: usize,
    /// Referrals whose rows lie in the views together, about.
    pub together_max: u64,
}

impl Default for Limits {
    /// Unpacked, so many referrals take some 300 MB. Ten years of one system are spilled, a demonstration is not.
    fn default() -> Self {
        Self { open_max: 131_072, packed_bytes_max: 1 << 30, together_max: 1 << 19 }
    }
}
