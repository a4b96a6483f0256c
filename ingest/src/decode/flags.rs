//! Findings about records that are kept all the same: counted by code, so that they can be watched.

use std::collections::BTreeMap;

use homeward_contract::reject::RejectCode;

/// Counts findings, and forgets those of a record that is refused after all.
#[derive(Debug, Default)]
pub(super) struct Flags {
    counted: BTreeMap<RejectCode, u64>,
    /// Findings of the record at hand.
    pending: Vec<RejectCode>,
}

impl Flags {
    pub(super) fn raise(&mut self, code: RejectCode) {
        self.pending.push(code);
    }

    /// The record is accepted: its findings count.
    pub(super) fn keep(&mut self) {
        for code in self.pending.drain(..) {
            *self.counted.entry(code).or_default() += 1;
        }
    }

    /// The record is refused: its code says more than its findings.
    pub(super) fn forget(&mut self) {
        self.pending.clear();
    }

    pub(super) fn into_counts(self) -> BTreeMap<RejectCode, u64> {
        self.counted
    }
}
