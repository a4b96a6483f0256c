//! Break-downs of a definition by its strata, for example by band or by source: a row each, a column a month.

use std::collections::BTreeSet;

use homeward_transform::definition::{Definition, Kind};
use homeward_transform::release::{ReleasedFigure, Shown};
use maud::{Markup, html};

use super::months::Month;
use super::words::percent_text;
use super::{Page, numbers};
use crate::reading::{AreaMonths, MonthReading, shown_basis};

/// The table, where there is anything to break down.
pub(super) fn table(page: &Page<'_>, definition: &Definition, reading: &MonthReading, months: &AreaMonths) -> Markup {
    let basis = shown_basis(definition);
    let on = |first: &chrono::NaiveDate| Month::of(page, *first, &months.whole, basis);
    let columns: Vec<Month<'_>> = reading.months.iter().map(on).filter(|month| month.figure.is_some()).collect();
    let figures: Vec<&ReleasedFigure> = months.parts.iter().filter(|figure| figure.basis == basis).collect();
    let mut names: Vec<String> =
        figures.iter().map(|figure| part(definition, figure)).collect::<BTreeSet<_>>().into_iter().collect();
    names.sort_by_key(|name| order(name));
    let by = definition.strata.iter().map(|stratum| stratum.as_str()).collect::<Vec<_>>().join(" and ");
    let id = format!("{}-parts", definition.id);
    html! {
        @if !names.is_empty() {
            div.wide role="region" tabindex="0" aria-labelledby=(id) {
                table {
                    caption id=(id) { (definition.title) " by " (by) ": " (page.name(&page.place)) ", basis " (basis) }
                    thead { tr {
                        th scope="col" { (by) }
                        @for month in &columns { th.n scope="col" { (month.first.format("%b %Y").to_string()) } }
                    } }
                    tbody {
                        @for name in &names {
                            tr {
                                th scope="row" { (name.replace('_', " ")) }
                                @for month in &columns {
                                    @let found = figures.iter().find(|figure| is_of(figure, month) && part(definition, figure) == *name);
                                    td.n { (cell(definition, found.copied())) }
                                }
                            }
                        }
                        tr {
                            th scope="row" { "Status" }
                            @for month in &columns { td.n { (month.status()) } }
                        }
                    }
                }
            }
        }
    }
}

fn is_of(figure: &ReleasedFigure, month: &Month<'_>) -> bool {
    month.figure.is_some_and(|whole| whole.period_start == figure.period_start)
}

/// The values of the strata, as one name.
fn part(definition: &Definition, figure: &ReleasedFigure) -> String {
    let values = definition.strata.iter().filter_map(|stratum| figure.dimension(*stratum));
    values.collect::<Vec<_>>().join(", ")
}

/// Bands by their first number, words after them.
fn order(name: &str) -> (u32, String) {
    let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
    (digits.parse().unwrap_or(u32::MAX), name.to_owned())
}

/// A part of a month that has a count is empty when it has no figure.
fn cell(definition: &Definition, figure: Option<&ReleasedFigure>) -> String {
    match (definition.kind, figure) {
        (Kind::Count | Kind::Snapshot | Kind::People, None) => Shown::Count(0).to_string(),
        (Kind::Proportion | Kind::Ratio | Kind::Standardised | Kind::Quantile, None) => Shown::NoData.to_string(),
        (Kind::Proportion, Some(figure)) => {
            format!("{} ({} of {})", percent_text(figure), figure.numerator, figure.denominator)
        }
        (Kind::Ratio | Kind::Standardised, Some(figure)) => {
            format!("{} ({} of {})", numbers::ratio_text(definition, figure), figure.numerator, figure.denominator)
        }
        (Kind::Quantile, Some(figure)) => format!("{} (of {})", numbers::number_text(figure), figure.denominator),
        (_, Some(figure)) => numbers::number_text(figure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_come_in_the_order_of_their_minutes_and_words_last() {
        let mut names = ["Unknown", "105-120", "0-15", "Over 120", "15-30"];
        names.sort_by_key(|name| order(name));
        assert_eq!(names, ["0-15", "15-30", "105-120", "Over 120", "Unknown"]);
    }
}
