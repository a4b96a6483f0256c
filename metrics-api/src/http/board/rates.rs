//! The section of one rate, percentile or count: the place itself, its days, and the areas below it.

use homeward_transform::definition::{Definition, Kind};
use homeward_transform::figure::Dimension;
use homeward_transform::release::{ReleasedFigure, Shown};
use maud::{Markup, html};

use super::chart::{self, Tone};
use super::coverage::coverage;
use super::place::Place;
use super::sentence::{sentence, smallest_confident, window_sentence};
use super::trend::Trend;
use super::words::{
    Verdict, against_words, interval_text, percent_text, spoken_window, target_value, targets_on, verdict, window_words,
};
use super::{Page, compare, numbers, when};
use crate::reading::shown_basis;

/// A section for a definition with rolling windows.
pub(super) fn section(page: &Page<'_>, definition: &Definition) -> Markup {
    let windows = windows(page, definition, &page.place);
    html! {
        section aria-labelledby=(definition.id) {
            h2 id=(definition.id) { (definition.title) }
            p.question { (definition.question) }
            @if windows.is_empty() {
                p { (page.name(&page.place)) ": no data." }
            } @else {
                @if let Some(figure) = spoken(page, definition, &page.place) { (headline(page, definition, figure)) }
                h3 { "In words" }
                ul.words {
                    @for figure in &windows { li { (window_sentence(figure, definition, main_target(page, definition))) } }
                    @if let Some(note) = silence(page, definition) { li { "To know: " (note) "." } }
                }
                @match Trend::of(page, definition) {
                    Some(trend) => (trend.figure()),
                    None if page.place.level == Dimension::Pcn => {
                        p.small { "Days of a primary care network are never shown: they would tell of single people." }
                    }
                    None => {}
                }
                (compare::areas(page, definition))
                (every_basis(page, definition))
            }
            (provenance(page, definition))
        }
    }
}

/// Every figure of one place.
pub(super) fn figures_of<'a>(
    page: &'a Page<'_>,
    definition: &'a Definition,
    place: &'a Place,
) -> impl Iterator<Item = &'a ReleasedFigure> {
    let figures = page.reading.level(&definition.id, place.level);
    figures.iter().filter(move |figure| figure.dimension(place.level) == Some(place.code.as_str()))
}

/// Figures of the basis that is shown first, from the shortest window to the longest.
fn windows<'a>(page: &'a Page<'_>, definition: &'a Definition, place: &'a Place) -> Vec<&'a ReleasedFigure> {
    let mut figures: Vec<&ReleasedFigure> =
        figures_of(page, definition, place).filter(|figure| figure.basis == shown_basis(definition)).collect();
    figures.sort_by_key(|figure| order(definition, figure));
    figures
}

fn order(definition: &Definition, figure: &ReleasedFigure) -> Option<usize> {
    let window = figure.dimension(Dimension::Window);
    definition.windows.iter().position(|name| Some(name.as_str()) == window)
}

/// The figure that sentences speak of.
pub(super) fn spoken<'a>(
    page: &'a Page<'_>,
    definition: &'a Definition,
    place: &'a Place,
) -> Option<&'a ReleasedFigure> {
    let window = spoken_window(definition);
    figures_of(page, definition, place)
        .find(|figure| figure.basis == shown_basis(definition) && figure.dimension(Dimension::Window) == window)
}

/// The target that sentences compare with: the first in force.
pub(super) fn main_target<'a>(
    page: &Page<'_>,
    definition: &'a Definition,
) -> Option<&'a homeward_transform::definition::Target> {
    targets_on(definition, page.today()).into_iter().next()
}

/// The mark beside a figure, by where it stands to the main target.
pub(super) fn tone(page: &Page<'_>, definition: &Definition, figure: &ReleasedFigure) -> Tone {
    match main_target(page, definition).map(|target| verdict(figure, definition, target)) {
        Some(Verdict::Better) => Tone::Better,
        Some(Verdict::Worse) => Tone::Worse,
        _ => Tone::Usual,
    }
}

/// The big number with its counts.
pub(super) fn headline(page: &Page<'_>, definition: &Definition, figure: &ReleasedFigure) -> Markup {
    let is_rate = definition.kind == Kind::Proportion;
    html! {
        div.headline {
            p.big {
                @if is_rate { (percent_text(figure)) } @else { (numbers::number_text(figure)) }
            }
            div {
                p.counts {
                    @match (figure.numerator, figure.denominator) {
                        (Shown::Count(numerator), Shown::Count(denominator)) if is_rate => {
                            (numerator) " of " (denominator) @if let Some(deed) = &definition.deed { " " (deed) }
                        }
                        _ => (definition.unit),
                    }
                    @if let Some(quantile) = definition.quantile { ", " (quantile) " of " (figure.denominator) }
                    ", " (window_words(figure))
                }
                @if is_rate { p { "95% interval " (interval_text(figure)) "; " (figure.status.as_str()) ", not final" } }
                @for target in targets_on(definition, page.today()) {
                    p.standing {
                        (chart::sample(standing(figure, definition, target), false)) " "
                        (target_value(definition, target)) " " (target.name) " target: " (against_words(figure, target))
                    }
                }
                @if let Some(trend) = Trend::of(page, definition) { p { "Day by day: " (trend.icon()) } }
            }
        }
    }
}

fn standing(figure: &ReleasedFigure, definition: &Definition, target: &homeward_transform::definition::Target) -> Tone {
    match verdict(figure, definition, target) {
        Verdict::Better => Tone::Better,
        Verdict::Worse => Tone::Worse,
        Verdict::Chance | Verdict::Unsaid => Tone::Usual,
    }
}

/// Why a small area stays silent.
fn silence(page: &Page<'_>, definition: &Definition) -> Option<String> {
    let figure = spoken(page, definition, &page.place)?;
    smallest_confident(figure, definition, main_target(page, definition)?)
}

/// Every way of counting and every window of this place.
fn every_basis(page: &Page<'_>, definition: &Definition) -> Markup {
    let mut figures: Vec<&ReleasedFigure> = figures_of(page, definition, &page.place).collect();
    figures.sort_by_key(|figure| {
        let basis = definition.bases.iter().position(|basis| basis.id == figure.basis);
        (figure.basis != shown_basis(definition), basis, order(definition, figure))
    });
    let caption = format!("{}-windows", definition.id);
    html! {
        h3 { "Every window and way of counting" }
        div.wide role="region" tabindex="0" aria-labelledby=(caption) {
            table {
                caption id=(caption) { (definition.title) ": " (page.name(&page.place)) }
                thead { tr {
                    th scope="col" { "Period" }
                    th scope="col" { "Basis" }
                    (numbers::heads(definition))
                    th scope="col" { "Status" }
                } }
                tbody {
                    @for figure in figures {
                        tr {
                            th scope="row" { (window_words(figure)) }
                            td { (figure.basis) }
                            (numbers::cells(definition, figure))
                            td { (figure.status.as_str()) }
                        }
                    }
                }
            }
        }
    }
}

/// What made these figures, one click from all of it.
pub(super) fn provenance(page: &Page<'_>, definition: &Definition) -> Markup {
    let feeds: Vec<String> = definition.feeds.iter().map(ToString::to_string).collect();
    let address = format!("/indicator/{}", definition.id);
    html! {
        p.provenance {
            "As of " (when::short(page.snapshot.as_of())) ", " (coverage(page, &page.place).words()) ". From the feeds "
            (feeds.join(" and ")) ", basis " (shown_basis(definition)) ", released under " (page.policy.label()) ". Counted: "
            (definition.numerator)
            @if let Some(denominator) = &definition.denominator { ". Of: " (denominator) }
            ". "
            a href=(address) { "Definition " (definition.id) " version " (definition.version) ", lineage and targets" }
            ", "
            a href={ (address) "/revisions" } { "revisions of " (definition.title) }
            "."
        }
    }
}

/// The sentence of one place.
pub(super) fn place_sentence(page: &Page<'_>, definition: &Definition, place: &Place) -> String {
    match spoken(page, definition, place) {
        Some(figure) => sentence(&page.name(place), figure, definition, main_target(page, definition)),
        None => format!("{}: no data.", page.name(place)),
    }
}
