//! The demonstration's clock: it stands at chosen instants while history is laid down, then it runs.

use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use homeward_contract::clock::{Clock, ManualClock, ScaledClock};

/// Stands until [`DemoClock::start`], then runs fast.
#[derive(Debug)]
pub(super) struct DemoClock {
    standing: ManualClock,
    running: OnceLock<ScaledClock>,
}

impl DemoClock {
    /// Stands at an instant.
    pub(super) fn standing_at(instant: DateTime<Utc>) -> Self {
        Self { standing: ManualClock::new(instant), running: OnceLock::new() }
    }

    /// Stands at another instant.
    pub(super) fn stand_at(&self, instant: DateTime<Utc>) {
        self.standing.set(instant);
    }

    /// Runs from where it stands; a second call changes nothing.
    pub(super) fn start(&self, speed: f64) -> ScaledClock {
        *self.running.get_or_init(|| ScaledClock::starting_at(self.standing.now(), speed))
    }
}

impl Clock for DemoClock {
    fn now(&self) -> DateTime<Utc> {
        self.running.get().map_or_else(|| self.standing.now(), Clock::now)
    }
}
