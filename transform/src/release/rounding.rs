//! Rounding and suppression of one count, and the three words that a cell can hold instead of a number.

use std::fmt;

use serde::{Serialize, Serializer};

/// What a cell shows. Three different words exist so that nothing suppressed is read as zero and nothing missing as either:
/// `suppressed`, `no data`, and the number 0.
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub enum Shown {
    /// A count of people, referrals or clocks.
    Count(i64),
    /// A ratio from 0 to 1, or a bound of one.
    Number(f64),
    /// Below the policy's minimum.
    Suppressed,
    /// Nothing to show: no denominator, or a column that this kind of indicator does not have.
    NoData,
}

impl Shown {
    /// The count as a float for arithmetic and gauges; `None` for the two words.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    pub const fn as_f64(self) -> Option<f64> {
        match self {
            Self::Count(count) => Some(count as f64),
            Self::Number(number) => Some(number),
            Self::Suppressed | Self::NoData => None,
        }
    }

    /// The count; `None` for ratios and for the two words.
    #[must_use]
    pub const fn as_count(self) -> Option<i64> {
        match self {
            Self::Count(count) => Some(count),
            Self::Number(_) | Self::Suppressed | Self::NoData => None,
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(formatter, "{count}"),
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Suppressed => formatter.write_str("suppressed"),
            Self::NoData => formatter.write_str("no data"),
        }
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => serializer.serialize_i64(*count),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Suppressed | Self::NoData => serializer.collect_str(self),
        }
    }
}

/// How a policy treats one count. Base and threshold are settings of the policy, never constants of the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "rule")]
pub enum Rounding {
    /// Shown as it is.
    Exact,
    /// To the nearest multiple of `base`; 1 to `small` are raised to one `base`, so that only a true zero shows 0.
    Nearest {
        /// The multiple.
        base: i64,
        /// Largest count that is raised to one base.
        small: i64,
    },
    /// 1 to `small` suppressed; every other count to the nearest multiple of `base`.
    SuppressThenNearest {
        /// The multiple.
        base: i64,
        /// Largest count that is suppressed.
        small: i64,
    },
}

impl Rounding {
    /// The count as this rule shows it. Deterministic: the same count always gives the same cell.
    pub const fn apply(self, count: i64) -> Shown {
        match self {
            Self::Exact => Shown::Count(count),
            Self::Nearest { base, small } if count >= 1 && count <= small => {
                let _ = small;
                Shown::Count(base)
            }
            Self::SuppressThenNearest { small, .. } if count >= 1 && count <= small => Shown::Suppressed,
            Self::Nearest { base, .. } | Self::SuppressThenNearest { base, .. } => Shown::Count(nearest(count, base)),
        }
    }
}

/// The nearest multiple of `base`, halves up (an odd base has no halves).
const fn nearest(count: i64, base: i64) -> i64 {
    (2 * count + base).div_euclid(2 * base) * base
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND5: Rounding = Rounding::Nearest { base: 5, small: 7 };
    const HES: Rounding = Rounding::SuppressThenNearest { base: 5, small: 7 };

    #[test]
    fn round5_is_that_of_the_handbook() {
        for (count, shown) in [(0, 0), (1, 5), (3, 5), (7, 5), (8, 10), (12, 10), (13, 15), (52, 50), (53, 55)] {
            assert_eq!(ROUND5.apply(count), Shown::Count(shown), "{count}");
        }
    }

    #[test]
    fn hes_is_that_of_the_handbook() {
        assert_eq!(HES.apply(0), Shown::Count(0));
        for count in 1..=7 {
            assert_eq!(HES.apply(count), Shown::Suppressed, "{count}");
        }
        for (count, shown) in [(8, 10), (12, 10), (13, 15), (52, 50), (53, 55)] {
            assert_eq!(HES.apply(count), Shown::Count(shown), "{count}");
        }
    }

    #[test]
    fn rounding_never_reorders() {
        let mut previous = 0;
        for count in 0..10_000 {
            let rounded = ROUND5.apply(count).as_count().unwrap();
            assert!(rounded >= previous && rounded % 5 == 0);
            previous = rounded;
        }
    }

    #[test]
    fn three_words_are_three_words() {
        let json: Vec<_> = [Shown::Suppressed, Shown::NoData, Shown::Count(0), Shown::Number(0.5)]
            .iter()
            .map(|shown| serde_json::to_string(shown).unwrap())
            .collect();
        assert_eq!(json, [r#""suppressed""#, r#""no data""#, "0", "0.5"]);
    }
}
