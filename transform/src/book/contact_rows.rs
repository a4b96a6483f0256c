//! From what is known of a referral's contacts to rows of `csds_contact` and `live_contact`. Pure.
//!
//! CSDS over live by canonical key: a contact that a counting submission holds is told by its newest row alone. The live
//! feed adds the contacts that no submission holds yet, and a void of its takes a contact out of the live view.

use std::borrow::Cow;
use std::hash::BuildHasher;
use std::sync::Arc;

use homeward_contract::identity::LOCAL_PREFIX;

use super::View;
use super::cascade::Cascade;
use super::clock::{Area, Micros, Source, local_day};
use super::contacts::{Contacts, Manner, Manners, Sent, Shown};
use super::csds::CsdsReferral;
use super::pack::pack_fields;
use super::referral::{LiveReferral, Received};
use super::shard::Named;

/// What all contacts of a referral have in common in one view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Frame {
    /// The referral has a clock of type 05 or 07.
    pub two_hour: bool,
    /// Any team type of the referral was in the scope that ended on 31 March 2023 (E13).
    pub pre_2023_ucr_team: bool,
    /// The live feed knows the referral.
    pub on_feed: bool,
    /// Nothing of the referral is in this view: the live feed voided it.
    pub voided: bool,
}

/// One contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactRow<'a> {
    /// Provider after succession.
    pub provider: &'a str,
    /// ServiceRequestID.
    pub service_request_id: &'a str,
    /// CareContactID, unique inside the referral (D3).
    pub care_contact_id: &'a str,
    /// Areas: by the contact's own commissioner, else the referral's; by the practice of its person.
    pub area: Arc<Area>,
    /// The person, for counting distinct people.
    pub person: Option<Cow<'a, str>>,
    /// Age in whole years.
    pub age_years: Option<i32>,
    /// Team type of the contact's team, else of the referral.
    pub team_type: Option<Arc<str>>,
    /// When it took place; local midnight when the time is missing.
    pub contact_at: Micros,
    /// Contact_Time is missing.
    pub time_missing: bool,
    /// What it was like.
    pub manner: Arc<Manner>,
    /// Its person is not the referral's person of today (D4).
    pub person_moved: bool,
    /// Channel of the newest knowledge.
    pub source: Source,
    /// What the contacts of the referral have in common in the view.
    pub frame: Frame,
}

impl ContactRow<'_> {
    /// The patient was seen: on time, or late but seen.
    #[must_use]
    pub fn is_attended(&self) -> bool {
        matches!(self.manner.attendance.as_deref(), Some("5" | "6"))
    }

    /// What is remembered of the row. The hash leaves out the channel, so that a confirmation can be told from a change.
    fn shown(&self, voided: bool, hasher: &impl BuildHasher) -> Shown {
        let Self { area, person, age_years, team_type, contact_at, time_missing, manner, person_moved, .. } = self;
        let hash =
            hasher.hash_one((area, person, age_years, team_type, contact_at, time_missing, manner, person_moved));
        Shown::new(hash, self.source, local_day(self.contact_at), voided)
    }
}

/// Everything known of one referral's contacts.
pub struct ContactKnowledge<'a> {
    /// Provider after succession.
    pub provider: &'a Arc<str>,
    /// ServiceRequestID.
    pub service_request_id: &'a str,
    /// Live events, if any.
    pub live: Option<&'a LiveReferral>,
    /// What counts of its rows, and the people they name.
    pub cascade: Cascade<'a>,
    /// CSDS rows, if any.
    pub csds: Option<&'a CsdsReferral>,
    /// The contacts.
    pub contacts: &'a Contacts,
    /// Every manner.
    pub manners: &'a Manners,
    /// The referral's person of today.
    pub person: Option<u32>,
}

/// Finds the areas of a commissioner and a practice.
pub type AreaOf<'a> = &'a mut dyn FnMut(Option<&Arc<str>>, Option<&Arc<str>>) -> Arc<Area>;

/// What the views show of a referral's contacts.
#[derive(Debug, Clone, Default)]
pub struct ShownContacts {
    /// By the contact's place.
    pub shown: Vec<Shown>,
    /// The first attended contact in `csds_contact`.
    pub first_csds: Option<Micros>,
    /// The first attended contact in `live_contact`.
    pub first_live: Option<Micros>,
    /// When each that is shown took place.
    pub instants: Vec<Micros>,
    /// Whom they name.
    pub named: Named,
}

/// Whose the contacts of one submission, or of the live feed, are.
#[derive(Clone, Default)]
struct Whose<'a> {
    person: Option<Cow<'a, str>>,
    commissioner: Option<Arc<str>>,
    practice: Option<Arc<str>>,
    age_years: Option<i32>,
    moved: bool,
}

impl<'a> ContactKnowledge<'a> {
    /// What the views show.
    pub fn shown(&self, area: AreaOf<'_>, hasher: &impl BuildHasher) -> ShownContacts {
        let mut found = ShownContacts { shown: vec![Shown::default(); self.contacts.len()], ..Default::default() };
        let earlier = |one: Option<Micros>, two: Micros| Some(one.map_or(two, |one| one.min(two)));
        self.each(
            area,
            |_| true,
            |place, row, voided| {
                found.shown[place] = row.shown(voided, hasher);
                found.instants.push(row.contact_at);
                found.named = found.named.and(row.person.as_deref());
                if row.is_attended() && row.source != Source::Live {
                    found.first_csds = earlier(found.first_csds, row.contact_at);
                }
                if row.is_attended() && !voided {
                    found.first_live = earlier(found.first_live, row.contact_at);
                }
            },
        );
        found
    }

    /// Each contact that a view has and that is wanted by its place, with its place and whether the live feed voided it.
    pub fn each(
        &self,
        area: AreaOf<'_>,
        wanted: impl Fn(usize) -> bool,
        mut take: impl FnMut(usize, ContactRow<'a>, bool),
    ) {
        let current = self.contacts.current(&self.cascade, self.csds, self.manners);
        let received = self.live.and_then(LiveReferral::received);
        let team =
            self.csds.and_then(|csds| csds.services(&self.cascade).into_iter().find_map(|one| one.team_type.clone()));
        let mut whose: Option<(u32, Whose<'a>)> = None;
        for (place, sent) in current.into_iter().enumerate().filter(|(place, _)| wanted(*place)) {
            let voided = self.live.is_some_and(|live| live.is_contact_voided(self.contacts.id(place)));
            let row = match sent {
                Some(sent) => {
                    let submission = sent.place.submission;
                    let known = whose.take().filter(|(held, _)| *held == submission);
                    let (_, whose) = whose.insert(known.unwrap_or_else(|| (submission, self.whose(submission))));
                    Some(self.csds_row(place, &sent, whose, team.as_ref(), area))
                }
                None => self.live_row(place, received.as_ref(), area),
            };
            if let Some(row) = row {
                take(place, row, voided);
            }
        }
    }

    fn csds_row(
        &self,
        place: usize,
        sent: &Sent,
        whose: &Whose<'a>,
        team_of_referral: Option<&Arc<str>>,
        area: AreaOf<'_>,
    ) -> ContactRow<'a> {
        let manner = self.manners.shared(sent.manner);
        let service = manner.team.as_deref().zip(self.csds);
        let service = service.and_then(|(team, csds)| csds.service_of(team, &self.cascade));
        let commissioner = manner.commissioner.as_ref().or(whose.commissioner.as_ref());
        ContactRow {
            provider: self.provider,
            service_request_id: self.service_request_id,
            care_contact_id: self.contacts.id(place),
            area: area(commissioner, whose.practice.as_ref()),
            person: whose.person.clone(),
            age_years: whose.age_years,
            team_type: service.and_then(|service| service.team_type.clone()).or_else(|| team_of_referral.cloned()),
            contact_at: sent.when.instant(),
            time_missing: sent.when.second.is_none(),
            person_moved: whose.moved,
            source: self.cascade.choice.identity(sent.place.submission).source(),
            frame: Frame::default(),
            manner,
        }
    }

    fn live_row(&self, place: usize, received: Option<&Received>, area: AreaOf<'_>) -> Option<ContactRow<'a>> {
        let id = self.contacts.id(place);
        let contact = self.live?.contact_of(id)?;
        let commissioner = received.and_then(|received| received.commissioner.as_ref());
        let practice = received.and_then(|received| received.practice.as_ref());
        Some(ContactRow {
            provider: self.provider,
            service_request_id: self.service_request_id,
            care_contact_id: id,
            area: area(commissioner, practice),
            person: received.and_then(|received| received.person.as_deref()).map(|name| {
                if name.starts_with(LOCAL_PREFIX) { local(self.provider, name) } else { Cow::Owned(name.to_owned()) }
            }),
            age_years: received.and_then(|received| received.age_years),
            team_type: received.and_then(|received| received.team_type.clone()),
            contact_at: contact.contact_at?,
            time_missing: false,
            manner: contact.manner,
            person_moved: false,
            source: Source::Live,
            frame: Frame::default(),
        })
    }

    /// The person is that of the referral's row in the same submission (D4), as that submission knew the person; where it
    /// has no such row, that of the newest.
    fn whose(&self, submission: u32) -> Whose<'a> {
        let Some(csds) = self.csds else { return Whose::default() };
        let newest = || csds.referral(&self.cascade).map(|current| current.facts);
        let Some(referral) = csds.referral_in(submission).or_else(newest) else { return Whose::default() };
        let commissioner = referral.commissioner.clone();
        let name = referral.person.as_ref();
        let Some(name) = name else { return Whose { commissioner, ..Whose::default() } };
        let place = self.cascade.place(name);
        let person = self.cascade.person(name);
        let facts = person.and_then(|person| person.facts.of(submission));
        let practice = person.and_then(|person| match person.practice.of(submission) {
            Some(practice) => practice.as_ref(),
            None => self.cascade.practice(person, name),
        });
        let nhs = facts.and_then(|facts| facts.pseudonym.as_deref());
        Whose {
            person: Some(nhs.map_or_else(|| local(self.provider, name), Cow::Borrowed)),
            commissioner,
            practice: practice.cloned(),
            age_years: facts.and_then(|facts| facts.age_years),
            moved: place != self.person,
        }
    }
}

/// A person known by a provider's own id alone is another one at each provider.
fn local<'a>(provider: &str, pseudonym: &str) -> Cow<'a, str> {
    Cow::Owned(format!("{provider}|{pseudonym}"))
}

/// The name of a person in the views: the pseudonym of the NHS number, which is the same at every provider, else the
/// provider's own.
#[must_use]
pub fn person_name(provider: &str, nhs: Option<&Arc<str>>, own: &Arc<str>) -> Arc<str> {
    match nhs {
        Some(nhs) => Arc::clone(nhs),
        None if own.starts_with(LOCAL_PREFIX) => Arc::from(local(provider, own)),
        None => Arc::clone(own),
    }
}

/// The channel of a contact in a view; none when the view does not have it.
#[must_use]
pub fn channel(view: View, shown: Shown, frame: Frame) -> Option<Source> {
    let source = shown.source()?;
    let is_in = match view {
        View::Csds => source != Source::Live,
        View::Live => !shown.is_voided() && !frame.voided,
    };
    is_in.then_some(source)
}

pack_fields!(Frame { two_hour, pre_2023_ucr_team, on_feed, voided });
