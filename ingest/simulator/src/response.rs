//! How long people wait for the first visit: log-normal, heaped where humans round.

use rand::Rng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, StandardNormal};

use crate::random::{between, chance};

/// Share of met responses recorded as exactly 0, 15 and 30 minutes, and as just under the two hours.
const HEAPS: [(i64, i64, f64); 4] = [(0, 0, 0.04), (15, 15, 0.05), (30, 30, 0.07), (115, 120, 0.09)];

/// Median and spread of a met response before it is cut at 120 minutes.
const MET: (f64, f64) = (58.0, 0.65);
/// Median and spread of the time beyond 120 minutes of a late response.
const LATE_BEYOND: (f64, f64) = (75.0, 1.1);
/// Longest ordinary late response.
const LATE_MAX_MINUTES: i64 = 3 * 24 * 60;

fn log_normal(rng: &mut StdRng, (median, sigma): (f64, f64)) -> f64 {
    let deviate: f64 = StandardNormal.sample(rng);
    median * (sigma * deviate).exp()
}

/// Whole minutes of a response of type 05, met with probability `two_hour_rate`.
pub(crate) fn minutes(rng: &mut StdRng, two_hour_rate: f64, over_thirty_days: f64) -> i64 {
    if chance(rng, two_hour_rate) {
        met_minutes(rng)
    } else if chance(rng, over_thirty_days) {
        between(rng, 31 * 24 * 60, 40 * 24 * 60)
    } else {
        (121 + log_normal(rng, LATE_BEYOND) as i64).min(LATE_MAX_MINUTES)
    }
}

/// Whole minutes of a response within the two hours.
pub(crate) fn met_minutes(rng: &mut StdRng) -> i64 {
    let mut draw: f64 = rng.random();
    for (low, high, share) in HEAPS {
        if draw < share {
            return between(rng, low, high);
        }
        draw -= share;
    }
    // Redraw what lies beyond the two hours; after a bounded number of tries fall back on the median.
    (0..32).map(|_| log_normal(rng, MET) as i64).find(|minutes| *minutes <= 120).unwrap_or(MET.0 as i64)
}

/// Whole minutes of a response that the two hours do not bind (type 07).
pub(crate) fn unbound_minutes(rng: &mut StdRng) -> i64 {
    (log_normal(rng, (240.0, 0.9)) as i64).clamp(10, LATE_MAX_MINUTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Stream, generator};

    #[test]
    fn heaps_stand_out_and_the_rate_holds() {
        let mut rng = generator(5, Stream::Referral, &[]);
        let drawn: Vec<i64> = (0..20_000).map(|_| minutes(&mut rng, 0.83, 0.005)).collect();
        let count =
            |wanted: std::ops::RangeInclusive<i64>| drawn.iter().filter(|minutes| wanted.contains(minutes)).count();
        let rate = count(0..=120) as f64 / drawn.len() as f64;
        assert!((rate - 0.83).abs() < 0.01, "{rate}");
        for heap in [0, 15, 30] {
            assert!(count(heap..=heap) > 4 * count(heap + 1..=heap + 1).max(1), "no heap at {heap}");
        }
        assert!(count(115..=120) > 2 * count(121..=126), "no heap just under 120");
        assert!(drawn.iter().all(|minutes| *minutes >= 0));
        assert!(count(30 * 24 * 60 + 1..=i64::MAX) > 0, "no wait over thirty days");
    }
}
