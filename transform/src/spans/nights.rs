//! From a stay's instants to its nights.

use chrono::{DateTime, Datelike, Duration, NaiveDate, Utc};
use homeward_contract::time::london;

use super::{Point, Span};

/// The nights of a stay, and what to say about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nights {
    /// Local days `d` with `admission date <= d < discharge date`, as days since the epoch.
    pub span: Span,
    /// No discharge is known.
    pub open: bool,
    /// Open, and no record supports it any more: the nights after its expiry are in `unsupported`, not in `span`.
    pub unsupported: Span,
}

/// The nights of a stay as of an instant (`days-at-home.md` section 2). Local dates decide, so that a stay over a clock change
/// has the nights of the calendar, and a discharge at 00:00 keeps the night before. An open stay lasts up to the local date
/// of `as_of`; it is trusted for `expiry_days` after `supported_at`, the last record of it, and later nights are neither
/// away nor home. A stay that begins after `as_of` has none.
#[must_use]
pub fn nights(
    admitted_at: DateTime<Utc>,
    discharged_at: Option<DateTime<Utc>>,
    supported_at: DateTime<Utc>,
    as_of: DateTime<Utc>,
    expiry_days: u32,
) -> Nights {
    let day = |at: DateTime<Utc>| point_of(london(at).date());
    let (from, today) = (day(admitted_at), day(as_of));
    let nothing = Span::new(today, today);
    match discharged_at.filter(|end| *end <= as_of) {
        Some(end) => Nights { span: Span::new(from, day(end)), open: false, unsupported: nothing },
        None => {
            let trusted = day(supported_at + Duration::days(i64::from(expiry_days))).min(today);
            let span = Span::new(from, trusted.max(from).min(today.max(from)));
            Nights { span, open: true, unsupported: Span::new(span.to, today) }
        }
    }
}

/// A day as a point: days since 1 January 1970.
fn point_of(day: NaiveDate) -> Point {
    i64::from(day.num_days_from_ce() - NaiveDate::default().num_days_from_ce())
}
