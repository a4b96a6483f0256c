//! What the page and `/metrics` show of one snapshot, all of it through one release policy.
//!
//! A reading is taken once a snapshot: every level of area, every window and the present state of every
//! definition. Outlets read from it and never from the snapshot's exact figures.

use std::collections::BTreeSet;

use chrono::{Datelike, Days as CalendarDays, Months, NaiveDate};
use homeward_contract::time::london;
use homeward_transform::definition::{Catalogue, Definition};
use homeward_transform::figure::Dimension;
use homeward_transform::release::{Policy, Released, ReleasedFigure};
use homeward_transform::reporting::feed_areas;
use homeward_transform::snapshot::{FigureQuery, Snapshot};

pub use homeward_transform::release::reach::LEVELS;
pub use homeward_transform::reporting::REFERRALS;

/// The indicator behind `ucr_cohort_referrals` and the budget.
pub const RESPONSE: &str = "ucr-two-hour-response";
/// Its operational basis.
pub const RESPONSE_BASIS: &str = "live";
/// The indicator behind `ucr_open_referrals`.
pub const OPEN_CLOCKS: &str = "ucr-open-clocks";

/// Levels whose single days are read: a network's would be left out by its release.
const DAY_LEVELS: [Dimension; 5] =
    [Dimension::Nation, Dimension::Region, Dimension::Icb, Dimension::Lcp, Dimension::Provider];

/// Whole days before today on a trend chart.
pub const TREND_DAYS: u64 = 28;

/// Figures of one definition at one level: every basis, every window or the present state.
#[derive(Debug)]
pub struct LevelFigures {
    /// Indicator id.
    pub indicator: String,
    /// Level of the areas.
    pub level: Dimension,
    /// The figures, released.
    pub figures: Released<Vec<ReleasedFigure>>,
}

/// One snapshot as outlets may show it.
#[derive(Debug)]
pub struct Reading {
    /// The policy that everything went through.
    pub policy: &'static Policy,
    /// Figures by definition and level.
    pub levels: Vec<LevelFigures>,
    /// Which provider contributes to which area, by level.
    pub feed_areas: BTreeSet<(String, Dimension, String)>,
}

impl Reading {
    /// Takes a reading.
    #[must_use]
    pub fn take(snapshot: &Snapshot, catalogue: &Catalogue, policy: &'static Policy) -> Self {
        let mut levels = Vec::new();
        for definition in catalogue.iter().filter(|definition| definition.is_of_the_moment()) {
            for level in LEVELS {
                let figures = level_figures(snapshot, definition, level, policy);
                levels.push(LevelFigures { indicator: definition.id.clone(), level, figures });
            }
        }
        Self { policy, levels, feed_areas: feed_areas(snapshot) }
    }

    /// Figures of one definition at one level.
    #[must_use]
    pub fn level(&self, indicator: &str, level: Dimension) -> &[ReleasedFigure] {
        self.levels
            .iter()
            .find(|figures| figures.indicator == indicator && figures.level == level)
            .map_or(&[], |found| found.figures.as_slice())
    }

    /// True when nothing was counted yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.levels.iter().all(|level| level.figures.is_empty())
    }
}

/// Single days of one snapshot as trend charts show them: today and the [`TREND_DAYS`] days before, on the basis that
/// is shown first, at every level but the network's.
#[derive(Debug)]
pub struct DayReading {
    levels: Vec<LevelFigures>,
}

impl DayReading {
    /// Takes the days of every definition of the moment that has any.
    #[must_use]
    pub fn take(snapshot: &Snapshot, catalogue: &Catalogue, policy: &Policy) -> Self {
        let today = london(snapshot.as_of()).date();
        let mut levels = Vec::new();
        let has_days = |definition: &&Definition| definition.is_of_the_moment() && definition.has_grain("day");
        for definition in catalogue.iter().filter(has_days) {
            for level in DAY_LEVELS {
                let figures = snapshot.figures(&FigureQuery {
                    indicator: definition.id.clone(),
                    bases: vec![shown_basis(definition).to_owned()],
                    by: vec![level, Dimension::Day],
                    from: today.checked_sub_days(CalendarDays::new(TREND_DAYS)),
                    to: Some(today),
                    period: None,
                });
                let figures = policy.release(figures, definition);
                levels.push(LevelFigures { indicator: definition.id.clone(), level, figures });
            }
        }
        Self { levels }
    }

    /// The days of one area, in order.
    pub fn of<'a>(
        &'a self,
        indicator: &'a str,
        level: Dimension,
        area: &'a str,
    ) -> impl Iterator<Item = &'a ReleasedFigure> {
        let found = self.levels.iter().filter(move |figures| figures.indicator == indicator && figures.level == level);
        found.flat_map(|figures| figures.figures.iter()).filter(move |figure| figure.dimension(level) == Some(area))
    }
}

/// Months on the page of an area: the one under way and the twelve before, so that the month a year ago stands there too.
pub const MONTHS_ON_PAGE: u32 = 13;

/// The newest calendar months of one area: every definition that has any, on every basis.
#[derive(Debug)]
pub struct MonthReading {
    /// First days of the months, oldest first.
    pub months: Vec<NaiveDate>,
    definitions: Vec<AreaMonths>,
}

/// Months of one definition in one area.
#[derive(Debug)]
pub struct AreaMonths {
    /// Indicator id.
    pub indicator: String,
    /// One figure a basis and month.
    pub whole: Released<Vec<ReleasedFigure>>,
    /// The same by the break-downs of the definition; empty without any.
    pub parts: Released<Vec<ReleasedFigure>>,
}

impl MonthReading {
    /// Takes the months of one area.
    #[must_use]
    pub fn take(snapshot: &Snapshot, catalogue: &Catalogue, policy: &Policy, level: Dimension, area: &str) -> Self {
        let today = london(snapshot.as_of()).date();
        let newest = today.with_day(1).unwrap_or(today);
        let months: Vec<NaiveDate> =
            (0..MONTHS_ON_PAGE).rev().filter_map(|back| newest.checked_sub_months(Months::new(back))).collect();
        let read = |definition: &Definition, strata: &[Dimension]| {
            let mut figures = snapshot.figures(&FigureQuery {
                indicator: definition.id.clone(),
                by: [&[level, Dimension::Month], strata].concat(),
                from: months.first().copied(),
                to: Some(today),
                ..FigureQuery::default()
            });
            figures.retain(|figure| figure.dimensions.iter().any(|(named, value)| *named == level && value == area));
            policy.release(figures, definition)
        };
        let of = |definition: &Definition| AreaMonths {
            indicator: definition.id.clone(),
            whole: read(definition, &[]),
            parts: if definition.strata.is_empty() {
                policy.release(Vec::new(), definition)
            } else {
                read(definition, &definition.strata)
            },
        };
        let definitions = catalogue.iter().filter(|definition| definition.has_months()).map(of).collect();
        Self { months, definitions }
    }

    /// The months of one definition.
    #[must_use]
    pub fn of(&self, indicator: &str) -> Option<&AreaMonths> {
        self.definitions.iter().find(|months| months.indicator == indicator)
    }
}

/// The basis that speaks for now: `live` where there is one, else the definition's default.
#[must_use]
pub fn shown_basis(definition: &Definition) -> &str {
    definition.basis(RESPONSE_BASIS).map_or(definition.default_basis.as_str(), |basis| basis.id.as_str())
}

/// The period dimension of what a definition shows live: its windows, or its present state. Bands are the one break-down
/// that live outlets know; others are added up, or told as a whole where figures do not add up.
#[must_use]
pub fn live_dimensions(definition: &Definition, level: Dimension) -> (Vec<Dimension>, Option<String>) {
    let windowed = definition.has_grain("window");
    let mut by = vec![level];
    by.extend(definition.strata.iter().copied().filter(|stratum| *stratum == Dimension::Band));
    if windowed {
        by.push(Dimension::Window);
        (by, None)
    } else {
        (by, Some("now".to_owned()))
    }
}

fn level_figures(
    snapshot: &Snapshot,
    definition: &Definition,
    level: Dimension,
    policy: &Policy,
) -> Released<Vec<ReleasedFigure>> {
    let (by, period) = live_dimensions(definition, level);
    let query = FigureQuery { indicator: definition.id.clone(), by, period, ..FigureQuery::default() };
    policy.release(snapshot.figures(&query), definition)
}
