//! The themes of the outcomes framework (handbook, framework section 1): boards group indicators by them.

/// A theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Its code, as an `indicator.toml` has it. Codes are ours.
    pub code: &'static str,
    /// Its name for people.
    pub title: &'static str,
}

impl Theme {
    /// Every theme, in the order in which boards show them; what serves all of them or none comes last.
    pub const ALL: [Self; 7] = [
        Self { code: "T1", title: "Increased care in the community" },
        Self { code: "T2", title: "Provision of quality services and safe care" },
        Self { code: "T3", title: "Enhanced voluntary sector provision" },
        Self { code: "T4", title: "Improved service user experience" },
        Self { code: "T5", title: "Reduced demand on emergency services" },
        Self { code: "all", title: "Every theme" },
        Self { code: "ctx", title: "Context for the other figures" },
    ];
}
