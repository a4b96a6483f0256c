//! Panels of calendar months: a curve and a table for every definition, by area and by what the definition is broken down by.

use homeward_transform::definition::{Definition, Direction, Kind};
use serde_json::json;

use super::datasources::{sql_curve, sql_table};
use super::layout::Sheet;
use super::model::Panel;
use super::proportion::{targets_in_words, unit};
use super::{Places, about, sql};

/// Everything about one definition.
pub(super) fn place(sheet: &mut Sheet, definition: &Definition, places: &Places) {
    sheet.row(&definition.title);
    months(sheet, definition, places);
}

/// Its months, in a row that is begun.
pub(super) fn months(sheet: &mut Sheet, definition: &Definition, places: &Places) {
    if definition.strata.is_empty() {
        sheet.place(curve(definition, places), 10, 9);
        sheet.place(table(definition, places), 14, 9);
    } else {
        sheet.place(table(definition, places), 24, 9);
        // Last, because it becomes one panel an area.
        sheet.place(parts(definition, places), 24, 9);
    }
}

/// Months on every basis, as rows.
pub(super) fn table(definition: &Definition, places: &Places) -> Panel {
    let bases: Vec<String> = definition.bases.iter().map(|basis| format!("{}: {}", basis.id, basis.title)).collect();
    let title = format!("{}: months on every basis", definition.title);
    let text = format!(
        "Each month that begins in the time range, on every basis; bases are never mixed. {}. Status says whether all of \
         it rests on a final submission. {}",
        bases.join("; "),
        counted(definition)
    );
    let has_long_basis = definition.bases.iter().any(|basis| basis.id.len() > "published".len());
    let panel = about(Panel::table(&title, &text, "none"), definition, places)
        .asks(sql_table(sql::months(definition)))
        .widths(&[("Month", 80), ("Basis", if has_long_basis { 170 } else { 110 }), ("Status", 110), ("Version", 75)]);
    match definition.kind {
        Kind::Proportion | Kind::Ratio | Kind::Standardised => {
            let name = sql::value_name(definition);
            panel
                .field(&name, &[("unit", json!(unit(definition))), ("decimals", json!(1))])
                .widths(&[("Counted", 130), (&name, heading_pixels(&name))])
        }
        _ => {
            let own = sql::own_name(definition);
            panel.field(&own, &[("decimals", json!(decimals(definition)))]).widths(&[(&own, 100), ("Records", 90)])
        }
    }
}

/// What a heading needs: one that is a unit may be long, and Grafana breaks none into lines.
fn heading_pixels(name: &str) -> u32 {
    u32::try_from(name.chars().count()).unwrap_or(u32::MAX).saturating_mul(8).saturating_add(40).max(80)
}

/// Counts are whole.
fn decimals(definition: &Definition) -> u8 {
    u8::from(matches!(definition.kind, Kind::Proportion | Kind::Ratio | Kind::Standardised | Kind::Quantile))
}

/// One curve an area.
pub(super) fn curve(definition: &Definition, places: &Places) -> Panel {
    let title = format!("{} by month and area", definition.title);
    let text = format!(
        "Each month as it is known now, one curve an area. A month that is not over is lower than it will be. {} {}",
        counted(definition),
        targets_in_words(definition)
    );
    let panel = about(Panel::curves(&title, &text, unit(definition)), definition, places);
    points(panel, definition).asks(sql_curve(sql::monthly(definition)))
}

/// One curve a band, source or other part, for each area.
fn parts(definition: &Definition, places: &Places) -> Panel {
    let by: Vec<&str> = definition.strata.iter().map(|stratum| stratum.as_str()).collect();
    let title = format!("{} by month and {}: $area", definition.title, by.join(" and "));
    let text = format!(
        "Each month as it is known now, one curve for each {}, one panel an area. {} {}",
        by.join(" and "),
        counted(definition),
        targets_in_words(definition)
    );
    let panel = about(Panel::curves(&title, &text, unit(definition)), definition, places);
    points(panel, definition).asks(sql_curve(sql::monthly_parts(definition))).for_each_area(2)
}

/// A first month has no line: points are seen. Nights at home are nearly all nights: from zero they would be a flat line.
pub(super) fn points(panel: Panel, definition: &Definition) -> Panel {
    let is_nearly_all = definition.counts_nights() && definition.direction == Direction::Up;
    panel
        .decimals(decimals(definition))
        .axis((!is_nearly_all).then_some(0.0), None)
        .custom("showPoints", json!("always"))
        .custom("pointSize", json!(10))
}

fn counted(definition: &Definition) -> String {
    let of = definition.denominator.as_ref().map(|denominator| format!(" Of: {denominator}.")).unwrap_or_default();
    format!("Counted: {}.{of}", definition.numerator)
}
