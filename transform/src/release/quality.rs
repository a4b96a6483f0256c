//! Data quality as a policy shows it: counts of rows are small numbers too.

use chrono::NaiveDate;
use serde::Serialize;

use crate::feedback::{Item, Quality};

use super::policy::ratio;
use super::{Policy, Released, Shown};

/// One measure as a policy shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReleasedMeasure {
    /// Name of the measure.
    pub measure: &'static str,
    /// What is counted, in words.
    pub meaning: &'static str,
    /// Rows that have it.
    pub numerator: Shown,
    /// Rows that could; none for a count of what is amiss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denominator: Option<Shown>,
    /// The share; none for a count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Shown>,
}

/// One provider and month as a policy shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReleasedQuality {
    /// Provider, as it submitted.
    pub provider: String,
    /// First day of the month in which the reporting period ends.
    pub month: NaiveDate,
    /// Every measure in reading order.
    pub measures: Vec<ReleasedMeasure>,
    /// Name and version of the policy.
    pub release: String,
}

impl Policy {
    /// Releases the data quality of one provider and month: each count by the policy's rounding, shares of the counts shown.
    #[must_use]
    pub fn release_quality(&self, provider: &str, month: NaiveDate, quality: &Quality) -> Released<ReleasedQuality> {
        let measures = quality.items().map(|item| self.measure(&item)).collect();
        Released::by_policy(ReleasedQuality { provider: provider.to_owned(), month, measures, release: self.label() })
    }

    fn measure(&self, item: &Item) -> ReleasedMeasure {
        let whole = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX);
        let numerator = self.rounding.apply(whole(item.numerator));
        let denominator = item.denominator.map(|rows| self.rounding.apply(whole(rows)));
        let is_few = item.denominator.is_some_and(|rows| rows > 0 && whole(rows) < self.minimum_denominator);
        let value = denominator.map(|of| if is_few { Shown::Suppressed } else { ratio(numerator, of) });
        ReleasedMeasure { measure: item.name, meaning: item.meaning, numerator, denominator, value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(policy: &str, numerator: u64, denominator: Option<u64>) -> (String, Option<String>, Option<f64>) {
        let item = Item { name: "nhs_number", meaning: "", numerator, denominator };
        let shown = Policy::by_name(policy).unwrap().measure(&item);
        let of = shown.denominator.map(|shown| shown.to_string());
        (shown.numerator.to_string(), of, shown.value.and_then(Shown::as_f64))
    }

    #[test]
    fn counts_of_rows_go_through_the_policy() {
        let told =
            |numerator: &str, denominator: &str, value| (numerator.to_owned(), Some(denominator.to_owned()), value);
        assert_eq!(measure("internal-live", 3, Some(4)), told("3", "4", Some(0.75)));
        assert_eq!(measure("public-csds", 98, Some(102)), told("100", "100", Some(1.0)));
        let (_, _, value) = measure("public-csds", 3, Some(4));
        assert_eq!(value, None, "a share of few rows is suppressed");
        let (numerator, of, value) = measure("public-hes", 3, Some(40));
        assert_eq!((numerator, of.as_deref(), value), (Shown::Suppressed.to_string(), Some("40"), None));
        assert_eq!(measure("internal-live", 0, Some(0)), told("0", "0", None));
        assert_eq!(measure("internal-live", 3, None), ("3".to_owned(), None, None));
    }
}
