//! States as the handbook's events (`virtual-wards.md` section 4, `days-at-home.md` section 3).

use chrono::{DateTime, Utc};

use super::truth::{Beds, Death, EdStay, Registration, Spell, State, Stay, Version, Who};
use crate::json::Object;
use crate::parameters::KEY_VERSION;
use crate::wall::{with_offset, with_z};

/// The board that all of them belong to.
const ICB: &str = "QJK";

/// The whole event.
pub(super) fn payload(version: &Version) -> String {
    let (source, event_type) = match &version.state {
        State::Stay(stay) => (at(stay.provider, "virtual-ward"), "virtual-ward-stay-1"),
        State::VoidedStay(stay) => (at(stay.provider, "virtual-ward"), "virtual-ward-stay-voided-1"),
        State::Beds(beds) => (at(beds.provider, "virtual-ward"), "virtual-ward-capacity-1"),
        State::Spell(spell) => (at(spell.provider, "pas"), "hospital-spell-1"),
        State::EdStay(stay) => (at(stay.provider, "ed"), "ed-stay-1"),
        State::Death(_) => (at(ICB, "deaths"), "death-1"),
        State::Registration(_) => (at(ICB, "registrations"), "registration-1"),
    };
    let provider = version.subject.split('|').next().filter(|provider| *provider != ICB);
    let filtering = match provider {
        Some(provider) => Object::new().text("provider", provider),
        None => Object::new(),
    };
    Object::new()
        .text("specversion", "1.0")
        .text("id", &version.event_id)
        .text("source", &source)
        .text("type", event_type)
        .text("time", &with_z(version.recorded_at))
        .text("subject", &version.subject)
        .text("datacontenttype", "application/json")
        .text("versionid", &version.version_id.to_string())
        .raw("filtering", &filtering.text("icb", ICB).finish())
        .raw("data", &data(&version.state, version.withdrawn))
        .finish()
}

fn at(organisation: &str, system: &str) -> String {
    format!("uk.nhs.{}.{system}", organisation.to_lowercase())
}

fn data(state: &State, withdrawn: bool) -> String {
    match state {
        State::Stay(stay) => self::stay(stay),
        State::VoidedStay(stay) => Object::new()
            .text("provider", stay.provider)
            .text("stay_id", &stay.stay_id)
            .text("reason", "entered_in_error")
            .finish(),
        State::Beds(beds) => self::beds(beds),
        State::Spell(spell) => self::spell(spell, withdrawn),
        State::EdStay(stay) => ed_stay(stay, withdrawn),
        State::Death(death) => self::death(death, withdrawn),
        State::Registration(registration) => self::registration(registration),
    }
}

fn stay(stay: &Stay) -> String {
    Object::new()
        .text("provider", stay.provider)
        .text("stay_id", &stay.stay_id)
        .text("ward_id", stay.ward_id)
        .raw("person", &person(&stay.person))
        .text("admitted_at", &with_offset(stay.admitted_at))
        .optional("discharged_at", end(stay.discharged_at).as_deref())
        .text("route", stay.route)
        .text("pathway", stay.pathway)
        .raw("tech_enabled", flag(stay.tech_enabled))
        .text("usual_residence", stay.usual_residence)
        .optional("outcome", stay.outcome)
        .text("referred_by", stay.provider)
        .text("status", status(stay.discharged_at, false))
        .finish()
}

fn beds(beds: &Beds) -> String {
    Object::new()
        .text("provider", beds.provider)
        .text("ward_id", beds.ward_id)
        .text("ward_name", &format!("Virtual ward {}", beds.ward_id))
        .text("pathway", beds.pathway)
        .raw("beds", &beds.beds.map_or("null".to_owned(), |beds| beds.to_string()))
        .text("valid_from", &with_offset(beds.valid_from))
        .optional("valid_to", end(beds.valid_to).as_deref())
        .text("area", ICB)
        .finish()
}

fn spell(spell: &Spell, withdrawn: bool) -> String {
    Object::new()
        .text("provider", spell.provider)
        .text("spell_id", &spell.spell_id)
        .raw("segment", &spell.segment.to_string())
        .text("trigger", spell.trigger)
        .text("status", status(spell.discharged_at, withdrawn))
        .raw("person", &person(&spell.person))
        .text("admitted_at", &with_offset(spell.admitted_at))
        .optional("discharged_at", end(spell.discharged_at).as_deref())
        .text("setting", spell.setting)
        .text("ward_kind", spell.ward_kind)
        .text("admission_method", spell.admission_method)
        .text("patient_classification", spell.patient_classification)
        .text("usual_residence", spell.usual_residence)
        .optional("discharge_destination", spell.discharge_destination)
        .optional("discharge_pathway", spell.discharge_pathway)
        .raw("discharge_ready_at", "null")
        .finish()
}

fn ed_stay(stay: &EdStay, withdrawn: bool) -> String {
    Object::new()
        .text("provider", stay.provider)
        .text("attendance_id", &stay.attendance_id)
        .text("status", status(stay.departed_at, withdrawn))
        .raw("person", &person(&stay.person))
        .text("arrived_at", &with_offset(stay.arrived_at))
        .optional("departed_at", end(stay.departed_at).as_deref())
        .text("arrival_mode", "ambulance")
        .text("attendance_kind", "type1")
        .optional("disposal", stay.disposal)
        .optional("linked_spell_id", stay.linked_spell_id.as_deref())
        .finish()
}

fn death(death: &Death, withdrawn: bool) -> String {
    Object::new()
        .text("pseudonym", &death.pseudonym)
        .raw("keyVersion", &KEY_VERSION.to_string())
        .text("date_of_death", &death.date_of_death.to_string())
        .text("precision", "day")
        .text("status", death.status)
        .text("place_kind", death.place_kind)
        .raw("external_cause", "false")
        .raw("revoked", flag(withdrawn))
        .finish()
}

fn registration(own: &Registration) -> String {
    Object::new()
        .text("pseudonym", &own.pseudonym)
        .raw("keyVersion", &KEY_VERSION.to_string())
        .text("practice", &own.practice)
        .optional("pcn", own.pcn.as_deref())
        .text("lsoa", &own.lsoa)
        .text("registered_from", &own.registered_from.to_string())
        .optional("registered_to", own.registered_to.map(|day| day.to_string()).as_deref())
        .optional("end_reason", own.end_reason)
        .raw("opted_out", flag(own.opted_out))
        .raw("care_home", flag(own.care_home))
        .text("efi_band", own.efi_band)
        .raw("ageYears", &own.age_years.to_string())
        .finish()
}

fn person(who: &Who) -> String {
    let version = who.pseudonym.as_ref().map_or("null".to_owned(), |_| KEY_VERSION.to_string());
    Object::new()
        .optional("pseudonym", who.pseudonym.as_deref())
        .raw("keyVersion", &version)
        .raw("ageYears", &who.age_years.to_string())
        .text("lsoa", &who.lsoa)
        .text("practice", &who.practice)
        .finish()
}

fn end(at: Option<DateTime<Utc>>) -> Option<String> {
    at.map(with_offset)
}

const fn flag(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

const fn status(end: Option<DateTime<Utc>>, withdrawn: bool) -> &'static str {
    match (withdrawn, end) {
        (true, _) => "cancelled",
        (false, Some(_)) => "closed",
        (false, None) => "open",
    }
}
