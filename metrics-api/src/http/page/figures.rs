//! Figures of one definition: sentences first, then the tables behind them.

use homeward_contract::time::london;
use homeward_transform::definition::{Definition, Kind, Target};
use homeward_transform::figure::Dimension;
use homeward_transform::release::{ReleasedFigure, Shown};
use maud::{Markup, html};

use super::sentence::{interval_text, percent_text, sentence};
use super::{Page, when};

/// Levels with a table of their own on the page, with their headings.
const TABLES: [(Dimension, &str); 5] = [
    (Dimension::Nation, "England, as far as its providers report here"),
    (Dimension::Icb, "Integrated care boards"),
    (Dimension::Provider, "Providers"),
    (Dimension::Lcp, "Local care partnerships"),
    (Dimension::Pcn, "Primary care networks"),
];

/// The window that sentences speak of.
const SPOKEN_WINDOW: &str = "28d";

/// A section for a definition with rolling windows.
pub(super) fn by_window(page: &Page<'_>, definition: &Definition) -> Markup {
    let target = main_target(page, definition);
    html! {
        section aria-labelledby=(definition.id) {
            h2 id=(definition.id) { (definition.title) }
            p { (definition.question) }
            (targets(page, definition))
            @if page.reading.level(&definition.id, Dimension::Nation).is_empty() {
                p { "No data yet." }
            } @else {
                h3 { "The last 28 days in words" }
                ul {
                    @for level in [Dimension::Icb, Dimension::Provider] {
                        @for figure in spoken(page, definition, level) {
                            li { (sentence(&area(page, figure, level), figure, definition, target)) }
                        }
                    }
                }
                @for (level, heading) in TABLES {
                    (window_table(page, definition, level, heading))
                }
            }
            (provenance(definition))
        }
    }
}

/// A section for the present state by age band.
pub(super) fn by_band(page: &Page<'_>, definition: &Definition) -> Markup {
    let bands = bands(page, definition);
    html! {
        section aria-labelledby=(definition.id) {
            h2 id=(definition.id) { (definition.title) }
            p { (definition.question) }
            @if bands.is_empty() {
                p { "No clock is open." }
            } @else {
                ul {
                    @for band in &bands {
                        li { (open_sentence(page, definition, band)) }
                    }
                }
                @for (level, heading) in TABLES {
                    (band_table(page, definition, level, heading, &bands))
                }
            }
            (provenance(definition))
        }
    }
}

fn spoken<'a>(
    page: &'a Page<'_>,
    definition: &'a Definition,
    level: Dimension,
) -> impl Iterator<Item = &'a ReleasedFigure> {
    page.reading.level(&definition.id, level).iter().filter(|figure| {
        figure.basis == shown_basis(definition) && figure.dimension(Dimension::Window) == Some(SPOKEN_WINDOW)
    })
}

/// The basis that speaks for now: `live` where there is one.
fn shown_basis(definition: &Definition) -> &str {
    definition.basis("live").map_or(definition.default_basis.as_str(), |basis| basis.id.as_str())
}

fn window_table(page: &Page<'_>, definition: &Definition, level: Dimension, heading: &str) -> Markup {
    let figures = in_reading_order(page.reading.level(&definition.id, level), definition, level);
    let proportion = definition.kind == Kind::Proportion;
    html! {
        @if !figures.is_empty() {
            details open[level != Dimension::Pcn] {
                summary { (heading) }
                div.wide {
                    table {
                        caption { (definition.title) ": " (heading) }
                        thead {
                            tr {
                                th scope="col" { "Area" }
                                th scope="col" { "Period" }
                                th scope="col" { "Basis" }
                                th.n scope="col" { @if proportion { "Numerator" } @else { "Count" } }
                                @if proportion {
                                    th.n scope="col" { "Denominator" }
                                    th.n scope="col" { "Share" }
                                    th.n scope="col" { "95% interval" }
                                }
                                th scope="col" { "Status" }
                            }
                        }
                        tbody {
                            @for figure in figures {
                                tr {
                                    th scope="row" { (area(page, figure, level)) }
                                    td { (window_words(figure)) }
                                    td { (figure.basis) }
                                    td.n { (figure.numerator) }
                                    @if proportion {
                                        td.n { (figure.denominator) }
                                        td.n { (percent_text(figure)) }
                                        td.n { (interval_text(figure)) }
                                    }
                                    td { (figure.status.as_str()) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// By area, then basis with the live one first, then from the shortest window to the longest.
fn in_reading_order<'a>(
    figures: &'a [ReleasedFigure],
    definition: &Definition,
    level: Dimension,
) -> Vec<&'a ReleasedFigure> {
    let mut ordered: Vec<&ReleasedFigure> = figures.iter().collect();
    ordered.sort_by_key(|figure| {
        let basis = definition.bases.iter().position(|basis| basis.id == figure.basis);
        let window = figure.dimension(Dimension::Window);
        (
            figure.dimension(level),
            figure.basis != shown_basis(definition),
            basis,
            definition.windows.iter().position(|name| Some(name.as_str()) == window),
        )
    });
    ordered
}

fn band_table(page: &Page<'_>, definition: &Definition, level: Dimension, heading: &str, bands: &[String]) -> Markup {
    let figures = page.reading.level(&definition.id, level);
    let mut areas: Vec<&str> = figures.iter().filter_map(|figure| figure.dimension(level)).collect();
    areas.sort_unstable();
    areas.dedup();
    let cell = |area: &str, band: &str| {
        figures
            .iter()
            .find(|figure| figure.dimension(level) == Some(area) && figure.dimension(Dimension::Band) == Some(band))
            .map_or(Shown::Count(0), |figure| figure.numerator)
    };
    html! {
        @if !areas.is_empty() && level != Dimension::Pcn {
            div.wide {
                table {
                    caption { (definition.title) ": " (heading) }
                    thead {
                        tr {
                            th scope="col" { "Area" }
                            @for band in bands { th.n scope="col" { (band_words(band)) } }
                        }
                    }
                    tbody {
                        @for code in areas {
                            tr {
                                th scope="row" { (page.serving.area_name(code)) }
                                @for band in bands { td.n { (cell(code, band)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn open_sentence(page: &Page<'_>, definition: &Definition, band: &str) -> String {
    let figures = page.reading.level(&definition.id, Dimension::Nation);
    let found = figures.iter().find(|figure| figure.dimension(Dimension::Band) == Some(band));
    let count = found.map_or(Shown::Count(0), |figure| figure.numerator);
    let verb = if count == Shown::Count(1) { "clock has" } else { "clocks have" };
    format!("{count} open {verb} run {}.", band_words(band))
}

/// The four bands of the handbook where they apply, otherwise those that occur.
fn bands(page: &Page<'_>, definition: &Definition) -> Vec<String> {
    let figures = page.reading.level(&definition.id, Dimension::Nation);
    let mut bands: Vec<String> =
        figures.iter().filter_map(|figure| figure.dimension(Dimension::Band).map(str::to_owned)).collect();
    bands.sort_unstable();
    bands.dedup();
    let declared = crate::prometheus::BANDS;
    if !bands.is_empty() && bands.iter().all(|band| declared.contains(&band.as_str())) {
        return declared.map(str::to_owned).to_vec();
    }
    bands
}

fn band_words(band: &str) -> String {
    match band {
        "0_to_60m" => "up to 60 minutes".to_owned(),
        "60_to_90m" => "60 to 90 minutes".to_owned(),
        "90_to_120m" => "90 to 120 minutes: due within 30".to_owned(),
        "over_120m" => "over 120 minutes: breached, no visit recorded".to_owned(),
        other => other.replace('_', " "),
    }
}

fn window_words(figure: &ReleasedFigure) -> String {
    match figure.dimension(Dimension::Window) {
        Some("24h") => "last 24 hours".to_owned(),
        Some("7d") => "last 7 days".to_owned(),
        Some("28d") => "last 28 days".to_owned(),
        Some("mtd") => {
            format!("{} so far", london(figure.period_start).format("%B %Y"))
        }
        Some(other) => other.to_owned(),
        None => when::short(figure.period_start),
    }
}

fn area(page: &Page<'_>, figure: &ReleasedFigure, level: Dimension) -> String {
    page.serving.area_name(figure.dimension(level).unwrap_or_default())
}

fn main_target<'a>(page: &Page<'_>, definition: &'a Definition) -> Option<&'a Target> {
    let today = london(page.snapshot.as_of()).date();
    definition.target_on("local", today).or_else(|| definition.target_on("national", today))
}

fn targets(page: &Page<'_>, definition: &Definition) -> Markup {
    let today = london(page.snapshot.as_of()).date();
    let in_force: Vec<&Target> =
        definition.targets.iter().filter(|target| definition.target_on(&target.name, today) == Some(*target)).collect();
    html! {
        @if !in_force.is_empty() {
            table {
                caption { "Targets" }
                thead { tr { th scope="col" { "Line" } th.n scope="col" { "Target" } th scope="col" { "Source" } th scope="col" { "Since" } } }
                tbody {
                    @for target in in_force {
                        tr {
                            th scope="row" { (target.name) }
                            td.n { @if definition.kind == Kind::Proportion { (format!("{:.0}%", target.value * 100.0)) } @else { (target.value) } }
                            td { (target.source) }
                            td { (target.valid_from.format("%-d %B %Y").to_string()) }
                        }
                    }
                }
            }
        }
    }
}

fn provenance(definition: &Definition) -> Markup {
    let feeds: Vec<String> = definition.feeds.iter().map(ToString::to_string).collect();
    html! {
        p.small {
            "Definition " a href={ "/api/v1/indicators/" (definition.id) } { (definition.id) " version " (definition.version) }
            ", from " (feeds.join(" and ")) ". Counted: " (definition.numerator)
            @if let Some(denominator) = &definition.denominator { ", of: " (denominator) }
            "."
        }
    }
}
