//! What the live feed knows of one referral, held so that any arrival order gives the same state.
//!
//! Each kind of fact keeps its newest version ([`keep_newest`]); amendments are kept apart with their own rank and win over
//! an item only when they are newer than the fact that set it.

use std::sync::Arc;

use super::clock::Micros;
use super::contacts::Manner;
use super::pack::{pack_fields, pack_variants, pack_words};
use super::rank::{EventRank, keep_newest};

/// The referral as received.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Received {
    /// Referral request received.
    pub received_at: Option<Micros>,
    /// Clock start.
    pub rtt_start_at: Option<Micros>,
    /// WaitingTime_MeasurementType, two digits.
    pub waiting_type: Option<Arc<str>>,
    /// Commissioner code as sent.
    pub commissioner: Option<Arc<str>>,
    /// Practice code as sent.
    pub practice: Option<Arc<str>>,
    /// Source group.
    pub source_group: Option<Arc<str>>,
    /// Team type.
    pub team_type: Option<Arc<str>>,
    /// Age in whole years.
    pub age_years: Option<i32>,
    /// The person's pseudonym: from the NHS number, else from the provider's own id.
    pub person: Option<Arc<str>>,
    /// SourceOfReferral as sent.
    pub source_of_referral: Option<Arc<str>>,
    /// Priority_Type, one digit.
    pub priority: Option<Arc<str>>,
}

/// A triage decision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Triage {
    /// When it was taken.
    pub decided_at: Option<Micros>,
    /// What was decided.
    pub decision: Decision,
    /// The waiting type after it.
    pub waiting_type: Option<Arc<str>>,
}

/// The decisions of `ucr-referral-triaged-1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// Work starts; the clock goes on.
    Accepted,
    /// Moved to another waiting type (E12).
    Reclassified,
    /// Sent to another organisation.
    Redirected,
}

/// A visit or call, by its CareContactID.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contact {
    /// The provider says that this contact stops the clock (E15).
    pub stops_clock: bool,
    /// The clock end that it carries.
    pub rtt_end_at: Option<Micros>,
    /// When it took place.
    pub contact_at: Option<Micros>,
    /// What it was like.
    pub manner: Arc<Manner>,
}

/// A closure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Closure {
    /// When it was closed.
    pub closed_at: Option<Micros>,
    /// Why.
    pub closure_group: Option<Arc<str>>,
}

/// An item that an amendment sets; `None` clears it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Amended {
    /// ReferralRequest_ReceivedDateTime.
    ReceivedAt(Option<Micros>),
    /// RTT_StartDateTime.
    RttStartAt(Option<Micros>),
    /// RTT_EndDateTime of a contact, or of the clock when no contact is named.
    RttEndAt(Option<Micros>),
    /// stopsClock of a contact.
    StopsClock(bool),
    /// WaitingTime_MeasurementType.
    WaitingType(Option<Arc<str>>),
    /// OrgID_Commissioner.
    Commissioner(Option<Arc<str>>),
    /// Practice.
    Practice(Option<Arc<str>>),
    /// sourceGroup.
    SourceGroup(Option<Arc<str>>),
    /// TeamType.
    TeamType(Option<Arc<str>>),
    /// closedAt.
    ClosedAt(Option<Micros>),
    /// rejectedAt.
    RejectedAt(Option<Micros>),
    /// decidedAt.
    DecidedAt(Option<Micros>),
    /// SourceOfReferral.
    SourceOfReferral(Option<Arc<str>>),
    /// Priority_Type.
    Priority(Option<Arc<str>>),
    /// Contact_DateTime of a contact.
    ContactAt(Option<Micros>),
    /// AttendanceStatus of a contact.
    Attendance(Option<Arc<str>>),
    /// ConsMechanism of a contact.
    Mechanism(Option<Arc<str>>),
    /// Activity_LocationType of a contact.
    Location(Option<Arc<str>>),
    /// Consultation_Type of a contact.
    Consultation(Option<Arc<str>>),
}

impl Amended {
    /// True for the items of a contact.
    #[must_use]
    pub const fn is_of_contact(&self) -> bool {
        matches!(
            self,
            Self::RttEndAt(_)
                | Self::StopsClock(_)
                | Self::ContactAt(_)
                | Self::Attendance(_)
                | Self::Mechanism(_)
                | Self::Location(_)
                | Self::Consultation(_)
        )
    }
}

/// What a void removes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Void {
    /// The whole referral.
    Referral,
    /// Its clock.
    Clock,
    /// One contact.
    Contact(Box<str>),
}

/// A contact's id and its newest fact.
type KeptContact = (Box<str>, Option<(EventRank, Contact)>);

/// An amended item: its rank, the contact it belongs to if any, and the item.
type Amendment = (EventRank, Option<Box<str>>, Amended);

/// Live knowledge of one referral.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveReferral {
    received: Option<(EventRank, Received)>,
    triage: Option<(EventRank, Triage)>,
    rejected: Option<(EventRank, Option<Micros>)>,
    closure: Option<(EventRank, Closure)>,
    contacts: Vec<KeptContact>,
    amendments: Vec<Amendment>,
    referral_voided: bool,
    clock_voided: bool,
    voided_contacts: Vec<Box<str>>,
}

/// The live referral after newest facts, amendments and voids are resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The newest facts with amendments applied.
    pub received: Received,
    /// Clock end, from the earliest contact that stops it or from a newer amendment of the clock.
    pub rtt_end_at: Option<Micros>,
    /// Rejection or redirection before any stop.
    pub rejected_at: Option<Micros>,
    /// Closure without a stop.
    pub closure: Option<Closure>,
    /// An unstopped clock was reclassified (E12).
    pub superseded: bool,
    /// When it was reclassified.
    pub reclassified_at: Option<Micros>,
}

impl LiveReferral {
    /// Takes a referral-received fact.
    pub fn receive(&mut self, rank: EventRank, fact: Received) {
        keep_newest(&mut self.received, rank, fact);
    }

    /// Takes a triage fact.
    pub fn triage(&mut self, rank: EventRank, fact: Triage) {
        keep_newest(&mut self.triage, rank, fact);
    }

    /// Takes a rejection.
    pub fn reject(&mut self, rank: EventRank, rejected_at: Option<Micros>) {
        keep_newest(&mut self.rejected, rank, rejected_at);
    }

    /// Takes a closure.
    pub fn close(&mut self, rank: EventRank, fact: Closure) {
        keep_newest(&mut self.closure, rank, fact);
    }

    /// Takes a contact.
    pub fn contact(&mut self, id: &str, rank: EventRank, fact: Contact) {
        let index = self.contacts.iter().position(|(held, _)| held.as_ref() == id);
        let index = index.unwrap_or_else(|| {
            if self.contacts.is_empty() {
                // Nearly every referral has one; a first push would reserve four.
                self.contacts.reserve_exact(1);
            }
            self.contacts.push((Box::from(id), None));
            self.contacts.len() - 1
        });
        keep_newest(&mut self.contacts[index].1, rank, fact);
    }

    /// Takes one amended item; `contact` names the contact it belongs to, if any.
    pub fn amend(&mut self, rank: EventRank, contact: Option<&str>, item: Amended) {
        let entry = (rank, contact.map(Box::from), item);
        if !self.amendments.contains(&entry) {
            self.amendments.push(entry);
            self.amendments.sort();
        }
    }

    /// Takes a void; it is final, whatever arrives later.
    pub fn void(&mut self, void: Void) {
        match void {
            Void::Referral => self.referral_voided = true,
            Void::Clock => self.clock_voided = true,
            Void::Contact(id) => {
                if !self.voided_contacts.contains(&id) {
                    self.voided_contacts.push(id);
                    self.voided_contacts.sort();
                }
            }
        }
    }

    /// True when the referral or its clock was voided: it leaves every live count, past and present.
    #[must_use]
    pub const fn is_voided(&self) -> bool {
        self.referral_voided || self.clock_voided
    }

    /// The resolved referral; `None` while voided or before the referral itself arrived.
    #[must_use]
    pub fn resolve(&self) -> Option<Resolved> {
        if self.is_voided() {
            return None;
        }
        let received = self.received()?;
        let rtt_end_at = self.clock_end();
        let (superseded, reclassified_at, redirected_at) = self.triage_outcome(rtt_end_at);
        let unstopped = |instant: Option<Micros>| instant.filter(|_| rtt_end_at.is_none());
        let rejected_at = unstopped(self.rejected_at().or(redirected_at));
        Some(Resolved {
            received,
            rtt_end_at,
            rejected_at,
            closure: self.closure().filter(|_| rtt_end_at.is_none()),
            superseded,
            reclassified_at,
        })
    }

    /// The referral as received, with amendments applied; there is one while its clock is voided too.
    #[must_use]
    pub fn received(&self) -> Option<Received> {
        let (rank, base) = self.received.as_ref()?;
        let mut received = base.clone();
        for (_, _, item) in self.amendments.iter().filter(|(newer, contact, _)| contact.is_none() && newer > rank) {
            amend_received(&mut received, item);
        }
        Some(received)
    }

    /// True when the referral itself was voided: it leaves every live count with its contacts.
    #[must_use]
    pub const fn is_referral_voided(&self) -> bool {
        self.referral_voided
    }

    /// True when a contact was voided.
    #[must_use]
    pub fn is_contact_voided(&self, id: &str) -> bool {
        self.voided_contacts.iter().any(|voided| voided.as_ref() == id)
    }

    /// A contact that took place, with amendments applied; none while it is voided.
    #[must_use]
    pub fn contact_of(&self, id: &str) -> Option<Contact> {
        let (id, fact) = self.contacts.iter().find(|(held, _)| held.as_ref() == id)?;
        let (rank, contact) = fact.as_ref().filter(|_| !self.is_contact_voided(id))?;
        Some(self.amended_contact(id, rank, contact))
    }

    /// When the referral was closed, whatever became of its clock.
    #[must_use]
    pub fn closed_at(&self) -> Option<Micros> {
        self.closure()?.closed_at
    }

    /// Who was accepted, and when. None while the newest decision is another one, and none of a referral that was rejected or
    /// voided, or of nobody known.
    #[must_use]
    pub fn accepted(&self) -> Option<(Arc<str>, Micros)> {
        let (decision, decided_at) = self.decided()?;
        let is_taken = decision == Decision::Accepted && !self.is_voided() && self.rejected_at().is_none();
        decided_at.filter(|_| is_taken).and_then(|at| Some((self.received.as_ref()?.1.person.clone()?, at)))
    }

    /// The newest decision, and when it was taken, as amended.
    fn decided(&self) -> Option<(Decision, Option<Micros>)> {
        let (rank, triage) = self.triage.as_ref()?;
        let amended = self.newest_referral_item(rank, |item| match item {
            Amended::DecidedAt(to) => Some(*to),
            _ => None,
        });
        Some((triage.decision, amended.unwrap_or(triage.decided_at)))
    }

    fn triage_outcome(&self, rtt_end_at: Option<Micros>) -> (bool, Option<Micros>, Option<Micros>) {
        let (Some((_, triage)), Some((decision, decided_at))) = (&self.triage, self.decided()) else {
            return (false, None, None);
        };
        match decision {
            Decision::Accepted => (false, None, None),
            Decision::Redirected => (false, None, decided_at),
            Decision::Reclassified => {
                let left_five = triage.waiting_type.as_deref() != Some("05");
                let stopped_before = matches!((rtt_end_at, decided_at), (Some(end), Some(decided)) if end <= decided);
                let superseded = left_five && !stopped_before;
                (superseded, decided_at.filter(|_| superseded), None)
            }
        }
    }

    /// When the referral was rejected, whatever became of its clock.
    #[must_use]
    pub fn rejected_at(&self) -> Option<Micros> {
        let (rank, rejected_at) = self.rejected.as_ref()?;
        self.newest_referral_item(rank, |item| match item {
            Amended::RejectedAt(to) => Some(*to),
            _ => None,
        })
        .unwrap_or(*rejected_at)
    }

    fn closure(&self) -> Option<Closure> {
        let (rank, closure) = self.closure.as_ref()?;
        let closed_at = self
            .newest_referral_item(rank, |item| match item {
                Amended::ClosedAt(to) => Some(*to),
                _ => None,
            })
            .unwrap_or(closure.closed_at);
        Some(Closure { closed_at, closure_group: closure.closure_group.clone() })
    }

    /// The newest referral-level amendment of an item that is newer than the fact that set it.
    fn newest_referral_item<T>(&self, rank: &EventRank, pick: impl Fn(&Amended) -> Option<T>) -> Option<T> {
        self.amendments
            .iter()
            .rev()
            .filter(|(newer, contact, _)| contact.is_none() && newer > rank)
            .find_map(|(_, _, item)| pick(item))
    }

    /// The earliest end among contacts that stop the clock; a newer clock-level amendment overrides it.
    fn clock_end(&self) -> Option<Micros> {
        let mut end: Option<Micros> = None;
        let mut newest: Option<&EventRank> = None;
        for (id, fact) in &self.contacts {
            let Some((rank, contact)) = fact else { continue };
            if self.voided_contacts.contains(id) {
                continue;
            }
            let contact = self.amended_contact(id, rank, contact);
            if let Some(stop) = contact.rtt_end_at.filter(|_| contact.stops_clock) {
                end = Some(end.map_or(stop, |held| held.min(stop)));
                newest = newest.max(Some(rank));
            }
        }
        let clock_level = self.amendments.iter().rev().find_map(|(rank, contact, item)| match item {
            Amended::RttEndAt(to) if contact.is_none() && newest.is_none_or(|held| rank > held) => Some(*to),
            _ => None,
        });
        clock_level.unwrap_or(end)
    }

    fn amended_contact(&self, id: &str, rank: &EventRank, base: &Contact) -> Contact {
        let mut contact = base.clone();
        for (newer, target, item) in &self.amendments {
            if target.as_deref() != Some(id) || newer <= rank {
                continue;
            }
            match item {
                Amended::RttEndAt(to) => contact.rtt_end_at = *to,
                Amended::StopsClock(to) => contact.stops_clock = *to,
                Amended::ContactAt(to) => contact.contact_at = *to,
                item => amend_manner(&mut contact.manner, item),
            }
        }
        contact
    }
}

fn amend_received(received: &mut Received, item: &Amended) {
    match item {
        Amended::ReceivedAt(to) => received.received_at = *to,
        Amended::RttStartAt(to) => received.rtt_start_at = *to,
        Amended::WaitingType(to) => received.waiting_type.clone_from(to),
        Amended::Commissioner(to) => received.commissioner.clone_from(to),
        Amended::Practice(to) => received.practice.clone_from(to),
        Amended::SourceGroup(to) => received.source_group.clone_from(to),
        Amended::TeamType(to) => received.team_type.clone_from(to),
        Amended::SourceOfReferral(to) => received.source_of_referral.clone_from(to),
        Amended::Priority(to) => received.priority.clone_from(to),
        _ => {}
    }
}

fn amend_manner(manner: &mut Arc<Manner>, item: &Amended) {
    let mut amended = Manner::clone(manner);
    match item {
        Amended::Attendance(to) => amended.attendance.clone_from(to),
        Amended::Mechanism(to) => amended.mechanism.clone_from(to),
        Amended::Location(to) => amended.location.clone_from(to),
        Amended::Consultation(to) => amended.consultation.clone_from(to),
        _ => return,
    }
    *manner = Arc::new(amended);
}

pack_fields!(Received {
    received_at,
    rtt_start_at,
    waiting_type,
    commissioner,
    practice,
    source_group,
    team_type,
    age_years,
    person,
    source_of_referral,
    priority,
});
pack_fields!(Triage { decided_at, decision, waiting_type });
pack_words!(Decision { Accepted, Reclassified, Redirected });
pack_fields!(Contact { stops_clock, rtt_end_at, contact_at, manner });
pack_fields!(Closure { closed_at, closure_group });
pack_variants!(Amended {
    0 ReceivedAt, 1 RttStartAt, 2 RttEndAt, 3 StopsClock, 4 WaitingType, 5 Commissioner, 6 Practice, 7 SourceGroup,
    8 TeamType, 9 ClosedAt, 10 RejectedAt, 11 DecidedAt, 12 SourceOfReferral, 13 Priority, 14 ContactAt, 15 Attendance,
    16 Mechanism, 17 Location, 18 Consultation,
});
pack_fields!(LiveReferral {
    received,
    triage,
    rejected,
    closure,
    contacts,
    amendments,
    referral_voided,
    clock_voided,
    voided_contacts,
});
