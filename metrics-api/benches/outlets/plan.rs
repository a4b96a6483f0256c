//! What to measure, from the environment; children of the benchmark get their part the same way.

use crate::stand::Fault;
use crate::stand::environment::{number, text};
use crate::stand::process::Child;

/// The whole measurement.
pub(crate) struct Plan {
    pub(crate) role: Role,
    /// Events a second.
    pub(crate) rate: u64,
    /// Length of a stretch.
    pub(crate) seconds: u64,
    /// Events come for so long before anything is measured.
    pub(crate) warm_up_seconds: u64,
    /// How often all stretches are measured.
    pub(crate) rounds: usize,
    /// What is measured in a round.
    pub(crate) kinds: Vec<Kind>,
    /// Providers of the country: they decide how many series there are.
    pub(crate) providers: usize,
    /// Partitions of each topic.
    pub(crate) partitions: u32,
    /// A broker that runs already, and makes topics by their first use; for work on the benchmark itself.
    pub(crate) brokers: Option<String>,
}

/// Which process this is.
pub(crate) enum Role {
    Whole,
    Serve(Child),
    Ledger(Child),
}

/// Who reads while events arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Nobody.
    Quiet,
    /// `/metrics`, once a second: what the greedy stretches are compared with.
    Scraped,
    /// `/metrics`, as fast as one client asks.
    Hammered,
    /// `/metrics` every 15 s, both boards of Grafana, pages and JSON every 30 s, one page that stays open.
    Outlets,
    /// Both boards of Grafana, pages and JSON, as fast as one client asks.
    Pressed,
    /// One SQL client whose statements compute until their time is over.
    Computing,
    /// One SQL client whose statements sort more than memory holds.
    Sorting,
    /// One SQL client that takes as many rows as it gets.
    Taking,
}

impl Kind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Quiet,
        Self::Scraped,
        Self::Hammered,
        Self::Outlets,
        Self::Pressed,
        Self::Computing,
        Self::Sorting,
        Self::Taking,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Scraped => "scraped",
            Self::Hammered => "hammered",
            Self::Outlets => "outlets",
            Self::Pressed => "pressed",
            Self::Computing => "computing",
            Self::Sorting => "sorting",
            Self::Taking => "taking",
        }
    }
}

impl Plan {
    /// Reads `HOMEWARD_BENCH_...`.
    pub(crate) fn from_environment() -> Result<Self, Fault> {
        Ok(Self {
            role: role()?,
            rate: number("RATE", 20_000)?,
            seconds: number("SECONDS", 60)?,
            warm_up_seconds: number("WARM_UP_SECONDS", 10)?,
            rounds: number("ROUNDS", 3)?,
            kinds: kinds()?,
            providers: number("PROVIDERS", 130)?,
            partitions: number("PARTITIONS", 4)?,
            brokers: text("BROKERS"),
        })
    }
}

fn role() -> Result<Role, Fault> {
    let Some(name) = text("ROLE") else { return Ok(Role::Whole) };
    let child = Child::from_environment()?;
    match name.as_str() {
        "serve" => Ok(Role::Serve(child)),
        "ledger" => Ok(Role::Ledger(child)),
        other => Err(format!("HOMEWARD_BENCH_ROLE={other} is not a role").into()),
    }
}

fn kinds() -> Result<Vec<Kind>, Fault> {
    let Some(names) = text("STRETCHES") else { return Ok(Kind::ALL.to_vec()) };
    let kind = |name: &str| {
        let found = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| format!("HOMEWARD_BENCH_STRETCHES: {name} is not a stretch").into())
    };
    names.split(',').map(kind).collect()
}
