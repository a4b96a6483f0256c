//! The outlets, and the `homeward` command that composes the whole house.
//!
//! Figures reach this crate as immutable snapshots and leave it through a release policy: the page, the
//! JSON API and `/metrics` ([`http`], [`prometheus`]) all read a [`reading::Reading`]. This is the only
//! crate that names prometheus, axum or clap.

pub mod cli;
pub mod config;
mod demo;
pub mod facts;
pub mod house;
pub mod http;
pub mod keys;
pub mod log;
#[cfg(test)]
mod planted;
pub mod prometheus;
pub mod reading;
mod watching;

/// Many threads make batches and drop them elsewhere, and glibc keeps what each let go: with jemalloc a load takes a sixth
/// less processor time and a third less memory (`docs/benchmarks.md`).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
