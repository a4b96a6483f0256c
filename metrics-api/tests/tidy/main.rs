//! The house rules as tests: what a review would say twice is said here instead.
//!
//! Each test reads the files of the repository (never the compiled program), collects every breach and fails with one
//! line a breach: `file:line: what is wrong; how to mend it`. A rule that proves wrong is changed here, in the open,
//! not worked around at the place that breaks it.

#![allow(clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

mod crates;
mod definitions;
mod files;
mod lexer;
mod source;
mod tree;

use std::fmt;

/// One breach of one rule.
struct Finding {
    path: String,
    line: usize,
    words: String,
}

impl Finding {
    fn new(path: &str, line: usize, words: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, words: words.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.words)
    }
}

/// Fails with all findings, or passes when there are none.
fn report(mut findings: Vec<Finding>) {
    if findings.is_empty() {
        return;
    }
    findings.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    panic!("{} breach(es) of a house rule:\n{}", lines.len(), lines.join("\n"));
}
