//! UCR CloudEvents as `ucr.md` section 7 shows them.

use chrono::{DateTime, Utc};
use homeward_contract::identity::{NhsNumber, PseudonymKeys};

use crate::json::{Object, quoted};
use crate::parameters::{KEY_VERSION, Parameters};
use crate::random::guid;
use crate::referral::{Decision, Fact, FactKind, Referral, SendKind, Transmission};
use crate::wall::{wall, with_offset, with_z};

/// Writes facts as events.
pub(crate) struct EventWriter {
    seed: u64,
    keys: PseudonymKeys,
}

impl EventWriter {
    /// A writer whose ids and pseudonyms come from the parameters.
    pub(crate) fn new(parameters: &Parameters) -> Self {
        Self { seed: parameters.seed, keys: parameters.pseudonym_keys() }
    }

    /// The Kafka key of a referral's events.
    pub(crate) fn key(referral: &Referral) -> Vec<u8> {
        format!("{}|{}", referral.provider, referral.id).into_bytes()
    }

    /// The payload of one delivery.
    pub(crate) fn payload(&self, referral: &Referral, send: &Transmission) -> Vec<u8> {
        let fact = &referral.facts[send.fact];
        let again = u64::from(send.kind == SendKind::NewId);
        Object::new()
            .text("specversion", "1.0")
            .text("id", &self.event_id(referral, send.fact, again))
            .text("source", &format!("uk.nhs.{}.ucr-feed", referral.provider.to_lowercase()))
            .text("type", event_type(&fact.kind))
            .text("time", &with_z(fact.recorded_at))
            .text("subject", &format!("{}|{}", referral.provider, referral.id))
            .text("datacontenttype", "application/json")
            .text("versionid", &fact.version.to_string())
            .raw("filtering", &filtering(referral, waiting_type_at(referral, send.fact)))
            .raw("data", &self.data(referral, send.fact, fact))
            .finish()
            .into_bytes()
    }

    fn event_id(&self, referral: &Referral, fact: usize, again: u64) -> String {
        guid(self.seed, &[referral.serial, fact as u64, again])
    }

    fn data(&self, referral: &Referral, index: usize, fact: &Fact) -> String {
        let base = Object::new().text("OrgID_Provider", &referral.provider).text("ServiceRequestID", &referral.id);
        match &fact.kind {
            FactKind::Received { received_at, start_at } => self.received(base, referral, *received_at, *start_at),
            FactKind::Triaged { decision, decided_at } => triaged(base, referral, index, decision, *decided_at),
            FactKind::Rejected { at } => base
                .text("Referral_RejectionDate", &wall(*at).date().to_string())
                .text("rejectedAt", &with_offset(*at))
                .text("Referral_RejectionReason", "02")
                .finish(),
            FactKind::Contact { first, contact, at, duration_minutes, end_at } => base
                .text("CareContactID", contact)
                .text("Contact_DateTime", &with_offset(*at))
                .raw("CareContact_Duration", &duration_minutes.to_string())
                .text("ConsMechanism", "01")
                .text("AttendanceStatus", "5")
                .text("Activity_LocationType", "A01")
                .text("Consultation_Type", if *first { "01" } else { "02" })
                .text("TeamID_Local", &referral.team_id)
                .raw("stopsClock", if end_at.is_some() { "true" } else { "false" })
                .optional("RTT_EndDateTime", end_at.map(with_offset).as_deref())
                .finish(),
            FactKind::Closed { at, group } => {
                let day = wall(*at).date().to_string();
                base.text("closedAt", &with_offset(*at))
                    .text("Referral_ClosureDate", &day)
                    .raw("Referral_ClosureReason", "null")
                    .text("closureGroup", group)
                    .text("Discharge_Date", &day)
                    .finish()
            }
            FactKind::EndAmended { contact, amends, from, to } => {
                let item = |name: &str| change(name, &with_offset(*from), &with_offset(*to));
                base.text("target", "contact")
                    .text("CareContactID", contact)
                    .text("amendsEventId", &self.event_id(referral, *amends, 0))
                    .text("reason", "recording_error")
                    .raw("changes", &format!("[{},{}]", item("Contact_DateTime"), item("RTT_EndDateTime")))
                    .finish()
            }
            FactKind::StartAmended { amends, from, to } => base
                .text("target", "clock")
                .raw("CareContactID", "null")
                .text("amendsEventId", &self.event_id(referral, *amends, 0))
                .text("reason", "recording_error")
                .raw("changes", &format!("[{}]", change("RTT_StartDateTime", &with_offset(*from), &with_offset(*to))))
                .finish(),
            FactKind::Voided { at, reason, duplicate_of } => base
                .text("target", "referral")
                .raw("CareContactID", "null")
                .text("voidedAt", &with_offset(*at))
                .text("reason", reason)
                .optional("duplicateOf", duplicate_of.as_deref())
                .finish(),
            FactKind::ContactVoided { contact, at, .. } => base
                .text("target", "contact")
                .text("CareContactID", contact)
                .text("voidedAt", &with_offset(*at))
                .text("reason", "entered_in_error")
                .raw("duplicateOf", "null")
                .finish(),
        }
    }

    fn received(
        &self,
        base: Object,
        referral: &Referral,
        received_at: DateTime<Utc>,
        start_at: DateTime<Utc>,
    ) -> String {
        let breach_at = start_at + chrono::Duration::minutes(120);
        let data = base
            .optional("OrgID_Commissioner", referral.person.commissioner)
            .raw("person", &self.person(referral))
            .text("ReferralRequest_ReceivedDateTime", &with_offset(received_at))
            .text("RTT_StartDateTime", &with_offset(start_at))
            .text("WaitingTime_MeasurementType", referral.waiting_type)
            .text("breachAt", &with_offset(breach_at))
            .raw("SourceOfReferral", "null")
            .text("sourceGroup", referral.source_group)
            .optional("OrgID_Referring", referral.referring.as_deref())
            .text("Priority_Type", "2")
            .raw("PrimaryReferralReason", "null")
            .optional("TeamType", referral.team_type)
            .text("TeamID_Local", &referral.team_id)
            .text("usualResidence", referral.residence);
        if referral.source_group == "999" {
            let bars = Object::new().text("useCase", "a4t3").text("arpPriority", "C3").finish();
            return data.raw("bars", &bars).finish();
        }
        data.finish()
    }

    fn person(&self, referral: &Referral) -> String {
        let person = &referral.person;
        let pseudonym = person
            .nhs_number
            .as_deref()
            .and_then(|number| NhsNumber::parse(number).ok())
            .map(|number| self.keys.nhs(&number));
        let version = pseudonym.as_ref().map_or("null".to_owned(), |_| KEY_VERSION.to_string());
        Object::new()
            .optional("pseudonym", pseudonym.as_deref())
            .raw("keyVersion", &version)
            .raw("ageYears", &person.age_on(wall(referral.received_at).date()).to_string())
            .text("lsoa", &person.lsoa)
            .text("practice", &person.home.practice)
            .finish()
    }
}

fn change(item: &str, from: &str, to: &str) -> String {
    Object::new().text("item", item).text("from", from).text("to", to).finish()
}

fn filtering(referral: &Referral, waiting_type: &str) -> String {
    let mut filtering = Object::new().text("provider", &referral.provider);
    if let Some(icb) = referral.person.icb {
        filtering = filtering.text("icb", icb);
    }
    if let Some(team_type) = referral.team_type {
        filtering = filtering.raw("teamType", &quoted(team_type));
    }
    filtering.text("waitingTimeType", waiting_type).finish()
}

/// The waiting type as it stands once this fact is recorded.
fn waiting_type_at(referral: &Referral, index: usize) -> &'static str {
    let reclassified = referral.facts[..=index]
        .iter()
        .any(|fact| matches!(fact.kind, FactKind::Triaged { decision: Decision::Reclassified, .. }));
    if reclassified { "07" } else { referral.waiting_type }
}

const fn event_type(kind: &FactKind) -> &'static str {
    match kind {
        FactKind::Received { .. } => "ucr-referral-received-1",
        FactKind::Triaged { .. } => "ucr-referral-triaged-1",
        FactKind::Rejected { .. } => "ucr-referral-rejected-1",
        FactKind::Contact { first: true, .. } => "ucr-first-contact-1",
        FactKind::Contact { first: false, .. } => "ucr-contact-1",
        FactKind::Closed { .. } => "ucr-referral-closed-1",
        FactKind::EndAmended { .. } | FactKind::StartAmended { .. } => "ucr-referral-amended-1",
        FactKind::Voided { .. } | FactKind::ContactVoided { .. } => "ucr-referral-voided-1",
    }
}

fn triaged(base: Object, referral: &Referral, index: usize, decision: &Decision, decided_at: DateTime<Utc>) -> String {
    let (word, to) = match decision {
        Decision::Accepted => ("accepted", None),
        Decision::Reclassified => ("reclassified", None),
        Decision::Redirected { to } => ("redirected", Some(*to)),
    };
    base.text("decision", word)
        .text("decidedAt", &with_offset(decided_at))
        .text("WaitingTime_MeasurementType", waiting_type_at(referral, index))
        .text("previousWaitingTimeType", referral.waiting_type)
        .optional("redirectedTo", to)
        .optional("TeamType", referral.team_type)
        .text("TeamID_Local", &referral.team_id)
        .finish()
}
