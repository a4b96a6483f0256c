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
pub(super) struct Units {
    parts: Map<(Arc<str>, PeriodKind), Parts>,
    /// What the periods are, by name.
    kinds: Map<Arc<str>, Option<PeriodKind>>,
}

type Map<K, V> = HashMap<K, V, ahash::RandomState>;

impl Units {
    /// Adds a part of a cell.
    pub(super) fn add(&mut self, atom: Atom, part: Tally, as_of: DateTime<Utc>) {
        let kind = self.kinds.get(&atom.period).copied().unwrap_or_else(|| {
            let kind = parse_name(&atom.period, as_of).map(|period| period.kind);
            self.kinds.insert(Arc::clone(&atom.period), kind);
            kind
        });
        // A period that is not one of ours cannot come out of a join with the period view.
        if let Some(kind) = kind {
            self.parts.entry((Arc::clone(&atom.provider), kind)).or_default().add(atom, part);
        }
    }

    /// The units, when all parts are added.
    pub(super) fn finish(self, definition: &Definition) -> Map<(Arc<str>, PeriodKind), Unit> {
        self.parts.into_iter().map(|(key, cells)| (key, cells.finish(definition.quantile).collect())).collect()
    }
}
