//! The page: every figure in a table and in a sentence, with the instant that it speaks for.
//!
//! It needs no JavaScript; the browser loads it again by itself. Everything on it went through one release
//! policy, which it names.

mod figures;
mod sentence;
mod style;
mod trust;
mod when;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use homeward_transform::definition::{Catalogue, Definition, Kind};
use homeward_transform::release::{Policy, Rounding};
use homeward_transform::snapshot::Snapshot;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::serving::Serving;
use crate::reading::Reading;

/// What one rendering shows.
struct Page<'a> {
    snapshot: &'a Snapshot,
    reading: Reading,
    policy: &'static Policy,
    catalogue: &'a Catalogue,
    serving: &'a Serving,
    stale: bool,
}

impl Page<'_> {
    /// Words that hold exact counts may appear.
    fn exact(&self) -> bool {
        self.policy.rounding == Rounding::Exact
    }
}

pub(super) async fn show(State(serving): State<Serving>) -> Response {
    let policy = match serving.policy(None) {
        Ok(policy) => policy,
        Err(problem) => return problem.into_response(),
    };
    let Some(snapshot) = serving.snapshot_if_any() else {
        return answer(StatusCode::SERVICE_UNAVAILABLE, &waiting(&serving));
    };
    let page = Page {
        reading: serving.reading(&snapshot, policy),
        stale: serving.is_stale(&snapshot),
        snapshot: &snapshot,
        policy,
        catalogue: &serving.parts.catalogue,
        serving: &serving,
    };
    answer(StatusCode::OK, &render(&page))
}

fn answer(status: StatusCode, page: &Markup) -> Response {
    let mut response = (status, page.0.clone()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"),
    );
    response
}

fn render(page: &Page<'_>) -> Markup {
    let as_of = page.snapshot.as_of();
    let body = html! {
        header {
            p.name { "Homeward: urgent community response" }
            p.as-of {
                "As of " time datetime=(as_of.to_rfc3339()) { (when::long(as_of)) }
            }
            p { "London time. Revision " (page.snapshot.revision()) ". Released under " (page.policy.label()) ": " (page.policy.statement) }
            @if let Some(notice) = &page.serving.parts.notice { p { strong { (notice) } } }
        }
        @if page.stale {
            p.stale-word role="alert" { "These figures are not live: they stand still since the time above." }
        }
        main id="figures" {
            h1 { "What we know now" }
            (trust::conditions(page))
            @for definition in in_reading_order(page.catalogue) {
                @if definition.kind == Kind::Snapshot {
                    (figures::by_band(page, definition))
                } @else {
                    (figures::by_window(page, definition))
                }
            }
            (trust::freshness(page))
            (trust::revisions(page))
        }
        footer {
            p {
                "More: " a href="/api/v1/indicators" { "definitions" } ", "
                a href="/api/v1/revisions" { "revision log" } ", "
                a href="/metrics" { "metrics" } ", "
                a href="/readyz" { "readiness" } "."
            }
            p.small { "An area that is not listed has no data. A rate compares what was seen within two hours with what was due; the interval shows how far chance alone could move it." }
        }
    };
    document(&body, page.serving.parts.config.page_refresh_seconds, page.stale)
}

/// What is now comes first, then rates, then counts.
fn in_reading_order(catalogue: &Catalogue) -> Vec<&Definition> {
    let mut definitions: Vec<&Definition> = catalogue.iter().collect();
    definitions.sort_by_key(|definition| match definition.kind {
        Kind::Snapshot => 0,
        Kind::Proportion => 1,
        Kind::Count => 2,
    });
    definitions
}

fn waiting(serving: &Serving) -> Markup {
    let body = html! {
        header { p.name { "Homeward: urgent community response" } }
        main id="figures" {
            h1 { "No figures yet" }
            p { "The first figures are being computed from the facts in the lake. This page loads itself again." }
        }
    };
    document(&body, serving.parts.config.page_refresh_seconds.min(2), false)
}

fn document(body: &Markup, refresh_seconds: u32, stale: bool) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="refresh" content=(refresh_seconds);
                title { "Homeward: urgent community response" }
                style { (PreEscaped(style::CSS)) }
            }
            body class=[stale.then_some("stale")] {
                a.skip href="#figures" { "Skip to the figures" }
                (body)
            }
        }
    }
}
