//! What a process has used, from `/proc`.

use crate::Fault;

/// Clock ticks a second in `/proc`, fixed at 100 for user space on every Linux that we build for.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor time of all threads of this process, ended ones included.
pub(crate) fn cpu_seconds() -> Result<f64, Fault> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name in brackets may hold anything: fields are counted behind it.
    let (_, fields) = stat.rsplit_once(") ").ok_or("/proc/self/stat has no name")?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / TICKS_PER_SECOND)
}

/// Largest resident size of this process.
pub(crate) fn peak_mib() -> Result<f64, Fault> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("/proc/self/status has no VmHWM")?;
    Ok(peak.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}

/// The machine's load as `uptime` shows it.
pub(crate) fn load() -> Result<String, Fault> {
    Ok(std::fs::read_to_string("/proc/loadavg")?.split(' ').take(3).collect::<Vec<_>>().join(" "))
}
