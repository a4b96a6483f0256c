//! The short run of the reader of settings, and of what checks their meaning; see `ingest/fuzz/src/smoke.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

#[path = "../../ingest/fuzz/src/settings_target.rs"]
mod settings_target;
#[path = "../../ingest/fuzz/src/smoke.rs"]
mod smoke;

use homeward_metrics_api::config::{Config, Role};

/// Settings that can be read are a configuration that can be used, or have a fault that is named.
fn settings(data: &[u8]) {
    let Some(settings) = settings_target::read(data) else { return };
    if let Err(faults) = Config::check(settings, &[Role::Ingest, Role::Transform, Role::Serve]) {
        assert!(!faults.0.is_empty(), "a refusal names a fault");
    }
}

#[test]
fn settings_and_their_meaning() {
    smoke::run("settings", settings, 1_500);
}

#[test]
fn the_kept_inputs_are_read() {
    for (name, seed) in smoke::sound("settings") {
        assert!(settings_target::read(&seed).is_some(), "settings/{name}");
    }
}
