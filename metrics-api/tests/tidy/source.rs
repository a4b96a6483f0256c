//! Rules for Rust source: size, forbidden calls, first lines.

use crate::lexer::{Code, end_of_item};
use crate::tree::{self, TextFile};
use crate::{Finding, report};

/// Lines of code (neither blank nor comment) that a file may hold outside its tests.
const CODE_LINES_MAX: usize = 400;
/// Lines of any kind outside tests: documentation may make a file long, but not endless.
const LINES_MAX: usize = 500;
/// Lines of code of a file that holds nothing but tests.
const TEST_CODE_LINES_MAX: usize = 500;
/// Lines of one function outside tests, signature included: a screen.
const FUNCTION_LINES_MAX: usize = 80;

fn rust_files() -> impl Iterator<Item = &'static TextFile> {
    tree::files().iter().filter(|file| file.is_rust())
}

#[test]
fn files_have_one_job_and_its_size() {
    let mut findings = Vec::new();
    for file in rust_files() {
        let code = Code::of(&file.text);
        let lines = code.outside_tests().count();
        let lines_of_code = code.outside_tests().filter(|(_, line)| !line.trim().is_empty()).count();
        let limit = if file.is_test_code() { TEST_CODE_LINES_MAX } else { CODE_LINES_MAX };
        if lines_of_code > limit {
            findings.push(Finding::new(
                &file.path,
                1,
                format!("{lines_of_code} lines of code, {limit} are allowed; a file with two jobs is two files"),
            ));
        } else if lines > LINES_MAX && !file.is_test_code() {
            findings.push(Finding::new(
                &file.path,
                1,
                format!("{lines} lines outside tests, {LINES_MAX} are allowed; split it, or move prose to docs/"),
            ));
        }
    }
    report(findings);
}

#[test]
fn functions_fit_a_screen() {
    let mut findings = Vec::new();
    for file in rust_files().filter(|file| !file.is_test_code()) {
        let code = Code::of(&file.text);
        for (number, line) in code.outside_tests().filter(|(_, line)| begins_function(line)) {
            let length = end_of_item(&code.lines, number - 1) + 2 - number;
            if length > FUNCTION_LINES_MAX {
                let name = line.split("fn ").nth(1).and_then(|rest| rest.split(['(', '<']).next()).unwrap_or("?");
                findings.push(Finding::new(
                    &file.path,
                    number,
                    format!("`{name}` has {length} lines, {FUNCTION_LINES_MAX} are allowed; name its steps and make them functions"),
                ));
            }
        }
    }
    report(findings);
}

fn begins_function(line: &str) -> bool {
    let mut words = line.split_whitespace().peekable();
    while let Some(word) = words.next() {
        match word {
            "fn" => {
                return words.peek().is_some_and(|name| name.starts_with(|c: char| c.is_alphabetic() || c == '_'));
            }
            "pub" | "async" | "const" | "unsafe" | "extern" => {}
            _ if word.starts_with("pub(") => {}
            _ => return false,
        }
    }
    false
}

/// What must not be left in code that runs for people, and what to write instead.
const FORBIDDEN: [(&str, &str); 4] = [
    (".unwrap()", "return an error that says what, where and how to mend; or `expect` with a reason that proves it"),
    ("todo!(", "finish it, or leave the door out"),
    ("unimplemented!(", "finish it, or leave the door out"),
    ("dbg!(", "use tracing, or remove it"),
];

#[test]
fn nothing_unfinished_outside_tests() {
    let mut findings = Vec::new();
    for file in rust_files().filter(|file| !file.is_test_code()) {
        for (number, line) in Code::of(&file.text).outside_tests() {
            for (word, mend) in FORBIDDEN.iter().filter(|(word, _)| line.contains(word)) {
                findings.push(Finding::new(&file.path, number, format!("`{word}` outside tests; {mend}")));
            }
        }
    }
    report(findings);
}

#[test]
fn silenced_lints_say_why() {
    let mut findings = Vec::new();
    for file in rust_files() {
        let code = Code::of(&file.text);
        let raw: Vec<&str> = file.text.lines().collect();
        for (index, _) in code.lines.iter().enumerate().filter(|(_, line)| silences(line)) {
            // The attribute may run over a few lines.
            let attribute = code.lines[index..].iter().take(8);
            let end = attribute.clone().position(|line| line.contains(")]")).map_or(1, |end| end + 1);
            let says_why = attribute.take(end).any(|line| line.contains("reason"));
            let comment_above = index > 0 && raw[index - 1].trim_start().starts_with("// ");
            if !says_why && !comment_above {
                let mend = "a silenced lint without its reason; write `#[expect(lint, reason = \"...\")]`";
                findings.push(Finding::new(&file.path, index + 1, mend));
            }
        }
    }
    report(findings);
}

fn silences(line: &str) -> bool {
    let attribute = line.trim_start();
    ["#[allow(", "#![allow(", "#[expect(", "#![expect("].iter().any(|start| attribute.starts_with(start))
}

#[test]
fn every_file_begins_by_saying_what_it_is() {
    let mut findings = Vec::new();
    // The tests of a module in a file of their own (`x_tests.rs` of `x.rs`) need no introduction.
    let attached = |file: &TextFile| file.name() == "tests.rs" || file.name().ends_with("_tests.rs");
    for file in rust_files().filter(|file| !file.text.starts_with("//! ") && !attached(file)) {
        findings.push(Finding::new(
            &file.path,
            1,
            "the first line is no `//!` documentation; say in a sentence what the file is for",
        ));
    }
    report(findings);
}

/// rustc never sees a file that no `mod` names: it would rot unnoticed.
#[test]
fn every_source_file_is_compiled() {
    let mut findings = Vec::new();
    for file in rust_files().filter(|file| !is_root(&file.path)) {
        let Some((folder, stem)) = place_in_tree(&file.path) else { continue };
        let parents = [
            format!("{folder}.rs"),
            format!("{folder}/mod.rs"),
            format!("{folder}/lib.rs"),
            format!("{folder}/main.rs"),
        ];
        let declared = rust_files().any(|other| {
            let parent = parents.contains(&other.path) && declares(&other.text, stem);
            parent || (other.text.contains("#[path") && other.text.contains(&format!("{}\"", file.name())))
        });
        if !declared {
            findings.push(Finding::new(
                &file.path,
                1,
                format!("no `mod {stem};` names this file, so it is never compiled; declare it or delete it"),
            ));
        }
    }
    report(findings);
}

/// A file that cargo compiles by its place.
fn is_root(path: &str) -> bool {
    let parts: Vec<&str> = path.rsplitn(3, '/').collect();
    match parts.as_slice() {
        [name, folder, ..] => {
            matches!(
                (*folder, *name),
                ("src", "lib.rs" | "main.rs") | ("tests" | "benches" | "bin" | "examples" | "fuzz_targets", _)
            ) || (*name == "main.rs" && (path.contains("/tests/") || path.contains("/benches/")))
                || *name == "build.rs"
        }
        _ => false,
    }
}

/// The folder whose module declares the file, and the module's name.
fn place_in_tree(path: &str) -> Option<(&str, &str)> {
    let (folder, name) = path.rsplit_once('/')?;
    match name.strip_suffix(".rs")? {
        "mod" => folder.rsplit_once('/'),
        stem => Some((folder, stem)),
    }
}

fn declares(text: &str, stem: &str) -> bool {
    Code::of(text).lines.iter().any(|line| {
        let declaration = line.trim();
        let module = declaration.rsplit_once("mod ").map(|(_, name)| name.trim_end_matches([';', '{', ' ']));
        module == Some(stem)
    })
}

#[test]
fn a_function_begins_where_it_is_declared() {
    assert!(begins_function("    pub(crate) async fn run<'a>(self) {"));
    assert!(!begins_function("    handler: fn(usize) -> bool,"));
    assert!(!begins_function("let fnord = 1;"));
}
