//! The named, versioned release policies of the handbook's disclosure page, section 1.

use serde::Serialize;

use crate::definition::{Definition, Interval, Kind};
use crate::figure::{Dimension, Figure};
use crate::statistics::people::PeopleSums;
use crate::statistics::{Z95, wilson};

use super::reach::may_show;
use super::{HoldsNoPatientData, Released, ReleasedFigure, Rounding, Shown};
use crate::percentile::Percentile;
use crate::revision::Stated;

/// A release policy. Every output says which one made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// Name on the command line and in `indicator.toml`.
    pub name: &'static str,
    /// Raised whenever a setting below changes.
    pub version: u32,
    /// How each count is shown.
    pub rounding: Rounding,
    /// A rate needs at least this many in its exact denominator, else it is suppressed.
    pub minimum_denominator: i64,
    /// A percentile needs at least this many records, else it is suppressed and their number with it.
    pub minimum_percentile_records: i64,
    /// National cells are shown exactly.
    pub national_is_exact: bool,
    /// Data-quality flags appear, with their counts.
    pub shows_quality_flags: bool,
    /// The sentence that every output of this policy carries.
    pub statement: &'static str,
}

/// The names of policies are public.
impl HoldsNoPatientData for Policy {}

/// The numbers of one figure as they may be shown.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Numbers {
    /// Numerator or count; `no data` for a percentile.
    pub numerator: Shown,
    /// Denominator; `no data` for a count; for a percentile the number of its records.
    pub denominator: Shown,
    /// The ratio, count or percentile.
    pub value: Shown,
}

/// Whose records are at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// Those of all England: the nation's sum is a national figure.
    England,
    /// Those of a part of it: their sum bears the nation's name and is no national figure.
    PartOfEngland,
}

/// A release policy that does not exist: no rule means no release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown release policy '{0}'; use one of internal-live, ucr-publication, public-hes, public-csds")]
pub struct UnknownPolicy(pub String);

impl Policy {
    /// Every policy, in the order in which they are documented.
    pub const ALL: [Self; 4] = [
        Self {
            name: "internal-live",
            version: 1,
            rounding: Rounding::Exact,
            minimum_denominator: 1,
            minimum_percentile_records: 1,
            national_is_exact: true,
            shows_quality_flags: true,
            statement: "Exact figures for staff whose role allows them; not for publication.",
        },
        Self {
            name: "ucr-publication",
            version: 1,
            rounding: Rounding::Nearest { base: 5, small: 7 },
            minimum_denominator: 1,
            minimum_percentile_records: 8,
            national_is_exact: false,
            shows_quality_flags: false,
            statement: "Rounded to the nearest 5, 1 to 7 shown as 5; percentages from the rounded counts; rounded, so rows \
                        may not add up.",
        },
        Self {
            name: "public-hes",
            version: 1,
            rounding: Rounding::SuppressThenNearest { base: 5, small: 7 },
            minimum_denominator: 8,
            minimum_percentile_records: 8,
            national_is_exact: true,
            shows_quality_flags: false,
            statement: "Below national level 1 to 7 are suppressed and other counts rounded to the nearest 5; percentages \
                        from the rounded counts may differ widely from the exact ones; rounded, so rows may not add up.",
        },
        Self {
            name: "public-csds",
            version: 1,
            rounding: Rounding::Nearest { base: 5, small: 7 },
            minimum_denominator: 8,
            minimum_percentile_records: 8,
            national_is_exact: false,
            shows_quality_flags: false,
            statement: "Multiples of 5, as observed in the CSDS publication; rounded, so rows may not add up.",
        },
    ];

    /// The policy of that name; a label with a version (`public-hes/1`) is accepted when the version is the current one.
    ///
    /// # Errors
    ///
    /// [`UnknownPolicy`] for any other name: a missing rule never means "release as it is".
    pub fn by_name(name: &str) -> Result<&'static Self, UnknownPolicy> {
        Self::by_name_over(name, Coverage::England)
    }

    /// As [`Policy::by_name`] for records of known coverage: those of a part of England get no exemption that the rule
    /// gives to national figures.
    ///
    /// # Errors
    ///
    /// [`UnknownPolicy`] for any other name.
    pub fn by_name_over(name: &str, coverage: Coverage) -> Result<&'static Self, UnknownPolicy> {
        const fn within(policy: Policy) -> Policy {
            Policy { national_is_exact: matches!(policy.rounding, Rounding::Exact), ..policy }
        }
        const ENGLAND: &[Policy] = &Policy::ALL;
        const PART: &[Policy] =
            &[within(Policy::ALL[0]), within(Policy::ALL[1]), within(Policy::ALL[2]), within(Policy::ALL[3])];
        let policies = match coverage {
            Coverage::England => ENGLAND,
            Coverage::PartOfEngland => PART,
        };
        policies
            .iter()
            .find(|policy| policy.name == name || policy.label() == name)
            .ok_or_else(|| UnknownPolicy(name.to_owned()))
    }

    /// Name and version, for example `ucr-publication/1`: the `release` column.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}/{}", self.name, self.version)
    }

    /// Releases figures of one definition: counts by the policy's rounding, values from the counts shown, interval by the
    /// definition's method, flags as the policy allows. Figures that no policy shows ([`may_show`]) are left out. The only
    /// maker of released figures.
    #[must_use]
    pub fn release(&self, figures: Vec<Figure>, definition: &Definition) -> Released<Vec<ReleasedFigure>> {
        let shown = figures.into_iter().filter(may_show).map(|figure| self.figure(figure, definition)).collect();
        Released::by_policy(shown)
    }

    /// Releases one plain count, for example a number of open referrals in a sentence. `national` says that it speaks for
    /// England as a whole.
    #[must_use]
    pub fn release_count(&self, count: i64, national: bool) -> Released<Shown> {
        Released::by_policy(self.rounding_at(national).apply(count))
    }

    /// Releases one side of a revision, of one provider.
    #[must_use]
    pub fn release_stated(&self, stated: Stated, kind: Kind) -> Released<Numbers> {
        let Stated { numerator, denominator, percentile } = stated;
        let numerator = kind.has_numerator().then_some(numerator);
        Released::by_policy(self.numbers(numerator, denominator, percentile.map(Percentile::value), kind, false))
    }

    /// What is shown of the numbers of one figure. `own` is the value where it is no quotient: a percentile, a standardised
    /// rate. `national` says that it speaks for England as a whole.
    fn numbers(
        &self,
        numerator: Option<i64>,
        denominator: Option<i64>,
        own: Option<f64>,
        kind: Kind,
        national: bool,
    ) -> Numbers {
        let rounding = self.rounding_at(national);
        let exact = national && self.national_is_exact;
        let show = |count: Option<i64>| count.map_or(Shown::NoData, |count| rounding.apply(count));
        let is_few = |minimum: i64| denominator.is_some_and(|count| count > 0 && !exact && count < minimum);
        if kind == Kind::Quantile {
            let (denominator, value) = match own {
                _ if is_few(self.minimum_percentile_records) => (Shown::Suppressed, Shown::Suppressed),
                Some(percentile) => (show(denominator), Shown::Number(percentile)),
                None => (show(denominator), Shown::NoData),
            };
            return Numbers { numerator: Shown::NoData, denominator, value };
        }
        let (numerator, of) = (show(numerator), show(denominator));
        let value = match denominator {
            Some(_) if is_few(self.minimum_denominator) => Shown::Suppressed,
            // The rate is made of the exact sums of every band: under a policy that rounds there is none.
            _ if kind == Kind::Standardised => {
                own.filter(|_| rounding == Rounding::Exact).map_or(Shown::NoData, Shown::Number)
            }
            Some(_) => ratio(numerator, of),
            // A ratio whose denominator is not known has no value; a count has no denominator.
            None if kind == Kind::Ratio => Shown::NoData,
            None => numerator,
        };
        Numbers { numerator, denominator: of, value }
    }

    const fn rounding_at(&self, national: bool) -> Rounding {
        if national && self.national_is_exact { Rounding::Exact } else { self.rounding }
    }

    fn figure(&self, figure: Figure, definition: &Definition) -> ReleasedFigure {
        let national = is_national(&figure.dimensions);
        let rounding = self.rounding_at(national);
        let own = figure.percentile.map(Percentile::value).or(figure.standardised.map(|rate| rate.value));
        let Numbers { numerator, denominator, value } =
            self.numbers(figure.numerator, figure.denominator, own, definition.kind, national);
        let (lower, upper) = match definition.interval {
            Interval::Wilson if figure.denominator.is_some() => bounds(numerator, denominator, value),
            Interval::People if value == Shown::Suppressed => (value, value),
            Interval::People if rounding == Rounding::Exact => people_bounds(&figure),
            Interval::Dobson => rate_bounds(&figure, value),
            Interval::Wilson | Interval::People | Interval::None => (Shown::NoData, Shown::NoData),
        };
        // Sums that intervals and standardised rates are made of are no counts that a reader asks for.
        let is_inner = |name: &str| definition.kind == Kind::Standardised || definition.interval.sums().contains(&name);
        let is_shown = |name: &String| definition.counts.contains(name) || !is_inner(name);
        let counts = figure.counts.into_iter().filter(|(name, _)| is_shown(name));
        let counts = counts.map(|(name, count)| (name, rounding.apply(count))).collect();
        let mut released = ReleasedFigure {
            indicator: figure.indicator,
            version: figure.version,
            basis: figure.basis,
            dimensions: figure.dimensions,
            period_start: figure.period_start,
            period_end: figure.period_end,
            numerator,
            denominator,
            value,
            lower,
            upper,
            counts,
            status: figure.status,
            flags: Vec::new(),
            release: self.label(),
            as_of: figure.as_of,
        };
        released.flags = if self.shows_quality_flags {
            let marked = figure.flags.into_iter().filter(|(_, count)| *count > 0);
            marked.map(|(name, count)| format!("{name}:{count}")).collect()
        } else {
            policy_flags(&released, rounding)
        };
        released
    }
}

/// True when England is the only area: `nation` is asked for and no smaller area is.
fn is_national(dimensions: &[(Dimension, String)]) -> bool {
    let is_smaller_area = |dimension: Dimension| {
        matches!(dimension, Dimension::Provider | Dimension::Icb | Dimension::Region | Dimension::Lcp | Dimension::Pcn)
    };
    let mut names = dimensions.iter().map(|(dimension, _)| *dimension);
    names.clone().any(|dimension| dimension == Dimension::Nation) && !names.any(is_smaller_area)
}

/// A ratio of the numbers shown: it inherits the suppression of either, and without a denominator there is no data.
pub(super) fn ratio(numerator: Shown, denominator: Shown) -> Shown {
    if numerator == Shown::Suppressed || denominator == Shown::Suppressed {
        return Shown::Suppressed;
    }
    match (numerator.as_f64(), denominator.as_f64()) {
        (Some(numerator), Some(denominator)) if denominator > 0.0 => Shown::Number(numerator / denominator),
        _ => Shown::NoData,
    }
}

/// Wilson bounds of the numbers shown, so that an interval never says more than its rate.
fn bounds(numerator: Shown, denominator: Shown, value: Shown) -> (Shown, Shown) {
    if let Shown::Suppressed | Shown::NoData = value {
        return (value, value);
    }
    let whole = |shown: Shown| shown.as_count().and_then(|count| u64::try_from(count).ok());
    match (whole(numerator), whole(denominator)) {
        (Some(successes), Some(trials)) => wilson(successes, trials, Z95)
            .map_or((Shown::NoData, Shown::NoData), |(lower, upper)| (Shown::Number(lower), Shown::Number(upper))),
        _ => (Shown::NoData, Shown::NoData),
    }
}

/// Bounds by the spread between people, of exact figures alone: rounded sums of squares say nothing. Of one period: over
/// several, one person would pass for many.
fn people_bounds(figure: &Figure) -> (Shown, Shown) {
    let count = |name: &str| figure.counts.get(name).copied().unwrap_or(0);
    let sums = PeopleSums {
        people: count("people"),
        x: figure.numerator.unwrap_or(0),
        y: figure.denominator.unwrap_or(0),
        xx: count("numerator_squared"),
        xy: count("product"),
        yy: count("denominator_squared"),
    };
    let bounds = sums.interval(Z95).filter(|_| is_of_one_period(figure));
    bounds.map_or((Shown::NoData, Shown::NoData), |(lower, upper)| (Shown::Number(lower), Shown::Number(upper)))
}

/// Bounds of a standardised rate that is shown; of one period, as those by people.
fn rate_bounds(figure: &Figure, value: Shown) -> (Shown, Shown) {
    match (value, figure.standardised.filter(|_| is_of_one_period(figure))) {
        (Shown::Suppressed, _) => (value, value),
        (Shown::Number(_), Some(rate)) => (Shown::Number(rate.lower), Shown::Number(rate.upper)),
        _ => (Shown::NoData, Shown::NoData),
    }
}

/// Of twelve months the sums over people are those of each month by itself.
fn is_of_one_period(figure: &Figure) -> bool {
    let is_one = |dimension: Dimension| dimension.is_period() && dimension != Dimension::TwelveMonths;
    figure.dimensions.iter().any(|(dimension, _)| is_one(*dimension))
}

/// Flags that speak of the release itself: they say nothing about any person.
fn policy_flags(released: &ReleasedFigure, rounding: Rounding) -> Vec<String> {
    let mut flags = Vec::new();
    if rounding != Rounding::Exact {
        flags.push("rounded".to_owned());
    }
    let cells = [released.numerator, released.denominator, released.value];
    if cells.iter().chain(released.counts.values()).any(|shown| *shown == Shown::Suppressed) {
        flags.push("suppressed".to_owned());
    }
    flags
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
