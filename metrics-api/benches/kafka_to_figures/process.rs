//! Children of the benchmark, and what a process has used, from `/proc`.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Fault;
use crate::plan::Child;

/// Clock ticks a second in `/proc`, fixed at 100 for user space on every Linux that we build for.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor time and memory of a process so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// User and system time of all threads, ended ones included.
    pub(crate) cpu_seconds: f64,
    /// Largest resident size.
    pub(crate) peak_mib: f64,
}

/// What this process has used.
pub(crate) fn usage() -> Result<Usage, Fault> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name in brackets may hold anything: fields are counted behind it.
    let (_, fields) = stat.rsplit_once(") ").ok_or("/proc/self/stat has no name")?;
    let mut fields = fields.split(' ').skip(11);
    let mut ticks = || fields.next().and_then(|field| field.parse::<f64>().ok()).ok_or("/proc/self/stat is too short");
    let cpu_seconds = (ticks()? + ticks()?) / TICKS_PER_SECOND;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("/proc/self/status has no VmHWM")?;
    let peak_kib: f64 = peak.trim().trim_end_matches(" kB").parse()?;
    Ok(Usage { cpu_seconds, peak_mib: peak_kib / 1024.0 })
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
