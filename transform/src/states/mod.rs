//! Tables of whole states: each message is the state of its subject, and the newest version stands (handbook, `ucr.md`
//! section 7). Pure.
//!
//! Rows stay in the Arrow batches that they came in, without the envelope; an index leads from a subject to its row. Any
//! order of the same rows, and any repetition, gives the same state. A withdrawn subject has no row while that version is
//! the newest.
//!
//! Bounds: about 150 bytes a subject beside its row. At most half of the rows held are superseded ones, and small batches
//! are joined so that their number grows with the logarithm of the rows.

mod chunk;
mod store;

pub use chunk::Place;
pub use store::{Change, Store};

#[cfg(test)]
mod tests;
