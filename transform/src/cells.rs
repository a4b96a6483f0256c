//! The computed cells, kept so that a snapshot costs little: unchanged parts are shared between snapshots.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::period::PeriodKind;
use crate::engine::{Atom, AtomValue};

/// All cells of one indicator, provider and period, in order: the unit that is recomputed and replaced whole. A list, for
/// nothing is ever put into it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unit(Box<[(Atom, AtomValue)]>);

impl Unit {
    /// The value of a cell.
    #[must_use]
    pub fn get(&self, atom: &Atom) -> Option<&AtomValue> {
        let place = self.0.binary_search_by(|(held, _)| held.cmp(atom)).ok()?;
        self.0.get(place).map(|(_, value)| value)
    }

    /// Cells and their values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Atom, &AtomValue)> {
        self.0.iter().map(|(atom, value)| (atom, value))
    }

    /// True when it has no cell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Of cells that each come once, in any order.
impl FromIterator<(Atom, AtomValue)> for Unit {
    fn from_iter<T: IntoIterator<Item = (Atom, AtomValue)>>(cells: T) -> Self {
        let mut cells: Vec<_> = cells.into_iter().collect();
        if !cells.is_sorted_by(|(one, _), (two, _)| one < two) {
            cells.sort_unstable_by(|(one, _), (two, _)| one.cmp(two));
        }
        Self(cells.into_boxed_slice())
    }
}

/// Indicator id and provider code.
pub type Shelf = (Arc<str>, Arc<str>);

/// Every computed cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cells {
    shelves: BTreeMap<Shelf, Arc<BTreeMap<PeriodKind, Arc<Unit>>>>,
}

impl Cells {
    /// Replaces a unit and returns the old one; an empty unit removes the cell.
    pub fn replace(&mut self, shelf: &Shelf, period: PeriodKind, unit: Unit) -> Arc<Unit> {
        let held = self.unit(shelf, period);
        if *held == unit {
            return held;
        }
        let periods = Arc::make_mut(self.shelves.entry(shelf.clone()).or_default());
        if unit.is_empty() {
            periods.remove(&period);
        } else {
            periods.insert(period, Arc::new(unit));
        }
        held
    }

    /// The unit of a cell; empty when there is none.
    #[must_use]
    pub fn unit(&self, shelf: &Shelf, period: PeriodKind) -> Arc<Unit> {
        let held = self.shelves.get(shelf).and_then(|periods| periods.get(&period));
        held.cloned().unwrap_or_default()
    }

    /// Every unit of an indicator, by provider and period.
    pub fn units<'a>(&'a self, indicator: &'a str) -> impl Iterator<Item = (&'a Arc<str>, PeriodKind, &'a Arc<Unit>)> {
        self.shelves
            .iter()
            .filter(move |((held, _), _)| held.as_ref() == indicator)
            .flat_map(|((_, provider), periods)| periods.iter().map(move |(period, unit)| (provider, *period, unit)))
    }

    /// Drops every unit of an indicator whose period is not on the calendar: windows and the present instant.
    pub fn clear_moving(&mut self, indicator: &str) {
        for ((held, _), periods) in &mut self.shelves {
            let moving = |period: &PeriodKind| !matches!(period, PeriodKind::Calendar(_));
            if held.as_ref() == indicator && periods.keys().any(moving) {
                Arc::make_mut(periods).retain(|period, _| !moving(period));
            }
        }
    }
}
