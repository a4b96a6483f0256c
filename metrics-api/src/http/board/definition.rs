//! `/indicator/{id}`: what a figure means, how it is counted, from what, against what, and who answers for it.

use homeward_contract::standard_population::StandardPopulation;
use homeward_transform::definition::{Alert, AlertFamily, Definition, DefinitionStatus, Direction, Interval, Kind};
use maud::{Markup, html};

use super::words::target_value;
use super::{Page, when};

/// The page's main part.
pub(super) fn page(page: &Page<'_>, id: &str) -> Markup {
    let Some(definition) = page.catalogue().get(id) else {
        return html! { main #figures { h1 { "No such indicator" } } };
    };
    html! {
        nav aria-label="Where you are" {
            ol.trail { li { a href="/" { "Board" } } li aria-current="page" { (definition.title) } }
        }
        main #figures tabindex="-1" {
            h1 { (definition.title) }
            p.question { (definition.question) }
            p {
                @if definition.counts_wards() { a href={ "/virtual-wards#" (definition.id) } { "Its figures" } ", " }
                @else if definition.counts_nights() { a href={ "/days-at-home#" (definition.id) } { "Its figures" } ", " }
                @else if definition.is_of_the_moment() { a href={ "/#" (definition.id) } { "Its figures" } ", " }
                @if definition.has_months() { a href={ "/months#" (definition.id) } { "its months" } ", " }
                a href={ "/indicator/" (definition.id) "/revisions" } { "its revisions" } ", "
                a href={ "/api/v1/indicators/" (definition.id) } { "this definition as data" } "."
            }
            (meaning(definition))
            (targets(definition))
            (bases(definition))
            (lineage(page, definition))
            (watching(definition))
            section aria-labelledby="sql" {
                h2 #sql { "The query" }
                p { "Live, restated and file figures all come from this one text, version " (definition.version) "." }
                pre role="region" tabindex="0" aria-labelledby="sql" { code { (definition.sql) } }
            }
        }
    }
}

fn meaning(definition: &Definition) -> Markup {
    let windows = definition.windows.join(", ");
    html! {
        section aria-labelledby="meaning" {
            h2 #meaning { "What is counted" }
            dl {
                dt { "Numerator" } dd { (definition.numerator) }
                @if let Some(denominator) = &definition.denominator { dt { "Denominator" } dd { (denominator) } }
                dt { "Kind" } dd {
                    (kind(definition.kind)) ", in " (definition.unit)
                    @if let Some(quantile) = definition.quantile { "; the " (quantile) }
                }
                dt { "Better is" } dd { (direction(definition.direction)) }
                dt { "Interval" } dd { (interval(definition.interval)) }
                dt { "Periods" } dd { (definition.grains.join(", ")) @if !windows.is_empty() { "; windows " (windows) } }
                dt { "Theme" } dd { (definition.theme) ": " (definition.statement) }
                dt { "Owner" } dd { (definition.owner) "; checked by " (definition.checker) "; next review " (definition.next_review.format("%-d %B %Y").to_string()) }
                dt { "Status" } dd { (status(definition.status)) }
            }
            @for paragraph in definition.notes.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
                p { (paragraph) }
            }
        }
    }
}

fn targets(definition: &Definition) -> Markup {
    html! {
        section aria-labelledby="targets" {
            h2 #targets { "Targets" }
            @if definition.targets.is_empty() {
                p { "No numeric target is set." }
            } @else {
                div.wide role="region" tabindex="0" aria-labelledby="targets-table" {
                    table {
                        caption #targets-table { "Target lines and where they come from" }
                        thead { tr { th scope="col" { "Line" } th.n scope="col" { "Target" } th scope="col" { "Since" } th scope="col" { "Source" } } }
                        tbody { @for target in &definition.targets { tr {
                            th scope="row" { (target.name) }
                            td.n { (target_value(definition, target)) }
                            td { (target.valid_from.format("%-d %B %Y").to_string()) }
                            td { (target.source) }
                        } } }
                    }
                }
            }
        }
    }
}

fn bases(definition: &Definition) -> Markup {
    html! {
        section aria-labelledby="bases" {
            h2 #bases { "Ways of counting" }
            p { "They are shown side by side and never mixed. Shown first: " (crate::reading::shown_basis(definition)) "." }
            div.wide role="region" tabindex="0" aria-labelledby="bases-table" {
                table {
                    caption #bases-table { "Bases" }
                    thead { tr { th scope="col" { "Basis" } th scope="col" { "What is counted" } th scope="col" { "Period decided by" } th scope="col" { "Before it leaves the house" } } }
                    tbody { @for basis in &definition.bases { tr {
                        th scope="row" { (basis.id) ": " (basis.title) }
                        td { (basis.note) }
                        td { (basis.period_column) }
                        td { (basis.release_note) }
                    } } }
                }
            }
        }
    }
}

fn lineage(page: &Page<'_>, definition: &Definition) -> Markup {
    let feeds: Vec<String> = definition.feeds.iter().map(ToString::to_string).collect();
    let known_at = page.snapshot.freshness().known_at;
    let policies: Vec<String> = page.serving.parts.config.releases.iter().map(|policy| policy.label()).collect();
    html! {
        section aria-labelledby="lineage" {
            h2 #lineage { "Lineage" }
            ol {
                li { "Feeds: " (feeds.join(" and ")) ", kept in the lake with topic, partition and offset of every record." }
                @if let Some(known_at) = known_at { li { "Newest fact counted: taken in at " (when::long(known_at)) "." } }
                li { "Query: " a href="#sql" { "indicator.sql" } ", SHA-256 " code.hash { (definition.sql_sha256) } ", version " (definition.version) "." }
                @if let Some(edition) = population(page, definition) { li { "Divided by people on the lists: edition of " (edition) "." } }
                @if definition.reads("core20") { li { "Neighbourhoods by the Index of Multiple Deprivation: edition " (page.snapshot.geography().deprivation().edition()) "." } }
                @if let Some(factor) = &definition.factor { li { "By the factor " (factor.times) " over " (factor.over) ": " (factor.source) "." } }
                li { "Figures speak for " (when::long(page.snapshot.as_of())) "; snapshot " (page.snapshot.sequence()) "." }
                li { "Release: here " (page.policy.label()) " (" (page.policy.statement) ") Offered by this server: " (policies.join(", ")) ". The definition's own: " (definition.release) "." }
            }
        }
    }
}

/// The edition of the population in force, and where it is from, of a definition that is divided by it.
fn population(page: &Page<'_>, definition: &Definition) -> Option<String> {
    let per = definition.per_population?;
    let edition = page.snapshot.geography().population().in_force(page.today())?;
    let standardise = definition.standardise.as_ref();
    let standard = standardise.and_then(|standardise| StandardPopulation::by_name(&standardise.population));
    let weighted = standard.map(|standard| format!("; weighted by {} ({})", standard.name, standard.source));
    let (name, source) = (edition.name(), &edition.source);
    Some(format!("{name}, aged {} and over ({source}){}", per.age_from, weighted.unwrap_or_default()))
}

fn watching(definition: &Definition) -> Markup {
    html! {
        @if !definition.flags.is_empty() {
            section aria-labelledby="flags" {
                h2 #flags { "Data-quality flags" }
                dl { @for flag in &definition.flags { dt { (flag.name) } dd { (flag.meaning) } } }
            }
        }
        @if !definition.alerts.is_empty() {
            section aria-labelledby="alerts" {
                h2 #alerts { "Alert rules that read it" }
                ul { @for alert in &definition.alerts { li { (alert.rule) ": " (alert_words(alert)) } } }
            }
        }
    }
}

fn alert_words(alert: &Alert) -> String {
    let family = match alert.family {
        AlertFamily::Clock => "clock, for the duty co-ordinator",
        AlertFamily::Budget => "budget, for the service manager",
        AlertFamily::Slip => "confident slip, for the operations lead",
        AlertFamily::Trust => "trust, for the data engineer",
    };
    let mut words = vec![family.to_owned()];
    words.extend(alert.window.as_ref().map(|window| format!("over {window}")));
    words.extend(alert.target.as_ref().map(|target| format!("against the {target} target")));
    words.extend(alert.band.as_ref().map(|band| format!("band {band}")));
    words.extend(alert.minimum_denominator.map(|minimum| format!("from {minimum} on")));
    words.join(", ")
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Proportion => "a share: the numerator is part of the denominator",
        Kind::Ratio => "a sum over another that it is no part of",
        Kind::Standardised => "a rate to the people of an area, as if their ages were those of a standard population",
        Kind::Count => "a count over a period",
        Kind::Snapshot => "a count at one instant",
        Kind::People => "distinct people over a period: an area's own, never the sum of others",
        Kind::Quantile => "a percentile: an area's own, never made from those of others",
    }
}

const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "more",
        Direction::Down => "fewer",
        Direction::Context => "neither: context for other figures",
    }
}

const fn interval(interval: Interval) -> &'static str {
    match interval {
        Interval::Wilson => "Wilson score interval, 95%",
        Interval::People => "ratio with the spread between people, 95%; of exact figures of one period",
        Interval::Dobson => {
            "Dobson's of a standardised rate, with the spread between people, 95%; of exact figures of one period"
        }
        Interval::None => "none",
    }
}

const fn status(status: DefinitionStatus) -> &'static str {
    match status {
        DefinitionStatus::Draft => "draft",
        DefinitionStatus::Shadow => "shadow: computed, not yet a result",
        DefinitionStatus::Live => "live",
        DefinitionStatus::Retired => "retired",
    }
}
