//! Homeward and DuckDB over the same files, in turn, each in a process of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::plan::Plan;
use crate::stand::Fault;
use crate::{answer, child, files};

/// Writes the files, lets both load them, and prints what each used.
pub(crate) fn measure(plan: &Plan, folder: &Path) -> Result<(), Fault> {
    let submissions = folder.join("submissions");
    let written = files::write(&submissions, plan.load)?;
    let planted = json!(plan.load.planted()?);
    println!(
        "{} rows in {} submissions of {} providers and {} months, {} MB",
        written.rows,
        written.submissions,
        plan.load.providers,
        plan.load.months,
        written.bytes / 1_000_000
    );
    println!("\n| round | who | rows/s | CPU s | CPU us a row | peak MiB | on disk MB |");
    println!("|---|---|---|---|---|---|---|");
    for round in 1..=plan.rounds {
        let lake = folder.join(format!("lake-{round}"));
        let homeward = child("homeward", &submissions, &lake)?;
        let database = folder.join(format!("duck-{round}.db"));
        let duckdb = run_duckdb(plan, &submissions, &database)?;
        for (name, outcome) in [("Homeward", &homeward), ("DuckDB", &duckdb)] {
            if outcome["figures"] != planted {
                return Err(format!("{name}: figures {}, planted {planted}", outcome["figures"]).into());
            }
            if outcome["rows"].as_u64() != Some(written.rows) {
                return Err(format!("{name}: {} rows, written {}", outcome["rows"], written.rows).into());
            }
        }
        print_run(round, "Homeward", &homeward, bytes_below(&lake)?)?;
        print_run(round, "DuckDB", &duckdb, std::fs::metadata(&database)?.len())?;
        let of = |name: &str| Some(homeward[name].as_f64()? / duckdb[name].as_f64()?);
        println!(
            "| {round} | ratio | | {:.2} | | {:.2} | |",
            of("cpu_seconds").unwrap_or_default(),
            of("peak_mib").unwrap_or_default()
        );
        println!(
            "\nHomeward: durable after {} s, shown after {} s, {} commits, {} snapshots; on the thread that loads, s: {}\n\
             DuckDB {}: CPU s by stage (the last is not in the table above): {}\n",
            homeward["durable_seconds"],
            homeward["seconds"],
            homeward["commits"],
            homeward["snapshots"],
            homeward["stages"],
            duckdb["version"],
            duckdb["stages"]
        );
        std::fs::remove_dir_all(&lake)?;
        std::fs::remove_file(&database)?;
    }
    Ok(())
}

fn run_duckdb(plan: &Plan, submissions: &Path, database: &Path) -> Result<Value, Fault> {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/csds_load/by_duckdb.py");
    let mut command = Command::new(&plan.python);
    command.arg(script).arg(submissions).arg(database).arg(plan.threads.to_string());
    answer("DuckDB", &mut command)
}

fn print_run(round: usize, name: &str, outcome: &Value, disk_bytes: u64) -> Result<(), Fault> {
    let number = |name: &str| outcome[name].as_f64().ok_or_else(|| format!("no {name} in {outcome}"));
    let (rows, cpu_seconds) = (number("rows")?, number("cpu_seconds")?);
    println!(
        "| {round} | {name} | {:.0} | {cpu_seconds:.2} | {:.2} | {:.0} | {} |",
        rows / number("seconds")?,
        cpu_seconds / rows * 1e6,
        number("peak_mib")?,
        disk_bytes / 1_000_000
    );
    Ok(())
}

fn bytes_below(folder: &Path) -> Result<u64, Fault> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { bytes_below(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}
