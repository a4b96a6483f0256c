//! How many late responses a month can still afford (handbook, alerting, section 1). Integers only:
//! in floating point `(1 - 0.8) x 35` is 6.999... and would floor to 6.

/// Days of the window that the forecast leans on.
const FORECAST_WINDOW_DAYS: i64 = 28;

/// Counts that the budget is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MonthSoFar {
    /// Referrals of the month that are decided: met, or breached.
    pub(super) decided: i64,
    /// Of those, the breached.
    pub(super) breached: i64,
    /// Referrals decided over the last 28 days.
    pub(super) decided_28d: i64,
    /// Whole days after today until the month ends.
    pub(super) days_left: i64,
}

/// Referrals that are still to be decided this month, from the pace of the last 28 days.
pub(super) const fn forecast(month: MonthSoFar) -> i64 {
    month.decided_28d * month.days_left / FORECAST_WINDOW_DAYS
}

/// Late responses left at a target in whole per cent; an estimate, because it holds a forecast.
pub(super) fn late_responses_left(month: MonthSoFar, target_percent: i64) -> i64 {
    let expected = month.decided + forecast(month);
    expected * (100 - target_percent) / 100 - month.breached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handbooks_example() {
        let month = MonthSoFar { decided: 870, breached: 120, decided_28d: 0, days_left: 0 };
        assert_eq!(late_responses_left(month, 80), 54);
    }

    #[test]
    fn thirty_five_at_eighty_per_cent_allow_seven() {
        let month = MonthSoFar { decided: 35, breached: 0, decided_28d: 0, days_left: 0 };
        assert_eq!(late_responses_left(month, 80), 7);
    }

    #[test]
    fn the_rest_of_the_month_is_forecast_from_28_days() {
        let month = MonthSoFar { decided: 100, breached: 42, decided_28d: 280, days_left: 10 };
        assert_eq!(late_responses_left(month, 80), -2);
    }
}
