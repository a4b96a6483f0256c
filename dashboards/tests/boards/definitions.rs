//! A new definition brings its own panels; nobody writes them.

use std::fs;
use std::path::Path;

use homeward_dashboards::grafana::model::Board;
use homeward_dashboards::grafana::{Places, boards};
use homeward_transform::definition::{Catalogue, DefinitionStatus};

use crate::{shown, top};

/// The built-in definitions and a changed copy of a rate with windows under a new name.
fn with_a_new_one(change: impl Fn(String) -> String) -> Catalogue {
    with_a_new_one_like("ucr-two-hour-response", change)
}

fn with_a_new_one_like(id: &str, change: impl Fn(String) -> String) -> Catalogue {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let indicators = top().join("transform/indicators");
    for entry in fs::read_dir(&indicators).expect("the definitions are there") {
        let path = entry.expect("the folder can be listed").path();
        if path.is_dir() {
            copy(&path, &folder.path().join(path.file_name().expect("a folder has a name")), &|text| text.to_owned());
        }
    }
    let new = folder.path().join("crisis-beds-offered");
    copy(&indicators.join(id), &new, &|text| change(text.replace(id, "crisis-beds-offered")));
    Catalogue::load(folder.path()).expect("the copy is as sound as the original")
}

fn copy(from: &Path, to: &Path, change: &dyn Fn(&str) -> String) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder can be listed") {
        let path = entry.expect("the folder can be listed").path();
        let name = path.file_name().expect("an entry has a name");
        if path.is_dir() {
            copy(&path, &to.join(name), change);
        } else {
            let text = fs::read_to_string(&path).expect("a definition is text");
            // The SQL keeps its fingerprint.
            let text = if name == "indicator.sql" { text } else { change(&text) };
            fs::write(to.join(name), text).expect("a file can be written");
        }
    }
}

fn retold(text: &str) -> String {
    text.replace("title = \"UCR two-hour response\"", "title = \"Crisis beds offered in time\"")
        .replace("value = 0.80", "value = 0.93")
        .replace("valid_from = \"2023-01-01\"", "valid_from = \"2024-07-01\"")
}

fn month(catalogue: &Catalogue) -> Board {
    let boards = boards(catalogue, &Places::default());
    boards.into_iter().find(|board| board.uid == "homeward-ucr-month").expect("it exists")
}

#[test]
fn a_new_proportion_has_panels_with_its_own_title_unit_targets_and_words() {
    let board = month(&with_a_new_one(|text| retold(&text)));
    let row = board.panels.iter().find(|panel| panel.kind == "row" && panel.title == "Crisis beds offered in time");
    assert!(row.is_some(), "it has a heading");
    let own: Vec<_> = shown(&board).filter(|panel| panel.title.starts_with("Crisis beds offered in time")).collect();
    assert!(own.len() >= 6, "{} panels", own.len());
    for panel in &own {
        let text = serde_json::to_string(panel).expect("a panel is JSON");
        assert!(text.contains("crisis-beds-offered") && !text.contains("ucr-two-hour-response"), "{}", panel.title);
        assert!(text.contains("percentunit"), "{}: the unit of a ratio", panel.title);
        assert!(
            panel.links.iter().any(|link| link.url.as_deref().is_some_and(|url| url.ends_with("/crisis-beds-offered")))
        );
    }
    let window = own.iter().find(|panel| panel.title.ends_with("rate by window")).expect("it has windows");
    let description = window.description.as_deref().unwrap_or_default();
    assert!(description.contains("local target 93% from 1 July 2024"), "{description}");
    let steps = &window.field_config.as_ref().unwrap().defaults.thresholds.as_ref().unwrap().steps;
    let values: Vec<f64> = steps.iter().filter_map(|step| step.value).collect();
    assert_eq!(values, [0.7, 0.93]);
    let daily = own.iter().find(|panel| panel.title.contains("by day")).expect("it has days");
    let asked = format!("{:?}", daily.targets);
    assert!(asked.contains("WHEN period_start >= '2024-06-30T23:00:00Z' THEN 0.93"), "{asked}");
}

#[test]
fn a_draft_has_no_panels() {
    let board = month(&with_a_new_one(|text| retold(&text).replace("status = \"live\"", "status = \"draft\"")));
    assert!(board.panels.iter().all(|panel| !panel.title.contains("Crisis")));
}

#[test]
fn a_new_definition_of_months_alone_stands_on_the_board_of_months() {
    let catalogue = with_a_new_one_like("community-did-not-attend", |text| {
        text.replace("title = \"Community contacts not attended\"", "title = \"Crisis beds not offered\"")
    });
    for board in boards(&catalogue, &Places::default()) {
        let own: Vec<_> = shown(&board).filter(|panel| panel.title.starts_with("Crisis beds")).collect();
        let expected = if board.uid == "homeward-community-month" { 2 } else { 0 };
        assert_eq!(own.len(), expected, "{}", board.uid);
        for panel in own {
            let text = serde_json::to_string(panel).expect("a panel is JSON");
            assert!(text.contains("crisis-beds-offered") && text.contains("percentunit"), "{}", panel.title);
            assert!(text.contains("period_kind = 'month'"), "{}", panel.title);
        }
    }
}

#[test]
fn every_definition_in_use_stands_on_one_board() {
    let catalogue = Catalogue::builtin().expect("the built-in definitions are sound");
    let boards = boards(&catalogue, &Places::default());
    for definition in catalogue.iter().filter(|definition| definition.status == DefinitionStatus::Live) {
        let is_its_row = |panel: &&homeward_dashboards::grafana::model::Panel| {
            panel.kind == "row" && panel.title == definition.title
        };
        let rows = boards.iter().flat_map(|board| board.panels.iter()).filter(is_its_row).count();
        assert_eq!(rows, 1, "{}", definition.id);
        let months = format!("{}: months on every basis", definition.title);
        let told = boards.iter().flat_map(|board| board.panels.iter()).any(|panel| panel.title == months);
        assert_eq!(told, definition.has_months(), "{}", definition.id);
    }
}

#[test]
fn links_lead_where_a_deployment_says() {
    let places = Places { board: "https://board.example".to_owned(), runbooks: "https://books.example".to_owned() };
    let catalogue = Catalogue::builtin().expect("the built-in definitions are sound");
    for board in boards(&catalogue, &places) {
        let text = serde_json::to_string(&board).expect("a board is JSON");
        assert!(text.contains("https://board.example/") && text.contains("https://books.example"));
        assert!(!text.contains("localhost"), "{}", board.title);
    }
}
