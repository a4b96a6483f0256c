//! Versions of whole figures, summed from versions of cells: what was shown from when until when. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use homeward_contract::geography::Geography;
use homeward_contract::time::london;

use super::CellVersion;
use crate::book::View;
use crate::definition::Definition;
use crate::engine::period::{Period, parse_name};
use crate::engine::{Atom, AtomValue};
use crate::figure::{Dimension, Figure};
use crate::levels;
use crate::population;
use crate::revision::view_of;
use crate::snapshot::dimension_value;

/// Reasons told of one change; a nation's figure may move for as many as it has providers.
const REASONS_MAX: usize = 5;

/// Which figures to follow.
#[derive(Debug, Clone, Copy)]
pub struct VersionQuery<'a> {
    /// The indicator.
    pub definition: &'a Definition,
    /// Names the areas.
    pub geography: &'a Geography,
    /// Level of the areas.
    pub level: Dimension,
    /// `Day` or `Month`: windows and the present instant have no history.
    pub grain: Dimension,
}

/// One version of one figure. Exact, so it leaves only through release.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureVersion {
    /// The figure; its `as_of` is when it was first shown.
    pub figure: Figure,
    /// When the next version took its place, or when it vanished; `None` while it stands.
    pub replaced_at: Option<DateTime<Utc>>,
    /// Why it came to be, in words with exact counts.
    pub because: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    basis: Arc<str>,
    values: Vec<Arc<str>>,
    period: Arc<str>,
}

#[derive(Default)]
struct Group {
    cells: BTreeMap<Atom, (AtomValue, u32)>,
    open: Option<(AtomValue, u32)>,
    versions: Vec<FigureVersion>,
}

/// Every version that the figures of a query had, by basis, area and period, oldest first. `versions` come oldest first.
/// `shown_at` tells when something known at an instant was shown: the instant itself, or the next publication tick;
/// `None` when it has not been shown yet. It must not fall as the instant rises.
#[must_use]
pub fn figure_versions(
    versions: &[CellVersion],
    query: &VersionQuery<'_>,
    shown_at: impl Fn(DateTime<Utc>) -> Option<DateTime<Utc>>,
) -> Vec<FigureVersion> {
    let mut groups: BTreeMap<Key, Group> = BTreeMap::new();
    let mut rest = versions;
    while let Some(instant) = rest.first().and_then(|first| shown_at(first.known_at)) {
        let together = rest.iter().take_while(|version| shown_at(version.known_at) == Some(instant)).count();
        let (now, later) = rest.split_at(together);
        rest = later;
        let mut touched: BTreeMap<Key, BTreeSet<&str>> = BTreeMap::new();
        for version in now.iter().filter(|version| *version.indicator == *query.definition.id) {
            let Some(key) = key(query, version) else { continue };
            let group = groups.entry(key.clone()).or_default();
            match &version.value {
                Some(value) => group.cells.insert(version.atom.clone(), (value.clone(), version.version)),
                None => group.cells.remove(&version.atom),
            };
            touched.entry(key).or_default().insert(reason(version));
        }
        for (key, reasons) in touched {
            if let Some(group) = groups.get_mut(&key) {
                group.settle(query, &key, instant, &reasons);
            }
        }
    }
    groups.into_values().flat_map(|group| group.versions).collect()
}

impl Group {
    /// Closes the standing version when the sum differs from it, and opens the next.
    fn settle(&mut self, query: &VersionQuery<'_>, key: &Key, instant: DateTime<Utc>, reasons: &BTreeSet<&str>) {
        let sum = self.cells.values().fold(None::<(AtomValue, u32)>, |sum, (value, version)| {
            let (mut total, newest) = sum.unwrap_or_default();
            total.add(value);
            Some((total, newest.max(*version)))
        });
        if sum == self.open {
            return;
        }
        if let (Some(_), Some(standing)) = (&self.open, self.versions.last_mut()) {
            standing.replaced_at = Some(instant);
        }
        if let (Some((value, version)), Some(period)) = (&sum, parse_name(&key.period, instant)) {
            let figure = figure(query, key, value, *version, &period, instant);
            self.versions.push(FigureVersion { figure, replaced_at: None, because: told(reasons) });
        }
        self.open = sum;
    }
}

fn key(query: &VersionQuery<'_>, version: &CellVersion) -> Option<Key> {
    let atom = &version.atom;
    let grain = atom.period.split(':').next()?;
    let mut by = vec![query.level];
    by.extend(&query.definition.strata);
    if grain != query.grain.as_str() || !levels::is_read(query.definition, &by, atom) {
        return None;
    }
    let period = parse_name(&atom.period, version.known_at)?;
    let value = |dimension| dimension_value(query.geography, query.definition, dimension, atom, &period);
    let values = by.into_iter().map(value).collect();
    Some(Key { basis: Arc::clone(&atom.basis), values, period: Arc::clone(&atom.period) })
}

fn figure(
    query: &VersionQuery<'_>,
    key: &Key,
    value: &AtomValue,
    version: u32,
    period: &Period,
    shown_at: DateTime<Utc>,
) -> Figure {
    let named = std::iter::once(query.level).chain(query.definition.strata.iter().copied());
    let cell: Vec<_> = named.zip(key.values.iter().map(Arc::clone)).collect();
    let mut value = value.clone();
    let begins = BTreeSet::from([london(period.starts_at).date()]);
    let today = london(shown_at).date();
    let standardised = population::divide(query.geography, query.definition, &cell, &begins, today, &mut value);
    let mut dimensions: Vec<_> = cell.iter().map(|(dimension, value)| (*dimension, value.to_string())).collect();
    let name = key.period.split_once(':').map_or(key.period.as_ref(), |(_, name)| name);
    dimensions.push((query.grain, name.to_owned()));
    Figure {
        indicator: query.definition.id.clone(),
        version,
        basis: key.basis.to_string(),
        dimensions,
        period_start: period.starts_at,
        period_end: period.ends_at,
        numerator: query.definition.kind.has_numerator().then_some(value.numerator),
        denominator: value.denominator,
        percentile: value.percentile,
        standardised,
        counts: value.counts.to_told(),
        flags: value.flags.to_told(),
        status: query.definition.status_of(value.source_rank, period.ends_at, shown_at),
        as_of: shown_at,
    }
}

fn reason(version: &CellVersion) -> &str {
    match view_of(&version.atom.basis) {
        View::Csds => &version.csds_because,
        View::Live => &version.live_because,
    }
}

fn told(reasons: &BTreeSet<&str>) -> String {
    let mut told: Vec<&str> = reasons.iter().copied().take(REASONS_MAX).collect();
    if reasons.len() > REASONS_MAX {
        told.push("and more");
    }
    told.join("; ")
}

#[cfg(test)]
#[path = "figures_tests.rs"]
mod tests;
