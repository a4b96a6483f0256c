//! The `period` view: what stretches of time a run computes, as half-open intervals of instants. Pure.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, Utc};
use homeward_contract::time::{local_midnight, london};

use crate::book::dirty::CalendarPeriod;
use crate::book::view::instant_type;

/// A rolling window that ends at `as_of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Window {
    /// The last 24 hours.
    Hours24,
    /// The last 7 times 24 hours.
    Days7,
    /// The last 28 times 24 hours.
    Days28,
    /// Since the local month began.
    MonthToDate,
    /// Since the local day began that is today or one of the 364 before it.
    Days365,
}

impl Window {
    /// Every window.
    pub const ALL: [Self; 5] = [Self::Hours24, Self::Days7, Self::Days28, Self::MonthToDate, Self::Days365];

    /// Those of about a month at most: the windows of referrals and their contacts.
    pub const SHORT: [Self; 4] = [Self::Hours24, Self::Days7, Self::Days28, Self::MonthToDate];

    /// Name in figures and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hours24 => "24h",
            Self::Days7 => "7d",
            Self::Days28 => "28d",
            Self::MonthToDate => "mtd",
            Self::Days365 => "365d",
        }
    }

    fn starts_at(self, as_of: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Hours24 => as_of - Duration::hours(24),
            Self::Days7 => as_of - Duration::days(7),
            Self::Days28 => as_of - Duration::days(28),
            Self::MonthToDate => {
                let today = london(as_of).date();
                local_midnight(today.with_day(1).unwrap_or(today))
            }
            Self::Days365 => local_midnight(london(as_of).date() - Days::new(364)),
        }
    }
}

/// What a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeriodKind {
    /// A local day or month.
    Calendar(CalendarPeriod),
    /// The twelve local months that end with this one, given by its first day. Made of their figures, never by the SQL.
    TwelveMonths(NaiveDate),
    /// A rolling window.
    Window(Window),
    /// The instant `as_of` itself, for snapshot indicators.
    Now,
}

/// A named stretch of time, half open: it holds instants from `starts_at` to before `ends_at`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// What it is.
    pub kind: PeriodKind,
    /// First instant inside.
    pub starts_at: DateTime<Utc>,
    /// First instant after.
    pub ends_at: DateTime<Utc>,
}

impl Period {
    /// A local calendar day or month.
    #[must_use]
    pub fn calendar(period: CalendarPeriod) -> Self {
        let (first, next) = match period {
            CalendarPeriod::Day(day) => (day, day.checked_add_days(Days::new(1)).unwrap_or(day)),
            CalendarPeriod::Month(first) => (first, first.checked_add_months(Months::new(1)).unwrap_or(first)),
        };
        Self { kind: PeriodKind::Calendar(period), starts_at: local_midnight(first), ends_at: local_midnight(next) }
    }

    /// The twelve months that end with the one of this first day.
    #[must_use]
    pub fn twelve_months(last: NaiveDate) -> Self {
        let first = last.checked_sub_months(Months::new(11)).unwrap_or(last);
        let next = last.checked_add_months(Months::new(1)).unwrap_or(last);
        let (starts_at, ends_at) = (local_midnight(first), local_midnight(next));
        Self { kind: PeriodKind::TwelveMonths(last), starts_at, ends_at }
    }

    /// The month before the one that a period begins in.
    #[must_use]
    pub fn month_before(period: &Self) -> Self {
        let day = london(period.starts_at).date();
        let before = day.with_day(1).and_then(|first| first.pred_opt()).unwrap_or(day);
        Self::calendar(CalendarPeriod::month_of(before))
    }

    /// A rolling window: after its start, up to and including `as_of`.
    #[must_use]
    pub fn window(window: Window, as_of: DateTime<Utc>) -> Self {
        let tick = Duration::microseconds(1);
        let starts_at = window.starts_at(as_of);
        let from_midnight = matches!(window, Window::MonthToDate | Window::Days365);
        let starts_at = if from_midnight { starts_at } else { starts_at + tick };
        Self { kind: PeriodKind::Window(window), starts_at, ends_at: as_of + tick }
    }

    /// The instant itself.
    #[must_use]
    pub fn now(as_of: DateTime<Utc>) -> Self {
        Self { kind: PeriodKind::Now, starts_at: as_of, ends_at: as_of + Duration::microseconds(1) }
    }

    /// `day:2025-06-12`, `month:2025-06`, `twelve_months:2025-06`, `window:28d` or `now`.
    #[must_use]
    pub fn name(&self) -> String {
        match self.kind {
            PeriodKind::Calendar(CalendarPeriod::Day(day)) => format!("day:{day}"),
            PeriodKind::Calendar(CalendarPeriod::Month(first)) => format!("month:{}", first.format("%Y-%m")),
            PeriodKind::TwelveMonths(last) => format!("twelve_months:{}", last.format("%Y-%m")),
            PeriodKind::Window(window) => format!("window:{}", window.as_str()),
            PeriodKind::Now => "now".to_owned(),
        }
    }

    /// `day`, `month`, `twelve_months`, `window` or `now`.
    #[must_use]
    pub const fn grain(&self) -> &'static str {
        match self.kind {
            PeriodKind::Calendar(CalendarPeriod::Day(_)) => "day",
            PeriodKind::Calendar(CalendarPeriod::Month(_)) => "month",
            PeriodKind::TwelveMonths(_) => "twelve_months",
            PeriodKind::Window(_) => "window",
            PeriodKind::Now => "now",
        }
    }

    /// The local days that the period touches.
    #[must_use]
    pub fn local_days(&self) -> (NaiveDate, NaiveDate) {
        let last = self.ends_at - Duration::microseconds(1);
        (london(self.starts_at).date(), london(last).date())
    }
}

/// Reads a period's name back, with its bounds as of an instant.
#[must_use]
pub fn parse_name(name: &str, as_of: DateTime<Utc>) -> Option<Period> {
    if name == "now" {
        return Some(Period::now(as_of));
    }
    let (grain, rest) = name.split_once(':')?;
    match grain {
        "day" => Some(Period::calendar(CalendarPeriod::Day(rest.parse().ok()?))),
        "month" => Some(Period::calendar(CalendarPeriod::Month(format!("{rest}-01").parse().ok()?))),
        "twelve_months" => Some(Period::twelve_months(format!("{rest}-01").parse().ok()?)),
        "window" => {
            let window = Window::ALL.into_iter().find(|window| window.as_str() == rest)?;
            Some(Period::window(window, as_of))
        }
        _ => None,
    }
}

/// Schema of the `period` view.
#[must_use]
pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("period", DataType::Utf8, false),
        Field::new("grain", DataType::Utf8, false),
        Field::new("starts_at", instant_type(), false),
        Field::new("ends_at", instant_type(), false),
    ]))
}

/// The periods as one batch.
///
/// # Errors
/// When Arrow refuses the columns, which a test rules out for this schema.
pub fn batch(periods: &[Period]) -> Result<RecordBatch, ArrowError> {
    let instants = |read: fn(&Period) -> DateTime<Utc>| {
        let values = periods.iter().map(|period| read(period).timestamp_micros());
        TimestampMicrosecondArray::from_iter_values(values).with_timezone("UTC")
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(periods.iter().map(Period::name))),
        Arc::new(StringArray::from_iter_values(periods.iter().map(Period::grain))),
        Arc::new(instants(|period| period.starts_at)),
        Arc::new(instants(|period| period.ends_at)),
    ];
    RecordBatch::try_new(schema(), columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn a_day_of_a_clock_change_has_its_true_length() {
        let day = |text: &str| Period::calendar(CalendarPeriod::Day(text.parse().expect("a date")));
        let hours = |period: Period| (period.ends_at - period.starts_at).num_hours();
        assert_eq!(hours(day("2025-03-30")), 23);
        assert_eq!(hours(day("2025-10-26")), 25);
        assert_eq!(hours(day("2025-06-12")), 24);
    }

    #[test]
    fn a_month_starts_and_ends_at_local_midnight() {
        let april = Period::calendar(CalendarPeriod::Month("2025-04-01".parse().expect("a date")));
        assert_eq!(april.starts_at, at("2025-03-31T23:00:00Z"));
        assert_eq!(april.ends_at, at("2025-04-30T23:00:00Z"));
        assert_eq!(april.name(), "month:2025-04");
    }

    #[test]
    fn a_window_holds_as_of_and_not_the_instant_it_starts_after() {
        let as_of = at("2025-06-12T12:00:00Z");
        let window = Period::window(Window::Hours24, as_of);
        assert!(window.starts_at > as_of - Duration::hours(24));
        assert!(window.ends_at > as_of);
        let month = Period::window(Window::MonthToDate, as_of);
        assert_eq!(month.starts_at, at("2025-05-31T23:00:00Z"));
    }

    #[test]
    fn names_read_back() {
        let as_of = at("2025-06-12T12:00:00Z");
        for name in [
            "day:2025-06-12",
            "month:2025-06",
            "twelve_months:2025-06",
            "window:24h",
            "window:7d",
            "window:28d",
            "window:mtd",
            "window:365d",
            "now",
        ] {
            assert_eq!(parse_name(name, as_of).map(|period| period.name()).as_deref(), Some(name));
        }
        assert_eq!(parse_name("week:2025-24", as_of), None);
    }
}
