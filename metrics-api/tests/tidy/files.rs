//! Rules for every text file: names, notes to self, paths of one machine, dead files, dead links.

use std::path::Path;

use crate::tree::{self, TextFile};
use crate::{Finding, report};

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 8] = ["utils", "util", "helpers", "helper", "manager", "common", "misc", "shared"];

#[test]
fn names_explain_themselves() {
    let mut findings = Vec::new();
    for file in tree::files() {
        for part in file.path.split('/') {
            let stem = part.split('.').next().unwrap_or(part).to_lowercase();
            if EMPTY_NAMES.contains(&stem.as_str()) {
                findings.push(Finding::new(
                    &file.path,
                    1,
                    format!("`{stem}` says nothing; name the file after what it decides or does"),
                ));
            }
            let version = stem
                .rsplit_once("_v")
                .is_some_and(|(_, digits)| !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()));
            if version && file.is_rust() {
                findings.push(Finding::new(&file.path, 1, "a version in a file name; git keeps the versions"));
            }
        }
    }
    report(findings);
}

#[test]
fn notes_to_self_carry_an_issue() {
    let mut findings = Vec::new();
    // Put together here, so that this file does not find itself.
    let notes = [concat!("TO", "DO"), concat!("FIX", "ME")];
    for file in tree::files().iter().filter(|file| !is_licence_or_lock(file)) {
        for (index, line) in file.text.lines().enumerate() {
            for note in notes.iter().filter(|note| has_bare_note(line, note)) {
                findings.push(Finding::new(
                    &file.path,
                    index + 1,
                    format!("a {note} without an issue; write `{note}(#12)`, or do it"),
                ));
            }
        }
    }
    report(findings);
}

fn has_bare_note(line: &str, note: &str) -> bool {
    line.match_indices(note).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + note.len()..];
        let whole = !before.is_some_and(char::is_alphanumeric)
            && !after.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_');
        whole && !after.starts_with("(#")
    })
}

fn is_licence_or_lock(file: &TextFile) -> bool {
    matches!(file.name(), "LICENSE" | "Cargo.lock")
}

#[test]
fn no_path_of_one_machine() {
    let mut findings = Vec::new();
    let paths = [
        concat!("/wo", "rk/"),
        concat!("/tmp/st", "udio"),
        concat!("/ro", "ot/"),
        concat!("../sha", "red/"),
        concat!("/home", "/"),
    ];
    for file in tree::files().iter().filter(|file| !is_licence_or_lock(file)) {
        for (index, line) in file.text.lines().enumerate() {
            for path in paths.iter().filter(|path| begins_path(line, path)) {
                findings.push(Finding::new(
                    &file.path,
                    index + 1,
                    format!("`{path}` exists on one machine only; use a path from the repository, or ask for it in the configuration"),
                ));
            }
        }
    }
    report(findings);
}

/// Whether `path` begins a path in this line, instead of being the middle of a longer one.
fn begins_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        !line[..at].ends_with(|c: char| {
            c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '~' | '}' | '{' | ']' | '*')
        })
    })
}

/// Folders whose files are data for code: each file must be named by some source.
const DATA_FOLDERS: [&str; 4] = ["/reference/", "/golden/", "/fixtures/", "/corpus/"];

#[test]
fn no_dead_data_files() {
    let mut findings = Vec::new();
    let readers: Vec<&TextFile> = tree::files()
        .iter()
        .filter(|file| file.is_rust() || file.path.ends_with(".toml") || file.path.ends_with(".sh"))
        .collect();
    for file in tree::files() {
        let Some(folder) = DATA_FOLDERS.iter().find(|folder| file.path.contains(*folder)) else {
            continue;
        };
        let is_prose = file.path.ends_with(".md");
        // A test may read a whole folder: then the folder is what it names.
        let folder = folder.trim_matches('/');
        let read_whole = |reader: &&TextFile| reader.text.contains("read_dir") && reader.text.contains(folder);
        let named = readers.iter().any(|reader| reader.path != file.path && reader.text.contains(file.name()));
        if !is_prose && !named && !readers.iter().any(read_whole) {
            findings.push(Finding::new(&file.path, 1, "no source names this file; use it or delete it"));
        }
    }
    report(findings);
}

#[test]
fn links_in_the_prose_lead_somewhere() {
    let mut findings = Vec::new();
    let top = tree::top();
    for file in tree::files().iter().filter(|file| file.path.ends_with(".md")) {
        let folder = top.join(Path::new(&file.path).parent().unwrap_or(Path::new("")));
        for (index, line) in file.text.lines().enumerate() {
            for target in links(line) {
                let place = target.split('#').next().unwrap_or(target);
                if place.is_empty() || place.contains("://") || place.starts_with("mailto:") {
                    continue;
                }
                if !folder.join(place).exists() {
                    findings.push(Finding::new(
                        &file.path,
                        index + 1,
                        format!("the link to `{place}` is dead; mend or remove it"),
                    ));
                }
            }
        }
    }
    report(findings);
}

/// The targets of `[words](target)` in one line.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next())
}

#[test]
fn scripts_stop_at_the_first_fault() {
    let mut findings = Vec::new();
    for file in tree::files().iter().filter(|file| {
        file.text.starts_with("#!") && file.text.lines().next().is_some_and(|line| line.ends_with("bash"))
    }) {
        if !file.text.contains("set -euo pipefail") {
            findings.push(Finding::new(
                &file.path,
                1,
                "a script that goes on after a fault; begin with `set -euo pipefail`",
            ));
        }
    }
    report(findings);
}

#[test]
fn paths_and_notes_are_recognised_as_whole_words() {
    assert!(begins_path(concat!("read \"/wo", "rk/x\""), concat!("/wo", "rk/")));
    assert!(!begins_path(concat!("target/wo", "rk/x"), concat!("/wo", "rk/")));
    assert!(has_bare_note(concat!("// TO", "DO: later"), concat!("TO", "DO")));
    assert!(!has_bare_note(concat!("// TO", "DO(#7): later"), concat!("TO", "DO")));
    assert_eq!(links("see [a](b.md) and [c](d.md#e)").collect::<Vec<_>>(), ["b.md", "d.md#e"]);
}
