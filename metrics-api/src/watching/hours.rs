//! Service hours in London, and how long a silence within them is normal. Pure.

use chrono::{DateTime, Days, NaiveTime, Utc};
use homeward_contract::time::{london, resolve_start};

/// Days that a silence is counted over; a provider that is silent for longer is silent all the same.
const DAYS_MAX: u64 = 60;

/// Events of one referral that come independently of each other: the referral, and its visit. Our choice.
const EVENTS_PER_REFERRAL: f64 = 2.0;
/// Days of the window in which chance may give one such silence. Our choice: less than one page in four weeks.
const WINDOW_DAYS: f64 = 28.0;

/// Hours in which a service works, every day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hours {
    /// London time at which it opens.
    pub(super) opens: NaiveTime,
    /// London time at which it closes.
    pub(super) closes: NaiveTime,
}

impl Hours {
    /// True while the service is open.
    pub(super) fn is_open(self, now: DateTime<Utc>) -> bool {
        let local = london(now).time();
        self.opens <= local && local < self.closes
    }

    /// Seconds within service hours between two instants. The clocks change at night, when the usual service is closed;
    /// hours that span the change are counted as they truly passed.
    pub(super) fn between(self, from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
        let (first, last) = (london(from).date(), london(to).date());
        let mut seconds = 0;
        for ahead in 0..=DAYS_MAX {
            let Some(day) = first.checked_add_days(Days::new(ahead)).filter(|day| *day <= last) else { break };
            let opens = resolve_start(day.and_time(self.opens)).at.max(from);
            let closes = resolve_start(day.and_time(self.closes)).at.min(to);
            seconds += (closes - opens).num_seconds().max(0);
        }
        seconds.unsigned_abs()
    }

    /// The silence that chance gives a provider with so many referrals in 28 days about once in that time, in whole hours.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a month of seconds")]
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    pub(super) fn chance_gap_seconds(self, referrals_28d: i64) -> u32 {
        let events = (referrals_28d.max(1) as f64 * EVENTS_PER_REFERRAL).max(std::f64::consts::E);
        let open_seconds = WINDOW_DAYS * (self.closes - self.opens).num_seconds().max(3_600) as f64;
        let hours = (events.ln() / events * open_seconds / 3_600.0).ceil();
        (hours.clamp(1.0, 24.0 * WINDOW_DAYS) as u32) * 3_600
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOURS: Hours =
        Hours { opens: NaiveTime::from_hms_opt(8, 0, 0).unwrap(), closes: NaiveTime::from_hms_opt(20, 0, 0).unwrap() };

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn nights_do_not_count() {
        // 19:00 to 09:00 in London: an hour before the night and one after it.
        assert_eq!(HOURS.between(at("2025-06-18T18:00:00Z"), at("2025-06-19T08:00:00Z")), 2 * 3_600);
        assert_eq!(HOURS.between(at("2025-06-18T20:00:00Z"), at("2025-06-19T06:59:00Z")), 0);
        assert_eq!(HOURS.between(at("2025-06-18T10:00:00Z"), at("2025-06-18T10:05:00Z")), 300);
        assert_eq!(HOURS.between(at("2025-06-18T10:00:00Z"), at("2025-06-18T09:00:00Z")), 0, "never below zero");
    }

    #[test]
    fn both_clock_changes_move_the_opening() {
        for (day, opens) in [("2025-03-29", 8), ("2025-03-30", 7), ("2025-10-25", 7), ("2025-10-26", 8)] {
            let before = at(&format!("{day}T{:02}:59:00Z", opens - 1));
            let after = at(&format!("{day}T{opens:02}:00:00Z"));
            assert!(!HOURS.is_open(before) && HOURS.is_open(after), "{day}");
            assert_eq!(HOURS.between(before, after + chrono::Duration::minutes(5)), 300, "{day}");
        }
        // From 19:00 London before the change to 09:00 after it: two service hours on either night.
        assert_eq!(HOURS.between(at("2025-03-29T19:00:00Z"), at("2025-03-30T08:00:00Z")), 2 * 3_600);
        assert_eq!(HOURS.between(at("2025-10-25T18:00:00Z"), at("2025-10-26T09:00:00Z")), 2 * 3_600);
    }

    #[test]
    fn a_small_provider_may_be_silent_for_longer() {
        let gaps: Vec<u32> = [750, 300, 75, 3].map(|n| HOURS.chance_gap_seconds(n) / 3_600).into();
        assert_eq!(gaps, [2, 4, 12, 101], "hours within service hours");
    }
}
