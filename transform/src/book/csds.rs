//! What CSDS submissions know of one referral and one person: the newest row of each canonical key.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::clock::Micros;
use super::rank::{SubmissionRank, keep_newest};

/// Canonical clock key inside a referral (`csds.md` section 3): waiting type, start date, start time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockKey {
    /// WaitingTime_MeasurementType, two digits.
    pub waiting_type: Arc<str>,
    /// RTT_StartDate in days since the epoch.
    pub start_day: Option<i32>,
    /// RTT_StartTime as HH:MM:SS.
    pub start_time: Option<Box<str>>,
}

/// What a CYP104 row says beyond its key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rtt {
    /// Clock start, when date and time are known.
    pub start_at: Option<Micros>,
    /// RTT_EndDate in days since the epoch.
    pub end_day: Option<i32>,
    /// Clock end, when date and time are known.
    pub end_at: Option<Micros>,
    /// Whole minutes by the wall clock.
    pub naive_minutes: Option<i64>,
}

/// What a CYP101 row says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReferralFacts {
    /// The person, as the pseudonym of the local patient id.
    pub person: Option<Arc<str>>,
    /// Commissioner code as sent.
    pub commissioner: Option<Arc<str>>,
    /// Referral request received: the instant, or local midnight when the time is missing.
    pub received_at: Option<Micros>,
}

/// What a CYP102 row says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Service {
    /// TeamType, two digits.
    pub team_type: Option<Arc<str>>,
    /// Local midnight of the rejection date.
    pub rejected_at: Option<Micros>,
    /// End of the local closure date: CSDS has no closure time, and the cautious reading keeps a clock in the rate.
    pub closed_at: Option<Micros>,
}

/// CSDS knowledge of one referral.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CsdsReferral {
    /// Newest CYP101 row.
    pub referral: Option<(SubmissionRank, ReferralFacts)>,
    clocks: BTreeMap<ClockKey, Option<(SubmissionRank, Rtt)>>,
    services: BTreeMap<Option<Box<str>>, Option<(SubmissionRank, Service)>>,
}

impl CsdsReferral {
    /// Takes a CYP101 row.
    pub fn receive(&mut self, rank: SubmissionRank, facts: ReferralFacts) {
        keep_newest(&mut self.referral, rank, facts);
    }

    /// Takes a CYP104 row.
    pub fn clock(&mut self, key: ClockKey, rank: SubmissionRank, rtt: Rtt) {
        keep_newest(self.clocks.entry(key).or_default(), rank, rtt);
    }

    /// Takes a CYP102 row; `team` is its TeamID_Local.
    pub fn service(&mut self, team: Option<&str>, rank: SubmissionRank, service: Service) {
        keep_newest(self.services.entry(team.map(Box::from)).or_default(), rank, service);
    }

    /// The clocks with the rank of their newest row, in key order.
    pub fn clocks(&self) -> impl Iterator<Item = (&ClockKey, &SubmissionRank, &Rtt)> {
        self.clocks.iter().filter_map(|(key, fact)| fact.as_ref().map(|(rank, rtt)| (key, rank, rtt)))
    }

    /// True when at least one clock is known.
    #[must_use]
    pub fn has_clocks(&self) -> bool {
        !self.clocks.is_empty()
    }

    /// Services named in CYP102, newest row of each team, newest first.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        let mut newest: Vec<_> = self.services.values().flatten().collect();
        newest.sort_by(|one, two| two.cmp(one));
        newest.into_iter().map(|(_, service)| service)
    }

    /// An 05 clock without an end is superseded by an 07 clock of the same start (E12).
    #[must_use]
    pub fn superseded(&self, key: &ClockKey, rtt: &Rtt) -> bool {
        let twin = ClockKey { waiting_type: Arc::from("07"), ..key.clone() };
        key.waiting_type.as_ref() == "05" && rtt.end_day.is_none() && self.clocks.contains_key(&twin)
    }
}

/// CSDS knowledge of one person inside one provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CsdsPerson {
    /// Newest CYP002 OrgID_GP.
    pub practice: Option<(SubmissionRank, Option<Arc<str>>)>,
    /// Newest CYP001 age in years at the period's end.
    pub age_years: Option<(SubmissionRank, Option<i32>)>,
    /// Referrals of this person, to be refreshed when the person changes.
    pub referrals: Vec<u32>,
}
