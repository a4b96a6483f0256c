//! Can I trust this? Conditions that hold, how fresh each provider is, and what was revised.

use homeward_contract::time::london;
use homeward_transform::conditions::{Condition, Stage};
use homeward_transform::figure::Dimension;
use maud::{Markup, html};

use super::super::api::{RevisionRow, revision_rows};
use super::coverage::{coverage, is_reporting};
use super::place::Place;
use super::{Page, when};

/// Revisions on the page; the API has more.
const REVISIONS_ON_PAGE: usize = 20;

impl Page<'_> {
    /// Alert conditions of this place and of the areas that its board compares. A network has none of its own.
    pub(super) fn conditions(&self) -> Vec<&Condition> {
        let groups = self.place.groups(self.reading, &self.serving.parts.geography);
        let here = |condition: &&Condition| {
            let own = condition.level == self.place.level && condition.area == self.place.code;
            let below = groups.iter().filter(|group| group.level == condition.level);
            self.place.is_whole() || own || below.into_iter().any(|group| group.codes.contains(&condition.area))
        };
        self.snapshot.conditions().iter().filter(here).collect()
    }
}

/// Since when, and whether anybody is told.
fn course(condition: &Condition) -> String {
    let since = when::short(condition.since);
    match condition.stage {
        Stage::Pending(until) => format!("Since {since}. Its alert waits until {}: it may pass.", when::clock(until)),
        Stage::Firing => format!("Since {since}."),
        Stage::Ceased(until) => format!("Since {since}. It has ceased; its alert stays until {}.", when::clock(until)),
    }
}

/// Alert conditions that hold at the as-of instant.
pub(super) fn conditions(page: &Page<'_>) -> Markup {
    let conditions = page.conditions();
    html! {
        section aria-labelledby="conditions" {
            h2 id="conditions" { "Conditions now" }
            @if page.place.level == Dimension::Pcn {
                p.small { "Conditions are told by provider, never by network." }
            } @else if conditions.is_empty() {
                p.calm { "None. Nothing here asks for action at this moment." }
            }
            @for condition in conditions {
                div.condition {
                    p {
                        strong { "\u{25C6} " (condition.alert) ": " (page.serving.area_name(&condition.area)) }
                        @if page.exact() { br; (condition.sentence) }
                    }
                    p.small { (course(condition)) }
                }
            }
        }
    }
}

/// When each provider was last heard of.
pub(super) fn freshness(page: &Page<'_>) -> Markup {
    let as_of = page.snapshot.as_of();
    let freshness = page.snapshot.freshness();
    let providers = page.place.providers(page.reading);
    let here = |provider: &str| page.place.is_whole() || providers.iter().any(|code| code == provider);
    let heard: Vec<_> = freshness.watermarks.iter().filter(|(provider, _)| here(provider)).collect();
    let coverage = coverage(page, &page.place);
    html! {
        section aria-labelledby="freshness" {
            h2 id="freshness" { "Can I trust this?" }
            p {
                (coverage.words()) ": an event within the silence that is normal for each while its service is open ("
                (page.serving.parts.config.service_opens.format("%H:%M").to_string()) " to "
                (page.serving.parts.config.service_closes.format("%H:%M").to_string()) ")."
                @if let Some(known_at) = freshness.known_at { " The newest fact counted here was taken in at " (when::long(known_at)) "." }
            }
            @if !heard.is_empty() {
                div.wide role="region" tabindex="0" aria-labelledby="freshness-table" {
                    table {
                        caption #freshness-table { "Last live event of each provider" }
                        thead { tr { th scope="col" { "Provider" } th scope="col" { "Last event recorded" } th scope="col" { "Before the time above" } th scope="col" { "Reporting" } } }
                        tbody {
                            @for (provider, watermark) in heard {
                                @let place = Place { level: Dimension::Provider, code: provider.to_string() };
                                tr {
                                    th scope="row" { (page.name(&place)) }
                                    td { time datetime=(watermark.to_rfc3339()) { (when::short(*watermark)) } }
                                    td { (when::span((as_of - *watermark).num_seconds())) }
                                    td { @if is_reporting(page, provider, *watermark) { "yes" } @else { "silent" } }
                                }
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
    let providers = page.place.providers(page.reading);
    let here = |row: &RevisionRow| page.place.is_whole() || providers.contains(&row.provider);
    let rows: Vec<RevisionRow> = revision_rows(page.snapshot.revisions(), page.policy, page.catalogue())
        .into_iter()
        .filter(here)
        .take(REVISIONS_ON_PAGE)
        .collect();
    html! {
        section aria-labelledby="revisions" {
            h2 id="revisions" { "Last revisions" }
            @if page.place.level == Dimension::Pcn {
                p.small { "Revisions are told by provider, never by network." }
            } @else {
                p { "Figures of days and months that were over and have changed since, newest first." }
                (list(&rows))
            }
        }
    }
}

/// `/indicator/{id}/revisions`: every revision of one definition that is kept.
pub(super) fn all_revisions(page: &Page<'_>, id: &str) -> Markup {
    let title = page.catalogue().get(id).map_or(id, |definition| definition.title.as_str());
    let rows: Vec<RevisionRow> = revision_rows(page.snapshot.revisions(), page.policy, page.catalogue())
        .into_iter()
        .filter(|row| row.indicator == id)
        .collect();
    html! {
        nav aria-label="Where you are" {
            ol.trail {
                li { a href="/" { "Board" } }
                li { a href={ "/indicator/" (id) } { (title) } }
                li aria-current="page" { "Revisions" }
            }
        }
        main #figures tabindex="-1" {
            h1 { "Revisions of " (title) }
            p { "Figures of days and months that were over and have changed since, newest first. What was shown at any past instant is kept: ask "
                a href="/api/v1/revisions" { "the revision log" } " or the figures with as_known_at." }
            (list(&rows))
        }
    }
}

fn list(rows: &[RevisionRow]) -> Markup {
    html! {
        @if rows.is_empty() { p { "None." } } @else {
            ol.revisions {
                @for row in rows {
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
