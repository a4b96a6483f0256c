//! Which cells a change touches: the old and the new cell of every changed record. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};

use super::View;
use super::change::{Cause, Flipped, Origin, Subject, cause};
use super::clock::{ClockRow, Source, local_day};

/// Why a count changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reason {
    /// The view whose rows changed.
    pub view: View,
    /// What was counted.
    pub subject: Subject,
    /// What happened to it.
    pub cause: Cause,
    /// Where the newest version came from.
    pub origin: Origin,
}

impl Reason {
    /// Time passed.
    #[must_use]
    pub const fn by_time(view: View, subject: Subject) -> Self {
        Self { view, subject, cause: Cause::TimePassed, origin: Origin::LIVE }
    }

    /// What the rows alone tell, and what the submissions tell that began or ceased to count.
    #[must_use]
    pub fn told(view: View, subject: Subject, (cause, source): (Cause, Source), flipped: Flipped) -> Self {
        let (cause, origin) = flipped.tell(cause, source);
        Self { view, subject, cause, origin }
    }
}

/// How many records changed for which reason.
pub type Causes = BTreeMap<Reason, u64>;

/// A local calendar day or month, by its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CalendarPeriod {
    /// One local day.
    Day(NaiveDate),
    /// One local month, named by its first day.
    Month(NaiveDate),
}

impl CalendarPeriod {
    /// The month that holds a day.
    #[must_use]
    pub fn month_of(day: NaiveDate) -> Self {
        Self::Month(day.with_day(1).unwrap_or(day))
    }
}

/// The provider-periods whose cells must be computed again, with the reasons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirtyCells {
    periods: BTreeMap<Arc<str>, BTreeMap<CalendarPeriod, Causes>>,
}

impl DirtyCells {
    /// Marks the days of records that changed because time passed.
    pub fn touch_by_time(&mut self, provider: &Arc<str>, subject: Subject, days: &[NaiveDate]) {
        for view in [View::Csds, View::Live] {
            // An open clock is late in the live view alone: what CSDS publishes waits for its end.
            if view == View::Live || subject != Subject::Clock {
                self.days(provider, days.iter().copied(), Reason::by_time(view, subject));
            }
        }
    }

    /// Marks the old and new periods of every clock that differs between two versions of a referral's rows.
    /// `flipped` tells of submissions that began or ceased to count, if the referral was in any.
    pub fn changed(
        &mut self,
        view: View,
        provider: &Arc<str>,
        (old, new): (&[ClockRow], &[ClockRow]),
        flipped: Flipped,
    ) {
        for (old, new) in pairs(old, new) {
            let Some(cause) = cause(old, new) else { continue };
            let source = new.or(old).map_or(Source::Live, |row| row.source);
            let reason = Reason::told(view, Subject::Clock, (cause, source), flipped);
            let rows = [old, new].into_iter().flatten();
            self.days(provider, rows.flat_map(ClockRow::anchors).map(local_day), reason);
        }
    }

    /// Counts one record once in each day and month that its days fall in.
    pub fn days(&mut self, provider: &Arc<str>, days: impl Iterator<Item = NaiveDate>, reason: Reason) {
        let periods: BTreeSet<CalendarPeriod> =
            days.flat_map(|day| [CalendarPeriod::Day(day), CalendarPeriod::month_of(day)]).collect();
        self.count(provider, periods, reason, 1);
    }

    /// Counts records in these periods.
    pub fn count(
        &mut self,
        provider: &Arc<str>,
        periods: impl IntoIterator<Item = CalendarPeriod>,
        reason: Reason,
        records: u64,
    ) {
        let mut periods = periods.into_iter().peekable();
        if periods.peek().is_some() {
            let held = self.of(provider);
            for period in periods {
                *held.entry(period).or_default().entry(reason).or_default() += records;
            }
        }
    }

    fn of(&mut self, provider: &Arc<str>) -> &mut BTreeMap<CalendarPeriod, Causes> {
        self.periods.entry(Arc::clone(provider)).or_default()
    }

    /// Dirty provider-periods in order, with their causes.
    pub fn periods(&self) -> impl Iterator<Item = (&Arc<str>, CalendarPeriod, &Causes)> {
        self.periods
            .iter()
            .flat_map(|(provider, periods)| periods.iter().map(move |(period, causes)| (provider, *period, causes)))
    }

    /// True when nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.periods.is_empty()
    }

    /// Takes in the cells of a later change.
    pub fn merge(&mut self, later: Self) {
        for (provider, periods) in later.periods {
            let held = self.of(&provider);
            for (period, causes) in periods {
                let held = held.entry(period).or_default();
                for (cause, count) in causes {
                    *held.entry(cause).or_default() += count;
                }
            }
        }
    }
}

/// Pairs the versions of each clock: by waiting type and start, or one with one when a referral has a single clock.
fn pairs<'a>(old: &'a [ClockRow], new: &'a [ClockRow]) -> Vec<(Option<&'a ClockRow>, Option<&'a ClockRow>)> {
    if let ([old], [new]) = (old, new) {
        return vec![(Some(old), Some(new))];
    }
    let key = |row: &'a ClockRow| (&row.waiting_type, row.rtt_start_at);
    let mut paired: BTreeMap<_, (Option<&ClockRow>, Option<&ClockRow>)> = BTreeMap::new();
    for row in old {
        paired.entry(key(row)).or_default().0 = Some(row);
    }
    for row in new {
        paired.entry(key(row)).or_default().1 = Some(row);
    }
    paired.into_values().collect()
}
