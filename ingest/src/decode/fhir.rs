//! A FHIR R4 Encounter of a virtual ward as the CloudEvent `virtual-ward-stay-1` (handbook, `virtual-wards.md` section 4):
//! one Encounter of class HH for the whole stay. The draft that it follows is not meant for use outside its pilot; what
//! it leaves open is our choice, and `docs/edge.md` says it.
//!
//! Only the elements read here are named; whatever else a resource holds, names of people among it, goes no further.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};
use homeward_contract::codes;
use homeward_contract::feed::Feed;
use homeward_contract::reject::RejectCode;
use homeward_contract::state::StateType;
use homeward_contract::time;
use serde::Deserialize;
use serde_json::json;

use super::fault::Fault;

/// Most members of a list that are read: more is no stay.
const MOST_MEMBERS: usize = 64;

const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";

#[derive(Deserialize)]
struct Peek<'a> {
    #[serde(borrow, rename = "resourceType")]
    resource_type: Option<Cow<'a, str>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Encounter {
    resource_type: String,
    id: Option<String>,
    meta: Meta,
    identifier: Vec<Identifier>,
    status: Option<String>,
    class: Coding,
    subject: Reference,
    period: Period,
    hospitalization: Hospitalization,
    location: Vec<Location>,
    service_provider: Reference,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    version_id: Option<String>,
    last_updated: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Identifier {
    system: Option<String>,
    value: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Coding {
    code: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reference {
    reference: Option<String>,
    identifier: Identifier,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Period {
    start: Option<String>,
    end: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Hospitalization {
    discharge_disposition: CodeableConcept,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CodeableConcept {
    coding: Vec<Coding>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Location {
    location: Reference,
    period: Period,
}

impl Reference {
    /// The identifier's value, else the last part of `Kind/id`.
    fn named(&self) -> Option<&str> {
        let tail = || self.reference.as_deref()?.rsplit('/').next();
        filled(self.identifier.value.as_deref()).or_else(|| filled(tail()))
    }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// True for a payload that says it is a FHIR resource.
fn is_resource(payload: &[u8]) -> bool {
    // Events have no such word, and are not parsed twice. The structures here would also take lists of their members.
    payload.trim_ascii_start().first() == Some(&b'{')
        && payload.windows(b"\"resourceType\"".len()).any(|part| part == b"\"resourceType\"")
        && serde_json::from_slice::<Peek<'_>>(payload).is_ok_and(|peek| peek.resource_type.is_some())
}

/// The stay as an event, when the payload is a FHIR resource.
///
/// # Errors
/// The fault for which it is no stay.
pub(super) fn event(payload: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    if !is_resource(payload) {
        return Ok(None);
    }
    Encounter::read(payload)?.event().map(Some)
}

/// The subject of the stay, which is the Kafka key; none for what is no Encounter that names its stay.
pub(super) fn key(payload: &[u8]) -> Option<String> {
    if !is_resource(payload) {
        return None;
    }
    let encounter = Encounter::read(payload).ok()?;
    Some(format!("{}|{}", encounter.provider().ok()?, encounter.stay().ok()?))
}

impl Encounter {
    fn read(payload: &[u8]) -> Result<Self, Fault> {
        let encounter: Self =
            serde_json::from_slice(payload).map_err(|error| Fault::json(&error, payload, RejectCode::FhirWrongKind))?;
        let lists = [encounter.identifier.len(), encounter.location.len()];
        if encounter.resource_type != "Encounter" || lists.into_iter().any(|length| length > MOST_MEMBERS) {
            return Err(Fault::new(RejectCode::FhirWrongKind));
        }
        Ok(encounter)
    }

    fn provider(&self) -> Result<String, Fault> {
        let code = self.service_provider.named().ok_or_else(|| missing("serviceProvider"))?;
        codes::provider(code).ok_or_else(|| Fault::item(RejectCode::BadOrganisation, "serviceProvider"))
    }

    /// The stay's own number, else the resource's id.
    fn stay(&self) -> Result<&str, Fault> {
        let mut numbers = self.identifier.iter().filter_map(|identifier| filled(identifier.value.as_deref()));
        numbers.next().or(filled(self.id.as_deref())).ok_or_else(|| missing("identifier"))
    }

    /// The ward at the end of the stay: the location without an end, else the last one.
    fn ward(&self) -> Option<&str> {
        let open = self.location.iter().rfind(|location| location.period.end.is_none());
        open.or(self.location.last())?.location.named()
    }

    fn event(&self) -> Result<Vec<u8>, Fault> {
        if self.class.code.as_deref() != Some("HH") {
            return Err(Fault::new(RejectCode::FhirNotVirtual));
        }
        let (provider, stay) = (self.provider()?, self.stay()?);
        let status = filled(self.status.as_deref()).ok_or_else(|| missing("status"))?;
        let is_void = matches!(status, "cancelled" | "entered-in-error");
        if status == "planned" {
            return Err(Fault::new(RejectCode::FhirPlanned));
        }
        let version = filled(self.meta.version_id.as_deref()).ok_or_else(|| missing("meta.versionId"))?;
        let updated = self.meta.last_updated.as_deref().ok_or_else(|| missing("meta.lastUpdated"))?;
        let kind = if is_void { StateType::Voided } else { StateType::Recorded };
        let data = if is_void {
            json!({"provider": provider, "stay_id": stay, "reason": status.replace('-', "_")})
        } else {
            self.data(&provider, stay, status == "finished")?
        };
        let id = filled(self.id.as_deref()).unwrap_or(stay);
        let event = json!({
            "specversion": "1.0",
            "id": format!("{id}/_history/{version}"),
            "source": format!("uk.nhs.{}.fhir", provider.to_ascii_lowercase()),
            "type": kind.wire_name(Feed::VwStay),
            "time": updated,
            "subject": format!("{provider}|{stay}"),
            "datacontenttype": "application/json",
            "versionid": version,
            "data": data,
        });
        Ok(event.to_string().into_bytes())
    }

    fn data(&self, provider: &str, stay: &str, is_finished: bool) -> Result<serde_json::Value, Fault> {
        let start = self.period.start.as_deref().ok_or_else(|| missing("period.start"))?;
        let admitted_at = first_instant(start).ok_or_else(|| bad_period("period.start"))?;
        // Before it is finished an end is a plan.
        let discharged_at = match self.period.end.as_deref().filter(|_| is_finished) {
            Some(end) => Some(instant_after(end).ok_or_else(|| bad_period("period.end"))?),
            None if is_finished => return Err(missing("period.end")),
            None => None,
        };
        let system = self.subject.identifier.system.as_deref();
        let number = self.subject.identifier.value.as_deref().filter(|_| system == Some(NHS_NUMBER));
        let mut codes =
            self.hospitalization.discharge_disposition.coding.iter().filter_map(|coding| coding.code.as_deref());
        Ok(json!({
            "provider": provider,
            "stay_id": stay,
            "ward_id": self.ward().ok_or_else(|| missing("location"))?,
            "person": {"nhsNumber": number},
            "admitted_at": time::with_z(admitted_at),
            "discharged_at": discharged_at.map(time::with_z),
            "outcome": codes.next().filter(|_| is_finished).and_then(outcome),
            "status": if is_finished { "closed" } else { "open" },
        }))
    }
}

/// The outcome for a disposition of the standard's own list; none where it says less or other than ours.
fn outcome(disposition: &str) -> Option<&'static str> {
    match disposition {
        "home" | "alt-home" => Some("home"),
        "exp" => Some("died"),
        "other-hcf" => Some("transferred"),
        _ => None,
    }
}

/// The first instant of a date or date-time.
fn first_instant(text: &str) -> Option<DateTime<Utc>> {
    time::parse_date(text).map(time::local_midnight).or_else(|_| time::parse_offset_instant(text)).ok()
}

/// The first instant that is not within a date or a second any more: the end of a period belongs to it.
fn instant_after(text: &str) -> Option<DateTime<Utc>> {
    let second = |at: DateTime<Utc>| at.checked_add_signed(TimeDelta::seconds(1));
    match time::parse_date(text) {
        Ok(day) => Some(time::next_local_midnight(day)),
        Err(_) => time::parse_offset_instant(text).ok().and_then(second),
    }
}

fn missing(element: &str) -> Fault {
    Fault::item(RejectCode::FhirMissingElement, element)
}

fn bad_period(element: &str) -> Fault {
    Fault::item(RejectCode::FhirBadPeriod, element)
}
