//! libFuzzer's entry to `settings_target::read`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    homeward_fuzz::settings_target::read(data);
});
