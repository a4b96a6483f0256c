//! Which cells a change touches: the old and the new cell of every changed record. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};

use super::View;
use super::change::{Cause, Flipped, Origin, cause};
use super::clock::{ClockRow, Source, local_day};

/// How many clocks changed for which reason, by view and origin.
pub type Causes = BTreeMap<(View, Cause, Origin), u64>;

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
    periods: BTreeMap<(Arc<str>, CalendarPeriod), Causes>,
}

impl DirtyCells {
    /// Marks the periods of a referral that changed because time passed.
    pub fn touch_by_time(&mut self, provider: &Arc<str>, days: &[NaiveDate]) {
        self.count(provider, days.iter().copied(), (View::Live, Cause::TimePassed, Origin::LIVE));
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
            let (cause, origin) = flipped.tell(cause, source);
            let rows = [old, new].into_iter().flatten();
            self.count(provider, rows.flat_map(ClockRow::anchors).map(local_day), (view, cause, origin));
        }
    }

    /// Counts one clock once in each period that its days fall in.
    fn count(&mut self, provider: &Arc<str>, days: impl Iterator<Item = NaiveDate>, reason: (View, Cause, Origin)) {
        let periods: BTreeSet<CalendarPeriod> =
            days.flat_map(|day| [CalendarPeriod::Day(day), CalendarPeriod::month_of(day)]).collect();
        for period in periods {
            let causes = self.periods.entry((Arc::clone(provider), period)).or_default();
            *causes.entry(reason).or_default() += 1;
        }
    }

    /// Dirty provider-periods in order, with their causes.
    pub fn periods(&self) -> impl Iterator<Item = (&Arc<str>, CalendarPeriod, &Causes)> {
        self.periods.iter().map(|((provider, period), causes)| (provider, *period, causes))
    }

    /// True when nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.periods.is_empty()
    }

    /// Takes in the cells of a later change.
    pub fn merge(&mut self, later: Self) {
        for (key, causes) in later.periods {
            let held = self.periods.entry(key).or_default();
            for (cause, count) in causes {
                *held.entry(cause).or_default() += count;
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
