//! Percentiles of whole numbers, exact but for one rounding. Pure.
//!
//! Linear interpolation between the two nearest values, as Excel's `PERCENTILE.INC`, R's type 7 and SQL's
//! `percentile_cont` have it (our choice), so that a reader can check a figure. DataFusion's own `percentile_cont` cuts the
//! weight of the interpolation to millionths: the 90th percentile of 1 to 10 comes out as 9.099999. Here the weight is a
//! whole number of thousandths, and the result is divided once.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Parts of a quantile: 0.9 is 900 of them.
const PARTS: i64 = 1_000;

/// Which percentile: a share between 0 and 1 in whole thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Quantile {
    thousandths: i64,
}

/// A number that is no quantile.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0} is no quantile; write a share between 0 and 1 with at most three decimals, 0.5 for the median")]
pub struct NoQuantile(f64);

impl TryFrom<f64> for Quantile {
    type Error = NoQuantile;

    #[expect(clippy::cast_possible_truncation, reason = "a share of 1000 parts is small")]
    fn try_from(share: f64) -> Result<Self, NoQuantile> {
        let parts = share * 1_000.0;
        let is_whole = (parts - parts.round()).abs() < 1e-9;
        if !(is_whole && share > 0.0 && share < 1.0) {
            return Err(NoQuantile(share));
        }
        Ok(Self { thousandths: parts.round() as i64 })
    }
}

impl From<Quantile> for f64 {
    #[expect(clippy::cast_precision_loss, reason = "fewer than 1000 parts")]
    fn from(quantile: Quantile) -> Self {
        quantile.thousandths as Self / PARTS as Self
    }
}

/// `median`, `90th percentile`, `97.5th percentile`.
impl fmt::Display for Quantile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.thousandths == PARTS / 2 {
            return formatter.write_str("median");
        }
        let (whole, tenths) = (self.thousandths / 10, self.thousandths % 10);
        if tenths != 0 {
            return write!(formatter, "{whole}.{tenths}th percentile");
        }
        let ending = match (whole % 10, whole % 100) {
            (_, 11..=13) => "th",
            (1, _) => "st",
            (2, _) => "nd",
            (3, _) => "rd",
            _ => "th",
        };
        write!(formatter, "{whole}{ending} percentile")
    }
}

/// A value of a percentile. Always finite, so that equality is an equivalence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Percentile(f64);

impl Eq for Percentile {}

impl Percentile {
    /// A percentile that was stored; `None` when the number is not finite.
    #[must_use]
    pub fn stored(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(value))
    }

    /// The number.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }

    /// The percentile of some values, each with how often it occurs; `None` without values.
    #[must_use]
    pub fn of(values: &BTreeMap<i64, i64>, quantile: Quantile) -> Option<Self> {
        let last = values.values().sum::<i64>().checked_sub(1)?;
        let (below, rest) = (quantile.thousandths * last / PARTS, quantile.thousandths * last % PARTS);
        let at = |index: i64| {
            let mut up_to = 0;
            let mut reached = values.iter().filter(|(_, times)| {
                up_to += **times;
                up_to > index
            });
            reached.next().map(|(value, _)| *value)
        };
        let lower = at(below)?;
        let step = at(below + 1).unwrap_or(lower).abs_diff(lower);
        let parts = i128::from(lower) * i128::from(PARTS) + i128::from(step) * i128::from(rest);
        #[expect(clippy::cast_precision_loss, reason = "measures are minutes and the like, far below 2^43")]
        Some(Self(parts as f64 / PARTS as f64))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[i64], share: f64) -> Option<f64> {
        Percentile::of(&counted(values), Quantile::try_from(share).unwrap()).map(Percentile::value)
    }

    fn counted(values: &[i64]) -> BTreeMap<i64, i64> {
        let mut counted = BTreeMap::new();
        for value in values {
            *counted.entry(*value).or_default() += 1;
        }
        counted
    }

    /// What `PERCENTILE.INC` of a spreadsheet and `quantile(x, p, type = 7)` of R give.
    #[test]
    fn known_values_come_out_to_the_last_digit() {
        let one_to_ten: Vec<i64> = (1..=10).collect();
        for (values, share, expected) in [
            (one_to_ten.as_slice(), 0.9, 9.1),
            (one_to_ten.as_slice(), 0.5, 5.5),
            (one_to_ten.as_slice(), 0.25, 3.25),
            (&[1, 2, 3, 4], 0.3, 1.9),
            (&[15, 20, 35, 40, 50], 0.4, 29.0),
            (&[120, 95, 30], 0.5, 95.0),
            (&[120, 95, 30], 0.9, 115.0),
            (&[7, 7, 7, 7], 0.9, 7.0),
            (&[42], 0.9, 42.0),
            (&[0, 1], 0.975, 0.975),
        ] {
            assert_eq!(of(values, share), Some(expected), "{share} of {values:?}");
        }
        assert_eq!(of(&[], 0.5), None);
    }

    #[test]
    fn a_quantile_has_a_name_and_bounds() {
        let name = |share: f64| Quantile::try_from(share).unwrap().to_string();
        assert_eq!(name(0.5), "median");
        assert_eq!(name(0.9), "90th percentile");
        assert_eq!(name(0.91), "91st percentile");
        assert_eq!(name(0.11), "11th percentile");
        assert_eq!(name(0.975), "97.5th percentile");
        for share in [0.0, 1.0, -0.1, 90.0, 0.1234, f64::NAN] {
            assert!(Quantile::try_from(share).is_err(), "{share}");
        }
    }

    proptest! {
        #[test]
        fn a_percentile_is_that_of_the_values_in_their_order(
            mut values in prop::collection::vec(0_i64..60, 1..60), thousandths in 1_i64..1_000,
        ) {
            let found = Percentile::of(&counted(&values), Quantile { thousandths }).unwrap();
            values.sort_unstable();
            let place = thousandths * (values.len() as i64 - 1);
            let (below, rest) = ((place / PARTS) as usize, place % PARTS);
            let lower = values[below];
            let upper = values.get(below + 1).copied().unwrap_or(lower);
            prop_assert_eq!(found.value(), (lower * PARTS + (upper - lower) * rest) as f64 / PARTS as f64);
        }
    }
}
