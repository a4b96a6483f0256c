//! Every alert has its runbook, every runbook its alert, and each says the four things.

use std::collections::BTreeSet;
use std::fs;

use homeward_dashboards::alerts::{Options, RULES, files};
use homeward_transform::definition::Catalogue;

use crate::tools::repository;

fn after<'a>(text: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines().filter_map(move |line| line.trim_start().strip_prefix(key))
}

#[test]
fn each_alert_has_a_runbook_and_each_runbook_an_alert() {
    let options = Options { runbooks: "https://runbooks.example/".to_owned(), ..Options::default() };
    let rules: String = files(&Catalogue::builtin().unwrap(), &options)
        .unwrap()
        .into_iter()
        .filter(|file| file.path.starts_with(RULES))
        .map(|file| file.content)
        .collect();
    let alerts: BTreeSet<String> = after(&rules, "- alert: ").map(|name| format!("{name}.md")).collect();
    let urls: BTreeSet<String> = after(&rules, "runbook_url: '")
        .map(|url| url.trim_end_matches('\'').strip_prefix("https://runbooks.example/").unwrap().to_owned())
        .collect();
    let written: BTreeSet<String> = fs::read_dir(repository().join("deploy/runbooks"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name != "README.md")
        .collect();
    assert_eq!(alerts, urls, "each alert links to the runbook of its own name");
    assert_eq!(alerts, written, "alerts on the left, files of deploy/runbooks on the right");
    for key in ["summary: ", "description: ", "dashboard_url: "] {
        assert_eq!(after(&rules, key).count(), alerts.len(), "each alert has its {key}");
    }
    assert_eq!(rules.matches("ucr_as_of_timestamp_seconds)\"").count(), alerts.len(), "each summary names the instant");
}

#[test]
fn each_runbook_says_the_four_things() {
    for entry in fs::read_dir(repository().join("deploy/runbooks")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if name == "README" {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(&format!("# {name}\n")), "{name}: the first line is the alert's name");
        let headings: Vec<&str> = after(&text, "## ").collect();
        assert_eq!(headings, ["Meaning", "Impact", "Diagnosis", "Mitigation"], "{name}");
        for part in text.split("\n## ").skip(1) {
            let body = part.split_once('\n').map_or("", |(_, body)| body);
            assert!(body.split_whitespace().count() >= 12, "{name}: '{part}' says too little");
        }
    }
}
