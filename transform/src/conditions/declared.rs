//! What a declared alert asks for: where it speaks, on how many people, from when and until when. The generator of the
//! rules of Prometheus and the conditions of the board both read it here, so that they cannot drift apart.

use chrono::{DateTime, TimeDelta, Utc};
use homeward_contract::time::london;

use crate::definition::{Alert, AlertFamily, Definition, DefinitionStatus, Direction, Kind, Target};
use crate::figure::Dimension;
use crate::statistics::{is_wholly_above, is_wholly_below};

/// Levels at which a clock alert speaks: whoever can still send somebody.
pub const CLOCK_LEVELS: [Dimension; 1] = [Dimension::Provider];
/// Levels at which a budget alert speaks: where the monthly figure is published and somebody is held to it.
pub const BUDGET_LEVELS: [Dimension; 2] = [Dimension::Provider, Dimension::Icb];
/// Levels at which a slip is told, the one that can act first.
pub const SLIP_LEVELS: [Dimension; 3] = [Dimension::Provider, Dimension::Lcp, Dimension::Icb];

/// z of the bound that a slip must cross to begin, as the handbook writes it.
pub const Z_BEGIN: f64 = 1.96;
/// z of the bound that it must cross back to end: one standard error, 68%. Our choice: with one bound for both, a single
/// visit near the line ends a slip and the next begins it anew; 90 simulated days then page one area up to five times in a
/// week.
pub const Z_END: f64 = 1.0;

/// The window over which a slip is worth waking somebody; over another it is an early sign, and a ticket.
const PAGE_WINDOW: &str = "28d";

/// How an alert behaves in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Seconds for which the condition must hold before anybody is told (`for`).
    pub hold_seconds: u32,
    /// Seconds for which the alert stays after the condition ceased (`keep_firing_for`).
    pub keep_seconds: u32,
}

impl Pace {
    /// People who wait now: at once, and not a moment longer than it is true.
    pub const AT_ONCE: Self = Self { hold_seconds: 0, keep_seconds: 0 };
    /// A page about a rate: a restatement passes within the half hour (handbook, alerting section 3).
    const PAGE: Self = Self { hold_seconds: 30 * 60, keep_seconds: 2 * 3600 };
    /// A ticket about a rate.
    const TICKET: Self = Self { hold_seconds: 3600, keep_seconds: 0 };

    pub(super) fn hold(self) -> TimeDelta {
        TimeDelta::seconds(self.hold_seconds.into())
    }

    pub(super) fn keep(self) -> TimeDelta {
        TimeDelta::seconds(self.keep_seconds.into())
    }
}

/// What a declared slip lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Incomplete {
    /// What is wrong.
    pub what: &'static str,
    /// What to write instead.
    pub mend: &'static str,
}

/// A declared slip, whole.
#[derive(Debug, Clone, Copy)]
pub struct Slip<'a> {
    /// The proportion.
    pub definition: &'a Definition,
    /// Name of the rule.
    pub rule: &'a str,
    /// The window that it reads.
    pub window: &'a str,
    /// Name of the target that it compares with.
    pub target: &'a str,
    /// Fewest people on whom it speaks.
    pub minimum: u64,
}

impl<'a> Slip<'a> {
    /// Reads a declared alert of the family.
    ///
    /// # Errors
    /// When it lacks what a slip needs.
    pub fn of(definition: &'a Definition, alert: &'a Alert) -> Result<Self, Incomplete> {
        let lacks = |what, mend| Incomplete { what, mend };
        if definition.kind != Kind::Proportion {
            return Err(lacks("needs a proportion", "only a proportion has a Wilson interval"));
        }
        Ok(Self {
            definition,
            rule: &alert.rule,
            window: alert.window.as_deref().ok_or_else(|| lacks("names no window", "add window = \"28d\""))?,
            target: alert.target.as_deref().ok_or_else(|| lacks("names no target", "add target = \"local\""))?,
            minimum: alert
                .minimum_denominator
                .ok_or_else(|| lacks("has no smallest denominator", "add minimum_denominator = 30"))?,
        })
    }

    /// True when it pages; else it is a ticket.
    #[must_use]
    pub fn pages(&self) -> bool {
        self.window == PAGE_WINDOW
    }

    /// How it behaves in time.
    #[must_use]
    pub fn pace(&self) -> Pace {
        if self.pages() { Pace::PAGE } else { Pace::TICKET }
    }

    /// The target line in force at an instant: it steps at midnight in London of its `valid_from`. Before the first there is
    /// none, and no slip.
    #[must_use]
    pub fn line(&self, as_of: DateTime<Utc>) -> Option<&'a Target> {
        self.definition.target_on(self.target, london(as_of).date())
    }

    /// True when the bound of that `z` lies wholly on the wrong side of a line. A bound on the line does not.
    #[must_use]
    pub fn is_beyond(&self, successes: u64, trials: u64, z: f64, line: f64) -> bool {
        match self.definition.direction {
            Direction::Down => is_wholly_above(successes, trials, z, line),
            Direction::Up | Direction::Context => is_wholly_below(successes, trials, z, line),
        }
    }
}

/// Every alert of a family that live definitions declare, in their order.
pub fn declared<'a>(
    definitions: impl Iterator<Item = &'a Definition>,
    family: AlertFamily,
) -> impl Iterator<Item = (&'a Definition, &'a Alert)> {
    definitions
        .filter(|definition| definition.status == DefinitionStatus::Live)
        .flat_map(|definition| definition.alerts.iter().map(move |alert| (definition, alert)))
        .filter(move |(_, alert)| alert.family == family)
}
