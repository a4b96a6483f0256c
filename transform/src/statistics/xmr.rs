//! XmR charts: limits, rules, labels and icons of a row of figures (handbook, statistics section 1). Pure.
//!
//! Rule set `mdc-2025`, without screening of moving ranges and with the whole segment as baseline. The caller leaves
//! out the current, incomplete period: it enters neither limits nor rules. A missing period has no point, gives no
//! moving range on either side and breaks every run.

use crate::definition::Direction;

/// Name of the rule set, printed on each chart because versions differ.
pub const RULE_SET: &str = "mdc-2025";

/// Limits from fewer points than this are "trial limits".
pub const SETTLED_POINTS: usize = 12;

/// Points in a shift, and in a trend.
const RUN_POINTS: usize = 7;

/// Moving ranges to process limits: 3 / d2 of two observations.
const LIMIT_FACTOR: f64 = 2.66;

/// A chart of one segment.
#[derive(Debug, Clone, PartialEq)]
pub struct Xmr {
    /// Average of the points.
    pub mean: f64,
    /// Average of the moving ranges.
    pub moving_range: f64,
    /// Lower process limit; may lie below zero.
    pub lower: f64,
    /// Upper process limit; may lie above one.
    pub upper: f64,
    /// Two thirds of the way to the lower limit.
    pub near_lower: f64,
    /// Two thirds of the way to the upper limit.
    pub near_upper: f64,
    /// The label of each period, in the order given; none where there is no point.
    pub labels: Vec<Option<Label>>,
}

/// Why a point stands out; the first that holds, in the order of the rule set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// Nothing unusual.
    CommonCause,
    /// Above the upper process limit.
    AboveLimit,
    /// Below the lower process limit.
    BelowLimit,
    /// One of seven points that rise strictly.
    TrendUp,
    /// One of seven points that fall strictly.
    TrendDown,
    /// One of two of three points near the upper limit.
    TwoOfThreeAbove,
    /// One of two of three points near the lower limit.
    TwoOfThreeBelow,
    /// One of seven points above the mean.
    ShiftAbove,
    /// One of seven points below the mean.
    ShiftBelow,
}

/// What a label means where one way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variation {
    /// Usual variation.
    Common,
    /// Unusual, and for the better.
    Improvement,
    /// Unusual, and for the worse.
    Concern,
    /// Unusual and high, where neither way is better.
    NeutralHigh,
    /// Unusual and low, where neither way is better.
    NeutralLow,
}

/// What the limits say about a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assurance {
    /// The process meets it whatever chance does.
    ConsistentPass,
    /// The process misses it whatever chance does.
    ConsistentFail,
    /// Chance decides.
    Inconsistent,
}

impl Label {
    /// The label in the words of the rule set.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::CommonCause => "Common Cause",
            Self::AboveLimit => "Above UCL",
            Self::BelowLimit => "Below LCL",
            Self::TrendUp => "7 Point Trend (Increasing)",
            Self::TrendDown => "7 Point Trend (Decreasing)",
            Self::TwoOfThreeAbove => "2 in 3 Above CL",
            Self::TwoOfThreeBelow => "2 in 3 Below CL",
            Self::ShiftAbove => "7 Points Above CL",
            Self::ShiftBelow => "7 Points Below CL",
        }
    }

    /// What it means where `direction` is better.
    #[must_use]
    pub const fn variation(self, direction: Direction) -> Variation {
        let high = match self {
            Self::CommonCause => return Variation::Common,
            Self::AboveLimit | Self::TrendUp | Self::TwoOfThreeAbove | Self::ShiftAbove => true,
            Self::BelowLimit | Self::TrendDown | Self::TwoOfThreeBelow | Self::ShiftBelow => false,
        };
        match (direction, high) {
            (Direction::Context, true) => Variation::NeutralHigh,
            (Direction::Context, false) => Variation::NeutralLow,
            (Direction::Up, true) | (Direction::Down, false) => Variation::Improvement,
            (Direction::Up, false) | (Direction::Down, true) => Variation::Concern,
        }
    }
}

impl Xmr {
    /// The chart of one segment; `None` while there is no moving range, which needs two neighbouring points.
    ///
    /// ```
    /// use homeward_transform::statistics::xmr::Xmr;
    /// let chart = Xmr::of(&[3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0].map(Some)).unwrap();
    /// assert!((chart.upper - 13.768_095_2).abs() < 1e-7 && (chart.lower + 6.625_238_1).abs() < 1e-7);
    /// ```
    #[must_use]
    pub fn of(values: &[Option<f64>]) -> Option<Self> {
        let mean = average(values.iter().flatten().copied())?;
        let ranges = values.windows(2).filter_map(|pair| match pair {
            [Some(before), Some(value)] => Some((value - before).abs()),
            _ => None,
        });
        let moving_range = average(ranges)?;
        let (reach, near) = (LIMIT_FACTOR * moving_range, 2.0 * LIMIT_FACTOR / 3.0 * moving_range);
        let mut chart = Self {
            mean,
            moving_range,
            lower: mean - reach,
            upper: mean + reach,
            near_lower: mean - near,
            near_upper: mean + near,
            labels: Vec::new(),
        };
        let marks = Marks::of(values, &chart);
        chart.labels =
            values.iter().enumerate().map(|(index, value)| value.map(|value| marks.label(index, value))).collect();
        Some(chart)
    }

    /// Points that the limits rest on.
    #[must_use]
    pub fn points(&self) -> usize {
        self.labels.iter().flatten().count()
    }

    /// Too few points for settled limits: draw them dashed, say "trial limits".
    #[must_use]
    pub fn is_trial(&self) -> bool {
        self.points() < SETTLED_POINTS
    }

    /// The variation icon: what the last point says.
    #[must_use]
    pub fn variation(&self, direction: Direction) -> Variation {
        self.labels.iter().flatten().last().map_or(Variation::Common, |label| label.variation(direction))
    }

    /// The assurance icon; none where neither way is better.
    #[must_use]
    pub fn assurance(&self, target: f64, direction: Direction) -> Option<Assurance> {
        let (above, below) = (target > self.upper, target < self.lower);
        Some(match (direction, above, below) {
            (Direction::Context, ..) => return None,
            (Direction::Up, true, _) | (Direction::Down, _, true) => Assurance::ConsistentFail,
            (Direction::Up, _, true) | (Direction::Down, true, _) => Assurance::ConsistentPass,
            _ => Assurance::Inconsistent,
        })
    }
}

/// Which rule each period takes part in.
struct Marks {
    mean: f64,
    upper: f64,
    lower: f64,
    shift: Vec<bool>,
    /// Sign of the trend, zero for none.
    trend: Vec<i8>,
    two_of_three: Vec<bool>,
}

impl Marks {
    fn of(values: &[Option<f64>], chart: &Xmr) -> Self {
        let sides: Vec<i8> = values.iter().map(|value| value.map_or(0, |value| sign(value - chart.mean))).collect();
        let close: Vec<bool> = values.iter().map(|value| value.is_some_and(|value| is_close(value, chart))).collect();
        let steps: Vec<i8> = values
            .windows(2)
            .map(|pair| match pair {
                [Some(before), Some(value)] => sign(value - before),
                _ => 0,
            })
            .collect();
        Self {
            mean: chart.mean,
            upper: chart.upper,
            lower: chart.lower,
            shift: shift(&sides),
            trend: trend(&steps),
            two_of_three: two_of_three(&sides, &close),
        }
    }

    fn label(&self, index: usize, value: f64) -> Label {
        let above = value > self.mean;
        if value > self.upper {
            Label::AboveLimit
        } else if value < self.lower {
            Label::BelowLimit
        } else if self.trend[index] != 0 {
            if self.trend[index] > 0 { Label::TrendUp } else { Label::TrendDown }
        } else if self.two_of_three[index] {
            if above { Label::TwoOfThreeAbove } else { Label::TwoOfThreeBelow }
        } else if self.shift[index] {
            if above { Label::ShiftAbove } else { Label::ShiftBelow }
        } else {
            Label::CommonCause
        }
    }
}

fn is_close(value: f64, chart: &Xmr) -> bool {
    let outside = value > chart.upper || value < chart.lower;
    !outside && (value > chart.near_upper || value < chart.near_lower)
}

/// Members of seven consecutive points on one side; a point on the mean breaks the run.
fn shift(sides: &[i8]) -> Vec<bool> {
    let mut marked = vec![false; sides.len()];
    for (start, run) in sides.windows(RUN_POINTS).enumerate() {
        if run[0] != 0 && run.iter().all(|side| *side == run[0]) {
            marked[start..start + RUN_POINTS].fill(true);
        }
    }
    marked
}

/// Members of six consecutive strict steps one way, with the direction of each: of the step to the next point where
/// that one is in a trend too, else of the step from the one before.
fn trend(steps: &[i8]) -> Vec<i8> {
    let mut marked = vec![false; steps.len() + 1];
    for (start, run) in steps.windows(RUN_POINTS - 1).enumerate() {
        if run[0] != 0 && run.iter().all(|step| *step == run[0]) {
            marked[start..start + RUN_POINTS].fill(true);
        }
    }
    (0..marked.len())
        .map(|index| match (marked[index], marked.get(index + 1) == Some(&true)) {
            (false, _) => 0,
            (true, true) => steps[index],
            (true, false) => steps[index - 1],
        })
        .collect()
}

/// The close members of three consecutive points on one side of which two at least are close.
fn two_of_three(sides: &[i8], close: &[bool]) -> Vec<bool> {
    let mut marked = vec![false; sides.len()];
    for (start, side) in sides.windows(3).enumerate() {
        let near = &close[start..start + 3];
        let one_side = side[0] != 0 && side.iter().all(|other| *other == side[0]);
        if one_side && near.iter().filter(|near| **near).count() >= 2 {
            for (offset, _) in near.iter().enumerate().filter(|(_, near)| **near) {
                marked[start + offset] = true;
            }
        }
    }
    marked
}

fn sign(difference: f64) -> i8 {
    if difference > 0.0 {
        1
    } else if difference < 0.0 {
        -1
    } else {
        0
    }
}

fn average(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_u32);
    for value in values {
        sum += value;
        count += 1;
    }
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
#[path = "xmr_tests.rs"]
mod tests;
