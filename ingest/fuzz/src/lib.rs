//! The readers under fuzz, and none of what stands around them.
//!
//! The pure rooms of ingest, transform and metrics-api are compiled here by their paths, so that a target holds the very
//! code that runs, without Kafka, Delta Lake and DataFusion: those would make a build of minutes one of an hour, and
//! their counters would drown those of the readers. What needs them (the meaning of settings, a definition's SQL under
//! DataFusion) is left to the deterministic runs of `transform/tests/fuzz_smoke.rs` and `metrics-api/tests/fuzz_smoke.rs`.

#![allow(dead_code, unused_imports, unreachable_pub, reason = "the rooms are whole; the targets enter by a few doors")]

extern crate self as homeward_ingest;
extern crate self as homeward_metrics_api;
extern crate self as homeward_sql;
extern crate self as homeward_transform;

#[path = "../../src/adt/mod.rs"]
pub mod adt;
#[path = "../../src/decode/mod.rs"]
pub mod decode;
#[path = "../../src/file/mod.rs"]
pub mod file;
#[path = "../../src/quarantine/mod.rs"]
pub mod quarantine;

#[path = "../../../transform/src/at_home/mod.rs"]
pub mod at_home;
#[path = "../../../transform/src/book/mod.rs"]
pub mod book;
#[path = "../../../transform/src/cells.rs"]
pub mod cells;
#[path = "../../../transform/src/conditions/mod.rs"]
pub mod conditions;
pub mod config;
#[path = "../../../transform/src/definition/mod.rs"]
pub mod definition;
mod engine;
#[path = "../../../transform/src/feedback/mod.rs"]
pub mod feedback;
#[path = "../../../transform/src/figure.rs"]
pub mod figure;
#[path = "../../../transform/src/levels.rs"]
pub mod levels;
#[path = "../../../transform/src/percentile.rs"]
pub mod percentile;
#[path = "../../../transform/src/population.rs"]
mod population;
#[path = "../../../transform/src/reconcile/mod.rs"]
pub mod reconcile;
#[path = "../../../transform/src/release/mod.rs"]
pub mod release;
#[path = "../../../transform/src/revision.rs"]
pub mod revision;
#[path = "../../../transform/src/snapshot.rs"]
pub mod snapshot;
#[path = "../../../transform/src/spans/mod.rs"]
pub mod spans;
#[path = "../../../transform/src/standardised.rs"]
pub mod standardised;
#[path = "../../../transform/src/states/mod.rs"]
pub mod states;
#[path = "../../../transform/src/statistics/mod.rs"]
pub mod statistics;
#[path = "../../../transform/src/wards/mod.rs"]
pub mod wards;

#[path = "../../../metrics-api/sql/src/limits.rs"]
mod limits;

pub use limits::Limits;

pub mod definition_target;
pub mod settings_target;
pub mod targets;
