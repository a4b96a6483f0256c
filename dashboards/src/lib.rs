//! Grafana boards and Prometheus alert rules, generated from the indicators' definitions.
//!
//! Pure: a catalogue goes in, files come out; nothing here reads a disk, a clock or a network. `homeward generate` writes
//! what these functions return, and a test compares the committed files with it, so a hand edit fails CI.

pub mod alerts;
pub mod grafana;

/// Occupancy above which a virtual ward is at risk (handbook, `virtual-wards.md` rule 11): one number for rules, boards and
/// the page.
pub const WARD_RISK: f64 = 0.95;

/// Hospital beds that so many virtual ward beds stand for: 90 for 184 (Devon strategy, Community capacity). A parameter and
/// no measurement.
pub const ACUTE_EQUIVALENT: (u32, u32) = (90, 184);

/// Share of the measured stay by which the one that Little's law implies may differ (handbook, `virtual-wards.md` section 7).
pub const STAY_GAP: f64 = 0.2;

/// One file that is generated and committed: never edited by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedFile {
    /// Where it belongs, from the repository's root, with `/` between its parts: `dashboards/grafana/ucr-now.json`.
    pub path: String,
    /// The whole text, ending in one line feed.
    pub content: String,
}
