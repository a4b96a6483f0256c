//! Local and true time, worked out by trial: the oracle must not share code with the rules it checks (`ucr.md` section 8).

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Timelike, Utc};
use chrono_tz::Europe::London;

/// The wall clock in London at an instant.
pub(crate) fn wall(at: DateTime<Utc>) -> NaiveDateTime {
    at.with_timezone(&London).naive_local()
}

/// Every instant at which a London clock shows `local`, earliest first: none in the spring gap, two in the autumn fold.
pub(crate) fn instants(local: NaiveDateTime) -> Vec<DateTime<Utc>> {
    [60, 0]
        .into_iter()
        .map(|offset_minutes| (local - Duration::minutes(offset_minutes)).and_utc())
        .filter(|candidate| wall(*candidate) == local)
        .collect()
}

/// A start: in the gap one hour later by the clock, in the fold the earlier instant.
pub(crate) fn start_instant(local: NaiveDateTime) -> DateTime<Utc> {
    instants(local).first().copied().unwrap_or_else(|| {
        // A gap time such as 01:30 GMT reads 02:30 BST, which is the clock moved forward one hour.
        local.and_utc()
    })
}

/// An end: as a start, but in the fold the earliest instant that is not before the start.
pub(crate) fn end_instant(local: NaiveDateTime, start: Option<DateTime<Utc>>) -> DateTime<Utc> {
    let candidates = instants(local);
    let not_before = candidates.iter().find(|candidate| start.is_none_or(|start| **candidate >= start));
    not_before.or(candidates.last()).copied().unwrap_or_else(|| local.and_utc())
}

/// The instant of local midnight; London never changes its clocks at midnight.
pub(crate) fn midnight(day: NaiveDate) -> DateTime<Utc> {
    start_instant(day.and_time(NaiveTime::MIN))
}

/// The minute an instant falls in (E2: seconds are dropped).
pub(crate) fn minute_of(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(60)
}

/// Whole true minutes between two instants (E2).
pub(crate) fn true_minutes(start: DateTime<Utc>, end: DateTime<Utc>) -> i64 {
    minute_of(end) - minute_of(start)
}

/// Whole minutes by the wall clock (E2).
pub(crate) fn naive_minutes(start: NaiveDateTime, end: NaiveDateTime) -> i64 {
    minute_of(end.and_utc()) - minute_of(start.and_utc())
}

/// RFC 3339 with London's offset, as the events carry business times.
pub(crate) fn with_offset(at: DateTime<Utc>) -> String {
    at.with_timezone(&London).to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// RFC 3339 with `Z`.
pub(crate) fn with_z(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// An instant without its fraction of a second.
pub(crate) fn whole_seconds(at: DateTime<Utc>) -> DateTime<Utc> {
    at.with_nanosecond(0).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    /// The table of `ucr.md` section 8: start, end, naive, true.
    #[test]
    fn the_handbooks_clock_change_table_holds() {
        let table = [
            ("2025-03-29 23:50", "2025-03-30 02:10", 140, 80),
            ("2025-03-30 00:40", "2025-03-30 03:40", 180, 120),
            ("2025-03-30 00:58", "2025-03-30 02:58", 120, 60),
            ("2025-03-30 01:30", "2025-03-30 03:20", 110, 50),
            ("2025-03-29 22:30", "2025-03-30 00:30", 120, 120),
            ("2025-10-26 00:30", "2025-10-26 02:00", 90, 150),
            ("2025-10-26 00:20", "2025-10-26 02:20", 120, 180),
            ("2025-10-25 23:50", "2025-10-26 01:40", 110, 110),
            ("2025-10-26 01:50", "2025-10-26 01:20", -30, 30),
            ("2025-10-26 01:30", "2025-10-26 03:00", 90, 150),
        ];
        for (start, end, naive, elapsed) in table {
            let begun = start_instant(local(start));
            let ended = end_instant(local(end), Some(begun));
            assert_eq!(naive_minutes(local(start), local(end)), naive, "{start} to {end}");
            assert_eq!(true_minutes(begun, ended), elapsed, "{start} to {end}");
        }
    }
}
