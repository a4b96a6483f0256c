//! libFuzzer's entry to `targets::csds_record`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| homeward_fuzz::targets::csds_record(data));
