//! What an evaluation changed. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::CellVersion;
use crate::book::View;
use crate::cells::Shelf;
use crate::compute::ChangedUnit;
use crate::engine::period::PeriodKind;
use crate::engine::{Atom, AtomValue};
use crate::revision::because;

/// The units that an evaluation changed. They are shared with the cells that outlets read: versions of a country's cells
/// would take as much memory again, and are made one by one when they are asked for.
#[derive(Debug, Clone)]
pub struct Changes {
    units: Vec<ChangedUnit>,
    known_at: DateTime<Utc>,
    because: Option<Arc<str>>,
}

impl Changes {
    /// Units that changed, each once, known at an instant.
    #[must_use]
    pub const fn new(units: Vec<ChangedUnit>, known_at: DateTime<Utc>) -> Self {
        Self { units, known_at, because: None }
    }

    /// The same for a reason that no fact brought.
    #[must_use]
    pub fn because(self, words: &str) -> Self {
        Self { because: Some(Arc::from(words)), ..self }
    }

    /// The units.
    #[must_use]
    pub fn units(&self) -> &[ChangedUnit] {
        &self.units
    }

    /// When they were first shown.
    #[must_use]
    pub const fn known_at(&self) -> DateTime<Utc> {
        self.known_at
    }

    /// True when no cell changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// A version of each cell that changed.
    pub fn versions(&self) -> impl Iterator<Item = CellVersion> {
        self.units.iter().flat_map(|unit| self.versions_of(unit))
    }

    /// Why a unit changed in a view, in words.
    pub(super) fn reason(&self, unit: &ChangedUnit, view: View) -> Arc<str> {
        self.because.clone().unwrap_or_else(|| Arc::from(because(&unit.causes, view)))
    }

    fn versions_of<'a>(&self, unit: &'a ChangedUnit) -> impl Iterator<Item = CellVersion> + use<'a> {
        let (csds_because, live_because) = (self.reason(unit, View::Csds), self.reason(unit, View::Live));
        let known_at = self.known_at;
        let changed = changed_cells(unit).map(|(atom, value)| (atom, Some(value)));
        let vanished = vanished_cells(unit).map(|atom| (atom, None::<&AtomValue>));
        changed.chain(vanished).map(move |(atom, value)| CellVersion {
            indicator: Arc::clone(&unit.shelf.0),
            version: unit.version,
            atom: atom.clone(),
            value: value.cloned(),
            known_at,
            csds_because: Arc::clone(&csds_because),
            live_because: Arc::clone(&live_because),
        })
    }
}

/// One change a unit, from what it was at first to what it is at last: an evaluation that failed may have changed units that the
/// next one changed again. Given in the order in which they changed.
#[must_use]
pub fn joined(units: Vec<ChangedUnit>) -> Vec<ChangedUnit> {
    let mut joined: BTreeMap<(Shelf, PeriodKind), ChangedUnit> = BTreeMap::new();
    for unit in units {
        let key = (unit.shelf.clone(), unit.period.kind);
        let old = joined.get(&key).map_or_else(|| Arc::clone(&unit.old), |first| Arc::clone(&first.old));
        joined.insert(key, ChangedUnit { old, ..unit });
    }
    joined.into_values().filter(|unit| unit.old != unit.new).collect()
}

/// Cells that have another value than before, or are new.
pub(super) fn changed_cells(unit: &ChangedUnit) -> impl Iterator<Item = (&Atom, &AtomValue)> {
    unit.new.iter().filter(|(atom, value)| unit.old.get(atom) != Some(value))
}

/// Cells that are no longer there.
pub(super) fn vanished_cells(unit: &ChangedUnit) -> impl Iterator<Item = &Atom> {
    unit.old.iter().map(|(atom, _)| atom).filter(|atom| unit.new.get(atom).is_none())
}
