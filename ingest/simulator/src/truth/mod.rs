//! The planted truth: what a correct system must report, worked out from the plan by brute force.
//!
//! Nothing here reads a message. The rules of the handbook are written out anew and as plainly as possible, so that an
//! error in Homeward's own rules cannot hide in a shared function. Choices where the handbook leaves room:
//!
//! * an open clock is a type-05 clock of a referral the live feed knows that has started, has no known end, and is
//!   neither rejected, closed nor superseded at `as_of`; at exactly 120 minutes it is over 120;
//! * the old team types (E13) bound the official figures only: UCR-OPS is "over type-05 clocks", whatever the team;
//! * windows are `[as_of - length, as_of)`: ask at an instant between two whole seconds to stay clear of the edge;
//! * a referral counts as type 05 as long as it is not reclassified; a rejected or closed one still counts;
//! * in the live basis a voided referral is absent, whatever CSDS says of it.

pub(crate) mod clocks;
mod community;
mod counts;
mod figures;
pub(crate) mod known;
pub(crate) mod state;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

pub use clocks::PlantedClock;
pub use counts::{Counts, FeedCounts};
pub use figures::{Area, Grain, OpenBands, Ratio};

use crate::csds::{CsdsClock, Planted, PlantedContact, PlantedReferral, PlantedSubmission};
use crate::referral::Referral;

/// Everything that was planted, and what follows from it.
#[derive(Debug)]
pub struct Truth {
    /// Every two-hour clock as the live feed or, for those it never carried, CSDS tells it in the end.
    pub clocks: Vec<PlantedClock>,
    /// Exact numbers of what was planted.
    pub counts: Counts,
    /// When the last record of either feed is delivered.
    pub last_delivery: DateTime<Utc>,
    pub(crate) referrals: Vec<Arc<Referral>>,
    pub(crate) submissions: Vec<PlantedSubmission>,
    pub(crate) csds_rows: Vec<CsdsClock>,
    pub(crate) referral_rows: Vec<PlantedReferral>,
    pub(crate) contact_rows: Vec<PlantedContact>,
    /// Rows of CYP104 by the serial of their referral, as indices into `csds_rows`.
    pub(crate) csds_by_serial: BTreeMap<u64, Vec<usize>>,
}

impl Truth {
    pub(crate) fn new(referrals: Vec<Arc<Referral>>, planted: Planted) -> Self {
        let mut csds_by_serial: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (index, row) in planted.clocks.iter().enumerate() {
            csds_by_serial.entry(row.serial).or_default().push(index);
        }
        let counts = Counts::of(&referrals, planted.counts.clone());
        let sends = referrals.iter().flat_map(|referral| {
            let broken = referral.malformed.iter().map(|record| record.deliver_at);
            referral.sends.iter().map(|send| send.deliver_at).chain(broken)
        });
        let submitted = planted.submissions.iter().flat_map(|submission| {
            let decided = submission.withdrawn.iter().map(|(at, _)| *at);
            [submission.received_at].into_iter().chain(submission.whole_at).chain(decided)
        });
        let last_delivery = sends.chain(submitted).max().unwrap_or_default();
        let clocks = referrals.iter().map(|referral| PlantedClock::of(referral)).collect();
        let Planted { clocks: csds_rows, referrals: referral_rows, contacts: contact_rows, submissions, .. } = planted;
        Self {
            clocks,
            counts,
            last_delivery,
            referrals,
            submissions,
            csds_rows,
            referral_rows,
            contact_rows,
            csds_by_serial,
        }
    }
}
