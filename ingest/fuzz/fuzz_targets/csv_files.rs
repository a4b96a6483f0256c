//! libFuzzer's entry to `targets::csv_files`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| homeward_fuzz::targets::csv_files(data));
