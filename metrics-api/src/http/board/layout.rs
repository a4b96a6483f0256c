//! The frame around every page: document, header with the as-of instant, footer, and the files beside it.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::super::serving::Serving;
use super::coverage::{Coverage, coverage};
use super::words::{percent_text, spoken_window};
use super::{
    Content, Page, at_home, definition, kiosk, months, now, quality, rates, reconciliation, trust, wards, when,
};
use crate::reading::shown_basis;
use homeward_transform::definition::Kind;
use homeward_transform::figure::Dimension;
use homeward_transform::release::Shown;

const SCRIPT: &str = include_str!("board.js");
const STYLE: &str = include_str!("board.css");
const ICON: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\"><path fill=\"#005EB8\" \
                    d=\"M0 0h16v16H0z\"/><path fill=\"#fff\" d=\"M8 2 2 7h2v6h3v-3h2v3h3V7h2z\"/></svg>";

/// Figures of so many hours before the as-of instant may still change: visits are written up after the shift
/// (handbook, `ucr.md` section 7; our choice of the length).
pub(super) const NOT_FINAL_HOURS: i64 = 2;

pub(in crate::http) async fn script() -> Response {
    file("text/javascript; charset=utf-8", SCRIPT)
}

pub(in crate::http) async fn style() -> Response {
    file("text/css; charset=utf-8", STYLE)
}

pub(in crate::http) async fn icon() -> Response {
    file("image/svg+xml", ICON)
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    // Asked for again after an upgrade: the files belong to the page.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The whole document around a rendering. What stands outside `#page` is never swapped.
pub(super) fn document(serving: &Serving, page: &str, kiosk: bool) -> String {
    let refresh = serving.parts.config.page_refresh_seconds;
    let document = html! {
        (DOCTYPE)
        html lang="en-GB" {
            (head(refresh))
            body class=[kiosk.then_some("kiosk")] data-refresh-seconds=(refresh) data-quiet-seconds=(serving.quiet_seconds()) {
                @if !kiosk { a.skip href="#figures" { "Skip to the figures" } }
                p #stalled .stale-word role="alert" hidden {}
                (PreEscaped(page))
                @if !kiosk {
                    div .controls hidden { button #pause type="button" aria-pressed="false" { "Pause updates" } }
                }
                p #news .unseen role="status" aria-live="polite" {}
            }
        }
    };
    document.into_string()
}

fn head(refresh_seconds: u32) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            title { "Homeward: live board" }
            link rel="icon" href="/icon.svg" type="image/svg+xml";
            link rel="stylesheet" href="/board.css";
            script src="/board.js" defer {}
            noscript { meta http-equiv="refresh" content=(refresh_seconds); }
        }
    }
}

/// Before the first figures.
pub(super) fn waiting(serving: &Serving) -> Markup {
    let page = html! {
        div #page data-tag="" {
            header { p.name { "Homeward" } }
            main #figures tabindex="-1" {
                h1 { "No figures yet" }
                p { "The first figures are being computed from the facts in the lake. This page loads itself again." }
            }
        }
    };
    PreEscaped(document(serving, &page.into_string(), false))
}

/// The part of the document that changes with a snapshot.
pub(super) fn page(page: &Page<'_>, content: &Content) -> Markup {
    let coverage = coverage(page, &page.place);
    html! {
        div #page class=[page.stale.then_some("stale")] data-tag=(super::tag(page.snapshot, page.stale))
            data-as-of=(page.snapshot.as_of().to_rfc3339()) data-stale=(page.stale) data-say=(spoken(page)) {
            (masthead(page, &coverage))
            @if page.stale {
                p.stale-word role="alert" { "These figures are not live: they stand still since the time above." }
            }
            @match content {
                Content::Board if page.kiosk => (kiosk::wall(page, &coverage)),
                Content::Board => (board(page)),
                Content::Months => (months::page(page)),
                Content::Wards => (wards::page(page)),
                Content::AtHome => (at_home::page(page)),
                Content::Indicator(id) => (definition::page(page, id)),
                Content::Revisions(id) => (trust::all_revisions(page, id)),
                Content::Quality(None) => (quality::list(page)),
                Content::Quality(Some(provider)) => (quality::provider(page, provider)),
                Content::Reconciliation(None) => (reconciliation::list(page)),
                Content::Reconciliation(Some((provider, month))) => (reconciliation::month(page, provider, *month)),
            }
            @if !page.kiosk { (footer(page)) }
        }
    }
}

fn masthead(page: &Page<'_>, coverage: &Coverage) -> Markup {
    let as_of = page.snapshot.as_of();
    let unsettled = as_of - chrono::TimeDelta::hours(NOT_FINAL_HOURS);
    html! {
        header {
            p.name { "Homeward" @if !page.place.is_whole() || page.kiosk { ": " (page.name(&page.place)) } }
            p.as-of { "As of " time datetime=(as_of.to_rfc3339()) { (when::long(as_of)) } }
            p.unsettled {
                strong { "Not final since " (when::clock(unsettled)) "." }
                " The last " (NOT_FINAL_HOURS) " hours may still change: visits are written up after the shift. "
                strong class=[(!coverage.is_whole()).then_some("gap")] { (coverage.words()) "." }
                @if !coverage.silent.is_empty() && !page.kiosk {
                    " Silent: " (names(page, &coverage.silent)) "."
                }
            }
            p.policy { "London time. Revision " (page.snapshot.revision()) ". Released under " (page.policy.label()) ": " (page.policy.statement) }
            @if let Some(notice) = &page.serving.parts.notice { p.notice { strong { (notice) } } }
        }
    }
}

fn names(page: &Page<'_>, codes: &[String]) -> String {
    codes.iter().map(|code| page.serving.area_name(code)).collect::<Vec<_>>().join(", ")
}

fn board(page: &Page<'_>) -> Markup {
    let geography = &page.serving.parts.geography;
    html! {
        @if !page.place.is_whole() {
            nav aria-label="Where you are" {
                ol.trail {
                    @for place in page.place.above(geography) { li { a href=(place.address()) { (page.name(&place)) } } }
                    li aria-current="page" { (page.name(&page.place)) }
                }
            }
        }
        main #figures tabindex="-1" {
            h1 { @if page.place.is_whole() { "What we know now" } @else { (page.name(&page.place)) } }
            nav.contents aria-label="On this page" {
                ul {
                    @for definition in page.definitions() { li { a href={ "#" (definition.id) } { (definition.title) } } }
                    li { a href="#freshness" { "Can I trust this?" } }
                }
            }
            (months::link(page))
            (trust::conditions(page))
            @for definition in page.definitions() {
                @if definition.kind == Kind::Snapshot { (now::section(page, definition)) } @else { (rates::section(page, definition)) }
            }
            (trust::freshness(page))
            (trust::revisions(page))
        }
    }
}

fn footer(page: &Page<'_>) -> Markup {
    html! {
        footer {
            p {
                "More: " a href="/?kiosk" { "wall screen" } ", "
                @for definition in page.catalogue().iter() { a href={ "/indicator/" (definition.id) } { "what " (definition.title) " means" } ", " }
                a href="/months" { "month by month" } ", "
                a href="/virtual-wards" { "virtual wards" } ", "
                a href="/days-at-home" { "days at home" } ", "
                a href="/data-quality" { "data quality" } ", "
                a href="/reconciliation" { "from live to published" } ", "
                a href="/api/v1/indicators" { "definitions as data" } ", "
                a href="/api/v1/revisions" { "revision log" } ", "
                a href="/metrics" { "metrics" } ", "
                a href="/readyz" { "readiness" } "."
            }
            p.small {
                "An area that is not listed has no data. An interval shows how far chance alone could move a rate. "
                "Three words differ: suppressed (too small to show), no data, and 0."
            }
        }
    }
}

/// What a screen reader is told when figures change: the spoken window of each rate, and who is past due. Short, and
/// without the time, so that it is said only when a figure moved.
fn spoken(page: &Page<'_>) -> String {
    let mut words = Vec::new();
    for definition in page.definitions() {
        if definition.kind == Kind::Snapshot {
            words.extend(now::spoken(page, definition));
            continue;
        }
        let window = spoken_window(definition);
        let figure = page.reading.level(&definition.id, page.place.level).iter().find(|figure| {
            figure.dimension(page.place.level) == Some(page.place.code.as_str())
                && figure.basis == shown_basis(definition)
                && figure.dimension(Dimension::Window) == window
        });
        if let Some(figure) = figure.filter(|_| definition.kind == Kind::Proportion) {
            let counts = match (figure.numerator, figure.denominator) {
                (Shown::Count(numerator), Shown::Count(denominator)) => format!(", {numerator} of {denominator}"),
                _ => String::new(),
            };
            words.push(format!("{}: {}{counts}", definition.title, percent_text(figure)));
        }
    }
    words.join(". ")
}
