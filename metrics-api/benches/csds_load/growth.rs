//! One month more on a history of one to sixteen months: what it costs, as a power of the history.

use std::sync::Arc;
use std::time::Instant;

use chrono::Utc;
use homeward_contract::geography::Geography;
use homeward_ingest::lake::Lake;
use homeward_transform::definition::Catalogue;
use homeward_transform::live::{Live, LiveOptions};
use serde_json::{Value, json};

use crate::files::window_name;
use crate::homeward::figures;
use crate::loader::Loader;
use crate::plan::{Folders, Plan};
use crate::stand::Fault;
use crate::stand::process::usage;

/// Takes window after window, each applied and shown before the next, and prints what each cost.
pub(crate) fn take_in(plan: &Plan) -> Result<(), Fault> {
    let folders = Folders::from_environment();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(plan.threads).enable_all().build()?;
    let lake = Lake::open(&folders.lake)?;
    let (catalogue, geography) = (Arc::new(Catalogue::builtin()?), Arc::new(Geography::devon()));
    let shared = Arc::new(lake.clone());
    let restoring = Live::restore(shared, catalogue, geography, LiveOptions::default(), Utc::now());
    let mut live = runtime.block_on(restoring)?;
    let mut loader = Loader::new(lake, plan.threads);
    let mut windows = Vec::new();
    for month in 0..plan.growth.months {
        let (before, cpu, rows) = (Instant::now(), usage()?.cpu_seconds, loader.done.rows);
        loader.load(&folders.files.join(window_name(month)), runtime.handle())?;
        let (durable, cpu_durable) = (before.elapsed().as_secs_f64(), usage()?.cpu_seconds);
        runtime.block_on(live.cycle(Utc::now()))?;
        windows.push(json!({
            "history_rows": rows, "rows": loader.done.rows - rows,
            "load_seconds": durable, "load_cpu_seconds": cpu_durable - cpu,
            "show_seconds": before.elapsed().as_secs_f64() - durable,
            "show_cpu_seconds": usage()?.cpu_seconds - cpu_durable,
            "resident_mib": resident_mib()?,
        }));
    }
    let subscription = live.subscribe();
    let (shown, revisions) = {
        let snapshot = subscription.borrow();
        (figures(&snapshot), snapshot.revision())
    };
    // The last window once more: every row is known, and nothing may change.
    loader.load(&folders.files.join(window_name(plan.growth.months - 1)), runtime.handle())?;
    runtime.block_on(live.cycle(Utc::now()))?;
    let again = subscription.borrow();
    if figures(&again) != shown || again.revision() != revisions {
        return Err("files taken twice changed a figure".into());
    }
    if shown != plan.growth.planted()? {
        return Err("the figures are not as planted".into());
    }
    println!("{}", json!({ "windows": windows }));
    Ok(())
}

/// Prints the cost of one month more on each doubling of the history, and the exponents.
pub(crate) fn report(plan: &Plan, answer: &Value) -> Result<(), Fault> {
    let windows = answer["windows"].as_array().ok_or("no windows")?;
    let number = |window: &Value, name: &str| window[name].as_f64().ok_or_else(|| format!("no {name}"));
    println!(
        "\n| history, months | history, rows | new rows | load CPU s | apply and show s | apply and show CPU s | resident MiB |"
    );
    println!("|---|---|---|---|---|---|---|");
    let (mut load, mut show) = (Vec::new(), Vec::new());
    let mut months = 1;
    while let Some(window) = windows.get(months) {
        let history = number(window, "history_rows")?;
        println!(
            "| {months} | {history} | {} | {:.2} | {:.3} | {:.2} | {:.0} |",
            number(window, "rows")?,
            number(window, "load_cpu_seconds")?,
            number(window, "show_seconds")?,
            number(window, "show_cpu_seconds")?,
            number(window, "resident_mib")?
        );
        load.push((months as f64, number(window, "load_cpu_seconds")?));
        show.push((months as f64, number(window, "show_seconds")?));
        months *= 2;
    }
    println!(
        "\ncost of one month more, as a power of the months before it: load {:.2}, apply and show {:.2}",
        exponent(&load),
        exponent(&show)
    );
    if let (Some(first), Some(last)) = (windows.get(1), windows.last()) {
        let bytes = (number(last, "resident_mib")? - number(first, "resident_mib")?) * 1024.0 * 1024.0;
        let referrals = (windows.len() - 2) as f64 * plan.growth.referrals_a_month as f64;
        let rows = number(last, "history_rows")? - number(first, "history_rows")?;
        println!("memory: {:.0} bytes a new referral, {:.0} a row sent", bytes / referrals, bytes / rows);
    }
    Ok(())
}

/// Slope of the least squares line through the logarithms.
fn exponent(points: &[(f64, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.max(1e-6).ln())).collect();
    let count = logs.len() as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(&|point| point.0), mean(&|point| point.1));
    let (over, under) = logs
        .iter()
        .fold((0.0, 0.0), |(over, under), point| (over + (point.0 - x) * (point.1 - y), under + (point.0 - x).powi(2)));
    over / under
}

fn resident_mib() -> Result<f64, Fault> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let resident =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("/proc/self/status has no VmRSS")?;
    Ok(resident.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}
