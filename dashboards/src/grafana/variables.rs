//! What a reader may choose at the head of a board. Every menu is bounded: by a list written here, or by the areas of one
//! level, of which `/metrics` shows at most ten thousand series and the SQL menu at most 500.

use homeward_transform::definition::{Catalogue, Definition};
use serde_json::{Value, json};

use super::datasources;
use super::model::{Choice, Variable};
use super::{quality_sql, sql};

/// Levels of area, words first. Primary care networks have windows of 7 and 28 days alone and no open clocks: a network
/// by one day would be disclosive.
const LEVELS: [(&str, &str); 6] = [
    ("Provider", "provider"),
    ("Local care partnership", "lcp"),
    ("Primary care network", "pcn"),
    ("Integrated care board", "icb"),
    ("Region", "region"),
    ("Nation", "nation"),
];

/// The level that most boards begin with.
const PROVIDER: &str = "provider";

/// Windows: name in definitions and SQL, label of Prometheus, words.
const WINDOWS: [(&str, &str, &str); 4] = [
    ("24h", "1d", "last 24 hours"),
    ("7d", "7d", "last 7 days"),
    ("28d", "28d", "last 28 days"),
    ("mtd", "mtd", "this month so far"),
];

/// Label of Prometheus and words for a window of a definition.
pub(super) fn window(name: &str) -> (&str, &str) {
    let known = WINDOWS.iter().find(|(sql, _, _)| *sql == name);
    known.map_or((name, name), |(_, label, words)| (label, words))
}

/// Level and area for a board that asks Prometheus alone; open clocks are not told by primary care network.
pub(super) fn now() -> Vec<Variable> {
    let levels: Vec<(&str, &str)> = LEVELS.into_iter().filter(|(_, level)| *level != "pcn").collect();
    let menu = json!({
        "qryType": 1,
        "query": "label_values(homeward_figure_numerator{level=\"$level\"}, area)",
        "refId": "PrometheusVariableQueryEditor-VariableQuery",
    });
    vec![level(&levels, PROVIDER), Variable { datasource: Some(datasources::prometheus()), ..area(menu) }]
}

/// Level, area by name, and window.
pub(super) fn month(catalogue: &Catalogue) -> Vec<Variable> {
    let used = |name: &str| catalogue.iter().any(|definition| definition.windows.iter().any(|window| window == name));
    let windows: Vec<(&str, &str)> =
        WINDOWS.iter().filter(|(name, _, _)| used(name)).map(|(_, label, words)| (*words, *label)).collect();
    let menu = Variable { datasource: Some(datasources::postgres()), ..area(json!(sql::area_menu())) };
    vec![
        level(&LEVELS, PROVIDER),
        menu,
        custom("window", "Window", "Stretch of time that rates are counted over.", &windows, "28d"),
    ]
}

/// Level, at first this one, and the areas that have figures of months of these definitions.
pub(super) fn months_of(definitions: &[&Definition], first: &str) -> Vec<Variable> {
    let menu = Variable { datasource: Some(datasources::postgres()), ..area(json!(sql::area_month_menu(definitions))) };
    vec![level(&LEVELS, first), menu]
}

/// Providers of which a submission was reviewed.
pub(super) fn submitters() -> Vec<Variable> {
    let menu = area(json!(quality_sql::provider_menu()));
    vec![Variable {
        datasource: Some(datasources::postgres()),
        label: "Provider".to_owned(),
        description: "Providers with a submission that counts.".to_owned(),
        ..menu
    }]
}

/// Providers of the reconciliation, under the name that the other boards know.
pub(super) fn providers() -> Vec<Variable> {
    let menu = area(json!(sql::provider_menu()));
    vec![Variable {
        datasource: Some(datasources::postgres()),
        label: "Provider".to_owned(),
        description: "Providers with stopped clocks or submissions.".to_owned(),
        ..menu
    }]
}

fn level(levels: &[(&str, &str)], first: &str) -> Variable {
    custom(
        "level",
        "Level",
        "Kind of area. Areas of one level never overlap, so their rates and counts may be added up.",
        levels,
        first,
    )
}

fn custom(name: &str, label: &str, description: &str, choices: &[(&str, &str)], first: &str) -> Variable {
    let choice =
        |(text, value): &(&str, &str)| Choice { selected: *value == first, text: json!(text), value: json!(value) };
    let query = choices.iter().map(|(text, value)| format!("{text} : {value}")).collect::<Vec<_>>().join(",");
    let options: Vec<Choice> = choices.iter().map(choice).collect();
    Variable {
        current: options.iter().find(|option| option.selected).cloned(),
        options,
        ..variable(name, label, description, "custom", json!(query))
    }
}

fn area(query: Value) -> Variable {
    let all = Choice { selected: true, text: json!(["All"]), value: json!(["$__all"]) };
    Variable {
        current: Some(all),
        multi: true,
        include_all: true,
        refresh: 2,
        sort: 1,
        ..variable("area", "Area", "Areas of the chosen level.", "query", query)
    }
}

fn variable(name: &str, label: &str, description: &str, kind: &str, query: Value) -> Variable {
    Variable {
        name: name.to_owned(),
        label: label.to_owned(),
        description: description.to_owned(),
        kind: kind.to_owned(),
        query,
        datasource: None,
        current: None,
        options: Vec::new(),
        multi: false,
        include_all: false,
        refresh: 0,
        sort: 0,
        hide: 0,
        skip_url_sync: false,
    }
}
