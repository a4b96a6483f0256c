//! Figures that follow from the planted clocks.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Duration, NaiveDate, Utc};
use serde::Serialize;

use super::Truth;
use super::known::KnownClock;
use crate::referral::Referral;
use crate::wall::{midnight, naive_minutes, wall};

/// A numerator over a denominator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Ratio {
    /// Clocks within 120 minutes.
    pub met: u64,
    /// Clocks that count.
    pub denominator: u64,
}

impl Ratio {
    fn add(&mut self, met: bool) {
        self.met += u64::from(met);
        self.denominator += 1;
    }
}

/// What figures are broken down by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// Provider code.
    Provider,
    /// Integrated care board code.
    Icb,
    /// Local care partnership name.
    Lcp,
    /// Primary care network code.
    Pcn,
    /// All together, under `England`.
    Nation,
}

/// Which periods a figure is for. Names of periods are those of Homeward's `period` view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// Local days, `day:2025-06-12`.
    Day,
    /// Local months, `month:2025-06`.
    Month,
    /// `window:24h`, `window:7d`, `window:28d` and `window:mtd`, ending at `as_of`.
    Window,
}

/// Open type-05 clocks by age.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct OpenBands {
    /// Under 60 minutes.
    pub under_60: u64,
    /// From 60 to under 90 minutes.
    pub under_90: u64,
    /// From 90 to under 120 minutes: due within 30 minutes.
    pub under_120: u64,
    /// 120 minutes and over: breached and open.
    pub over_120: u64,
}

/// Team types of the scope that ended on 31 March 2023 (E13).
const OLD_SCOPE: [&str; 4] = ["45", "51", "52", "53"];

impl Truth {
    /// UCR-OPS (`ucr.md` section 3): met and denominator by area and period, as known at an instant.
    #[must_use]
    pub fn live_rate(
        &self,
        as_of: DateTime<Utc>,
        as_known_at: DateTime<Utc>,
        area: Area,
        grain: Grain,
    ) -> BTreeMap<(String, String), Ratio> {
        let mut cells: BTreeMap<(String, String), Ratio> = BTreeMap::new();
        for clock in self.clocks_known_at(as_known_at) {
            let Some((anchor, met)) = placed(&clock, as_of) else { continue };
            for period in periods(anchor, as_of, grain) {
                cells.entry((area_of(clock.referral, area), period)).or_default().add(met);
            }
        }
        cells
    }

    /// UCR-OFF (`ucr.md` section 1) by provider and month of the RTT end: naive minutes, CSDS only.
    #[must_use]
    pub fn published(&self, as_known_at: DateTime<Utc>) -> BTreeMap<(String, String), Ratio> {
        let mut cells: BTreeMap<(String, String), Ratio> = BTreeMap::new();
        let counting = self.counting(as_known_at);
        for referral in &self.referrals {
            for row in self.newest_rows(referral.serial, &counting) {
                let Some(ended_on) = row.end_date.filter(|day| in_scope(referral, row.waiting_type, *day)) else {
                    continue;
                };
                let minutes = row
                    .start_time
                    .zip(row.end_time)
                    .map(|(start, end)| naive_minutes(row.start_date.and_time(start), ended_on.and_time(end)));
                let met = minutes.is_some_and(|minutes| (0..=120).contains(&minutes));
                cells.entry((row.provider.clone(), month_name(ended_on))).or_default().add(met);
            }
        }
        cells
    }

    /// Type-05 referrals by area and period of receipt, CSDS over live.
    #[must_use]
    pub fn referrals(
        &self,
        as_of: DateTime<Utc>,
        as_known_at: DateTime<Utc>,
        area: Area,
        grain: Grain,
    ) -> BTreeMap<(String, String), u64> {
        let mut cells: BTreeMap<(String, String), u64> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for clock in self.clocks_known_at(as_known_at) {
            let referral = clock.referral;
            let received_at = referral.received_at;
            let gone = clock.reclassified_at.is_some_and(|at| at <= as_of);
            if gone || received_at > as_of || !seen.insert(referral.serial) {
                continue;
            }
            for period in periods(received_at, as_of, grain) {
                *cells.entry((area_of(referral, area), period)).or_default() += 1;
            }
        }
        cells
    }

    /// Type-05 referrals by provider and month of receipt, CSDS only (`ucr.md` section 1, table 2).
    #[must_use]
    pub fn referrals_published(&self, as_known_at: DateTime<Utc>) -> BTreeMap<(String, String), u64> {
        let mut cells: BTreeMap<(String, String), u64> = BTreeMap::new();
        let counting = self.counting(as_known_at);
        for referral in &self.referrals {
            let received_on = wall(referral.received_at).date();
            let counts = self
                .newest_rows(referral.serial, &counting)
                .iter()
                .any(|row| in_scope(referral, row.waiting_type, received_on));
            if counts {
                *cells.entry((referral.provider.clone(), month_name(received_on))).or_default() += 1;
            }
        }
        cells
    }

    /// Open type-05 clocks by area and age band.
    #[must_use]
    pub fn open_bands(
        &self,
        as_of: DateTime<Utc>,
        as_known_at: DateTime<Utc>,
        area: Area,
    ) -> BTreeMap<String, OpenBands> {
        let mut cells: BTreeMap<String, OpenBands> = BTreeMap::new();
        for clock in self.clocks_known_at(as_known_at) {
            let reached = |at: Option<DateTime<Utc>>| at.is_some_and(|at| at <= as_of);
            let done = reached(clock.stopped_at)
                || reached(clock.rejected_at)
                || reached(clock.closed_at)
                || reached(clock.reclassified_at);
            let Some(start_at) = clock.start_at.filter(|start| *start <= as_of && !done && clock.on_feed) else {
                continue;
            };
            let bands = cells.entry(area_of(clock.referral, area)).or_default();
            let age = as_of - start_at;
            let band = if age < Duration::minutes(60) {
                &mut bands.under_60
            } else if age < Duration::minutes(90) {
                &mut bands.under_90
            } else if age < Duration::minutes(120) {
                &mut bands.under_120
            } else {
                &mut bands.over_120
            };
            *band += 1;
        }
        cells
    }
}

/// Where a clock counts in UCR-OPS at `as_of`, and whether it is met; `None` when it does not count.
fn placed(clock: &KnownClock<'_>, as_of: DateTime<Utc>) -> Option<(DateTime<Utc>, bool)> {
    let reached = |at: Option<DateTime<Utc>>| at.is_some_and(|at| at <= as_of);
    if reached(clock.reclassified_at) {
        return None;
    }
    if let Some(stopped_at) = clock.stopped_at.filter(|at| *at <= as_of) {
        return Some((stopped_at, clock.minutes.is_some_and(|minutes| (0..=120).contains(&minutes))));
    }
    let due_at = clock.start_at? + Duration::minutes(120);
    let closed_in_time = clock.closed_at.is_some_and(|at| at < due_at && at <= as_of);
    (due_at <= as_of && !reached(clock.rejected_at) && !closed_in_time).then_some((due_at, false))
}

/// The official cohort: type 05; before April 2023 types 05 and 07 of the old team types (E13, `ucr.md` section 1).
fn in_scope(referral: &Referral, waiting_type: &str, anchor: NaiveDate) -> bool {
    if (anchor.year(), anchor.month()) >= (2023, 4) {
        return waiting_type == "05";
    }
    matches!(waiting_type, "05" | "07") && referral.team_type.is_some_and(|team| OLD_SCOPE.contains(&team))
}

fn area_of(referral: &Referral, area: Area) -> String {
    let home = &referral.person.home;
    let name = match area {
        Area::Provider => Some(referral.provider.as_str()),
        Area::Icb => referral.person.icb,
        Area::Lcp => home.lcp.as_deref(),
        Area::Pcn => home.pcn.as_deref(),
        Area::Nation => Some("England"),
    };
    name.unwrap_or("unknown").to_owned()
}

pub(super) fn month_name(day: NaiveDate) -> String {
    format!("month:{}", day.format("%Y-%m"))
}

fn periods(anchor: DateTime<Utc>, as_of: DateTime<Utc>, grain: Grain) -> Vec<String> {
    let day = wall(anchor).date();
    match grain {
        Grain::Day => vec![format!("day:{day}")],
        Grain::Month => vec![month_name(day)],
        Grain::Window => {
            let today = wall(as_of).date();
            let windows = [
                ("24h", as_of - Duration::hours(24)),
                ("7d", as_of - Duration::days(7)),
                ("28d", as_of - Duration::days(28)),
                ("mtd", midnight(today.with_day(1).unwrap_or(today))),
            ];
            let holds = windows.into_iter().filter(|(_, begins)| *begins <= anchor && anchor < as_of);
            holds.map(|(name, _)| format!("window:{name}")).collect()
        }
    }
}
