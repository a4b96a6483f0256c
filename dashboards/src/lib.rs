//! Grafana boards and Prometheus alert rules, generated from the indicators' definitions.
//!
//! Pure: a catalogue goes in, files come out; nothing here reads a disk, a clock or a network. `homeward generate` writes
//! what these functions return, and a test compares the committed files with it, so a hand edit fails CI.

pub mod alerts;
pub mod grafana;

/// One file that is generated and committed: never edited by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedFile {
    /// Where it belongs, from the repository's root, with `/` between its parts: `dashboards/grafana/ucr-now.json`.
    pub path: String,
    /// The whole text, ending in one line feed.
    pub content: String,
}
