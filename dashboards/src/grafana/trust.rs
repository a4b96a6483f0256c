//! Panels that answer "can I trust this?": as of when, live or stale, which providers report, what was refused.

use serde_json::json;

use super::datasources::{instant, rows, sql_table};
use super::layout::Sheet;
use super::model::Panel;
use super::palette::{BLUE, GREY, ORANGE, TEXT};
use super::panel::words;
use super::{promql, sql};

/// Age in seconds at which figures are stale; the board of the service greys at the same age.
const STALE_AFTER_SECONDS: f64 = 60.0;

/// One line at the head of a board.
pub(super) fn line(sheet: &mut Sheet) {
    sheet.place(as_of(), 5, 3);
    sheet.place(age(), 4, 3);
    sheet.place(moving(), 5, 3);
    sheet.place(reporting(), 5, 3);
    sheet.place(watchdog(), 5, 3);
}

fn as_of() -> Panel {
    let text = "The one instant that every live figure of this board speaks for, London time. A figure without it is a rumour.";
    Panel::stat("As of", text, "dateTimeAsIso")
        .asks(instant(format!("{} * 1000", promql::AS_OF), "as of"))
        .steps(TEXT, &[])
}

fn age() -> Panel {
    let text = "Seconds between that instant and now. Beyond 60 s the figures are stale. In the demonstration, whose \
                clock stands in June 2025, this is more than a year: look at \"Live or stale\" there.";
    Panel::stat("Age of the figures", text, "s")
        .asks(instant(promql::age(), "age"))
        .decimals(0)
        .steps(BLUE, &[(STALE_AFTER_SECONDS, ORANGE)])
}

fn moving() -> Panel {
    let text = "Whether the as-of instant moved during the last three minutes. The figures age without events, so an \
                instant that stands still means that the service does. No data: Prometheus cannot reach Homeward.";
    Panel::stat("Live or stale", text, "none")
        .asks(instant(promql::moving(), "state"))
        .says(words(&[("1", "live", BLUE), ("0", "STALE: do not act on this", ORANGE)]))
        .when_absent("NO DATA: do not act on this")
}

fn reporting() -> Panel {
    let text = "Providers that report as expected (heard from within their usual gap, or closed), and providers that are \
                silent while their service is open. A silent provider's figures look better than they are.";
    Panel::stat("Providers", text, "none")
        .asks(instant(promql::providers_reporting(), "reporting"))
        .asks(instant(promql::providers_silent(), "silent"))
        .decimals(0)
        .field(
            "silent",
            &[
                (
                    "thresholds",
                    json!({ "mode": "absolute", "steps": [
            { "color": BLUE, "value": null }, { "color": ORANGE, "value": 1 } ] }),
                ),
                ("color", json!({ "mode": "thresholds" })),
            ],
        )
}

fn watchdog() -> Panel {
    let text = "The watchdog alert fires always. While it does, Prometheus evaluates the rules; whether messages reach \
                people is for the dead-man receiver outside to say.";
    Panel::stat("Alert rules", text, "none")
        .asks(instant(promql::watchdog(), "watchdog"))
        .says(words(&[("1", "being evaluated", BLUE)]))
        .when_absent("SILENT: no alert would come")
}

/// Each provider's feed.
pub(super) fn feeds() -> Panel {
    let text = "Each provider's feed: how long since its last event, whether that is usual, and how far behind we are. \
                A topic is shared by its providers, and so is the number that waits at the broker.";
    Panel::table("Feeds by provider", text, "none")
        .asks(rows(promql::silence_by_provider()))
        .asks(rows("max by (provider) (ucr_expected_gap_seconds)"))
        .asks(rows("max by (provider) (ucr_service_open)"))
        .asks(rows(promql::silent_by_provider()))
        .asks(rows(promql::poll_age_by_provider()))
        .asks(rows("max by (provider) (ucr_consumer_lag_records)"))
        .joined(json!({
                    "provider": 0, "Value #D": 1, "Value #A": 2, "Value #B": 3, "Value #C": 4, "Value #E": 5, "Value #F": 6,
                }), json!({
                    "provider": "Provider", "Value #A": "Since its last event", "Value #B": "Usual gap", "Value #C": "Service",
                    "Value #D": "Feed", "Value #E": "Since we asked the broker", "Value #F": "Waiting at the broker",
                }))
        .fields("/^(Since|Usual)/", &[("unit", json!("s")), ("decimals", json!(0))])
        .field("Service", &[("mappings", json!([words(&[("1", "open", TEXT), ("0", "closed", TEXT)])]))])
        .field(
            "Feed",
            &[
                ("mappings", json!([words(&[("0", "as expected", BLUE), ("1", "◆ SILENT", ORANGE)])])),
                ("custom.cellOptions", json!({ "type": "color-background", "mode": "basic" })),
            ],
        )
}

/// Each provider's messages about stays on virtual wards.
pub(super) fn ward_feeds() -> Panel {
    let text = "Each provider with virtual wards: how long since it last recorded a stay, and since the oldest number of beds \
                that holds was recorded. Three days without a stay, or six weeks without a word about beds, raise a ticket.";
    Panel::table("Virtual wards: what was told when", text, "none")
        .asks(rows(promql::ward_silence()))
        .asks(rows(promql::ward_beds_age()))
        .joined(
            json!({ "provider": 0, "Value #A": 1, "Value #B": 2 }),
            json!({ "provider": "Provider", "Value #A": "Since its last stay", "Value #B": "Since its oldest beds" }),
        )
        .fields("/^Since/", &[("unit", json!("s")), ("decimals", json!(0))])
}

/// Share of events that were refused.
pub(super) fn refused() -> Panel {
    let text = "Share of the last day's events that broke the contract and lie in quarantine. Refused events are in no \
                figure; `homeward quarantine list` says why, and replay brings them back after the mend.";
    Panel::stat("Events refused, last day", text, "percentunit")
        .asks(instant(promql::refused_share(), "refused"))
        .decimals(2)
        .steps(BLUE, &[(0.05, ORANGE)])
}

/// How often history was restated.
pub(super) fn revisions() -> Panel {
    let text = "How often a figure of a day or month that was over has been restated since the lake began. The reasons \
                are in the revision log of the accessible board.";
    Panel::stat("Restatements of the past", text, "none")
        .asks(instant("max(ucr_revision)", "restated"))
        .decimals(0)
        .steps(GREY, &[])
}

/// Which definition made which figure.
pub(super) fn lineage() -> Panel {
    let text = "Which definition, in which version, on which basis and through which release rule made the figures of \
                this board, and the instant that they speak for. The accessible board holds the SQL of each.";
    Panel::table("Where the figures come from", text, "none").asks(sql_table(sql::lineage())).instants("Speaks for")
}
