//! The interval of a ratio whose events belong to people: nights of one person are not independent, people are the unit of
//! chance (handbook, statistics section 2 and `days-at-home.md` section 2). Pure.

/// Sums over people: of what each has in the numerator, `x`, and in the denominator, `y`. They add up over areas that share
/// nobody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PeopleSums {
    /// How many people have any `y`.
    pub people: i64,
    /// Sum of `x`.
    pub x: i64,
    /// Sum of `y`.
    pub y: i64,
    /// Sum of `x * x`.
    pub xx: i64,
    /// Sum of `x * y`.
    pub xy: i64,
    /// Sum of `y * y`.
    pub yy: i64,
}

impl PeopleSums {
    /// The interval of `x / y` by the ratio estimator: with `R = x / y` its variance is `n / (n - 1)` times the sum over
    /// people of `(x - R y)^2`, over the square of the sum of `y`. The squares are summed in whole numbers, because most
    /// of their digits cancel. The lower bound is not below 0; the upper one is not clipped.
    ///
    /// None of fewer than two people: one tells nothing of the spread between them.
    ///
    /// ```
    /// use homeward_transform::statistics::{Z95, people::PeopleSums};
    /// // Three people at home for 20, 25 and 30 of 30 nights each.
    /// let sums = PeopleSums { people: 3, x: 75, y: 90, xx: 1925, xy: 2250, yy: 2700 };
    /// let (lower, upper) = sums.interval(Z95).unwrap();
    /// assert!((lower - 0.644_736).abs() < 1e-6 && (upper - 1.021_931).abs() < 1e-6);
    /// ```
    #[must_use]
    pub fn interval(&self, z: f64) -> Option<(f64, f64)> {
        if self.people < 2 || self.y <= 0 {
            return None;
        }
        let wide = |number: i64| i128::from(number);
        let square = |number: i64| wide(number).checked_mul(wide(number));
        // The sum of squares times the square of y.
        let of_x = wide(self.xx).checked_mul(square(self.y)?)?;
        let of_both = wide(self.xy).checked_mul(2 * wide(self.x))?.checked_mul(wide(self.y))?;
        let of_y = wide(self.yy).checked_mul(square(self.x)?)?;
        let squares = of_x.checked_sub(of_both)?.checked_add(of_y)?.max(0);
        let (people, y) = (float(wide(self.people)), float(wide(self.y)));
        let half = z * (people / (people - 1.0) * float(squares)).sqrt() / y / y;
        let ratio = float(wide(self.x)) / y;
        Some(((ratio - half).max(0.0), ratio + half))
    }
}

#[expect(clippy::cast_precision_loss, reason = "sixteen digits of a sum are more than an interval shows")]
const fn float(number: i128) -> f64 {
    number as f64
}

#[cfg(test)]
#[path = "people_tests.rs"]
mod tests;
