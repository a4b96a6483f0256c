//! SQL over the PostgreSQL wire: read-only, bounded, and through one release policy a role.

mod local;
mod pin;
mod source;
pub mod tables;

pub use local::{Answer, DATABASE, LocalError, local, session};
pub use pin::{Pin, Tick, UnknownTick};
pub use source::{Snapshots, Source};
