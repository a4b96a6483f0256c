//! libFuzzer's entry to `targets::workbook`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| homeward_fuzz::targets::workbook(data));
