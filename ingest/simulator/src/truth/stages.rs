//! The two-hour figure stage by stage, and the planted faults that lie between the stages.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::Truth;
use super::figures::{Ratio, month_name, official};
use super::state::State;
use crate::csds::CsdsClock;
use crate::referral::{CsdsEnd, Referral};
use crate::wall::{true_minutes, wall};

/// By provider and month of the RTT end.
type Months = BTreeMap<(String, String), Ratio>;

/// The figure of every provider and month by live events alone, by the Primaries alone, and by what counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stages {
    /// Live events alone, stopped clocks, true minutes.
    pub live: Months,
    /// The Primary of each month, by the wall clock.
    pub primary: Months,
    /// What counts, by the wall clock.
    pub refresh: Months,
}

/// How many two-hour clocks a planted fault takes from a stage or adds to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlantedCauses {
    /// Live referrals that are never submitted.
    pub not_in_csds: i64,
    /// Referrals that only CSDS knows.
    pub not_on_live_feed: i64,
    /// Left out of the Primary, present in what counts.
    pub late_record: i64,
    /// Submitted as type 07.
    pub changed_type: i64,
    /// Without an RTT end in the Primary.
    pub missing_rtt_end: i64,
    /// Without an RTT end in the Primary, with one in what counts; not on the live feed included.
    pub gained_rtt_end: i64,
}

impl Truth {
    /// Every stage as known at an instant.
    #[must_use]
    pub fn stages(&self, as_known_at: DateTime<Utc>) -> Stages {
        let (primaries, counting) = (self.primaries(as_known_at), self.counting(as_known_at));
        let mut stages = Stages::default();
        for referral in &self.referrals {
            if let Some((end_at, met)) = live_clock(referral, as_known_at) {
                let key = (referral.provider.clone(), month_name(wall(end_at).date()));
                stages.live.entry(key).or_default().add(met);
            }
            for (chosen, months) in [(&primaries, &mut stages.primary), (&counting, &mut stages.refresh)] {
                for row in self.newest_rows(referral.serial, chosen) {
                    if let Some((ended_on, met)) = official(referral, row) {
                        months.entry((row.provider.clone(), month_name(ended_on))).or_default().add(met);
                    }
                }
            }
        }
        stages
    }

    /// What the planted faults come to, where nothing else stands between the stages: no withdrawals, no rows left out.
    #[must_use]
    pub fn planted_causes(&self, as_known_at: DateTime<Utc>) -> PlantedCauses {
        let (primaries, counting) = (self.primaries(as_known_at), self.counting(as_known_at));
        let mut causes = PlantedCauses::default();
        for referral in &self.referrals {
            let plan = &referral.csds;
            let (primary, now) =
                (self.newest_rows(referral.serial, &primaries), self.newest_rows(referral.serial, &counting));
            let stopped = |rows: &[&CsdsClock]| rows.iter().any(|row| official(referral, row).is_some());
            let live = live_clock(referral, as_known_at).is_some();
            if !referral.on_feed() {
                causes.not_on_live_feed += i64::from(stopped(&primary));
            } else if live && plan.absent {
                causes.not_in_csds += 1;
            } else if live && plan.late_record && primary.is_empty() {
                causes.late_record += 1;
            } else if live && plan.changed_type {
                causes.changed_type += 1;
            } else if live && plan.end != CsdsEnd::AsRecorded && !stopped(&primary) {
                causes.missing_rtt_end += 1;
            }
            let gained = plan.end == CsdsEnd::GainedInRefresh && !primary.is_empty() && !stopped(&primary);
            causes.gained_rtt_end += i64::from(gained && stopped(&now));
        }
        causes
    }

    /// The Primary of each provider and month: the last one whole, withdrawn only when there is no other.
    fn primaries(&self, as_known_at: DateTime<Utc>) -> BTreeSet<&str> {
        let mut chosen: BTreeMap<(&str, NaiveDate), (bool, DateTime<Utc>, &str)> = BTreeMap::new();
        for submission in self.submissions.iter().filter(|submission| !submission.refresh) {
            if submission.whole_at.is_none_or(|at| at > as_known_at) {
                continue;
            }
            let decisions = submission.withdrawn.iter().filter(|(at, _)| *at <= as_known_at);
            let withdrawn = decisions.max().is_some_and(|(_, withdrawn)| *withdrawn);
            let rank = (!withdrawn, submission.received_at, submission.id.as_str());
            let held = chosen.entry((submission.provider.as_str(), submission.rp_end)).or_insert(rank);
            *held = rank.max(*held);
        }
        chosen.into_values().map(|(_, _, id)| id).collect()
    }
}

/// The stopped two-hour clock that live events alone tell of: its end, and whether it was met.
fn live_clock(referral: &Referral, as_known_at: DateTime<Utc>) -> Option<(DateTime<Utc>, bool)> {
    let facts = referral.facts.iter().enumerate();
    let known = facts.filter(|(index, _)| referral.known_at(*index).is_some_and(|at| at <= as_known_at));
    let state = State::of(known.map(|(_, fact)| fact));
    let counts = referral.waiting_type == "05" && state.received_at.is_some() && state.reclassified_at.is_none();
    let end_at = state.end_at.filter(|_| counts && !state.voided)?;
    Some((end_at, state.start_at.is_some_and(|start| (0..=120).contains(&true_minutes(start, end_at)))))
}
