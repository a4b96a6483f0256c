//! Units while they are put together from the parts that they are computed in. Pure.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::cells::Unit;
use crate::definition::Definition;
use crate::engine::period::{PeriodKind, parse_name};
use crate::engine::{Atom, Parts, Tally};

/// The units of one definition, by provider and period.
#[derive(Debug, Default)]
pub(super) struct Units(Map<(Arc<str>, PeriodKind), Parts>);

type Map<K, V> = HashMap<K, V, ahash::RandomState>;

impl Units {
    /// Adds what a run gave.
    pub(super) fn add(&mut self, cells: Vec<(Atom, Tally)>, as_of: DateTime<Utc>) {
        let mut kinds: Map<Arc<str>, Option<PeriodKind>> = Map::default();
        for (atom, tally) in cells {
            let kind = kinds.get(&atom.period).copied().unwrap_or_else(|| {
                let kind = parse_name(&atom.period, as_of).map(|period| period.kind);
                kinds.insert(Arc::clone(&atom.period), kind);
                kind
            });
            // A period that is not one of ours cannot come out of a join with the period view.
            let Some(kind) = kind else { continue };
            self.0.entry((Arc::clone(&atom.provider), kind)).or_default().add(atom, tally);
        }
    }

    /// The units, when all parts are added.
    pub(super) fn finish(self, definition: &Definition) -> Map<(Arc<str>, PeriodKind), Unit> {
        self.0.into_iter().map(|(key, cells)| (key, cells.finish(definition.quantile).collect())).collect()
    }
}
