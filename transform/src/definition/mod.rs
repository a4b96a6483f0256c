//! Indicators as data: a folder each, `indicator.toml`, `indicator.sql` and `cases/*.toml`.
//!
//! [`Catalogue`] loads the folders (the built-in ones are part of the program; a deployment may bring its own), [`lint`] says
//! in plain words what is wrong with one, and [`case`] turns an analyst's worked example into the records a feed would send.
//! Everything here is pure apart from reading the folder.

mod builtin;
pub mod case;
mod case_event;
mod case_night;
mod case_rows;
mod case_submission;
mod case_ward;
mod catalogue;
mod factor;
mod fault;
mod first_days;
mod lint;
mod model;
mod shared_text;
mod sql_lint;
mod sql_text;
mod theme;

pub use case::Case;
pub use catalogue::Catalogue;
pub use factor::Factor;
pub use fault::{DefinitionErrors, LintFinding, Place};
pub use first_days::{FirstDayFault, FirstDays};
pub use lint::{lint, lint_change};
pub use model::{
    Alert, AlertFamily, Basis, Definition, DefinitionStatus, Direction, Flag, Interval, Kind, PerPopulation, Settling,
    Standardise, Target,
};
pub use sql_lint::sql_sha256;
pub use theme::Theme;
