//! A figure as a sentence: the text twin of every number (handbook, statistics, section 7).
//!
//! "North: 27 of 40 seen within two hours, 67.5% (95% interval 52.0 to 79.9), below the 80% target; the
//! difference could be chance." The last clause comes from the Wilson bounds, never from the point alone.

use homeward_transform::definition::{Definition, Direction, Kind, Target};
use homeward_transform::release::{ReleasedFigure, Shown};
use homeward_transform::statistics::{Z95, most_successes_confidently_below, percent_one_decimal};

use super::numbers::{bounds_text, number_text, ratio_text};
use super::words::{is_more_than_chance, one_decimal, percent, target_value, window_words};

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
            let deed = definition.deed.as_deref().map(|deed| format!(" {deed}")).unwrap_or_default();
            let mut text = format!("{area}: {numerator} of {denominator}{deed}, {share}%");
            if let (Shown::Number(lower), Shown::Number(upper)) = (figure.lower, figure.upper) {
                text.push_str(&format!(" (95% interval {} to {})", one_decimal(lower), one_decimal(upper)));
                if let Some(target) = target {
                    text.push_str(&against(definition, target, figure, value));
                }
            }
            text.push('.');
            text
        }
        (Kind::Ratio | Kind::Standardised, numerator, denominator, Shown::Number(_)) => {
            let unit = if definition.unit == "ratio" { String::new() } else { format!(" {}", definition.unit) };
            let interval = match figure.lower {
                Shown::Number(_) => format!("; 95% interval {}", bounds_text(figure)),
                _ => String::new(),
            };
            let counted = match definition.kind {
                // Not a quotient of the two: it is weighted by age.
                Kind::Standardised => format!("standardised by age; {numerator} among {denominator} people"),
                _ => format!("{numerator} over {denominator}"),
            };
            format!("{area}: {}{unit} ({counted}{interval}).", ratio_text(definition, figure))
        }
        (Kind::Quantile, _, of, Shown::Number(_)) => {
            let name = definition.quantile.map(|quantile| format!("{quantile} ")).unwrap_or_default();
            format!("{area}: {name}{} {} (of {of}).", number_text(figure), definition.unit)
        }
        (Kind::Count | Kind::Snapshot | Kind::People, Shown::Count(count), _, _) => {
            let deed = definition.deed.as_deref().map(|deed| format!(" {deed}")).unwrap_or_default();
            format!("{area}: {count} {}{deed}.", unit(definition, count))
        }
        _ => format!("{area}: no data."),
    }
}

/// The unit for so many: `1 referral`, `2 referrals`.
pub(super) fn unit(definition: &Definition, count: i64) -> &str {
    let unit = definition.unit.as_str();
    if count == 1 { unit.strip_suffix('s').unwrap_or(unit) } else { unit }
}

/// The same, begun with its window: "Last 7 days: 27 of 40 ...".
pub(super) fn window_sentence(figure: &ReleasedFigure, definition: &Definition, target: Option<&Target>) -> String {
    let words = window_words(figure);
    let mut letters = words.chars();
    let capital: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    sentence(&capital, figure, definition, target)
}

fn against(definition: &Definition, target: &Target, figure: &ReleasedFigure, value: f64) -> String {
    let line = format!("the {} target", target_value(definition, target));
    let difference = value - target.value;
    if difference.abs() < 1e-9 {
        return format!(", at {line}");
    }
    let side = if difference < 0.0 { "below" } else { "above" };
    let chance = if is_more_than_chance(figure, target) {
        "the difference is more than chance"
    } else {
        "the difference could be chance"
    };
    format!(", {side} {line}; {chance}")
}

/// Why a small area stays silent: the best rate that would still be below the target beyond chance. For rates of which
/// more is better.
pub(super) fn smallest_confident(figure: &ReleasedFigure, definition: &Definition, target: &Target) -> Option<String> {
    if definition.kind != Kind::Proportion || definition.direction != Direction::Up {
        return None;
    }
    let denominator = u64::try_from(figure.denominator.as_count()?).ok().filter(|denominator| *denominator > 0)?;
    let line = target_value(definition, target);
    Some(match most_successes_confidently_below(target.value, denominator, Z95) {
        Some(most) => {
            let share = percent_one_decimal(most, denominator)?;
            format!("of {denominator}, {most} or fewer ({share}%) would be below {line} and more than chance")
        }
        None => format!("of {denominator}, no result at all could be told from chance against {line}"),
    })
}

#[cfg(test)]
#[path = "sentence_tests.rs"]
mod tests;
