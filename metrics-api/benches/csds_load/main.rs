//! CSDS submissions at scale: files to durable, evaluated figures, beside DuckDB that loads and de-duplicates the same
//! files; and what one month more costs as the history grows. Described in `docs/benchmarks.md`.
//!
//! Every run is held against what was planted, and Homeward against DuckDB: the two-hour figures by provider and month.
#![allow(clippy::print_stdout, reason = "a benchmark reports by printing")]

mod duckdb;
mod extent;
mod files;
mod growth;
mod homeward;
mod loader;
mod plan;
#[path = "../stand/mod.rs"]
#[allow(dead_code, reason = "the other benchmarks stand on all of it")]
mod stand;

use std::path::Path;
use std::process::{Command, Stdio};

use plan::{Plan, Role};
use serde_json::Value;
use stand::{Fault, process};

fn main() -> Result<(), Fault> {
    let plan = Plan::from_environment()?;
    match plan.role {
        Role::Whole => whole(&plan),
        Role::Homeward => homeward::take_in(&plan),
        Role::Growth => growth::take_in(&plan),
    }
}

fn whole(plan: &Plan) -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    println!("machine: {} processors, {} threads each, load {}", process::processors(), plan.threads, process::load()?);
    if plan.rounds > 0 {
        duckdb::measure(plan, folder.path())?;
    }
    if plan.growth.months > 0 {
        let history = folder.path().join("history");
        files::write(&history, plan.growth)?;
        growth::report(plan, &child("growth", &history, &folder.path().join("lake-of-history"))?)?;
    }
    Ok(())
}

/// Runs this benchmark in another role and reads the JSON that it prints.
fn child(role: &str, files: &Path, lake: &Path) -> Result<Value, Fault> {
    let mut command = Command::new(std::env::current_exe()?);
    command.env("HOMEWARD_BENCH_ROLE", role).env("HOMEWARD_BENCH_FILES", files).env("HOMEWARD_BENCH_LAKE", lake);
    answer(role, &mut command)
}

fn answer(name: &str, command: &mut Command) -> Result<Value, Fault> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("the {name} run failed: {}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
