//! What the fuzz target of `homeward.toml` demands; see `targets.rs`.

#![allow(unreachable_pub, reason = "the fuzz crate and the tests both compile this file")]
#![allow(clippy::expect_used, reason = "a panic is how a target reports what it found")]

use homeward_metrics_api::config::{Settings, read_settings};

/// The settings of `homeward.toml` up to the first zero byte and of the environment after it, a `NAME=value` a line; none
/// when they are refused.
pub fn read(data: &[u8]) -> Option<Settings> {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let text = parts.next().unwrap_or_default();
    let environment = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let environment = environment.lines().filter_map(|line| line.split_once('='));
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    std::fs::write(file.path(), text).expect("the file can be written");
    match read_settings(Some(file.path()), environment) {
        Ok(settings) => {
            assert!(!format!("{settings:?}").is_empty());
            Some(settings)
        }
        Err(faults) => {
            assert!(!faults.0.is_empty(), "a refusal names a fault");
            for fault in &faults.0 {
                assert!(!fault.place.is_empty() && !fault.what.is_empty() && !fault.mend.is_empty(), "{fault}");
            }
            None
        }
    }
}
