//! Can I trust this? Conditions that hold, how fresh each provider is, and what was revised.

use homeward_contract::time::london;
use maud::{Markup, html};

use super::super::api::revision_rows;
use super::{Page, when};

/// Revisions on the page; the API has more.
const REVISIONS_ON_PAGE: usize = 20;

/// A provider counts as reporting when it was heard of within so many hours.
const REPORTING_WITHIN_HOURS: i64 = 24;

/// Alert conditions that hold at the as-of instant.
pub(super) fn conditions(page: &Page<'_>) -> Markup {
    let conditions = page.snapshot.conditions();
    html! {
        section aria-labelledby="conditions" {
            h2 id="conditions" { "Conditions now" }
            @if conditions.is_empty() {
                p.calm { "None. Nothing here asks for action at this moment." }
            }
            @for condition in conditions {
                div.condition {
                    p {
                        strong { "\u{25C6} " (condition.alert) ": " (page.serving.area_name(&condition.area)) }
                        @if page.exact() { br; (condition.sentence) }
                    }
                    p.small { "Since " (when::short(condition.since)) "." }
                }
            }
        }
    }
}

/// When each provider was last heard of.
pub(super) fn freshness(page: &Page<'_>) -> Markup {
    let as_of = page.snapshot.as_of();
    let freshness = page.snapshot.freshness();
    let age = |at: &chrono::DateTime<chrono::Utc>| (as_of - *at).num_seconds();
    let reporting =
        freshness.watermarks.values().filter(|watermark| age(watermark) <= REPORTING_WITHIN_HOURS * 3_600).count();
    html! {
        section aria-labelledby="freshness" {
            h2 id="freshness" { "How fresh this is" }
            @if freshness.watermarks.is_empty() {
                p { "No provider has sent a live event yet." }
            } @else {
                p { (reporting) " of " (freshness.watermarks.len()) " providers reporting: an event within the last " (REPORTING_WITHIN_HOURS) " hours." }
                table {
                    caption { "Last live event of each provider" }
                    thead { tr { th scope="col" { "Provider" } th scope="col" { "Last event recorded" } th scope="col" { "Before the time above" } } }
                    tbody {
                        @for (provider, watermark) in &freshness.watermarks {
                            tr {
                                th scope="row" { (page.serving.area_name(provider)) }
                                td { time datetime=(watermark.to_rfc3339()) { (when::short(*watermark)) } }
                                td { (when::span(age(watermark))) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The last revisions, in words where exact counts may be shown.
pub(super) fn revisions(page: &Page<'_>) -> Markup {
    let rows = revision_rows(page.snapshot.revisions(), page.policy);
    html! {
        section aria-labelledby="revisions" {
            h2 id="revisions" { "Last revisions" }
            p { "Figures of days and months that were over and have changed since, newest first." }
            @if rows.is_empty() { p { "None." } }
            ol {
                @for row in rows.iter().take(REVISIONS_ON_PAGE) {
                    li {
                        (london(row.known_at).format("%-d %B %H:%M").to_string()) ": "
                        @match &row.words {
                            Some(words) => { (words) }
                            None => { (row.in_numbers()) }
                        }
                        span.small { " (" (row.indicator) ", " (row.basis) ")" }
                    }
                }
            }
        }
    }
}
