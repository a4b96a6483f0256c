//! `/days-at-home` and `/area/{level}/{code}/days-at-home`: nights at home and away, always beside one another, by cohort and
//! area. Nearly everybody is at home on nearly every night, so that days at home alone would show a flat line.

use chrono::NaiveDate;
use homeward_transform::definition::Definition;
use homeward_transform::figure::Dimension;
use homeward_transform::release::{Released, ReleasedFigure};
use homeward_transform::snapshot::FigureQuery;
use maud::{Markup, html};

use super::Page;
use super::content::AT_HOME;
use super::months::{self, Month};
use super::numbers::{bounds_text, number_text};
use super::place::{Group, Place};
use crate::reading::{MonthReading, shown_basis};

/// Days at home, and what stands beside them.
const HOME: &str = "days-at-home";
const AWAY: &str = "nights-in-hospital";

/// What areas are compared by: their people are of different ages.
const STANDARDISED: &str = "nights-in-hospital-standardised";

/// The page's main part.
pub(super) fn page(page: &Page<'_>) -> Markup {
    let reading = MonthReading::take(page.snapshot, page.catalogue(), page.policy, page.place.level, &page.place.code);
    let definitions = definitions(page);
    let pair = page.catalogue().get(HOME).zip(page.catalogue().get(AWAY));
    html! {
        (months::trail(page, "Days at home"))
        main #figures tabindex="-1" {
            h1 { (page.name(&page.place)) ", days at home" }
            nav.contents aria-label="On this page" {
                ul { @for definition in &definitions { li { a href={ "#" (definition.id) } { (definition.title) } } } }
            }
            p {
                "People are counted on the list of the practice that they are registered with, wherever they are in hospital. Care "
                "homes are homes, and so is a virtual ward. No official English measure was found: the definition is our choice, and "
                "stands one click behind each figure. The newest two months will move."
            }
            @if let Some((home, away)) = pair {
                (beside(page, (home, away), &reading))
                @for group in page.place.groups(page.reading, &page.serving.parts.geography) {
                    @if group.level != Dimension::Provider { (areas(page, (home, away), &group, &reading)) }
                }
            }
            h2 { "Month by month" }
            @for definition in definitions.iter().filter(|definition| definition.has_months()) {
                (months::section(page, definition, &reading))
            }
            (months::links(page, "Days at home of other areas", AT_HOME, &below(page)))
        }
    }
}

/// What counts nights and is shown: nights away first, for they move most.
fn definitions<'a>(page: &'a Page<'_>) -> Vec<&'a Definition> {
    let mut definitions: Vec<&Definition> = page.shown().filter(|definition| definition.counts_nights()).collect();
    definitions.sort_by_key(|definition| (definition.id != AWAY, definition.id != HOME));
    definitions
}

/// Partnerships and networks; a practice has no board of its own.
fn below(page: &Page<'_>) -> Vec<(&'static str, Place)> {
    let mut places = months::below(page);
    places.retain(|(_, place)| place.level != Dimension::Provider);
    places
}

/// Both figures of each month.
fn beside(page: &Page<'_>, (home, away): (&Definition, &Definition), reading: &MonthReading) -> Markup {
    let of =
        |definition: &Definition| reading.of(&definition.id).map(|months| months.whole.as_slice()).unwrap_or_default();
    let month =
        |first: &NaiveDate, definition: &Definition| Month::of(page, *first, of(definition), shown_basis(definition));
    let both = |first: &NaiveDate| (month(first, home), month(first, away));
    let rows: Vec<(Month<'_>, Month<'_>)> =
        reading.months.iter().rev().map(both).filter(|(home, _)| home.figure.is_some()).collect();
    let newest = rows.iter().find(|(home, _)| !home.under_way);
    html! {
        section aria-labelledby="at-home-and-away" {
            h2 id="at-home-and-away" { "At home, and away" }
            @if rows.is_empty() {
                p { (page.name(&page.place)) ": no data." }
            } @else {
                @if let Some((home_month, away_month)) = newest {
                    p.sentence {
                        (home_month.name()) ": " (told(home_month.figure)) " " (home.unit) "; " (told(away_month.figure)) " "
                        (away.unit) " in hospital."
                    }
                }
                div.wide role="region" tabindex="0" aria-labelledby="beside-table" {
                    table {
                        caption id="beside-table" { "Days at home beside nights in hospital: " (page.name(&page.place)) }
                        thead { tr {
                            th scope="col" { "Month" } th.n scope="col" { "Days at home, " (home.unit) }
                            th.n scope="col" { "In hospital, " (away.unit) } th scope="col" { "Status" }
                        } }
                        tbody { @for (home, away) in &rows {
                            tr {
                                th scope="row" { (home.name()) }
                                td.n { (told(home.figure)) } td.n { (told(away.figure)) }
                                td { (home.status()) }
                            }
                        } }
                    }
                }
                (twelve_months(page, (home, away), reading))
            }
        }
    }
}

/// Both figures of the twelve months that end with each month: winters and summers level out.
fn twelve_months(page: &Page<'_>, pair: (&Definition, &Definition), reading: &MonthReading) -> Markup {
    let read = |definition: &Definition| {
        let figures = page.snapshot.figures(&FigureQuery {
            indicator: definition.id.clone(),
            bases: vec![shown_basis(definition).to_owned()],
            by: vec![page.place.level, Dimension::TwelveMonths],
            from: reading.months.first().copied(),
            ..FigureQuery::default()
        });
        page.policy.release(figures, definition)
    };
    let (home, away) = (read(pair.0), read(pair.1));
    let find = |figures: &[ReleasedFigure], month: &str| {
        let is_it = |figure: &&ReleasedFigure| {
            figure.dimension(page.place.level) == Some(page.place.code.as_str())
                && figure.dimension(Dimension::TwelveMonths) == Some(month)
        };
        figures.iter().find(is_it).cloned()
    };
    let both = |first: &NaiveDate| {
        let month = first.format("%Y-%m").to_string();
        Some((*first, find(&home, &month)?, find(&away, &month)))
    };
    let rows: Vec<(NaiveDate, ReleasedFigure, Option<ReleasedFigure>)> =
        reading.months.iter().rev().filter_map(both).collect();
    html! {
        @if !rows.is_empty() {
            div.wide role="region" tabindex="0" aria-labelledby="twelve-months-table" {
                table {
                    caption id="twelve-months-table" { "The same over twelve months: " (page.name(&page.place)) }
                    thead { tr {
                        th scope="col" { "Twelve months to the end of" } th.n scope="col" { "Days at home, " (pair.0.unit) }
                        th.n scope="col" { "In hospital, " (pair.1.unit) } th scope="col" { "Status" }
                    } }
                    tbody { @for (last, home, away) in &rows {
                        tr {
                            th scope="row" { (last.format("%B %Y").to_string()) }
                            td.n { (told(Some(home))) } td.n { (told(away.as_ref())) }
                            td { (home.status.as_str()) }
                        }
                    } }
                }
            }
        }
    }
}

/// The number of a figure, or the word that stands for it.
fn told(figure: Option<&ReleasedFigure>) -> String {
    figure.map_or_else(|| "no data".to_owned(), number_text)
}

/// Both figures of each area below, in the newest month that is over, and the nights away as if all areas were of one age.
fn areas(page: &Page<'_>, pair: (&Definition, &Definition), group: &Group, reading: &MonthReading) -> Markup {
    let over = reading.months.iter().rev().nth(1).copied();
    let figures = |definition: &Definition| -> Vec<ReleasedFigure> {
        over.map(|month| of_level(page, definition, group.level, month).to_vec()).unwrap_or_default()
    };
    let standardised = page.shown().find(|definition| definition.id == STANDARDISED);
    let by_age = standardised.map(figures).unwrap_or_default();
    let (home, away) = (figures(pair.0), figures(pair.1));
    let id = format!("at-home-{}", group.level);
    html! {
        @if let Some(month) = over {
            section aria-labelledby={ (id) "-heading" } {
                h2 id={ (id) "-heading" } { (group.heading) ", " (month.format("%B %Y").to_string()) }
                div.wide role="region" tabindex="0" aria-labelledby=(id) {
                    table {
                        caption id=(id) { "Days at home beside nights in hospital, area by area. Ages differ between areas: compare areas by what is standardised by age; sexes are not allowed for" }
                        thead { tr {
                            th scope="col" { "Area" } th.n scope="col" { "Days at home, " (pair.0.unit) }
                            th.n scope="col" { "In hospital, " (pair.1.unit) }
                            @if let Some(definition) = standardised {
                                th.n scope="col" { "Standardised by age, " (definition.unit) }
                                th.n scope="col" { "95% interval" }
                            }
                        } }
                        tbody { @for code in &group.codes {
                            tr {
                                th scope="row" {
                                    @let place = Place { level: group.level, code: code.clone() };
                                    a href=(place.address_of(AT_HOME)) { (page.name(&place)) }
                                }
                                td.n { (told(of_area(&home, group.level, code))) } td.n { (told(of_area(&away, group.level, code))) }
                                @if standardised.is_some() {
                                    @let figure = of_area(&by_age, group.level, code);
                                    td.n { (told(figure)) } td.n { (figure.map(bounds_text).unwrap_or_default()) }
                                }
                            }
                        } }
                    }
                }
            }
        }
    }
}

fn of_area<'a>(figures: &'a [ReleasedFigure], level: Dimension, code: &str) -> Option<&'a ReleasedFigure> {
    figures.iter().find(|figure| figure.dimension(level) == Some(code))
}

fn of_level(
    page: &Page<'_>,
    definition: &Definition,
    level: Dimension,
    month: NaiveDate,
) -> Released<Vec<ReleasedFigure>> {
    let figures = page.snapshot.figures(&FigureQuery {
        indicator: definition.id.clone(),
        bases: vec![shown_basis(definition).to_owned()],
        by: vec![level, Dimension::Month],
        from: Some(month),
        to: Some(month),
        period: None,
    });
    page.policy.release(figures, definition)
}
