//! Which crate may know which: the arrows of the house, and its windows to the outside.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use crate::lexer::Code;
use crate::tree::{self, TextFile};
use crate::{Finding, report};

/// A member of the workspace: its folder, its name, and the homeward crates it may depend on.
struct Member {
    folder: &'static str,
    name: &'static str,
    may_use: &'static [&'static str],
}

const CONTRACT: &str = "homeward-contract";
const SIMULATOR: &str = "homeward-simulator";
const INGEST: &str = "homeward-ingest";
const TRANSFORM: &str = "homeward-transform";
const DASHBOARDS: &str = "homeward-dashboards";
const SQL: &str = "homeward-sql";

/// contract <- ingest <- transform <- dashboards, sql <- metrics-api; the simulator knows the contract alone, so that
/// it can stand in for the outside world in everybody's tests.
const MEMBERS: [Member; 7] = [
    Member { folder: "ingest/contract", name: CONTRACT, may_use: &[] },
    Member { folder: "ingest/simulator", name: SIMULATOR, may_use: &[CONTRACT] },
    Member { folder: "ingest", name: INGEST, may_use: &[CONTRACT] },
    Member { folder: "transform", name: TRANSFORM, may_use: &[CONTRACT, INGEST] },
    Member { folder: "dashboards", name: DASHBOARDS, may_use: &[CONTRACT, TRANSFORM] },
    Member { folder: "metrics-api/sql", name: SQL, may_use: &[CONTRACT, TRANSFORM] },
    Member {
        folder: "metrics-api",
        name: "homeward-metrics-api",
        may_use: &[CONTRACT, SIMULATOR, INGEST, TRANSFORM, DASHBOARDS, SQL],
    },
];

/// Each outside world and the crates that name it: one, but for the SQL engine, which runs definitions in one crate
/// and answers clients in another.
const WINDOWS: [(&str, &[&str]); 10] = [
    ("rdkafka", &["ingest"]),
    ("deltalake", &["ingest"]),
    ("object_store", &["ingest"]),
    ("calamine", &["ingest"]),
    ("er7", &["ingest"]),
    ("datafusion", &["transform", "metrics-api/sql"]),
    ("datafusion_postgres", &["metrics-api/sql"]),
    ("prometheus", &["metrics-api"]),
    ("axum", &["metrics-api"]),
    ("clap", &["metrics-api"]),
];

/// The member whose folder holds the file: the longest match, as `ingest` also holds `ingest/contract`.
fn member_of(path: &str) -> Option<&'static Member> {
    let holds = |member: &&Member| path.strip_prefix(member.folder).is_some_and(|rest| rest.starts_with('/'));
    MEMBERS.iter().filter(holds).max_by_key(|member| member.folder.len())
}

fn is_fuzz_crate(file: &TextFile) -> bool {
    file.path.contains("/fuzz/")
}

fn manifests() -> impl Iterator<Item = (&'static Member, &'static TextFile, Table)> {
    MEMBERS.iter().map(|member| {
        let path = format!("{}/Cargo.toml", member.folder);
        let file = tree::files().iter().find(|file| file.path == path);
        let file = file.unwrap_or_else(|| panic!("{path}: the manifest is missing"));
        let table = file.text.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
        (member, file, table)
    })
}

/// The dependencies of one section, as written.
fn dependencies<'a>(manifest: &'a Table, section: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    manifest.get(section).and_then(Value::as_table).into_iter().flatten()
}

/// The first line that mentions the dependency, for the message.
fn line_of(file: &TextFile, name: &str) -> usize {
    file.text.lines().position(|line| line.starts_with(name)).map_or(1, |index| index + 1)
}

#[test]
fn arrows_point_one_way() {
    let mut findings = Vec::new();
    for (member, file, manifest) in manifests() {
        for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
            for (name, _) in dependencies(&manifest, section) {
                let planted_input = section == "dev-dependencies" && name == SIMULATOR;
                if !name.starts_with("homeward-") || planted_input || member.may_use.contains(&name.as_str()) {
                    continue;
                }
                findings.push(Finding::new(
                    &file.path,
                    line_of(file, name),
                    format!(
                        "{} may not depend on {name}: arrows go contract <- ingest <- transform <- dashboards, \
                         metrics-api/sql <- metrics-api; move what both need towards the contract",
                        member.name
                    ),
                ));
            }
        }
    }
    report(findings);
}

#[test]
fn each_outside_world_has_one_window_in_the_manifests() {
    let mut findings = Vec::new();
    for (member, file, manifest) in manifests() {
        for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
            for (name, _) in dependencies(&manifest, section) {
                let world = WINDOWS.iter().find(|(world, _)| *world == name.replace('-', "_"));
                let Some((world, owners)) = world else { continue };
                if !owners.contains(&member.folder) {
                    let owner = owners.join(" and ");
                    findings.push(Finding::new(
                        &file.path,
                        line_of(file, name),
                        format!("only {owner} names {world}: use what {owner} offers, or extend it there"),
                    ));
                }
            }
        }
    }
    report(findings);
}

#[test]
fn each_outside_world_has_one_window_in_the_code() {
    let mut findings = Vec::new();
    for file in tree::files().iter().filter(|file| file.is_rust() && !is_fuzz_crate(file)) {
        let Some(member) = member_of(&file.path) else { continue };
        for (index, line) in Code::of(&file.text).lines.iter().enumerate() {
            for (world, owners) in WINDOWS.iter().filter(|(_, owners)| !owners.contains(&member.folder)) {
                if names_crate(line, world) {
                    let owner = owners.join(" and ");
                    findings.push(Finding::new(
                        &file.path,
                        index + 1,
                        format!("only {owner} names {world}: use what {owner} offers, or extend it there"),
                    ));
                }
            }
        }
    }
    report(findings);
}

/// Whether the line uses the crate: `world::…`, `use world;`, `extern crate world`.
fn names_crate(line: &str, world: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(world).any(|(at, _)| {
        let before = &line[..at];
        let after = &line[at + world.len()..];
        // A module of our own may carry the name of the world that it faces (`crate::prometheus`).
        let ours = ["crate::", "super::", "self::"].iter().any(|prefix| before.ends_with(prefix));
        let whole = !before.ends_with(part_of_word) && !after.starts_with(part_of_word);
        let imported = before.trim_end().ends_with("use") || before.trim_end().ends_with("extern crate");
        whole && !ours && (after.starts_with("::") || imported)
    })
}

#[test]
fn versions_live_in_the_workspace_alone() {
    let mut findings = Vec::new();
    for (_, file, manifest) in manifests() {
        for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
            for (name, value) in dependencies(&manifest, section) {
                let inherited = value.get("workspace").and_then(Value::as_bool) == Some(true);
                if !inherited {
                    findings.push(Finding::new(
                        &file.path,
                        line_of(file, name),
                        format!("{name} has a version of its own; write `{name}.workspace = true` and put the version into the top Cargo.toml"),
                    ));
                }
            }
        }
        if manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(Value::as_bool) != Some(true) {
            findings.push(Finding::new(
                &file.path,
                1,
                "the workspace's lints are not taken over; add `[lints] workspace = true`",
            ));
        }
    }
    report(findings);
}

#[test]
fn every_dependency_is_used() {
    let mut findings = Vec::new();
    let mut declared = BTreeSet::new();
    let sources = sources_by_member();
    for (member, file, manifest) in manifests() {
        let code = sources.get(member.folder).map_or("", String::as_str);
        for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
            for (name, _) in dependencies(&manifest, section) {
                declared.insert(name.clone());
                if !mentions(code, &name.replace('-', "_")) {
                    findings.push(Finding::new(
                        &file.path,
                        line_of(file, name),
                        format!(
                            "{name} is never named in {}; remove it, every dependency costs build time",
                            member.folder
                        ),
                    ));
                }
            }
        }
    }
    let top = tree::files().iter().find(|file| file.path == "Cargo.toml").expect("the top manifest");
    let manifest: Table = top.text.parse().expect("the top manifest is TOML");
    let offered = manifest.get("workspace").and_then(|w| w.get("dependencies")).and_then(Value::as_table);
    for name in offered.into_iter().flatten().map(|(name, _)| name).filter(|name| !declared.contains(*name)) {
        findings.push(Finding::new(&top.path, line_of(top, name), format!("{name} is used by no member; remove it")));
    }
    report(findings);
}

fn sources_by_member() -> BTreeMap<&'static str, String> {
    let mut sources: BTreeMap<&'static str, String> = BTreeMap::new();
    for file in tree::files().iter().filter(|file| file.is_rust() && !is_fuzz_crate(file)) {
        if let Some(member) = member_of(&file.path) {
            sources.entry(member.folder).or_default().push_str(&file.text);
        }
    }
    sources
}

fn mentions(code: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word)
        .any(|(at, _)| !code[..at].ends_with(part_of_word) && !code[at + word.len()..].starts_with(part_of_word))
}

/// Pure rooms: no file, socket, environment or async in them, so that they are tested by calling them.
const PURE: [&str; 15] = [
    "dashboards/src",
    "ingest/contract/src/",
    "ingest/src/adt",
    "ingest/src/decode",
    "transform/src/conditions",
    "transform/src/spans/",
    "transform/src/statistics",
    "transform/src/release",
    "transform/src/levels.rs",
    "transform/src/percentile.rs",
    "transform/src/book",
    "transform/src/feedback",
    "transform/src/at_home/",
    "transform/src/states/",
    "transform/src/wards/",
];

const IMPURE: [&str; 6] = ["std::fs", "std::net", "std::env", "std::process", "tokio::", "async fn"];

#[test]
fn pure_rooms_do_no_input_or_output() {
    let mut findings = Vec::new();
    let pure = |file: &&TextFile| file.is_rust() && PURE.iter().any(|room| file.path.starts_with(room));
    for file in tree::files().iter().filter(pure) {
        let code = Code::of(&file.text);
        for (number, line) in code.outside_tests() {
            for word in IMPURE.iter().filter(|word| line.contains(*word)) {
                findings.push(Finding::new(
                    &file.path,
                    number,
                    format!("`{word}` in a pure room; take the value as an argument and do the work at the edge"),
                ));
            }
        }
    }
    report(findings);
}

#[test]
fn the_time_of_day_is_read_in_one_place() {
    let mut findings = Vec::new();
    for file in tree::files().iter().filter(|file| file.is_rust() && !file.is_test_code()) {
        // The lake stamps its own files and commits, as the Delta protocol asks; no fact carries that time.
        if file.path == "ingest/contract/src/clock.rs" || file.path.starts_with("ingest/src/lake/") {
            continue;
        }
        for (number, line) in Code::of(&file.text).outside_tests() {
            if ["Utc::now(", "Local::now(", "SystemTime::now("].iter().any(|call| line.contains(call)) {
                findings.push(Finding::new(
                    &file.path,
                    number,
                    "reads the time of day; take a `Clock` (homeward_contract::clock), so that time can be driven",
                ));
            }
        }
    }
    report(findings);
}

#[test]
fn a_crate_is_named_only_by_a_path_or_an_import() {
    assert!(names_crate("use rdkafka::Message;", "rdkafka"));
    assert!(names_crate("let x = deltalake::datafusion::sql();", "datafusion"));
    assert!(!names_crate("mod prometheus;", "prometheus"));
    assert!(!names_crate("crate::prometheus::render()", "prometheus"));
    assert!(!names_crate("let clapper = 1;", "clap"));
}
