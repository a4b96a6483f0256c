//! libFuzzer's entry to `settings_target::settings`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| homeward_fuzz::settings_target::settings(data));
