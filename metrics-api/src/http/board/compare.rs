//! The areas below a place, side by side: sentences, an interval chart, and a table with funnel words. Never ranked.

use homeward_transform::definition::{Definition, Kind};
use homeward_transform::figure::{Dimension, Status};
use homeward_transform::release::{ReleasedFigure, Shown};
use homeward_transform::statistics::{Z95, Z998, funnel};
use maud::{Markup, html};

use super::chart::{self, Bar, Line, Row, Tone};
use super::place::{Group, Place};
use super::rates::{main_target, place_sentence, spoken, tone};
use super::sentence::smallest_confident;
use super::words::{
    Verdict, against_words, one_decimal, percent_text, target_value, targets_on, verdict, window_words,
};
use super::{Page, numbers};

/// One group after the other, finest last.
pub(super) fn areas(page: &Page<'_>, definition: &Definition) -> Markup {
    let groups = page.place.groups(page.reading, &page.serving.parts.geography);
    html! {
        @for group in &groups { (group_of(page, definition, group)) }
    }
}

fn group_of(page: &Page<'_>, definition: &Definition, group: &Group) -> Markup {
    let places: Vec<Place> = group.codes.iter().map(|code| Place { level: group.level, code: code.clone() }).collect();
    let figures: Vec<(&Place, Option<&ReleasedFigure>)> =
        places.iter().map(|place| (place, spoken(page, definition, place))).collect();
    let id = format!("{}-{}", definition.id, group.level);
    let period = figures.iter().find_map(|(_, figure)| *figure).map(window_words).unwrap_or_default();
    html! {
        @if figures.iter().any(|(_, figure)| figure.is_some()) {
            h3 { (group.heading) ", " (period) }
            ul.words { @for place in &places { li { (place_sentence(page, definition, place)) } } }
            div.picture { (picture(page, definition, &id, group, &figures)) }
            @if definition.kind == Kind::Proportion { (legend(page, definition)) }
            div.wide role="region" tabindex="0" aria-labelledby={ (id) "-table" } {
                (table(page, definition, &id, group, &figures))
            }
        }
    }
}

fn legend(page: &Page<'_>, definition: &Definition) -> Markup {
    let line = main_target(page, definition).map(|target| target_value(definition, target));
    html! {
        p.legend {
            @if let Some(line) = line {
                span { (chart::sample(Tone::Usual, true)) " could be chance, or fewer than " (super::words::COLOUR_DENOMINATOR_MIN) }
                span { (chart::sample(Tone::Better, true)) " better than " (line) ", more than chance" }
                span { (chart::sample(Tone::Worse, true)) " worse than " (line) ", more than chance" }
            }
            span { "bar: 95% interval" }
            span { "hollow: provisional, the last hours are not final" }
        }
    }
}

fn picture(
    page: &Page<'_>,
    definition: &Definition,
    id: &str,
    group: &Group,
    figures: &[(&Place, Option<&ReleasedFigure>)],
) -> Markup {
    let title = format!("{}: {}", definition.title, group.heading);
    let twin = format!("The sentences above and the table \"{title}\" below say the same.");
    if definition.kind == Kind::Proportion {
        let rows: Vec<Row> = figures.iter().map(|(place, figure)| row(page, definition, place, *figure)).collect();
        let targets: Vec<Line> = targets_on(definition, page.today())
            .into_iter()
            .map(|target| Line {
                label: format!("{} {}", target_value(definition, target), target.name),
                value: target.value,
            })
            .collect();
        let average = average(page, definition);
        let average =
            average.map(|value| Line { label: format!("{} {}%", average_name(page), one_decimal(value)), value });
        return chart::intervals(id, &title, &twin, &rows, &targets, average.as_ref());
    }
    let rows: Vec<Bar> = figures
        .iter()
        .map(|(place, figure)| Bar {
            label: short_name(page, place),
            count: figure.and_then(|figure| figure.value.as_f64()),
            words: figure.map_or("no data".to_owned(), numbers::number_text),
            tone: Tone::Usual,
        })
        .collect();
    chart::bars(id, &title, &twin, &rows)
}

fn average_name(page: &Page<'_>) -> &'static str {
    if page.place.is_whole() { "all" } else { "here" }
}

/// The rate of the place itself: what its areas are compared with. Of the numbers shown.
fn average(page: &Page<'_>, definition: &Definition) -> Option<f64> {
    spoken(page, definition, &page.place).and_then(|figure| figure.value.as_f64())
}

/// The name without its code: pictures are narrow.
fn short_name(page: &Page<'_>, place: &Place) -> String {
    let name = page.name(place);
    name.strip_suffix(&format!(" ({})", place.code)).unwrap_or(&name).to_owned()
}

fn row(page: &Page<'_>, definition: &Definition, place: &Place, figure: Option<&ReleasedFigure>) -> Row {
    let interval = figure.and_then(|figure| match (figure.lower, figure.upper) {
        (Shown::Number(lower), Shown::Number(upper)) => Some((lower, upper)),
        _ => None,
    });
    let words = figure.map_or("no data".to_owned(), |figure| match figure.value {
        Shown::Number(_) => format!("{}, {} of {}", percent_text(figure), figure.numerator, figure.denominator),
        other => other.to_string(),
    });
    Row {
        area: short_name(page, place),
        value: figure.and_then(|figure| figure.value.as_f64()),
        interval,
        tone: figure.map_or(Tone::Usual, |figure| tone(page, definition, figure)),
        hollow: figure.is_some_and(|figure| figure.status != Status::Final),
        words,
    }
}

fn table(
    page: &Page<'_>,
    definition: &Definition,
    id: &str,
    group: &Group,
    figures: &[(&Place, Option<&ReleasedFigure>)],
) -> Markup {
    let is_rate = definition.kind == Kind::Proportion;
    let targets = targets_on(definition, page.today());
    let beside = if is_rate { 3 + targets.len() } else { 1 };
    html! {
        table {
            caption id={ (id) "-table" } { (definition.title) ": " (group.heading) }
            thead { tr {
                th scope="col" { (singular(group.level)) }
                (numbers::heads(definition))
                @if is_rate {
                    @for target in &targets { th scope="col" { "Against " (target_value(definition, target)) " " (target.name) } }
                    th scope="col" { "Against " (average_name(page)) }
                }
                th scope="col" { "Status" }
                @if is_rate { th scope="col" { "Smallest sure difference" } }
            } }
            tbody {
                @for (place, figure) in figures {
                    tr {
                        th scope="row" { a href=(place.address()) { (page.name(place)) } }
                        @match figure {
                            None => { td colspan=(numbers::width(definition) + beside) { "no data" } }
                            Some(figure) => (cells(page, definition, figure, &targets)),
                        }
                    }
                }
            }
        }
    }
}

fn cells(
    page: &Page<'_>,
    definition: &Definition,
    figure: &ReleasedFigure,
    targets: &[&homeward_transform::definition::Target],
) -> Markup {
    let is_rate = definition.kind == Kind::Proportion;
    html! {
        (numbers::cells(definition, figure))
        @if is_rate {
            @for target in targets {
                td {
                    @if matches!(verdict(figure, definition, target), Verdict::Better | Verdict::Worse) {
                        (chart::sample(standing(figure, definition, target), false)) " "
                    }
                    (against_words(figure, target))
                }
            }
            td { (funnel_words(figure, average(page, definition))) }
        }
        td { (figure.status.as_str()) }
        @if is_rate {
            td { (main_target(page, definition).and_then(|target| smallest_confident(figure, definition, target)).unwrap_or_default()) }
        }
    }
}

fn standing(figure: &ReleasedFigure, definition: &Definition, target: &homeward_transform::definition::Target) -> Tone {
    if verdict(figure, definition, target) == Verdict::Better { Tone::Better } else { Tone::Worse }
}

/// Where a rate lies in the funnel about the average, in words.
fn funnel_words(figure: &ReleasedFigure, average: Option<f64>) -> &'static str {
    let (Shown::Number(value), Some(average)) = (figure.value, average) else { return "" };
    let trials = figure.denominator.as_count().and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
    let outside = |z| funnel(average, trials, z).is_some_and(|(lower, upper)| value < lower || value > upper);
    match (outside(Z998), outside(Z95), value > average) {
        (true, _, true) => "higher, unlikely by chance",
        (true, _, false) => "lower, unlikely by chance",
        (_, true, true) => "higher, check",
        (_, true, false) => "lower, check",
        _ => "usual",
    }
}

/// One area of a level, as a column heading.
pub(super) const fn singular(level: Dimension) -> &'static str {
    match level {
        Dimension::Icb => "Integrated care board",
        Dimension::Lcp => "Local care partnership",
        Dimension::Pcn => "Primary care network",
        Dimension::Provider => "Provider",
        Dimension::Region => "Region",
        _ => "Area",
    }
}
