//! `outcomes.data_quality`: how complete and how clean the submissions are that count, by provider and month.

use homeward_contract::time::local_midnight;
use homeward_transform::release::{ReleasedMeasure, Shown};
use homeward_transform::snapshot::Snapshot;

use super::column::{Cell, Kind, Outline, always, maybe};
use super::figure_table::Reader;
use super::figures::{OUTCOMES, area_name};
use super::state::State;
use Kind::{Bigint, Date, Double, Text, Timestamptz};

/// What the table is.
pub(crate) fn outline() -> (Outline, State) {
    let columns = vec![
        always("provider", Text, "Provider code as it was sent."),
        always("provider_name", Text, "Name of the provider."),
        always("period", Text, "Month in which the reporting period ends: 2025-04."),
        always("first_day", Date, "First day of that month."),
        always("period_start", Timestamptz, "First instant of that month, at London midnight: what to plot."),
        always("measure", Text, "What is measured, for example nhs_number or refused_rows."),
        always("meaning", Text, "The measure in words."),
        maybe("numerator", Bigint, "Rows that have it; null when suppressed."),
        maybe("denominator", Bigint, "Rows that could; null when suppressed, and for a count of what is amiss."),
        maybe("value", Double, "numerator / denominator of the counts shown; null without one."),
        always("shown", Text, "shown, suppressed or no data (no row could have it)."),
        always("release", Text, "Release policy of this login."),
        always("as_of", Timestamptz, "The instant that the counts speak for."),
    ];
    let description = "How complete the items are that figures rest on, and how much is amiss, in the submissions that count. A \
                       submission has its rows soon after it began to count; a provider that stopped submitting has none \
                       (meta.submissions shows the gap). Empty under a publication tick.";
    let outline =
        Outline { schema: OUTCOMES, name: "data_quality".to_owned(), description: description.into(), columns };
    (outline, State::DataQuality)
}

/// The rows of a snapshot.
pub(crate) fn rows(snapshot: &Snapshot, reader: &Reader) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for (provider, month, quality) in snapshot.data_quality().iter() {
        let released = reader.policy.release_quality(provider, month, quality);
        rows.extend(released.measures.iter().map(|measure| {
            let mut row = vec![
                released.provider.as_str().into(),
                area_name(&reader.source.geography, provider).into(),
                month.format("%Y-%m").to_string().into(),
                month.into(),
                local_midnight(month).into(),
            ];
            row.extend(numbers(measure));
            row.extend([released.release.as_str().into(), snapshot.as_of().into()]);
            row
        }));
    }
    rows
}

fn numbers(measure: &ReleasedMeasure) -> Vec<Cell> {
    let cells = [Some(measure.numerator), measure.denominator, measure.value];
    let shown = if cells.contains(&Some(Shown::Suppressed)) {
        "suppressed"
    } else if measure.value == Some(Shown::NoData) {
        "no data"
    } else {
        "shown"
    };
    vec![
        measure.measure.into(),
        measure.meaning.into(),
        measure.numerator.as_count().into(),
        measure.denominator.and_then(Shown::as_count).into(),
        measure.value.and_then(Shown::as_f64).into(),
        shown.into(),
    ]
}
