//! libFuzzer's entry to `targets::time_text`.
#![no_main]

#[path = "../src/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::time_text(data));
