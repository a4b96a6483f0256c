//! The Grafana boards: they are what the definitions make, they keep the house rules, and their SQL parses.
//!
//! Each query is run elsewhere: PromQL in `metrics-api/tests/grafana`, against a real Prometheus that scrapes the demo.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod definitions;
mod house;
mod looks;
mod queries;
mod schema;

use std::path::{Path, PathBuf};

use homeward_dashboards::grafana::model::{Board, Panel, Target};
use homeward_dashboards::grafana::{Places, boards};
use homeward_transform::definition::Catalogue;

/// The top of the repository.
fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository").to_owned()
}

/// The boards of the built-in definitions.
fn generated() -> Vec<Board> {
    boards(&Catalogue::builtin().expect("the built-in definitions are sound"), &Places::default())
}

/// Panels that show something; rows are headings.
fn shown(board: &Board) -> impl Iterator<Item = &Panel> {
    board.panels.iter().filter(|panel| panel.kind != "row")
}

/// Every query of a board with the title of its panel.
fn targets(board: &Board) -> impl Iterator<Item = (&str, &Target)> {
    shown(board).flat_map(|panel| panel.targets.iter().map(|target| (panel.title.as_str(), target)))
}
