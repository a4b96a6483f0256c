//! Panels about the way from live events to the published figure.

use super::datasources::{sql_curve, sql_table};
use super::model::Panel;
use super::sql;

/// The rate of every stage, month by month.
pub(super) fn rates() -> Panel {
    let text = "The two-hour rate of each month by live events, in the Primary, in what counts now and as published, one \
                curve a provider and stage. A stage that has not come yet has no point.";
    Panel::curves("Rates by stage and month", text, "percentunit")
        .asks(sql_curve(sql::reconciliation_rates()))
        .decimals(1)
        .axis(Some(0.0), Some(1.0))
}

/// Every stage and cause.
pub(super) fn lines() -> Panel {
    let text = "Each month from stage to stage: under a stage stand the causes that lead to the next one, with the clocks \
                under each. Exact counts add up; rounded ones need not. What no cause explains is in the last line.";
    Panel::table("From live to published, line by line", text, "none")
        .asks(sql_table(sql::reconciliation_lines()))
        .widths(&[
            ("Month", 90),
            ("Provider", 230),
            ("Stage or cause", 220),
            ("Clocks", 90),
            ("Met", 90),
            ("Stopped", 90),
            ("Rate", 90),
        ])
        .fields("Rate", &[("unit", serde_json::json!("percentunit")), ("decimals", serde_json::json!(1))])
}
