//! Exact numbers of what was planted.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::csds::CsdsCounts;
use crate::malformed::MalformedKind;
use crate::referral::{FactKind, Fate, Referral, SendKind};
use crate::truth::state::State;

/// What was planted in both feeds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// The live feed.
    pub feed: FeedCounts,
    /// The submissions.
    pub csds: CsdsCounts,
}

/// What was planted in the live feed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FeedCounts {
    /// Records of every sort.
    pub messages: u64,
    /// Distinct facts.
    pub facts: u64,
    /// Records that repeat an id.
    pub duplicates_same_id: u64,
    /// Records that repeat a fact under a new id.
    pub duplicates_new_id: u64,
    /// Broken records.
    pub malformed: u64,
    /// Broken records by kind.
    pub malformed_by_kind: BTreeMap<MalformedKind, u64>,
    /// First contacts written up after the shift.
    pub late: u64,
    /// Records delayed so that later facts can overtake them.
    pub reordered: u64,
    /// Referrals of type 05 at receipt.
    pub type05: u64,
    /// Referrals of type 07 at receipt.
    pub type07: u64,
    /// Referrals by what became of them.
    pub fates: BTreeMap<Fate, u64>,
    /// Amendments.
    pub amended: u64,
    /// Voided referrals.
    pub voided: u64,
    /// Voided contacts.
    pub contacts_voided: u64,
    /// Rejections 120 minutes or more after the start.
    pub rejected_after_breach: u64,
    /// Reclassifications 120 minutes or more after the start.
    pub reclassified_after_breach: u64,
    /// Referrals closed.
    pub closed: u64,
    /// Referrals of people without an NHS number.
    pub without_nhs_number: u64,
}

impl Counts {
    pub(crate) fn of(referrals: &[Arc<Referral>], csds: CsdsCounts) -> Self {
        let mut feed = FeedCounts::default();
        for referral in referrals.iter().filter(|referral| referral.on_feed()) {
            feed.add(referral);
        }
        Self { feed, csds }
    }
}

impl FeedCounts {
    fn add(&mut self, referral: &Referral) {
        self.messages += (referral.sends.len() + referral.malformed.len()) as u64;
        self.facts += referral.facts.len() as u64;
        for send in &referral.sends {
            self.duplicates_same_id += u64::from(send.kind == SendKind::SameId);
            self.duplicates_new_id += u64::from(send.kind == SendKind::NewId);
            self.reordered += u64::from(send.reordered);
        }
        self.malformed += referral.malformed.len() as u64;
        for record in &referral.malformed {
            *self.malformed_by_kind.entry(record.kind).or_default() += 1;
        }
        for fact in &referral.facts {
            self.late += u64::from(fact.late_write_up);
            match fact.kind {
                FactKind::EndAmended { .. } | FactKind::StartAmended { .. } => self.amended += 1,
                FactKind::Voided { .. } => self.voided += 1,
                FactKind::ContactVoided { .. } => self.contacts_voided += 1,
                FactKind::Closed { .. } => self.closed += 1,
                _ => {}
            }
        }
        self.type05 += u64::from(referral.waiting_type == "05");
        self.type07 += u64::from(referral.waiting_type == "07");
        *self.fates.entry(referral.fate).or_default() += 1;
        let state = State::of(&referral.facts);
        let due_at = state.start_at.map(|start| start + chrono::Duration::minutes(120));
        let after_breach =
            |at: Option<chrono::DateTime<chrono::Utc>>| u64::from(at.zip(due_at).is_some_and(|(at, due)| at >= due));
        self.rejected_after_breach += after_breach(state.rejected_at);
        self.reclassified_after_breach += after_breach(state.reclassified_at);
        self.without_nhs_number += u64::from(referral.person.nhs_number.is_none());
    }
}
