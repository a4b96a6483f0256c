//! The planted states as plain values, and which of them stands at an instant.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use homeward_contract::feed::Feed;

use super::States;

/// One version of one subject's state.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// The feed of the state.
    pub feed: Feed,
    /// The feed of its message: `adt` at a hospital that writes HL7. None for a segment that a move ends there: the message of
    /// the next segment says it.
    pub told_in: Option<Feed>,
    /// Which stay, ward, segment, attendance, death or registration.
    pub subject: String,
    /// The higher one stands.
    pub version_id: i64,
    /// Its event's id.
    pub event_id: String,
    /// When the source recorded it.
    pub recorded_at: DateTime<Utc>,
    /// When its first message reaches the topic.
    pub delivered_at: DateTime<Utc>,
    /// Voided, cancelled or revoked.
    pub withdrawn: bool,
    /// What it says.
    pub state: State,
}

/// What a version says.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// A stay on a virtual ward.
    Stay(Stay),
    /// The same, recorded by mistake.
    VoidedStay(Stay),
    /// Beds of a virtual ward.
    Beds(Beds),
    /// A segment of a hospital spell.
    Spell(Spell),
    /// A stay in an emergency department.
    EdStay(EdStay),
    /// A death.
    Death(Death),
    /// A registration.
    Registration(Registration),
}

/// A person as events show them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// None for who has no NHS number.
    pub pseudonym: Option<String>,
    /// Age at the begin of a stay in hospital, else at the begin of the simulated days.
    pub age_years: i32,
    /// Day of birth; HL7 messages carry it.
    pub birth_date: NaiveDate,
    /// The number of which the pseudonym is made; HL7 messages carry it.
    pub nhs_number: Option<String>,
    /// The hospital's own number of the person; HL7 messages carry it.
    pub local_patient_id: String,
    /// Small area of residence.
    pub lsoa: String,
    /// Practice.
    pub practice: String,
}

/// A stay on a virtual ward.
#[derive(Debug, Clone, PartialEq)]
pub struct Stay {
    /// Organisation that runs the ward.
    pub provider: &'static str,
    /// Its own id.
    pub stay_id: String,
    /// The ward.
    pub ward_id: &'static str,
    /// The person.
    pub person: Who,
    /// Begin.
    pub admitted_at: DateTime<Utc>,
    /// End; none while open.
    pub discharged_at: Option<DateTime<Utc>>,
    /// `step_up` or `step_down`.
    pub route: &'static str,
    /// The ward's pathway.
    pub pathway: &'static str,
    /// With remote monitoring.
    pub tech_enabled: bool,
    /// Where the person lives.
    pub usual_residence: &'static str,
    /// How it ended.
    pub outcome: Option<&'static str>,
}

/// Beds of a virtual ward from one instant on.
#[derive(Debug, Clone, PartialEq)]
pub struct Beds {
    /// Organisation that runs the ward.
    pub provider: &'static str,
    /// The ward.
    pub ward_id: &'static str,
    /// Its pathway.
    pub pathway: &'static str,
    /// None when nobody says.
    pub beds: Option<u32>,
    /// From when.
    pub valid_from: DateTime<Utc>,
    /// Until when.
    pub valid_to: Option<DateTime<Utc>>,
}

/// A segment of a hospital spell.
#[derive(Debug, Clone, PartialEq)]
pub struct Spell {
    /// The hospital.
    pub provider: &'static str,
    /// The spell's own id.
    pub spell_id: String,
    /// Number within the spell.
    pub segment: u32,
    /// HL7 v2 event behind the message.
    pub trigger: &'static str,
    /// The person.
    pub person: Who,
    /// Begin of the whole spell.
    pub spell_admitted_at: DateTime<Utc>,
    /// Begin.
    pub admitted_at: DateTime<Utc>,
    /// End; none while open.
    pub discharged_at: Option<DateTime<Utc>>,
    /// Kind of bed.
    pub setting: &'static str,
    /// `physical` or `virtual`.
    pub ward_kind: &'static str,
    /// `emergency` or `elective`.
    pub admission_method: &'static str,
    /// `ordinary` or `day_case`.
    pub patient_classification: &'static str,
    /// Where the person lives.
    pub usual_residence: &'static str,
    /// Where the person went.
    pub discharge_destination: Option<&'static str>,
    /// P0 to P3.
    pub discharge_pathway: Option<&'static str>,
}

/// A stay in an emergency department.
#[derive(Debug, Clone, PartialEq)]
pub struct EdStay {
    /// The department's organisation.
    pub provider: &'static str,
    /// Its own id.
    pub attendance_id: String,
    /// The person.
    pub person: Who,
    /// Arrival.
    pub arrived_at: DateTime<Utc>,
    /// Departure; none while there.
    pub departed_at: Option<DateTime<Utc>>,
    /// Where the person went.
    pub disposal: Option<&'static str>,
    /// The spell that it led to.
    pub linked_spell_id: Option<String>,
}

/// A death.
#[derive(Debug, Clone, PartialEq)]
pub struct Death {
    /// The person.
    pub pseudonym: String,
    /// Local date.
    pub date_of_death: NaiveDate,
    /// `informal` or `formal`.
    pub status: &'static str,
    /// Kind of place.
    pub place_kind: &'static str,
}

/// A registration with a practice.
#[derive(Debug, Clone, PartialEq)]
pub struct Registration {
    /// The person.
    pub pseudonym: String,
    /// The practice.
    pub practice: String,
    /// Its network, where it has one here.
    pub pcn: Option<String>,
    /// Small area of residence.
    pub lsoa: String,
    /// First night observed.
    pub registered_from: NaiveDate,
    /// Last night observed.
    pub registered_to: Option<NaiveDate>,
    /// Why it ended.
    pub end_reason: Option<&'static str>,
    /// National data opt-out.
    pub opted_out: bool,
    /// Lives in a care home.
    pub care_home: bool,
    /// Band of the frailty index.
    pub efi_band: &'static str,
    /// Age when it is told.
    pub age_years: i32,
}

impl State {
    /// The same state with its end before its begin; none for one without an end.
    pub(super) fn backwards(&self) -> Option<State> {
        let hour = Duration::hours(1);
        Some(match self {
            State::Stay(stay) if stay.discharged_at.is_some() => {
                State::Stay(Stay { discharged_at: Some(stay.admitted_at - hour), ..stay.clone() })
            }
            State::Spell(spell) if spell.discharged_at.is_some() => {
                State::Spell(Spell { discharged_at: Some(spell.spell_admitted_at - hour), ..spell.clone() })
            }
            State::EdStay(stay) if stay.departed_at.is_some() => {
                State::EdStay(EdStay { departed_at: Some(stay.arrived_at - hour), ..stay.clone() })
            }
            State::Registration(own) if own.registered_to.is_some() => State::Registration(Registration {
                registered_to: Some(own.registered_from - Duration::days(2)),
                ..own.clone()
            }),
            _ => return None,
        })
    }
}

impl States {
    /// The newest version of each subject, of what has been delivered at an instant. Withdrawn ones are among them.
    ///
    /// A hospital that writes HL7 tells no versions: what stands there is this once all of its messages are delivered.
    #[must_use]
    pub fn newest_at(&self, at: DateTime<Utc>) -> BTreeMap<(Feed, &str), &Version> {
        let mut newest: BTreeMap<(Feed, &str), &Version> = BTreeMap::new();
        for version in self.versions().iter().filter(|version| version.delivered_at <= at) {
            let order = |one: &Version| (one.version_id, one.recorded_at, one.event_id.clone());
            let held = newest.entry((version.feed, &version.subject)).or_insert(version);
            if order(version) > order(held) {
                *held = version;
            }
        }
        newest
    }
}
