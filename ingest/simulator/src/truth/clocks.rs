//! One planted clock, for tests that look at single referrals.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::state::State;
use crate::referral::{FactKind, Fate, Referral};
use crate::wall::{naive_minutes, true_minutes, wall};

/// One two-hour clock with its final values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlantedClock {
    /// Provider code.
    pub provider: String,
    /// ServiceRequestID.
    pub referral: String,
    /// Integrated care board, by commissioner, else practice.
    pub icb: Option<String>,
    /// Local care partnership, by practice.
    pub lcp: Option<String>,
    /// Primary care network, by practice.
    pub pcn: Option<String>,
    /// Waiting time type at receipt, `05` or `07`.
    pub waiting_type: String,
    /// Who referred.
    pub source_group: String,
    /// Referral request received.
    pub received_at: DateTime<Utc>,
    /// Clock start, after amendments.
    pub start_at: Option<DateTime<Utc>>,
    /// Clock end, after amendments.
    pub end_at: Option<DateTime<Utc>>,
    /// Whole true minutes from start to end.
    pub true_minutes: Option<i64>,
    /// Whole minutes by the wall clock.
    pub naive_minutes: Option<i64>,
    /// When the live feed first told of the referral; `None` when it never did.
    pub reported_at: Option<DateTime<Utc>>,
    /// When the live feed first told of a clock end.
    pub end_reported_at: Option<DateTime<Utc>>,
    /// Rejection or redirection.
    pub rejected_at: Option<DateTime<Utc>>,
    /// Closure.
    pub closed_at: Option<DateTime<Utc>>,
    /// Reclassification from 05 to 07.
    pub reclassified_at: Option<DateTime<Utc>>,
    /// What became of it.
    pub fate: Fate,
    /// The live feed carries it.
    pub on_feed: bool,
    /// CSDS never carries it.
    pub absent_from_csds: bool,
    /// The person has an NHS number.
    pub has_nhs_number: bool,
}

impl PlantedClock {
    pub(crate) fn of(referral: &Referral) -> Self {
        let state = State::of(&referral.facts);
        let both = state.start_at.zip(state.end_at);
        let first_known = |wanted: fn(&FactKind) -> bool| {
            let facts = referral.facts.iter().enumerate().filter(|(_, fact)| wanted(&fact.kind));
            facts.filter_map(|(index, _)| referral.known_at(index)).min()
        };
        let home = &referral.person.home;
        Self {
            provider: referral.provider.clone(),
            referral: referral.id.clone(),
            icb: referral.person.icb.map(str::to_owned),
            lcp: home.lcp.clone(),
            pcn: home.pcn.clone(),
            waiting_type: referral.waiting_type.to_owned(),
            source_group: referral.source_group.to_owned(),
            received_at: referral.received_at,
            start_at: state.start_at,
            end_at: state.end_at,
            true_minutes: both.map(|(start, end)| true_minutes(start, end)),
            naive_minutes: both.map(|(start, end)| naive_minutes(wall(start), wall(end))),
            reported_at: first_known(|kind| matches!(kind, FactKind::Received { .. })),
            end_reported_at: first_known(|kind| matches!(kind, FactKind::Contact { end_at: Some(_), .. })),
            rejected_at: state.rejected_at,
            closed_at: state.closed_at,
            reclassified_at: state.reclassified_at,
            fate: referral.fate,
            on_feed: referral.on_feed(),
            absent_from_csds: referral.csds.absent,
            has_nhs_number: referral.person.nhs_number.is_some(),
        }
    }
}
