//! Panels about what was stated anew.

use serde_json::json;

use super::datasources::{sql_curve, sql_table};
use super::model::Panel;
use super::sql;

/// When months were stated anew.
pub(super) fn by_hour() -> Panel {
    let text = "How many figures of months that were over were stated anew in each hour, by kind of indicator. A \
                submission that comes in restates whole months at once.";
    Panel::curves("Months stated anew, by hour", text, "none")
        .asks(sql_curve(sql::restated_by_hour()))
        .decimals(0)
        .axis(Some(0.0), None)
        // Hours without any are absent: a bar would be as wide as the gap to the next one.
        .custom("drawStyle", json!("points"))
        .custom("pointSize", json!(9))
}

/// What was stated.
pub(super) fn newest() -> Panel {
    let text = "The newest 50 statements about months that were over, for the chosen areas: what each figure became, when \
                Homeward knew it, and why. Under a public release rule the reason is not told.";
    Panel::table("Newest statements about the past", text, "none")
        .asks(sql_table(sql::restatements()))
        .instants("Known at")
        .widths(&[("Month", 90), ("Area", 260), ("Indicator", 190), ("Basis", 160), ("Counted", 120), ("Status", 110)])
}
