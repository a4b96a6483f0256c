//! Grafana: the boards and the provisioning that loads them, from the definitions.
//!
//! A definition's panels follow from its kind: a snapshot stands on "UCR now", every other kind with windows on "UCR today
//! and this month", what has months alone on "Community services by month", and what counts virtual wards or people's nights
//! on boards of those, with the title, unit, targets, windows and words of its `indicator.toml`. Only definitions in use are
//! shown; drafts and shadows are computed and not shown as results.
//!
//! Classic JSON, not the second model: Grafana 11 and 12 load it from a folder. Colours are the handbook's and are made
//! for a white page; none carries meaning alone.

mod alerting;
mod at_home;
mod boards;
mod count;
mod datasources;
pub mod expansion;
mod history;
mod layout;
pub mod model;
mod monthly;
mod palette;
mod panel;
mod promql;
mod proportion;
mod provisioning;
mod quality;
mod quality_sql;
mod reconciliation;
mod snapshot;
mod sql;
mod trust;
mod variables;
mod wards;
mod wards_sql;
mod whole;

pub use datasources::{ALERTMANAGER, POSTGRES, PROMETHEUS};

use homeward_transform::definition::{Catalogue, Definition};

use crate::GeneratedFile;
use model::{Board, Panel};

/// Folder of the boards.
pub const BOARDS: &str = "dashboards/grafana";

/// Addresses that links lead to; they are part of the files, because a menu could be bent by an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The accessible board of the service, without a slash at the end.
    pub board: String,
    /// Folder of the runbooks, without a slash at the end; the name of an alert and `.md` follow.
    pub runbooks: String,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            board: "http://localhost:8640".to_owned(),
            runbooks: "https://github.com/homeward-nhs/homeward/blob/main/deploy/runbooks".to_owned(),
        }
    }
}

/// Every file for Grafana, with links to the addresses of a service on this machine.
#[must_use]
pub fn files(catalogue: &Catalogue) -> Vec<GeneratedFile> {
    files_leading_to(catalogue, &Places::default())
}

/// As [`files`], with links to a deployment's own addresses.
#[must_use]
pub fn files_leading_to(catalogue: &Catalogue, places: &Places) -> Vec<GeneratedFile> {
    let mut files: Vec<GeneratedFile> = boards(catalogue, places).iter().map(board_file).collect();
    files.extend(provisioning::files());
    files
}

/// The boards as data.
#[must_use]
pub fn boards(catalogue: &Catalogue, places: &Places) -> Vec<Board> {
    vec![
        boards::now(catalogue, places),
        boards::month(catalogue, places),
        boards::community(catalogue, places),
        boards::virtual_wards(catalogue, places),
        boards::days_at_home(catalogue, places),
        boards::reconciliation(catalogue, places),
        boards::quality(places),
    ]
}

fn board_file(board: &Board) -> GeneratedFile {
    let name = board.uid.strip_prefix("homeward-").unwrap_or(&board.uid);
    // A struct of strings, numbers and JSON always serialises; the alternative form is the same text.
    let mut content = serde_json::to_string_pretty(board).unwrap_or_default();
    content.push('\n');
    GeneratedFile { path: format!("{BOARDS}/{name}.json"), content }
}

/// A panel that tells which version of which definition it shows, and leads to its text, SQL, targets and lineage.
fn about(mut panel: Panel, definition: &Definition, places: &Places) -> Panel {
    let Definition { id, version, default_basis, .. } = definition;
    if let Some(description) = &mut panel.description {
        description.push_str(&format!(" Definition: {id}, version {version}, basis \"{default_basis}\"."));
    }
    let url = format!("{}/indicator/{id}", places.board);
    panel.leads_to(panel::head_link("Definition, SQL, targets and lineage", "On the accessible board", &url))
}
