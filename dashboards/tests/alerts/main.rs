//! Alert rules with the real tools: promtool evaluates them, amtool routes them, Alertmanager mutes them.

mod committed;
mod muting;
mod replay;
mod routes;
mod rules;
mod runbooks;
mod tools;
