//! What to measure, from `HOMEWARD_BENCH_...`; children of a benchmark get their part the same way.

use std::str::FromStr;

use super::Fault;

/// The text of a variable, if it is set.
pub(crate) fn text(name: &str) -> Option<String> {
    std::env::var(format!("HOMEWARD_BENCH_{name}")).ok()
}

/// A number, or what is usual.
pub(crate) fn number<T: FromStr>(name: &str, usual: T) -> Result<T, Fault> {
    match text(name) {
        None => Ok(usual),
        Some(text) => text.parse().map_err(|_| format!("HOMEWARD_BENCH_{name}={text} is not a number").into()),
    }
}
