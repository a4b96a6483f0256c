//! The committed files are what the generator makes, and other definitions make other rules.

use std::fs;

use homeward_dashboards::alerts::{Options, files};
use homeward_transform::definition::Catalogue;

use crate::tools::repository;

/// `HOMEWARD_REGENERATE=1 cargo test` writes instead of comparing.
#[test]
fn committed_rules_and_routes_are_generated() {
    let catalogue = Catalogue::builtin().unwrap();
    for file in files(&catalogue, &Options::default()).unwrap() {
        let path = repository().join(&file.path);
        if std::env::var_os("HOMEWARD_REGENERATE").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &file.content).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == file.content,
            "{} is not what the definitions make. Mend: run `homeward generate`, or this test with HOMEWARD_REGENERATE=1; \
             never edit it by hand",
            file.path
        );
    }
}
