//! libFuzzer's entry to `targets::submission_text`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| homeward_fuzz::targets::submission_text(data));
