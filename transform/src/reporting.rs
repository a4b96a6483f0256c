//! Who reports for which area, and who has been heard of lately: coverage that stands beside every figure. Pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;

use crate::figure::Dimension;
use crate::release::reach::LEVELS;
use crate::snapshot::{FigureQuery, Snapshot};

/// The indicator that tells which provider works for which area.
pub const REFERRALS: &str = "ucr-referrals";

/// A provider counts as reporting when its live feed told of something within so many hours before `as_of` (our choice).
pub const REPORTING_WITHIN_HOURS: i64 = 24;

/// Provider, level, area: who works for whom, by the referrals of the last weeks. Networks are left out: that one
/// provider works for a network at all may tell of single people.
#[must_use]
pub fn feed_areas(snapshot: &Snapshot) -> BTreeSet<(String, Dimension, String)> {
    let mut areas = BTreeSet::new();
    for level in LEVELS {
        if level == Dimension::Pcn {
            continue;
        }
        let by = if level == Dimension::Provider {
            vec![Dimension::Provider, Dimension::Window]
        } else {
            vec![Dimension::Provider, level, Dimension::Window]
        };
        let figures = snapshot.figures(&FigureQuery { indicator: REFERRALS.to_owned(), by, ..FigureQuery::default() });
        for figure in figures {
            let value =
                |wanted: Dimension| figure.dimensions.iter().find_map(|(d, v)| (*d == wanted).then(|| v.clone()));
            if let (Some(provider), Some(area)) = (value(Dimension::Provider), value(level)) {
                areas.insert((provider, level, area));
            }
        }
    }
    areas
}

/// True when the provider's live feed has told of something lately.
#[must_use]
pub fn is_reporting(snapshot: &Snapshot, provider: &str) -> bool {
    let since = snapshot.as_of() - Duration::hours(REPORTING_WITHIN_HOURS);
    snapshot.freshness().watermarks.get(provider).is_some_and(|watermark| *watermark >= since)
}

/// How many providers work for an area, and how many of them are reporting: "3 of 4 providers".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reporting {
    /// Providers that work for the area.
    pub expected: i64,
    /// Those of them whose live feed has told of something lately.
    pub reporting: i64,
}

/// Coverage of every area that has any provider, by level and area.
#[must_use]
pub fn by_area(snapshot: &Snapshot) -> BTreeMap<(Dimension, String), Reporting> {
    let mut areas: BTreeMap<_, Reporting> = BTreeMap::new();
    for (provider, level, area) in feed_areas(snapshot) {
        let found = areas.entry((level, area)).or_default();
        found.expected += 1;
        found.reporting += i64::from(is_reporting(snapshot, &provider));
    }
    areas
}
