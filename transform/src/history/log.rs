//! The revision log, followed from cell versions: at restart from all of them, live from each new set. Pure.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::CellVersion;
use crate::book::View;
use crate::engine::period::parse_name;
use crate::engine::{Atom, AtomValue, EVERY_STRATUM, Place};
use crate::figure::Dimension;
use crate::revision::{Revision, Stated, view_of};

/// The newest revisions kept in memory; older ones stay in the lake.
const KEPT_MAX: usize = 500;

/// Restatements of periods that were over, oldest first.
#[derive(Debug, Default)]
pub struct RevisionLog {
    cells: BTreeMap<(Arc<str>, Atom), AtomValue>,
    kept: VecDeque<Revision>,
    count: u64,
}

/// Indicator, provider, period, basis.
type Key = (Arc<str>, Arc<str>, Arc<str>, Arc<str>);

impl RevisionLog {
    /// Follows versions, given oldest first.
    pub fn follow(&mut self, versions: &[CellVersion]) {
        let mut rest = versions;
        while let Some(first) = rest.first() {
            let known_at = first.known_at;
            let (now, later) = rest.split_at(rest.partition_point(|version| version.known_at <= known_at));
            rest = later;
            self.follow_instant(now, known_at);
        }
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

    fn follow_instant(&mut self, now: &[CellVersion], known_at: DateTime<Utc>) {
        let told = now.iter().filter(|version| is_told(&version.atom));
        let touched: BTreeMap<Key, &CellVersion> = told.map(|version| (key(version), version)).collect();
        let before: Vec<_> = touched.keys().map(|key| self.total(key)).collect();
        for version in now {
            let cell = (Arc::clone(&version.indicator), version.atom.clone());
            match &version.value {
                Some(value) => self.cells.insert(cell, value.clone()),
                None => self.cells.remove(&cell),
            };
        }
        for ((key, version), old) in touched.into_iter().zip(before) {
            let Some(old) = old else { continue };
            if let Some(revision) = revision(&key, version, old, self.total(&key), known_at) {
                self.count += 1;
                self.kept.push_back(revision);
            }
        }
        let surplus = self.kept.len().saturating_sub(KEPT_MAX);
        self.kept.drain(..surplus);
    }

    /// The sum over a basis, provider and period; `None` when it has no cell.
    fn total(&self, (indicator, provider, period, basis): &Key) -> Option<AtomValue> {
        let mut total: Option<AtomValue> = None;
        let from = (Arc::clone(indicator), lowest_atom(basis, provider));
        for ((held, atom), value) in self.cells.range(from..) {
            if held != indicator || &atom.basis != basis || &atom.provider != provider {
                break;
            }
            if &atom.period == period && is_told(atom) {
                total.get_or_insert_default().add(value);
            }
        }
        total
    }
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
    version: &CellVersion,
    old: AtomValue,
    new: Option<AtomValue>,
    known_at: DateTime<Utc>,
) -> Option<Revision> {
    let over = parse_name(period, known_at).is_some_and(|period| period.ends_at <= known_at);
    let (old, new) = (Stated::from(&old), Stated::from(&new.unwrap_or_default()));
    if !over || old == new {
        return None;
    }
    let because = match view_of(basis) {
        View::Csds => &version.csds_because,
        View::Live => &version.live_because,
    };
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

/// The first atom of a basis and provider in atom order.
fn lowest_atom(basis: &Arc<str>, provider: &Arc<str>) -> Atom {
    Atom {
        basis: Arc::clone(basis),
        provider: Arc::clone(provider),
        icb: None,
        lcp: None,
        pcn: None,
        strata: Vec::new(),
        period: Arc::from(""),
        place: None,
    }
}
