//! libFuzzer's entry to `definition_target::definition`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| homeward_fuzz::definition_target::definition(data));
