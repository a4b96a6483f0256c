//! What CSDS submissions know of one referral and one person: every version of each canonical key.

use std::sync::Arc;

use super::cascade::Cascade;
use super::clock::Micros;
use super::directory::Named;
use super::pack::pack_fields;
use super::submission::RowPlace;
use super::versions::{Current, Versions};

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
    /// SourceOfReferral as sent.
    pub source_of_referral: Option<Arc<str>>,
    /// Priority_Type, one digit.
    pub priority: Option<Arc<str>>,
    /// PrimaryReferralReason as sent.
    pub primary_reason: Option<Arc<str>>,
    /// End of the local Discharge_Date.
    pub discharged_at: Option<Micros>,
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

/// Versions by a key inside the referral, in key order. A referral has one or two, so a list beats a tree.
type Keyed<K, F> = Vec<(K, Versions<F>)>;

/// CSDS knowledge of one referral.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CsdsReferral {
    referral: Versions<ReferralFacts>,
    clocks: Keyed<ClockKey, Rtt>,
    services: Keyed<Option<Box<str>>, Service>,
}

impl CsdsReferral {
    /// Takes a CYP101 row.
    pub fn receive(&mut self, place: RowPlace, facts: ReferralFacts) {
        self.referral.put(place, facts);
    }

    /// Takes a CYP104 row.
    pub fn clock(&mut self, key: ClockKey, place: RowPlace, rtt: Rtt) {
        versions(&mut self.clocks, key).put(place, rtt);
    }

    /// Takes a CYP102 row; `team` is its TeamID_Local.
    pub fn service(&mut self, team: Option<&str>, place: RowPlace, service: Service) {
        versions(&mut self.services, team.map(Box::from)).put(place, service);
    }

    /// The current CYP101 row.
    #[must_use]
    pub fn referral<'a>(&'a self, cascade: &Cascade<'a>) -> Option<Current<'a, ReferralFacts>> {
        self.referral.current_where(cascade.choice, |submission, facts| {
            cascade.reads(submission) && cascade.referral_row_stands(submission, facts)
        })
    }

    /// The CYP101 row of one submission: whose a contact of that submission was (D4).
    #[must_use]
    pub fn referral_in(&self, submission: u32) -> Option<&ReferralFacts> {
        self.referral.of(submission)
    }

    /// The CYP101 rows of one submission.
    pub(super) fn referral_rows(&self, submission: u32) -> impl Iterator<Item = &ReferralFacts> {
        self.referral.in_submission(submission)
    }

    /// The current CYP102 row of a team.
    #[must_use]
    pub fn service_of<'a>(&'a self, team: &str, cascade: &Cascade<'a>) -> Option<&'a Service> {
        let (_, versions) = self.services.iter().find(|(held, _)| held.as_deref() == Some(team))?;
        self.child(versions, cascade).map(|current| current.facts)
    }

    /// The current row of a key that hangs on the referral.
    fn child<'a, F: Ord>(&self, versions: &'a Versions<F>, cascade: &Cascade<'a>) -> Option<Current<'a, F>> {
        versions.current_where(cascade.choice, |submission, _| {
            cascade.reads(submission) && cascade.child_stands(submission, Some(self))
        })
    }

    /// The clocks that count with their current row, in key order.
    pub fn clocks<'a>(&'a self, cascade: &Cascade<'a>) -> Vec<(&'a ClockKey, Current<'a, Rtt>)> {
        self.clocks.iter().filter_map(|(key, versions)| Some((key, self.child(versions, cascade)?))).collect()
    }

    /// Services named in CYP102, the current row of each team, newest first.
    pub fn services<'a>(&'a self, cascade: &Cascade<'a>) -> Vec<&'a Service> {
        let mut newest: Vec<_> =
            self.services.iter().filter_map(|(_, versions)| self.child(versions, cascade)).collect();
        newest.sort_by(|one, two| two.cmp(one));
        newest.into_iter().map(|current| current.facts).collect()
    }
}

/// The versions of a key, made when it is new.
fn versions<K: Ord, F>(keyed: &mut Keyed<K, F>, key: K) -> &mut Versions<F> {
    let at = match keyed.binary_search_by(|(held, _)| held.cmp(&key)) {
        Ok(at) => at,
        Err(at) => {
            // A first insertion would reserve four.
            keyed.reserve_exact(1);
            keyed.insert(at, (key, Versions::default()));
            at
        }
    };
    &mut keyed[at].1
}

/// What a CYP001 row says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonFacts {
    /// Age in years at the period's end.
    pub age_years: Option<i32>,
    /// The pseudonym of the NHS number, which knows a person at every provider.
    pub pseudonym: Option<Arc<str>>,
}

/// CSDS knowledge of one person inside one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsdsPerson {
    /// Provider after succession.
    pub provider: Arc<str>,
    /// The pseudonym of the local patient id.
    pub pseudonym: Arc<str>,
    /// CYP002 OrgID_GP.
    pub practice: Versions<Option<Arc<str>>>,
    /// CYP001.
    pub facts: Versions<PersonFacts>,
    /// Referrals that ever named this person, in order, to be refreshed when the person changes.
    pub referrals: Vec<u32>,
}

impl CsdsPerson {
    /// A person of whom nothing is known yet.
    #[must_use]
    pub fn new(provider: &Arc<str>, pseudonym: &str) -> Self {
        Self {
            provider: Arc::clone(provider),
            pseudonym: Arc::from(pseudonym),
            practice: Versions::default(),
            facts: Versions::default(),
            referrals: Vec::new(),
        }
    }
}

impl Named for CsdsPerson {
    fn provider(&self) -> &str {
        &self.provider
    }

    fn name(&self) -> &str {
        &self.pseudonym
    }
}

pack_fields!(ClockKey { waiting_type, start_day, start_time });
pack_fields!(Rtt { start_at, end_day, end_at, naive_minutes });
pack_fields!(ReferralFacts {
    person,
    commissioner,
    received_at,
    source_of_referral,
    priority,
    primary_reason,
    discharged_at,
});
pack_fields!(Service { team_type, rejected_at, closed_at });
pack_fields!(CsdsReferral { referral, clocks, services });
pack_fields!(PersonFacts { age_years, pseudonym });
pack_fields!(CsdsPerson { provider, pseudonym, practice, facts, referrals });
