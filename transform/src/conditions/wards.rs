//! Virtual wards: how full they are, and whether what is told of them can be believed. The rules of Prometheus are generated
//! with the same lines, sizes and ages.
//!
//! Occupancy is a census and no sample, so no chance bound is drawn round it; what stands in for it is time and size. Lines
//! and waits are the handbook's where it has them (`virtual-wards.md` sections 4, 5 and 6), else our choice. Where a rule
//! takes the mean of what was scraped over a week, the board takes the mornings of the week.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use homeward_contract::time::london;

use super::declared::Pace;
use super::{Condition, Key, Seen, step};
use crate::book::dirty::CalendarPeriod;
use crate::definition::DefinitionStatus;
use crate::engine::period::PeriodKind;
use crate::figure::Dimension;
use crate::snapshot::{FigureQuery, Snapshot};
use crate::wards::calendar::morning;

/// The definition that the rules read.
pub const OCCUPANCY: &str = "virtual-ward-occupancy-now";
/// The same morning by morning.
const MORNINGS: &str = "virtual-ward-occupancy";

/// The level that can act: wards of a provider share their staff.
pub const LEVEL: Dimension = Dimension::Provider;
/// Occupancy above which a ward is at risk (rule 11): one number for rules, boards and the page.
pub const RISK: f64 = 0.95;
/// The target under which beds stand empty.
pub const TARGET: &str = "national";
/// Fewest beds of which under-use is told: one empty bed of five is none.
pub const BEDS_MIN: u32 = 10;
/// The target is read against the mean of so many days: mornings and week-ends level out.
pub const MEAN_DAYS: u32 = 7;
/// A zero is suspect for so many days after patients were told.
pub const ZERO_DAYS: u32 = 31;
/// The national return asks for beds once a month, and two last Fridays are at most five weeks apart; a week more.
pub const BEDS_AGE_DAYS: u32 = 42;
/// No message about a stay for longer than any week-end.
pub const SILENCE_HOURS: u32 = 72;
/// For so long a condition must hold: a restatement passes in less.
pub const PACE: Pace = Pace { hold_seconds: 3600, keep_seconds: 0 };

/// Names of the rules.
pub const HIGH: &str = "VWOccupancyHigh";
/// Below the line over a week.
pub const BELOW: &str = "VWOccupancyBelowTarget";
/// No patient at all.
pub const ZERO: &str = "VWSuspectZero";
/// Beds that nobody has confirmed.
pub const BEDS_STALE: &str = "VWBedsStale";
/// No message about a stay.
pub const SILENT: &str = "VWFeedSilent";

/// Patients and beds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Census {
    patients: i64,
    beds: i64,
}

impl Census {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    fn share(self) -> Option<f64> {
        (self.beds > 0).then(|| self.patients as f64 / self.beds as f64)
    }

    fn percent(self) -> String {
        self.share().map_or_else(|| "no share".to_owned(), |share| format!("{:.1}%", 100.0 * share))
    }
}

/// What holds of virtual wards, while the definition that the rules read is live.
pub(super) fn conditions(snapshot: &Snapshot, before: &BTreeMap<Key<'_>, &Condition>) -> Vec<Condition> {
    let live = snapshot.catalogue().get(OCCUPANCY).filter(|own| own.status == DefinitionStatus::Live);
    let Some(definition) = live else { return Vec::new() };
    let line = definition.target_on(TARGET, london(snapshot.as_of()).date()).map(|target| target.value);
    let now = now(snapshot);
    let mut found = Vec::new();
    for (rule, read) in [(HIGH, high as fn(&Snapshot, &str, Census, Option<f64>) -> _), (BELOW, below), (ZERO, zero)] {
        found.extend(now.iter().filter_map(|(area, census)| {
            let sentence: String = read(snapshot, area, *census, line)?;
            Some((rule, area.clone(), sentence))
        }));
    }
    found.extend(beds_stale(snapshot).into_iter().map(|(area, sentence)| (BEDS_STALE, area, sentence)));
    found.extend(silent(snapshot).map(|(area, sentence)| (SILENT, area, sentence)));
    let stepped = found.into_iter().filter_map(|(rule, area, sentence)| {
        let key = (rule, LEVEL, area.as_str());
        let seen = Seen { holds: true, sentence: format!("{area}: {sentence}") };
        step(key, PACE, snapshot.as_of(), before.get(&key).copied(), seen)
    });
    stepped.collect()
}

/// Each provider at this instant.
fn now(snapshot: &Snapshot) -> BTreeMap<String, Census> {
    let query = FigureQuery {
        indicator: OCCUPANCY.to_owned(),
        by: vec![LEVEL],
        period: Some("now".to_owned()),
        ..FigureQuery::default()
    };
    let figures = snapshot.figures(&query).into_iter().filter_map(|figure| {
        let (_, area) = figure.dimensions.into_iter().next()?;
        let census =
            Census { patients: figure.numerator.unwrap_or_default(), beds: figure.denominator.unwrap_or_default() };
        Some((area, census))
    });
    figures.collect()
}

fn high(_: &Snapshot, _: &str, census: Census, _: Option<f64>) -> Option<String> {
    let Census { patients, beds } = census;
    let is_full = census.share()? > RISK;
    is_full
        .then(|| format!("{patients} patients in {beds} virtual ward beds, {}: hardly a bed is free", census.percent()))
}

fn below(snapshot: &Snapshot, area: &str, census: Census, line: Option<f64>) -> Option<String> {
    if census.beds < i64::from(BEDS_MIN) {
        return None;
    }
    let week: Vec<Census> = mornings(snapshot, area, MEAN_DAYS).collect();
    // A week must have been seen, or its mean is that of a morning.
    if week.len() < MEAN_DAYS as usize || week.last()?.beds <= 0 {
        return None;
    }
    let sum = week.iter().fold(Census::default(), |sum, own| Census {
        patients: sum.patients + own.patients,
        beds: sum.beds + own.beds,
    });
    let line = line.filter(|line| sum.share().is_some_and(|share| share < *line))?;
    let percent = (line * 1_000.0).round() / 10.0;
    Some(format!("virtual wards were {} full at 08:00 over {MEAN_DAYS} days, below {percent}%", sum.percent()))
}

fn zero(snapshot: &Snapshot, area: &str, census: Census, _: Option<f64>) -> Option<String> {
    let is_zero = census.patients == 0 && census.beds > 0;
    let had = is_zero && mornings(snapshot, area, ZERO_DAYS).any(|own| own.patients > 0);
    had.then(|| {
        format!("not one patient in {} virtual ward beds, and there were some within {ZERO_DAYS} days", census.beds)
    })
}

/// The last mornings that have come, newest first; those of which nothing is known are left out.
fn mornings(snapshot: &Snapshot, area: &str, days: u32) -> impl Iterator<Item = Census> {
    let today = london(snapshot.as_of()).date();
    let last = if morning(today) <= snapshot.as_of() { today } else { today - Days::new(1) };
    let shelf = (Arc::from(MORNINGS), Arc::from(area));
    let on = move |day: NaiveDate| {
        let unit = snapshot.cells.unit(&shelf, PeriodKind::Calendar(CalendarPeriod::Day(day)));
        let sum = |own: Census, value: &crate::engine::AtomValue| Census {
            patients: own.patients + value.numerator,
            beds: own.beds + value.denominator.unwrap_or_default(),
        };
        (!unit.is_empty()).then(|| unit.iter().map(|(_, value)| value).fold(Census::default(), sum))
    };
    (0..u64::from(days)).filter_map(move |ago| on(last - Days::new(ago)))
}

/// The wards of a provider whose beds were told too long ago.
fn beds_stale(snapshot: &Snapshot) -> BTreeMap<String, String> {
    let mut wards: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for ((provider, ward), told_at) in &snapshot.freshness().ward_beds {
        if is_older(snapshot, *told_at, TimeDelta::days(BEDS_AGE_DAYS.into())) {
            wards.entry(provider).or_default().push(ward);
        }
    }
    let sentence =
        |wards: Vec<&str>| format!("beds of {} were last told more than {BEDS_AGE_DAYS} days ago", wards.join(", "));
    wards.into_iter().map(|(provider, wards)| (provider.to_owned(), sentence(wards))).collect()
}

/// Providers that told nothing of a stay for too long.
fn silent(snapshot: &Snapshot) -> impl Iterator<Item = (String, String)> {
    let told = snapshot.freshness().ward_stays.iter();
    let silent = told.filter(|(_, at)| is_older(snapshot, **at, TimeDelta::hours(SILENCE_HOURS.into())));
    silent.map(|(provider, _)| {
        (provider.to_string(), format!("no message about a stay on a virtual ward for more than {SILENCE_HOURS} hours"))
    })
}

fn is_older(snapshot: &Snapshot, at: DateTime<Utc>, age: TimeDelta) -> bool {
    snapshot.as_of() - at > age
}
