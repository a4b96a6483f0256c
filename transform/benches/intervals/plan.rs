//! What to measure, from the environment; children of the benchmark get their part the same way.

use std::path::PathBuf;
use std::str::FromStr;

use crate::Fault;
use crate::people::Devon;
use crate::wards::England;
use crate::world::World;

/// The whole measurement.
pub(crate) struct Plan {
    pub(crate) role: Role,
    /// Names of the questions.
    pub(crate) questions: Vec<String>,
    /// Late corrections, one after the other.
    pub(crate) corrections: u64,
    /// Threads of DuckDB.
    pub(crate) threads: usize,
    /// A Python that has the package `duckdb`; without one that half is left out.
    pub(crate) python: String,
    wards: England,
    nights: Devon,
}

/// Which process this is.
pub(crate) enum Role {
    Whole,
    /// Answers one question from the lake in a folder.
    Homeward {
        question: String,
        folder: PathBuf,
    },
}

impl Plan {
    /// Reads `HOMEWARD_BENCH_...`.
    pub(crate) fn from_environment() -> Result<Self, Fault> {
        let questions = text("QUESTIONS").unwrap_or_else(|| "wards,nights".to_owned());
        Ok(Self {
            role: match (text("QUESTION"), text("FOLDER")) {
                (Some(question), Some(folder)) => Role::Homeward { question, folder: folder.into() },
                _ => Role::Whole,
            },
            questions: questions.split(',').map(str::to_owned).collect(),
            corrections: number("CORRECTIONS", 20)?,
            threads: number("THREADS", 2)?,
            python: text("PYTHON").unwrap_or_else(|| "python3".to_owned()),
            wards: England::new(number("BEDS", 600)?, number("STAYS_A_WEEK", 500)?, number("WARD_YEARS", 1)?)?,
            nights: Devon::new(number("PEOPLE", 20_000)?, number("YEARS", 3)?)?,
        })
    }

    /// What a question is asked of.
    pub(crate) fn world(&self, question: &str) -> Result<Box<dyn World>, Fault> {
        match question {
            "wards" => Ok(Box::new(self.wards)),
            "nights" => Ok(Box::new(self.nights)),
            other => {
                Err(format!("HOMEWARD_BENCH_QUESTIONS: {other} is not a question; ask wards, nights or both").into())
            }
        }
    }
}

fn text(name: &str) -> Option<String> {
    std::env::var(format!("HOMEWARD_BENCH_{name}")).ok()
}

fn number<T: FromStr>(name: &str, usual: T) -> Result<T, Fault> {
    match text(name) {
        None => Ok(usual),
        Some(text) => text.parse().map_err(|_| format!("HOMEWARD_BENCH_{name}={text} is not a number").into()),
    }
}
