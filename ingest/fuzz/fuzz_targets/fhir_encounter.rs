//! libFuzzer's entry to `targets::fhir_encounter`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| homeward_fuzz::targets::fhir_encounter(data));
