//! Units while they are put together from the parts that they are computed in. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::cells::Unit;
use crate::definition::Definition;
use crate::engine::period::{PeriodKind, parse_name};
use crate::engine::{Atom, Tally, finished};

/// The units of one definition, by provider and period.
#[derive(Debug, Default)]
pub(super) struct Units(BTreeMap<(Arc<str>, PeriodKind), BTreeMap<Atom, Tally>>);

impl Units {
    /// Adds what a run gave.
    pub(super) fn add(&mut self, cells: Vec<(Atom, Tally)>, as_of: DateTime<Utc>) {
        for (atom, tally) in cells {
            // A period that is not one of ours cannot come out of a join with the period view.
            let Some(period) = parse_name(&atom.period, as_of) else { continue };
            let unit = self.0.entry((Arc::clone(&atom.provider), period.kind)).or_default();
            unit.entry(atom).or_default().add(&tally);
        }
    }

    /// The units, when all parts are added.
    pub(super) fn finish(self, definition: &Definition) -> BTreeMap<(Arc<str>, PeriodKind), Unit> {
        self.0.into_iter().map(|(key, cells)| (key, finished(cells, definition.quantile).collect())).collect()
    }
}
