//! A figure as a sentence: the text twin of every number (handbook, statistics, section 7).
//!
//! "North: 27 of 40 seen within two hours, 67.5% (95% interval 52.0 to 79.9), below the 80% target; the
//! difference could be chance." The last clause comes from the Wilson bounds, never from the point alone.

use homeward_transform::definition::{Definition, Kind, Target};
use homeward_transform::release::{ReleasedFigure, Shown};
use homeward_transform::statistics::percent_one_decimal;

/// The sentence for one figure of one area. `target` is the line to compare with, for a proportion.
pub(super) fn sentence(
    area: &str,
    figure: &ReleasedFigure,
    definition: &Definition,
    target: Option<&Target>,
) -> String {
    match (definition.kind, figure.numerator, figure.denominator, figure.value) {
        (_, Shown::Suppressed, _, _) | (_, _, Shown::Suppressed, _) | (_, _, _, Shown::Suppressed) => {
            format!("{area}: suppressed by {}.", figure.release)
        }
        (Kind::Proportion, Shown::Count(numerator), Shown::Count(denominator), Shown::Number(value)) => {
            let share = percent(numerator, denominator, value);
            let mut text = match deed(definition) {
                Some(deed) => format!("{area}: {numerator} of {denominator} {deed}, {share}%"),
                None => format!("{area}: {numerator} of {denominator}, {share}%"),
            };
            if let (Shown::Number(lower), Shown::Number(upper)) = (figure.lower, figure.upper) {
                text.push_str(&format!(" (95% interval {} to {})", one_decimal(lower), one_decimal(upper)));
                if let Some(target) = target {
                    text.push_str(&against(target, value, lower, upper));
                }
            }
            text.push('.');
            text
        }
        (Kind::Count | Kind::Snapshot, Shown::Count(count), _, _) => {
            format!("{area}: {count} {}.", definition.unit)
        }
        _ => format!("{area}: no data."),
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
        (Shown::Number(lower), Shown::Number(upper)) => {
            format!("{} to {}", one_decimal(lower), one_decimal(upper))
        }
        (lower, _) => lower.to_string(),
    }
}

/// The words that follow the counts where the handbook gives them; other proportions do without.
fn deed(definition: &Definition) -> Option<&'static str> {
    (definition.id == crate::reading::RESPONSE).then_some("seen within two hours")
}

fn against(target: &Target, value: f64, lower: f64, upper: f64) -> String {
    let line = format!("the {}% target", trimmed(one_decimal(target.value)));
    let difference = value - target.value;
    if difference.abs() < 1e-9 {
        return format!(", at {line}");
    }
    let side = if difference < 0.0 { "below" } else { "above" };
    let chance = if upper < target.value || lower > target.value {
        "the difference is more than chance"
    } else {
        "the difference could be chance"
    };
    format!(", {side} {line}; {chance}")
}

fn percent(numerator: i64, denominator: i64, value: f64) -> String {
    let exact = match (u64::try_from(numerator), u64::try_from(denominator)) {
        (Ok(numerator), Ok(denominator)) => percent_one_decimal(numerator, denominator),
        _ => None,
    };
    exact.unwrap_or_else(|| one_decimal(value))
}

/// A ratio as a percentage with one decimal, half away from zero.
fn one_decimal(ratio: f64) -> String {
    format!("{:.1}", (ratio * 1000.0).round() / 10.0)
}

fn trimmed(percent: String) -> String {
    percent.strip_suffix(".0").map_or_else(|| percent.clone(), str::to_owned)
}
