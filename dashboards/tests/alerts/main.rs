//! Alert rules with the real tools: promtool evaluates them, amtool routes them, Alertmanager mutes them.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]
#![allow(clippy::print_stdout, reason = "what a test skips or has seen is told where cargo shows it")]

mod board;
mod committed;
mod muting;
mod replay;
mod routes;
mod rules;
mod runbooks;
mod tools;
