//! The revision log: at restart from all cell versions, live from what each evaluation changed. Pure.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::CellVersion;
use super::changes::{Changes, changed_cells, vanished_cells};
use crate::engine::period::parse_name;
use crate::engine::{Atom, AtomValue, EVERY_STRATUM, Place};
use crate::figure::Dimension;
use crate::revision::{Revision, Stated, view_of};

/// The newest revisions kept in memory; older ones stay in the lake.
const KEPT_MAX: usize = 500;

/// Restatements of periods that were over, oldest first.
#[derive(Debug, Default)]
pub struct RevisionLog {
    kept: VecDeque<Revision>,
    count: u64,
}

/// Indicator, provider, period, basis: what a restatement is of.
type Key = (Arc<str>, Arc<str>, Arc<str>, Arc<str>);

/// What one of them was before an instant, what it is after it, and why.
struct Moved {
    old: Option<AtomValue>,
    new: Option<AtomValue>,
    because: Arc<str>,
}

impl RevisionLog {
    /// The log of versions, given oldest first.
    #[must_use]
    pub fn of(versions: &[CellVersion]) -> Self {
        let (mut log, mut standing, mut rest) = (Self::default(), Standing::default(), versions);
        while let Some(first) = rest.first() {
            let known_at = first.known_at;
            let (now, later) = rest.split_at(rest.partition_point(|version| version.known_at <= known_at));
            log.tell(standing.take(now), known_at);
            rest = later;
        }
        log
    }

    /// Goes on with what an evaluation changed.
    pub fn follow(&mut self, changes: &Changes) {
        let mut moved: BTreeMap<Key, Moved> = BTreeMap::new();
        // What was not there before is no restatement, and most of a first evaluation is of that kind.
        for unit in changes.units().iter().filter(|unit| !unit.old.is_empty()) {
            let touched = changed_cells(unit).map(|(atom, _)| atom).chain(vanished_cells(unit));
            let bases: BTreeSet<&Arc<str>> = touched.filter(|atom| is_told(atom)).map(|atom| &atom.basis).collect();
            for basis in bases {
                let (indicator, provider) = &unit.shelf;
                let period = Arc::from(unit.period.name());
                let key = (Arc::clone(indicator), Arc::clone(provider), period, Arc::clone(basis));
                let because = changes.reason(unit, view_of(basis));
                moved.insert(
                    key,
                    Moved { old: total(unit.old.iter(), basis), new: total(unit.new.iter(), basis), because },
                );
            }
        }
        self.tell(moved, changes.known_at());
    }

    /// The newest revisions, oldest first, at most 500.
    pub fn kept(&self) -> impl Iterator<Item = &Revision> {
        self.kept.iter()
    }

    /// How many revisions there ever were.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    fn tell(&mut self, moved: BTreeMap<Key, Moved>, known_at: DateTime<Utc>) {
        let revisions = moved.into_iter().filter_map(|(key, moved)| revision(&key, moved, known_at));
        for revision in revisions {
            self.count += 1;
            self.kept.push_back(revision);
        }
        let surplus = self.kept.len().saturating_sub(KEPT_MAX);
        self.kept.drain(..surplus);
    }
}

/// The cells that stand while versions are followed.
#[derive(Default)]
struct Standing(BTreeMap<Key, BTreeMap<Atom, AtomValue>>);

impl Standing {
    /// Takes the versions of one instant.
    fn take(&mut self, now: &[CellVersion]) -> BTreeMap<Key, Moved> {
        let mut moved: BTreeMap<Key, Moved> = BTreeMap::new();
        for version in now.iter().filter(|version| is_told(&version.atom)) {
            let key = key(version);
            let old = || self.0.get(&key).and_then(|cells| total(cells.iter(), &key.3));
            let told =
                moved.entry(key.clone()).or_insert_with(|| Moved { old: old(), new: None, because: Arc::from("") });
            told.because = Arc::from(version.because());
            let cells = self.0.entry(key).or_default();
            match &version.value {
                Some(value) => cells.insert(version.atom.clone(), value.clone()),
                None => cells.remove(&version.atom),
            };
        }
        for (key, moved) in &mut moved {
            moved.new = self.0.get(key).and_then(|cells| total(cells.iter(), &key.3));
        }
        moved
    }
}

/// The sum of a basis over a provider's cells of a period; `None` when it has no cell.
fn total<'a>(cells: impl Iterator<Item = (&'a Atom, &'a AtomValue)>, basis: &Arc<str>) -> Option<AtomValue> {
    let told = cells.filter(|(atom, _)| &atom.basis == basis && is_told(atom));
    told.map(|(_, value)| value).fold(None, |total: Option<AtomValue>, value| {
        let mut total = total.unwrap_or_default();
        total.add(value);
        Some(total)
    })
}

/// Restatements are told by provider. Where figures do not add up that is the provider's own cell, not broken down.
fn is_told(atom: &Atom) -> bool {
    let is_provider = |place: &Place| place.level == Dimension::Provider;
    let is_whole = atom.strata.iter().all(|stratum| stratum.as_ref() == EVERY_STRATUM);
    atom.place.as_ref().is_none_or(|place| is_provider(place) && is_whole)
}

fn key(version: &CellVersion) -> Key {
    let atom = &version.atom;
    (Arc::clone(&version.indicator), Arc::clone(&atom.provider), Arc::clone(&atom.period), Arc::clone(&atom.basis))
}

fn revision(
    (indicator, provider, period, basis): &Key,
    Moved { old, new, because }: Moved,
    known_at: DateTime<Utc>,
) -> Option<Revision> {
    let over = parse_name(period, known_at).is_some_and(|period| period.ends_at <= known_at);
    let (old, new) = (Stated::from(&old?), Stated::from(&new.unwrap_or_default()));
    if !over || old == new {
        return None;
    }
    Some(Revision {
        known_at,
        indicator: indicator.to_string(),
        basis: basis.to_string(),
        provider: provider.to_string(),
        period: period.to_string(),
        old,
        new,
        because: because.to_string(),
    })
}
