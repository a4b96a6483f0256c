//! Alert conditions that hold at one instant, as `alerting.md` section 3 states them. Pure.
//!
//! These are what the page and the log show; paging people is Prometheus's and Alertmanager's work.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::figure::{Dimension, Figure};
use crate::snapshot::{FigureQuery, Snapshot};
use crate::statistics::{Z95, wilson};

/// A condition that holds for an area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Alert name of `alerting.md`.
    pub alert: &'static str,
    /// Area: a provider code.
    pub area: String,
    /// Since when it has held without a break.
    pub since: DateTime<Utc>,
    /// The condition in words; exact counts, so it leaves only through release.
    pub sentence: String,
}

const OPEN_CLOCKS: &str = "ucr-open-clocks";
const TWO_HOURS: &str = "ucr-two-hour-response";

/// Fewest decided referrals for a confident slip over 28 days, and for the early sign over 7 days.
const SLIP_DENOMINATOR_MIN: i64 = 30;
const RISK_DENOMINATOR_MIN: i64 = 20;

/// The conditions that hold now; one that held before keeps its `since`.
#[must_use]
pub fn conditions(snapshot: &Snapshot, before: &[Condition]) -> Vec<Condition> {
    let held: BTreeMap<(&str, &str), DateTime<Utc>> =
        before.iter().map(|condition| ((condition.alert, condition.area.as_str()), condition.since)).collect();
    let mut now: Vec<Condition> = open_clocks(snapshot);
    now.extend(slips(snapshot));
    for condition in &mut now {
        if let Some(since) = held.get(&(condition.alert, condition.area.as_str())) {
            condition.since = *since;
        }
    }
    now
}

fn open_clocks(snapshot: &Snapshot) -> Vec<Condition> {
    let query = FigureQuery {
        indicator: OPEN_CLOCKS.to_owned(),
        by: vec![Dimension::Provider, Dimension::Band],
        ..FigureQuery::default()
    };
    let figures = snapshot.figures(&query);
    figures.iter().filter_map(|figure| open_clock(figure, snapshot.as_of())).collect()
}

fn open_clock(figure: &Figure, as_of: DateTime<Utc>) -> Option<Condition> {
    let [(_, area), (_, band)] = figure.dimensions.as_slice() else { return None };
    let count = figure.numerator.filter(|count| *count > 0)?;
    let (alert, what) = match band.as_str() {
        "90_to_120m" => ("UCRReferralAboutToBreach", "open with under 30 minutes left"),
        "over_120m" => ("UCRReferralBreachedOpen", "open past two hours with no visit recorded"),
        _ => return None,
    };
    let referrals = if count == 1 { "referral" } else { "referrals" };
    let sentence = format!("{area}: {count} {referrals} {what}");
    Some(Condition { alert, area: area.clone(), since: as_of, sentence })
}

fn slips(snapshot: &Snapshot) -> Vec<Condition> {
    let Some(definition) = snapshot.catalogue().get(TWO_HOURS) else { return Vec::new() };
    let query = FigureQuery {
        indicator: TWO_HOURS.to_owned(),
        bases: vec!["live".to_owned()],
        by: vec![Dimension::Provider, Dimension::Window],
        ..FigureQuery::default()
    };
    let figures = snapshot.figures(&query);
    let mut found = Vec::new();
    for target in &definition.targets {
        let rules = [
            (
                "28d",
                SLIP_DENOMINATOR_MIN,
                if target.name == "local" { "UCRBelowTargetConfident" } else { "UCRBelowNationalMinimumConfident" },
            ),
            ("7d", RISK_DENOMINATOR_MIN, if target.name == "local" { "UCRAtRisk" } else { "" }),
        ];
        for (window, minimum, alert) in rules.into_iter().filter(|(_, _, alert)| !alert.is_empty()) {
            let below = |figure: &Figure| slip(figure, window, minimum, target.value, alert, snapshot.as_of());
            found.extend(figures.iter().filter_map(below));
        }
    }
    found
}

fn slip(
    figure: &Figure,
    window: &str,
    minimum: i64,
    target: f64,
    alert: &'static str,
    as_of: DateTime<Utc>,
) -> Option<Condition> {
    let [(_, area), (_, of)] = figure.dimensions.as_slice() else { return None };
    let (met, decided) = (figure.numerator?, figure.denominator?);
    if of != window || decided < minimum {
        return None;
    }
    let (_, upper) = wilson(u64::try_from(met).ok()?, u64::try_from(decided).ok()?, Z95)?;
    if upper >= target {
        return None;
    }
    let percent = target * 100.0;
    let sentence =
        format!("{area}: {met} of {decided} within two hours over {window}, below {percent:.0}% and not by chance");
    Some(Condition { alert, area: area.clone(), since: as_of, sentence })
}
