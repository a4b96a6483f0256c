//! libFuzzer's entry to `targets::ucr_event`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| homeward_fuzz::targets::ucr_event(data));
