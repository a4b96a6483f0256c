//! Statements about virtual wards. A ward's own figures are shown as the view gives them; where wards of an area are taken
//! together the sum is made only when none of them is hidden.

use homeward_transform::definition::Definition;

use super::sql::{CHOSEN, REMARKS, of, quoted};

/// The stay that occupancy implies, with the measured one among its counts.
pub(super) const IMPLIED_STAY: &str = "virtual-ward-implied-stay";
/// Hospital beds that virtual ward beds stand for.
pub(super) const EQUIVALENT: &str = "virtual-ward-acute-equivalent";

/// Each ward now.
pub(super) fn now(definition: &Definition) -> String {
    format!(
        "SELECT\n  area_name AS \"Area\",\n  ward AS \"Ward\",\n  replace(pathway, '_', ' ') AS \"Pathway\",\n  \
         {} AS \"Patients\",\n  {} AS \"Beds\",\n  value AS \"Occupied\",\n  {REMARKS} AS \"Remarks\"\n\
         FROM outcomes.figures\n\
         WHERE {} AND {CHOSEN}\n  AND period_kind = 'now'\n\
         ORDER BY area_name, ward\nLIMIT 500",
        told("numerator"),
        told("denominator"),
        of(definition)
    )
}

/// A count, or the word that stands for it where it is hidden.
fn told(column: &str) -> String {
    format!("CASE WHEN shown = 'suppressed' THEN shown ELSE coalesce(CAST({column} AS VARCHAR), 'no data') END")
}

/// Each ward by day.
pub(super) fn daily(definition: &Definition) -> String {
    let parts = definition.strata.iter().filter(|stratum| stratum.as_str() != "pathway");
    let parts: Vec<String> = parts.map(|stratum| format!("replace({stratum}, '_', ' ')")).collect();
    let metric = parts.join(" || ', ' || ");
    format!(
        "SELECT\n  period_start AS \"time\",\n  {metric} AS \"metric\",\n  value AS \"value\"\n\
         FROM outcomes.figures\n\
         WHERE {} AND {CHOSEN}\n  AND period_kind = 'day' AND $__timeFilter(period_start)\n\
         ORDER BY period_start, {metric}",
        of(definition)
    )
}

/// Beds of the chosen areas by month, and the hospital beds that they stand for.
pub(super) fn equivalent(definition: &Definition) -> String {
    let both = |name: &str, indicator: &str, value: &str| {
        format!(
            "SELECT\n  period_start AS \"time\",\n  '{name}' AS \"metric\",\n  {value} AS \"value\"\n\
             FROM outcomes.figures\n\
             WHERE {indicator} AND {CHOSEN}\n  AND period_kind = 'month' AND $__timeFilter(period_start)\n\
             GROUP BY period_start\nHAVING count(numerator) = count(*)"
        )
    };
    let stands_for = format!("indicator = {} AND basis = 'live'", quoted(EQUIVALENT));
    format!(
        "{}\nUNION ALL\n{}\nORDER BY 1, 2",
        both("virtual ward beds", &of(definition), "CAST(sum(numerator) AS DOUBLE PRECISION)"),
        both("hospital beds", &stands_for, "sum(value)")
    )
}

/// Share of the measured stay, in percent, by which the implied one may differ.
pub(super) fn gap_percent(definition: &Definition) -> &str {
    definition.parameters.get("gap_percent").map_or("0", String::as_str)
}

/// The stay that occupancy implies beside the one that was measured, by month and area. Ward by ward it adds up.
pub(super) fn little(definition: &Definition) -> String {
    let (implied, measured) = ("occupied * 1.0 / admitted", "nights * 1.0 / closed");
    let gap = gap_percent(definition);
    format!(
        "SELECT\n  period AS \"Month\",\n  area_name AS \"Area\",\n  admissions AS \"Admissions\",\n  \
         {implied} AS \"Implied stay, days\",\n  {measured} AS \"Measured stay, nights\",\n  \
         CASE WHEN abs({implied} - {measured}) > {gap} * {measured} / 100 THEN 'more than {gap}% apart' ELSE 'they agree' END \
         AS \"In words\"\n\
         FROM (SELECT period, area_name, sum(numerator) AS occupied, sum(denominator) AS admitted,\n    \
         sum(admissions) AS admissions, sum(nights) AS nights, sum(closed) AS closed\n  \
         FROM outcomes.{}\n  WHERE {} AND {CHOSEN}\n    AND period_kind = 'month' AND $__timeFilter(period_start)\n  \
         GROUP BY period, area_name\n  HAVING count(numerator) = count(*)) AS w\n\
         WHERE admitted > 0 AND closed > 0\nORDER BY period DESC, area_name\nLIMIT 500",
        definition.id.replace('-', "_"),
        of(definition)
    )
}
