//! Local times, clock changes and whole minutes.
//!
//! CSDS times carry no offset; the handbook (`ucr.md` section 8) reads them in Europe/London and says what to do in
//! the two hours a year that are not one instant each. The official figure subtracts the naive local times, the live
//! figure the instants: both functions are here, side by side, so that nobody mixes them up by accident.

use chrono::{
    DateTime, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Europe::London;

/// The two-hour standard: a wait of exactly this many whole minutes is met (edge rule E1).
pub const TWO_HOURS_MINUTES: i64 = 120;

/// How a date and time became one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// The local time happened once.
    Exact,
    /// The local time never happened (spring): read one hour later.
    Gap,
    /// The local time happened twice (autumn): one of the two was chosen.
    Fold,
    /// The source gave an offset: nothing had to be guessed.
    Offset,
}

impl Resolution {
    /// The word stored beside the instant.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Resolution::Exact => "exact",
            Resolution::Gap => "gap",
            Resolution::Fold => "fold",
            Resolution::Offset => "offset",
        }
    }
}

/// A local time as the source wrote it, the instant it is taken to mean, and how that was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    /// The wall-clock time as written, also when it never happened: the official minutes need it.
    pub local: NaiveDateTime,
    /// The instant it is taken to mean.
    pub at: DateTime<Utc>,
    /// How the instant was decided.
    pub resolution: Resolution,
}

impl Resolved {
    /// An instant whose offset the source gave.
    #[must_use]
    pub fn from_instant(at: DateTime<Utc>) -> Self {
        Self { local: london(at), at, resolution: Resolution::Offset }
    }
}

/// Why a date or time could not be read. Holds no value: a date of birth must not reach a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TimeError {
    /// Not a calendar date in the form CCYY-MM-DD.
    #[error("not a date in the form CCYY-MM-DD; send for example 2025-04-03")]
    Date,
    /// Not a time of day.
    #[error("not a time of day in the form HH:MM:SS or HH:MM; send for example 10:02:00")]
    Time,
    /// Not a local date and time.
    #[error("not a date and time in the form CCYY-MM-DDTHH:MM:SS; send for example 2025-05-12T09:15:00")]
    DateTime,
    /// A date and time without an offset, or with one that is not London's.
    #[error("the offset is missing or is not Z, +00:00 or +01:00; send for example 2025-06-12T10:02:00+01:00")]
    Offset,
}

/// The instant at which a wait starts: a time in the gap moves one hour on, of two candidates the earlier is taken
/// (the cautious choice: it makes the wait longer).
#[must_use]
pub fn resolve_start(local: NaiveDateTime) -> Resolved {
    resolve(local, |earlier, _later| earlier)
}

/// The instant at which a wait ends: in the fold the earliest instant that is not before `start`.
///
/// "Before" is judged in whole minutes, as waits are (edge rule E2), so an end in the same minute as its start is not
/// pushed an hour on by a start that happens to carry seconds. Without a start the earlier instant is taken; when both
/// lie before the start the later one is taken, which keeps the negative wait as small as the evidence allows.
#[must_use]
pub fn resolve_end(local: NaiveDateTime, start: Option<DateTime<Utc>>) -> Resolved {
    resolve(local, |earlier, later| match start {
        Some(start) if whole_minutes_true(start, earlier) < 0 => later,
        _ => earlier,
    })
}

fn resolve(local: NaiveDateTime, choose: impl Fn(DateTime<Utc>, DateTime<Utc>) -> DateTime<Utc>) -> Resolved {
    match London.from_local_datetime(&local) {
        MappedLocalTime::Single(at) => Resolved { local, at: at.to_utc(), resolution: Resolution::Exact },
        MappedLocalTime::Ambiguous(one, other) => {
            let (one, other) = (one.to_utc(), other.to_utc());
            let at = choose(one.min(other), one.max(other));
            Resolved { local, at, resolution: Resolution::Fold }
        }
        MappedLocalTime::None => {
            // In the gap the clock shows winter time plus one hour, so the instant is the local time read as UTC:
            // 01:30 becomes 02:30 BST, which is 01:30Z. London's gaps have all been one hour since 1947.
            Resolved { local, at: local.and_utc(), resolution: Resolution::Gap }
        }
    }
}

/// RFC 3339 with `Z`, to the second: what is written into events.
#[must_use]
pub fn with_z(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The wall clock in London at an instant.
#[must_use]
pub fn london(at: DateTime<Utc>) -> NaiveDateTime {
    at.with_timezone(&London).naive_local()
}

/// The instant at which a local day begins.
#[must_use]
pub fn local_midnight(day: NaiveDate) -> DateTime<Utc> {
    resolve_start(day.and_time(NaiveTime::MIN)).at
}

/// The instant at which a local day ends, which is when the next one begins: 23, 24 or 25 hours after its start.
#[must_use]
pub fn next_local_midnight(day: NaiveDate) -> DateTime<Utc> {
    local_midnight(day.checked_add_days(Days::new(1)).unwrap_or(day))
}

/// Reads an RFC 3339 date-time whose offset is `Z`, `+00:00` or `+01:00`.
///
/// # Errors
/// [`TimeError::Offset`] when the offset is absent or another one, [`TimeError::DateTime`] when the rest is no
/// date-time. A second of 60 is refused: no clock of the services shows one.
pub fn parse_offset_instant(text: &str) -> Result<DateTime<Utc>, TimeError> {
    let text = text.trim();
    let (local, offset_minutes) = if let Some(local) = text.strip_suffix('Z') {
        (local, 0)
    } else if let Some(local) = text.strip_suffix("+00:00") {
        (local, 0)
    } else if let Some(local) = text.strip_suffix("+01:00") {
        (local, 60)
    } else {
        return Err(TimeError::Offset);
    };
    if local.as_bytes().get(10) != Some(&b'T') {
        return Err(TimeError::DateTime);
    }
    let local = parse_local_date_time(local)?;
    local.and_utc().checked_sub_signed(TimeDelta::minutes(offset_minutes)).ok_or(TimeError::DateTime)
}

/// Reads a date in the form CCYY-MM-DD.
///
/// # Errors
/// [`TimeError::Date`] for anything else, so also for 2025-4-3, 03/04/2025 and 2025-02-30.
pub fn parse_date(text: &str) -> Result<NaiveDate, TimeError> {
    let bytes = text.trim().as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return Err(TimeError::Date);
    }
    let year = digits(&bytes[0..4]).and_then(|year| i32::try_from(year).ok());
    let (month, day) = (digits(&bytes[5..7]), digits(&bytes[8..10]));
    match (year, month, day) {
        (Some(year), Some(month), Some(day)) => NaiveDate::from_ymd_opt(year, month, day).ok_or(TimeError::Date),
        _ => Err(TimeError::Date),
    }
}

/// Reads a time of day: `HH:MM:SS`, `HH:MM`, either with a date before it (a blank or `T` between) that is ignored.
///
/// NHS England's own fixtures carry times on a dummy date and on the real one, so the date part means nothing
/// (`csds.md` section 4); it must still look like a date. A fraction of a second is dropped.
///
/// # Errors
/// [`TimeError::Time`] for anything else; an offset is refused, because CSDS times have none.
pub fn parse_time_part(text: &str) -> Result<NaiveTime, TimeError> {
    let text = text.trim();
    let time = match text.as_bytes().get(10) {
        Some(b' ' | b'T') => {
            let (date, time) = text.split_at_checked(10).ok_or(TimeError::Time)?;
            parse_date(date).map_err(|_| TimeError::Time)?;
            &time[1..]
        }
        _ => text,
    };
    time_of_day(time.trim()).ok_or(TimeError::Time)
}

/// Reads a local date and time without an offset: `CCYY-MM-DDTHH:MM[:SS[.fraction]]`, a blank allowed for the `T`.
///
/// # Errors
/// [`TimeError::DateTime`] for anything else.
pub fn parse_local_date_time(text: &str) -> Result<NaiveDateTime, TimeError> {
    let text = text.trim();
    let Some(b' ' | b'T') = text.as_bytes().get(10) else {
        return Err(TimeError::DateTime);
    };
    let (date, time) = text.split_at_checked(10).ok_or(TimeError::DateTime)?;
    let date = parse_date(date).map_err(|_| TimeError::DateTime)?;
    let time = time_of_day(&time[1..]).ok_or(TimeError::DateTime)?;
    Ok(date.and_time(time))
}

/// Reads an instant that may come with an offset or, failing that, as London's wall clock.
///
/// # Errors
/// [`TimeError::Offset`] or [`TimeError::DateTime`] as the two readers it tries.
pub fn parse_instant_or_local(text: &str) -> Result<Resolved, TimeError> {
    match parse_local_date_time(text) {
        Ok(local) => Ok(resolve_start(local)),
        Err(_) => parse_offset_instant(text).map(Resolved::from_instant),
    }
}

/// `HH:MM[:SS[.fraction]]`; the fraction is checked and dropped, since nothing is measured below a second.
fn time_of_day(text: &str) -> Option<NaiveTime> {
    let bytes = text.as_bytes();
    let second = match bytes.len() {
        5 => 0,
        8.. if bytes[5] == b':' => {
            if let Some((point, fraction)) = bytes[8..].split_first() {
                let in_range = !fraction.is_empty() && fraction.len() <= 9;
                if *point != b'.' || !in_range || !fraction.iter().all(u8::is_ascii_digit) {
                    return None;
                }
            }
            digits(&bytes[6..8])?
        }
        _ => return None,
    };
    if bytes[2] != b':' {
        return None;
    }
    NaiveTime::from_hms_opt(digits(&bytes[0..2])?, digits(&bytes[3..5])?, second)
}

fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0_u32, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

/// Minutes between two wall-clock times, as the official figure counts them: seconds dropped from both ends, then
/// subtracted, with no regard for clock changes (edge rule E2). Negative when the end is before the start.
#[must_use]
pub fn whole_minutes(start: NaiveDateTime, end: NaiveDateTime) -> i64 {
    minute_number(end.and_utc()) - minute_number(start.and_utc())
}

/// Minutes between two instants, seconds dropped from both ends first: the true elapsed time of the live figure.
#[must_use]
pub fn whole_minutes_true(start: DateTime<Utc>, end: DateTime<Utc>) -> i64 {
    minute_number(end) - minute_number(start)
}

fn minute_number(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(60)
}

#[cfg(test)]
#[path = "time_tests.rs"]
mod tests;
