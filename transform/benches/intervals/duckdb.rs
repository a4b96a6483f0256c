//! DuckDB over the same Parquet files, in a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Fault;
use crate::draw::{day_of, midnight};
use crate::plan::Plan;
use crate::world::World;

/// True when the Python has DuckDB.
pub(crate) fn is_there(plan: &Plan) -> bool {
    let tried = Command::new(&plan.python).args(["-c", "import duckdb"]).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

/// Answers a question and leaves the figures in a file of the folder.
pub(crate) fn answer(
    plan: &Plan,
    world: &dyn World,
    question: &str,
    folder: &Path,
    file: &str,
) -> Result<Value, Fault> {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/intervals/by_duckdb.py");
    let mut command = Command::new(&plan.python);
    command.arg(script).arg(question).arg(folder).arg(folder.join(file)).arg(plan.threads.to_string());
    command
        .arg(day_of(midnight(world.first_day())).to_string())
        .arg(world.as_of().format("%Y-%m-%d %H:%M:%S").to_string());
    read("DuckDB", &mut command)
}

/// Runs a child to its end and reads the JSON that it prints.
pub(crate) fn read(name: &str, command: &mut Command) -> Result<Value, Fault> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("the {name} run failed: {}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
