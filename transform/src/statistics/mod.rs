//! Intervals and rounding for display. Pure; every rule is named in the handbook's statistics page.

pub mod people;
pub mod standard;
pub mod xmr;

/// z of a two-sided 95% interval.
pub const Z95: f64 = 1.959_964;

/// z of a two-sided 99.8% interval.
pub const Z998: f64 = 3.090_232;

/// Wilson score interval of the proportion `successes / trials`, as ratios from 0 to 1.
///
/// `None` when there are no trials (no rate, never NaN) or when there are more successes than trials, which is not a
/// proportion. Source: handbook, statistics section 2.
///
/// ```
/// use homeward_transform::statistics::{Z95, wilson};
/// let (lower, upper) = wilson(27, 40, Z95).unwrap();
/// assert!((lower - 0.5201775).abs() < 1e-7 && (upper - 0.7991550).abs() < 1e-7);
/// ```
#[must_use]
pub fn wilson(successes: u64, trials: u64, z: f64) -> Option<(f64, f64)> {
    if trials == 0 || successes > trials {
        return None;
    }
    let n = ratio_part(trials);
    let p = ratio_part(successes) / n;
    let z_squared = z * z;
    let divisor = 1.0 + z_squared / n;
    let centre = (p + z_squared / (2.0 * n)) / divisor;
    let half = z * (p * (1.0 - p) / n + z_squared / (4.0 * n * n)).sqrt() / divisor;
    // At 0 and n successes the bound is exactly 0 or 1; rounding may leave it an ulp outside.
    Some(((centre - half).max(0.0), (centre + half).min(1.0)))
}

/// True when the upper Wilson bound of `successes / trials` lies below `line`; a bound on the line does not.
///
/// Decided in whole numbers, because a tie is exact and a float would decide it by its last digit: at one standard error 76
/// of 100 has its upper bound at 80%. The bound solves `(n t - k)^2 = z^2 n t (1 - t)` for `t`, so it lies below the line
/// just when `k < n t` and the left side is the greater at the line. `z` is read in hundredths and `line` in millionths,
/// finer than either is ever written.
///
/// ```
/// use homeward_transform::statistics::is_wholly_below;
/// assert!(is_wholly_below(75, 100, 1.0, 0.8) && !is_wholly_below(76, 100, 1.0, 0.8));
/// ```
#[must_use]
pub fn is_wholly_below(successes: u64, trials: u64, z: f64, line: f64) -> bool {
    distance(successes, trials, z, line).is_some_and(|(short, is_beyond)| short > 0 && is_beyond)
}

/// True when the lower Wilson bound lies above `line`; else as [`is_wholly_below`].
#[must_use]
pub fn is_wholly_above(successes: u64, trials: u64, z: f64, line: f64) -> bool {
    distance(successes, trials, z, line).is_some_and(|(short, is_beyond)| short < 0 && is_beyond)
}

/// How many millionths of a success are missing to the line, and whether the bound on that side falls short of it too.
/// `None` where there is no proportion, or where numbers are beyond any count of people.
fn distance(successes: u64, trials: u64, z: f64, line: f64) -> Option<(i128, bool)> {
    const LINE_PARTS: i128 = 1_000_000;
    const Z_PARTS: i128 = 100;
    if trials == 0 || successes > trials || !(0.0..=1.0).contains(&line) {
        return None;
    }
    let (k, n) = (i128::from(successes), i128::from(trials));
    let (line, z) = (parts(line, LINE_PARTS), parts(z, Z_PARTS));
    let short = n.checked_mul(line)?.checked_sub(k.checked_mul(LINE_PARTS)?)?;
    let left = short.checked_mul(short)?.checked_mul(Z_PARTS * Z_PARTS)?;
    let right = (z * z).checked_mul(n)?.checked_mul(line * (LINE_PARTS - line))?;
    Some((short, left > right))
}

/// A setting as a whole number of its smallest parts.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "settings between 0 and a few units")]
fn parts(setting: f64, parts_per_unit: i128) -> i128 {
    (setting * parts_per_unit as f64).round() as i128
}

/// The largest number of successes in `trials` whose upper Wilson bound still lies below `target`: at or under it a rate is
/// below the target and not by chance.
///
/// `None` when even no success at all would not be confident, which happens to very small areas. Boards print it so that the
/// silence of a small area is understood (handbook, alerting section 2).
#[must_use]
pub fn most_successes_confidently_below(target: f64, trials: u64, z: f64) -> Option<u64> {
    let is_below = |successes: u64| wilson(successes, trials, z).is_some_and(|(_, upper)| upper < target);
    if !is_below(0) {
        return None;
    }
    // The bound rises with every success, so halving the stretch finds the last one that is below.
    let (mut below, mut not_below) = (0, trials.saturating_add(1));
    while not_below - below > 1 {
        let middle = below + (not_below - below) / 2;
        if is_below(middle) {
            below = middle;
        } else {
            not_below = middle;
        }
    }
    Some(below)
}

/// A percentage with one decimal, half away from zero, from whole counts ("67.5" for 27 of 40); `None` without trials.
///
/// Computed in integers: 0.5525 held as a float is a hair off the half and would round by accident. Display only; stored
/// values stay unrounded (handbook, statistics section 6).
#[must_use]
pub fn percent_one_decimal(successes: u64, trials: u64) -> Option<String> {
    if trials == 0 {
        return None;
    }
    let (k, n) = (u128::from(successes), u128::from(trials));
    let tenths = (2_000 * k + n) / (2 * n);
    Some(format!("{}.{}", tenths / 10, tenths % 10))
}

/// Funnel limits of a proportion around `baseline` for `trials`, clipped to 0 and 1; `None` without trials.
///
/// Outside the 95% limits ([`Z95`]) an area differs from the average and is worth a check; outside the 99.8% limits
/// ([`Z998`]) that is unlikely by chance. Source: handbook, statistics section 5.
///
/// ```
/// use homeward_transform::statistics::{Z95, funnel};
/// let (lower, upper) = funnel(0.806_424_48, 200, Z95).unwrap();
/// assert!((lower - 0.751_667_41).abs() < 1e-7 && (upper - 0.861_181_55).abs() < 1e-7);
/// ```
#[must_use]
pub fn funnel(baseline: f64, trials: u64, z: f64) -> Option<(f64, f64)> {
    if trials == 0 || !(0.0..=1.0).contains(&baseline) {
        return None;
    }
    let half = z * (baseline * (1.0 - baseline) / ratio_part(trials)).sqrt();
    Some(((baseline - half).max(0.0), (baseline + half).min(1.0)))
}

#[expect(clippy::cast_precision_loss, reason = "counts of people and referrals stay far below 2^53")]
fn ratio_part(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_interval(successes: u64, trials: u64, lower: f64, upper: f64) {
        let (low, high) = wilson(successes, trials, Z95).unwrap();
        assert!((low - lower).abs() < 6e-8, "{successes}/{trials}: lower {low}, expected {lower}");
        assert!((high - upper).abs() < 6e-8, "{successes}/{trials}: upper {high}, expected {upper}");
    }

    #[test]
    fn the_handbook_values_come_out() {
        assert_interval(65, 100, 0.552_544_4, 0.736_357_5);
        assert_interval(1_045, 5_000, 0.197_955_5, 0.220_491_3);
        assert_interval(27, 40, 0.520_177_5, 0.799_155_0);
    }

    #[test]
    fn the_rule_tests_of_alerting_come_out() {
        let upper = |k, n| wilson(k, n, Z95).unwrap().1;
        assert!((upper(270, 400) - 0.719).abs() < 5e-4);
        assert!(upper(270, 400) < 0.80 && upper(270, 400) >= 0.70, "local fires, national does not");
        assert!(upper(31, 40) >= 0.80, "31 of 40 stays silent");
    }

    #[test]
    fn nothing_observed_gives_no_interval() {
        assert_eq!(wilson(0, 0, Z95), None);
        assert_eq!(wilson(2, 1, Z95), None);
    }

    #[test]
    fn bounds_stay_inside_zero_and_one_and_hold_the_rate() {
        for trials in 1..200 {
            for successes in 0..=trials {
                let (lower, upper) = wilson(successes, trials, Z95).unwrap();
                let rate = ratio_part(successes) / ratio_part(trials);
                assert!((0.0..=1.0).contains(&lower) && (0.0..=1.0).contains(&upper));
                assert!(lower <= rate + 1e-12 && rate <= upper + 1e-12, "{successes}/{trials}");
            }
        }
    }

    #[test]
    fn z_of_99_8_is_wider_than_95() {
        let (narrow, wide) = (wilson(27, 40, Z95).unwrap(), wilson(27, 40, Z998).unwrap());
        assert!(wide.0 < narrow.0 && narrow.1 < wide.1);
    }

    #[test]
    fn the_smallest_confident_rates_are_those_of_the_alert_table() {
        let table = [(20, 12), (30, 19), (50, 34), (100, 72), (200, 148), (500, 382), (1_000, 775), (3_000, 2_357)];
        for (trials, successes) in table {
            assert_eq!(most_successes_confidently_below(0.8, trials, Z95), Some(successes), "n = {trials}");
        }
        let percents: Vec<_> = table.iter().filter_map(|&(n, k)| percent_one_decimal(k, n)).collect();
        assert_eq!(percents, ["60.0", "63.3", "68.0", "72.0", "74.0", "76.4", "77.5", "78.6"]);
        assert_eq!(most_successes_confidently_below(0.7, 0, Z95), None);
        assert_eq!(most_successes_confidently_below(0.7, 1, Z95), None, "one person proves nothing");
    }

    #[test]
    fn bounds_are_compared_with_a_line_as_the_bounds_themselves_and_a_tie_is_not_beyond() {
        for (z, line) in [(1.0, 0.8), (1.96, 0.8), (1.0, 0.7), (1.96, 0.675), (1.0, 0.0), (1.96, 1.0)] {
            for trials in 1..150 {
                for successes in 0..=trials {
                    let (lower, upper) = wilson(successes, trials, z).unwrap();
                    let is_tie = |bound: f64| (bound - line).abs() < 1e-12;
                    let (below, above) =
                        (is_wholly_below(successes, trials, z, line), is_wholly_above(successes, trials, z, line));
                    assert_eq!(below, upper < line && !is_tie(upper), "{successes}/{trials}, z {z}, line {line}");
                    assert_eq!(above, lower > line && !is_tie(lower), "{successes}/{trials}, z {z}, line {line}");
                }
            }
        }
        for (successes, trials) in [(18, 25), (76, 100), (15, 20)] {
            let (_, upper) = wilson(successes, trials, 1.0).unwrap();
            let tie = (upper - 0.8).abs() < 1e-12;
            assert_eq!(tie, trials != 20, "{successes}/{trials}: {upper}");
        }
        assert!(!is_wholly_below(0, 0, 1.96, 0.8) && !is_wholly_below(2, 1, 1.96, 0.8));
    }

    /// Exact binomial probability that at most `most` of `trials` succeed.
    fn at_most(most: u64, trials: u64, rate: f64) -> f64 {
        let mut term = (1.0 - rate).powf(ratio_part(trials));
        let mut sum = term;
        for k in 0..most {
            term *= ratio_part(trials - k) / ratio_part(k + 1) * rate / (1.0 - rate);
            sum += term;
        }
        sum
    }

    #[test]
    fn false_alarms_and_power_are_those_of_the_alert_table() {
        // n, naive rule at a true rate of 82%, bound at 82%, bound at 70%; percent, as printed.
        for (trials, naive, false_alarm, power, printed) in
            [(30, 28.8, 1.2, 27.0, 0.5), (100, 25.3, 0.9, 70.0, 0.5), (300, 16.4, 0.2, 98.0, 0.5)]
        {
            let bound = most_successes_confidently_below(0.8, trials, Z95).unwrap();
            let under_target = (trials * 8).div_ceil(10) - 1;
            assert!((at_most(under_target, trials, 0.82) * 100.0 - naive).abs() < 0.05, "naive, n = {trials}");
            assert!((at_most(bound, trials, 0.82) * 100.0 - false_alarm).abs() < 0.05, "false alarm, n = {trials}");
            assert!((at_most(bound, trials, 0.70) * 100.0 - power).abs() <= printed, "power, n = {trials}");
        }
    }

    #[test]
    fn funnel_limits_are_the_handbooks() {
        let baseline = 0.806_424_48;
        for (trials, z, lower, upper) in [
            (20, Z95, 0.633_267_43, 0.979_581_52),
            (20, Z998, 0.533_411_56, 1.0),
            (200, Z95, 0.751_667_41, 0.861_181_55),
            (200, Z998, 0.720_090_21, 0.892_758_75),
        ] {
            let (low, high) = funnel(baseline, trials, z).unwrap();
            assert!((low - lower).abs() < 1e-6 && (high - upper).abs() < 1e-6, "n = {trials}: {low} to {high}");
        }
        assert_eq!(funnel(baseline, 0, Z95), None);
        assert_eq!(funnel(1.2, 10, Z95), None);
    }

    #[test]
    fn percentages_round_half_away_from_zero() {
        assert_eq!(percent_one_decimal(27, 40).as_deref(), Some("67.5"));
        assert_eq!(percent_one_decimal(221, 400).as_deref(), Some("55.3"), "55.25 goes up");
        assert_eq!(percent_one_decimal(46, 53).as_deref(), Some("86.8"));
        assert_eq!(percent_one_decimal(45, 55).as_deref(), Some("81.8"));
        assert_eq!(percent_one_decimal(7, 7).as_deref(), Some("100.0"));
        assert_eq!(percent_one_decimal(0, 0), None);
    }
}
