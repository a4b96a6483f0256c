//! A figure after release: the columns of `homeward evaluate`, whatever the indicator.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Europe::London;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::figure::{Dimension, Status};

use super::Shown;

/// One released figure. It serialises as one flat object: `indicator, version, basis, <one key a dimension>, period_start,
/// period_end, numerator, denominator, value, lower, upper, status, flags, release, as_of`, and `counts` when there are any.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ReleasedFigure {
    /// Indicator id.
    pub indicator: String,
    /// Definition version that made it.
    pub version: u32,
    /// Basis within the definition.
    pub basis: String,
    /// Dimension values in the order asked for.
    pub dimensions: Vec<(Dimension, String)>,
    /// Start of the period (inclusive instant).
    pub period_start: DateTime<Utc>,
    /// End of the period (exclusive instant).
    pub period_end: DateTime<Utc>,
    /// Numerator; for a count indicator, the count; `no data` for a percentile.
    pub numerator: Shown,
    /// Denominator; `no data` for a count indicator; for a percentile the number of its records.
    pub denominator: Shown,
    /// The ratio, from 0 to 1, or the count, computed from the numbers shown; or the percentile.
    pub value: Shown,
    /// Lower bound of the 95% interval, by the definition's method.
    pub lower: Shown,
    /// Upper bound of the 95% interval.
    pub upper: Shown,
    /// Companion counts by name.
    pub counts: BTreeMap<String, Shown>,
    /// How final the figure is.
    pub status: Status,
    /// Flags in order: data-quality flags with counts (`negative_wait:3`) or policy flags (`rounded`, `suppressed`).
    pub flags: Vec<String>,
    /// The policy that made it, for example `ucr-publication/1`.
    pub release: String,
    /// The instant the figure speaks for.
    pub as_of: DateTime<Utc>,
}

impl ReleasedFigure {
    /// The value of a dimension, if the figure is broken down by it.
    #[must_use]
    pub fn dimension(&self, wanted: Dimension) -> Option<&str> {
        self.dimensions.iter().find_map(|(dimension, value)| (*dimension == wanted).then_some(value.as_str()))
    }

    /// The `flags` column: names joined by a semicolon, empty without flags.
    #[must_use]
    pub fn flags_text(&self) -> String {
        self.flags.join(";")
    }

    /// The `period_start` column, as wall-clock time with its offset.
    #[must_use]
    pub fn period_start_text(&self) -> String {
        london_text(self.period_start)
    }

    /// The `period_end` column, as wall-clock time with its offset; exclusive.
    #[must_use]
    pub fn period_end_text(&self) -> String {
        london_text(self.period_end)
    }
}

/// June begins at `2025-06-01T00:00:00+01:00`: the day people mean stays readable and the instant stays exact.
fn london_text(instant: DateTime<Utc>) -> String {
    instant.with_timezone(&London).to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

impl Serialize for ReleasedFigure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_map(None)?;
        row.serialize_entry("indicator", &self.indicator)?;
        row.serialize_entry("version", &self.version)?;
        row.serialize_entry("basis", &self.basis)?;
        for (dimension, value) in &self.dimensions {
            row.serialize_entry(dimension.as_str(), value)?;
        }
        row.serialize_entry("period_start", &self.period_start_text())?;
        row.serialize_entry("period_end", &self.period_end_text())?;
        row.serialize_entry("numerator", &self.numerator)?;
        row.serialize_entry("denominator", &self.denominator)?;
        row.serialize_entry("value", &self.value)?;
        row.serialize_entry("lower", &self.lower)?;
        row.serialize_entry("upper", &self.upper)?;
        row.serialize_entry("status", self.status.as_str())?;
        row.serialize_entry("flags", &self.flags_text())?;
        row.serialize_entry("release", &self.release)?;
        row.serialize_entry("as_of", &self.as_of.to_rfc3339_opts(SecondsFormat::AutoSi, true))?;
        if !self.counts.is_empty() {
            row.serialize_entry("counts", &self.counts)?;
        }
        row.end()
    }
}
