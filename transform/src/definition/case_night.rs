//! Hospital spells, emergency attendances, deaths and registrations of a case in short form, and the CloudEvents that their
//! feeds would send (handbook, `days-at-home.md` section 3).

use homeward_contract::feed::Feed;
use homeward_contract::time::{local_midnight, parse_date};
use serde::Deserialize;
use serde_json::json;

use super::case::{Case, CaseFault, CaseRecord};
use super::case_event::{local_text, text_or};
use super::case_ward::{Message, given, pseudonym, records};

/// One version of a segment of a hospital spell. An empty text stands for null.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpellInput {
    /// Its id at the provider.
    pub spell: String,
    /// Number of the segment. Default 1.
    pub segment: Option<i64>,
    /// Admitted at, with offset.
    #[serde(default)]
    pub admitted: String,
    /// Discharged at; absent while open.
    #[serde(default)]
    pub discharged: String,
    /// A name of the person; empty for nobody known. Default P1.
    pub person: Option<String>,
    /// Default RH8.
    pub provider: Option<String>,
    /// Default `acute`.
    pub setting: Option<String>,
    /// Default `physical`.
    pub ward_kind: Option<String>,
    /// Default `ordinary`.
    pub classification: Option<String>,
    /// Age of the person. Default 81.
    pub age_years: Option<i64>,
    /// True takes the segment back (A11).
    #[serde(default)]
    pub cancelled: bool,
    /// `versionid`. Default: one more than the segment's entries before it in the case.
    pub version: Option<i64>,
    /// When the source recorded it. Default: the discharge, else the admission.
    pub time: Option<String>,
    /// When Homeward took it in. Default: `time`.
    pub known_at: Option<String>,
}

/// One version of a stay in an emergency department.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttendanceInput {
    /// Its id at the provider.
    pub attendance: String,
    /// Arrived at, with offset.
    #[serde(default)]
    pub arrived: String,
    /// Departed at; absent while there.
    #[serde(default)]
    pub departed: String,
    /// A name of the person. Default P1.
    pub person: Option<String>,
    /// Default RH8.
    pub provider: Option<String>,
    /// Age of the person. Default 81.
    pub age_years: Option<i64>,
    /// True takes it back.
    #[serde(default)]
    pub cancelled: bool,
    /// `versionid`. Default: one more than the entries before it of the same attendance.
    pub version: Option<i64>,
    /// When the source recorded it. Default: the departure, else the arrival.
    pub time: Option<String>,
    /// When Homeward took it in. Default: `time`.
    pub known_at: Option<String>,
}

/// One version of a death.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeathInput {
    /// A name of the person. Default P1.
    pub person: Option<String>,
    /// Local date.
    pub died: String,
    /// Default `formal`.
    pub status: Option<String>,
    /// Who speaks. Default QJK.
    pub source: Option<String>,
    /// True undoes it.
    #[serde(default)]
    pub revoked: bool,
    /// `versionid`. Default: one more than the entries before it of the same person and source.
    pub version: Option<i64>,
    /// When the source recorded it. Default: the midnight that begins the day.
    pub time: Option<String>,
    /// When Homeward took it in. Default: `time`.
    pub known_at: Option<String>,
}

/// One version of a registration with a practice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationInput {
    /// A name of the person. Default P1.
    pub person: Option<String>,
    /// Default L83999.
    pub practice: Option<String>,
    /// Small area of residence; empty for none. Default E01999901.
    pub lsoa: Option<String>,
    /// First night. Default 2023-12-01.
    pub from: Option<String>,
    /// Last night; absent while registered.
    #[serde(default)]
    pub to: String,
    /// Default false.
    #[serde(default)]
    pub opted_out: bool,
    /// Default false.
    #[serde(default)]
    pub care_home: bool,
    /// Default `fit`.
    pub efi_band: Option<String>,
    /// Age of the person at `time`. Default: not told.
    pub age_years: Option<i64>,
    /// `versionid`. Default: one more than the entries before it of the same registration.
    pub version: Option<i64>,
    /// When the source recorded it. Default: the midnight that begins the first night.
    pub time: Option<String>,
    /// When Homeward took it in. Default: `time`.
    pub known_at: Option<String>,
}

/// The CloudEvents of a case.
pub(super) fn night_records(case: &Case) -> Result<Vec<CaseRecord>, CaseFault> {
    let spells = case.spells.iter().map(|input| (format!("spell {}", input.spell), input.message()));
    let attendances =
        case.attendances.iter().map(|input| (format!("attendance {}", input.attendance), input.message()));
    let deaths = case.deaths.iter().map(|input| (format!("death of {}", input.died), input.message()));
    let of = |input: &RegistrationInput| format!("registration of {}", person(input.person.as_deref()));
    let registrations = case.registrations.iter().map(|input| (of(input), input.message()));
    records(case, "night", spells.chain(attendances).chain(deaths).chain(registrations))
}

fn person(name: Option<&str>) -> &str {
    name.unwrap_or("P1")
}

/// The person within `data`.
fn of_person(name: Option<&str>, age_years: Option<i64>) -> serde_json::Value {
    let age_years = age_years.unwrap_or(81);
    match person(name) {
        "" => json!({"ageYears": age_years}),
        name => json!({"pseudonym": pseudonym(name), "keyVersion": 3, "ageYears": age_years, "practice": "L83999"}),
    }
}

const fn status(cancelled: bool, ended: bool) -> &'static str {
    match (cancelled, ended) {
        (true, _) => "cancelled",
        (false, true) => "closed",
        (false, false) => "open",
    }
}

impl SpellInput {
    fn message(&self) -> Result<Message<'_>, String> {
        let provider = self.provider.as_deref().unwrap_or("RH8");
        let segment = self.segment.unwrap_or(1);
        let (admitted, discharged) = (given(&self.admitted)?, given(&self.discharged)?);
        let time = given(self.time.as_deref().unwrap_or_default())?.or(discharged).or(admitted);
        let time = time.ok_or("give 'admitted' or 'time'")?;
        let data = json!({
            "provider": provider,
            "spell_id": self.spell,
            "segment": segment,
            "trigger": if self.cancelled { json!("A11") } else { json!(null) },
            "status": status(self.cancelled, discharged.is_some()),
            "person": of_person(self.person.as_deref(), self.age_years),
            "admitted_at": admitted.map(local_text),
            "discharged_at": discharged.map(local_text),
            "setting": text_or(self.setting.as_deref(), "acute"),
            "ward_kind": text_or(self.ward_kind.as_deref(), "physical"),
            "admission_method": "emergency",
            "patient_classification": text_or(self.classification.as_deref(), "ordinary"),
            "usual_residence": "own_home",
        });
        Ok(Message {
            feed: Feed::Spell,
            wire_name: "hospital-spell-1",
            subject: format!("{provider}|{}|{segment}", self.spell),
            provider,
            version: self.version,
            time,
            known_at: given(self.known_at.as_deref().unwrap_or_default())?.unwrap_or(time),
            data,
        })
    }
}

impl AttendanceInput {
    fn message(&self) -> Result<Message<'_>, String> {
        let provider = self.provider.as_deref().unwrap_or("RH8");
        let (arrived, departed) = (given(&self.arrived)?, given(&self.departed)?);
        let time = given(self.time.as_deref().unwrap_or_default())?.or(departed).or(arrived);
        let time = time.ok_or("give 'arrived' or 'time'")?;
        let data = json!({
            "provider": provider,
            "attendance_id": self.attendance,
            "status": status(self.cancelled, departed.is_some()),
            "person": of_person(self.person.as_deref(), self.age_years),
            "arrived_at": arrived.map(local_text),
            "departed_at": departed.map(local_text),
            "arrival_mode": "ambulance",
            "attendance_kind": "type1",
            "disposal": "home",
        });
        Ok(Message {
            feed: Feed::EdStay,
            wire_name: "ed-stay-1",
            subject: format!("{provider}|{}", self.attendance),
            provider,
            version: self.version,
            time,
            known_at: given(self.known_at.as_deref().unwrap_or_default())?.unwrap_or(time),
            data,
        })
    }
}

impl DeathInput {
    fn message(&self) -> Result<Message<'_>, String> {
        let died = parse_date(&self.died).map_err(|error| format!("'{}': {error}", self.died))?;
        let time = given(self.time.as_deref().unwrap_or_default())?.unwrap_or_else(|| local_midnight(died));
        let source = self.source.as_deref().unwrap_or("QJK");
        let pseudonym = pseudonym(person(self.person.as_deref()));
        let data = json!({
            "pseudonym": pseudonym,
            "keyVersion": 3,
            "date_of_death": self.died,
            "precision": "day",
            "status": text_or(self.status.as_deref(), "formal"),
            "place_kind": "hospital",
            "external_cause": false,
            "revoked": self.revoked,
        });
        Ok(Message {
            feed: Feed::Death,
            wire_name: "death-1",
            subject: format!("{source}|{pseudonym}"),
            provider: source,
            version: self.version,
            time,
            known_at: given(self.known_at.as_deref().unwrap_or_default())?.unwrap_or(time),
            data,
        })
    }
}

impl RegistrationInput {
    fn message(&self) -> Result<Message<'_>, String> {
        let from = self.from.as_deref().unwrap_or("2023-12-01");
        let first = parse_date(from).map_err(|error| format!("'{from}': {error}"))?;
        let time = given(self.time.as_deref().unwrap_or_default())?.unwrap_or_else(|| local_midnight(first));
        let practice = self.practice.as_deref().unwrap_or("L83999");
        let pseudonym = pseudonym(person(self.person.as_deref()));
        let data = json!({
            "pseudonym": pseudonym,
            "keyVersion": 3,
            "practice": practice,
            "lsoa": text_or(self.lsoa.as_deref(), "E01999901"),
            "registered_from": from,
            "registered_to": text_or(Some(&self.to), ""),
            "end_reason": if self.to.is_empty() { json!(null) } else { json!("moved_away") },
            "opted_out": self.opted_out,
            "care_home": self.care_home,
            "efi_band": text_or(self.efi_band.as_deref(), "fit"),
            "ageYears": self.age_years,
        });
        Ok(Message {
            feed: Feed::Registration,
            wire_name: "registration-1",
            subject: format!("QJK|{pseudonym}|{practice}|{from}"),
            provider: "QJK",
            version: self.version,
            time,
            known_at: given(self.known_at.as_deref().unwrap_or_default())?.unwrap_or(time),
            data,
        })
    }
}
