//! libFuzzer's entry to `targets::zip_file`.
#![no_main]

#[path = "../src/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::zip_file(data));
