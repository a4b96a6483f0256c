//! Panels of the data quality of submissions, by provider and month.

use homeward_transform::feedback::Measure;
use serde_json::json;

use super::datasources::{sql_curve, sql_table};
use super::model::Panel;
use super::panel::head_link;
use super::{Places, quality_sql};

/// How complete the items are, one panel a provider.
pub(super) fn shares(places: &Places) -> Panel {
    let text = format!(
        "The share of rows that have the item, month by month, one curve an item and one panel a provider. {}. Only \
         submissions that count are looked at.",
        Measure::ALL.map(|measure| format!("{}: {}", measure.name(), measure.meaning())).join("; ")
    );
    let panel = Panel::curves("Completeness by month: $area", &text, "percentunit")
        .asks(sql_curve(quality_sql::shares()))
        .decimals(1)
        .axis(Some(0.0), Some(1.0))
        .custom("showPoints", json!("always"))
        .custom("pointSize", json!(8))
        .for_each_area(2);
    linked(panel, places)
}

/// How complete the items are, as rows.
pub(super) fn complete(places: &Places) -> Panel {
    let text = "How complete each item is in the submissions that count for a month: the share, and of how many rows. No data: \
                no row could have it. Suppressed: too few to be told under this release rule.";
    let panel = Panel::table("Completeness, month by month", text, "none")
        .asks(sql_table(quality_sql::complete()))
        .widths(&[("Month", 90), ("Provider", 300)]);
    linked(panel, places)
}

/// What is amiss, as rows.
pub(super) fn amiss(places: &Places) -> Panel {
    let text = "How many rows of a month were refused, do not count because of a refused one, have no parent, share a key, end \
                before they start, or stand under a placeholder. The feedback of a submission says which rows, and how to mend them.";
    let panel = Panel::table("What is amiss, month by month", text, "none")
        .asks(sql_table(quality_sql::amiss()))
        .widths(&[("Month", 90), ("Provider", 300)]);
    linked(panel, places)
}

/// Which submissions there are, and whether they count.
pub(super) fn submissions(places: &Places) -> Panel {
    let text = "The newest 100 submissions of the chosen providers: whether each counts, and why not. A month without a \
                submission that counts is a gap in every figure above.";
    let panel = Panel::table("Submissions", text, "none")
        .asks(sql_table(quality_sql::submissions()))
        .instants("Received")
        .widths(&[("Month", 90), ("Provider", 300), ("File", 90), ("Counts", 90), ("Accepted", 100), ("Refused", 100)]);
    linked(panel, places)
}

fn linked(panel: Panel, places: &Places) -> Panel {
    let url = format!("{}/data-quality", places.board);
    panel.leads_to(head_link("Data quality", "On the accessible board", &url))
}
