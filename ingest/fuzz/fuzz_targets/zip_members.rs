//! libFuzzer's entry to `targets::zip_members`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| homeward_fuzz::targets::zip_members(data));
