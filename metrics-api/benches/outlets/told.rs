//! What the house's process says, a line of JSON at a time.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::ChildStdout;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::stand::Fault;

/// The role of every SQL client.
pub(crate) const ROLE: &str = "bench";

/// Longest wait for a word.
const PATIENCE: Duration = Duration::from_secs(600);

/// Its password; no secret, as the outlet is reached from this machine alone and holds made-up figures.
pub(crate) fn password() -> String {
    "benchmark-not-secret".to_owned()
}

/// One line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "told", rename_all = "snake_case")]
pub(crate) enum Told {
    /// The outlets answer.
    Serving { http: String, sql: u16 },
    /// Durable records and processor time.
    Used(Used),
    /// A snapshot reached the outlets.
    Shown { at: i64, referrals: u64 },
    /// All was as planted.
    Ended { providers: Value, peak_mib: f64 },
}

/// Durable records, and processor time until then.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Used {
    /// Microseconds since 1970.
    pub(crate) at: i64,
    pub(crate) durable: u64,
    /// Of all threads.
    pub(crate) cpu_seconds: f64,
    /// Of the SQL outlet's threads.
    pub(crate) sql_cpu_seconds: f64,
    /// Of the threads that receive and check records, but for those that live only as long as one batch.
    pub(crate) ingest_cpu_seconds: f64,
}

impl Told {
    /// Says it.
    pub(crate) fn tell(&self) -> Result<(), Fault> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        let mut out = std::io::stdout().lock();
        out.write_all(&line)?;
        Ok(out.flush()?)
    }
}

/// Everything said so far.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<(Mutex<Lines>, Condvar)>);

#[derive(Default)]
struct Lines {
    lines: Vec<Told>,
    over: bool,
}

impl Heard {
    /// Listens until the process ends.
    pub(crate) fn listen(&self, output: ChildStdout) {
        let heard = self.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Ok(told) = serde_json::from_str(&line) {
                    heard.change(|lines| lines.lines.push(told));
                }
            }
            heard.change(|lines| lines.over = true);
        });
    }

    fn change(&self, with: impl FnOnce(&mut Lines)) {
        with(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.1.notify_all();
    }

    /// All lines so far.
    pub(crate) fn lines(&self) -> Vec<Told> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).lines.clone()
    }

    /// The first line that `pick` takes.
    pub(crate) fn wait<T>(&self, what: &str, pick: impl Fn(&Told) -> Option<T>) -> Result<T, Fault> {
        let lines = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = |lines: &mut Lines| !lines.over && !lines.lines.iter().any(|line| pick(line).is_some());
        let waited = self.0.1.wait_timeout_while(lines, PATIENCE, missing);
        let (lines, _) = waited.unwrap_or_else(PoisonError::into_inner);
        lines.lines.iter().find_map(&pick).ok_or_else(|| format!("the house ended or hung before it {what}").into())
    }
}
