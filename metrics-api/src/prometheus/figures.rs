//! Samples of one snapshot's released figures.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use homeward_contract::time::london;
use homeward_transform::definition::{Catalogue, Definition, Kind as IndicatorKind};
use homeward_transform::figure::Dimension;
use homeward_transform::release::{ReleasedFigure, Shown};
use homeward_transform::snapshot::UNKNOWN_AREA;

use super::budget::{MonthSoFar, forecast, late_responses_left};
use super::chance::chance_of_at_most;
use super::sheet::Sheet;
use super::table;
use crate::reading::{LEVELS, OPEN_CLOCKS, RESPONSE, RESPONSE_BASIS, Reading};

/// Age bands of open clocks; an area that has figures shows all of them, so that an alert clears.
pub(crate) const BANDS: [&str; 4] = ["0_to_60m", "60_to_90m", "90_to_120m", "over_120m"];

/// Levels that have a service manager to read a budget.
const BUDGET_LEVELS: [Dimension; 3] = [Dimension::Icb, Dimension::Lcp, Dimension::Provider];

/// Every figure family. An empty reading gives none: absent is not zero.
pub(super) fn push_figures(sheet: &mut Sheet, reading: &Reading, catalogue: &Catalogue, as_of: DateTime<Utc>) {
    let today = london(as_of).date();
    for definition in catalogue.iter() {
        push_targets(sheet, definition, today);
        for level in LEVELS {
            for figure in reading.level(&definition.id, level) {
                push_generic(sheet, figure, level, definition);
            }
        }
    }
    for level in LEVELS {
        push_cohort(sheet, reading.level(RESPONSE, level), level);
        if level != Dimension::Pcn {
            push_open(sheet, reading, level);
        }
        if let Some(definition) = catalogue.get(RESPONSE).filter(|_| BUDGET_LEVELS.contains(&level)) {
            push_budget(sheet, reading.level(RESPONSE, level), level, definition, today);
        }
    }
    for (provider, level, area) in &reading.feed_areas {
        sheet.push(&table::FEED_AREA, &[provider, area, level.as_str()], 1.0);
    }
}

fn push_targets(sheet: &mut Sheet, definition: &Definition, today: NaiveDate) {
    let mut names: Vec<&str> = definition.targets.iter().map(|t| t.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for target in names.into_iter().filter_map(|name| definition.target_on(name, today)) {
        if definition.unit == "ratio" {
            let labels = [definition.id.as_str(), &target.name, &target.source];
            sheet.push(&table::INDICATOR_TARGET_RATIO, &labels, target.value);
        }
        if definition.id == RESPONSE {
            sheet.push(&table::TARGET_RATIO, &[&target.name], target.value);
        }
    }
}

fn push_generic(sheet: &mut Sheet, figure: &ReleasedFigure, level: Dimension, definition: &Definition) {
    let Some(area) = figure.dimension(level) else { return };
    let window = window_label(figure);
    let band = figure.dimension(Dimension::Band).unwrap_or_default();
    let labels = [figure.indicator.as_str(), &figure.basis, area, level.as_str(), window, band];
    if let Some(numerator) = figure.numerator.as_f64() {
        sheet.push(&table::FIGURE_NUMERATOR, &labels, numerator);
    }
    if let Some(denominator) = figure.denominator.as_f64() {
        sheet.push(&table::FIGURE_DENOMINATOR, &labels, denominator);
    }
    if let Some(value) = figure.value.as_f64().filter(|_| definition.kind == IndicatorKind::Quantile) {
        let [indicator, basis, area, level, window, band] = labels;
        let labels = [indicator, basis, area, level, window, band, definition.unit.as_str()];
        sheet.push(&table::FIGURE_PERCENTILE, &labels, value);
    }
}

fn push_cohort(sheet: &mut Sheet, figures: &[ReleasedFigure], level: Dimension) {
    for figure in figures.iter().filter(|figure| figure.basis == RESPONSE_BASIS) {
        let Some(area) = figure.dimension(level) else { continue };
        let window = window_label(figure);
        let mut push = |outcome: &str, count: Option<i64>| {
            if let Some(count) = count {
                let labels = [area, level.as_str(), window, outcome];
                sheet.push(&table::COHORT_REFERRALS, &labels, as_value(count));
            }
        };
        push("met", figure.numerator.as_count());
        push("breached", breached(figure));
        push("open", companion(figure, "open"));
        push("excluded", companion(figure, "excluded"));
    }
}

fn push_open(sheet: &mut Sheet, reading: &Reading, level: Dimension) {
    let open = reading.level(OPEN_CLOCKS, level);
    let mut areas: Vec<&str> =
        open.iter().chain(reading.level(RESPONSE, level)).filter_map(|figure| figure.dimension(level)).collect();
    areas.sort_unstable();
    areas.dedup();
    for area in areas {
        for band in BANDS {
            let found = open.iter().find(|figure| {
                figure.dimension(level) == Some(area) && figure.dimension(Dimension::Band) == Some(band)
            });
            let count = match found.map(|figure| figure.numerator) {
                None => Some(0.0),
                Some(shown) => shown.as_f64(),
            };
            if let Some(count) = count {
                sheet.push(&table::OPEN_REFERRALS, &[area, level.as_str(), band], count);
            }
        }
    }
}

fn push_budget(
    sheet: &mut Sheet,
    figures: &[ReleasedFigure],
    level: Dimension,
    definition: &Definition,
    today: NaiveDate,
) {
    let of = |area: &str, window: &str| {
        figures.iter().find(|figure| {
            figure.basis == RESPONSE_BASIS
                && figure.dimension(level) == Some(area)
                && figure.dimension(Dimension::Window) == Some(window)
        })
    };
    for month in figures {
        if month.basis != RESPONSE_BASIS || month.dimension(Dimension::Window) != Some("mtd") {
            continue;
        }
        let Some(area) = month.dimension(level).filter(|area| *area != UNKNOWN_AREA) else {
            continue;
        };
        let (Some(decided), Some(breached)) = (month.denominator.as_count(), breached(month)) else {
            continue;
        };
        let four_weeks = of(area, "28d");
        let decided_28d = four_weeks.and_then(|figure| figure.denominator.as_count()).unwrap_or(0);
        let met_28d = four_weeks.and_then(|figure| figure.numerator.as_count()).unwrap_or(0);
        let so_far = MonthSoFar { decided, breached, decided_28d, days_left: days_left(today) };
        for target in ["local", "national"].into_iter().filter_map(|name| definition.target_on(name, today)) {
            let percent = (target.value * 100.0).round() as i64;
            let left = late_responses_left(so_far, percent);
            if target.name == "local" {
                sheet.push(&table::MONTH_LATE_RESPONSES_LEFT, &[area, level.as_str()], as_value(left));
            }
            let chance = chance_of_at_most(left, forecast(so_far), met_28d, decided_28d - met_28d);
            sheet.push(&table::MONTH_TARGET_MET_CHANCE, &[area, level.as_str(), &target.name], chance);
        }
    }
}

fn days_left(today: NaiveDate) -> i64 {
    let next_month = today
        .with_day(1)
        .and_then(|first| first.checked_add_months(Months::new(1)))
        .and_then(|first| first.checked_sub_days(Days::new(1)));
    next_month.map_or(0, |last| (last - today).num_days())
}

fn breached(figure: &ReleasedFigure) -> Option<i64> {
    // From the counts shown, so that a rounded exposition never gives more away than its parts.
    Some((figure.denominator.as_count()? - figure.numerator.as_count()?).max(0))
}

fn companion(figure: &ReleasedFigure, name: &str) -> Option<i64> {
    match figure.counts.get(name) {
        Some(shown) => shown.as_count(),
        None => Shown::Count(0).as_count(),
    }
}

/// The handbook's alert rules call the last day `1d`; figures call it `24h`, which is what it is.
fn window_label(figure: &ReleasedFigure) -> &str {
    match figure.dimension(Dimension::Window) {
        Some("24h") => "1d",
        Some(window) => window,
        None => "now",
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
const fn as_value(count: i64) -> f64 {
    count as f64
}
