//! The indicators that are part of the program.

/// One folder of `indicators/`, as it was when the program was built.
pub(super) struct BuiltinFolder {
    pub(super) id: &'static str,
    pub(super) toml: &'static str,
    /// None where another folder's is used.
    pub(super) sql: Option<&'static str>,
    /// File name and text of each case file.
    pub(super) cases: &'static [(&'static str, &'static str)],
}

/// Every folder, in order of id; listed by `build.rs`.
pub(super) const BUILTIN: &[BuiltinFolder] = include!(concat!(env!("OUT_DIR"), "/indicators.rs"));
