//! Monthly CSDS submissions: what each provider sends, and what was planted in it.

mod community;
pub(crate) mod dirt;
mod entries;
mod files;
mod further;
mod plan;
mod planted;
mod story;

pub(crate) use files::Row;
pub use files::SubmissionFiles;
pub(crate) use plan::submissions;
pub use planted::CsdsCounts;
pub(crate) use planted::{CsdsClock, Planted, PlantedContact, PlantedReferral};
pub(crate) use story::PlantedSubmission;
