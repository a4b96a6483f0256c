//! Indicators are data: a folder each, whole or not there.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::tree;
use crate::{Finding, report};

const INDICATORS: &str = "transform/indicators/";

#[test]
fn every_indicator_folder_is_complete() {
    let mut findings = Vec::new();
    let files: Vec<&str> = tree::files().iter().filter_map(|file| file.path.strip_prefix(INDICATORS)).collect();
    let ids: BTreeSet<&str> = files.iter().filter_map(|path| path.split_once('/')).map(|(id, _)| id).collect();
    for id in &ids {
        let folder = format!("{INDICATORS}{id}");
        let toml = tree::files().iter().find(|file| file.path == format!("{folder}/indicator.toml"));
        let shares_sql = toml.is_some_and(|file| file.text.contains("\nsql_of = "));
        for (needed, is_needed) in [("indicator.toml", true), ("indicator.sql", !shares_sql)] {
            if is_needed && !files.contains(&format!("{id}/{needed}").as_str()) {
                findings.push(Finding::new(&folder, 1, format!("{needed} is missing; copy a neighbour's and edit it")));
            }
        }
        let cases = format!("{id}/cases/");
        if !files.iter().any(|path| path.starts_with(&cases) && path.ends_with(".toml")) {
            findings.push(Finding::new(
                &folder,
                1,
                "no cases/*.toml; an indicator without a worked case is an opinion",
            ));
        }
    }
    for stray in files.iter().filter(|path| !path.contains('/') && !path.ends_with(".md")) {
        findings.push(Finding::new(
            &format!("{INDICATORS}{stray}"),
            1,
            "a file beside the indicators' folders; move it into one",
        ));
    }
    report(findings);
}

#[test]
fn an_indicator_is_called_like_its_folder() {
    let mut findings = Vec::new();
    for file in tree::files() {
        let Some(id) = file.path.strip_prefix(INDICATORS).and_then(|path| path.strip_suffix("/indicator.toml")) else {
            continue;
        };
        let table: Table = match file.text.parse() {
            Ok(table) => table,
            Err(error) => {
                findings.push(Finding::new(&file.path, 1, format!("is no TOML: {error}")));
                continue;
            }
        };
        if table.get("id").and_then(Value::as_str) != Some(id) {
            findings.push(Finding::new(&file.path, 1, format!("its id differs from its folder; write id = \"{id}\"")));
        }
    }
    report(findings);
}
