//! From a short event entry of a case to the whole CloudEvent of the handbook's UCR page, section 7.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use homeward_contract::event::{EventType, subject};
use homeward_contract::feed::Feed;
use homeward_contract::time::{TWO_HOURS_MINUTES, london, parse_offset_instant};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::case::{Case, CaseFault, CaseRecord};
use super::case_ward::pseudonym;

/// The handbook's test vector: a fictitious NHS number under the public test key.
const PSEUDONYM: &str = "vMBWuQc6hHbxIIdnlG2qxjPLfh63XjvcWx76C7sy5hg";

/// One live event in short form. An empty text stands for null; what is absent takes the default named below.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventInput {
    /// `received`, `triaged`, `rejected`, `first_contact`, `contact`, `closed`, `amended`, `voided`.
    #[serde(rename = "type")]
    pub kind: String,
    /// ServiceRequestID.
    pub referral: String,
    /// Business time with offset: received, decided, rejected, contact, closed or voided at. Amendments need none.
    pub at: Option<String>,
    /// When the source recorded it. Default: `at`.
    pub time: Option<String>,
    /// When Homeward took it in. Default: `time`.
    pub known_at: Option<String>,
    /// `versionid`. Default: one more than the referral's events before it in the case.
    pub version: Option<i64>,
    /// Name for `amends`; the event id is made from it. Default: its place in the case.
    pub id: Option<String>,
    /// Default NR5.
    pub provider: Option<String>,
    /// Default 15N.
    pub commissioner: Option<String>,
    /// Default L83999.
    pub practice: Option<String>,
    /// A name of the person, as in registrations. Default: the handbook's fictitious person.
    pub person: Option<String>,
    /// Default 84.
    pub age_years: Option<i32>,
    /// Default 999.
    pub source_group: Option<String>,
    /// Default 51.
    pub team_type: Option<String>,
    /// Default 05; for a triage that reclassifies 07.
    pub waiting_type: Option<String>,
    /// Clock start. Default: `at`.
    pub rtt_start: Option<String>,
    /// `accepted` (default), `reclassified`, `redirected`.
    pub decision: Option<String>,
    /// Default 05.
    pub previous_waiting_type: Option<String>,
    /// Organisation code.
    pub redirected_to: Option<String>,
    /// CareContactID. Default: one a referral for the first contact, one an event for others.
    pub contact: Option<String>,
    /// Default true for a first contact, false for others.
    pub stops_clock: Option<bool>,
    /// Clock end. Default: `at` when the contact stops the clock.
    pub rtt_end: Option<String>,
    /// ConsMechanism. Default 01.
    pub mechanism: Option<String>,
    /// AttendanceStatus. Default 5.
    pub attendance: Option<String>,
    /// Default `treatment_completed`.
    pub closure_group: Option<String>,
    /// Of an amendment or void: `referral`, `contact`, `clock`. Default: `contact` when one is named, else `referral`.
    pub target: Option<String>,
    /// Name (`id`) of the event that is amended.
    pub amends: Option<String>,
    /// What is amended.
    #[serde(default)]
    pub changes: Vec<ChangeInput>,
    /// Why: of a void, default `entered_in_error`; of an amendment, default `recording_error`; of a rejection, default 02.
    pub reason: Option<String>,
    /// The referral that stays.
    pub duplicate_of: Option<String>,
}

/// One amended item.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeInput {
    /// Name of the item as the events spell it.
    pub item: String,
    /// Old value.
    #[serde(default)]
    pub from: String,
    /// New value; empty clears it.
    pub to: String,
}

/// The CloudEvents of a case.
pub(super) fn event_records(case: &Case) -> Result<Vec<CaseRecord>, CaseFault> {
    let mut seen: HashMap<(&str, &str), i64> = HashMap::new();
    let mut made = Vec::with_capacity(case.events.len());
    for (index, input) in case.events.iter().enumerate() {
        let ordinal = seen.entry((input.provider(), &input.referral)).or_default();
        *ordinal += 1;
        let event = Event { case, input, index, version: input.version.unwrap_or(*ordinal) };
        made.push(event.record().map_err(|what| CaseFault {
            entry: format!("event {} ({} {})", index + 1, input.kind, input.referral),
            what,
        })?);
    }
    Ok(made)
}

impl EventInput {
    fn provider(&self) -> &str {
        self.provider.as_deref().unwrap_or("NR5")
    }
}

/// An entry with what its place in the case decides.
struct Event<'a> {
    case: &'a Case,
    input: &'a EventInput,
    index: usize,
    version: i64,
}

impl Event<'_> {
    fn record(&self) -> Result<CaseRecord, String> {
        let input = self.input;
        let kind = EventType::from_short_name(&input.kind).ok_or_else(|| format!("unknown type '{}'", input.kind))?;
        let at = input.at.as_deref().map(instant).transpose()?;
        let time = input.time.as_deref().map(instant).transpose()?.or(at).ok_or("give 'at' or 'time'")?;
        let at = at.unwrap_or(time);
        let known_at = input.known_at.as_deref().map(instant).transpose()?.unwrap_or(time);
        let provider = input.provider();
        let subject = subject(provider, &input.referral);
        let waiting_type = self.waiting_type(kind);
        let envelope = json!({
            "specversion": "1.0",
            "id": guid(self.case, &self.label()),
            "source": format!("uk.nhs.{}.ucr-feed", provider.to_lowercase()),
            "type": kind.wire_name(),
            "time": time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            "subject": subject,
            "datacontenttype": "application/json",
            "versionid": self.version.to_string(),
            "filtering": {
                "provider": provider,
                "icb": "QJK",
                "teamType": text_or(input.team_type.as_deref(), "51"),
                "waitingTimeType": waiting_type,
            },
            "data": self.data(kind, at)?,
        });
        Ok(CaseRecord {
            feed: Feed::Ucr,
            key: subject.into_bytes(),
            payload: envelope.to_string().into_bytes(),
            known_at,
        })
    }

    fn data(&self, kind: EventType, at: DateTime<Utc>) -> Result<Value, String> {
        let mut data = match kind {
            EventType::Received => self.received(at)?,
            EventType::Triaged => self.triaged(at),
            EventType::Rejected => self.rejected(at),
            EventType::FirstContact | EventType::Contact => self.contact(kind, at)?,
            EventType::Closed => self.closed(at),
            EventType::Amended => self.amended(),
            EventType::Voided => self.voided(at),
        };
        data.insert("OrgID_Provider".into(), json!(self.input.provider()));
        data.insert("ServiceRequestID".into(), json!(self.input.referral));
        Ok(Value::Object(data))
    }

    fn received(&self, at: DateTime<Utc>) -> Result<Map<String, Value>, String> {
        let input = self.input;
        let start = given_instant(input.rtt_start.as_deref(), Some(at))?;
        Ok(object(json!({
            "OrgID_Commissioner": text_or(input.commissioner.as_deref(), "15N"),
            "person": {
                "pseudonym": input.person.as_deref().map_or_else(|| PSEUDONYM.to_owned(), pseudonym),
                "keyVersion": 3,
                "ageYears": input.age_years.unwrap_or(84),
                "lsoa": "E01999901",
                "practice": text_or(input.practice.as_deref(), "L83999"),
            },
            "ReferralRequest_ReceivedDateTime": local_text(at),
            "RTT_StartDateTime": start.map(local_text),
            "WaitingTime_MeasurementType": self.waiting_type(EventType::Received),
            "breachAt": start.map(|start| local_text(start + TimeDelta::minutes(TWO_HOURS_MINUTES))),
            "SourceOfReferral": null,
            "sourceGroup": text_or(input.source_group.as_deref(), "999"),
            "OrgID_Referring": "RYF",
            "Priority_Type": "2",
            "PrimaryReferralReason": null,
            "TeamType": text_or(input.team_type.as_deref(), "51"),
            "TeamID_Local": "UCR-PLY",
            "usualResidence": "own_home",
            "bars": {"useCase": "a4t3", "arpPriority": "C3"},
        })))
    }

    fn triaged(&self, at: DateTime<Utc>) -> Map<String, Value> {
        let input = self.input;
        object(json!({
            "decision": text_or(input.decision.as_deref(), "accepted"),
            "decidedAt": local_text(at),
            "WaitingTime_MeasurementType": self.waiting_type(EventType::Triaged),
            "previousWaitingTimeType": text_or(input.previous_waiting_type.as_deref(), "05"),
            "redirectedTo": input.redirected_to,
            "TeamType": text_or(input.team_type.as_deref(), "51"),
            "TeamID_Local": "UCR-PLY",
        }))
    }

    fn rejected(&self, at: DateTime<Utc>) -> Map<String, Value> {
        object(json!({
            "Referral_RejectionDate": london(at).date().to_string(),
            "rejectedAt": local_text(at),
            "Referral_RejectionReason": text_or(self.input.reason.as_deref(), "02"),
            "bars": {"reasonSystem": "rejected-reasons-bars", "reasonCode": "RRNA", "dosReason": "22"},
        }))
    }

    fn contact(&self, kind: EventType, at: DateTime<Utc>) -> Result<Map<String, Value>, String> {
        let input = self.input;
        let is_first = kind == EventType::FirstContact;
        let stops_clock = input.stops_clock.unwrap_or(is_first);
        let end = given_instant(input.rtt_end.as_deref(), stops_clock.then_some(at))?;
        Ok(object(json!({
            "CareContactID": self.contact_id(is_first),
            "Contact_DateTime": local_text(at),
            "CareContact_Duration": 30,
            "ConsMechanism": text_or(input.mechanism.as_deref(), "01"),
            "AttendanceStatus": text_or(input.attendance.as_deref(), "5"),
            "Activity_LocationType": "A01",
            "Consultation_Type": if is_first { "01" } else { "02" },
            "TeamID_Local": "UCR-PLY",
            "stopsClock": stops_clock,
            "RTT_EndDateTime": end.map(local_text),
        })))
    }

    fn closed(&self, at: DateTime<Utc>) -> Map<String, Value> {
        let day = london(at).date().to_string();
        object(json!({
            "closedAt": local_text(at),
            "Referral_ClosureDate": day,
            "Referral_ClosureReason": null,
            "closureGroup": text_or(self.input.closure_group.as_deref(), "treatment_completed"),
            "Discharge_Date": day,
        }))
    }

    fn amended(&self) -> Map<String, Value> {
        let input = self.input;
        let change = |change: &ChangeInput| json!({"item": change.item, "from": null_if_empty(&change.from), "to": null_if_empty(&change.to)});
        object(json!({
            "target": self.target(),
            "CareContactID": input.contact,
            "amendsEventId": input.amends.as_deref().map(|label| guid(self.case, label)),
            "reason": text_or(input.reason.as_deref(), "recording_error"),
            "changes": input.changes.iter().map(change).collect::<Vec<_>>(),
        }))
    }

    fn voided(&self, at: DateTime<Utc>) -> Map<String, Value> {
        let input = self.input;
        object(json!({
            "target": self.target(),
            "CareContactID": input.contact,
            "voidedAt": local_text(at),
            "reason": text_or(input.reason.as_deref(), "entered_in_error"),
            "duplicateOf": input.duplicate_of,
        }))
    }

    fn waiting_type(&self, kind: EventType) -> Value {
        let reclassifies = kind == EventType::Triaged && self.input.decision.as_deref() == Some("reclassified");
        text_or(self.input.waiting_type.as_deref(), if reclassifies { "07" } else { "05" })
    }

    fn contact_id(&self, is_first: bool) -> String {
        let referral = &self.input.referral;
        match &self.input.contact {
            Some(id) => id.clone(),
            None if is_first => format!("CC-{referral}"),
            None => format!("CC-{referral}-{}", self.index + 1),
        }
    }

    fn target(&self) -> &str {
        let default = if self.input.contact.is_some() { "contact" } else { "referral" };
        self.input.target.as_deref().unwrap_or(default)
    }

    fn label(&self) -> String {
        self.input.id.clone().unwrap_or_else(|| (self.index + 1).to_string())
    }
}

/// An id that looks like a source's and is the same in every run.
pub(super) fn guid(case: &Case, label: &str) -> String {
    let digest = Sha256::digest(format!("{}|{}|{label}", case.rule, case.id));
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}

pub(super) fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    parse_offset_instant(text).map_err(|error| format!("'{text}': {error}"))
}

/// A time that may be absent (default) or empty (null).
fn given_instant(text: Option<&str>, default: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>, String> {
    match text {
        None => Ok(default),
        Some("") => Ok(None),
        Some(text) => instant(text).map(Some),
    }
}

/// An instant as a provider in London writes it.
pub(super) fn local_text(at: DateTime<Utc>) -> String {
    at.with_timezone(&chrono_tz::Europe::London).to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

pub(super) fn text_or(text: Option<&str>, default: &str) -> Value {
    null_if_empty(text.unwrap_or(default))
}

pub(super) fn null_if_empty(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
