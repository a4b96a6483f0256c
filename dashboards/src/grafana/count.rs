//! Panels of a count over windows and days.

use homeward_transform::definition::Definition;
use serde_json::json;

use super::datasources::{instant, sql_curve};
use super::layout::Sheet;
use super::model::Panel;
use super::palette::TEXT;
use super::{Places, about, monthly, promql, sql, variables};

/// Everything about one count.
pub(super) fn place(sheet: &mut Sheet, definition: &Definition, places: &Places) {
    sheet.row(&definition.title);
    sheet.place(by_window(definition, places), 8, 9);
    if definition.has_grain("day") {
        sheet.place(daily(definition, places), 16, 9);
    }
    if definition.has_months() {
        sheet.place(monthly::table(definition, places), 24, 9);
    }
}

fn by_window(definition: &Definition, places: &Places) -> Panel {
    let title = format!("{} by window", definition.title);
    let text = format!("The chosen areas counted together. Counted: {}.", definition.numerator);
    let mut panel = about(Panel::stat(&title, &text, "none"), definition, places);
    for name in &definition.windows {
        let (label, words) = variables::window(name);
        panel = panel.asks(instant(promql::numerator(definition, "", &format!(r#"window="{label}""#)), words));
    }
    panel.decimals(0).steps(TEXT, &[])
}

fn daily(definition: &Definition, places: &Places) -> Panel {
    let title = format!("{} by day and area", definition.title);
    let text = format!("Each London day as it is known now, one bar an area. Counted: {}.", definition.numerator);
    about(Panel::curves(&title, &text, "none"), definition, places)
        .asks(sql_curve(sql::daily_count(definition)))
        .decimals(0)
        .axis(Some(0.0), None)
        .custom("drawStyle", json!("bars"))
        .custom("fillOpacity", json!(70))
        .custom("stacking", json!({ "mode": "normal", "group": "A" }))
}
