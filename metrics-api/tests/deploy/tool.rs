//! Tools of the system: found, or skipped with a word, or demanded.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The repository's `deploy/`.
pub(crate) fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").canonicalize().expect("deploy/ is there")
}

/// The text of a file of `deploy/`.
pub(crate) fn text(name: &str) -> String {
    let path = deploy().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A command of that name, or nothing when it is missing and may be.
pub(crate) fn tool(name: &str) -> Option<Command> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        assert!(
            std::env::var_os("HOMEWARD_TESTS_REQUIRE_ALL").is_none(),
            "{name} is missing, and HOMEWARD_TESTS_REQUIRE_ALL is set; deploy/test-deps.sh installs it"
        );
        println!("skipped: {name} is missing here; deploy/test-deps.sh installs it");
    }
    let mut command = Command::new(found?);
    command.stdin(Stdio::null());
    Some(command)
}

/// Runs it and returns what it wrote, both streams; fails with that when the command does.
pub(crate) fn succeed(command: &mut Command) -> String {
    let output = run(command);
    let words = words(&output);
    assert!(output.status.success(), "{command:?} failed ({}):\n{words}", output.status);
    words
}

pub(crate) fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"))
}

pub(crate) fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A YAML file of `deploy/` as JSON, through Debian's python3-yaml (merge keys resolved).
pub(crate) fn yaml(name: &str) -> Option<Value> {
    let mut python = tool("python3")?;
    let code = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";
    let json = succeed(python.args(["-c", code]).arg(deploy().join(name)));
    Some(serde_json::from_str(&json).unwrap_or_else(|error| panic!("{name}: {error}")))
}
