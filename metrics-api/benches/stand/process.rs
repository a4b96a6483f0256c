//! Children of the benchmark, and what a process has used, from `/proc`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use homeward_simulator::load::LoadCounts;
use serde_json::Value;

use super::Fault;
use super::environment::{number, text};

/// Clock ticks a second in `/proc`, fixed at 100 for user space on every Linux that we build for.
pub(crate) const TICKS_PER_SECOND: f64 = 100.0;

/// Processor time and memory of a process so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// User and system time of all threads, ended ones included.
    pub(crate) cpu_seconds: f64,
    /// Largest resident size.
    pub(crate) peak_mib: f64,
}

/// What a child needs.
pub(crate) struct Child {
    pub(crate) brokers: String,
    pub(crate) topic: String,
    pub(crate) lake: PathBuf,
    /// Records of the topic.
    pub(crate) records: u64,
    /// Referrals that they tell of.
    pub(crate) referrals: u64,
    /// Clocks met.
    pub(crate) met: u64,
}

impl Child {
    /// The part of one that reads a topic that holds what was planted.
    pub(crate) fn of(brokers: &str, topic: String, lake: PathBuf, planted: &LoadCounts) -> Self {
        Self {
            brokers: brokers.to_owned(),
            topic,
            lake,
            records: planted.records,
            referrals: planted.providers.values().map(|own| own.referrals).sum(),
            met: planted.providers.values().map(|own| own.met).sum(),
        }
    }

    /// The part that this process was given.
    pub(crate) fn from_environment() -> Result<Self, Fault> {
        Ok(Self {
            brokers: text("BROKERS").unwrap_or_default(),
            topic: text("TOPIC").unwrap_or_default(),
            lake: text("LAKE").unwrap_or_default().into(),
            records: number("RECORDS", 0)?,
            referrals: number("REFERRALS", 0)?,
            met: number("MET", 0)?,
        })
    }
}

/// What this process has used.
pub(crate) fn usage() -> Result<Usage, Fault> {
    let cpu_seconds = cpu_seconds(Path::new("/proc/self/stat"))?;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("/proc/self/status has no VmHWM")?;
    let peak_kib: f64 = peak.trim().trim_end_matches(" kB").parse()?;
    Ok(Usage { cpu_seconds, peak_mib: peak_kib / 1024.0 })
}

/// Processor time of a process or thread, from its `stat`.
pub(crate) fn cpu_seconds(path: &Path) -> Result<f64, Fault> {
    let stat = std::fs::read_to_string(path)?;
    // The name in brackets may hold anything: fields are counted behind it.
    let (_, fields) = stat.rsplit_once(") ").ok_or_else(|| format!("{} has no name", path.display()))?;
    let mut fields = fields.split(' ').skip(11);
    let mut ticks = || fields.next().and_then(|field| field.parse::<f64>().ok());
    let (user, system) = ticks().zip(ticks()).ok_or_else(|| format!("{} is too short", path.display()))?;
    Ok((user + system) / TICKS_PER_SECOND)
}

/// Processors of this machine.
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The machine's load as `uptime` shows it.
pub(crate) fn load() -> Result<String, Fault> {
    Ok(std::fs::read_to_string("/proc/loadavg")?.split(' ').take(3).collect::<Vec<_>>().join(" "))
}

/// This benchmark again, in another role.
pub(crate) fn child(role: &str, part: &Child) -> Result<Command, Fault> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .env("HOMEWARD_BENCH_ROLE", role)
        .env("HOMEWARD_BENCH_BROKERS", &part.brokers)
        .env("HOMEWARD_BENCH_TOPIC", &part.topic)
        .env("HOMEWARD_BENCH_LAKE", &part.lake)
        .env("HOMEWARD_BENCH_RECORDS", part.records.to_string())
        .env("HOMEWARD_BENCH_REFERRALS", part.referrals.to_string())
        .env("HOMEWARD_BENCH_MET", part.met.to_string())
        .stdin(Stdio::null());
    Ok(command)
}

/// Runs a child to its end and reads the JSON that it prints.
pub(crate) fn run(role: &str, part: &Child) -> Result<Value, Fault> {
    let output = child(role, part)?.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("the {role} run failed: {}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
