//! Chance of ending the month at or above a target (handbook, alerting, section 1): beta-binomial. An estimate.
//!
//! The rate of the referrals still to come is not known; what is known is how the last 28 days went. So its uncertainty is
//! a beta distribution over met and late of those days (Jeffreys' half on either side), and the late ones still to come
//! follow a beta-binomial.

/// Most referrals that a sum runs over; a provider with more in half a month does not exist.
const EXPECTED_MAX: i64 = 100_000;

/// Chance that at most `left` of `expected` further referrals are late, after `met` and `late` of 28 days. 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(super) fn chance_of_at_most(left: i64, expected: i64, met: i64, late: i64) -> f64 {
    let expected = expected.clamp(0, EXPECTED_MAX);
    if left < 0 {
        return 0.0;
    }
    if left >= expected {
        return 1.0;
    }
    let (met, late) = (met.max(0) as f64 + 0.5, late.max(0) as f64 + 0.5);
    // In logarithms: the chance that none of a thousand is late is too small for a float.
    let mut log_chance: f64 = (0..expected).map(|i| ((met + i as f64) / (met + late + i as f64)).ln()).sum();
    let mut sum = log_chance.exp();
    for y in 0..left {
        let y = y as f64;
        let n = expected as f64;
        log_chance += ((n - y) / (y + 1.0) * (late + y) / (met + n - y - 1.0)).ln();
        sum += log_chance.exp();
    }
    sum.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_chances_add_up_and_grow_with_what_is_left() {
        let chances: Vec<f64> = (-1..=50).map(|left| chance_of_at_most(left, 50, 40, 10)).collect();
        assert!(chances.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!(chances[0].abs() < f64::EPSILON && (chances[51] - 1.0).abs() < f64::EPSILON);
        // One below everything: what is missing is the chance that all fifty are late.
        let all_late: f64 = (0..50).map(|i| (10.5 + f64::from(i)) / (51.0 + f64::from(i))).product();
        assert!((1.0 - chances[50] - all_late).abs() < 1e-12);
    }

    #[test]
    fn without_history_every_number_of_two_is_as_jeffreys_says() {
        // Beta(1/2, 1/2) and two referrals: 3/8, 1/4, 3/8.
        assert!((chance_of_at_most(0, 2, 0, 0) - 0.375).abs() < 1e-12);
        assert!((chance_of_at_most(1, 2, 0, 0) - 0.625).abs() < 1e-12);
    }

    #[test]
    fn large_months_stay_numbers() {
        let chance = chance_of_at_most(9_000, 50_000, 41_000, 9_000);
        assert!((0.3..0.7).contains(&chance), "{chance}");
    }
}
