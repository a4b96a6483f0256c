//! libFuzzer's entry to `targets::zip_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| homeward_fuzz::targets::zip_file(data));
