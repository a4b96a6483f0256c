//! The wall screen: what is now, the rates, and who should act, in letters that read across a room. No links: nobody
//! can follow one on a wall.

use homeward_transform::conditions::Stage;
use homeward_transform::definition::{Definition, Kind};
use homeward_transform::figure::Dimension;
use maud::{Markup, html};

use super::coverage::Coverage;
use super::rates::{headline, place_sentence, spoken};
use super::trend::Trend;
use super::{Page, now, when};

/// Conditions on the wall; the board has all.
const CONDITIONS_MAX: usize = 3;

/// The whole screen under the header. Percentiles stay on the board: a screen holds no more, and a room does not act on them.
pub(super) fn wall(page: &Page<'_>, coverage: &Coverage) -> Markup {
    html! {
        main #figures tabindex="-1" {
            h1.unseen { "What we know now" }
            (conditions(page))
            @for definition in page.definitions().into_iter().filter(|definition| definition.kind.adds_up()) {
                @if definition.kind == Kind::Snapshot {
                    @if page.place.level != Dimension::Pcn { (present(page, definition)) }
                } @else {
                    (rate(page, definition))
                }
            }
            p.wall-note { (coverage.words()) ". Hollow marks are provisional. Intervals show what chance alone can do." }
        }
    }
}

fn present(page: &Page<'_>, definition: &Definition) -> Markup {
    let bands = now::bands(page, definition);
    html! {
        section.present aria-labelledby=(definition.id) {
            h2 id=(definition.id) { (definition.title) }
            @if bands.is_empty() { p { "No clock is open." } } @else { (now::tiles(page, definition, &bands)) }
        }
    }
}

fn rate(page: &Page<'_>, definition: &Definition) -> Markup {
    let kind = if definition.kind == Kind::Proportion { "rate" } else { "count" };
    html! {
        section class=(kind) aria-labelledby=(definition.id) {
            h2 id=(definition.id) { (definition.title) }
            @match spoken(page, definition, &page.place) {
                None => p { "No data." },
                Some(figure) => {
                    (headline(page, definition, figure))
                    @if definition.kind == Kind::Proportion { p.sentence { (place_sentence(page, definition, &page.place)) } }
                    @if let Some(trend) = Trend::of(page, definition) { div.picture { (trend.chart()) } }
                }
            }
        }
    }
}

fn conditions(page: &Page<'_>) -> Markup {
    let conditions = page.conditions();
    html! {
        section.conditions aria-labelledby="conditions" {
            h2 #conditions { "Conditions now" }
            @if conditions.is_empty() { p { "None." } }
            ul {
                @for condition in conditions.iter().take(CONDITIONS_MAX) {
                    li {
                        strong { (page.serving.area_name(&condition.area)) } ": "
                        @if page.exact() { (condition.sentence.split_once(": ").map_or(condition.sentence.as_str(), |(_, words)| words)) }
                        @else { (condition.alert) }
                        ", since " (when::clock(condition.since))
                        @match condition.stage {
                            Stage::Pending(_) => ", may pass",
                            Stage::Firing => {},
                            Stage::Ceased(_) => ", ceased",
                        }
                    }
                }
                @if conditions.len() > CONDITIONS_MAX { li { (conditions.len() - CONDITIONS_MAX) " more on the board" } }
            }
        }
    }
}
