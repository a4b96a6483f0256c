//! Faults of a configuration: one message each, saying what, where and how to mend it.

use std::fmt;

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    /// Where: a file, a section and key (`[serve] bind`), or an environment variable.
    pub place: String,
    /// What is wrong. Never holds the value of a secret.
    pub what: String,
    /// What to write instead.
    pub mend: String,
}

impl ConfigFault {
    /// A fault from its three parts.
    pub fn new(place: impl Into<String>, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into(), mend: mend.into() }
    }
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}. Mend: {}", self.place, self.what, self.mend)
    }
}

/// Every fault found in one reading, so that nobody mends them one restart at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFaults(pub Vec<ConfigFault>);

impl fmt::Display for ConfigFaults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [only] => write!(formatter, "the configuration has a fault: {only}"),
            many => {
                write!(formatter, "the configuration has {} faults:", many.len())?;
                for (index, fault) in many.iter().enumerate() {
                    write!(formatter, "\n  {}. {fault}", index + 1)?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for ConfigFaults {}

/// The faults gathered so far.
#[derive(Default)]
pub(super) struct Faults(pub(super) Vec<ConfigFault>);

impl Faults {
    pub(super) fn add(&mut self, place: &str, what: impl Into<String>, mend: impl Into<String>) {
        self.0.push(ConfigFault::new(place, what, mend));
    }
}
