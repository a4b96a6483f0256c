//! What to measure, from the environment; children of the benchmark get their part the same way.

use std::path::PathBuf;

use crate::extent::Extent;
use crate::stand::Fault;
use crate::stand::environment::{number, text};

/// The whole measurement.
pub(crate) struct Plan {
    pub(crate) role: Role,
    /// What the files of the load hold.
    pub(crate) load: Extent,
    /// Times that both load the files; 0 leaves it out.
    pub(crate) rounds: usize,
    /// Threads of both.
    pub(crate) threads: usize,
    /// A Python that has the package `duckdb`.
    pub(crate) python: String,
    /// What the files of the growing history hold; of no months, it is left out.
    pub(crate) growth: Extent,
}

/// Which process this is.
pub(crate) enum Role {
    Whole,
    /// Takes the files in and shows their figures.
    Homeward,
    /// Takes one window of files after the other into one lake.
    Growth,
}

/// Where a child finds files, and where it puts its lake.
pub(crate) struct Folders {
    pub(crate) files: PathBuf,
    pub(crate) lake: PathBuf,
}

impl Plan {
    /// Reads `HOMEWARD_BENCH_...`.
    pub(crate) fn from_environment() -> Result<Self, Fault> {
        let providers = number("PROVIDERS", 5)?;
        let (months, doublings) = (number("MONTHS", 6)?, number("DOUBLINGS", 4)?);
        let growth_months = if doublings == 0 { 0 } else { (1 << doublings) + 1 };
        Ok(Self {
            role: role()?,
            load: Extent::of_rows(number("ROWS", 300_000)?, providers, months),
            rounds: number("ROUNDS", 1)?,
            threads: number("THREADS", 2)?,
            python: text("PYTHON").unwrap_or_else(|| "python3".to_owned()),
            growth: Extent { providers, months: growth_months, referrals_a_month: number("GROWTH_REFERRALS", 1_000)? },
        })
    }
}

impl Folders {
    /// Those that this process was given.
    pub(crate) fn from_environment() -> Self {
        let folder = |name| PathBuf::from(text(name).unwrap_or_default());
        Self { files: folder("FILES"), lake: folder("LAKE") }
    }
}

fn role() -> Result<Role, Fault> {
    match text("ROLE").as_deref() {
        None => Ok(Role::Whole),
        Some("homeward") => Ok(Role::Homeward),
        Some("growth") => Ok(Role::Growth),
        Some(other) => Err(format!("HOMEWARD_BENCH_ROLE={other} is not a role").into()),
    }
}
