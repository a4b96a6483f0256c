//! `outcomes.virtual_ward_reconciliation`: the published series of virtual wards beside our own figure.

use homeward_contract::time::local_midnight;
use homeward_transform::release::{ReleasedWards, Shown};
use homeward_transform::snapshot::Snapshot;

use super::column::{Cell, Kind, Outline, always, maybe};
use super::figure_table::Reader;
use super::figures::{OUTCOMES, area_name};
use super::state::State;
use Kind::{Bigint, Date, Double, Text, Timestamptz};

/// What the table is.
pub(crate) fn outline() -> (Outline, State) {
    let columns = vec![
        always("icb", Text, "Integrated care board; National for the sum of the boards that were loaded."),
        always("icb_name", Text, "Name of the board."),
        always("period", Text, "Month, London: 2023-10."),
        always("first_day", Date, "First day of that month."),
        always("period_start", Timestamptz, "First instant of that month, at London midnight: what to plot."),
        always("boards", Bigint, "How many boards the row is of; England has 42."),
        maybe("published_beds", Bigint, "Beds as published."),
        maybe("published_patients", Bigint, "Patients as published; a count that is missing is published as 0."),
        maybe("published_occupancy", Double, "Published patients by published beds: above 1 where that is so."),
        maybe("printed_occupancy", Double, "The share as printed, no more than 1."),
        maybe("published_beds_per_100k", Double, "Published beds for every 100,000 people aged 16 or over."),
        maybe("beds", Bigint, "Our beds at 08:00 on the reference Thursday. Null when suppressed or not known."),
        maybe("patients", Bigint, "Our patients then. Null when suppressed or not known."),
        maybe("occupancy", Double, "Our occupancy then: virtual-ward-occupancy-national."),
        maybe("beds_difference", Bigint, "Our beds less the published ones, as shown here."),
        maybe("patients_difference", Bigint, "Our patients less the published ones, as shown here."),
        always("shown", Text, "Whether our figure is shown, suppressed, or there is no data."),
        always("published_flags", Text, "over_capacity, capped, suspect_zero; by semicolons."),
        always("flags", Text, "Flags of our own figure, by semicolons."),
        always("release", Text, "Release policy of this login."),
        always("as_of", Timestamptz, "The instant that our figures speak for."),
    ];
    let description = "Beds and patients of virtual wards as NHS England published them, by board and month, beside our own at \
                       the reference Thursday. Shares are worked out anew. Rows as far as files were loaded with homeward \
                       published load. Empty under a publication tick.";
    let name = "virtual_ward_reconciliation".to_owned();
    (Outline { schema: OUTCOMES, name, description: description.into(), columns }, State::VirtualWards)
}

/// The rows of a snapshot.
pub(crate) fn rows(snapshot: &Snapshot, reader: &Reader) -> Vec<Vec<Cell>> {
    let released = reader.policy.release_wards(snapshot);
    released.iter().map(|row| cells(row, snapshot, reader)).collect()
}

fn cells(row: &ReleasedWards, snapshot: &Snapshot, reader: &Reader) -> Vec<Cell> {
    let shown = match (row.patients, row.beds) {
        (Shown::NoData, Shown::NoData) => "no data",
        (Shown::Suppressed, _) | (_, Shown::Suppressed) => "suppressed",
        _ => "shown",
    };
    vec![
        row.icb.as_str().into(),
        area_name(&reader.source.geography, &row.icb).into(),
        row.month.format("%Y-%m").to_string().into(),
        row.month.into(),
        local_midnight(row.month).into(),
        i64::try_from(row.boards).unwrap_or(i64::MAX).into(),
        row.published_beds.into(),
        row.published_patients.into(),
        row.published_occupancy.into(),
        row.printed_occupancy.into(),
        row.published_beds_per_100k.into(),
        row.beds.as_count().into(),
        row.patients.as_count().into(),
        row.occupancy.as_f64().into(),
        row.beds_difference.as_count().into(),
        row.patients_difference.as_count().into(),
        shown.into(),
        row.published_flags.join(";").into(),
        row.flags.join(";").into(),
        row.release.as_str().into(),
        snapshot.as_of().into(),
    ]
}
