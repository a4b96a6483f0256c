//! SQL over the PostgreSQL wire: read-only, bounded, and through one release policy a role.
//!
//! * [`serve`]: the outlet. Its own threads, its own memory, its own time; see [`Limits`].
//! * [`scram`]: passwords that the server never holds.
//! * [`guard`]: what a client may ask for. Pure; the only place that decides.
//! * [`tables`]: what there is to ask for.

pub mod config;
mod engine;
pub mod guard;
pub mod pin;
pub mod refusal;
pub mod scram;
pub mod source;
pub mod tables;
mod wire;

pub use config::{Account, Limits, SqlConfig, TlsFiles};
pub use pin::{Pin, Tick};
pub use refusal::Refusal;
pub use source::Source;
pub use wire::{SqlServeError, serve};
