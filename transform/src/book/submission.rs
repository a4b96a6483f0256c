//! One submission: which it is, what of it has arrived, and whether it may count.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use homeward_contract::calendar::FileType;
use homeward_contract::decision::Verdict;
use homeward_contract::feed::Table;
use homeward_contract::manifest::Manifest;
use roaring::RoaringBitmap;

use super::clock::{Micros, Source};
use super::pack::pack_fields;

/// Which submission it is. The order is the rank of its rows: reporting period first, then receipt, then id; the rest only
/// tells submissions apart that share an id by mistake.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// RP_EndDate in days since the epoch.
    pub rp_end_day: i32,
    /// When the file was received.
    pub received_at: Micros,
    /// The submission's id.
    pub id: Arc<str>,
    /// RP_StartDate in days since the epoch.
    pub rp_start_day: i32,
    /// Primary or Refresh.
    pub file_type: FileType,
    /// Provider as sent: one that was succeeded later still submits for itself.
    pub provider: Arc<str>,
}

impl Identity {
    /// The channel that its rows count under.
    #[must_use]
    pub const fn source(&self) -> Source {
        match self.file_type {
            FileType::Primary => Source::Primary,
            FileType::Refresh => Source::Refresh,
        }
    }
}

/// One row of one submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowPlace {
    /// Index of the submission in the register.
    pub submission: u32,
    /// Its number within the table.
    pub row: u32,
}

/// Rows of one table that have arrived.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) accepted: RoaringBitmap,
    pub(super) refused: RoaringBitmap,
}

impl Seen {
    /// Row numbers known, well or not; a refused row that came again mended counts once.
    fn known(&self) -> RoaringBitmap {
        &self.accepted | &self.refused
    }
}

/// Numbers of refused rows by table and the key that their children name them by.
pub(super) type RefusedKeys = BTreeMap<Table, BTreeMap<Box<str>, RoaringBitmap>>;

/// A withdrawal or reinstatement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decided {
    /// When it was decided: the latest wins.
    pub at: Micros,
    /// Its id, which decides between two of one instant.
    pub id: Box<str>,
    /// What was decided.
    pub verdict: Verdict,
    /// Why.
    pub reason: Box<str>,
    /// By whom.
    pub by: Box<str>,
}

/// Whether a submission may count, and why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// No header has arrived, or it was refused.
    NoHeader,
    /// The header does not say how many rows there are.
    NoManifest,
    /// Rows are missing, by table.
    Missing(Vec<(Table, u64)>),
    /// Two headers, or rows beyond the header's count: one id was used for two files.
    Contradictory,
    /// A table without which no submission is accepted has no row.
    Lacks(Table),
    /// Every row is known, and the last decision withdrew it.
    Withdrawn,
    /// Every row is known.
    Complete,
}

/// What of one submission has arrived.
pub(super) struct Held {
    pub(super) identity: Identity,
    pub(super) manifests: BTreeSet<Manifest>,
    /// The checksum of the rows and when its header was taken in: of the header that came last.
    pub(super) content: Option<(Micros, Box<str>)>,
    pub(super) tables: BTreeMap<Table, Seen>,
    pub(super) refused_keys: RefusedKeys,
    pub(super) entries: RoaringBitmap,
    pub(super) people: RoaringBitmap,
    pub(super) decided: Option<Decided>,
    /// As of the last [`Held::review`].
    pub(super) standing: Standing,
    /// Accepted and refused rows as of then, the header aside; a row that was mended counts as accepted.
    pub(super) row_counts: (u64, u64),
    /// Version of the register in which something last arrived.
    pub(super) arrived: u64,
    pub(super) effective: bool,
    /// It is the Primary of its period, whether or not that counts.
    pub(super) primary: bool,
}

/// Tables without which a file is rejected (`csds.md` section 5).
const MANDATORY: [Table; 2] = [Table::Cyp001Mpi, Table::Cyp002Gp];

impl Held {
    pub(super) fn new(identity: Identity, decided: Option<Decided>) -> Self {
        Self {
            identity,
            manifests: BTreeSet::new(),
            content: None,
            tables: BTreeMap::new(),
            refused_keys: RefusedKeys::default(),
            entries: RoaringBitmap::new(),
            people: RoaringBitmap::new(),
            decided,
            standing: Standing::NoHeader,
            row_counts: (0, 0),
            arrived: 0,
            effective: false,
            primary: false,
        }
    }

    /// Takes what a header says of the rows. In any order of arrival the last one stands.
    pub(super) fn take_header(&mut self, manifest: Option<Manifest>, content: Option<(Micros, Box<str>)>) {
        self.manifests.extend(manifest);
        self.content = self.content.take().max(content);
    }

    pub(super) fn is_withdrawn(&self) -> bool {
        self.decided.as_ref().is_some_and(|decided| decided.verdict == Verdict::Withdrawn)
    }

    pub(super) fn counts(&self) -> bool {
        self.standing == Standing::Complete
    }

    /// True when a row with this key was refused and not mended since.
    pub(super) fn refuses(&self, table: Table, key: &str) -> bool {
        let Some(rows) = self.refused_keys.get(&table).and_then(|keys| keys.get(key)) else { return false };
        self.tables.get(&table).is_none_or(|seen| !rows.is_subset(&seen.accepted))
    }

    /// Looks again at what has arrived.
    pub(super) fn review(&mut self) {
        self.standing = self.judge();
        let tables = self.tables.iter().filter(|(table, _)| **table != Table::Cyp000Header);
        self.row_counts = tables.fold((0, 0), |(accepted, refused), (_, seen)| {
            (accepted + seen.accepted.len(), refused + (&seen.refused - &seen.accepted).len())
        });
    }

    fn judge(&self) -> Standing {
        let mut manifests = self.manifests.iter();
        let Some(manifest) = manifests.next() else {
            let header = self.tables.get(&Table::Cyp000Header).is_some_and(|seen| !seen.accepted.is_empty());
            return if header { Standing::NoManifest } else { Standing::NoHeader };
        };
        if manifests.next().is_some() {
            return Standing::Contradictory;
        }
        let mut missing = Vec::new();
        for (table, seen) in &self.tables {
            // Row numbers begin at 1, so that a greatest one beyond the count is a row too many.
            let beyond = |rows: &RoaringBitmap| rows.max().is_some_and(|last| last > manifest.rows(*table));
            if *table != Table::Cyp000Header && (beyond(&seen.accepted) || beyond(&seen.refused)) {
                return Standing::Contradictory;
            }
        }
        for (table, sent) in manifest.tables() {
            let known = self.tables.get(&table).map_or(0, |seen| seen.known().len());
            if known < u64::from(sent) {
                missing.push((table, u64::from(sent) - known));
            }
        }
        match MANDATORY.into_iter().find(|table| manifest.rows(*table) == 0) {
            Some(table) => Standing::Lacks(table),
            None if !missing.is_empty() => Standing::Missing(missing),
            None if self.is_withdrawn() => Standing::Withdrawn,
            None => Standing::Complete,
        }
    }
}

pack_fields!(RowPlace { submission, row });
