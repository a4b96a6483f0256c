//! Spells and attendances as HL7 v2 ADT messages: each message tells of one moment of a stay that events would tell whole.
//!
//! An attendance is a visit of its own, and the admission that follows another one: the two have numbers of their own, as
//! in the events.

use chrono::{DateTime, Utc};
use chrono_tz::Europe::London;

use super::hospital::HOSPITALS;
use super::life::WARDS;
use super::truth::{EdStay, Spell, State, Version, Who};
use crate::hl7::{Segment, message};

/// The ward of every emergency department.
const EMERGENCY_DEPARTMENT: &str = "A&E";

/// The list of wards that Homeward needs beside the messages, as `[ingest] wards_file` takes it: a message names the ward,
/// not its kind.
#[must_use]
pub fn wards_csv() -> String {
    let lines = HOSPITALS.iter().map(|provider| {
        let (on_virtual, in_community) =
            (ward(provider, "acute", "virtual"), ward(provider, "community_hospital", "physical"));
        format!("{provider},{on_virtual},virtual,acute\n{provider},{in_community},physical,community_hospital\n")
    });
    format!("provider,ward,kind,setting\n{}", lines.collect::<String>())
}

/// The ward for a kind of bed.
fn ward(provider: &str, setting: &str, kind: &str) -> String {
    match WARDS.iter().find(|(of, ..)| kind == "virtual" && *of == provider) {
        Some((_, ward, ..)) => (*ward).to_owned(),
        None if setting == "community_hospital" => format!("{provider}-COMMUNITY"),
        None => format!("{provider}-ACUTE"),
    }
}

/// Whether a message of its own tells a version: the end of a segment is told by the move to the next.
pub(super) fn has_message(state: &State) -> bool {
    !matches!(state, State::Spell(spell) if spell.trigger == "A02" && spell.discharged_at.is_some())
}

/// Where the stay of a version is told, when it is one of a hospital's.
pub(super) fn hospital(state: &State) -> Option<&'static str> {
    match state {
        State::Spell(spell) => Some(spell.provider),
        State::EdStay(stay) => Some(stay.provider),
        _ => None,
    }
}

/// What one message says.
struct Moment<'v> {
    trigger: &'static str,
    provider: &'static str,
    visit: &'v str,
    person: &'v Who,
    class: &'static str,
    ward: String,
    prior_ward: Option<String>,
    admission_type: Option<&'static str>,
    admitted_at: DateTime<Utc>,
    discharged_at: Option<DateTime<Utc>>,
    /// When it happened, where the admission does not say it.
    occurred_at: Option<DateTime<Utc>>,
}

/// Key and payload of a version's message; none for a state that no hospital tells.
pub(super) fn record(version: &Version) -> Option<(Vec<u8>, Vec<u8>)> {
    let moment = match &version.state {
        State::Spell(spell) => of_spell(spell),
        State::EdStay(stay) => of_attendance(stay, version.withdrawn),
        _ => return None,
    };
    let key = format!("{}|{}", moment.provider, moment.visit);
    Some((key.into_bytes(), moment.written(version).into_bytes()))
}

fn of_spell(spell: &Spell) -> Moment<'_> {
    Moment {
        trigger: spell.trigger,
        provider: spell.provider,
        visit: &spell.spell_id,
        person: &spell.person,
        class: if spell.patient_classification == "day_case" { "D" } else { "I" },
        ward: ward(spell.provider, spell.setting, spell.ward_kind),
        prior_ward: (spell.trigger == "A02").then(|| ward(spell.provider, "acute", "physical")),
        admission_type: Some(if spell.admission_method == "elective" { "R" } else { "E" }),
        admitted_at: spell.spell_admitted_at,
        discharged_at: spell.discharged_at,
        occurred_at: Some(spell.admitted_at).filter(|_| spell.trigger == "A02"),
    }
}

fn of_attendance(stay: &EdStay, is_withdrawn: bool) -> Moment<'_> {
    let trigger = match (is_withdrawn, stay.departed_at) {
        (true, _) => "A11",
        (false, Some(_)) => "A03",
        (false, None) => "A01",
    };
    Moment {
        trigger,
        provider: stay.provider,
        visit: &stay.attendance_id,
        person: &stay.person,
        class: "E",
        ward: EMERGENCY_DEPARTMENT.to_owned(),
        prior_ward: None,
        admission_type: None,
        admitted_at: stay.arrived_at,
        discharged_at: stay.departed_at,
        occurred_at: None,
    }
}

impl Moment<'_> {
    fn written(&self, version: &Version) -> String {
        let recorded = time(version.recorded_at);
        // The standard gives a control id twenty characters.
        let control_id: String = version.event_id.chars().filter(|sign| *sign != '-').take(20).collect();
        let header = Segment::header()
            .text(3, "PAS")
            .text(4, self.provider)
            .text(5, "HOMEWARD")
            .text(7, &recorded)
            .components(9, &["ADT", self.trigger])
            .text(10, &control_id)
            .text(11, "P")
            .text(12, "2.4");
        let event = Segment::new("EVN")
            .text(1, self.trigger)
            .text(2, &recorded)
            .optional(6, self.occurred_at.map(time).as_deref());
        let own_number = [&self.person.local_patient_id, "", "", self.provider, "MR"];
        let nhs_number = self.person.nhs_number.as_deref().map(|number| [number, "", "", "NHS", "NH"]);
        let numbers: Vec<&[&str]> =
            [&own_number[..]].into_iter().chain(nhs_number.as_ref().map(|number| &number[..])).collect();
        let person = Segment::new("PID")
            .text(1, "1")
            .repeated(3, &numbers)
            .components(5, &["Nobody", &self.person.local_patient_id])
            .text(7, &self.person.birth_date.format("%Y%m%d").to_string());
        let visit = Segment::new("PV1")
            .text(1, "1")
            .text(2, self.class)
            .text(3, &self.ward)
            .optional(4, self.admission_type)
            .optional(6, self.prior_ward.as_deref())
            .text(19, self.visit)
            .text(44, &time(self.admitted_at))
            .optional(45, self.discharged_at.map(time).as_deref());
        message([header, event, person, visit])
    }
}

/// London's clock with its offset, so that no hour is told twice.
fn time(at: DateTime<Utc>) -> String {
    at.with_timezone(&London).format("%Y%m%d%H%M%S%z").to_string()
}
