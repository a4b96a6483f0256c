//! The short run of the reader of definitions; see `ingest/fuzz/src/smoke.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

#[path = "../../ingest/fuzz/src/definition_target.rs"]
mod definition_target;
#[path = "../../ingest/fuzz/src/smoke.rs"]
mod smoke;

#[test]
fn definition() {
    smoke::run("definition", definition_target::definition, 60);
}

#[test]
fn the_kept_inputs_are_accepted() {
    for (name, seed) in smoke::sound("definition") {
        assert!(definition_target::loaded(&seed).is_some(), "definition/{name}");
    }
}
