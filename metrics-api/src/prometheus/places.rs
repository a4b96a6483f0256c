//! What alerts must know of areas besides their figures: their names, and who takes most of their referrals.

use std::collections::{BTreeMap, BTreeSet};

use homeward_transform::conditions::declared::SLIP_LEVELS;
use homeward_transform::figure::Dimension;
use homeward_transform::snapshot::{FigureQuery, Snapshot, UNKNOWN_AREA};

use super::sheet::Sheet;
use super::table;
use crate::reading::{REFERRALS, Reading};

/// Names and main providers. Which provider is the largest leaves here, and no number does.
pub(super) fn push_places(sheet: &mut Sheet, reading: &Reading, snapshot: &Snapshot) {
    let areas: BTreeSet<(Dimension, &str)> =
        reading.feed_areas.iter().map(|(_, level, area)| (*level, area.as_str())).collect();
    for (level, area) in areas.into_iter().filter(|(_, area)| *area != UNKNOWN_AREA) {
        if let Some(name) = snapshot.geography().name_of(area).filter(|name| *name != area) {
            sheet.push(&table::AREA_NAME, &[area, level.as_str(), name], 1.0);
        }
    }
    for level in SLIP_LEVELS {
        for (area, provider) in main_providers(snapshot, level) {
            sheet.push(&table::AREA_MAIN_PROVIDER, &[&area, level.as_str(), &provider], 1.0);
        }
    }
}

/// The provider with most referrals of 28 days, by area; of equals the first by code.
fn main_providers(snapshot: &Snapshot, level: Dimension) -> BTreeMap<String, String> {
    let mut by = vec![Dimension::Provider, Dimension::Window];
    if level != Dimension::Provider {
        by.push(level);
    }
    let query = FigureQuery {
        indicator: REFERRALS.to_owned(),
        bases: vec!["live".to_owned()],
        by,
        period: Some("window:28d".to_owned()),
        ..FigureQuery::default()
    };
    let mut largest: BTreeMap<String, (i64, String)> = BTreeMap::new();
    for figure in snapshot.figures(&query) {
        let value = |wanted| figure.dimensions.iter().find_map(|(d, v)| (*d == wanted).then(|| v.clone()));
        let (Some(provider), Some(area)) = (value(Dimension::Provider), value(level)) else { continue };
        let referrals = figure.numerator.unwrap_or(0);
        let leads = |held: &(i64, String)| (referrals, &held.1) > (held.0, &provider);
        if area != UNKNOWN_AREA && largest.get(&area).is_none_or(leads) {
            largest.insert(area, (referrals, provider));
        }
    }
    largest.into_iter().map(|(area, (_, provider))| (area, provider)).collect()
}
