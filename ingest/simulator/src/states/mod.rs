//! Stays, beds, spells, deaths and registrations of the simulated Devon: events that carry a whole state, with the truth.
//!
//! The people are those of the live feed with the same [`Parameters`], so that an urgent response and a night in hospital
//! can be of one person. States are late, sent twice, corrected, voided, cancelled (A11) and reopened (A13); some stays
//! are never closed; one ward says nothing of its beds any more and another never said a number. The truth is what
//! the plan says, worked out without reading a message.
//!
//! One hospital may tell its spells and attendances as HL7 v2 ADT messages instead: of the same history, each as late and
//! as often as its event would be. Not said in them: small area and practice, usual residence, discharge destination and
//! pathway, the spell that an attendance led to, and how somebody arrived and was disposed of.

mod adt;
mod hospital;
mod life;
mod truth;
mod write;

use chrono::{DateTime, Duration, Utc};
use homeward_contract::feed::Feed;
use rand::rngs::StdRng;

use crate::parameters::Parameters;
use crate::random::{Stream, between, chance, generator, guid};
use crate::stream::Message;
use crate::wall::whole_seconds;

pub use adt::wards_csv;
pub use truth::{Beds, Death, EdStay, Registration, Spell, State, Stay, Version, Who};

/// How states come about and reach their feeds. All shares are probabilities from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct StateRates {
    /// People of whom states are told, as far as the providers know so many.
    pub people: u32,
    /// Share of people who die within the simulated days.
    pub deaths: f64,
    /// Share of deaths that are revoked.
    pub revoked: f64,
    /// Share of people who move away.
    pub moved_away: f64,
    /// Share of people with at least one episode of care.
    pub episodes: f64,
    /// Share of spells whose admission is cancelled.
    pub cancelled: f64,
    /// Share of spells whose discharge is cancelled and made again.
    pub reopened: f64,
    /// Share of spells with a second segment.
    pub transferred: f64,
    /// Share of virtual ward stays that were recorded by mistake.
    pub voided: f64,
    /// Share of states that are corrected once more.
    pub corrected: f64,
    /// Share of stays and spells that nobody ever closes.
    pub never_closed: f64,
    /// Messages delayed by hours, so that later ones overtake them.
    pub late: f64,
    /// Messages sent again with the same id.
    pub duplicate_same_id: f64,
    /// Versions sent again under a new id.
    pub duplicate_new_id: f64,
    /// Records whose end lies before their begin, as a share of good ones with an end; they come in addition.
    pub backwards: f64,
    /// The provider whose spells and attendances come as HL7 messages: RH8, RK9 or RA9. None by default.
    pub hl7_hospital: Option<String>,
}

impl Default for StateRates {
    fn default() -> Self {
        Self {
            people: 1_000,
            deaths: 0.02,
            revoked: 0.1,
            moved_away: 0.02,
            episodes: 0.4,
            cancelled: 0.03,
            reopened: 0.05,
            transferred: 0.15,
            voided: 0.04,
            corrected: 0.05,
            never_closed: 0.02,
            late: 0.05,
            duplicate_same_id: 0.02,
            duplicate_new_id: 0.01,
            backwards: 0.01,
            hl7_hospital: None,
        }
    }
}

/// The states of a simulated Devon over some days.
///
/// ```
/// use homeward_simulator::{Parameters, states::{StateRates, States}};
///
/// let parameters = Parameters { seed: 7, days: 20, ..Parameters::default() };
/// let states = States::new(&parameters, &StateRates { people: 50, ..StateRates::default() });
/// assert_eq!(states.messages(), States::new(&parameters, &StateRates { people: 50, ..StateRates::default() }).messages());
/// ```
pub struct States {
    messages: Vec<Message>,
    versions: Vec<Version>,
    backwards: u64,
}

impl States {
    /// Plans everything. The same parameters and rates always give the same records.
    #[must_use]
    pub fn new(parameters: &Parameters, rates: &StateRates) -> Self {
        let mut plan = Plan::new(parameters, rates);
        life::wards(&mut plan);
        life::people(&mut plan);
        let Plan { mut messages, versions, backwards, .. } = plan;
        messages.sort_by(|one, two| {
            (one.deliver_at, one.feed, &one.key, &one.payload).cmp(&(two.deliver_at, two.feed, &two.key, &two.payload))
        });
        Self { messages, versions, backwards }
    }

    /// Every record in order of delivery.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The same, without the truth.
    #[must_use]
    pub fn into_messages(self) -> Vec<Message> {
        self.messages
    }

    /// How many of the records must be refused, each because it ends before it begins.
    #[must_use]
    pub const fn backwards(&self) -> u64 {
        self.backwards
    }

    /// Every version that was planted, of every subject.
    #[must_use]
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }
}

/// What is planned so far.
struct Plan<'p> {
    parameters: &'p Parameters,
    rates: &'p StateRates,
    start: DateTime<Utc>,
    rng: StdRng,
    messages: Vec<Message>,
    versions: Vec<Version>,
    backwards: u64,
}

/// One subject of one feed, whose versions are counted.
struct Subject {
    feed: Feed,
    subject: String,
    version_id: i64,
}

impl Subject {
    fn new(feed: Feed, parts: &[&str]) -> Self {
        Self { feed, subject: parts.join("|"), version_id: 0 }
    }
}

impl<'p> Plan<'p> {
    fn new(parameters: &'p Parameters, rates: &'p StateRates) -> Self {
        Self {
            parameters,
            rates,
            start: whole_seconds(parameters.start),
            rng: generator(parameters.seed, Stream::States, &[]),
            messages: Vec::new(),
            versions: Vec::new(),
            backwards: 0,
        }
    }

    fn chance(&mut self, share: f64) -> bool {
        chance(&mut self.rng, share)
    }

    /// So many seconds, from `low` to `high` hours.
    fn hours(&mut self, low: i64, high: i64) -> Duration {
        Duration::minutes(between(&mut self.rng, low * 60, high * 60))
    }

    /// Some instant of the simulated days.
    fn some_time(&mut self) -> DateTime<Utc> {
        self.start + Duration::minutes(between(&mut self.rng, 0, i64::from(self.parameters.days) * 24 * 60))
    }

    /// Plants the next version of a subject and sends it, now and then late, twice, or with a broken twin.
    fn tell(&mut self, subject: &mut Subject, recorded_at: DateTime<Utc>, withdrawn: bool, state: State) {
        subject.version_id += 1;
        let late = self.chance(self.rates.late);
        let delay =
            Duration::seconds(between(&mut self.rng, 1, 25)) + if late { self.hours(1, 72) } else { Duration::zero() };
        let serial = self.versions.len() as u64;
        let version = Version {
            feed: subject.feed,
            told_in: self.told_in(subject.feed, &state),
            subject: subject.subject.clone(),
            version_id: subject.version_id,
            event_id: guid(self.parameters.seed, &[u64::MAX, serial, 0]),
            recorded_at,
            delivered_at: recorded_at + delay,
            withdrawn,
            state,
        };
        self.send(&version, version.delivered_at);
        if self.chance(self.rates.duplicate_same_id) {
            let again = version.delivered_at + self.hours(1, 72);
            self.send(&version, again);
        }
        if let Some(backwards) = version.state.backwards().filter(|_| self.rates.backwards > 0.0)
            && self.chance(self.rates.backwards)
        {
            let event_id = guid(self.parameters.seed, &[u64::MAX, serial, 2]);
            self.send(&Version { event_id, state: backwards, ..version.clone() }, version.delivered_at);
            self.backwards += u64::from(version.told_in.is_some());
        }
        if self.chance(self.rates.duplicate_new_id) {
            let event_id = guid(self.parameters.seed, &[u64::MAX, serial, 1]);
            let twin = Version { event_id, delivered_at: version.delivered_at + self.hours(1, 72), ..version.clone() };
            self.send(&twin, twin.delivered_at);
            self.versions.push(twin);
        }
        self.versions.push(version);
    }

    fn told_in(&self, feed: Feed, state: &State) -> Option<Feed> {
        match (&self.rates.hl7_hospital, adt::hospital(state)) {
            (Some(writes_hl7), Some(hospital)) if writes_hl7 == hospital => {
                adt::has_message(state).then_some(Feed::Adt)
            }
            _ => Some(feed),
        }
    }

    fn send(&mut self, version: &Version, deliver_at: DateTime<Utc>) {
        let Some(feed) = version.told_in else { return };
        let as_message = (feed == Feed::Adt).then(|| adt::record(version)).flatten();
        let as_event = || (version.subject.clone().into_bytes(), write::payload(version).into_bytes());
        let (key, payload) = as_message.unwrap_or_else(as_event);
        self.messages.push(Message { feed, key, payload, deliver_at });
    }
}
