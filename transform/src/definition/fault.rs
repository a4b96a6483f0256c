//! One clear message per fault: what, where, how to mend.

use std::fmt;

/// Where in a file a fault is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The file as a whole.
    File,
    /// A line, counted from 1.
    Line(usize),
    /// A key of a TOML file, for example `target[1].value`.
    Key(String),
}

/// One fault of a definition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LintFinding {
    /// The file, relative to the definitions folder: `ucr-referrals/indicator.toml`.
    pub file: String,
    /// Where in the file.
    pub place: Place,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub mend: String,
}

impl LintFinding {
    pub(super) fn new(file: impl Into<String>, place: Place, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { file: file.into(), place, what: what.into(), mend: mend.into() }
    }
}

impl fmt::Display for LintFinding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.file)?;
        match &self.place {
            Place::File => {}
            Place::Line(line) => write!(formatter, ", line {line}")?,
            Place::Key(key) => write!(formatter, ", key '{key}'")?,
        }
        write!(formatter, ": {}. Mend: {}.", self.what, self.mend)
    }
}

/// Every fault found while loading; an input fault, so a retry helps only after an edit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text())]
pub struct DefinitionErrors {
    /// The faults, in order of file and place; never empty.
    pub findings: Vec<LintFinding>,
}

impl DefinitionErrors {
    pub(super) fn new(mut findings: Vec<LintFinding>) -> Self {
        findings.sort();
        findings.dedup();
        Self { findings }
    }

    fn text(&self) -> String {
        let lines: Vec<String> = self.findings.iter().map(ToString::to_string).collect();
        lines.join("\n")
    }
}

/// The line of a byte position, counted from 1.
pub(super) fn line_of(text: &str, position: usize) -> usize {
    text.bytes().take(position).filter(|byte| *byte == b'\n').count() + 1
}

/// Reads a TOML file into `T`; an unknown key, a missing field or a wrong type becomes one finding with its line.
pub(super) fn read_toml<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, LintFinding> {
    toml::from_str(text).map_err(|error| {
        let what = error.message().trim_end_matches('.').replace('\n', " ");
        let mend = if what.contains("unknown field") {
            "correct the spelling or remove the key"
        } else if what.contains("missing field") {
            "add the field"
        } else {
            "correct the value"
        };
        let place = error.span().map_or(Place::File, |span| Place::Line(line_of(text, span.start)));
        LintFinding::new(file, place, what, mend)
    })
}
