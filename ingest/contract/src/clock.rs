//! Where "now" comes from: the only place of this crate that may ask the machine.
//!
//! Everything that depends on the present takes a [`Clock`], so a test can hold time still and the demonstration can
//! let it run sixty times faster.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// A source of the present instant.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The present instant as this clock sees it.
    fn now(&self) -> DateTime<Utc>;
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> DateTime<Utc> {
        (**self).now()
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A clock that starts at a simulated instant and runs `speed` times as fast as the machine's.
#[derive(Debug, Clone, Copy)]
pub struct ScaledClock {
    origin_real: DateTime<Utc>,
    origin_simulated: DateTime<Utc>,
    speed: f64,
}

impl ScaledClock {
    /// A clock that reads `origin_simulated` when the machine's clock reads `origin_real`.
    ///
    /// `speed` is simulated seconds a real second; a value that is not finite or is negative counts as 1.
    #[must_use]
    pub fn new(origin_real: DateTime<Utc>, origin_simulated: DateTime<Utc>, speed: f64) -> Self {
        let speed = if speed.is_finite() && speed >= 0.0 { speed } else { 1.0 };
        Self { origin_real, origin_simulated, speed }
    }

    /// A clock that reads `origin_simulated` now.
    #[must_use]
    pub fn starting_at(origin_simulated: DateTime<Utc>, speed: f64) -> Self {
        Self::new(Utc::now(), origin_simulated, speed)
    }

    /// Simulated seconds a real second.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// What the clock reads at a real instant.
    #[must_use]
    pub fn at(&self, real: DateTime<Utc>) -> DateTime<Utc> {
        let elapsed = real.signed_duration_since(self.origin_real);
        let micros = elapsed.num_microseconds().unwrap_or(i64::MAX);
        // A float holds microseconds exactly for 285 years; beyond that nobody runs a demonstration.
        let scaled = (micros as f64 * self.speed).round() as i64;
        self.origin_simulated.checked_add_signed(TimeDelta::microseconds(scaled)).unwrap_or(self.origin_simulated)
    }

    /// How long to wait in real time until the clock reads `simulated`; zero when that has passed.
    #[must_use]
    pub fn real_wait_until(&self, simulated: DateTime<Utc>, real_now: DateTime<Utc>) -> std::time::Duration {
        let ahead = simulated.signed_duration_since(self.at(real_now));
        match ahead.to_std() {
            Ok(ahead) if ahead.is_zero() => std::time::Duration::ZERO,
            // A clock that stands still, or all but, never gets there: no division that could overflow.
            Ok(ahead) => std::time::Duration::try_from_secs_f64(ahead.as_secs_f64() / self.speed)
                .unwrap_or(std::time::Duration::MAX),
            Err(_) => std::time::Duration::ZERO,
        }
    }
}

impl Clock for ScaledClock {
    fn now(&self) -> DateTime<Utc> {
        self.at(Utc::now())
    }
}

/// A clock that moves only when told to.
#[derive(Debug)]
pub struct ManualClock {
    /// Microseconds since 1970: an atomic, so that tests can share the clock across threads without a lock.
    micros: AtomicI64,
}

impl ManualClock {
    /// A clock standing at `now`, to the microsecond.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        Self { micros: AtomicI64::new(now.timestamp_micros()) }
    }

    /// Moves the clock to `now`, forwards or backwards.
    pub fn set(&self, now: DateTime<Utc>) {
        self.micros.store(now.timestamp_micros(), Ordering::SeqCst);
    }

    /// Moves the clock by `by` and returns what it then reads.
    pub fn advance(&self, by: TimeDelta) -> DateTime<Utc> {
        let micros = by.num_microseconds().unwrap_or(0);
        self.micros.fetch_add(micros, Ordering::SeqCst);
        self.now()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.micros.load(Ordering::SeqCst)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_scaled_clock_runs_sixty_times_as_fast() {
        let clock = ScaledClock::new(instant("2026-01-01T00:00:00Z"), instant("2025-06-12T08:00:00Z"), 60.0);
        assert_eq!(clock.at(instant("2026-01-01T00:00:00Z")), instant("2025-06-12T08:00:00Z"));
        assert_eq!(clock.at(instant("2026-01-01T00:02:00Z")), instant("2025-06-12T10:00:00Z"));
        assert_eq!(
            clock.real_wait_until(instant("2025-06-12T10:00:00Z"), instant("2026-01-01T00:00:00Z")),
            std::time::Duration::from_secs(120)
        );
        assert_eq!(
            clock.real_wait_until(instant("2025-06-12T07:00:00Z"), instant("2026-01-01T00:00:00Z")),
            std::time::Duration::ZERO
        );
    }

    #[test]
    fn a_clock_that_stands_still_never_gets_there() {
        let start = instant("2026-01-01T00:00:00Z");
        for speed in [0.0, f64::MIN_POSITIVE] {
            let clock = ScaledClock::new(start, start, speed);
            assert_eq!(clock.real_wait_until(start + TimeDelta::hours(1), start), std::time::Duration::MAX);
        }
    }

    #[test]
    fn a_nonsense_speed_is_real_time() {
        let clock = ScaledClock::new(instant("2026-01-01T00:00:00Z"), instant("2026-01-01T00:00:00Z"), f64::NAN);
        assert!((clock.speed() - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = ManualClock::new(instant("2025-06-12T08:00:00Z"));
        assert_eq!(clock.now(), clock.now());
        assert_eq!(clock.advance(TimeDelta::minutes(5)), instant("2025-06-12T08:05:00Z"));
        clock.set(instant("2025-06-12T07:00:00Z"));
        assert_eq!(clock.now(), instant("2025-06-12T07:00:00Z"));
    }

    #[test]
    fn clocks_can_be_shared() {
        fn shared<T: Send + Sync>() {}
        shared::<SystemClock>();
        shared::<ScaledClock>();
        shared::<ManualClock>();
        shared::<std::sync::Arc<dyn Clock>>();
    }
}
