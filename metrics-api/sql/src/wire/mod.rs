//! The PostgreSQL wire: connections, logins, messages.
//!
//! Limits: `connections_max` connections, 32 more while they are told that there is no room, 10 s for a login, 1 MiB a
//! message (10 KiB before the login), 300 prepared statements, 32 portals and 16 cursors a connection.

mod audit;
mod cancel;
mod codec;
mod connection;
mod control;
mod extended;
mod listen;
mod rows;
mod simple;
mod startup;
mod tls;
mod transaction;

pub use listen::{SqlServeError, serve};
