//! Why no rules can be made from a set of definitions.

/// A definition asks for an alert that the generator cannot make.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{indicator}: alert '{rule}' of family {family} {what}. Mend: {mend}")]
pub struct AlertFault {
    /// Indicator id.
    pub indicator: String,
    /// Name of the rule.
    pub rule: String,
    /// Its family.
    pub family: &'static str,
    /// What is wrong.
    pub what: &'static str,
    /// What to write instead.
    pub mend: &'static str,
}
