//! The rows of one submission as they come, and what is to be told of them when all are there. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use homeward_contract::feed::{Feed, Table};
use homeward_contract::reject::RejectCode;
use homeward_ingest::decode::Place;
use roaring::RoaringBitmap;

use super::columns::RowReader;
use super::entry::{Entry, Feedback, RowRef, Rows, sort};
use super::quality::{Filled, Quality};
use super::quarantine_id;
use crate::book::clock::Micros;
use crate::book::roll::{Line, Outcome};
use crate::book::submission::Standing;

/// Why a row was refused, when it came last.
pub(super) struct Refused {
    pub(super) known_at: Micros,
    pub(super) place: Place,
    pub(super) code: RejectCode,
    pub(super) item: Option<Arc<str>>,
}

/// A key, by its number among the keys of a submission.
type Key = u32;

/// An accepted row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Accepted {
    row: u32,
    own: Option<Key>,
    parent: Option<Key>,
    canonical: Option<Key>,
    filled: Filled,
}

/// What has come of one submission.
#[derive(Default)]
pub(super) struct Gathered {
    keys: HashMap<Box<str>, Key, ahash::RandomState>,
    accepted: BTreeMap<Table, Vec<Accepted>>,
    numbers: BTreeMap<Table, RoaringBitmap>,
    refused: BTreeMap<RowRef, Refused>,
    /// Every key that a refused row came with: sent again under another pseudonym key, it has two.
    refused_keys: BTreeSet<RefusedKeys>,
    warnings: BTreeSet<(RowRef, RejectCode, Option<Arc<str>>)>,
}

/// Whether what hangs on a key stands, and which refused row is at fault when not.
#[derive(Clone, Copy)]
struct Hold {
    stands: bool,
    root: RowRef,
}

/// What becomes of an accepted row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Stands,
    Orphan,
    /// With the refused row that it hangs on.
    Falls(RowRef),
}

type Holds = HashMap<(Table, Key), Hold, ahash::RandomState>;

impl Gathered {
    pub(super) fn accept(&mut self, table: Table, number: u32, reader: &RowReader<'_>, row: usize) {
        self.numbers.entry(table).or_default().insert(number);
        let [own, parent] = [reader.own(row), reader.parent(row)].map(|key| key.map(|key| self.key(key)));
        let canonical = reader.canonical(row).map(|key| self.key(&key));
        let filled = reader.filled(row);
        self.accepted.entry(table).or_default().push(Accepted { row: number, own, parent, canonical, filled });
    }

    /// A row that was refused more than once is told as it came last. `keys` are its own and its parent's.
    pub(super) fn refuse(&mut self, row: RowRef, refused: Refused, keys: [Option<&str>; 2]) {
        let [own, parent] = keys.map(|key| key.map(|key| self.key(key)));
        self.refused_keys.insert(RefusedKeys { row, own, parent });
        let when = |refused: &Refused| (refused.known_at, refused.place.clone());
        match self.refused.get_mut(&row) {
            Some(held) if when(held) >= when(&refused) => {}
            Some(held) => *held = refused,
            None => drop(self.refused.insert(row, refused)),
        }
    }

    pub(super) fn warn(&mut self, row: RowRef, code: RejectCode, item: Option<Arc<str>>) {
        self.warnings.insert((row, code, item));
    }

    fn key(&mut self, text: &str) -> Key {
        if let Some(key) = self.keys.get(text) {
            return *key;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a table has fewer than 2^32 rows, and memory ends before")]
        let key = self.keys.len() as Key;
        self.keys.insert(Box::from(text), key);
        key
    }

    /// Everything that was found.
    pub(super) fn tell(mut self, line: Line) -> Feedback {
        self.forget_mended();
        let mut told = Told::default();
        // Parents come first.
        for table in Feed::Csds.tables().iter().filter(|table| **table != Table::Cyp000Header) {
            let of_table = self.refused_keys.iter().filter(|keys| keys.row.0 == *table);
            told.refused(*table, of_table);
            told.accepted(*table, self.accepted.remove(table).unwrap_or_default());
        }
        let Told { mut entries, takes, mut rows, mut quality, .. } = told;
        for (row, refused) in self.refused {
            let takes = takes.get(&row).copied().unwrap_or(0);
            let quarantine = Some(Arc::from(quarantine_id(&refused.place)));
            entries.push(Entry { item: refused.item, takes, quarantine, ..Entry::new(row.0, row.1, refused.code) });
            rows.refused += u64::from(row.0 != Table::Cyp000Header);
        }
        quality.refused = rows.refused;
        for ((table, row), code, item) in self.warnings {
            quality.negative_waits += u64::from(code == RejectCode::CsdsNegativeWait);
            quality.placeholder_ids += u64::from(code == RejectCode::CsdsPlaceholderReferral);
            entries.push(Entry { item, ..Entry::new(table, row, code) });
        }
        entries.extend(whole(&line.outcome));
        sort(&mut entries);
        Feedback { line, rows, entries, quality }
    }

    /// A refused row whose number was accepted too was mended.
    fn forget_mended(&mut self) {
        let Self { refused, refused_keys, numbers, .. } = self;
        let is_mended = |(table, row): &RowRef| numbers.get(table).is_some_and(|numbers| numbers.contains(*row));
        refused.retain(|row, _| !is_mended(row));
        refused_keys.retain(|keys| !is_mended(&keys.row));
    }
}

/// A refused row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct RefusedKeys {
    row: RowRef,
    own: Option<Key>,
    parent: Option<Key>,
}

/// Notes that a row with this key is known, and whether it stands. Once one does, all that hangs on the key stands.
fn hold(holds: &mut Holds, key: (Table, Key), fate: Fate) {
    let new = match fate {
        Fate::Stands | Fate::Orphan => Hold { stands: true, root: (key.0, 0) },
        Fate::Falls(root) => Hold { stands: false, root },
    };
    let held = holds.entry(key).or_insert(new);
    if new.stands || held.stands {
        held.stands = true;
    } else {
        held.root = held.root.min(new.root);
    }
}

/// What is told, table by table, parents first.
#[derive(Default)]
struct Told {
    holds: Holds,
    entries: Vec<Entry>,
    takes: BTreeMap<RowRef, u64>,
    rows: Rows,
    quality: Quality,
}

impl Told {
    /// What hangs on refused rows falls. The topmost of them is the root.
    fn refused<'k>(&mut self, table: Table, rows: impl Iterator<Item = &'k RefusedKeys>) {
        let parent = table.parent().map(|(parent, _)| parent);
        for row in rows {
            let Some(own) = row.own else { continue };
            let root = match self.fate(parent, row.parent) {
                Fate::Falls(root) => root,
                Fate::Stands | Fate::Orphan => row.row,
            };
            hold(&mut self.holds, (table, own), Fate::Falls(root));
        }
    }

    fn accepted(&mut self, table: Table, mut rows: Vec<Accepted>) {
        rows.sort_unstable();
        rows.dedup();
        let parent = table.parent().map(|(parent, _)| parent);
        let fates: Vec<Fate> = rows.iter().map(|row| self.fate(parent, row.parent)).collect();
        for (row, fate) in rows.iter().zip(&fates) {
            if let Some(own) = row.own {
                hold(&mut self.holds, (table, own), *fate);
            }
        }
        let mut first_with: HashMap<Key, u32, ahash::RandomState> = HashMap::default();
        let mut at = 0;
        // One number sent with two contents is one row; it stands when it stands with any of them.
        for same in rows.chunk_by(|one, two| one.row == two.row) {
            let fate = fates[at..at + same.len()].iter().min().copied().unwrap_or(Fate::Stands);
            at += same.len();
            let row = same[0].row;
            self.row((table, row), fate, same[same.len() - 1].filled);
            let repeated = same.iter().filter_map(|each| each.canonical).find_map(|key| {
                let first = *first_with.entry(key).or_insert(row);
                (first != row).then_some(first)
            });
            if let Some(first) = repeated {
                self.quality.duplicates += 1;
                let root = Some((table, first));
                self.entries.push(Entry { root, ..Entry::new(table, row, RejectCode::CsdsDuplicateKey) });
            }
        }
    }

    fn fate(&self, parent: Option<Table>, key: Option<Key>) -> Fate {
        let Some(parent) = parent.zip(key) else { return Fate::Stands };
        match self.holds.get(&parent) {
            None => Fate::Orphan,
            Some(hold) if hold.stands => Fate::Stands,
            Some(hold) => Fate::Falls(hold.root),
        }
    }

    fn row(&mut self, row: RowRef, fate: Fate, filled: Filled) {
        match fate {
            Fate::Falls(root) => {
                self.rows.cascaded += 1;
                self.quality.cascaded += 1;
                *self.takes.entry(root).or_default() += 1;
                self.entries.push(Entry { root: Some(root), ..Entry::new(row.0, row.1, RejectCode::CascadeReject) });
                return;
            }
            Fate::Orphan => {
                self.quality.orphans += 1;
                let item = row.0.parent().map(|(_, item)| Arc::from(item.name));
                self.entries.push(Entry { item, ..Entry::new(row.0, row.1, RejectCode::CsdsOrphan) });
            }
            Fate::Stands => {}
        }
        self.rows.taken += 1;
        self.quality.row(filled);
    }
}

/// What the whole submission lacks.
fn whole(outcome: &Outcome) -> Vec<Entry> {
    let of = |table, code, takes| Entry { table, row: None, item: None, code, root: None, takes, quarantine: None };
    let Outcome::Out(standing) = outcome else { return Vec::new() };
    match standing {
        Standing::NoHeader => vec![of(Some(Table::Cyp000Header), RejectCode::MissingHeader, 0)],
        Standing::NoManifest => vec![of(Some(Table::Cyp000Header), RejectCode::NoManifest, 0)],
        Standing::Contradictory => vec![of(None, RejectCode::TwoFilesOneId, 0)],
        Standing::Lacks(table) => vec![of(Some(*table), RejectCode::NoPeople, 0)],
        Standing::Missing(tables) => {
            tables.iter().map(|(table, rows)| of(Some(*table), RejectCode::RowsMissing, *rows)).collect()
        }
        Standing::Withdrawn | Standing::Complete => Vec::new(),
    }
}
