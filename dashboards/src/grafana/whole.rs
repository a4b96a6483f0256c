//! Panels of figures that do not add up, distinct people and percentiles: each area's own, never summed or averaged here.

use homeward_transform::definition::Definition;
use serde_json::json;

use super::datasources::{curve, sql_curve, sql_table};
use super::layout::Sheet;
use super::model::Panel;
use super::{Places, about, monthly, promql, sql};

/// Everything about one.
pub(super) fn place(sheet: &mut Sheet, definition: &Definition, places: &Places) {
    sheet.row(&definition.title);
    sheet.place(by_area(definition, places), 12, 9);
    sheet.place(rolling(definition, places), 12, 9);
    sheet.place(monthly::table(definition, places), 24, 9);
    if definition.has_grain("day") {
        sheet.place(daily(definition, places), 24, 9);
    }
}

/// What is counted, and that areas stand for themselves.
fn counted(definition: &Definition) -> String {
    let of =
        definition.denominator.as_ref().map(|denominator| format!(" Taken of: {denominator}.")).unwrap_or_default();
    let windows = definition.windows.join(", ");
    format!(
        "Each area is computed by itself, and no two make a third. Windows: {windows}. Counted: {}.{of}",
        definition.numerator
    )
}

fn by_area(definition: &Definition, places: &Places) -> Panel {
    let title = format!("{}: areas side by side", definition.title);
    let text = format!("The chosen areas over the chosen window, in the order of names. {}", counted(definition));
    about(Panel::table(&title, &text, "none"), definition, places)
        .asks(sql_table(sql::whole_areas(definition)))
        .field(&sql::own_name(definition), &[("decimals", json!(1))])
}

fn rolling(definition: &Definition, places: &Places) -> Panel {
    let title = format!("{}: the chosen window, area by area", definition.title);
    let text = format!("The chosen window as each scrape found it, one curve an area. {}", counted(definition));
    about(Panel::curves(&title, &text, "none"), definition, places)
        .asks(curve(promql::own(definition, r#"window="$window""#), "{{area}}"))
        .decimals(1)
        .axis(Some(0.0), None)
        .custom("showPoints", json!("never"))
}

fn daily(definition: &Definition, places: &Places) -> Panel {
    let title = format!("{} by day and area", definition.title);
    let text = format!("Each London day as it is known now, one curve an area. {}", counted(definition));
    about(Panel::curves(&title, &text, "none"), definition, places)
        .asks(sql_curve(sql::daily_own(definition)))
        .decimals(1)
        .axis(Some(0.0), None)
}
