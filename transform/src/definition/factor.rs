//! A factor that figures are taken by: a parameter with its source, never a number in the code. Pure.

use serde::{Deserialize, Serialize};

/// The sum of the SQL is multiplied by one number and divided by another, once, when all is summed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Factor {
    /// What it is multiplied by.
    pub times: u32,
    /// What it is divided by.
    pub over: u32,
    /// Where both are from.
    pub source: String,
}

impl Factor {
    /// Numerator and denominator of a sum over some periods: the value is their mean.
    pub(crate) fn of(&self, sum: i64, periods: usize) -> (i64, i64) {
        let periods = i64::try_from(periods).unwrap_or(i64::MAX);
        (sum.saturating_mul(self.times.into()), periods.saturating_mul(self.over.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beds_of_the_strategy_stand_for_ninety() {
        let factor = Factor { times: 90, over: 184, source: "Devon strategy".into() };
        assert_eq!(factor.of(184, 1), (184 * 90, 184));
        assert_eq!(factor.of(184 + 92, 2), (276 * 90, 368), "67.5, the mean of 90 and 45");
    }
}
