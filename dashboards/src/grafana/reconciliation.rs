//! Panels about the way from live events to the published figure.

use homeward_transform::definition::Catalogue;

use super::datasources::{sql_curve, sql_table};
use super::model::Panel;
use super::{Places, about, sql};

/// The indicator whose stages these are.
const INDICATOR: &str = "ucr-two-hour-response";

/// The rate of every stage, month by month.
pub(super) fn rates(catalogue: &Catalogue, places: &Places) -> Panel {
    let text = "The two-hour rate of each month by live events, in the Primary, in what counts now and as published, one \
                curve a provider and stage. A stage that has not come yet has no point.";
    let panel = Panel::curves("Rates by stage and month", text, "percentunit")
        .asks(sql_curve(sql::reconciliation_rates()))
        .decimals(1)
        .axis(Some(0.0), Some(1.0));
    of_definition(panel, catalogue, places)
}

/// Every stage and cause.
pub(super) fn lines(catalogue: &Catalogue, places: &Places) -> Panel {
    let text = "Each month from stage to stage: under a stage stand the causes that lead to the next one, with the clocks \
                under each. Exact counts add up; rounded ones need not. What no cause explains is in the last line.";
    let panel = Panel::table("From live to published, line by line", text, "none")
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
        .fields("Rate", &[("unit", serde_json::json!("percentunit")), ("decimals", serde_json::json!(1))]);
    of_definition(panel, catalogue, places)
}

fn of_definition(panel: Panel, catalogue: &Catalogue, places: &Places) -> Panel {
    match catalogue.get(INDICATOR) {
        Some(definition) => about(panel, definition, places),
        None => panel,
    }
}
