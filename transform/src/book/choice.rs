//! Which submissions are read: those that count, or the Primaries alone. One fold serves both.

use super::register::Register;
use super::submission::Identity;

/// A register, and which of its submissions are read.
#[derive(Clone, Copy)]
pub struct Choice<'a> {
    register: &'a Register,
    of: Of,
}

#[derive(Clone, Copy)]
enum Of {
    Counting,
    Primaries { withdrawn: bool },
}

impl<'a> Choice<'a> {
    /// The submissions that count.
    #[must_use]
    pub const fn counting(register: &'a Register) -> Self {
        Self { register, of: Of::Counting }
    }

    /// The Primary of each period, as if no Refresh had come. One that was withdrawn and has no successor is still read.
    #[must_use]
    pub const fn primaries(register: &'a Register) -> Self {
        Self { register, of: Of::Primaries { withdrawn: true } }
    }

    /// As [`Choice::primaries`], without those that were withdrawn.
    #[must_use]
    pub const fn standing_primaries(register: &'a Register) -> Self {
        Self { register, of: Of::Primaries { withdrawn: false } }
    }

    /// Every submission.
    #[must_use]
    pub const fn register(&self) -> &'a Register {
        self.register
    }

    /// True when the rows of a submission are read.
    #[must_use]
    pub fn takes(&self, submission: u32) -> bool {
        match self.of {
            Of::Counting => self.register.is_effective(submission),
            Of::Primaries { withdrawn } => self.register.is_primary(submission, withdrawn),
        }
    }

    /// Which submission it is.
    #[must_use]
    pub fn identity(&self, submission: u32) -> &'a Identity {
        self.register.identity(submission)
    }
}
