//! Wilson bounds in PromQL (handbook, alerting section 3; statistics section 2).

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

/// z of the bound that an alert must cross to begin, as the handbook writes it in PromQL.
pub(super) const Z_BEGIN: f64 = 1.96;

/// z of the bound that it must cross back to end: one standard error, 68%. Our choice: with one bound for both, a single visit near
/// the line ends the alert and the next begins it anew; 90 simulated days then page one area up to five times in a week.
pub(super) const Z_END: f64 = 1.0;

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
