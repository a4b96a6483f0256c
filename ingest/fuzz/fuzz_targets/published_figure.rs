//! libFuzzer's entry to `targets::published_figure`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| homeward_fuzz::targets::published_figure(data));
