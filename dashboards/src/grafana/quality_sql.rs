//! Statements over `outcomes.data_quality`: the months of the chosen providers.

use homeward_transform::feedback::{Measure, Quality};

use super::sql::{quoted, quoted_name};

const CHOSEN: &str = "provider IN (${area:sqlstring}) AND $__timeFilter(period_start)";

/// The share of every item, one curve an item.
pub(super) fn shares() -> String {
    format!(
        "SELECT\n  period_start AS \"time\",\n  replace(measure, '_', ' ') AS \"metric\",\n  value AS \"value\"\n\
         FROM outcomes.data_quality\n\
         WHERE {CHOSEN} AND measure IN ({})\n\
         ORDER BY period_start, measure",
        Measure::ALL.map(|measure| quoted(measure.name())).join(", ")
    )
}

/// How complete each item is: a row a provider and month, a column an item.
pub(super) fn complete() -> String {
    by_measure(
        Measure::ALL.map(Measure::name).into_iter(),
        "CASE WHEN shown <> 'shown' THEN shown ELSE CAST(round(100 * value, 1) AS VARCHAR) || '% of ' || CAST(denominator AS VARCHAR) END",
    )
}

/// What is amiss: a column a measure.
pub(super) fn amiss() -> String {
    let none = Quality::default();
    let counts = none.items().filter(|item| item.denominator.is_none());
    by_measure(
        counts.map(|item| item.name),
        "CASE WHEN numerator IS NULL THEN shown ELSE CAST(numerator AS VARCHAR) END",
    )
}

/// Each measure has one row, so the greatest of its texts is the text.
fn by_measure<'a>(measures: impl Iterator<Item = &'a str>, text: &str) -> String {
    let column = |measure: &str| {
        let heading = quoted_name(&measure.replace('_', " "));
        format!(",\n  max(CASE WHEN measure = {} THEN {text} END) AS {heading}", quoted(measure))
    };
    format!(
        "SELECT\n  period AS \"Month\",\n  provider_name AS \"Provider\"{}\n\
         FROM outcomes.data_quality\n\
         WHERE {CHOSEN}\n\
         GROUP BY period, provider_name\n\
         ORDER BY period DESC, provider_name\nLIMIT 500",
        measures.map(column).collect::<String>()
    )
}

/// Submissions of the chosen providers, newest first.
pub(super) fn submissions() -> String {
    "SELECT\n  substr(CAST(last_day AS VARCHAR), 1, 7) AS \"Month\",\n  provider_name AS \"Provider\",\n  \
     file_type AS \"File\",\n  received_at AS \"Received\",\n  \
     CASE WHEN counts THEN 'counts' ELSE 'does not' END AS \"Counts\",\n  state AS \"State\",\n  \
     rows_accepted AS \"Accepted\",\n  rows_refused AS \"Refused\"\n\
     FROM meta.submissions\n\
     WHERE provider IN (${area:sqlstring})\n\
     ORDER BY received_at DESC, provider_name\nLIMIT 100"
        .to_owned()
}

/// Providers by name, for the menu.
pub(super) fn provider_menu() -> String {
    "SELECT DISTINCT provider_name AS \"__text\", provider AS \"__value\" \
     FROM outcomes.data_quality ORDER BY provider_name LIMIT 500"
        .to_owned()
}
