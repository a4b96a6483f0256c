//! libFuzzer's entry to `targets::event_lines`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| homeward_fuzz::targets::event_lines(data));
