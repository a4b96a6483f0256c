//! Wilson bounds in PromQL (handbook, alerting section 3; statistics section 2).

pub(super) use homeward_transform::conditions::declared::{Z_BEGIN, Z_END};

/// Where the bounds of a proportion come from.
pub(super) struct Source<'a> {
    /// Series of the ratio.
    pub(super) ratio: &'a str,
    /// Series of the denominator, with the ratio's labels.
    pub(super) trials: &'a str,
}

/// Which bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// The upper one.
    Upper,
    /// The lower one.
    Lower,
}

/// The bound as an expression.
pub(super) fn bound(source: &Source<'_>, z: f64, bound: Bound) -> String {
    let Source { ratio, trials } = source;
    let sign = match bound {
        Bound::Upper => '+',
        Bound::Lower => '-',
    };
    let square = (z * z * 10_000.0).round() / 10_000.0;
    format!(
        "({ratio} + {square} / (2 * {trials})\n {sign} {z} * sqrt(({ratio} * (1 - {ratio})\n   + {square} / (4 * {trials})) / {trials}))\n/ (1 + {square} / {trials})"
    )
}
