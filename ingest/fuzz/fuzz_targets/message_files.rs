//! libFuzzer's entry to `targets::message_files`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| homeward_fuzz::targets::message_files(data));
