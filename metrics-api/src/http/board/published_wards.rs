//! The published series of virtual wards beside our own figure, as a section of the page of virtual wards: one chart and table
//! for each care board of the place.

use homeward_transform::definition::{Definition, Direction};
use homeward_transform::figure::Dimension;
use homeward_transform::release::{ReleasedWards, Shown};
use homeward_transform::statistics::xmr::Xmr;
use maud::{Markup, html};

use super::Page;
use super::chart::{self, Line, Point, Tone, TrendPlot};
use super::place::{Group, Place};
use super::words::{assurance_words, one_decimal, target_value, targets_on};

/// The indicator that stands beside what is published.
const INDICATOR: &str = "virtual-ward-occupancy-national";
/// A missing count that is published as 0.
const SUSPECT: &str = "suspect_zero";
/// Where the section is.
pub(super) const ID: &str = "published";
/// Its heading.
pub(super) const HEADING: &str = "Published, beside ours";

/// Shown where a place has boards; a partnership, a network and a provider are not published.
pub(super) fn section(page: &Page<'_>) -> Markup {
    let rows = page.policy.release_wards(page.snapshot);
    let boards = boards(page);
    html! {
        @if !boards.is_empty() {
            section aria-labelledby=(ID) {
                h2 id=(ID) { (HEADING) }
                p {
                    "Beds and patients as NHS England published them, by care board and month, beside ours at 08:00 on the month's "
                    "reference Thursday. Shares are worked out anew: what is printed is never more than 100%. A missing count is "
                    "published as 0; it is marked, and left out of the limits."
                }
                @for board in &boards {
                    @let own: Vec<&ReleasedWards> = rows.iter().filter(|row| row.icb == board.code).collect();
                    @if own.is_empty() {
                        p { (page.name(board)) ": no data. No published file was loaded that has it." }
                    } @else {
                        (series(page, board, &own))
                    }
                }
                p.small { a href="/api/v1/virtual-ward-reconciliation" { "The same as data" } ": every board of the files that were loaded." }
            }
        }
    }
}

/// True when the section is there.
pub(super) fn is_shown(page: &Page<'_>) -> bool {
    !boards(page).is_empty()
}

fn boards(page: &Page<'_>) -> Vec<Place> {
    if page.place.level == Dimension::Icb {
        return vec![page.place.clone()];
    }
    let groups = page.place.groups(page.reading, &page.serving.parts.geography);
    let boards = groups.into_iter().filter(|group| group.level == Dimension::Icb);
    let places = |Group { level, codes, .. }: Group| codes.into_iter().map(move |code| Place { level, code });
    boards.flat_map(places).collect()
}

fn series(page: &Page<'_>, board: &Place, rows: &[&ReleasedWards]) -> Markup {
    let name = page.name(board);
    let caption = format!("Virtual ward occupancy as published: {name}");
    let id = format!("{ID}-{}", board.code);
    let values: Vec<Option<f64>> =
        rows.iter().map(|row| row.published_occupancy.filter(|_| !is_suspect(row))).collect();
    let limits = Xmr::of(&values);
    let definition = page.catalogue().get(INDICATOR);
    html! {
        h3 { (name) }
        @if let (Some(limits), Some(definition)) = (&limits, definition) {
            ul.words { @for words in words(page, definition, limits) { li { (words) } } }
        }
        @if rows.len() > 1 { div.picture { (chart::trend(&plot(page, rows, limits.as_ref(), &id, &caption))) } }
        (table(rows, &format!("{id}-table"), &format!("{caption}, beside ours")))
    }
}

fn is_suspect(row: &ReleasedWards) -> bool {
    row.published_flags.contains(&SUSPECT)
}

/// What the process does, and what it can be relied on for.
fn words(page: &Page<'_>, definition: &Definition, limits: &Xmr) -> Vec<String> {
    let kind = if limits.is_trial() { "Trial limits" } else { "Process limits" };
    let first = format!(
        "{kind} {} to {} about a mean of {}, from {} months.",
        percent(limits.lower),
        percent(limits.upper),
        percent(limits.mean),
        limits.points()
    );
    let against = targets_on(definition, page.today()).into_iter().filter_map(|target| {
        let assurance = assurance_words(limits.assurance(target.value, Direction::Up)?).replace("days", "months");
        let value = target_value(definition, target);
        Some(format!("As it ran, a month {assurance} the {value} {} line.", target.name))
    });
    std::iter::once(first).chain(against).collect()
}

fn plot(page: &Page<'_>, rows: &[&ReleasedWards], limits: Option<&Xmr>, id: &str, caption: &str) -> TrendPlot {
    let definition = page.catalogue().get(INDICATOR);
    let targets = definition.into_iter().flat_map(|definition| {
        targets_on(definition, page.today()).into_iter().map(move |target| Line {
            label: format!("{} {}", target_value(definition, target), target.name),
            value: target.value,
        })
    });
    let point = |row: &&ReleasedWards| Point {
        label: row.month.format("%b %y").to_string(),
        value: row.published_occupancy,
        interval: None,
        tone: if is_suspect(row) { Tone::Neutral } else { Tone::Usual },
        hollow: is_suspect(row),
        incomplete: false,
        suppressed: false,
        tip: format!(
            "{}: {} of {}, {}{}",
            row.month.format("%B %Y"),
            counted(row.published_patients),
            counted(row.published_beds),
            share(row.published_occupancy),
            if is_suspect(row) { ", suspect zero" } else { "" }
        ),
    };
    TrendPlot {
        id: id.to_owned(),
        title: caption.to_owned(),
        twin: format!("Each month is in the table \"{caption}, beside ours\"."),
        points: rows.iter().map(point).collect(),
        label_every: 3,
        targets: targets.collect(),
        mean: limits.map(|limits| Line { label: format!("mean {}", percent(limits.mean)), value: limits.mean }),
        limits: limits.map(|limits| (limits.lower.max(0.0), limits.upper)),
        trial: limits.is_some_and(Xmr::is_trial),
        is_rate: true,
    }
}

fn table(rows: &[&ReleasedWards], id: &str, caption: &str) -> Markup {
    html! {
        div.wide role="region" tabindex="0" aria-labelledby=(id) {
            table {
                caption id=(id) { (caption) }
                thead { tr {
                    th scope="col" { "Month" }
                    th.n scope="col" { "Published patients" } th.n scope="col" { "Published beds" } th.n scope="col" { "Published occupied" }
                    th.n scope="col" { "Our patients" } th.n scope="col" { "Our beds" } th.n scope="col" { "Ours occupied" }
                    th.n scope="col" { "Patients, ours less published" } th.n scope="col" { "Beds, ours less published" }
                    th scope="col" { "To know" }
                } }
                tbody { @for row in rows.iter().rev() {
                    tr {
                        th scope="row" { (row.month.format("%B %Y").to_string()) }
                        td.n { (counted(row.published_patients)) } td.n { (counted(row.published_beds)) }
                        td.n { (share(row.published_occupancy)) }
                        td.n { (row.patients) } td.n { (row.beds) }
                        td.n { @match row.occupancy { Shown::Number(own) => { (percent(own)) } other => { (other) } } }
                        td.n { (row.patients_difference) } td.n { (row.beds_difference) }
                        td { (remarks(row)) }
                    }
                } }
            }
        }
    }
}

/// Flags of the published row, then of ours, in words.
fn remarks(row: &ReleasedWards) -> String {
    let published = row.published_flags.iter().map(|flag| format!("published: {}", flag.replace('_', " ")));
    let ours = row.flags.iter().map(|flag| format!("ours: {}", flag.replace(':', ": ").replace('_', " ")));
    published.chain(ours).collect::<Vec<_>>().join("; ")
}

fn counted(count: Option<i64>) -> String {
    count.map_or_else(|| "no data".to_owned(), |count| count.to_string())
}

fn share(share: Option<f64>) -> String {
    share.map_or_else(|| "no data".to_owned(), percent)
}

fn percent(share: f64) -> String {
    format!("{}%", one_decimal(share))
}
