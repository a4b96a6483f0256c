//! promtool checks the rules and runs the tests of `deploy/prometheus/tests`, which are written by hand.

use std::fs;

use crate::tools::{repository, run, words};

/// Files of a folder with an extension, from the repository's root.
fn files_of(folder: &str, extension: &str) -> Vec<String> {
    let mut files: Vec<String> = fs::read_dir(repository().join(folder))
        .unwrap()
        .map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy()))
        .filter(|path| path.ends_with(extension))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{folder} holds no {extension}");
    files
}

fn promtool(arguments: &[&str], files: &[String]) {
    let mut all = arguments.to_vec();
    all.extend(files.iter().map(String::as_str));
    let Some(output) = run("promtool", &all) else { return };
    assert!(output.status.success(), "promtool {}: {}", all.join(" "), words(&output));
}

#[test]
fn promtool_accepts_every_rule() {
    promtool(&["check", "rules"], &files_of("deploy/prometheus/rules", ".yaml"));
}

#[test]
fn promtool_accepts_the_configuration() {
    promtool(&["check", "config", "--syntax-only"], &["deploy/prometheus/prometheus.yml".to_owned()]);
}

#[test]
fn every_rule_test_holds() {
    promtool(&["test", "rules"], &files_of("deploy/prometheus/tests", ".yaml"));
}
