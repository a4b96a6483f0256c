//! SQL over the PostgreSQL wire: read-only, bounded, and through one release policy a role.
//!
//! * [`serve`]: the outlet. Its own threads, its own memory, its own time; see [`Limits`].
//! * [`scram`]: passwords that the server never holds.
//! * [`guard`]: what a client may ask for. Pure; the only place that decides.
//! * [`tables`]: what there is to ask for.
//! * [`local`]: one query without a server.

pub mod config;
mod engine;
pub mod guard;
mod limits;
mod local;
mod pin;
pub mod refusal;
pub mod scram;
mod source;
pub mod tables;
mod wire;

pub use config::{Account, SqlConfig, TlsFiles};
pub use limits::Limits;
pub use local::{Answer, DATABASE, local};
pub use pin::{Pin, Tick, UnknownTick};
pub use refusal::Refusal;
pub use source::{Snapshots, Source};
pub use wire::{SqlServeError, serve};
