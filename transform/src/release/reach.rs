//! Which combinations of area and period leave the house at all, whatever the policy. One rule for every outlet: release
//! itself leaves out what it forbids.

use chrono::{DateTime, Utc};

use crate::book::dirty::CalendarPeriod;
use crate::engine::period::{Period, PeriodKind, parse_name};
use crate::figure::{Dimension, Figure};
use crate::snapshot::FigureQuery;

/// Levels of area, from the widest to the finest, then the provider view.
pub const LEVELS: [Dimension; 6] =
    [Dimension::Nation, Dimension::Region, Dimension::Icb, Dimension::Lcp, Dimension::Pcn, Dimension::Provider];

/// Windows in which a primary care network is shown. A network by one day is disclosive (handbook, alerting,
/// section 6), its open clocks of this moment are more so, and a month to date is one day on the first.
pub const PCN_WINDOWS: [&str; 2] = ["7d", "28d"];

/// The rule in words, and what to ask for instead.
pub const PCN_RULE: (&str, &str) = (
    "a primary care network is shown in windows of 7 and 28 days and in months that are over, and in no other period",
    "ask for such a period, or for a wider area",
);

/// True when a figure may be shown. One of a primary care network may, in windows of a week and longer and in months that
/// are over: a month under way is one day on the first (our choice).
#[must_use]
pub fn may_show(figure: &Figure) -> bool {
    let is_long = |(dimension, value): &(Dimension, String)| match dimension {
        Dimension::Window => PCN_WINDOWS.contains(&value.as_str()),
        Dimension::Month | Dimension::TwelveMonths => figure.period_end <= figure.as_of,
        _ => false,
    };
    !figure.dimensions.iter().any(|(dimension, _)| *dimension == Dimension::Pcn)
        || figure.dimensions.iter().any(is_long)
}

/// False when no figure that a question can bring may be shown, so that an outlet can say so instead of nothing.
#[must_use]
pub fn may_show_any(query: &FigureQuery, as_of: DateTime<Utc>) -> bool {
    let grain = query.by.iter().copied().find(|dimension| dimension.is_period());
    if !query.by.contains(&Dimension::Pcn) {
        return true;
    }
    match query.period.as_deref() {
        None => matches!(grain, Some(Dimension::Window | Dimension::Month | Dimension::TwelveMonths)),
        Some(name) => parse_name(name, as_of).is_some_and(|Period { kind, ends_at, .. }| match kind {
            PeriodKind::Window(window) => grain == Some(Dimension::Window) && PCN_WINDOWS.contains(&window.as_str()),
            PeriodKind::Calendar(CalendarPeriod::Month(_)) => grain == Some(Dimension::Month) && ends_at <= as_of,
            PeriodKind::TwelveMonths(_) => grain == Some(Dimension::TwelveMonths) && ends_at <= as_of,
            PeriodKind::Calendar(CalendarPeriod::Day(_)) | PeriodKind::Now => false,
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::figure::Status;

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn figure(level: Dimension, period: Option<(Dimension, &str)>, as_of: &str) -> Figure {
        Figure {
            indicator: "ucr-two-hour-response".into(),
            version: 1,
            basis: "live".into(),
            dimensions: std::iter::once((level, "U06387"))
                .chain(period)
                .map(|(dimension, value)| (dimension, value.to_owned()))
                .collect(),
            period_start: instant("2025-05-31T23:00:00Z"),
            period_end: instant("2025-06-30T23:00:00Z"),
            numerator: Some(1),
            denominator: Some(2),
            percentile: None,
            standardised: None,
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
            assert_eq!(may_show(&figure(Dimension::Pcn, period, as_of)), shown, "{period:?} at {as_of}");
            assert!(may_show(&figure(Dimension::Lcp, period, as_of)), "only networks are held back");
            let by = |level| std::iter::once(level).chain(period.map(|(dimension, _)| dimension)).collect();
            let period = period.map(|(dimension, value)| format!("{dimension}:{value}"));
            let ask = |level| FigureQuery { by: by(level), period: period.clone(), ..FigureQuery::default() };
            assert_eq!(may_show_any(&ask(Dimension::Pcn), instant(as_of)), shown, "{period:?} at {as_of}");
            assert!(may_show_any(&ask(Dimension::Lcp), instant(as_of)));
        }
    }

    #[test]
    fn a_question_without_a_named_period_is_refused_where_every_answer_would_be() {
        for (by, period, shown) in [
            (vec![Dimension::Pcn, Dimension::Window], None, true),
            (vec![Dimension::Pcn, Dimension::Month], None, true),
            (vec![Dimension::Pcn, Dimension::Day], None, false),
            (vec![Dimension::Pcn], None, false),
            (vec![Dimension::Pcn, Dimension::Band], Some("now"), false),
            (vec![Dimension::Pcn], Some("window:28d"), false),
            (vec![Dimension::Lcp, Dimension::Band], Some("now"), true),
            (vec![Dimension::Pcn, Dimension::Month], Some("month:2025-05"), true),
        ] {
            let query = FigureQuery { by, period: period.map(str::to_owned), ..FigureQuery::default() };
            assert_eq!(may_show_any(&query, instant("2025-06-12T14:00:00Z")), shown, "{query:?}");
        }
    }
}
