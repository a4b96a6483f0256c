//! From what is known of a referral to its rows of `csds_referral` and `live_referral`, whether or not it has a clock. Pure.

use std::sync::Arc;

use chrono::{Datelike, Months, NaiveDate};

use super::areas::Areas;
use super::change::Cause;
use super::clock::{Area, Micros, Source, local_day};
use super::contact_rows::person_name;
use super::csds::Service;
use super::fold::Knowledge;
use super::pack::{Pack, Packer, Unpacker, pack_fields};
use super::read::midnight;
use super::referral::LiveReferral;

/// One referral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferralRow {
    /// Provider after succession.
    pub provider: Arc<str>,
    /// ServiceRequestID, unique inside the provider.
    pub service_request_id: Arc<str>,
    /// Areas the referral belongs to.
    pub area: Arc<Area>,
    /// The person, for counting distinct people.
    pub person: Option<Arc<str>>,
    /// Age in whole years.
    pub age_years: Option<i32>,
    /// SourceOfReferral as sent.
    pub source_of_referral: Option<Arc<str>>,
    /// Source of referral group; only the live feed says it.
    pub source_group: Option<Arc<str>>,
    /// Priority_Type, one digit.
    pub priority: Option<Arc<str>>,
    /// PrimaryReferralReason as sent.
    pub primary_reason: Option<Arc<str>>,
    /// Team type of the newest service.
    pub team_type: Option<Arc<str>>,
    /// Every team type, in order, with commas between: a referral to several teams is one referral (D9).
    pub team_types: Option<Arc<str>>,
    /// Referral request received.
    pub received_at: Option<Micros>,
    /// End of the local day of discharge.
    pub discharged_at: Option<Micros>,
    /// Closed: when the last of its teams closed or rejected it.
    pub closed_at: Option<Micros>,
    /// Rejected by every team.
    pub rejected_at: Option<Micros>,
    /// First attended contact in the same view.
    pub first_contact_at: Option<Micros>,
    /// End of the last reporting period whose submission holds the referral.
    pub sent_until: Option<Micros>,
    /// The same instant, when the referral has no end and a newer submission of its provider counts.
    pub not_resent_since: Option<Micros>,
    /// It has a clock of type 05 or 07 in the same view.
    pub two_hour: bool,
    /// The live feed knows it.
    pub on_feed: bool,
    /// Channel of the newest knowledge.
    pub source: Source,
}

/// A referral's row in each view.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReferralRows {
    /// Row of `csds_referral`.
    pub csds: Option<Arc<ReferralRow>>,
    /// Row of `live_referral`: shared with the other while the live feed adds nothing.
    pub live: Option<Arc<ReferralRow>>,
}

impl ReferralRows {
    /// True when the next submission is expected to hold it: it has no end, and the newest one that counts holds it.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        self.csds.as_ref().is_some_and(|row| row.ended_at().is_none() && row.not_resent_since.is_none())
    }

    /// The months at whose end it is open in one view or the other.
    #[must_use]
    pub fn open_months(&self) -> Option<OpenMonths> {
        let rows = [&self.csds, &self.live].into_iter().flatten();
        rows.filter_map(|row| row.open_months()).reduce(both)
    }
}

/// From the first of both to the last of both.
fn both(one: OpenMonths, two: OpenMonths) -> OpenMonths {
    (one.0.min(two.0), one.1.zip(two.1).map(|(one, two)| one.max(two)))
}

/// The months in which a referral is open: from the first to before the second, or without end.
pub type OpenMonths = (NaiveDate, Option<NaiveDate>);

impl ReferralRow {
    /// When the referral ended; absence never ends one.
    #[must_use]
    pub fn ended_at(&self) -> Option<Micros> {
        self.discharged_at.or(self.closed_at).or(self.rejected_at)
    }

    /// Plain date difference between receipt and first attended contact (`csds.md` section 6).
    #[must_use]
    pub fn first_contact_days(&self) -> Option<i64> {
        let (received, contact) = (self.received_at?, self.first_contact_at?);
        Some(local_day(contact).signed_duration_since(local_day(received)).num_days())
    }

    /// The months at whose end it is open.
    #[must_use]
    pub fn open_months(&self) -> Option<OpenMonths> {
        let first = month_of(self.received_at?);
        Some((first, self.ended_at().map(month_of)))
    }

    /// The first month whose count of open referrals differs between two versions of a row that exist in both. A
    /// submission for a later month does not change what is known of an earlier one, unless it says something else.
    fn first_month_changed(&self, new: &Self) -> Option<NaiveDate> {
        let undated = |row: &Self| Self {
            source: Source::Live,
            sent_until: None,
            not_resent_since: None,
            first_contact_at: None,
            ..row.clone()
        };
        let is_resent = undated(self) == undated(new) && (self.source == Source::Live) == (new.source == Source::Live);
        let until = self.sent_until.zip(new.sent_until).filter(|_| is_resent)?;
        Some(month_of(until.0.min(until.1) - 1))
    }

    /// Instants after `as_of` at which figures change although no message comes.
    pub fn wakes_after(&self, as_of: Micros) -> impl Iterator<Item = Micros> {
        [self.received_at, self.ended_at()].into_iter().flatten().filter(move |instant| *instant > as_of)
    }
}

/// First day of the local month of an instant.
#[must_use]
pub fn month_of(instant: Micros) -> NaiveDate {
    let day = local_day(instant);
    day.with_day(1).unwrap_or(day)
}

/// The months in which a change of a row can be seen among open referrals.
#[must_use]
pub fn months_changed(old: Option<&ReferralRow>, new: Option<&ReferralRow>) -> Option<OpenMonths> {
    let all = [old, new].into_iter().flatten().filter_map(ReferralRow::open_months).reduce(both)?;
    let since = old.zip(new).and_then(|(old, new)| old.first_month_changed(new));
    Some((since.map_or(all.0, |since| all.0.max(since)), all.1))
}

/// The month after.
#[must_use]
pub fn next_month(month: NaiveDate) -> NaiveDate {
    month.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX)
}

/// Makes the rows of one referral. `first_contacts` are the first attended contacts in the two views, `two_hour` says
/// whether it has a two-hour clock there, `newest` when the newest submission of its provider ends.
pub fn rows(
    knowledge: &Knowledge<'_>,
    first_contacts: [Option<Micros>; 2],
    two_hour: [bool; 2],
    areas: &mut Areas,
) -> ReferralRows {
    let csds = csds_row(knowledge, first_contacts[0], two_hour[0], areas).map(Arc::new);
    let voided = knowledge.live.is_some_and(LiveReferral::is_referral_voided);
    let live = match (&csds, knowledge.live) {
        _ if voided => None,
        (None, Some(live)) => live_row(knowledge, live, areas),
        (Some(row), Some(live)) => Some(merged_row(row, live)),
        (row, None) => row.as_deref().cloned(),
    };
    let live = live.map(|row| ReferralRow { first_contact_at: first_contacts[1], two_hour: two_hour[1], ..row });
    let live = match (live, &csds) {
        (Some(row), Some(csds)) if row == **csds => Some(Arc::clone(csds)),
        (live, _) => live.map(Arc::new),
    };
    ReferralRows { csds, live }
}

fn csds_row(
    knowledge: &Knowledge<'_>,
    first_contact_at: Option<Micros>,
    two_hour: bool,
    areas: &mut Areas,
) -> Option<ReferralRow> {
    let (csds, cascade) = (knowledge.csds?, &knowledge.cascade);
    let current = csds.referral(cascade)?;
    let facts = current.facts;
    let named = facts.person.as_deref().and_then(|pseudonym| Some((cascade.person(pseudonym)?, pseudonym)));
    let practice = named.and_then(|(person, pseudonym)| cascade.practice(person, pseudonym));
    let person = named.and_then(|(person, _)| cascade.person_facts(person));
    let services: Vec<&Service> = csds.services(cascade);
    let mut team_types: Vec<&str> = services.iter().filter_map(|service| service.team_type.as_deref()).collect();
    team_types.sort_unstable();
    team_types.dedup();
    let ends = services.iter().map(|service| service.closed_at.or(service.rejected_at));
    let rejections = services.iter().map(|service| service.rejected_at);
    let last_period = current.submission.rp_end_day;
    let sent_until = midnight(last_period + 1);
    let newest = cascade.choice.register().newest_period(&current.submission.provider);
    let row = ReferralRow {
        provider: Arc::clone(knowledge.provider),
        service_request_id: Arc::clone(knowledge.service_request_id),
        area: areas.area(facts.commissioner.as_ref(), practice),
        person: facts
            .person
            .as_ref()
            .map(|own| person_name(knowledge.provider, person.and_then(|person| person.pseudonym.as_ref()), own)),
        age_years: person.and_then(|person| person.age_years),
        source_of_referral: facts.source_of_referral.clone(),
        source_group: None,
        priority: facts.priority.clone(),
        primary_reason: facts.primary_reason.clone(),
        team_type: services.iter().find_map(|service| service.team_type.clone()),
        team_types: (!team_types.is_empty()).then(|| Arc::from(team_types.join(","))),
        received_at: facts.received_at,
        discharged_at: facts.discharged_at,
        closed_at: last_of_all(ends),
        rejected_at: last_of_all(rejections),
        first_contact_at,
        sent_until: Some(sent_until),
        not_resent_since: newest.filter(|newest| *newest > last_period).map(|_| sent_until),
        two_hour,
        on_feed: knowledge.live.is_some(),
        source: current.submission.source(),
    };
    // What has ended need not be sent again.
    let not_resent_since = row.not_resent_since.filter(|_| row.ended_at().is_none());
    Some(ReferralRow { not_resent_since, ..row })
}

/// The last of these instants, when there is one for each team.
fn last_of_all(instants: impl Iterator<Item = Option<Micros>>) -> Option<Micros> {
    instants.collect::<Option<Vec<Micros>>>()?.into_iter().max()
}

fn live_row(knowledge: &Knowledge<'_>, live: &LiveReferral, areas: &mut Areas) -> Option<ReferralRow> {
    let received = live.received()?;
    Some(ReferralRow {
        provider: Arc::clone(knowledge.provider),
        service_request_id: Arc::clone(knowledge.service_request_id),
        area: areas.area(received.commissioner.as_ref(), received.practice.as_ref()),
        person: received.person.as_ref().map(|own| person_name(knowledge.provider, None, own)),
        age_years: received.age_years,
        source_of_referral: received.source_of_referral,
        source_group: received.source_group,
        priority: received.priority,
        primary_reason: None,
        team_types: received.team_type.clone(),
        team_type: received.team_type,
        received_at: received.received_at,
        discharged_at: None,
        closed_at: live.closed_at(),
        rejected_at: live.rejected_at(),
        first_contact_at: None,
        sent_until: None,
        not_resent_since: None,
        two_hour: false,
        on_feed: true,
        source: Source::Live,
    })
}

/// CSDS wins item by item; what it leaves open, the live feed may fill. An end that only live events know makes the row no
/// more final than they are.
fn merged_row(row: &ReferralRow, live: &LiveReferral) -> ReferralRow {
    let mut merged = row.clone();
    if let Some(received) = live.received() {
        merged.source_group = received.source_group;
        merged.source_of_referral = merged.source_of_referral.or(received.source_of_referral);
        merged.priority = merged.priority.or(received.priority);
        merged.age_years = merged.age_years.or(received.age_years);
        merged.received_at = merged.received_at.or(received.received_at);
    }
    if merged.ended_at().is_none() {
        merged.closed_at = live.closed_at();
        merged.rejected_at = live.rejected_at();
        if merged.ended_at().is_some() {
            merged.source = Source::Live;
        }
    }
    merged
}

/// Compares two versions of one referral; `None` when nothing changed.
#[must_use]
pub fn cause(old: Option<&ReferralRow>, new: Option<&ReferralRow>) -> Option<Cause> {
    let (old, new) = match (old, new) {
        (None, None) => return None,
        (None, Some(_)) => return Some(Cause::Appeared),
        (Some(_), None) => return Some(Cause::Removed),
        (Some(old), Some(new)) => (old, new),
    };
    if old == new {
        return None;
    }
    Some(if old.received_at != new.received_at {
        Cause::Moved
    } else if old.rejected_at != new.rejected_at {
        Cause::Rejected
    } else if old.ended_at() != new.ended_at() {
        Cause::Closed
    } else if old.area != new.area {
        Cause::AreaChanged
    } else if old.not_resent_since.is_none() && new.not_resent_since.is_some() {
        Cause::Unsent
    } else if (old.source, old.sent_until) != (new.source, new.sent_until) {
        Cause::Confirmed
    } else {
        Cause::Amended
    })
}

/// Why what is counted by first contacts changed, when the referral changed for `cause`; `None` when it has none.
#[must_use]
pub fn first_contact_cause(old: Option<&ReferralRow>, new: Option<&ReferralRow>, cause: Cause) -> Option<Cause> {
    let [old, new] = [old, new].map(|row| row.and_then(|row| row.first_contact_at));
    match (old, new) {
        (None, None) => None,
        (None, Some(_)) => Some(Cause::Appeared),
        (Some(_), None) => Some(Cause::Removed),
        (Some(old), Some(new)) if old != new => Some(Cause::Moved),
        // The day of receipt moved, and the contact did not.
        (Some(_), Some(_)) if cause == Cause::Moved => Some(Cause::Amended),
        (Some(_), Some(_)) => Some(cause),
    }
}

pack_fields!(ReferralRow {
    provider,
    service_request_id,
    area,
    person,
    age_years,
    source_of_referral,
    source_group,
    priority,
    primary_reason,
    team_type,
    team_types,
    received_at,
    discharged_at,
    closed_at,
    rejected_at,
    first_contact_at,
    sent_until,
    not_resent_since,
    two_hour,
    on_feed,
    source,
});

impl Pack for ReferralRows {
    /// The row of the live view is written only where it is another.
    fn pack(&self, to: &mut Packer<'_>) {
        let is_shared = self.csds == self.live;
        is_shared.pack(to);
        for row in [Some(&self.csds), (!is_shared).then_some(&self.live)].into_iter().flatten() {
            row.is_some().pack(to);
            if let Some(row) = row {
                row.as_ref().pack(to);
            }
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let is_shared = bool::unpack(from);
        let mut row = || Option::<ReferralRow>::unpack(from).map(Arc::new);
        let csds = row();
        let live = if is_shared { csds.clone() } else { row() };
        Self { csds, live }
    }
}
