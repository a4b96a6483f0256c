//! Which combinations of area and period leave the house at all, whatever the policy. One rule for every outlet.

use crate::figure::{Dimension, Figure};

/// Levels of area, from the widest to the finest, then the provider view.
pub const LEVELS: [Dimension; 6] =
    [Dimension::Nation, Dimension::Region, Dimension::Icb, Dimension::Lcp, Dimension::Pcn, Dimension::Provider];

/// Windows in which a primary care network is shown. A network by one day is disclosive (handbook, alerting,
/// section 6), its open clocks of this moment are more so, and a month to date is one day on the first.
pub const PCN_WINDOWS: [&str; 2] = ["7d", "28d"];

/// True when a figure of this level may be shown for its period. A primary care network appears in windows of a week
/// and longer and in months that are over: a month under way is one day on the first (our choice).
#[must_use]
pub fn may_show(level: Dimension, figure: &Figure) -> bool {
    if level != Dimension::Pcn {
        return true;
    }
    figure.dimensions.iter().any(|(dimension, value)| match dimension {
        Dimension::Window => PCN_WINDOWS.contains(&value.as_str()),
        Dimension::Month => figure.period_end <= figure.as_of,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::{DateTime, Utc};

    use super::*;
    use crate::figure::Status;

    fn figure(period: Option<(Dimension, &str)>, as_of: &str) -> Figure {
        let instant = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        Figure {
            indicator: "ucr-two-hour-response".into(),
            version: 1,
            basis: "live".into(),
            dimensions: period.map(|(dimension, value)| (dimension, value.to_owned())).into_iter().collect(),
            period_start: instant("2025-05-31T23:00:00Z"),
            period_end: instant("2025-06-30T23:00:00Z"),
            numerator: Some(1),
            denominator: Some(2),
            counts: BTreeMap::new(),
            flags: BTreeMap::new(),
            status: Status::Live,
            as_of: instant(as_of),
        }
    }

    #[test]
    fn a_network_is_shown_by_the_week_or_longer_and_nothing_else() {
        let (during, after) = ("2025-06-01T12:00:00Z", "2025-06-30T23:00:00Z");
        for (period, as_of, shown) in [
            (Some((Dimension::Window, "7d")), during, true),
            (Some((Dimension::Window, "28d")), during, true),
            (Some((Dimension::Window, "24h")), during, false),
            (Some((Dimension::Window, "mtd")), during, false),
            (Some((Dimension::Day, "2025-06-01")), after, false),
            (Some((Dimension::Month, "2025-06")), during, false),
            (Some((Dimension::Month, "2025-06")), after, true),
            (None, after, false),
        ] {
            let figure = figure(period, as_of);
            assert_eq!(may_show(Dimension::Pcn, &figure), shown, "{period:?} at {as_of}");
            assert!(may_show(Dimension::Lcp, &figure), "only networks are held back");
        }
    }
}
