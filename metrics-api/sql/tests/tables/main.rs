//! The SQL tables over planted figures: every answer is known beforehand.

mod comments;
mod data_quality;
mod differencing;
mod examples;
mod figures;
mod history;
mod meta;
mod planted;
mod reconciliation;
mod release;
