//! What to measure, from the environment; children of the benchmark get their part the same way.

use crate::stand::Fault;
use crate::stand::environment::{number, text};
use crate::stand::process::Child;

/// The whole measurement.
pub(crate) struct Plan {
    pub(crate) role: Role,
    /// Records of the throughput measurement.
    pub(crate) events: u64,
    /// Pairs of runs.
    pub(crate) rounds: usize,
    /// Partitions of each topic.
    pub(crate) partitions: u32,
    /// Length of the freshness measurement; 0 leaves it out.
    pub(crate) freshness_seconds: u64,
    /// Events a second while freshness is measured.
    pub(crate) freshness_rate: u64,
    /// A broker that runs already and holds the load under [`Plan::topic`]; for work on the benchmark itself.
    pub(crate) brokers: Option<String>,
    /// Publish the load to that broker first; its topic exists.
    pub(crate) publish: bool,
}

/// Which process this is.
pub(crate) enum Role {
    Whole,
    Raw(Child),
    Homeward(Child),
    Ledger(Child),
    Serve(Child),
}

impl Plan {
    /// Reads `HOMEWARD_BENCH_...`.
    pub(crate) fn from_environment() -> Result<Self, Fault> {
        Ok(Self {
            role: role()?,
            events: number("EVENTS", 2_000_000)?,
            rounds: number("ROUNDS", 3)?,
            partitions: number("PARTITIONS", 4)?,
            freshness_seconds: number("FRESHNESS_SECONDS", 30)?,
            freshness_rate: number("FRESHNESS_RATE", 200)?,
            brokers: text("BROKERS"),
            publish: text("PUBLISH").is_some(),
        })
    }

    /// The topic that holds the load.
    pub(crate) fn topic(&self) -> String {
        format!("homeward.bench.{}", self.events)
    }
}

fn role() -> Result<Role, Fault> {
    let Some(name) = text("ROLE") else { return Ok(Role::Whole) };
    let child = Child::from_environment()?;
    match name.as_str() {
        "raw" => Ok(Role::Raw(child)),
        "homeward" => Ok(Role::Homeward(child)),
        "ledger" => Ok(Role::Ledger(child)),
        "serve" => Ok(Role::Serve(child)),
        other => Err(format!("HOMEWARD_BENCH_ROLE={other} is not a role").into()),
    }
}
