//! Alert conditions at one instant: people who wait now, and rates beyond their target, as the definitions declare them;
//! and how full virtual wards are, and whether what is told of them can be believed ([`wards`]). Pure.
//!
//! These are what the page, the log and `homeward_condition_active` show; telling people is Prometheus's and
//! Alertmanager's work. Both read one set of thresholds ([`declared`]) and one course of a slip: it begins when the 95%
//! bound lies beyond the target, is told when that has held for a while, then holds for as long as even the bound of one
//! standard error does, and stays a while longer. Each snapshot is one step of that course, from the conditions of the
//! snapshot before. What may still differ is said in `docs/alerting.md`.

pub mod declared;
pub mod wards;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::definition::{AlertFamily, Definition, Direction};
use crate::figure::{Dimension, Figure};
use crate::snapshot::{FigureQuery, Snapshot, UNKNOWN_AREA};
use declared::{CLOCK_LEVELS, Pace, SLIP_LEVELS, Slip, Z_BEGIN, Z_END, declared};

/// How far a condition has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It holds, and nobody is told before this instant: it may pass.
    Pending(DateTime<Utc>),
    /// It holds and is told.
    Firing,
    /// It ceased, and is taken back at this instant unless it holds again.
    Ceased(DateTime<Utc>),
}

impl Stage {
    /// The stage's name in `/metrics`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending(_) => "pending",
            Self::Firing => "firing",
            Self::Ceased(_) => "ceased",
        }
    }
}

/// A condition of an area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Name of the declared rule.
    pub alert: String,
    /// Level of the area.
    pub level: Dimension,
    /// Code of the area.
    pub area: String,
    /// Since when it has been on the page without a break.
    pub since: DateTime<Utc>,
    /// How far it has come.
    pub stage: Stage,
    /// The condition in words; exact counts, so it leaves only through release.
    pub sentence: String,
}

/// Which rule, at which level, for which area.
type Key<'a> = (&'a str, Dimension, &'a str);

/// The conditions at a snapshot's instant, given those of the snapshot before. Clocks come first, then slips, each from
/// the area that can act to the widest, then virtual wards.
#[must_use]
pub fn conditions(snapshot: &Snapshot, before: &[Condition]) -> Vec<Condition> {
    let before: BTreeMap<Key<'_>, &Condition> =
        before.iter().map(|held| ((held.alert.as_str(), held.level, held.area.as_str()), held)).collect();
    let catalogue = snapshot.catalogue();
    let mut now = Vec::new();
    for (definition, alert) in declared(catalogue.iter(), AlertFamily::Clock) {
        if let Some(band) = &alert.band {
            now.extend(clocks(snapshot, &before, definition, &alert.rule, band));
        }
    }
    // A slip that lacks something makes no rule either: the generator refuses it and says why.
    let declared = declared(catalogue.iter(), AlertFamily::Slip);
    let slips: Vec<Slip<'_>> = declared.filter_map(|(definition, alert)| Slip::of(definition, alert).ok()).collect();
    for level in SLIP_LEVELS {
        let mut figures: BTreeMap<&str, Vec<Figure>> = BTreeMap::new();
        for slip in &slips {
            let definition = slip.definition;
            let found = figures.entry(&definition.id).or_insert_with(|| windows(snapshot, definition, level));
            now.extend(slipping(found, &before, slip, level, snapshot.as_of()));
        }
    }
    now.extend(wards::conditions(snapshot, &before));
    now
}

/// What is seen of an area at an instant: whether the condition holds, and its words.
struct Seen {
    holds: bool,
    sentence: String,
}

/// One step of a condition's course, as Prometheus takes it.
fn step(
    (alert, level, area): Key<'_>,
    pace: Pace,
    as_of: DateTime<Utc>,
    before: Option<&Condition>,
    seen: Seen,
) -> Option<Condition> {
    let told = before.is_some_and(Condition::is_told);
    let since = before.map_or(as_of, |held| held.since);
    let stage = if seen.holds {
        let from = since + pace.hold();
        if told || as_of >= from { Stage::Firing } else { Stage::Pending(from) }
    } else {
        let until = match before?.stage {
            Stage::Pending(_) => return None,
            Stage::Firing => as_of + pace.keep(),
            Stage::Ceased(until) => until,
        };
        if as_of >= until {
            return None;
        }
        Stage::Ceased(until)
    };
    Some(Condition { alert: alert.to_owned(), level, area: area.to_owned(), since, stage, sentence: seen.sentence })
}

impl Condition {
    /// True when its alert has fired and is not taken back yet.
    #[must_use]
    pub const fn is_told(&self) -> bool {
        matches!(self.stage, Stage::Firing | Stage::Ceased(_))
    }
}

fn clocks(
    snapshot: &Snapshot,
    before: &BTreeMap<Key<'_>, &Condition>,
    definition: &Definition,
    rule: &str,
    band: &str,
) -> Vec<Condition> {
    let mut found = Vec::new();
    for level in CLOCK_LEVELS {
        let query = FigureQuery {
            indicator: definition.id.clone(),
            bases: vec![definition.default_basis.clone()],
            by: vec![level, Dimension::Band],
            period: Some("now".to_owned()),
            ..FigureQuery::default()
        };
        for figure in snapshot.figures(&query) {
            let [(_, area), (_, of)] = figure.dimensions.as_slice() else { continue };
            let count = figure.numerator.unwrap_or(0);
            if of != band || count <= 0 {
                continue;
            }
            let referrals = if count == 1 { "referral" } else { "referrals" };
            let seen = Seen { holds: true, sentence: format!("{area}: {count} {referrals} {}", waiting(band)) };
            let key = (rule, level, area.as_str());
            found.extend(step(key, Pace::AT_ONCE, snapshot.as_of(), before.get(&key).copied(), seen));
        }
    }
    found
}

/// What a band means.
fn waiting(band: &str) -> String {
    match band {
        "90_to_120m" => "open with under 30 minutes left".to_owned(),
        "over_120m" => "open past two hours with no visit recorded".to_owned(),
        other => format!("in the band {other}"),
    }
}

/// Every window of a definition at a level, on its default basis.
fn windows(snapshot: &Snapshot, definition: &Definition, level: Dimension) -> Vec<Figure> {
    snapshot.figures(&FigureQuery {
        indicator: definition.id.clone(),
        bases: vec![definition.default_basis.clone()],
        by: vec![level, Dimension::Window],
        ..FigureQuery::default()
    })
}

fn slipping(
    figures: &[Figure],
    before: &BTreeMap<Key<'_>, &Condition>,
    slip: &Slip<'_>,
    level: Dimension,
    as_of: DateTime<Utc>,
) -> Vec<Condition> {
    let of_window = figures.iter().filter_map(|figure| match figure.dimensions.as_slice() {
        [(_, area), (_, window)] if window == slip.window => Some((area.as_str(), figure)),
        _ => None,
    });
    let by_area: BTreeMap<&str, &Figure> = of_window.collect();
    // An area whose figure vanished is still told for a while, as its alert is.
    let told = before.keys().filter(|(alert, at, _)| *alert == slip.rule && *at == level).map(|(_, _, area)| *area);
    let areas: BTreeSet<&str> = by_area.keys().copied().chain(told).filter(|area| *area != UNKNOWN_AREA).collect();
    areas
        .into_iter()
        .filter_map(|area| {
            let key = (slip.rule, level, area);
            let held = before.get(&key).copied();
            let seen = seen(slip, area, by_area.get(area).copied(), held, as_of);
            step(key, slip.pace(), as_of, held, seen)
        })
        .collect()
}

fn seen(slip: &Slip<'_>, area: &str, figure: Option<&Figure>, held: Option<&Condition>, as_of: DateTime<Utc>) -> Seen {
    let whole = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok());
    let counts = figure.and_then(|figure| whole(figure.numerator).zip(whole(figure.denominator)));
    let (Some((met, decided)), Some(line)) = (counts, slip.line(as_of)) else {
        return Seen { holds: false, sentence: format!("{area}: no figure or no target over {}", slip.window) };
    };
    let beyond = |z| slip.is_beyond(met, decided, z, line.value);
    let begins = beyond(Z_BEGIN);
    let holds = decided >= slip.minimum && (begins || held.is_some_and(Condition::is_told) && beyond(Z_END));
    let side = match slip.definition.direction {
        Direction::Down => "above",
        Direction::Up | Direction::Context => "below",
    };
    let percent = (line.value * 1_000.0).round() / 10.0;
    let verdict = match (holds, begins) {
        (true, true) => format!("{side} {percent}% and not by chance"),
        (true, false) => format!("still {side} {percent}%, by more than one standard error"),
        (false, _) => format!("no longer {side} {percent}% beyond chance"),
    };
    let deed = slip.definition.deed.as_deref().map(|deed| format!(" {deed}")).unwrap_or_default();
    Seen { holds, sentence: format!("{area}: {met} of {decided}{deed} over {}, {verdict}", slip.window) }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
