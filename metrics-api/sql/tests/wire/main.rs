//! The SQL outlet over its wire, with a client that is not ours: login, caps, read-only, time, cancelling, transactions,
//! publication ticks, clients that do not read.
//!
//! No test sleeps. What must happen is waited for with a deadline; what must not take long is held against one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic of a test is its failure report")]

mod control;
mod login;
mod publication;
mod read_only;
mod server;
mod slow;
mod time;
