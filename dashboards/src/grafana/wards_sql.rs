//! Statements about virtual wards. A ward's own figures are shown as the view gives them; where wards of an area are taken
//! together the sum is made only when none of them is hidden.

use homeward_transform::definition::Definition;

use super::sql::{CHOSEN, REMARKS, of, quoted};
use crate::STAY_GAP;

/// What Little's law is held over.
const OCCUPANCY: &str = "virtual-ward-occupancy";
const ADMISSIONS: &str = "virtual-ward-admissions";
/// Nights a stay, measured.
pub(super) const STAY_NIGHTS: &str = "virtual-ward-stay-nights";

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

/// Beds of the chosen areas by month, and `acute` for every `beds` of them.
pub(super) fn equivalent(definition: &Definition, (acute, beds): (u32, u32)) -> String {
    let both = |name: &str, value: &str| {
        format!(
            "SELECT\n  period_start AS \"time\",\n  '{name}' AS \"metric\",\n  {value} AS \"value\"\n\
             FROM outcomes.figures\n\
             WHERE {} AND {CHOSEN}\n  AND period_kind = 'month' AND $__timeFilter(period_start)\n\
             GROUP BY period_start\nHAVING count(numerator) = count(*)",
            of(definition)
        )
    };
    format!(
        "{}\nUNION ALL\n{}\nORDER BY 1, 2",
        both("virtual ward beds", "CAST(sum(numerator) AS DOUBLE PRECISION)"),
        both("hospital beds", &format!("sum(numerator) * {acute}.0 / {beds}"))
    )
}

/// The stay that patients and admissions imply beside the one that was measured, by month and area.
pub(super) fn little() -> String {
    let sums = |id: &str, columns: &str| {
        format!(
            "(SELECT period, area, area_name, {columns}\n  FROM outcomes.figures\n  WHERE indicator = {} AND basis = 'live' AND {CHOSEN}\n    \
             AND period_kind = 'month' AND $__timeFilter(period_start)\n  GROUP BY period, area, area_name\n  \
             HAVING count(numerator) = count(*))",
            quoted(id)
        )
    };
    let (implied, measured) = ("o.mornings * 1.0 / a.admissions", "s.nights * 1.0 / s.stays");
    format!(
        "SELECT\n  o.period AS \"Month\",\n  o.area_name AS \"Area\",\n  o.mornings AS \"Patient-mornings\",\n  \
         a.admissions AS \"Admissions\",\n  {implied} AS \"Implied stay, nights\",\n  {measured} AS \"Measured stay, nights\",\n  \
         CASE WHEN abs({implied} - {measured}) > {STAY_GAP} * {measured} THEN 'more than 20% apart' ELSE 'they agree' END AS \"In words\"\n\
         FROM {} o\nJOIN {} a ON a.period = o.period AND a.area = o.area\nJOIN {} s ON s.period = o.period AND s.area = o.area\n\
         WHERE a.admissions > 0 AND s.stays > 0\nORDER BY o.period DESC, o.area_name\nLIMIT 500",
        sums(OCCUPANCY, "sum(numerator) AS mornings"),
        sums(ADMISSIONS, "sum(numerator) AS admissions"),
        sums(STAY_NIGHTS, "sum(numerator) AS nights, sum(denominator) AS stays")
    )
}
