//! libFuzzer's entry to `targets::quarantine_entry`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| homeward_fuzz::targets::quarantine_entry(data));
