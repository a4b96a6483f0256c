//! Stays and beds of virtual wards of a case in short form, and the CloudEvents that a feed would send of them (handbook,
//! `virtual-wards.md` section 4).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use homeward_contract::feed::Feed;
use homeward_contract::time::london;
use serde::Deserialize;
use serde_json::{Value, json};

use super::case::{Case, CaseFault, CaseRecord};
use super::case_event::{guid, instant, local_text, null_if_empty, text_or};

/// One version of a stay. An empty text stands for null; what is absent takes the default named below.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StayInput {
    /// Its id at the provider.
    pub stay: String,
    /// The virtual ward. Default W1.
    pub ward: Option<String>,
    /// Admitted at, with offset. A void needs none.
    #[serde(default)]
    pub admitted: String,
    /// Discharged at; absent while open.
    #[serde(default)]
    pub discharged: String,
    /// A name of the person, of letters and digits; empty for nobody known. Default: the stay's id.
    pub person: Option<String>,
    /// Default RH8.
    pub provider: Option<String>,
    /// Default L83999.
    pub practice: Option<String>,
    /// Default `step_down`.
    pub route: Option<String>,
    /// Default `frailty`.
    pub pathway: Option<String>,
    /// Default `home` when it is closed.
    pub outcome: Option<String>,
    /// True takes the stay back.
    #[serde(default)]
    pub voided: bool,
    /// `versionid`. Default: one more than the stay's entries before it in the case.
    pub version: Option<i64>,
    /// When the source recorded it. Default: the discharge, else the admission.
    pub time: Option<String>,
    /// When Homeward took it in. Default: `time`.
    pub known_at: Option<String>,
}

/// One version of a ward's beds from an instant on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BedInput {
    /// The virtual ward. Default W1.
    pub ward: Option<String>,
    /// Number of beds; absent when not known.
    pub beds: Option<i64>,
    /// Valid from, with offset.
    pub from: String,
    /// Valid to; absent when not known.
    #[serde(default)]
    pub to: String,
    /// Default RH8.
    pub provider: Option<String>,
    /// Integrated care board that they are counted for. Default QJK.
    pub area: Option<String>,
    /// Default `frailty`.
    pub pathway: Option<String>,
    /// `versionid`. Default: one more than the entries before it of the same ward and local day.
    pub version: Option<i64>,
    /// When the source recorded it. Default: `from`.
    pub time: Option<String>,
    /// When Homeward took it in. Default: `time`.
    pub known_at: Option<String>,
}

/// The CloudEvents of a case.
pub(super) fn ward_records(case: &Case) -> Result<Vec<CaseRecord>, CaseFault> {
    let stays =
        (1..).zip(&case.stays).map(|(number, input)| (format!("stay {number} ({})", input.stay), input.message()));
    let beds =
        (1..).zip(&case.beds).map(|(number, input)| (format!("beds {number} ({})", input.ward()), input.message()));
    records(case, "ward", stays.chain(beds))
}

/// The CloudEvents of some entries, each with the words that a fault names it by.
pub(super) fn records<'a>(
    case: &Case,
    label: &str,
    entries: impl Iterator<Item = (String, Result<Message<'a>, String>)>,
) -> Result<Vec<CaseRecord>, CaseFault> {
    let mut versions: HashMap<String, i64> = HashMap::new();
    let made = entries.enumerate().map(|(index, (entry, message))| {
        let record = message.and_then(|message| message.record(case, &mut versions, &format!("{label}-{index}")));
        record.map_err(|what| CaseFault { entry, what })
    });
    made.collect()
}

/// What an entry says, before its place in the case decides the rest.
pub(super) struct Message<'a> {
    pub(super) feed: Feed,
    pub(super) wire_name: &'static str,
    pub(super) subject: String,
    /// Who speaks.
    pub(super) provider: &'a str,
    pub(super) version: Option<i64>,
    pub(super) time: DateTime<Utc>,
    pub(super) known_at: DateTime<Utc>,
    pub(super) data: Value,
}

impl Message<'_> {
    fn record(self, case: &Case, versions: &mut HashMap<String, i64>, label: &str) -> Result<CaseRecord, String> {
        let ordinal = versions.entry(self.subject.clone()).or_default();
        *ordinal += 1;
        let version = self.version.unwrap_or(*ordinal);
        let envelope = json!({
            "specversion": "1.0",
            "id": guid(case, label),
            "source": format!("uk.nhs.{}.{}", self.provider.to_lowercase(), self.feed.name().replace('_', "-")),
            "type": self.wire_name,
            "time": local_text(self.time),
            "subject": self.subject,
            "datacontenttype": "application/json",
            "versionid": version.to_string(),
            "filtering": {"provider": self.provider, "icb": "QJK"},
            "data": self.data,
        });
        let payload = envelope.to_string().into_bytes();
        Ok(CaseRecord { feed: self.feed, key: self.subject.into_bytes(), payload, known_at: self.known_at })
    }
}

impl StayInput {
    fn message(&self) -> Result<Message<'_>, String> {
        let provider = self.provider.as_deref().unwrap_or("RH8");
        let ward = self.ward.as_deref().unwrap_or("W1");
        let (admitted, discharged) = (given(&self.admitted)?, given(&self.discharged)?);
        let time = given(self.time.as_deref().unwrap_or_default())?.or(discharged).or(admitted);
        let time = time.ok_or("give 'admitted' or 'time'")?;
        let (wire_name, data) = if self.voided {
            ("virtual-ward-stay-voided-1", json!({"reason": "entered_in_error"}))
        } else {
            let outcome = if discharged.is_some() { "home" } else { "" };
            let person = match self.person.as_deref().unwrap_or(&self.stay) {
                "" => json!({"ageYears": 81, "practice": text_or(self.practice.as_deref(), "L83999")}),
                name => json!({
                    "pseudonym": pseudonym(name),
                    "keyVersion": 3,
                    "ageYears": 81,
                    "lsoa": "E01999902",
                    "practice": text_or(self.practice.as_deref(), "L83999"),
                }),
            };
            let data = json!({
                "ward_id": ward,
                "person": person,
                "admitted_at": admitted.map(local_text),
                "discharged_at": discharged.map(local_text),
                "route": text_or(self.route.as_deref(), "step_down"),
                "pathway": text_or(self.pathway.as_deref(), "frailty"),
                "tech_enabled": true,
                "usual_residence": "own_home",
                "outcome": text_or(self.outcome.as_deref(), outcome),
                "referred_by": provider,
                "status": if discharged.is_some() { "closed" } else { "open" },
            });
            ("virtual-ward-stay-1", data)
        };
        Ok(Message {
            feed: Feed::VwStay,
            wire_name,
            subject: format!("{provider}|{}", self.stay),
            provider,
            version: self.version,
            time,
            known_at: given(self.known_at.as_deref().unwrap_or_default())?.unwrap_or(time),
            data: with(data, &[("provider", json!(provider)), ("stay_id", json!(self.stay))]),
        })
    }
}

impl BedInput {
    fn ward(&self) -> &str {
        self.ward.as_deref().unwrap_or("W1")
    }

    fn message(&self) -> Result<Message<'_>, String> {
        let provider = self.provider.as_deref().unwrap_or("RH8");
        let (from, to) = (instant(&self.from)?, given(&self.to)?);
        let time = given(self.time.as_deref().unwrap_or_default())?.unwrap_or(from);
        let data = json!({
            "provider": provider,
            "ward_id": self.ward(),
            "ward_name": format!("Virtual ward {}", self.ward()),
            "pathway": text_or(self.pathway.as_deref(), "frailty"),
            "beds": self.beds,
            "valid_from": local_text(from),
            "valid_to": to.map(local_text),
            "area": text_or(self.area.as_deref(), "QJK"),
        });
        Ok(Message {
            feed: Feed::VwCapacity,
            wire_name: "virtual-ward-capacity-1",
            subject: format!("{provider}|{}|{}", self.ward(), london(from).date()),
            provider,
            version: self.version,
            time,
            known_at: given(self.known_at.as_deref().unwrap_or_default())?.unwrap_or(time),
            data,
        })
    }
}

fn with(mut data: Value, items: &[(&str, Value)]) -> Value {
    if let Value::Object(map) = &mut data {
        map.extend(items.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    }
    data
}

/// An instant; empty is none.
pub(super) fn given(text: &str) -> Result<Option<DateTime<Utc>>, String> {
    match null_if_empty(text) {
        Value::Null => Ok(None),
        _ => instant(text).map(Some),
    }
}

/// A person's name with the length of a pseudonym: nobody is behind it.
pub(super) fn pseudonym(name: &str) -> String {
    format!("{name:A<43}")
}
