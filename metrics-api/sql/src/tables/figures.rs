//! The columns of released figures, and a released figure as a row. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use homeward_contract::geography::Geography;
use homeward_contract::time::london;
use homeward_transform::definition::Definition;
use homeward_transform::figure::Dimension;
use homeward_transform::release::{ReleasedFigure, Shown};
use homeward_transform::reporting::Reporting;

use super::column::{Cell, Column, Kind, Outline, always, maybe};

/// Schema of the figures.
pub(crate) const OUTCOMES: &str = "outcomes";

/// The columns of every table of figures up to `release`: what a figure is.
fn figure_columns() -> Vec<Column> {
    let mut columns = cell_columns();
    columns.extend(number_columns());
    columns
}

fn cell_columns() -> Vec<Column> {
    use Kind::{Bigint, Date, Text, Timestamptz};
    vec![
        always("indicator", Text, "Indicator id; see meta.indicators."),
        always("version", Bigint, "Version of the definition that made the figure; see meta.definitions for its SQL."),
        always(
            "basis",
            Text,
            "Way of counting, for example published (as NHS England counts) or live (operational). Bases stand side by \
             side: never add them up. See meta.bases.",
        ),
        always("level", Text, "Level of the area: nation, region, icb, lcp, pcn or provider."),
        always(
            "area",
            Text,
            "Code of the area; for a local care partnership its name. 'unknown' where no area is known.",
        ),
        always("area_name", Text, "Name of the area, or its code where no name is known."),
        always(
            "period_kind",
            Text,
            "day, month, twelve_months (made of months), window (rolling, ends at as_of) or now (the instant as_of itself).",
        ),
        always(
            "period",
            Text,
            "The period: 2025-06-12 for a day, 2025-06 for a month and for the twelve months that end with it, 24h, 7d, 28d, mtd or \
             365d, or now.",
        ),
        always("first_day", Date, "First London day of the period: what to plot and to join on."),
        always("last_day", Date, "Last London day of the period."),
        always("period_start", Timestamptz, "First instant of the period. Days and months begin at London midnight."),
        always("period_end", Timestamptz, "First instant after the period."),
        maybe("band", Text, "Band of waiting time, for example 90_to_120m; null for indicators that have none."),
        maybe("source", Text, "Who referred, for example 999; null for indicators that are not cut by it."),
        maybe("ward", Text, "Virtual ward, as its provider calls it; null for indicators that are not cut by it."),
        maybe("pathway", Text, "Clinical pathway, for example frailty; null for indicators that are not cut by it."),
        maybe(
            "route",
            Text,
            "step_up (from home), step_down (out of hospital) or other; null for indicators not cut by it.",
        ),
    ]
}

fn number_columns() -> Vec<Column> {
    use Kind::{Bigint, Double, Text};
    vec![
        maybe(
            "numerator",
            Bigint,
            "Numerator, or the count of a count indicator. Null when suppressed, and always for percentiles. Distinct \
             people are counted for each area and period by themselves: never add them up (kind people in \
             meta.indicators).",
        ),
        maybe(
            "denominator",
            Bigint,
            "Denominator; for a percentile the number of its records. Null when suppressed, and always for indicators \
             that are counts. To combine areas of a proportion add numerators and denominators, then divide once.",
        ),
        maybe(
            "value",
            Double,
            "numerator / denominator as a ratio from 0 to 1, or the count, or the percentile or standardised rate in its unit. \
             Null when it is not shown: the column shown says why. Never average it over areas or periods: a percentile of several \
             areas is in the row of the level that holds them, or it does not exist.",
        ),
        maybe(
            "lower",
            Double,
            "Lower bound of the 95% interval, by the interval_method of meta.indicators; null without one and when not shown.",
        ),
        maybe(
            "upper",
            Double,
            "Upper bound of the 95% interval, by the interval_method of meta.indicators; null without one and when not shown.",
        ),
        always(
            "shown",
            Text,
            "shown: value holds a number, 0 included. suppressed: too small for the release policy. no data: nothing \
             was counted that a rate could be made of. Three different things: never read one as another.",
        ),
        always(
            "status",
            Text,
            "final: every clock comes from a Refresh submission; provisional: at least one from a Primary; live: at \
             least one is known from live events alone.",
        ),
        always(
            "flags",
            Text,
            "Data-quality flags with counts, for example clock_change:1; or rounded, suppressed. Joined by ;.",
        ),
        always("release", Text, "Release policy and version that made the figure; see meta.policies."),
    ]
}

/// Columns of `outcomes.figures` and of the views of one indicator each.
pub(crate) fn live_columns() -> Vec<Column> {
    use Kind::{Bigint, Timestamptz};
    let mut columns = figure_columns();
    columns.extend([
        always("as_of", Timestamptz, "The instant that the figure speaks for; under a public policy the last publication tick."),
        maybe("known_at", Timestamptz, "When Homeward took in the newest record counted anywhere; null under a public policy."),
        maybe(
            "providers_reporting",
            Bigint,
            "Providers of the area whose live feed told of something in the 24 hours before as_of. Null where it is not known.",
        ),
        maybe("providers_expected", Bigint, "Providers that work for the area, by the referrals of the last weeks."),
    ]);
    columns
}

/// Columns of `outcomes.figures_history`.
pub(crate) fn history_columns() -> Vec<Column> {
    use Kind::{Text, Timestamptz};
    let mut columns = figure_columns();
    columns.extend([
        always(
            "known_at",
            Timestamptz,
            "When this version was first shown. What was shown at T: known_at <= T AND (replaced_at IS NULL OR replaced_at > T).",
        ),
        maybe("replaced_at", Timestamptz, "When the next version took its place; null while it stands."),
        maybe(
            "because",
            Text,
            "Why this version came to be, with exact counts of records; null under a public policy.",
        ),
    ]);
    columns
}

/// The name of an indicator's view: its id with underscores.
pub(crate) fn view_name(indicator: &str) -> String {
    indicator.replace('-', "_")
}

/// `outcomes.figures`
pub(crate) fn all_outline() -> Outline {
    Outline {
        schema: OUTCOMES,
        name: "figures".to_owned(),
        description: Arc::from(
            "Every figure: each indicator, basis, level of area, period, band and source, as released to this login. \
                      Filter on indicator, basis, level and period_kind: figures that are filtered out are not \
                      computed. A primary care network appears in windows of 7 and 28 days and in months that are over.",
        ),
        columns: live_columns(),
    }
}

/// The view of one indicator: the columns of `outcomes.figures`, then its companion counts.
pub(crate) fn view_outline(definition: &Definition) -> Outline {
    let mut columns = live_columns();
    for count in &definition.counts {
        let words = count.replace('_', " ");
        let description =
            format!("Companion count: {words}. Null when suppressed. The notes in meta.indicators say what it counts.");
        let name =
            if columns.iter().any(|column| column.name == *count) { format!("count_{count}") } else { count.clone() };
        columns.push(maybe(&name, Kind::Bigint, &description));
    }
    Outline {
        schema: OUTCOMES,
        name: view_name(&definition.id),
        description: Arc::from(format!(
            "{}. {} The rows of outcomes.figures of this indicator, with its companion counts.",
            definition.title, definition.question
        )),
        columns,
    }
}

/// `outcomes.figures_history`
pub(crate) fn history_outline() -> Outline {
    Outline {
        schema: OUTCOMES,
        name: "figures_history".to_owned(),
        description: Arc::from(
            "Every version that the figure of a day or month had, from when until when it was shown, and why it \
                      changed. Rolling windows and open clocks move with every instant and are not kept. Filter on \
                      indicator, basis and period_kind: the history is long.",
        ),
        columns: history_columns(),
    }
}

/// What stands beside every figure of one snapshot.
#[derive(Debug, Default)]
pub(crate) struct Beside<'a> {
    pub(crate) known_at: Option<DateTime<Utc>>,
    pub(crate) reporting: Option<&'a BTreeMap<(Dimension, String), Reporting>>,
}

/// A row of the indicator's view.
pub(crate) fn live_row(
    figure: &ReleasedFigure,
    level: Dimension,
    definition: &Definition,
    geography: &Geography,
    beside: &Beside<'_>,
) -> Vec<Cell> {
    let mut row = figure_row(figure, level, geography);
    row.push(figure.as_of.into());
    row.push(beside.known_at.into());
    let area = figure.dimension(level).unwrap_or_default();
    // A network has the coverage of its partnership: who works for a network is not told.
    let place = match level {
        Dimension::Pcn => (Dimension::Lcp, geography.lcp_of_pcn(area).unwrap_or_default().to_owned()),
        level => (level, area.to_owned()),
    };
    let found = beside.reporting.map(|areas| areas.get(&place).copied().unwrap_or_default());
    row.push(found.map(|found| found.reporting).into());
    row.push(found.map(|found| found.expected).into());
    row.extend(definition.counts.iter().map(|name| {
        // A count that no record has is zero; a released one that is no count is suppressed.
        figure.counts.get(name).map_or(Cell::Whole(0), |shown| shown.as_count().into())
    }));
    row
}

/// The columns that live figures and versions share.
pub(crate) fn figure_row(figure: &ReleasedFigure, level: Dimension, geography: &Geography) -> Vec<Cell> {
    let area = figure.dimension(level).unwrap_or_default();
    let (kind, period) = period(figure);
    vec![
        figure.indicator.clone().into(),
        i64::from(figure.version).into(),
        figure.basis.clone().into(),
        level.as_str().into(),
        area.into(),
        area_name(geography, area).into(),
        kind.into(),
        period.into(),
        london(figure.period_start).date().into(),
        london(figure.period_end - TimeDelta::microseconds(1)).date().into(),
        figure.period_start.into(),
        figure.period_end.into(),
        figure.dimension(Dimension::Band).into(),
        figure.dimension(Dimension::Source).into(),
        figure.dimension(Dimension::Ward).into(),
        figure.dimension(Dimension::Pathway).into(),
        figure.dimension(Dimension::Route).into(),
        figure.numerator.as_count().into(),
        figure.denominator.as_count().into(),
        figure.value.as_f64().into(),
        figure.lower.as_f64().into(),
        figure.upper.as_f64().into(),
        shown_word(figure.value).into(),
        figure.status.as_str().into(),
        figure.flags_text().into(),
        figure.release.clone().into(),
    ]
}

/// Name of an area, or its code where there is none.
pub(crate) fn area_name<'a>(geography: &'a Geography, area: &'a str) -> &'a str {
    geography.name_of(area).unwrap_or(area)
}

fn period(figure: &ReleasedFigure) -> (&'static str, &str) {
    let named = figure.dimensions.iter().find(|(dimension, _)| dimension.is_period());
    named.map_or(("now", "now"), |(dimension, value)| (dimension.as_str(), value.as_str()))
}

/// `shown`, `suppressed` or `no data`.
pub(crate) const fn shown_word(shown: Shown) -> &'static str {
    match shown {
        Shown::Count(_) | Shown::Number(_) => "shown",
        Shown::Suppressed => "suppressed",
        Shown::NoData => "no data",
    }
}
