//! Facts are written once; DuckDB, Homeward with its corrections, and DuckDB again answer from them in turn.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use homeward_ingest::lake::Lake;
use serde_json::Value;

use crate::plan::Plan;
use crate::sheet::Sink;
use crate::world::World;
use crate::{Fault, duckdb, machine};

pub(crate) fn measure(plan: &Plan) -> Result<(), Fault> {
    let processors = std::thread::available_parallelism()?;
    println!("machine: {processors} processors, load {}; DuckDB on {} threads", machine::load()?, plan.threads);
    let beside = duckdb::is_there(plan);
    if !beside {
        println!("{} has no DuckDB: Homeward is measured alone, and nothing is compared", plan.python);
    }
    plan.questions.iter().try_for_each(|question| ask(plan, question, beside))
}

fn ask(plan: &Plan, question: &str, beside: bool) -> Result<(), Fault> {
    let world = plan.world(question)?;
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let rows = write_facts(&*world, folder)?;
    println!("\n{question}: {}; {rows} rows", world.described());
    let before = beside.then(|| duckdb::answer(plan, &*world, question, folder, "duckdb-before.csv")).transpose()?;
    let homeward = homeward(question, folder)?;
    println!("\n| who | s | CPU s | peak MiB | figures |\n|---|---|---|---|---|");
    print_run("Homeward", &homeward)?;
    if let Some(duckdb) = &before {
        print_run("DuckDB", duckdb)?;
        println!(
            "| ratio | {:.2} | {:.2} | {:.2} | |",
            number(&homeward, "seconds")? / number(duckdb, "seconds")?,
            number(&homeward, "cpu_seconds")? / number(duckdb, "cpu_seconds")?,
            number(&homeward, "peak_mib")? / number(duckdb, "peak_mib")?
        );
        let equal = compare(folder, "before")?;
        duckdb::answer(plan, &*world, question, folder, "duckdb-after.csv")?;
        let after = compare(folder, "after")?;
        println!("\nequal: {equal} figures before the corrections, {after} after them; DuckDB {}", duckdb["version"]);
        println!("DuckDB, CPU s by stage: {}", duckdb["stages"]);
    }
    print_corrections(&homeward)
}

/// Parquet as the lake has it, and the areas of practices for those who have no geography.
fn write_facts(world: &dyn World, folder: &Path) -> Result<u64, Fault> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let lake = Lake::open(&folder.join("lake"))?;
    let mut sink = Sink::new(&lake, runtime.handle());
    world.tell(&mut sink)?;
    let mut areas = "practice,icb,lcp,pcn\n".to_owned();
    for place in world.practices()? {
        writeln!(areas, "{}", place.join(","))?;
    }
    std::fs::write(folder.join("practices.csv"), areas)?;
    sink.finish()
}

fn homeward(question: &str, folder: &Path) -> Result<Value, Fault> {
    let mut command = Command::new(std::env::current_exe()?);
    command.env("HOMEWARD_BENCH_QUESTION", question).env("HOMEWARD_BENCH_FOLDER", folder);
    duckdb::read("Homeward", &mut command)
}

/// How many figures both have, all alike.
fn compare(folder: &Path, when: &str) -> Result<usize, Fault> {
    let lines = |who: &str| std::fs::read_to_string(folder.join(format!("{who}-{when}.csv")));
    let (homeward, duckdb) = (lines("homeward")?, lines("duckdb")?);
    let own: BTreeSet<&str> = homeward.lines().collect();
    let other: BTreeSet<&str> = duckdb.lines().collect();
    if own != other {
        let some = |one: &BTreeSet<&str>, two| one.difference(two).take(6).copied().collect::<Vec<_>>().join("\n  ");
        return Err(format!(
            "{when} the corrections {} of {} figures differ; Homeward has\n  {}\nDuckDB has\n  {}",
            own.difference(&other).count(),
            own.len(),
            some(&own, &other),
            some(&other, &own)
        )
        .into());
    }
    Ok(own.len())
}

fn print_run(name: &str, run: &Value) -> Result<(), Fault> {
    println!(
        "| {name} | {:.2} | {:.2} | {:.0} | {} |",
        number(run, "seconds")?,
        number(run, "cpu_seconds")?,
        number(run, "peak_mib")?,
        run["cells"]
    );
    Ok(())
}

fn print_corrections(run: &Value) -> Result<(), Fault> {
    let times = |name: &str| -> Result<Vec<f64>, Fault> {
        let mut times: Vec<f64> = serde_json::from_value(run[name].clone())?;
        times.sort_by(f64::total_cmp);
        Ok(times)
    };
    let (whole, read) = (number(run, "seconds")?, number(run, "read_seconds")?);
    println!(
        "\nHomeward read the facts in {read:.2} s ({:.2} CPU s, {:.0} MiB), and made the figures in {:.2} s",
        number(run, "read_cpu_seconds")?,
        number(run, "read_peak_mib")?,
        whole - read
    );
    let (shown, durable) = (times("shown")?, times("durable")?);
    let Some((middle, last)) = shown.get(shown.len() / 2).zip(shown.last()) else { return Ok(()) };
    println!(
        "one late correction, of {}: {:.2} ms ({:.2} to {:.2}), {:.2} ms CPU; durable in {:.2} ms; figures changed: {}",
        shown.len(),
        middle * 1e3,
        shown[0] * 1e3,
        last * 1e3,
        number(run, "corrections_cpu_seconds")? / shown.len() as f64 * 1e3,
        durable[durable.len() / 2] * 1e3,
        run["cells_each"]
    );
    println!("whole to one correction: {:.0} (figures alone: {:.0})", whole / middle, (whole - read) / middle);
    Ok(())
}

fn number(run: &Value, name: &str) -> Result<f64, Fault> {
    run[name].as_f64().ok_or_else(|| format!("no {name} in {run}").into())
}
