//! The pure part of the engine: periods, and the shape of results.

#[path = "../../../transform/src/engine/counts.rs"]
mod counts;
#[path = "../../../transform/src/engine/period.rs"]
pub mod period;
#[path = "../../../transform/src/engine/result.rs"]
mod result;
#[path = "../../../transform/src/engine/texts.rs"]
mod texts;

pub use counts::Counts;
pub use result::{Atom, AtomValue, EVERY_PROVIDER, EVERY_STRATUM, Place, ResultShapeError};
