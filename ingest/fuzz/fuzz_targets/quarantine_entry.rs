//! libFuzzer's entry to `targets::quarantine_entry`.
#![no_main]

#[path = "../src/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::quarantine_entry(data));
