//! Which snapshot one statement reads, and how often the figures of a role may change.
//!
//! All tables of a statement read the picture that the session's [`Pin`] holds, so that joins and sub-queries agree.
//! Roles that see exact figures read the newest snapshot. Roles under a public policy read a publication tick (handbook,
//! disclosure, section 2): days and months as they were known at the last London midnight or full hour. A tick never
//! changes once issued, because it is read from history, to which nothing can be added in its past.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Duration, DurationRound, Utc};
use homeward_contract::time::{local_midnight, london, next_local_midnight};
use homeward_transform::live::LiveError;
use homeward_transform::release::{Policy, Rounding};
use homeward_transform::snapshot::Snapshot;

use crate::source::Source;

/// A tick is issued so long after its instant, so that what was computed before it has been written to history.
const ISSUED_AFTER_MINUTES: i64 = 5;

/// How often the figures of a public role change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    /// At every full hour.
    Hour,
    /// At every London midnight.
    Day,
}

/// A word that names no tick.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown tick '{0}'; write \"day\" or \"hour\"")]
pub struct UnknownTick(pub String);

impl FromStr for Tick {
    type Err = UnknownTick;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "hour" => Ok(Self::Hour),
            "day" => Ok(Self::Day),
            other => Err(UnknownTick(other.to_owned())),
        }
    }
}

impl fmt::Display for Tick {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Hour => "hour",
            Self::Day => "day",
        })
    }
}

impl Tick {
    /// The tick of a policy for which none is set: none where exact figures are shown, else a day.
    #[must_use]
    pub fn of_policy(policy: &Policy) -> Option<Self> {
        (policy.rounding != Rounding::Exact).then_some(Self::Day)
    }

    /// The tick at which something that became known at an instant is published: the first one at or after it.
    #[must_use]
    pub fn at_or_after(self, instant: DateTime<Utc>) -> DateTime<Utc> {
        let before = self.at_or_before(instant);
        if before == instant {
            return instant;
        }
        match self {
            Self::Hour => before + Duration::hours(1),
            Self::Day => next_local_midnight(london(instant).date()),
        }
    }

    /// The newest tick that is out at an instant.
    #[must_use]
    pub fn last_issued(self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.at_or_before(now - Duration::minutes(ISSUED_AFTER_MINUTES))
    }

    fn at_or_before(self, instant: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Hour => instant.duration_trunc(Duration::hours(1)).unwrap_or(instant),
            Self::Day => local_midnight(london(instant).date()),
        }
    }
}

/// What a statement reads.
#[derive(Debug, Clone)]
pub(crate) enum Picture {
    /// A snapshot of the live path, or none before the first.
    Live(Option<Arc<Snapshot>>),
    /// The last publication tick.
    Tick(DateTime<Utc>),
}

/// Holds the picture that one statement, or one transaction, reads.
#[derive(Debug)]
pub struct Pin {
    source: Source,
    tick: Option<Tick>,
    held: Mutex<Picture>,
}

impl Pin {
    /// A pin on what is newest now. `tick` is that of the role: [`Tick::of_policy`] unless the configuration says more.
    #[must_use]
    pub fn new(source: &Source, tick: Option<Tick>) -> Self {
        let pin = Self { source: source.clone(), tick, held: Mutex::new(Picture::Live(None)) };
        pin.renew();
        pin
    }

    /// Moves on to what is newest now: before each statement outside a transaction, and when one begins.
    pub fn renew(&self) {
        let picture = match self.tick {
            None => Picture::Live(self.source.newest()),
            Some(tick) => Picture::Tick(tick.last_issued(self.source.clock.now())),
        };
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = picture;
    }

    /// The tick of the role; none where figures are live.
    #[must_use]
    pub const fn tick(&self) -> Option<Tick> {
        self.tick
    }

    pub(crate) fn picture(&self) -> Picture {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Picture {
    /// The snapshot behind the picture; a tick is read from the lake's history.
    ///
    /// # Errors
    /// When history cannot be read.
    pub(crate) async fn snapshot(&self, source: &Source) -> Result<Option<Arc<Snapshot>>, LiveError> {
        match self {
            Self::Live(snapshot) => Ok(snapshot.clone()),
            Self::Tick(instant) => source.at_tick(*instant).await,
        }
    }

    pub(crate) const fn is_tick(&self) -> bool {
        matches!(self, Self::Tick(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_ticks_at_the_midnight_of_london_and_an_hour_at_the_hour() {
        let now = at("2025-06-12T14:20:00Z");
        assert_eq!(Tick::Day.last_issued(now), at("2025-06-11T23:00:00Z"));
        assert_eq!(Tick::Hour.last_issued(now), at("2025-06-12T14:00:00Z"));
        assert_eq!(Tick::Hour.last_issued(at("2025-06-12T14:03:00Z")), at("2025-06-12T13:00:00Z"), "not out yet");
        assert_eq!(Tick::Day.at_or_after(now), at("2025-06-12T23:00:00Z"));
        assert_eq!(Tick::Day.at_or_after(at("2025-06-12T23:00:00Z")), at("2025-06-12T23:00:00Z"));
        assert_eq!(Tick::Day.at_or_after(at("2025-10-25T23:30:00Z")), at("2025-10-27T00:00:00Z"), "a day of 25 hours");
        assert_eq!(Tick::Hour.at_or_after(now), at("2025-06-12T15:00:00Z"));
    }

    #[test]
    fn a_rounding_policy_ticks_by_the_day_and_an_exact_one_not_at_all() {
        for policy in Policy::ALL {
            let expected = (policy.name != "internal-live").then_some(Tick::Day);
            assert_eq!(Tick::of_policy(&policy), expected, "{}", policy.name);
        }
        assert_eq!("hour".parse(), Ok(Tick::Hour));
        assert!("week".parse::<Tick>().unwrap_err().to_string().contains("\"day\""));
    }
}
