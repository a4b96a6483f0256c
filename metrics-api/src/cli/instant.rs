//! Instants as people write them on the command line.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use homeward_contract::clock::{Clock, SystemClock};
use homeward_contract::time::{local_midnight, resolve_start};

/// RFC 3339 with an offset, or a date or date and time of London.
///
/// # Errors
/// What was read and what to write instead.
pub(super) fn parse_instant(text: &str) -> Result<DateTime<Utc>, String> {
    let text = text.trim();
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Ok(instant.with_timezone(&Utc));
    }
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(local_midnight(day));
    }
    for pattern in ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"] {
        if let Ok(local) = NaiveDateTime::parse_from_str(text, pattern) {
            return Ok(resolve_start(local).at);
        }
    }
    Err(format!(
        "'{text}' is not an instant; write 2025-06-12T14:00:00Z, or London time as 2025-06-12 or 2025-06-12T15:00"
    ))
}

/// As [`parse_instant`], and the machine's present for `now`.
///
/// # Errors
/// As [`parse_instant`].
pub(super) fn parse_instant_or_now(text: &str) -> Result<DateTime<Utc>, String> {
    if text.trim() == "now" { Ok(SystemClock.now()) } else { parse_instant(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_local_times_are_those_of_london() {
        let read = |text| parse_instant(text).unwrap().to_rfc3339();
        assert_eq!(read("2025-06-12"), "2025-06-11T23:00:00+00:00");
        assert_eq!(read("2025-06-12T15:00"), "2025-06-12T14:00:00+00:00");
        assert_eq!(read("2025-06-12T14:00:00Z"), "2025-06-12T14:00:00+00:00");
        assert_eq!(read("2025-01-12T14:00:00+01:00"), "2025-01-12T13:00:00+00:00");
        assert!(parse_instant("12/06/2025").unwrap_err().contains("write 2025-06-12"));
    }
}
