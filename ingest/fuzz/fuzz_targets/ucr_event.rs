//! libFuzzer's entry to `targets::ucr_event`.
#![no_main]

#[path = "../src/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::ucr_event(data));
