//! Decides when a consumer has to be thrown away: Kafka holds more records and none has come for too long, or the broker
//! answers and the group has not taken it in for too long.
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
    unsettled: Option<Patience>,
}

/// A partition that stands still.
#[derive(Debug)]
struct Standing {
    next: i64,
    patience: Patience,
}

/// Since when there is something to wait for, and how often the usual patience it lasts.
#[derive(Debug)]
struct Patience {
    since: DateTime<Utc>,
    factor: i32,
}

impl Patience {
    const fn anew(now: DateTime<Utc>) -> Self {
        Self { since: now, factor: 1 }
    }

    /// Whether it lasts; it is doubled when it is lost.
    fn judge(&mut self, usual: TimeDelta, now: DateTime<Utc>) -> Verdict {
        if now - self.since < usual * self.factor {
            return Verdict::Waiting;
        }
        *self = Self { since: now, factor: (self.factor * 2).min(PATIENCE_FACTOR_MAX) };
        Verdict::Rebuild
    }
}

impl Watchdog {
    /// A watchdog that loses patience after `stall`.
    #[must_use]
    pub fn new(stall: TimeDelta) -> Self {
        Self { stall, partitions: BTreeMap::new(), unsettled: None }
    }

    /// Judges a consumer that the group has not taken in, or not back, while the broker answers: a quarter of the patience with
    /// a partition. A client whose session ended while the coordinator was away may never find its way back.
    pub fn judge_unsettled(&mut self, now: DateTime<Utc>) -> Verdict {
        self.unsettled.get_or_insert(Patience::anew(now)).judge(self.stall / 4, now)
    }

    /// The group has given the consumer its part, or the broker is away.
    pub fn forget_unsettled(&mut self) {
        self.unsettled = None;
    }

    /// Judges a partition: `next` is the next offset we wait for, `high` the next that Kafka will give out.
    pub fn judge(&mut self, topic: &str, partition: i32, next: i64, high: i64, now: DateTime<Utc>) -> Verdict {
        let key = (topic.to_owned(), partition);
        let anew = || Standing { next, patience: Patience::anew(now) };
        let standing = self.partitions.entry(key).or_insert_with(anew);
        if standing.next != next {
            *standing = anew();
            return Verdict::Moving;
        }
        if high <= next {
            standing.patience.since = now;
            return Verdict::CaughtUp;
        }
        standing.patience.judge(self.stall, now)
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
    fn a_consumer_that_the_group_does_not_take_in_is_rebuilt_ever_more_seldom() {
        let clock = clock();
        let mut watchdog = Watchdog::new(TimeDelta::seconds(120));
        let mut after = |seconds| {
            clock.advance(TimeDelta::seconds(seconds));
            watchdog.judge_unsettled(clock.now())
        };
        assert_eq!([after(0), after(29), after(1)], [Verdict::Waiting, Verdict::Waiting, Verdict::Rebuild]);
        assert_eq!([after(30), after(30)], [Verdict::Waiting, Verdict::Rebuild], "twice the patience");
        watchdog.forget_unsettled();
        assert_eq!(watchdog.judge_unsettled(clock.now()), Verdict::Waiting, "patience begins anew");
        clock.advance(TimeDelta::seconds(30));
        assert_eq!(watchdog.judge_unsettled(clock.now()), Verdict::Rebuild);
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
