//! The committed files are the generated ones, and they are the classic model as far as we use it.

use homeward_dashboards::grafana::model::{Board, SCHEMA_VERSION};
use homeward_dashboards::grafana::{BOARDS, files};
use homeward_transform::definition::Catalogue;
use serde_json::Value;

use crate::{generated, top};

fn committed() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = std::fs::read_dir(top().join(BOARDS))
        .expect("the boards are committed")
        .map(|entry| entry.expect("the folder can be listed").path())
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).expect("a board can be read")))
        .collect();
    found.sort();
    found
}

#[test]
fn a_hand_edit_is_found() {
    let catalogue = Catalogue::builtin().expect("the built-in definitions are sound");
    for file in files(&catalogue) {
        let held = std::fs::read_to_string(top().join(&file.path)).unwrap_or_default();
        assert!(held == file.content, "{} is not what is generated; run `homeward generate --out .`", file.path);
    }
    assert_eq!(committed().len(), generated().len(), "a board that nothing generates lies in {BOARDS}");
}

#[test]
fn a_committed_board_holds_nothing_but_the_classic_model() {
    for (path, text) in committed() {
        // Every struct of the model refuses unknown keys, so reading is the test of the schema.
        let board: Board = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(board.schema_version, SCHEMA_VERSION, "{path}");
        let whole: Value = serde_json::from_str(&text).expect("it was read before");
        for key in ["apiVersion", "kind", "metadata", "spec", "elements", "layout", "__inputs", "__requires", "id"] {
            assert!(whole.get(key).is_none(), "{path}: `{key}` belongs to the second model or to an export");
        }
        let again = serde_json::to_value(&board).expect("a board is JSON");
        assert_eq!(again, whole, "{path}: reading and writing changes it");
    }
}

#[test]
fn a_key_of_the_second_model_and_a_misspelt_key_are_refused() {
    let board = serde_json::to_value(&generated()[0]).expect("a board is JSON");
    for (place, key) in [("", "elements"), ("/panels/0", "vizConfig"), ("/panels/0/fieldConfig/defaults", "units")] {
        let mut bent = board.clone();
        let object = bent.pointer_mut(place).and_then(Value::as_object_mut).expect("the place exists");
        object.insert(key.to_owned(), Value::Null);
        let refused = serde_json::from_value::<Board>(bent).expect_err("it must be refused").to_string();
        assert!(refused.contains(key), "{refused}");
    }
}
