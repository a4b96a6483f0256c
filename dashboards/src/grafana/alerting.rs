//! The list of alerts that fire.

use serde_json::json;

use super::Places;
use super::datasources::rows;
use super::model::Panel;
use super::promql;

/// Alerts firing now, each with its runbook.
pub(super) fn firing(places: &Places) -> Panel {
    let text = "Alerts that fire now, as Prometheus evaluates them; a click on a name opens its runbook. Silences and \
                inhibitions are Alertmanager's: an alert that is listed here may have been sent to nobody.";
    let runbook = json!([{
        "title": "Runbook: meaning, impact, what to do",
        "url": format!("{}/${{__value.text}}.md", places.runbooks),
        "targetBlank": true,
    }]);
    Panel::table("Alerts firing", text, "none")
        .asks(rows(promql::alerts_firing()))
        .when_absent("none fires")
        .then(
            "organize",
            json!({
                "excludeByName": { "Time": true, "Value": true },
                "includeByName": {},
                "indexByName": { "alertname": 0, "severity": 1, "family": 2, "area": 3, "level": 4, "provider": 5 },
                "renameByName": {
                    "alertname": "Alert", "severity": "For", "family": "Family", "area": "Area", "level": "Level",
                    "provider": "Provider",
                },
            }),
        )
        .field("Alert", &[("links", runbook)])
        .field(
            "For",
            &[(
                "mappings",
                json!([{ "type": "value", "options": {
                    "now": { "index": 0, "text": "duty co-ordinator, now" },
                    "page": { "index": 1, "text": "page" },
                    "ticket": { "index": 2, "text": "ticket, working hours" },
                } }]),
            )],
        )
}
