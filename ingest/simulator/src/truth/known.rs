//! The clocks as somebody who had received everything up to an instant would list them: CSDS over live.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::Truth;
use super::state::State;
use crate::csds::CsdsClock;
use crate::referral::{Fact, Referral};
use crate::wall::{end_instant, midnight, start_instant, true_minutes};

/// One type-05 clock as known at some instant.
#[derive(Debug, Clone)]
pub(crate) struct KnownClock<'a> {
    pub(crate) referral: &'a Referral,
    pub(crate) start_at: Option<DateTime<Utc>>,
    /// The end, or local midnight of the end date when its time is missing (E3).
    pub(crate) stopped_at: Option<DateTime<Utc>>,
    /// Whole true minutes; `None` while open and when a time is missing.
    pub(crate) minutes: Option<i64>,
    pub(crate) rejected_at: Option<DateTime<Utc>>,
    pub(crate) closed_at: Option<DateTime<Utc>>,
    pub(crate) reclassified_at: Option<DateTime<Utc>>,
    /// The live feed has told something of the referral.
    pub(crate) on_feed: bool,
}

/// The canonical key of a clock inside its referral.
pub(crate) type ClockKey = (&'static str, NaiveDate, Option<NaiveTime>);

impl Truth {
    /// The submissions that count at an instant: whole, not withdrawn, for each provider and month the last Refresh, or
    /// while there is none the last Primary.
    pub(crate) fn counting(&self, as_known_at: DateTime<Utc>) -> BTreeSet<&str> {
        let mut chosen: BTreeMap<(&str, NaiveDate), (bool, DateTime<Utc>, &str)> = BTreeMap::new();
        for submission in &self.submissions {
            let whole = submission.whole_at.is_some_and(|at| at <= as_known_at);
            let decisions = submission.withdrawn.iter().filter(|(at, _)| *at <= as_known_at);
            let withdrawn = decisions.max().is_some_and(|(_, withdrawn)| *withdrawn);
            if !whole || withdrawn {
                continue;
            }
            let rank = (submission.refresh, submission.received_at, submission.id.as_str());
            let held = chosen.entry((submission.provider.as_str(), submission.rp_end)).or_insert(rank);
            if rank > *held {
                *held = rank;
            }
        }
        chosen.into_values().map(|(_, _, id)| id).collect()
    }

    /// CSDS rows of a referral in the submissions that count: the newest of each clock, reporting period first.
    pub(crate) fn newest_rows(&self, serial: u64, counting: &BTreeSet<&str>) -> Vec<&CsdsClock> {
        let mut newest: BTreeMap<ClockKey, &CsdsClock> = BTreeMap::new();
        for index in self.csds_by_serial.get(&serial).into_iter().flatten() {
            let row = &self.csds_rows[*index];
            if !counting.contains(row.submission.as_str()) {
                continue;
            }
            let key = (row.waiting_type, row.start_date, row.start_time);
            let held = newest.entry(key).or_insert(row);
            if order(row) > order(held) {
                *held = row;
            }
        }
        newest.into_values().collect()
    }

    /// Every type-05 clock of the live basis as known at an instant.
    pub(crate) fn clocks_known_at(&self, as_known_at: DateTime<Utc>) -> Vec<KnownClock<'_>> {
        let mut clocks = Vec::new();
        let counting = self.counting(as_known_at);
        for referral in &self.referrals {
            let known = referral
                .facts
                .iter()
                .enumerate()
                .filter(|(index, _)| referral.known_at(*index).is_some_and(|at| at <= as_known_at));
            let known: Vec<&Fact> = known.map(|(_, fact)| fact).collect();
            let on_feed = !known.is_empty();
            let live = State::of(known);
            if live.voided {
                continue;
            }
            let rows = self.newest_rows(referral.serial, &counting);
            if !rows.is_empty() {
                clocks.extend(
                    rows.iter()
                        .filter(|row| row.waiting_type == "05")
                        .map(|row| KnownClock { on_feed, ..merged(referral, row, &rows, &live) }),
                );
            } else if live.received_at.is_some() && referral.waiting_type == "05" {
                clocks.push(KnownClock {
                    referral,
                    start_at: live.start_at,
                    stopped_at: live.end_at,
                    minutes: live.start_at.zip(live.end_at).map(|(start, end)| true_minutes(start, end)),
                    rejected_at: live.rejected_at,
                    closed_at: live.closed_at,
                    reclassified_at: live.reclassified_at,
                    on_feed,
                });
            }
        }
        clocks
    }
}

fn order(row: &CsdsClock) -> (NaiveDate, DateTime<Utc>, &str, usize) {
    (row.rp_end, row.received_at, &row.submission, row.row_number)
}

/// A clock that CSDS knows; the live feed fills a missing end, and tells of rejection and closure to the minute.
fn merged<'a>(referral: &'a Referral, row: &CsdsClock, rows: &[&CsdsClock], live: &State) -> KnownClock<'a> {
    let start_at = row.start_time.map(|time| start_instant(row.start_date.and_time(time)));
    let (stopped_at, minutes) = match (row.end_date, row.end_time) {
        (Some(day), Some(time)) => {
            let end_at = end_instant(day.and_time(time), start_at);
            (Some(end_at), start_at.map(|start| true_minutes(start, end_at)))
        }
        (Some(day), None) => (Some(midnight(day)), None),
        (None, _) => (live.end_at, start_at.zip(live.end_at).map(|(start, end)| true_minutes(start, end))),
    };
    let twin = rows.iter().any(|other| {
        other.waiting_type == "07" && (other.start_date, other.start_time) == (row.start_date, row.start_time)
    });
    let superseded = (twin && row.end_date.is_none()).then_some(DateTime::<Utc>::MIN_UTC);
    KnownClock {
        referral,
        start_at,
        stopped_at,
        minutes,
        rejected_at: live.rejected_at,
        closed_at: live.closed_at,
        reclassified_at: superseded,
        on_feed: false,
    }
}
