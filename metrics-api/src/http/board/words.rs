//! Words for windows, bands, targets and verdicts, made from what the definition says.

use chrono::NaiveDate;
use homeward_contract::time::london;
use homeward_transform::definition::{Definition, Direction, Kind, Target};
use homeward_transform::figure::Dimension;
use homeward_transform::release::{ReleasedFigure, Shown};
use homeward_transform::statistics::percent_one_decimal;
use homeward_transform::statistics::xmr::{Assurance, Variation};

use super::when;

/// Below this denominator a percentage has no colour (handbook, statistics section 6).
pub(super) const COLOUR_DENOMINATOR_MIN: i64 = 20;

/// Where a rate stands to a target, by its interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Better than the target, and more than chance.
    Better,
    /// Worse than the target, and more than chance.
    Worse,
    /// Chance could explain the difference.
    Chance,
    /// Too few, suppressed or no data: nothing is said.
    Unsaid,
}

/// The window that sentences speak of: that of the first alert on a target, else the longest one that rolls.
pub(super) fn spoken_window(definition: &Definition) -> Option<&str> {
    let alerted = definition.alerts.iter().find(|alert| alert.target.is_some());
    let rolling = definition.windows.iter().max_by_key(|window| hours(window));
    alerted.and_then(|alert| alert.window.as_deref()).or(rolling.map(String::as_str))
}

/// Length of a rolling window; none for one that begins with the month.
fn hours(window: &str) -> Option<u32> {
    let length = |unit: char| window.strip_suffix(unit).and_then(|number| number.parse::<u32>().ok());
    length('h').or_else(|| length('d').map(|days| 24 * days))
}

/// `last 28 days`, `last 24 hours`, `June 2025 so far`.
pub(super) fn window_words(figure: &ReleasedFigure) -> String {
    let Some(window) = figure.dimension(Dimension::Window) else { return when::short(figure.period_start) };
    let number = window.get(..window.len().saturating_sub(1)).unwrap_or_default();
    match (window.chars().last(), number.parse::<u32>()) {
        (Some('h'), Ok(hours)) => format!("last {hours} hours"),
        (Some('d'), Ok(days)) => format!("last {days} days"),
        _ if window == "mtd" => format!("{} so far", london(figure.period_start).format("%B %Y")),
        _ => window.to_owned(),
    }
}

/// An age band: its bounds, from its name (`60_to_90m`, `over_120m`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BandBounds {
    /// Minutes since the start at which the band begins.
    pub(super) from_minutes: u32,
    /// Minutes at which it ends; none for the band past due.
    pub(super) to_minutes: Option<u32>,
}

/// Reads a band's name.
pub(super) fn band_bounds(band: &str) -> Option<BandBounds> {
    if let Some(limit) = band.strip_prefix("over_").and_then(|rest| rest.strip_suffix('m')) {
        return Some(BandBounds { from_minutes: limit.parse().ok()?, to_minutes: None });
    }
    let (from, to) = band.strip_suffix('m')?.split_once("_to_")?;
    Some(BandBounds { from_minutes: from.parse().ok()?, to_minutes: Some(to.parse().ok()?) })
}

/// The minutes left in a band when clocks fall due at `due_minutes`; the band next to it is "due within".
pub(super) fn band_words(band: &str, due_minutes: Option<u32>) -> String {
    let Some(bounds) = band_bounds(band) else { return band.replace('_', " ") };
    let from = bounds.from_minutes;
    match (bounds.to_minutes, due_minutes) {
        // A clock past its limit may have been visited and not yet written up (handbook, hazard H8).
        (None, _) => format!("past {from} minutes: breached, no visit recorded"),
        (Some(to), Some(due)) if to == due => format!("due within {} minutes", due - from),
        (Some(to), Some(due)) if to < due => format!("{} to {} minutes left", due - to, due - from),
        (Some(to), _) => format!("{from} to {to} minutes since the start"),
    }
}

/// `80%` for a target of a proportion, `80` for one of a count.
pub(super) fn target_value(definition: &Definition, target: &Target) -> String {
    match definition.kind {
        Kind::Proportion => format!("{}%", trimmed(one_decimal(target.value))),
        Kind::Ratio if definition.unit == "ratio" => format!("{}%", trimmed(one_decimal(target.value))),
        Kind::Count | Kind::Snapshot | Kind::People => target.value.to_string(),
        Kind::Ratio | Kind::Standardised | Kind::Quantile => format!("{} {}", target.value, definition.unit),
    }
}

/// Targets in force on a day, in the order in which the definition names them.
pub(super) fn targets_on(definition: &Definition, day: NaiveDate) -> Vec<&Target> {
    definition.targets.iter().filter(|target| definition.target_on(&target.name, day) == Some(*target)).collect()
}

/// Where a figure stands to a target.
pub(super) fn verdict(figure: &ReleasedFigure, definition: &Definition, target: &Target) -> Verdict {
    let (Shown::Number(lower), Shown::Number(upper)) = (figure.lower, figure.upper) else { return Verdict::Unsaid };
    if figure.denominator.as_count().is_none_or(|count| count < COLOUR_DENOMINATOR_MIN) {
        return Verdict::Unsaid;
    }
    match (definition.direction, upper < target.value, lower > target.value) {
        (Direction::Up, true, _) | (Direction::Down, _, true) => Verdict::Worse,
        (Direction::Up, _, true) | (Direction::Down, true, _) => Verdict::Better,
        _ => Verdict::Chance,
    }
}

/// `below; could be chance`: where a figure stands to a target, in a table.
pub(super) fn against_words(figure: &ReleasedFigure, target: &Target) -> String {
    let Shown::Number(value) = figure.value else { return figure.value.to_string() };
    let difference = value - target.value;
    if difference.abs() < 1e-9 {
        return "at the target".to_owned();
    }
    let side = if difference < 0.0 { "below" } else { "above" };
    if figure.lower == Shown::NoData {
        return side.to_owned();
    }
    format!("{side}; {}", if is_more_than_chance(figure, target) { "more than chance" } else { "could be chance" })
}

/// The interval leaves the target out.
pub(super) fn is_more_than_chance(figure: &ReleasedFigure, target: &Target) -> bool {
    matches!((figure.lower, figure.upper), (Shown::Number(lower), Shown::Number(upper))
        if upper < target.value || lower > target.value)
}

/// The words beside a variation icon.
pub(super) const fn variation_words(variation: Variation) -> &'static str {
    match variation {
        Variation::Common => "usual variation",
        Variation::Improvement => "improving",
        Variation::Concern => "concerning",
        Variation::NeutralHigh => "high",
        Variation::NeutralLow => "low",
    }
}

/// The words beside an assurance icon, before the name of the target.
pub(super) const fn assurance_words(assurance: Assurance) -> &'static str {
    match assurance {
        Assurance::ConsistentPass => "consistently meets",
        Assurance::ConsistentFail => "consistently misses",
        Assurance::Inconsistent => "meets on some days and misses on others, by chance,",
    }
}

/// The ratio of a figure as a percentage with one decimal, or the word that stands for it.
pub(super) fn percent_text(figure: &ReleasedFigure) -> String {
    match (figure.numerator, figure.denominator, figure.value) {
        (Shown::Count(numerator), Shown::Count(denominator), Shown::Number(value)) => {
            format!("{}%", percent(numerator, denominator, value))
        }
        (_, _, other) => other.to_string(),
    }
}

/// The interval of a figure as text, or the word that stands for it.
pub(super) fn interval_text(figure: &ReleasedFigure) -> String {
    match (figure.lower, figure.upper) {
        (Shown::Number(lower), Shown::Number(upper)) => format!("{} to {}", one_decimal(lower), one_decimal(upper)),
        (lower, _) => lower.to_string(),
    }
}

/// A percentage with one decimal from whole counts.
pub(super) fn percent(numerator: i64, denominator: i64, value: f64) -> String {
    let exact = match (u64::try_from(numerator), u64::try_from(denominator)) {
        (Ok(numerator), Ok(denominator)) => percent_one_decimal(numerator, denominator),
        _ => None,
    };
    exact.unwrap_or_else(|| one_decimal(value))
}

/// A ratio as a percentage with one decimal, half away from zero.
pub(super) fn one_decimal(ratio: f64) -> String {
    format!("{:.1}", (ratio * 1000.0).round() / 10.0)
}

/// Without a needless `.0`.
pub(super) fn trimmed(percent: String) -> String {
    percent.strip_suffix(".0").map_or_else(|| percent.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use homeward_transform::definition::Catalogue;

    use super::*;

    #[test]
    fn bands_say_the_minutes_left() {
        for (band, words) in [
            ("0_to_60m", "60 to 120 minutes left"),
            ("60_to_90m", "30 to 60 minutes left"),
            ("90_to_120m", "due within 30 minutes"),
            ("over_120m", "past 120 minutes: breached, no visit recorded"),
            ("not_triaged", "not triaged"),
        ] {
            assert_eq!(band_words(band, Some(120)), words);
        }
        assert_eq!(band_words("0_to_60m", None), "0 to 60 minutes since the start");
    }

    #[test]
    fn the_spoken_window_is_the_alerts_or_the_longest() {
        let catalogue = Catalogue::builtin().unwrap();
        let mut definition = catalogue.get("ucr-two-hour-response").unwrap().clone();
        assert_eq!(spoken_window(&definition), Some("28d"));
        definition.alerts.clear();
        definition.windows = ["24h", "mtd", "7d"].map(str::to_owned).to_vec();
        assert_eq!(spoken_window(&definition), Some("7d"));
    }

    #[test]
    fn a_target_is_written_as_the_definition_has_it() {
        let catalogue = Catalogue::builtin().unwrap();
        let definition = catalogue.get("ucr-two-hour-response").unwrap();
        let day = "2025-06-12".parse().unwrap();
        let written: Vec<String> =
            targets_on(definition, day).into_iter().map(|target| target_value(definition, target)).collect();
        assert_eq!(written, ["80%", "70%"]);
        assert!(targets_on(definition, "2020-01-01".parse().unwrap()).is_empty(), "none was in force");
    }
}
