//! Panels about what was stated anew.

use serde_json::json;

use super::datasources::{sql_curve, sql_table};
use super::model::Panel;
use super::sql;

/// When months were stated anew.
pub(super) fn by_hour() -> Panel {
    let text = "How many figures of months that were over were stated anew in each hour, by indicator. A submission \
                that comes in restates whole months at once.";
    Panel::curves("Months stated anew, by hour", text, "none")
        .asks(sql_curve(sql::restated_by_hour()))
        .decimals(0)
        .axis(Some(0.0), None)
        .custom("drawStyle", json!("bars"))
        .custom("fillOpacity", json!(70))
}

/// What was stated.
pub(super) fn newest() -> Panel {
    let text = "The newest 50 statements about months that were over, for the chosen areas: what each figure became, when \
                Homeward knew it, and why. Under a public release rule the reason is not told.";
    Panel::table("Newest statements about the past", text, "none")
        .asks(sql_table(sql::restatements()))
        .field("Known at", &[("unit", json!("dateTimeAsIso"))])
}
