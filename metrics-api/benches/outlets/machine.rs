//! What the whole machine does: on a shared one, other work takes its part.

use crate::stand::Fault;
use crate::stand::process::TICKS_PER_SECOND;

/// Time that all processors of this machine were busy with anything, since it started.
pub(crate) fn busy_seconds() -> Result<f64, Fault> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let fields = stat.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let ticks = fields.map(str::parse::<f64>).collect::<Result<Vec<_>, _>>()?;
    // user, nice, system, idle, iowait, irq, softirq, steal; guests are part of user.
    let busy = ticks.iter().take(8).enumerate().filter(|(place, _)| !matches!(place, 3 | 4));
    Ok(busy.map(|(_, ticks)| ticks).sum::<f64>() / TICKS_PER_SECOND)
}
