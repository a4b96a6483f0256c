//! Parts of a course as CloudEvents, in the shapes of the handbook (`days-at-home.md` section 3).

use homeward_contract::adt::Trigger;
use homeward_contract::feed::Feed;
use homeward_contract::state::StateType;
use homeward_contract::time::with_z;
use serde_json::{Value, json};

use super::course::Part;
use super::message::Message;

/// One event, ready for its feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdtEvent {
    /// `spell` or `ed_stay`.
    pub feed: Feed,
    /// The event's id within its source.
    pub id: String,
    /// The source: the hospital's messages.
    pub source: String,
    /// The subject, which is the Kafka key.
    pub subject: String,
    /// The event.
    pub payload: String,
}

/// How the source of every event made here ends.
pub(crate) const SOURCE_ENDING: &str = ".hl7";

/// A segment of a spell. The last one ends as the newest message says; those before it ended by a move.
pub(super) fn spell(newest: &Message, part: &Part, segment: usize, is_last: bool, version: usize) -> AdtEvent {
    let (provider, visit) = (&newest.provider, &newest.visit_id);
    let trigger = match newest.trigger {
        _ if part.is_withdrawn => Some(Trigger::CancelAdmit),
        Trigger::CancelAdmit => None,
        Trigger::CancelDischarge if !is_last || part.ends_at.is_some() => None,
        trigger => Some(trigger),
    };
    let bed = part.bed.as_ref();
    let data = json!({
        "provider": provider,
        "spell_id": visit,
        "segment": segment,
        "trigger": trigger.map(Trigger::code),
        "status": status(part),
        "person": person(part),
        "admitted_at": with_z(part.starts_at),
        "discharged_at": part.ends_at.map(with_z),
        "setting": bed.map(|bed| bed.setting),
        "ward_kind": bed.map(|bed| bed.kind),
        "admission_method": part.admission_method,
        "patient_classification": part.class.classification(),
    });
    let subject = format!("{provider}|{visit}|{segment}");
    event(Feed::Spell, newest, subject, &format!("{visit}.{segment}.{version}"), version, data)
}

/// The stay in an emergency department with which a course begins.
pub(super) fn ed_stay(newest: &Message, part: &Part, version: usize) -> AdtEvent {
    let (provider, visit) = (&newest.provider, &newest.visit_id);
    let data = json!({
        "provider": provider,
        "attendance_id": visit,
        "status": status(part),
        "person": person(part),
        "arrived_at": with_z(part.starts_at),
        "departed_at": part.ends_at.map(with_z),
        "linked_spell_id": part.is_followed.then_some(visit),
    });
    event(Feed::EdStay, newest, format!("{provider}|{visit}"), &format!("{visit}.ed.{version}"), version, data)
}

fn event(feed: Feed, newest: &Message, subject: String, id: &str, version: usize, data: Value) -> AdtEvent {
    let source = format!("uk.nhs.{}{SOURCE_ENDING}", newest.provider.to_ascii_lowercase());
    let payload = json!({
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": StateType::Recorded.wire_name(feed),
        "time": with_z(newest.recorded_at),
        "subject": subject,
        "datacontenttype": "application/json",
        "versionid": version.to_string(),
        "data": data,
    });
    AdtEvent { feed, id: id.to_owned(), source, subject, payload: payload.to_string() }
}

fn status(part: &Part) -> &'static str {
    match part.ends_at {
        _ if part.is_withdrawn => "cancelled",
        Some(_) => "closed",
        None => "open",
    }
}

fn person(part: &Part) -> Value {
    let person = &part.person;
    json!({
        "pseudonym": person.pseudonym,
        "keyVersion": person.key_version,
        "ageYears": person.age_years,
    })
}
