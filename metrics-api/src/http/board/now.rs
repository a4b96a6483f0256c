//! The section of a state at this moment: open clocks as bands with the minutes that are left.
//!
//! Counts by area and band are all there is: no referral, no person.

use std::collections::BTreeSet;

use homeward_transform::definition::{AlertFamily, Definition};
use homeward_transform::figure::Dimension;
use homeward_transform::release::{ReleasedFigure, Shown};
use maud::{Markup, html};

use super::Page;
use super::chart::{self, Bar, Tone};
use super::compare::singular;
use super::place::{Group, Place};
use super::rates::{figures_of, provenance};
use super::words::{band_bounds, band_words};

/// One band with its words and what it asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Band {
    pub(super) name: String,
    pub(super) words: String,
    /// Usual; neutral where an alert watches it; worse where it is past due.
    pub(super) tone: Tone,
}

/// A section for the present state.
pub(super) fn section(page: &Page<'_>, definition: &Definition) -> Markup {
    let bands = bands(page, definition);
    let hidden = page.place.level == Dimension::Pcn;
    html! {
        section aria-labelledby=(definition.id) {
            h2 id=(definition.id) { (definition.title) }
            p.question { (definition.question) }
            @if hidden {
                p.small { "Open clocks of a primary care network are never shown: they would tell of single people." }
            } @else if bands.is_empty() {
                p { "No clock is open." }
            } @else {
                (tiles(page, definition, &bands))
                ul.words { @for band in &bands { li { (band_sentence(count(page, definition, &page.place, &band.name), band)) } } }
                div.picture { (picture(page, definition, &bands)) }
                @for group in page.place.groups(page.reading, &page.serving.parts.geography) {
                    @if group.level != Dimension::Pcn { (table(page, definition, &group, &bands)) }
                }
            }
            (provenance(page, definition))
        }
    }
}

/// The count of each band, large.
pub(super) fn tiles(page: &Page<'_>, definition: &Definition, bands: &[Band]) -> Markup {
    html! {
        ul.tiles {
            @for band in bands {
                @let count = count(page, definition, &page.place, &band.name);
                @let calls = calls(count, band);
                li class={ "tile" @if calls { " " (tone_class(band.tone)) } } {
                    span.number { @if calls { (chart::sample(band.tone, false)) } (count) }
                    span.what { (band.words) }
                }
            }
        }
    }
}

/// Somebody should look: the band is watched, and not known to be empty.
fn calls(count: Shown, band: &Band) -> bool {
    band.tone != Tone::Usual && count != Shown::Count(0)
}

const fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Worse => "past",
        Tone::Neutral => "soon",
        Tone::Usual | Tone::Better => "",
    }
}

fn band_sentence(count: Shown, band: &Band) -> String {
    match count {
        Shown::Count(1) => format!("1 open clock: {}.", band.words),
        count => format!("{count} open clocks: {}.", band.words),
    }
}

fn picture(page: &Page<'_>, definition: &Definition, bands: &[Band]) -> Markup {
    let title = format!("{} by minutes left: {}", definition.title, page.name(&page.place));
    let rows: Vec<Bar> = bands
        .iter()
        .map(|band| {
            let count = count(page, definition, &page.place, &band.name);
            Bar {
                label: short(&band.words),
                count: count.as_f64(),
                words: count.to_string(),
                tone: if calls(count, band) { band.tone } else { Tone::Usual },
            }
        })
        .collect();
    chart::bars(&format!("{}-bands", definition.id), &title, "The sentences above say the same.", &rows)
}

/// The words before a colon: pictures are narrow.
fn short(words: &str) -> String {
    words.split(':').next().unwrap_or(words).to_owned()
}

fn table(page: &Page<'_>, definition: &Definition, group: &Group, bands: &[Band]) -> Markup {
    let caption = format!("{}-{}-table", definition.id, group.level);
    html! {
        div.wide role="region" tabindex="0" aria-labelledby=(caption) {
            table {
                caption id=(caption) { (definition.title) ": " (group.heading) }
                thead { tr {
                    th scope="col" { (singular(group.level)) }
                    @for band in bands { th.n scope="col" { (band.words) } }
                } }
                tbody {
                    @for code in &group.codes {
                        @let place = Place { level: group.level, code: code.clone() };
                        tr {
                            th scope="row" { a href=(place.address()) { (page.name(&place)) } }
                            @for band in bands { td.n { (count(page, definition, &place, &band.name)) } }
                        }
                    }
                }
            }
        }
    }
}

/// The count of a band. An area of this list has figures, so a band without one is empty.
pub(super) fn count(page: &Page<'_>, definition: &Definition, place: &Place, band: &str) -> Shown {
    let found = figures_of(page, definition, place).find(|figure| figure.dimension(Dimension::Band) == Some(band));
    found.map_or(Shown::Count(0), |figure| figure.numerator)
}

/// The bands in order: those that occur anywhere, those that an alert watches, and, where they are ages, the declared
/// ones between them.
pub(super) fn bands(page: &Page<'_>, definition: &Definition) -> Vec<Band> {
    let whole = page.reading.level(&definition.id, Dimension::Nation);
    let occurring = whole.iter().filter_map(|figure: &ReleasedFigure| figure.dimension(Dimension::Band));
    let watched = definition.alerts.iter().filter_map(|alert| alert.band.as_deref());
    let names: BTreeSet<&str> = occurring.chain(watched).collect();
    let declared = crate::prometheus::BANDS;
    let mut names: Vec<&str> =
        if names.iter().all(|name| declared.contains(name)) { declared.to_vec() } else { names.into_iter().collect() };
    if definition.strata.is_empty() {
        return Vec::new();
    }
    names.sort_by_key(|name| band_bounds(name).map_or(u32::MAX, |bounds| bounds.from_minutes));
    let due_minutes = names.iter().filter_map(|name| band_bounds(name)).find(|bounds| bounds.to_minutes.is_none());
    let due_minutes = due_minutes.map(|bounds| bounds.from_minutes);
    let band =
        |name: &str| Band { name: name.to_owned(), words: band_words(name, due_minutes), tone: tone(definition, name) };
    names.into_iter().map(band).collect()
}

fn tone(definition: &Definition, band: &str) -> Tone {
    let watched =
        definition.alerts.iter().any(|alert| alert.family == AlertFamily::Clock && alert.band.as_deref() == Some(band));
    match (watched, band_bounds(band).is_some_and(|bounds| bounds.to_minutes.is_none())) {
        (true, true) => Tone::Worse,
        (true, false) => Tone::Neutral,
        _ => Tone::Usual,
    }
}

/// What a screen reader is told of the present state.
pub(super) fn spoken(page: &Page<'_>, definition: &Definition) -> Vec<String> {
    if page.place.level == Dimension::Pcn {
        return Vec::new();
    }
    let watched = bands(page, definition).into_iter().filter(|band| band.tone != Tone::Usual);
    watched
        .map(|band| {
            band_sentence(count(page, definition, &page.place, &band.name), &band).trim_end_matches('.').to_owned()
        })
        .collect()
}
