//! Which nights and which index days a change touches, and of whom. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};

use super::member::Member;
use super::night::{Born, Piece, State};
use crate::book::View;
use crate::book::change::{Cause, Origin, Subject};
use crate::book::dirty::{CalendarPeriod, DirtyCells, Reason};
use crate::book::index::FIRST_MONTH;
use crate::spans::{Layers, Point, Profile, Span, Spans, differences};

/// A day as a point.
pub(super) fn point_of(day: NaiveDate) -> Point {
    i64::from(day.num_days_from_ce() - NaiveDate::default().num_days_from_ce())
}

/// A point as a day.
pub(super) fn day_of(point: Point) -> NaiveDate {
    let days = i32::try_from(point).unwrap_or_default();
    NaiveDate::from_num_days_from_ce_opt(NaiveDate::default().num_days_from_ce().saturating_add(days))
        .unwrap_or_default()
}

/// A window in parts that lie in one year each: the age of a night is the one that the person reaches in its year.
pub(super) fn by_year(window: Span) -> impl Iterator<Item = Span> {
    let mut from = window.from;
    std::iter::from_fn(move || {
        let next = NaiveDate::from_ymd_opt(day_of(from).year() + 1, 1, 1).map_or(window.to, point_of);
        let part = Span::new(from, next.min(window.to));
        from = part.to;
        (!part.is_empty()).then_some(part)
    })
}

/// The nights that are counted by a day: those before it, from the month on in which the data sets began, so that one
/// mistyped year does not ask for a century.
pub(super) fn counted(today: Point) -> Span {
    Span::new(point_of(FIRST_MONTH), today)
}

/// Nights of each place that are counted otherwise in one picture than in the other: in another state, or at another age. An
/// age that stays alone tell does not touch nights at home.
pub(super) fn nights(
    old: (&[Piece], Option<Born>),
    new: (&[Piece], Option<Born>),
    today: Point,
) -> BTreeMap<u32, Spans> {
    let layers = |(pieces, born): (&[Piece], Option<Born>)| {
        let mut layers: Layers<(u32, State, Option<Born>)> = Layers::new();
        for piece in pieces {
            let born = born.filter(|born| born.tells(piece.state));
            layers.entry((piece.place, piece.state, born)).or_default().push(piece.span);
        }
        layers
    };
    let mut touched: BTreeMap<u32, Spans> = BTreeMap::new();
    for ((place, ..), spans) in differences(layers(old), layers(new)) {
        let held = touched.entry(place).or_default();
        *held = held.union(&spans.within(counted(today)));
    }
    touched.retain(|_, spans| !spans.is_empty());
    touched
}

/// Index days of each place whose members, or the states of whose nights, are others in one picture than in the other.
pub(super) fn indices(old: (&[Member], &[Piece]), new: (&[Member], &[Piece]), today: Point) -> BTreeMap<u32, Spans> {
    let mut touched: BTreeMap<u32, Spans> = BTreeMap::new();
    let told = |(members, pieces): (&[Member], &[Piece])| {
        let each = members.iter().map(|member| {
            let followed = member.counted(today);
            let died_on = member.died_on.filter(|day| *day < followed.to);
            ((member.place, member.cohort, member.index), (died_on, states(pieces, followed)))
        });
        let is_counted = |(_, (_, states)): &(_, (_, BTreeMap<_, _>))| !states.is_empty();
        each.filter(is_counted).collect::<BTreeMap<_, _>>()
    };
    let (old, new) = (told(old), told(new));
    let keys: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
    for key in keys.into_iter().filter(|key| old.get(key) != new.get(key)) {
        let (place, _, index) = key;
        let held = touched.entry(place).or_default();
        *held = held.union(&Spans::from(Span::new(index, index + 1)));
    }
    touched.into_iter().map(|(place, days)| (place, days.within(counted(today)))).collect()
}

fn states(pieces: &[Piece], window: Span) -> BTreeMap<&'static str, Spans> {
    let mut states: BTreeMap<&'static str, Vec<Span>> = BTreeMap::new();
    for piece in pieces {
        let span = Span::new(piece.span.from.max(window.from), piece.span.to.min(window.to));
        if !span.is_empty() {
            states.entry(piece.state.name()).or_default().push(span);
        }
    }
    states.into_iter().map(|(state, spans)| (state, spans.into_iter().collect())).collect()
}

/// Points at which a count changes, and by how much.
type Steps = Vec<(Point, i64)>;

/// How many records touch each day and month, by practice and cause. Ten years of a million people are as many entries as
/// there are ends of spans, not days.
#[derive(Default)]
pub(super) struct Tally {
    /// Days, and months.
    counts: BTreeMap<(Arc<str>, Subject, Cause), [Steps; 2]>,
}

impl Tally {
    pub(super) fn add(&mut self, practice: &Arc<str>, subject: Subject, cause: Cause, days: &Spans, records: i64) {
        if days.is_empty() {
            return;
        }
        let months: Spans =
            days.pieces().iter().map(|span| Span::new(month(span.from), month(span.to - 1) + 1)).collect();
        let [of_days, of_months] = self.counts.entry((Arc::clone(practice), subject, cause)).or_default();
        for (changes, spans) in [(of_days, days), (of_months, &months)] {
            changes.extend(spans.pieces().iter().flat_map(|span| [(span.from, records), (span.to, -records)]));
        }
    }

    pub(super) fn into_dirty(self) -> DirtyCells {
        let mut dirty = DirtyCells::default();
        for ((practice, subject, cause), [days, months]) in self.counts {
            let reason = Reason { view: View::Live, subject, cause, origin: Origin::LIVE };
            let mut count = |changes, period: fn(Point) -> CalendarPeriod| {
                let profile = Profile::of_changes(changes);
                for pair in profile.steps().windows(2) {
                    let Ok(records) = u64::try_from(pair[0].count) else { continue };
                    if records > 0 {
                        dirty.count(&practice, (pair[0].at..pair[1].at).map(period), reason, records);
                    }
                }
            };
            count(days, |day| CalendarPeriod::Day(day_of(day)));
            count(months, |month| CalendarPeriod::Month(first_of(month)));
        }
        dirty
    }
}

/// Months since the year 0.
fn month(point: Point) -> Point {
    let day = day_of(point);
    i64::from(day.year()) * 12 + i64::from(day.month0())
}

fn first_of(month: Point) -> NaiveDate {
    let part = |number: Point| i32::try_from(number).unwrap_or_default();
    NaiveDate::from_ymd_opt(part(month.div_euclid(12)), part(month.rem_euclid(12)).unsigned_abs() + 1, 1)
        .unwrap_or_default()
}
