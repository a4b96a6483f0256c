//! `deploy/homeward.toml`: it passes Homeward's own check, and explains every key that Homeward knows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use homeward_metrics_api::config::{Config, Role, read_settings};

use crate::tool::{run, text, words};

const ROLES: [Role; 3] = [Role::Ingest, Role::Transform, Role::Serve];
/// Other names of keys, kept for old configurations and not shown.
const OLD_NAMES: [&str; 2] = ["group_id", "buffer_bytes_max"];
/// Sections that are open: their keys are names of feeds, properties or organisations.
const OPEN: [&str; 6] = [
    "kafka.topics",
    "kafka.properties",
    "kafka.property_files",
    "submissions.deadlines",
    "transform.first_days",
    "serve.expected_gap_seconds_by_provider",
];
/// Keys that only the environment may hold, because a file is no place for a secret.
const ENVIRONMENT_ONLY: [&str; 2] = ["keys.pseudonym", "keys.quarantine"];

/// The example with its secrets in a folder of the test's own.
fn installed(folder: &Path) -> PathBuf {
    for name in crate::scripts::made_secrets() {
        std::fs::write(folder.join(name), format!("{}\n", "5a".repeat(32))).unwrap();
    }
    let credentials = folder.to_str().unwrap();
    let path = folder.join("homeward.toml");
    std::fs::write(&path, text("homeward.toml").replace("/run/credentials/homeward.service", credentials)).unwrap();
    path
}

#[test]
fn the_example_passes_homewards_own_check() {
    let folder = tempfile::tempdir().unwrap();
    let path = installed(folder.path());
    let config = Config::load(Some(&path), [], &ROLES).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(config.serve.bind.to_string(), "127.0.0.1:8640");
    assert_eq!(config.serve.metrics_bind.map(|bind| bind.to_string()), Some("127.0.0.1:8642".to_owned()));
    assert!(config.serve.metrics_bearer_token.is_some());
    assert_eq!(config.kafka.properties["sasl.password"], "5a".repeat(32));
}

#[test]
fn run_check_says_so_and_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = installed(folder.path());
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_homeward"));
    command.arg("--config").arg(&path).args(["run", "--check"]).current_dir(folder.path());
    let output = run(&mut command);
    assert!(output.status.success() && words(&output).contains("No fault found"), "{}", words(&output));
    std::fs::remove_file(folder.path().join("metrics_token")).unwrap();
    let output = run(&mut command);
    assert_eq!(output.status.code(), Some(2));
    assert!(words(&output).contains("[serve] metrics_bearer_token_file"), "{}", words(&output));
}

/// What a section accepts, from its own complaint about a key that it does not know.
fn keys_of(section: &str) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("homeward.toml");
    std::fs::write(&path, format!("[{section}]\nthere_is_no_such_key = 1\n")).unwrap();
    let told = read_settings(Some(&path), []).unwrap_err().to_string();
    let list = told.split("expected ").nth(1).unwrap_or_else(|| panic!("no list of keys in: {told}"));
    // Names stand in backquotes: every second piece.
    list.split('`').skip(1).step_by(2).map(str::to_owned).filter(|key| !OLD_NAMES.contains(&key.as_str())).collect()
}

fn sections() -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("homeward.toml");
    std::fs::write(&path, "[there_is_no_such_section]\n").unwrap();
    let told = read_settings(Some(&path), []).unwrap_err().to_string();
    let list = told.split("use one of ").nth(1).unwrap_or_else(|| panic!("no list of sections in: {told}"));
    list.split(['[', ']'])
        .filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
        .map(str::to_owned)
        .collect()
}

/// Keys of the example by section, shown or set, with the line that says them; and whether words stand above.
fn shown() -> BTreeMap<String, BTreeMap<String, bool>> {
    let example = text("homeward.toml");
    let mut shown: BTreeMap<String, BTreeMap<String, bool>> = BTreeMap::new();
    let mut section = String::new();
    let mut explained = false;
    for line in example.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim_matches(['[', ']']).to_owned();
            shown.entry(section.clone()).or_default();
            explained = false;
            continue;
        }
        let bare = line.strip_prefix("# ").unwrap_or(line);
        let key = bare.split_once(" = ").map(|(key, _)| key.trim_matches('"'));
        let is_key = |key: &&str| key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
        match key.filter(is_key) {
            Some(key) => {
                shown.entry(section.clone()).or_default().insert(key.to_owned(), explained);
            }
            None => explained = line.starts_with('#'),
        }
    }
    shown
}

#[test]
fn every_key_is_shown_and_explained() {
    let shown = shown();
    let mut missing = Vec::new();
    for section in sections() {
        let Some(own) = shown.get(&section) else {
            missing.push(format!("[{section}]"));
            continue;
        };
        for key in keys_of(&section) {
            let path = format!("{section}.{key}");
            let is_open = OPEN.contains(&path.as_str()) && shown.contains_key(&path);
            if ENVIRONMENT_ONLY.contains(&path.as_str()) || is_open || own.get(&key) == Some(&true) {
                continue;
            }
            // Pairs that one comment explains stand together: service_opens and service_closes.
            missing.push(path);
        }
        for key in own.keys() {
            assert!(keys_of(&section).contains(key), "the example shows [{section}] {key}, which does not exist");
        }
    }
    assert!(missing.is_empty(), "deploy/homeward.toml does not show or explain: {missing:#?}");
}
