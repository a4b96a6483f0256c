//! Which questions have an answer where figures do not add up: distinct people and percentiles (handbook, statistics
//! section 6). Each such figure is one cell, computed from the records of one area in one period. Pure.

use crate::definition::Definition;
use crate::engine::{Atom, EVERY_STRATUM};
use crate::figure::Dimension;
use crate::snapshot::FigureQuery;

/// The rule in words, and what to ask for instead.
pub const RULE: (&str, &str) = (
    "distinct people and percentiles do not add up: there is a figure for each area of one level in one period, and none \
     across two levels of area or over several months",
    "ask by at most one of provider, icb, region, lcp and pcn, and by one of day, month and window or for one period",
);

/// False when an answer would have to be put together from cells that do not add up; outlets then tell [`RULE`].
#[must_use]
pub fn has_figure(definition: &Definition, query: &FigureQuery) -> bool {
    let areas = query.by.iter().filter(|dimension| dimension.is_area()).count();
    let speaks_of_now = definition.grains.iter().all(|grain| grain == "now");
    let one_period = speaks_of_now || query.period.is_some() || query.by.iter().any(|by| by.is_period());
    definition.kind.adds_up() || areas <= 1 && one_period
}

/// True for the cells that a question by these dimensions reads: all, or the one of each area of the level asked for, broken
/// down by the strata asked for and no other.
pub(crate) fn is_read(definition: &Definition, by: &[Dimension], atom: &Atom) -> bool {
    let Some(place) = atom.place.as_ref().filter(|_| !definition.kind.adds_up()) else {
        return definition.kind.adds_up() && atom.place.is_none();
    };
    let level = by.iter().copied().find(|dimension| dimension.is_area()).unwrap_or(Dimension::Nation);
    let mut strata = definition.strata.iter().zip(atom.strata.iter());
    place.level == level && strata.all(|(stratum, value)| by.contains(stratum) == (value.as_ref() != EVERY_STRATUM))
}
