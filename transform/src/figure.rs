//! The exact figure, before any release rule has touched it.
//!
//! A [`Figure`] deliberately has no `Serialize`: the only way out of the process is through
//! [`crate::release`], which turns it into a released figure.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::percentile::Percentile;
use crate::statistics::standard::StandardisedRate;

/// A dimension that figures can be broken down by (`--by` on the command line).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Providing organisation (ODS code); the basis of the published figures.
    Provider,
    /// Integrated care board, by commissioner, else practice (`ucr.md` E20).
    Icb,
    /// Commissioning region of the ICB.
    Region,
    /// Local care partnership, by registered practice.
    Lcp,
    /// Primary care network, by registered practice.
    Pcn,
    /// England.
    Nation,
    /// Local calendar day.
    Day,
    /// Local calendar month.
    Month,
    /// Twelve local calendar months, by the last of them.
    TwelveMonths,
    /// Rolling window that ends at `as_of`.
    Window,
    /// Band of waiting time (stratum of `ucr-open-clocks` and `ucr-wait-bands`).
    Band,
    /// Who referred (stratum of `ucr-referrals-by-source`).
    Source,
    /// Virtual ward, as its provider calls it (stratum of the virtual ward indicators).
    Ward,
    /// Clinical pathway (stratum of the virtual ward indicators).
    Pathway,
    /// From home or out of hospital (stratum of the virtual ward indicators that follow stays).
    Route,
}

impl Dimension {
    /// Every dimension, in the order in which they are documented.
    pub const ALL: [Self; 15] = [
        Self::Provider,
        Self::Icb,
        Self::Region,
        Self::Lcp,
        Self::Pcn,
        Self::Nation,
        Self::Day,
        Self::Month,
        Self::TwelveMonths,
        Self::Window,
        Self::Band,
        Self::Source,
        Self::Ward,
        Self::Pathway,
        Self::Route,
    ];

    /// The dimension's name on the command line, in JSON and in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Icb => "icb",
            Self::Region => "region",
            Self::Lcp => "lcp",
            Self::Pcn => "pcn",
            Self::Nation => "nation",
            Self::Day => "day",
            Self::Month => "month",
            Self::TwelveMonths => "twelve_months",
            Self::Window => "window",
            Self::Band => "band",
            Self::Source => "source",
            Self::Ward => "ward",
            Self::Pathway => "pathway",
            Self::Route => "route",
        }
    }

    /// True for the dimensions that name an area smaller than the nation.
    #[must_use]
    pub const fn is_area(self) -> bool {
        matches!(self, Self::Provider | Self::Icb | Self::Region | Self::Lcp | Self::Pcn)
    }

    /// True for the dimensions that definitions bring beyond area and period.
    #[must_use]
    pub const fn is_stratum(self) -> bool {
        matches!(self, Self::Band | Self::Source | Self::Ward | Self::Pathway | Self::Route)
    }

    /// True for the dimensions that name a stretch of time.
    #[must_use]
    pub const fn is_period(self) -> bool {
        matches!(self, Self::Day | Self::Month | Self::TwelveMonths | Self::Window)
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A dimension name that is not one of [`Dimension::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown dimension '{0}'; use one of provider, icb, region, lcp, pcn, nation, day, month, twelve_months, window, band, \
     source, ward, pathway, route"
)]
pub struct UnknownDimension(pub String);

impl FromStr for Dimension {
    type Err = UnknownDimension;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|dimension| dimension.as_str() == text.trim())
            .ok_or_else(|| UnknownDimension(text.to_owned()))
    }
}

/// How final a figure is: the lowest rank of the sources that contributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// At least one contributing clock is known only from live events.
    Live,
    /// At least one contributing clock comes from a Primary submission.
    Provisional,
    /// Every contributing clock comes from a Refresh submission.
    Final,
}

impl Status {
    /// The word shown to people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Provisional => "provisional",
            Self::Final => "final",
        }
    }

    /// From the `source_rank` column of an indicator's SQL: 1 live, 2 Primary, 3 Refresh.
    #[must_use]
    pub const fn from_source_rank(rank: i64) -> Self {
        match rank {
            3 => Self::Final,
            2 => Self::Provisional,
            _ => Self::Live,
        }
    }
}

/// One exact figure: an indicator's value for one area, period and stratum.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Indicator id, for example `ucr-two-hour-response`.
    pub indicator: String,
    /// Definition version that made it.
    pub version: u32,
    /// Basis within the definition, for example `published` or `live`.
    pub basis: String,
    /// Dimension values in the order asked for; an unknown area is `unknown`.
    pub dimensions: Vec<(Dimension, String)>,
    /// Start of the period (inclusive instant).
    pub period_start: DateTime<Utc>,
    /// End of the period (exclusive instant).
    pub period_end: DateTime<Utc>,
    /// Sum of numerators; for a count indicator, the count itself; `None` for a percentile.
    pub numerator: Option<i64>,
    /// Sum of denominators; `None` for a count indicator; for a percentile the number of its records.
    pub denominator: Option<i64>,
    /// The percentile; `None` for other kinds, and where there was nothing to take it of.
    pub percentile: Option<Percentile>,
    /// The rate standardised by age; `None` for other kinds, and where there is none.
    pub standardised: Option<StandardisedRate>,
    /// Companion counts by name (`open`, `excluded`, ...), summed like the numerator.
    pub counts: BTreeMap<String, i64>,
    /// Data-quality flags by name with the number of records that carry them; zero counts are absent.
    pub flags: BTreeMap<String, i64>,
    /// How final the figure is.
    pub status: Status,
    /// The instant the figure speaks for.
    pub as_of: DateTime<Utc>,
}
