//! libFuzzer's entry to `targets::published_figure`.
#![no_main]

#[path = "../src/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::published_figure(data));
