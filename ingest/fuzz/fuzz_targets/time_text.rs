//! libFuzzer's entry to `targets::time_text`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| homeward_fuzz::targets::time_text(data));
