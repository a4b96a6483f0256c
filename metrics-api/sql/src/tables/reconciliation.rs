//! `outcomes.reconciliation`: stages and causes of every provider and month.

use homeward_contract::time::local_midnight;
use homeward_transform::release::{ReleasedEntry, ReleasedMonth, Shown};
use homeward_transform::snapshot::Snapshot;

use super::column::{Cell, Kind, Outline, always, maybe};
use super::figure_table::Reader;
use super::figures::{OUTCOMES, area_name};
use super::state::State;
use Kind::{Bigint, Boolean, Date, Double, Text, Timestamptz};

/// What the table is.
pub(crate) fn outline() -> (Outline, State) {
    let columns = vec![
        always("provider", Text, "Provider code."),
        always("provider_name", Text, "Name of the provider."),
        always("period", Text, "Month of the RTT end, London: 2024-10."),
        always("first_day", Date, "First day of that month."),
        always("period_start", Timestamptz, "First instant of that month, at London midnight: what to plot."),
        always(
            "position",
            Bigint,
            "Place in reading order, from 1: a stage, then the causes that lead to the next one.",
        ),
        always("entry", Text, "stage or cause."),
        always("stage", Text, "live, primary, refresh or published: the stage, or the one that the cause leads to."),
        maybe("from_stage", Text, "The stage that the cause leads from; null for a stage."),
        maybe("cause", Text, "Why clocks are counted otherwise in the next stage; null for a stage."),
        maybe("meaning", Text, "The cause in words; null for a stage."),
        maybe("numerator", Bigint, "Clocks met; for a cause the change in them. Null when suppressed or not known."),
        maybe(
            "denominator",
            Bigint,
            "Clocks stopped; for a cause the change in them. Null when suppressed or not known.",
        ),
        maybe("clocks", Bigint, "Clocks under the cause; null for stages, for rounding and for what it leaves."),
        maybe("value", Double, "Rate of the stage; for published the percentage as printed. Null for causes."),
        always("shown", Text, "shown, suppressed or no data."),
        always("provisional", Boolean, "True when the workbook marks the month provisional."),
        always("release", Text, "Release policy of this login."),
        always("as_of", Timestamptz, "The instant that the counts speak for."),
    ];
    let description = "The two-hour figure of each provider and month by live events, in the Primary, in what counts now and \
                       as published, with every difference under one cause. Exact counts add up: a stage and its causes \
                       are the next stage. Rounded ones need not. Empty under a publication tick.";
    let outline =
        Outline { schema: OUTCOMES, name: "reconciliation".to_owned(), description: description.into(), columns };
    (outline, State::Reconciliation)
}

/// The rows of a snapshot.
pub(crate) fn rows(snapshot: &Snapshot, reader: &Reader) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for month in snapshot.reconciliation().iter() {
        let month = reader.policy.release_reconciliation(month);
        rows.extend(month.entries.iter().zip(1_i64..).map(|(entry, position)| {
            let mut row = place(&month, position, reader);
            row.extend(numbers(entry));
            row.extend([month.provisional.into(), month.release.as_str().into(), snapshot.as_of().into()]);
            row
        }));
    }
    rows
}

fn place(month: &ReleasedMonth, position: i64, reader: &Reader) -> Vec<Cell> {
    vec![
        month.provider.as_str().into(),
        area_name(&reader.source.geography, &month.provider).into(),
        month.month.format("%Y-%m").to_string().into(),
        month.month.into(),
        local_midnight(month.month).into(),
        position.into(),
    ]
}

fn numbers(entry: &ReleasedEntry) -> Vec<Cell> {
    let cells = [entry.numerator, entry.denominator, entry.value];
    let shown = if cells.contains(&Shown::Suppressed) {
        "suppressed"
    } else if entry.numerator == Shown::NoData {
        "no data"
    } else {
        "shown"
    };
    vec![
        if entry.cause.is_some() { "cause" } else { "stage" }.into(),
        entry.stage.as_str().into(),
        entry.from.map(|from| from.as_str()).into(),
        entry.cause.map(|cause| cause.as_str()).into(),
        entry.cause.map(|cause| cause.meaning()).into(),
        entry.numerator.as_count().into(),
        entry.denominator.as_count().into(),
        entry.clocks.as_count().into(),
        entry.value.as_f64().into(),
        shown.into(),
    ]
}
