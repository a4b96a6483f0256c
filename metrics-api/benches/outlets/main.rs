//! The outlets under load: what readers wait, and what they cost, while 20,000 events a second arrive.
//!
//! Described in `docs/benchmarks.md`. Each stretch is a house of its own on a lake that begins empty, so that all stretches
//! see the same state grow: one without readers, and one for each kind of reader, in turn. Every stretch ends with the
//! counts of its lake and the figures of every provider held against what was planted, exactly.
#![allow(clippy::print_stdout, reason = "a benchmark reports by printing")]

mod country;
mod feed;
mod homeward;
mod machine;
mod plan;
mod readers;
mod report;
#[path = "../stand/mod.rs"]
mod stand;
mod stretch;
mod told;
mod waits;

use plan::{Plan, Role};
use stand::broker::Broker;
use stand::process::{load, processors};
use stand::{Fault, ledger};

fn main() -> Result<(), Fault> {
    let plan = Plan::from_environment()?;
    match &plan.role {
        Role::Whole => whole(&plan),
        Role::Serve(child) => homeward::serve(child, plan.providers),
        Role::Ledger(child) => ledger::read(child),
    }
}

fn whole(plan: &Plan) -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let broker = Broker::start(folder.path(), plan.partitions, plan.brokers.as_deref())?;
    println!("machine: {} processors, load {}", processors(), load()?);
    let mut stretches = Vec::new();
    report::print_heading();
    for round in 1..=plan.rounds {
        for kind in &plan.kinds {
            let stretch =
                stretch::measure(plan, *kind, &broker, &folder.path().join(format!("{round}-{}", kind.name())))?;
            report::print_stretch(round, *kind, &stretch);
            stretches.push((*kind, stretch));
        }
    }
    report::print_medians(plan, &stretches);
    report::print_waits(plan, &stretches);
    Ok(())
}
