//! `/virtual-wards` and `/area/{level}/{code}/virtual-wards`: beds, patients and occupancy by ward, now and by day, then the
//! months of everything that counts wards.

use chrono::Days;
use homeward_transform::conditions::wards::RISK;
use homeward_transform::definition::{Definition, Factor};
use homeward_transform::figure::Dimension;
use homeward_transform::release::{Released, ReleasedFigure, Shown};
use homeward_transform::snapshot::FigureQuery;
use maud::{Markup, html};

use super::Page;
use super::chart::{self, Line, Point, Row, Tone, TrendPlot};
use super::content::WARDS;
use super::months;
use super::numbers::number_text;
use super::published_wards;
use super::rates::{main_target, provenance};
use super::words::{one_decimal, percent_text, target_value, trimmed};
use crate::reading::{MonthReading, TREND_DAYS, shown_basis};

/// How full the wards are now, by day, and what the stays say.
const NOW: &str = "virtual-ward-occupancy-now";
const BY_DAY: &str = "virtual-ward-occupancy";
const IMPLIED_STAY: &str = "virtual-ward-implied-stay";
/// For how many hospital beds the beds stand.
const EQUIVALENT: &str = "virtual-ward-acute-equivalent";

/// The page's main part.
pub(super) fn page(page: &Page<'_>) -> Markup {
    let reading = MonthReading::take(page.snapshot, page.catalogue(), page.policy, page.place.level, &page.place.code);
    let definitions = definitions(page);
    html! {
        (months::trail(page, "Virtual wards"))
        main #figures tabindex="-1" {
            h1 { (page.name(&page.place)) ", virtual wards" }
            nav.contents aria-label="On this page" {
                ul {
                    @for definition in &definitions { li { a href={ "#" (definition.id) } { (definition.title) } } }
                    @if published_wards::is_shown(page) { li { a href={ "#" (published_wards::ID) } { (published_wards::HEADING) } } }
                }
            }
            p {
                "Patients and beds are summed over wards and divided last. Above 100% is kept: check the beds that are told, and "
                "stays that were never closed. Beds belong to a provider and a care board, not to a partnership or a network."
            }
            @for definition in &definitions {
                @if definition.id == NOW { (now(page, definition)) }
            }
            @for definition in &definitions {
                @if definition.id == BY_DAY { (by_day(page, definition)) }
            }
            (published_wards::section(page))
            h2 { "Month by month" }
            @for definition in definitions.iter().filter(|definition| definition.has_months()) {
                (months::section(page, definition, &reading))
                @if definition.id == IMPLIED_STAY { (little(definition, &reading)) }
            }
            (months::links(page, "Virtual wards of other areas", WARDS, &months::below(page)))
        }
    }
}

/// What counts wards and is shown.
fn definitions<'a>(page: &'a Page<'_>) -> Vec<&'a Definition> {
    page.shown().filter(|definition| definition.counts_wards()).collect()
}

/// Figures of the place by some further dimensions, released.
fn figures(
    page: &Page<'_>,
    definition: &Definition,
    more: &[Dimension],
    is_now: bool,
) -> Released<Vec<ReleasedFigure>> {
    let own = page.place.level;
    let mut by = vec![own];
    by.extend(more.iter().copied().filter(|dimension| *dimension != own));
    let mut found = page.snapshot.figures(&FigureQuery {
        indicator: definition.id.clone(),
        bases: vec![shown_basis(definition).to_owned()],
        by,
        from: page.today().checked_sub_days(Days::new(TREND_DAYS)),
        to: Some(page.today()),
        period: is_now.then(|| "now".to_owned()),
    });
    found.retain(|figure| figure.dimensions.iter().any(|(level, area)| *level == own && *area == page.place.code));
    page.policy.release(found, definition)
}

fn now(page: &Page<'_>, definition: &Definition) -> Markup {
    let whole = figures(page, definition, &[], true);
    let wards = figures(page, definition, &[Dimension::Provider, Dimension::Ward, Dimension::Pathway], true);
    html! {
        section aria-labelledby=(definition.id) {
            h2 id=(definition.id) { (definition.title) }
            p.question { (definition.question) }
            @match whole.first() {
                None if page.place.level == Dimension::Pcn => {
                    p.small { "Wards of a primary care network are never shown: they would tell of single people." }
                }
                None => p { (page.name(&page.place)) ": no data." },
                Some(figure) => {
                    (tiles(page, definition, &wards, figure))
                    p.sentence { (sentence(page, definition, &wards, figure)) }
                    div.picture { (picture(page, definition, &wards)) }
                    (table(page, definition, &wards))
                }
            }
            (provenance(page, definition))
        }
    }
}

fn tiles(page: &Page<'_>, definition: &Definition, wards: &[ReleasedFigure], figure: &ReleasedFigure) -> Markup {
    let tone = tone(page, definition, figure);
    let tile = |number: String, what: &str, tone: Tone| {
        html! {
            li class={ "tile" @if tone == Tone::Worse { " past" } @else if tone == Tone::Neutral { " soon" } } {
                span.number { @if tone != Tone::Usual { (chart::sample(tone, false)) } (number) }
                span.what { (what) }
            }
        }
    };
    html! {
        ul.tiles {
            (tile(figure.numerator.to_string(), "patients", Tone::Usual))
            (tile(figure.denominator.to_string(), "beds", Tone::Usual))
            (tile(percent_text(figure), "occupied", tone))
            (tile(all_empty(wards).to_string(), "people who could be at home: empty beds", Tone::Usual))
        }
    }
}

/// Beds without a patient, from the counts that are shown.
fn empty(figure: &ReleasedFigure) -> Shown {
    match (figure.numerator, figure.denominator) {
        (Shown::Count(patients), Shown::Count(beds)) => Shown::Count((beds - patients).max(0)),
        (Shown::Count(_), other) | (other, _) => other,
    }
}

/// Empty beds of every ward.
fn all_empty(wards: &[ReleasedFigure]) -> Shown {
    wards.iter().map(empty).fold(Shown::Count(0), together)
}

/// Patients who count above the line and have no bed below it, in words.
fn bedless(wards: &[ReleasedFigure]) -> String {
    let untold = wards.iter().filter(|figure| figure.denominator == Shown::NoData);
    match untold.map(|figure| figure.numerator).fold(Shown::Count(0), together) {
        Shown::Count(0) => String::new(),
        patients => format!(
            " {patients} of them are on wards that tell of no beds, so that the others look fuller than they are."
        ),
    }
}

/// What stands for the share of a ward that has none.
fn untold(figure: &ReleasedFigure) -> String {
    if figure.denominator == Shown::NoData { "no beds told".to_owned() } else { figure.value.to_string() }
}

/// Counts of wards together: a ward that is over its beds takes none from another, one that tells of none has none, and
/// a hidden one hides the sum.
const fn together(sum: Shown, ward: Shown) -> Shown {
    match (sum, ward) {
        (Shown::Count(sum), Shown::Count(beds)) => Shown::Count(sum + beds),
        (Shown::Suppressed, _) | (_, Shown::Suppressed) => Shown::Suppressed,
        (sum, _) => sum,
    }
}

/// A ward above the risk calls for somebody; one below the line is a question.
fn tone(page: &Page<'_>, definition: &Definition, figure: &ReleasedFigure) -> Tone {
    let Shown::Number(value) = figure.value else { return Tone::Usual };
    match main_target(page, definition) {
        _ if value > RISK => Tone::Worse,
        Some(target) if value < target.value => Tone::Neutral,
        _ => Tone::Usual,
    }
}

/// Where it stands, in words.
fn standing(page: &Page<'_>, definition: &Definition, figure: &ReleasedFigure) -> String {
    let Shown::Number(value) = figure.value else { return untold(figure) };
    let risk = format!("{}%", trimmed(one_decimal(RISK)));
    match main_target(page, definition) {
        _ if value > RISK => format!("above {risk}: at risk"),
        Some(target) if value < target.value => {
            format!("below the {} {} line: beds stand empty", target_value(definition, target), target.name)
        }
        Some(target) => format!("between {} and {risk}", target_value(definition, target)),
        None => format!("not above {risk}"),
    }
}

fn sentence(page: &Page<'_>, definition: &Definition, wards: &[ReleasedFigure], figure: &ReleasedFigure) -> String {
    let empty = all_empty(wards);
    let Shown::Count(beds) = figure.denominator else {
        return format!("{}: {} patients; beds: {}.", page.name(&page.place), figure.numerator, figure.denominator);
    };
    format!(
        "{}: {} patients in {beds} beds, {}, {}.{} {empty} beds are empty: so many more people could be at home.{}",
        page.name(&page.place),
        figure.numerator,
        percent_text(figure),
        standing(page, definition, figure),
        bedless(wards),
        equivalent(page, beds),
    )
}

/// For how many hospital beds so many stand, in words.
fn equivalent(page: &Page<'_>, beds: i64) -> String {
    let factor = page.catalogue().get(EQUIVALENT).and_then(|definition| definition.factor.as_ref());
    let Some(Factor { times, over, source }) = factor else { return String::new() };
    let stands_for = beds * i64::from(*times) / i64::from(*over);
    format!(" At {times} hospital beds for every {over} ({source}) these beds stand for {stands_for}.")
}

/// What a ward is called.
fn ward_name(page: &Page<'_>, figure: &ReleasedFigure) -> String {
    let ward = figure.dimension(Dimension::Ward).unwrap_or_default();
    let provider = figure.dimension(Dimension::Provider).unwrap_or_default();
    format!("{ward}, {}", page.serving.area_name(provider))
}

fn picture(page: &Page<'_>, definition: &Definition, wards: &[ReleasedFigure]) -> Markup {
    let rows: Vec<Row> = wards
        .iter()
        .map(|figure| Row {
            area: figure.dimension(Dimension::Ward).unwrap_or_default().to_owned(),
            value: figure.value.as_f64(),
            interval: None,
            tone: tone(page, definition, figure),
            hollow: false,
            words: match figure.denominator {
                Shown::NoData => format!("{}, no beds told", figure.numerator),
                beds => format!("{} of {beds}, {}", figure.numerator, percent_text(figure)),
            },
        })
        .collect();
    let title = format!("{}, ward by ward: {}", definition.title, page.name(&page.place));
    let twin = "Each ward is in the table \"Wards now\" below.";
    chart::intervals(&format!("{NOW}-chart"), &title, twin, &rows, &standards(page, definition), None)
}

/// The line of the target, and the one above which a ward is at risk.
fn standards(page: &Page<'_>, definition: &Definition) -> Vec<Line> {
    let target = main_target(page, definition).map(|target| Line {
        label: format!("{} {}", target_value(definition, target), target.name),
        value: target.value,
    });
    let risk = Line { label: format!("{}% at risk", trimmed(one_decimal(RISK))), value: RISK };
    target.into_iter().chain([risk]).collect()
}

fn table(page: &Page<'_>, definition: &Definition, wards: &[ReleasedFigure]) -> Markup {
    let id = format!("{NOW}-wards");
    html! {
        div.wide role="region" tabindex="0" aria-labelledby=(id) {
            table {
                caption id=(id) { "Wards now: " (page.name(&page.place)) }
                thead { tr {
                    th scope="col" { "Ward" } th scope="col" { "Pathway" } th.n scope="col" { "Patients" } th.n scope="col" { "Beds" }
                    th.n scope="col" { "Occupied" } th.n scope="col" { "Empty" } th scope="col" { "Standing" } th scope="col" { "To know" }
                } }
                tbody { @for figure in wards {
                    tr {
                        th scope="row" { (ward_name(page, figure)) }
                        td { (figure.dimension(Dimension::Pathway).unwrap_or_default().replace('_', " ")) }
                        td.n { (figure.numerator) } td.n { (figure.denominator) } td.n { (percent_text(figure)) } td.n { (empty(figure)) }
                        td { (standing(page, definition, figure)) }
                        td { (remarks(figure)) }
                    }
                } }
            }
        }
    }
}

/// `stale_open:2` as `stale open: 2`.
fn remarks(figure: &ReleasedFigure) -> String {
    figure.flags.iter().map(|flag| flag.replace(':', ": ").replace('_', " ")).collect::<Vec<_>>().join("; ")
}

fn by_day(page: &Page<'_>, definition: &Definition) -> Markup {
    let days = figures(page, definition, &[Dimension::Day], false);
    let caption = format!("{}, day by day at 08:00: {}", definition.title, page.name(&page.place));
    let id = format!("{BY_DAY}-days");
    let table_id = format!("{id}-table");
    html! {
        @if !days.is_empty() {
            section aria-labelledby={ (id) "-heading" } {
                h2 id={ (id) "-heading" } { (definition.title) ", the last days" }
                div.picture { (chart::trend(&trend(page, definition, &days, &id, &caption))) }
                details {
                    summary { "Every day of the chart: " (definition.title) }
                    div.wide role="region" tabindex="0" aria-labelledby=(table_id) {
                        table {
                            caption id=(table_id) { (caption) }
                            thead { tr {
                                th scope="col" { "Day" } th.n scope="col" { "Patients" } th.n scope="col" { "Beds" }
                                th.n scope="col" { "Occupied" } th scope="col" { "To know" }
                            } }
                            tbody { @for figure in days.iter().rev() {
                                tr {
                                    th scope="row" { (day_words(figure)) }
                                    td.n { (figure.numerator) } td.n { (figure.denominator) } td.n { (percent_text(figure)) }
                                    td { (remarks(figure)) }
                                }
                            } }
                        }
                    }
                }
                (provenance(page, definition))
            }
        }
    }
}

fn day_words(figure: &ReleasedFigure) -> String {
    homeward_contract::time::london(figure.period_start).format("%a %-d %b").to_string()
}

fn trend(page: &Page<'_>, definition: &Definition, days: &[ReleasedFigure], id: &str, caption: &str) -> TrendPlot {
    let point = |figure: &ReleasedFigure| Point {
        label: day_words(figure),
        value: figure.value.as_f64(),
        interval: None,
        tone: tone(page, definition, figure),
        hollow: false,
        incomplete: false,
        suppressed: figure.value == Shown::Suppressed,
        tip: format!("{}: {} of {}, {}", day_words(figure), figure.numerator, figure.denominator, percent_text(figure)),
    };
    TrendPlot {
        id: id.to_owned(),
        title: caption.to_owned(),
        twin: "Each day is in the table below, which can be unfolded.".to_owned(),
        points: days.iter().map(point).collect(),
        label_every: 7,
        targets: standards(page, definition),
        mean: None,
        limits: None,
        trial: false,
        is_rate: true,
    }
}

/// Little's law: the stay that time on the wards and admissions imply, beside the one that was measured.
fn little(definition: &Definition, reading: &MonthReading) -> Markup {
    let gap = definition.parameters.get("gap_percent").and_then(|percent| percent.parse::<f64>().ok());
    let months = reading.of(IMPLIED_STAY).map(|months| months.whole.as_slice()).unwrap_or_default();
    let rows: Vec<(String, &ReleasedFigure, f64, String)> = months
        .iter()
        .rev()
        .filter_map(|figure| {
            let count = |name: &str| figure.counts.get(name).and_then(|count| count.as_f64());
            let (implied, gap) = (figure.value.as_f64()?, gap?);
            let measured = count("nights")? / count("closed").filter(|closed| *closed > 0.0)?;
            let is_apart = (implied - measured).abs() > gap * measured / 100.0;
            let words = if is_apart { format!("more than {gap}% apart") } else { "they agree".to_owned() };
            let month = homeward_contract::time::london(figure.period_start).format("%B %Y").to_string();
            Some((month, figure, measured, words))
        })
        .collect();
    html! {
        h4 id="stays-and-occupancy" { "Do stays and occupancy agree?" }
        p {
            "Patients on the wards are admissions a day times days a stay (Little's law). The stay that time on the wards and "
            "admissions imply stands beside the one measured of those who left. A wide gap means that a feed misses admissions or "
            "discharges, or that few stays begin and end in the month."
        }
        @if rows.is_empty() {
            p { "No month has both." }
        } @else {
            div.wide role="region" tabindex="0" aria-labelledby="little-table" {
                table {
                    caption id="little-table" { "Implied beside measured stay" }
                    thead { tr {
                        th scope="col" { "Month" } th.n scope="col" { "Implied, days" } th.n scope="col" { "Measured, nights" } th scope="col" { "In words" }
                    } }
                    tbody { @for (month, implied, measured, words) in &rows {
                        tr {
                            th scope="row" { (month) }
                            td.n { (number_text(implied)) } td.n { (trimmed(format!("{measured:.1}"))) }
                            td { (words) }
                        }
                    } }
                }
            }
        }
    }
}
