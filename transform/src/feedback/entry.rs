//! One finding, and the order in which a person mends. Pure.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use homeward_contract::feed::Table;
use homeward_contract::reject::{RejectCode, Severity};

use super::quality::Quality;
use crate::book::roll::Line;

/// A row by its table and number.
pub type RowRef = (Table, u32);

/// One occurrence of one rule. It holds no value of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The table, unless the whole submission is meant.
    pub table: Option<Table>,
    /// The row's number in it, unless the whole table is meant.
    pub row: Option<u32>,
    /// The item, where one is meant.
    pub item: Option<Arc<str>>,
    /// The rule.
    pub code: RejectCode,
    /// The row that caused it: the refused one of a cascade, the earlier one of a repeated key.
    pub root: Option<RowRef>,
    /// How many sound rows do not count because of this one; for a table of which rows are missing, how many.
    pub takes: u64,
    /// Id of the refused record in quarantine.
    pub quarantine: Option<Arc<str>>,
}

impl Entry {
    pub(super) const fn new(table: Table, row: u32, code: RejectCode) -> Self {
        Self { table: Some(table), row: Some(row), item: None, code, root: None, takes: 0, quarantine: None }
    }
}

/// What became of the rows of one submission, the header aside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rows {
    /// Accepted, and standing.
    pub taken: u64,
    /// Refused and not mended.
    pub refused: u64,
    /// Accepted, and not counting because of a refused parent.
    pub cascaded: u64,
}

/// Everything that was found in one submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// Which submission, and whether it counts.
    pub line: Line,
    /// Its rows.
    pub rows: Rows,
    /// What was found: what the whole submission lacks, then refused rows by how many rows each takes with it, then those,
    /// then warnings.
    pub entries: Vec<Entry>,
    /// How good it is.
    pub quality: Quality,
}

impl Feedback {
    /// How often each rule was met, in the order of the entries.
    #[must_use]
    pub fn summary(&self) -> Vec<(RejectCode, u64)> {
        let mut counts: BTreeMap<(Severity, RejectCode), u64> = BTreeMap::new();
        for entry in &self.entries {
            *counts.entry((entry.code.severity(), entry.code)).or_default() += 1;
        }
        let mut summary: Vec<_> =
            counts.into_iter().map(|((severity, code), count)| (severity, Reverse(count), code)).collect();
        summary.sort_unstable();
        summary.into_iter().map(|(_, Reverse(count), code)| (code, count)).collect()
    }
}

/// Orders findings: root causes first.
pub(super) fn sort(entries: &mut [Entry]) {
    let takes: BTreeMap<RowRef, u64> = entries
        .iter()
        .filter(|entry| entry.takes > 0)
        .filter_map(|entry| Some(((entry.table?, entry.row?), entry.takes)))
        .collect();
    let key = |entry: &Entry| {
        let severity = entry.code.severity();
        // Rows that fell stand in the order of their roots.
        let root = entry.root.filter(|_| severity == Severity::Cascade);
        let weight = root.map_or(entry.takes, |root| takes.get(&root).copied().unwrap_or(0));
        (severity, Reverse(weight), root, entry.table, entry.row, entry.code)
    };
    entries.sort_by(|one, two| key(one).cmp(&key(two)).then_with(|| one.item.cmp(&two.item)));
}
