//! Findings about records that are kept all the same: counted by code, so that they can be watched.

use std::collections::BTreeMap;

use homeward_contract::reject::RejectCode;

/// Counts findings, and forgets those of a record that is refused after all.
#[derive(Debug, Default)]
pub(super) struct Flags {
    counted: BTreeMap<RejectCode, u64>,
    /// Findings of the record at hand, each with the item it is about.
    pending: Vec<Finding>,
}

/// What was found, and in which item where one is meant.
pub(super) type Finding = (RejectCode, Option<&'static str>);

impl Flags {
    pub(super) fn raise(&mut self, code: RejectCode) {
        self.pending.push((code, None));
    }

    pub(super) fn raise_at(&mut self, code: RejectCode, item: &'static str) {
        self.pending.push((code, Some(item)));
    }

    /// The findings of the record at hand.
    pub(super) fn pending(&self) -> &[Finding] {
        &self.pending
    }

    /// The record is accepted: its findings count.
    pub(super) fn keep(&mut self) {
        for (code, _) in self.pending.drain(..) {
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
