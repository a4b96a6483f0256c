//! libFuzzer's entry to `targets::adt_message`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| homeward_fuzz::targets::adt_message(data));
