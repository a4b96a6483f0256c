//! Facts to figures: one definition for the live path, for files and for restatement.
//!
//! The flow through this crate: fact batches enter the [`book`] (newest knowledge of every referral), which says which cells
//! a change touches; [`compute`] runs the indicator's SQL for those cells on the [`engine`]; changed cells become versions
//! ([`history`]) and, where a finished period moved, revisions; a [`snapshot`] is one consistent picture; [`release`] is the
//! only way out. [`computation`] ties these together without I/O; [`live`] adds the lake and the clock, [`evaluate`] files.

pub mod at_home;
pub mod book;
pub mod cells;
pub mod computation;
pub mod compute;
pub mod conditions;
pub mod definition;
pub mod engine;
pub mod evaluate;
pub mod feedback;
pub mod figure;
pub mod history;
pub mod levels;
pub mod live;
pub mod percentile;
mod population;
pub mod proof;
pub mod reconcile;
pub mod release;
pub mod reporting;
pub mod revision;
pub mod snapshot;
pub mod spans;
mod standardised;
pub mod states;
pub mod statistics;
pub mod wards;
