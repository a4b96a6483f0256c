//! libFuzzer's entry to `targets::state_event`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| homeward_fuzz::targets::state_event(data));
