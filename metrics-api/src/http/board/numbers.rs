//! The numbers of one figure as columns of a table, by the kind of its definition; every table of the board has the same.

use homeward_transform::definition::{Definition, Interval, Kind};
use homeward_transform::release::{ReleasedFigure, Shown};
use maud::{Markup, html};

use super::words::{interval_text, percent_text, trimmed};

/// Headings.
pub(super) fn heads(definition: &Definition) -> Markup {
    html! {
        @match (definition.kind, definition.quantile) {
            (Kind::Proportion, _) => {
                th.n scope="col" { "Numerator" } th.n scope="col" { "Denominator" } th.n scope="col" { "Share" }
                th.n scope="col" { "95% interval" }
            }
            (Kind::Ratio | Kind::Standardised, _) => {
                th.n scope="col" { "Numerator" } th.n scope="col" { "Denominator" } th.n scope="col" { (definition.unit) }
                @if definition.interval != Interval::None { th.n scope="col" { "95% interval" } }
            }
            (_, Some(quantile)) => { th.n scope="col" { (quantile) ", " (definition.unit) } th.n scope="col" { "Records" } }
            _ => { th.n scope="col" { "Count" } }
        }
    }
}

/// One row.
pub(super) fn cells(definition: &Definition, figure: &ReleasedFigure) -> Markup {
    html! {
        @match definition.kind {
            Kind::Proportion => {
                td.n { (figure.numerator) } td.n { (figure.denominator) } td.n { (percent_text(figure)) }
                td.n { (interval_text(figure)) }
            }
            Kind::Ratio | Kind::Standardised => {
                td.n { (figure.numerator) } td.n { (figure.denominator) } td.n { (ratio_text(definition, figure)) }
                @if definition.interval != Interval::None { td.n { (bounds_text(figure)) } }
            }
            Kind::Quantile => { td.n { (number_text(figure)) } td.n { (figure.denominator) } }
            Kind::Count | Kind::Snapshot | Kind::People => { td.n { (number_text(figure)) } }
        }
    }
}

/// How many columns that is.
pub(super) const fn width(definition: &Definition) -> usize {
    match definition.kind {
        Kind::Proportion => 4,
        Kind::Ratio | Kind::Standardised if !matches!(definition.interval, Interval::None) => 4,
        Kind::Ratio | Kind::Standardised => 3,
        Kind::Quantile => 2,
        Kind::Count | Kind::Snapshot | Kind::People => 1,
    }
}

/// A ratio in its unit: a percentage where that is `ratio`.
pub(super) fn ratio_text(definition: &Definition, figure: &ReleasedFigure) -> String {
    if definition.unit == "ratio" { percent_text(figure) } else { number_text(figure) }
}

/// The interval of a ratio in its unit, with one decimal; or the word that stands for it.
pub(super) fn bounds_text(figure: &ReleasedFigure) -> String {
    let text = |bound: f64| trimmed(format!("{:.1}", (bound * 10.0).round() / 10.0));
    match (figure.lower, figure.upper) {
        (Shown::Number(lower), Shown::Number(upper)) => format!("{} to {}", text(lower), text(upper)),
        (lower, _) => lower.to_string(),
    }
}

/// A count, or a percentile with one decimal at most, half away from zero; or the word that stands for it.
pub(super) fn number_text(figure: &ReleasedFigure) -> String {
    match figure.value {
        Shown::Number(value) => trimmed(format!("{:.1}", (value * 10.0).round() / 10.0)),
        other => other.to_string(),
    }
}
