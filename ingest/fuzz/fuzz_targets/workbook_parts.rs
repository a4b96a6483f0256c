//! libFuzzer's entry to `targets::workbook_parts`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| homeward_fuzz::targets::workbook_parts(data));
