//! The hours that virtual wards are counted at. Pure.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc, Weekday};
use homeward_contract::time::{london, resolve_start};

/// The local hour of the count.
const MORNING: NaiveTime = match NaiveTime::from_hms_opt(8, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// 08:00 on a local day.
pub(crate) fn morning(day: NaiveDate) -> DateTime<Utc> {
    resolve_start(day.and_time(MORNING)).at
}

/// 08:00 on the reference Thursday of the month that holds a day: of the week before the month's last Friday, on which
/// the submission is taken to be made. Our choice, generalised from one published example; the real calendar of
/// submissions is unconfirmed.
#[must_use]
pub fn reference_morning(day: NaiveDate) -> DateTime<Utc> {
    let first = day.with_day(1).unwrap_or(day);
    let last = first.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt()).unwrap_or(first);
    let since_friday = last.weekday().days_since(Weekday::Fri);
    morning(last - Days::new(u64::from(since_friday) + 8))
}

/// True when 08:00 or midnight was reached after the one instant and up to the other.
pub(super) fn is_turned(before: DateTime<Utc>, after: DateTime<Utc>) -> bool {
    let side = |at: DateTime<Utc>| {
        let local = london(at);
        (local.date(), at >= morning(local.date()))
    };
    before < after && side(before) != side(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_comes_out() {
        let month = |text: &str| reference_morning(text.parse().unwrap()).to_rfc3339();
        assert_eq!(month("2024-02-29"), "2024-02-15T08:00:00+00:00");
        // The last Friday is 28 June, and summer time holds.
        assert_eq!(month("2024-06-01"), "2024-06-20T07:00:00+00:00");
        // The month ends on a Friday; one day before the clocks go back at the end of October 2025.
        assert_eq!(month("2025-10-26"), "2025-10-23T07:00:00+00:00");
        assert_eq!(month("2025-01-01"), "2025-01-23T08:00:00+00:00");
    }

    #[test]
    fn a_day_turns_at_eight_and_at_midnight() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        for (before, after, turned) in [
            ("2025-06-12T06:59:59Z", "2025-06-12T07:00:00Z", true),
            ("2025-06-12T07:00:00Z", "2025-06-12T22:59:59Z", false),
            ("2025-06-12T22:59:59Z", "2025-06-12T23:00:00Z", true),
            ("2025-06-12T23:00:00Z", "2025-06-13T06:59:00Z", false),
            ("2025-06-12T07:00:00Z", "2025-06-13T07:00:00Z", true),
            ("2025-06-13T07:00:00Z", "2025-06-12T07:00:00Z", false),
        ] {
            assert_eq!(is_turned(at(before), at(after)), turned, "{before} to {after}");
        }
    }
}
