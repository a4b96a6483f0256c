//! `/data-quality` and `/data-quality/{provider}`: how complete and how clean the submissions are that count.

use chrono::{Months, NaiveDate};
use homeward_transform::feedback::{DataQuality, Quality};
use homeward_transform::figure::Dimension;
use homeward_transform::release::{Released, ReleasedMeasure, ReleasedQuality, Shown};
use maud::{Markup, html};

use super::Page;
use super::place::path_segment;
use super::words::percent;

/// Months of a provider on its page, newest first.
const MONTHS_ON_PAGE: usize = 24;

/// Address of the list.
const LIST: &str = "/data-quality";

/// Address of one provider's page.
pub(super) fn address(provider: &str) -> String {
    format!("{LIST}/{}", path_segment(provider))
}

/// Where the data quality of the page's place is told.
pub(super) fn address_of(page: &Page<'_>) -> String {
    let is_provider = page.place.level == Dimension::Provider;
    address_of_provider(page, is_provider.then_some(page.place.code.as_str()))
}

/// A provider's own page where there is one, else the list.
pub(super) fn address_of_provider(page: &Page<'_>, provider: Option<&str>) -> String {
    let known = provider.filter(|provider| is_known(page.snapshot.data_quality(), provider));
    known.map_or_else(|| LIST.to_owned(), address)
}

/// True when a submission of the provider was reviewed.
pub(super) fn is_known(quality: &DataQuality, provider: &str) -> bool {
    quality.iter().any(|(known, ..)| known.as_ref() == provider)
}

/// The newest month of every provider.
pub(super) fn list(page: &Page<'_>) -> Markup {
    let mut newest: Vec<(&str, NaiveDate, &Quality)> = Vec::new();
    for (provider, month, quality) in page.snapshot.data_quality().iter() {
        // Months of a provider come in order.
        match newest.last_mut() {
            Some(last) if last.0 == provider.as_ref() => *last = (provider, month, quality),
            _ => newest.push((provider, month, quality)),
        }
    }
    let rows: Vec<Row> = newest
        .into_iter()
        .map(|(provider, month, quality)| Row {
            head: html! { a href=(address(provider)) { (page.serving.area_name(provider)) } ", " (month_name(month)) },
            told: Some(page.policy.release_quality(provider, month, quality)),
        })
        .collect();
    html! {
        (trail(None))
        main #figures tabindex="-1" {
            h1 { "Data quality of submissions" }
            (about())
            @if rows.is_empty() {
                p { "No data: no submission that counts has been reviewed yet." }
            } @else {
                (tables("Provider, and its newest month", &rows, "newest month of each provider"))
                (meanings(&rows))
            }
        }
    }
}

/// The months of one provider.
pub(super) fn provider(page: &Page<'_>, provider: &str) -> Markup {
    let quality = page.snapshot.data_quality();
    let own = quality.iter().filter(|(known, ..)| known.as_ref() == provider);
    let own: Vec<NaiveDate> = own.map(|(_, month, _)| month).collect();
    let name = page.serving.area_name(provider);
    let rows: Vec<Row> = back_from(own.first().copied(), own.last().copied())
        .map(|month| Row {
            head: html! { (month_name(month)) },
            told: quality.get(provider, month).map(|held| page.policy.release_quality(provider, month, held)),
        })
        .collect();
    html! {
        (trail(Some(&name)))
        main #figures tabindex="-1" {
            h1 { "Data quality: " (name) }
            (about())
            p {
                a href={ "/area/provider/" (path_segment(provider)) "/months" } { "The figures of these months" } ". "
                a href="/reconciliation" { "From live to published" } "."
            }
            (tables("Month", &rows, &name))
            (meanings(&rows))
        }
    }
}

/// Every month from the last to the first, at most [`MONTHS_ON_PAGE`]: a month without a submission is seen.
fn back_from(first: Option<NaiveDate>, last: Option<NaiveDate>) -> impl Iterator<Item = NaiveDate> {
    let months = std::iter::successors(last, |month| month.checked_sub_months(Months::new(1)));
    months.take_while(move |month| first.is_some_and(|first| *month >= first)).take(MONTHS_ON_PAGE)
}

struct Row {
    head: Markup,
    /// None where no submission counts.
    told: Option<Released<ReleasedQuality>>,
}

impl Row {
    /// Completeness, or what is amiss.
    fn measures(&self, shares: bool) -> impl Iterator<Item = &ReleasedMeasure> {
        let measures = self.told.iter().flat_map(|told| told.measures.iter());
        measures.filter(move |measure| measure.denominator.is_some() == shares)
    }
}

fn trail(here: Option<&str>) -> Markup {
    html! {
        nav aria-label="Where you are" {
            ol.trail {
                li { a href="/" { "Board" } }
                @if let Some(here) = here {
                    li { a href=(LIST) { "Data quality" } }
                    li aria-current="page" { (here) }
                } @else {
                    li aria-current="page" { "Data quality" }
                }
            }
        }
    }
}

fn about() -> Markup {
    html! {
        p {
            "Over the submissions that count, by the month in which their reporting period ends. Rows that do not count are in "
            "no share. A submission is reviewed soon after it begins to count. A provider that stopped submitting keeps its last "
            "month here: look at the month before you look at the share."
        }
    }
}

fn tables(head: &str, rows: &[Row], of: &str) -> Markup {
    html! {
        section aria-labelledby="complete" {
            h2 #complete { "How complete the items are" }
            (table(head, rows, "complete-table", &format!("Share of rows that have the item: {of}"), true))
        }
        section aria-labelledby="amiss" {
            h2 #amiss { "What is amiss" }
            (table(head, rows, "amiss-table", &format!("Number of rows: {of}"), false))
        }
    }
}

fn table(head: &str, rows: &[Row], id: &str, caption: &str, shares: bool) -> Markup {
    let headings: Vec<&str> = rows
        .iter()
        .find(|row| row.told.is_some())
        .map_or_else(Vec::new, |row| row.measures(shares).map(|measure| measure.measure).collect());
    html! {
        div.wide role="region" tabindex="0" aria-labelledby=(id) {
            table {
                caption id=(id) { (caption) }
                thead { tr {
                    th scope="col" { (head) }
                    @for heading in &headings { th.n scope="col" { (title(heading)) } }
                } }
                tbody { @for row in rows { tr {
                    th scope="row" { (row.head) }
                    @if row.told.is_some() {
                        @for measure in row.measures(shares) { td.n { (cell(measure)) } }
                    } @else {
                        td.n colspan=(headings.len()) { "no submission counts" }
                    }
                } } }
            }
        }
    }
}

/// What each column counts.
fn meanings(rows: &[Row]) -> Markup {
    html! {
        section aria-labelledby="meanings" {
            h2 #meanings { "What is measured" }
            @if let Some(told) = rows.iter().find_map(|row| row.told.as_ref()) {
                dl { @for measure in &told.measures { dt { (title(measure.measure)) } dd { (measure.meaning) } } }
            }
        }
    }
}

/// `97.1% (99 of 102)`, a number of rows, or the word that stands for it.
fn cell(measure: &ReleasedMeasure) -> String {
    let (Some(of), Some(value)) = (measure.denominator, measure.value) else { return measure.numerator.to_string() };
    match (measure.numerator, of, value) {
        (Shown::Count(rows), Shown::Count(of), Shown::Number(share)) => {
            format!("{}% ({rows} of {of})", percent(rows, of, share))
        }
        _ => value.to_string(),
    }
}

/// `nhs_number` as a heading: `NHS number`.
fn title(measure: &str) -> String {
    let words: Vec<String> = measure
        .split('_')
        .enumerate()
        .map(|(place, word)| match (word, place) {
            ("nhs" | "rtt", _) => word.to_uppercase(),
            ("ids", _) => "IDs".to_owned(),
            (word, 0) => {
                let mut letters = word.chars();
                letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
            }
            (word, _) => word.to_owned(),
        })
        .collect();
    words.join(" ")
}

fn month_name(month: NaiveDate) -> String {
    month.format("%B %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_between_two_months_is_seen_and_the_page_is_bounded() {
        let day = |text: &str| Some(text.parse().unwrap());
        let found: Vec<String> =
            back_from(day("2025-03-01"), day("2025-05-01")).map(|month| month.to_string()).collect();
        assert_eq!(found, ["2025-05-01", "2025-04-01", "2025-03-01"]);
        assert_eq!(back_from(day("2015-01-01"), day("2025-05-01")).count(), MONTHS_ON_PAGE);
        assert_eq!(back_from(None, None).count(), 0);
    }

    #[test]
    fn measures_are_headed_in_words() {
        let titles = ["nhs_number", "rtt_end_time", "placeholder_ids", "orphans"].map(title);
        assert_eq!(titles, ["NHS number", "RTT end time", "Placeholder IDs", "Orphans"]);
    }
}
