//! Colours of the handbook (statistics, section 7): they pass on white, and none carries meaning alone.

/// Lines and figures (contrast 6.4 on white).
pub(super) const BLUE: &str = "#005EB8";
/// The second series (11.9).
pub(super) const DARK_BLUE: &str = "#003087";
/// The third series (4.9).
pub(super) const BRIGHT_BLUE: &str = "#0072CE";
/// Limits, intervals and what is usual (7.8).
pub(super) const GREY: &str = "#425563";
/// Usual variation (3.7): graphics, never text.
pub(super) const PALE_GREY: &str = "#768692";
/// Concern (3.3): graphics and backgrounds, never text.
pub(super) const ORANGE: &str = "#E46C0A";
/// Target lines, dashed and labelled (4.9).
pub(super) const TARGET: &str = "#DE1B1B";
/// Text (14.4).
pub(super) const TEXT: &str = "#212B32";
