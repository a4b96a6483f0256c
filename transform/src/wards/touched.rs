//! Which days and months a change touches: what held before and does not now, or the other way about. Pure.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::{Datelike, Months, NaiveDate};

use homeward_contract::time::local_midnight;

use super::calendar::reference_morning;
use super::episode::{Episode, OPEN};
use crate::book::clock::{Micros, local_day};
use crate::book::dirty::CalendarPeriod;
use crate::book::index::FIRST_MONTH;
use crate::spans::{self, Span, Spans, differences};

/// An open stay that nobody has recorded anything about for so long is flagged (rule 7).
const STALE_AFTER: Micros = 30 * 24 * 3600 * 1_000_000;

/// What a change touches: stretches of time, and instants at which something was counted once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Touched {
    pub(super) extents: Spans,
    pub(super) instants: BTreeSet<Micros>,
}

/// What is counted for as long as it lasts, by a hash of what it is counted as.
type Layers = spans::Layers<(u8, u64)>;

/// Where two pictures differ: whatever is counted otherwise, or in one of them alone.
pub(super) fn extents(old: impl Iterator<Item = (u64, Span)>, new: impl Iterator<Item = (u64, Span)>) -> Spans {
    let layers = |side: &mut dyn Iterator<Item = (u64, Span)>| {
        let mut layers = Layers::new();
        side.for_each(|(items, span)| layers.entry((0, items)).or_default().push(span));
        layers
    };
    difference(layers(&mut { old }), layers(&mut { new }))
}

fn difference(old: Layers, new: Layers) -> Spans {
    differences(old, new).fold(Spans::default(), |all, (_, extents)| all.union(&extents))
}

/// What the change of a group's stays touches.
pub(super) fn of_episodes(old: &[Episode], new: &[Episode]) -> Touched {
    let moved = &events(old) ^ &events(new);
    Touched { extents: difference(layers(old), layers(new)), instants: moved.into_iter().map(|(at, ..)| at).collect() }
}

/// Patients, and among them those whose open stay is stale.
fn layers(episodes: &[Episode]) -> Layers {
    let mut layers = Layers::new();
    for stay in episodes.iter().map(|episode| episode.stay) {
        layers.entry((0, stay.items)).or_default().push(Span::new(stay.from, stay.to));
        if stay.to == OPEN {
            let stale_at = stay.from.max(stay.recorded_at.saturating_add(STALE_AFTER));
            layers.entry((1, 0)).or_default().push(Span::new(stale_at, OPEN));
        }
    }
    layers
}

/// Admissions as they are counted, and discharges with all that is counted then; both tell whether stays were merged.
fn events(episodes: &[Episode]) -> BTreeSet<(Micros, Option<Micros>, u64, u64, bool)> {
    let is_merged = |episode: &Episode| episode.stays() > 1;
    let begins = episodes.iter().map(|own| (own.stay.from, None, own.stay.items, 0, is_merged(own)));
    let ends = episodes.iter().map(|own| {
        let stay = &own.stay;
        (stay.to, Some(stay.from), stay.items, stay.outcome, is_merged(own))
    });
    begins.chain(ends.filter(|(to, ..)| *to != OPEN)).collect()
}

impl Touched {
    /// The local days and their months, up to an instant. Months before the data sets began are left out, so that one mistyped
    /// year does not ask for a century.
    pub(super) fn periods(&self, now: Micros) -> BTreeSet<CalendarPeriod> {
        let known = Span::new(first_instant(), now.saturating_add(1));
        let mut days = BTreeSet::new();
        for extent in self.extents.within(known).pieces() {
            let (first, last) = (local_day(extent.from), local_day(extent.to - 1));
            days.extend(first.iter_days().take_while(|day| *day <= last));
        }
        days.extend(self.instants.iter().filter(|at| (known.from..known.to).contains(*at)).map(|at| local_day(*at)));
        days.into_iter().flat_map(|day| [CalendarPeriod::Day(day), CalendarPeriod::month_of(day)]).collect()
    }

    /// The months after those whose reference morning is touched: whether a provider had patients then is asked in the
    /// next month too (rule 4).
    pub(super) fn months_after(&self, now: Micros) -> impl Iterator<Item = CalendarPeriod> {
        let today = local_day(now);
        let known = self.extents.within(Span::new(first_instant(), now.saturating_add(1)));
        let of_extent = |extent: &Span| months(local_day(extent.from), local_day(extent.to - 1)).collect::<Vec<_>>();
        let touched: BTreeSet<NaiveDate> = known.pieces().iter().flat_map(of_extent).collect();
        let asked = touched.into_iter().filter(move |month| known.covers(reference_morning(*month).timestamp_micros()));
        asked.map(|month| month + Months::new(1)).filter(move |next| *next <= today).map(CalendarPeriod::Month)
    }
}

fn months(first: NaiveDate, last: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    let begin = first.with_day(1).unwrap_or(first);
    std::iter::successors(Some(begin), |month| Some(*month + Months::new(1))).take_while(move |month| *month <= last)
}

fn first_instant() -> Micros {
    static FIRST: LazyLock<Micros> = LazyLock::new(|| local_midnight(FIRST_MONTH).timestamp_micros());
    *FIRST
}
