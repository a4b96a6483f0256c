//! Decides when a consumer has to be thrown away: Kafka holds more records, and none has come for too long.
//!
//! Pure: offsets and instants in, a verdict out.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

/// Patience doubles with every rebuild that did not help, up to this many times the configured one. Records that
/// a consumer never sees (transaction markers at a partition's end) look like a standstill and must not cause
/// rebuilds for ever at full pace.
const PATIENCE_FACTOR_MAX: i32 = 64;

/// What to do about a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Records came since the last look.
    Moving,
    /// Nothing to come.
    CaughtUp,
    /// Records wait, but not for too long yet.
    Waiting,
    /// Records have waited too long: rebuild the consumer.
    Rebuild,
}

/// Remembers since when each partition stands still.
#[derive(Debug)]
pub struct Watchdog {
    stall: TimeDelta,
    partitions: BTreeMap<(String, i32), Standing>,
}

#[derive(Debug)]
struct Standing {
    next: i64,
    since: DateTime<Utc>,
    patience_factor: i32,
}

impl Watchdog {
    /// A watchdog that loses patience after `stall`.
    #[must_use]
    pub fn new(stall: TimeDelta) -> Self {
        Self { stall, partitions: BTreeMap::new() }
    }

    /// Judges a partition: `next` is the next offset we wait for, `high` the next that Kafka will give out.
    pub fn judge(&mut self, topic: &str, partition: i32, next: i64, high: i64, now: DateTime<Utc>) -> Verdict {
        let key = (topic.to_owned(), partition);
        let standing = self.partitions.entry(key).or_insert(Standing { next, since: now, patience_factor: 1 });
        if standing.next != next {
            *standing = Standing { next, since: now, patience_factor: 1 };
            return Verdict::Moving;
        }
        if high <= next {
            standing.since = now;
            return Verdict::CaughtUp;
        }
        if now - standing.since < self.stall * standing.patience_factor {
            return Verdict::Waiting;
        }
        standing.since = now;
        standing.patience_factor = (standing.patience_factor * 2).min(PATIENCE_FACTOR_MAX);
        Verdict::Rebuild
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use homeward_contract::clock::{Clock as _, ManualClock};

    fn clock() -> ManualClock {
        ManualClock::new(DateTime::from_timestamp(1_750_000_000, 0).unwrap())
    }

    #[test]
    fn a_partition_that_moves_or_is_caught_up_is_left_alone() {
        let clock = clock();
        let mut watchdog = Watchdog::new(TimeDelta::seconds(60));
        for next in 0..5 {
            clock.advance(TimeDelta::seconds(300));
            assert_ne!(watchdog.judge("t", 0, next, 100, clock.now()), Verdict::Rebuild);
        }
        clock.advance(TimeDelta::seconds(300));
        assert_eq!(watchdog.judge("t", 0, 5, 5, clock.now()), Verdict::Moving);
        clock.advance(TimeDelta::seconds(300));
        assert_eq!(watchdog.judge("t", 0, 5, 5, clock.now()), Verdict::CaughtUp);
        assert_eq!(watchdog.judge("t", 0, 5, 9, clock.now()), Verdict::Waiting);
    }

    #[test]
    fn a_standstill_is_counted_from_when_records_began_to_wait() {
        let clock = clock();
        let mut watchdog = Watchdog::new(TimeDelta::seconds(60));
        assert_eq!(watchdog.judge("t", 0, 5, 5, clock.now()), Verdict::CaughtUp);
        clock.advance(TimeDelta::seconds(59));
        assert_eq!(watchdog.judge("t", 0, 5, 9, clock.now()), Verdict::Waiting);
        clock.advance(TimeDelta::seconds(1));
        assert_eq!(watchdog.judge("t", 0, 5, 9, clock.now()), Verdict::Rebuild);
        assert_eq!(watchdog.judge("t", 1, 5, 9, clock.now()), Verdict::Waiting);
    }

    #[test]
    fn patience_doubles_while_rebuilding_does_not_help_and_comes_back_with_progress() {
        let clock = clock();
        let mut watchdog = Watchdog::new(TimeDelta::seconds(60));
        let mut rebuilds_at = Vec::new();
        for second in 0..1_000 {
            if watchdog.judge("t", 0, 5, 9, clock.now()) == Verdict::Rebuild {
                rebuilds_at.push(second);
            }
            clock.advance(TimeDelta::seconds(1));
        }
        assert_eq!(rebuilds_at, [60, 180, 420, 900]);
        assert_eq!(watchdog.judge("t", 0, 6, 9, clock.now()), Verdict::Moving);
        clock.advance(TimeDelta::seconds(60));
        assert_eq!(watchdog.judge("t", 0, 6, 9, clock.now()), Verdict::Rebuild);
    }
}
