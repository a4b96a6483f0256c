//! From Kafka to durable and evaluated figures, against the least that any consumer must do.
//!
//! Two measurements, described in `docs/benchmarks.md`:
//!
//! * Throughput: the same two million events are read by a raw librdkafka consumer and by Homeward, in turn, each in
//!   a process of its own; what counts is the ratio of processor time, pair by pair.
//! * Freshness: events are published one by one, and `/metrics` is asked over HTTP until each of them shows.
//!
//! Every run is held against what was planted: records, refusals, duplicates, late events and figures, exactly.
#![allow(clippy::print_stdout, reason = "a benchmark reports by printing")]

mod freshness;
mod homeward;
mod plan;
#[path = "../stand/mod.rs"]
mod stand;
mod throughput;

use plan::{Plan, Role};
use stand::broker::Broker;
use stand::{Fault, ledger, process};

fn main() -> Result<(), Fault> {
    let plan = Plan::from_environment()?;
    match &plan.role {
        Role::Whole => whole(&plan),
        Role::Raw(child) => throughput::raw(child),
        Role::Homeward(child) => homeward::take_in(child),
        Role::Ledger(child) => ledger::read(child),
        Role::Serve(child) => homeward::serve(child),
    }
}

fn whole(plan: &Plan) -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let broker = Broker::start(folder.path(), plan.partitions, plan.brokers.as_deref())?;
    println!("machine: {} processors, load {}", process::processors(), process::load()?);
    if plan.rounds > 0 {
        throughput::measure(plan, &broker, folder.path())?;
    }
    if plan.freshness_seconds > 0 {
        freshness::measure(plan, &broker, folder.path())?;
    }
    Ok(())
}
