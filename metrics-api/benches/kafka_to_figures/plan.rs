//! What to measure, from the environment; children of the benchmark get their part the same way.

use std::path::PathBuf;
use std::str::FromStr;

use crate::Fault;

/// Share of late, duplicate and malformed records in the load.
pub(crate) const SHARES: [f64; 3] = [0.01, 0.005, 0.001];

/// Seed of the load.
pub(crate) const SEED: u64 = 2;

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

/// What a child needs.
pub(crate) struct Child {
    pub(crate) brokers: String,
    pub(crate) topic: String,
    pub(crate) lake: PathBuf,
    pub(crate) records: u64,
    pub(crate) referrals: u64,
    pub(crate) met: u64,
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
    let child = Child {
        brokers: text("BROKERS").unwrap_or_default(),
        topic: text("TOPIC").unwrap_or_default(),
        lake: text("LAKE").unwrap_or_default().into(),
        records: number("RECORDS", 0)?,
        referrals: number("REFERRALS", 0)?,
        met: number("MET", 0)?,
    };
    match name.as_str() {
        "raw" => Ok(Role::Raw(child)),
        "homeward" => Ok(Role::Homeward(child)),
        "ledger" => Ok(Role::Ledger(child)),
        "serve" => Ok(Role::Serve(child)),
        other => Err(format!("HOMEWARD_BENCH_ROLE={other} is not a role").into()),
    }
}

fn text(name: &str) -> Option<String> {
    std::env::var(format!("HOMEWARD_BENCH_{name}")).ok()
}

fn number<T: FromStr>(name: &str, usual: T) -> Result<T, Fault> {
    match text(name) {
        None => Ok(usual),
        Some(text) => text.parse().map_err(|_| format!("HOMEWARD_BENCH_{name}={text} is not a number").into()),
    }
}
