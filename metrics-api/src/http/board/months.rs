//! `/months` and `/area/{level}/{code}/months`: every figure of calendar months of an area, by theme.
//!
//! What stands here follows from the catalogue: a definition with months appears by itself, with its chart, its months on
//! the basis that is shown first, the other bases, and its break-downs.

use chrono::{Datelike, NaiveDate};
use homeward_transform::definition::{Definition, Kind, Theme};
use homeward_transform::figure::{Dimension, Status};
use homeward_transform::release::{ReleasedFigure, Shown};
use maud::{Markup, html};

use super::chart::{self, Line, Point, Tone, TrendPlot};
use super::content::{AT_HOME, MONTHS, WARDS};
use super::place::{Group, Place};
use super::rates::{main_target, provenance};
use super::sentence::sentence;
use super::words::{percent_text, target_value, targets_on};
use super::{Page, month_parts, numbers, quality};
use crate::reading::{AreaMonths, MonthReading, shown_basis};

/// Months that each have a label below the axis of a narrow chart; of more every third has one.
const LABELS_MAX: usize = 5;

/// The page's main part.
pub(super) fn page(page: &Page<'_>) -> Markup {
    let reading = MonthReading::take(page.snapshot, page.catalogue(), page.policy, page.place.level, &page.place.code);
    let themes = themes(page);
    html! {
        (trail(page, "Month by month"))
        main #figures tabindex="-1" {
            h1 { (page.name(&page.place)) ", month by month" }
            nav.contents aria-label="On this page" {
                ul { @for (theme, _) in &themes { li { a href={ "#theme-" (theme.code) } { (theme.title) } } } }
            }
            (about(page))
            @for (theme, definitions) in &themes {
                section aria-labelledby={ "theme-" (theme.code) } {
                    h2 id={ "theme-" (theme.code) } { (theme.title) }
                    @for definition in definitions { (section(page, definition, &reading)) }
                }
            }
            (elsewhere(page))
        }
    }
}

/// The definitions with months that are shown, by theme.
fn themes<'a>(page: &'a Page<'_>) -> Vec<(Theme, Vec<&'a Definition>)> {
    let of = |theme: Theme| {
        let here = page.shown().filter(|definition| definition.has_months() && definition.theme == theme.code);
        (theme, here.collect::<Vec<_>>())
    };
    Theme::ALL.into_iter().map(of).filter(|(_, definitions)| !definitions.is_empty()).collect()
}

/// Where a page about the place stands.
pub(super) fn trail(page: &Page<'_>, here: &str) -> Markup {
    html! {
        nav aria-label="Where you are" {
            ol.trail {
                @for place in page.place.above(&page.serving.parts.geography) {
                    li { a href=(place.address()) { (page.name(&place)) } }
                }
                li { a href=(page.place.address()) { (page.name(&page.place)) } }
                li aria-current="page" { (here) }
            }
        }
    }
}

fn about(page: &Page<'_>) -> Markup {
    html! {
        p {
            "The month under way and the twelve before it. Bases are ways of counting: they stand side by side and are never "
            "mixed. Final: all of it is from Refresh submissions. Provisional: some of it is from a Primary. Live: some of it "
            "is known from live events alone. What is not final will move."
        }
        p { a href=(quality::address_of(page)) { "How good the submissions are that these figures rest on" } "." }
        @if page.place.level == Dimension::Pcn {
            p { "A primary care network is shown in months that are over: a month under way may tell of single people." }
        }
        p.legend {
            "In the charts: " span { "hollow: not final" } span { "shaded: the month under way" } span { "s: suppressed" }
            span { "thin line: 95% interval of the month" } span { "dashed: target" }
        }
    }
}

/// The months of one definition.
pub(super) fn section(page: &Page<'_>, definition: &Definition, reading: &MonthReading) -> Markup {
    let held = reading.of(&definition.id);
    html! {
        section aria-labelledby=(definition.id) {
            h3 id=(definition.id) { (definition.title) }
            p.question { (definition.question) }
            @match held.filter(|months| !months.whole.is_empty()) {
                None => p { (page.name(&page.place)) ": no data." },
                Some(months) => (figures(page, definition, reading, months)),
            }
            (provenance(page, definition))
        }
    }
}

fn figures(page: &Page<'_>, definition: &Definition, reading: &MonthReading, months: &AreaMonths) -> Markup {
    let basis = shown_basis(definition);
    let on = |month: &NaiveDate| Month::of(page, *month, &months.whole, basis);
    let shown: Vec<Month<'_>> = reading.months.iter().map(on).collect();
    let first = shown.iter().position(|month| month.figure.is_some()).unwrap_or(shown.len());
    let (id, caption) = (format!("{}-months", definition.id), caption(page, definition));
    html! {
        @if first < shown.len() {
            @if let Some(newest) = shown.iter().rev().find(|month| month.figure.is_some() && !month.under_way) {
                p.sentence { (newest.sentence(page, definition)) }
            }
            // One month alone is a dot that says nothing.
            @if shown.iter().filter(|month| month.figure.is_some()).count() > 1 {
                div.picture { (chart::trend(&plot(page, definition, &shown[first..], &id, &caption))) }
            }
            div.wide role="region" tabindex="0" aria-labelledby={ (id) "-table" } {
                (table(definition, shown[first..].iter().rev(), &format!("{id}-table"), &format!("{caption}, basis {basis}")))
            }
        } @else {
            p { (page.name(&page.place)) ", basis " (basis) ": no data." }
        }
        (month_parts::table(page, definition, reading, months))
        (other_bases(page, definition, reading, months, &caption))
    }
}

fn caption(page: &Page<'_>, definition: &Definition) -> String {
    format!("{}, month by month: {}", definition.title, page.name(&page.place))
}

/// The bases beside the one that is shown first, folded.
fn other_bases(
    page: &Page<'_>,
    definition: &Definition,
    reading: &MonthReading,
    months: &AreaMonths,
    caption: &str,
) -> Markup {
    let others = definition.bases.iter().filter(|basis| basis.id != shown_basis(definition));
    let has_any = |basis: &str| months.whole.iter().any(|figure| figure.basis == basis);
    let others: Vec<_> = others.filter(|basis| has_any(&basis.id)).collect();
    let region = format!("{}-bases", definition.id);
    html! {
        @if !others.is_empty() {
            details {
                summary { "Other ways of counting: " (definition.title) }
                @for basis in &others {
                    @let id = format!("{region}-{}", basis.id);
                    @let on = |month: &NaiveDate| Month::of(page, *month, &months.whole, &basis.id);
                    @let rows: Vec<Month<'_>> = reading.months.iter().rev().map(on).filter(|month| month.figure.is_some()).collect();
                    div.wide role="region" tabindex="0" aria-labelledby=(id) {
                        (table(definition, rows.iter(), &id, &format!("{caption}, basis {}: {}", basis.id, basis.title)))
                    }
                }
            }
        }
    }
}

/// One month on one basis.
pub(super) struct Month<'a> {
    pub(super) first: NaiveDate,
    /// It is not over at the as-of instant.
    pub(super) under_way: bool,
    pub(super) figure: Option<&'a ReleasedFigure>,
}

impl<'a> Month<'a> {
    pub(super) fn of(page: &Page<'_>, first: NaiveDate, figures: &'a [ReleasedFigure], basis: &str) -> Self {
        let name = first.format("%Y-%m").to_string();
        let is_here = |figure: &&ReleasedFigure| {
            figure.basis == basis && figure.dimension(Dimension::Month) == Some(name.as_str())
        };
        let under_way = page.today().with_day(1) == Some(first);
        Self { first, under_way, figure: figures.iter().find(is_here) }
    }

    pub(super) fn name(&self) -> String {
        self.first.format("%B %Y").to_string()
    }

    pub(super) fn status(&self) -> String {
        let status = self.figure.map_or("no data", |figure| figure.status.as_str());
        if self.under_way { format!("{status}, not over") } else { status.to_owned() }
    }

    fn sentence(&self, page: &Page<'_>, definition: &Definition) -> String {
        let Some(figure) = self.figure else { return format!("{}: no data.", self.name()) };
        sentence(&self.name(), figure, definition, main_target(page, definition))
    }

    fn words(&self, definition: &Definition) -> String {
        let Some(figure) = self.figure else { return "no data".to_owned() };
        let not_over = if self.under_way { ", not over" } else { "" };
        match definition.kind {
            Kind::Proportion => {
                format!("{} of {}, {}{not_over}", figure.numerator, figure.denominator, percent_text(figure))
            }
            Kind::Ratio if definition.unit == "ratio" => {
                format!("{} over {}, {}{not_over}", figure.numerator, figure.denominator, percent_text(figure))
            }
            _ => format!("{} {}{not_over}", numbers::number_text(figure), definition.unit),
        }
    }
}

fn plot(page: &Page<'_>, definition: &Definition, months: &[Month<'_>], id: &str, caption: &str) -> TrendPlot {
    let lines = targets_on(definition, page.today()).into_iter().map(|target| Line {
        label: format!("{} {}", target_value(definition, target), target.name),
        value: target.value,
    });
    TrendPlot {
        id: id.to_owned(),
        title: caption.to_owned(),
        twin: format!("Each month is in the table \"{caption}\"."),
        points: months.iter().map(|month| point(definition, month)).collect(),
        label_every: if months.len() > LABELS_MAX { 3 } else { 1 },
        targets: lines.collect(),
        mean: None,
        limits: None,
        trial: false,
        is_rate: definition.unit == "ratio",
    }
}

fn point(definition: &Definition, month: &Month<'_>) -> Point {
    let figure = month.figure;
    let interval = figure.and_then(|figure| match (figure.lower, figure.upper) {
        (Shown::Number(lower), Shown::Number(upper)) => Some((lower, upper)),
        _ => None,
    });
    Point {
        label: month.first.format("%b %y").to_string(),
        value: figure.and_then(|figure| figure.value.as_f64()),
        interval,
        tone: Tone::Usual,
        hollow: month.under_way || figure.is_some_and(|figure| figure.status != Status::Final),
        incomplete: month.under_way,
        suppressed: figure.is_some_and(|figure| figure.value == Shown::Suppressed),
        tip: format!("{}: {}", month.name(), month.words(definition)),
    }
}

fn table<'m>(definition: &Definition, months: impl Iterator<Item = &'m Month<'m>>, id: &str, caption: &str) -> Markup {
    html! {
        table {
            caption id=(id) { (caption) }
            thead { tr {
                th scope="col" { "Month" }
                (numbers::heads(definition))
                th scope="col" { "Status" }
            } }
            tbody { @for month in months {
                tr {
                    th scope="row" { (month.name()) }
                    @match month.figure {
                        None => { td.n colspan=(numbers::width(definition)) { "no data" } }
                        Some(figure) => (numbers::cells(definition, figure)),
                    }
                    td { (month.status()) }
                }
            } }
        }
    }
}

/// The same of the areas below, and of the providers that submitted.
fn elsewhere(page: &Page<'_>) -> Markup {
    let mut places = below(page);
    if page.place.is_whole() {
        for line in page.snapshot.submissions() {
            let place = Place { level: Dimension::Provider, code: line.provider.to_string() };
            if !places.iter().any(|(_, known)| *known == place) {
                places.push(("Providers", place));
            }
        }
    }
    links(page, "Months of other areas", MONTHS, &places)
}

/// The areas below the place, each with the heading of its group.
pub(super) fn below(page: &Page<'_>) -> Vec<(&'static str, Place)> {
    let groups = page.place.groups(page.reading, &page.serving.parts.geography);
    let of = |group: &Group| {
        let place = |code: &String| (group.heading, Place { level: group.level, code: code.clone() });
        group.codes.iter().map(place).collect::<Vec<_>>()
    };
    groups.iter().flat_map(of).collect()
}

/// Links to the same page of other places.
pub(super) fn links(page: &Page<'_>, heading: &str, name: &str, places: &[(&str, Place)]) -> Markup {
    html! {
        @if !places.is_empty() {
            nav aria-label=(heading) {
                h2 { (heading) }
                ul.words { @for (group, place) in places {
                    li { (group) ": " a href=(place.address_of(name)) { (page.name(place)) } }
                } }
            }
        }
    }
}

/// Where the months of a place are, as a line of its board.
pub(super) fn link(page: &Page<'_>) -> Markup {
    html! {
        p.more {
            a href=(page.place.address_of(MONTHS)) { "Month by month" } ": every figure of the last year. "
            a href=(page.place.address_of(WARDS)) { "Virtual wards" } ": beds, patients and who comes and goes. "
            a href=(page.place.address_of(AT_HOME)) { "Days at home" } ": nights at home and away. "
            a href=(quality::address_of(page)) { "Data quality" } " of the submissions. "
            a href="/reconciliation" { "From live to published" } "."
        }
    }
}
