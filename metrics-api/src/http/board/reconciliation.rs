//! `/reconciliation` and `/reconciliation/{provider}/{month}`: why the live figure is not the published one.

use chrono::NaiveDate;
use homeward_transform::reconcile::{Reconciled, Stage};
use homeward_transform::release::{ReleasedEntry, Shown};
use maud::{Markup, html};

use super::{Page, quality};

/// Months of a provider in the list, newest first.
const MONTHS_ON_PAGE: usize = 24;

/// Every provider with its newest months.
pub(super) fn list(page: &Page<'_>) -> Markup {
    let mut providers: Vec<(&str, Vec<&Reconciled>)> = Vec::new();
    for month in page.snapshot.reconciliation().iter() {
        match providers.last_mut() {
            Some((provider, months)) if *provider == month.provider.as_ref() => months.push(month),
            _ => providers.push((&month.provider, vec![month])),
        }
    }
    html! {
        (trail(None))
        main #figures tabindex="-1" {
            h1 { "From live to published" }
            (about(page, None))
            @if providers.is_empty() { p { "No data: no clock was stopped and no submission was received." } }
            @for (provider, months) in &providers {
                section aria-labelledby=(provider) {
                    h2 id=(provider) { (page.serving.area_name(provider)) }
                    @if let Some(newest) = months.last() { p { (page.policy.release_reconciliation(newest).words()) } }
                    (months_table(page, provider, months))
                }
            }
        }
    }
}

fn trail(here: Option<&str>) -> Markup {
    html! {
        nav aria-label="Where you are" {
            ol.trail {
                li { a href="/" { "Board" } }
                @if let Some(here) = here {
                    li { a href="/reconciliation" { "From live to published" } }
                    li aria-current="page" { (here) }
                } @else {
                    li aria-current="page" { "From live to published" }
                }
            }
        }
    }
}

fn about(page: &Page<'_>, provider: Option<&str>) -> Markup {
    html! {
        p {
            "Two-hour clocks that were stopped in a month: by live events alone, in the Primary, in what counts now, and as "
            "NHS England published. Each clock that a stage counts otherwise stands under one cause. "
            @if page.exact() { "The counts add up: a stage and its causes are the next stage." }
            @else { "These counts are rounded, so they need not add up." }
        }
        p { a href=(quality::address_of_provider(page, provider)) { "How good the submissions are that these stages rest on" } "." }
    }
}

fn months_table(page: &Page<'_>, provider: &str, months: &[&Reconciled]) -> Markup {
    let stages = [Stage::Live, Stage::Primary, Stage::Refresh, Stage::Published];
    let caption = format!("{provider}-months");
    html! {
        div.wide role="region" tabindex="0" aria-labelledby=(caption) {
            table {
                caption id=(caption) { "Met of stopped, by month of the RTT end" }
                thead { tr {
                    th scope="col" { "Month" }
                    @for stage in stages { th.n scope="col" { (stage.title()) } }
                } }
                tbody { @for month in months.iter().rev().take(MONTHS_ON_PAGE) {
                    @let released = page.policy.release_reconciliation(month);
                    tr {
                        th scope="row" {
                            a href={ "/reconciliation/" (provider) "/" (month.month.format("%Y-%m").to_string()) } {
                                (month.month.format("%B %Y").to_string())
                            }
                        }
                        @for stage in stages {
                            @let held = released.entries.iter().find(|entry| entry.cause.is_none() && entry.stage == stage);
                            td.n { @if let Some(entry) = held { (counted(entry)) } @else { "not there yet" } }
                        }
                    }
                } }
            }
        }
    }
}

/// One provider and month, line by line.
pub(super) fn month(page: &Page<'_>, provider: &str, month: NaiveDate) -> Markup {
    let name = format!("{}, {}", page.serving.area_name(provider), month.format("%B %Y"));
    let Some(held) = page.snapshot.reconciliation().get(provider, month) else {
        return html! {
            (trail(Some(&name)))
            main #figures tabindex="-1" { h1 { (name) } p { "No data for this month." } }
        };
    };
    let released = page.policy.release_reconciliation(held);
    html! {
        (trail(Some(&name)))
        main #figures tabindex="-1" {
            h1 { (name) }
            p.question { (released.words()) }
            (about(page, Some(provider)))
            @if released.provisional { p { "The published figure is provisional." } }
            div.wide role="region" tabindex="0" aria-labelledby="lines" {
                table {
                    caption #lines { "Stages, and the causes that lead from each to the next" }
                    thead { tr {
                        th scope="col" { "Stage or cause" }
                        th.n scope="col" { "Clocks" }
                        th.n scope="col" { "Met" }
                        th.n scope="col" { "Stopped" }
                        th.n scope="col" { "Rate" }
                        th scope="col" { "What it means" }
                    } }
                    tbody { @for entry in &released.entries { (line(entry)) } }
                }
            }
        }
    }
}

fn line(entry: &ReleasedEntry) -> Markup {
    html! {
        @if let Some(cause) = entry.cause {
            tr {
                th scope="row" { (cause.title()) }
                td.n { (blank(entry.clocks)) }
                td.n { (change(entry.numerator)) }
                td.n { (change(entry.denominator)) }
                td.n {}
                td { (cause.meaning()) }
            }
        } @else {
            tr.sum {
                th scope="row" { strong { (entry.stage.title()) } }
                td.n {}
                td.n { strong { (entry.numerator) } }
                td.n { strong { (entry.denominator) } }
                td.n { (rate(entry.value)) }
                td {}
            }
        }
    }
}

fn counted(entry: &ReleasedEntry) -> String {
    match (entry.numerator, entry.denominator) {
        (Shown::Count(met), Shown::Count(stopped)) => format!("{met} of {stopped} ({})", rate(entry.value)),
        (Shown::NoData, _) => rate(entry.value),
        _ => "suppressed".to_owned(),
    }
}

fn rate(value: Shown) -> String {
    value.as_f64().map_or_else(|| value.to_string(), |ratio| format!("{:.1}%", 100.0 * ratio))
}

fn change(shown: Shown) -> String {
    shown.as_count().map_or_else(|| shown.to_string(), |count| format!("{count:+}"))
}

/// A cause that has no clocks of its own, for example rounding, says nothing.
fn blank(shown: Shown) -> String {
    if shown == Shown::NoData { String::new() } else { shown.to_string() }
}
