//! The figures made of intervals, whole and after one late correction, beside the same questions asked of DuckDB over the
//! same Parquet files. Described in `docs/benchmarks.md`.
//!
//! What both answer must be equal, before the corrections and after them, or the benchmark ends with an error.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark reports by printing")]

mod draw;
mod duckdb;
mod homeward;
mod machine;
mod people;
mod plan;
mod report;
mod sheet;
mod wards;
mod world;

use std::error::Error;
use std::process::ExitCode;

use plan::{Plan, Role};

/// Homeward's own.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Anything that ends a measurement; the message says what.
type Fault = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let outcome = Plan::from_environment().and_then(|plan| match &plan.role {
        Role::Whole => report::measure(&plan),
        Role::Homeward { question, folder } => homeward::answer(&plan, &*plan.world(question)?, folder),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}
