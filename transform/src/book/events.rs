//! Rows of `ucr_event` to facts of a live referral.

use std::sync::Arc;

use arrow::array::{Array, BooleanArray, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow::record_batch::RecordBatch;
use homeward_contract::codes;
use homeward_contract::time::parse_offset_instant;
use serde::Deserialize;

use super::clock::Micros;
use super::contacts::{Manner, Manners};
use super::rank::{EventId, EventRank};
use super::read::{FactShapeError, Facts, Interner, instant_at, text_at};
use super::referral::{Amended, Closure, Contact, Decision, LiveReferral, Received, Triage, Void};

/// Borrowed columns of one `ucr_event` batch.
pub(super) struct EventColumns<'a> {
    event_id: &'a StringArray,
    event_type: &'a StringArray,
    event_time: &'a TimestampMicrosecondArray,
    provider: &'a StringArray,
    service_request_id: &'a StringArray,
    version_id: &'a Int64Array,
    commissioner: &'a StringArray,
    age_years: &'a Int32Array,
    practice: &'a StringArray,
    person: &'a StringArray,
    source_of_referral: &'a StringArray,
    priority: &'a StringArray,
    received_at: &'a TimestampMicrosecondArray,
    rtt_start_at: &'a TimestampMicrosecondArray,
    waiting_type: &'a StringArray,
    source_group: &'a StringArray,
    team_type: &'a StringArray,
    decision: &'a StringArray,
    decided_at: &'a TimestampMicrosecondArray,
    rejected_at: &'a TimestampMicrosecondArray,
    care_contact_id: &'a StringArray,
    contact_at: &'a TimestampMicrosecondArray,
    attendance: &'a StringArray,
    mechanism: &'a StringArray,
    location: &'a StringArray,
    consultation: &'a StringArray,
    stops_clock: &'a BooleanArray,
    rtt_end_at: &'a TimestampMicrosecondArray,
    closed_at: &'a TimestampMicrosecondArray,
    closure_group: &'a StringArray,
    target: &'a StringArray,
    changes: &'a StringArray,
}

/// One item of the `changes` column.
#[derive(Deserialize)]
struct ChangedItem {
    item: String,
    to: Option<serde_json::Value>,
}

impl<'a> EventColumns<'a> {
    /// Finds the columns of a batch.
    pub(super) fn new(batch: &'a RecordBatch) -> Result<Self, FactShapeError> {
        let facts = Facts::new("ucr_event", batch);
        Ok(Self {
            event_id: facts.text("event_id")?,
            event_type: facts.text("event_type")?,
            event_time: facts.instant("event_time")?,
            provider: facts.text("provider")?,
            service_request_id: facts.text("service_request_id")?,
            version_id: facts.long("version_id")?,
            commissioner: facts.text("org_id_commissioner")?,
            age_years: facts.int("age_years")?,
            practice: facts.text("practice")?,
            person: facts.text("pseudonym")?,
            source_of_referral: facts.text("source_of_referral")?,
            priority: facts.text("priority_type")?,
            received_at: facts.instant("received_at")?,
            rtt_start_at: facts.instant("rtt_start_at")?,
            waiting_type: facts.text("waiting_time_measurement_type")?,
            source_group: facts.text("source_group")?,
            team_type: facts.text("team_type")?,
            decision: facts.text("decision")?,
            decided_at: facts.instant("decided_at")?,
            rejected_at: facts.instant("rejected_at")?,
            care_contact_id: facts.text("care_contact_id")?,
            contact_at: facts.instant("contact_at")?,
            attendance: facts.text("attendance_status")?,
            mechanism: facts.text("cons_mechanism")?,
            location: facts.text("activity_location_type")?,
            consultation: facts.text("consultation_type")?,
            stops_clock: facts.flag("stops_clock")?,
            rtt_end_at: facts.instant("rtt_end_at")?,
            closed_at: facts.instant("closed_at")?,
            closure_group: facts.text("closure_group")?,
            target: facts.text("target")?,
            changes: facts.text("changes")?,
        })
    }

    /// Provider and ServiceRequestID of a row.
    #[must_use]
    pub(super) fn subject(&self, row: usize) -> (&'a str, &'a str) {
        (self.provider.value(row), self.service_request_id.value(row))
    }

    /// When the source recorded the fact.
    #[must_use]
    pub(super) fn event_time(&self, row: usize) -> Micros {
        self.event_time.value(row)
    }

    /// Puts the fact of a row into its referral.
    pub(super) fn put(&self, row: usize, referral: &mut LiveReferral, interner: &mut Interner, manners: &mut Manners) {
        let rank = EventRank {
            version: self.version_id.value(row),
            time: self.event_time.value(row),
            id: EventId::parse(self.event_id.value(row)),
        };
        match self.event_type.value(row) {
            "received" => referral.receive(rank, self.received(row, interner)),
            "triaged" => referral.triage(rank, self.triage(row, interner)),
            "rejected" => referral.reject(rank, instant_at(self.rejected_at, row)),
            "first_contact" | "contact" => {
                let id = text_at(self.care_contact_id, row).unwrap_or_default();
                referral.contact(id, rank, self.contact(row, interner, manners));
            }
            "closed" => referral.close(
                rank,
                Closure {
                    closed_at: instant_at(self.closed_at, row),
                    closure_group: interner.share_opt(text_at(self.closure_group, row)),
                },
            ),
            "amended" => self.amend(row, &rank, referral, interner),
            "voided" => referral.void(self.void(row)),
            // The contract admits no other type; a lake written by a newer Homeward may, and they decide nothing here.
            _ => {}
        }
    }

    fn received(&self, row: usize, interner: &mut Interner) -> Received {
        Received {
            received_at: instant_at(self.received_at, row),
            rtt_start_at: instant_at(self.rtt_start_at, row),
            waiting_type: interner.share_opt(text_at(self.waiting_type, row)),
            commissioner: interner.share_opt(text_at(self.commissioner, row)),
            practice: interner.share_opt(text_at(self.practice, row)),
            source_group: interner.share_opt(text_at(self.source_group, row)),
            team_type: interner.share_opt(text_at(self.team_type, row)),
            age_years: self.age_years.is_valid(row).then(|| self.age_years.value(row)),
            person: text_at(self.person, row).map(Arc::from),
            source_of_referral: interner.share_opt(text_at(self.source_of_referral, row)),
            priority: interner.share_opt(text_at(self.priority, row)),
        }
    }

    fn triage(&self, row: usize, interner: &mut Interner) -> Triage {
        let decision = match text_at(self.decision, row) {
            Some("reclassified") => Decision::Reclassified,
            Some("redirected") => Decision::Redirected,
            _ => Decision::Accepted,
        };
        Triage {
            decided_at: instant_at(self.decided_at, row),
            decision,
            waiting_type: interner.share_opt(text_at(self.waiting_type, row)),
        }
    }

    /// The id of the contact that a row tells of, if it tells of one.
    pub(super) fn contact_id(&self, row: usize) -> Option<&'a str> {
        let tells = matches!(self.event_type.value(row), "first_contact" | "contact");
        text_at(self.care_contact_id, row).filter(|_| tells)
    }

    fn contact(&self, row: usize, interner: &mut Interner, manners: &mut Manners) -> Contact {
        let mut shared = |column| interner.share_opt(text_at(column, row));
        let manner = Manner {
            attendance: shared(self.attendance),
            mechanism: shared(self.mechanism),
            location: shared(self.location),
            consultation: shared(self.consultation),
            ..Manner::default()
        };
        Contact {
            contact_at: instant_at(self.contact_at, row),
            manner: manners.share(manner),
            stops_clock: self.stops_clock.is_valid(row) && self.stops_clock.value(row),
            rtt_end_at: instant_at(self.rtt_end_at, row),
        }
    }

    fn void(&self, row: usize) -> Void {
        match (text_at(self.target, row), text_at(self.care_contact_id, row)) {
            (Some("contact"), Some(id)) => Void::Contact(Box::from(id)),
            (Some("clock"), _) => Void::Clock,
            _ => Void::Referral,
        }
    }

    fn amend(&self, row: usize, rank: &EventRank, referral: &mut LiveReferral, interner: &mut Interner) {
        let contact = match text_at(self.target, row) {
            Some("contact") => text_at(self.care_contact_id, row),
            _ => None,
        };
        let changes: Vec<ChangedItem> =
            text_at(self.changes, row).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        for change in changes {
            if let Some(item) = amended(&change, interner) {
                let contact = contact.filter(|_| item.is_of_contact());
                referral.amend(rank.clone(), contact, item);
            }
        }
    }
}

/// The amended item, if it is one that decides a figure; the decoder has validated the values.
fn amended(change: &ChangedItem, interner: &mut Interner) -> Option<Amended> {
    let text = change.to.as_ref().and_then(serde_json::Value::as_str);
    let instant = || text.and_then(|text| parse_offset_instant(text).ok()).map(|at| at.timestamp_micros());
    let mut shared = |text: Option<&str>| -> Option<Arc<str>> { interner.share_opt(text) };
    Some(match change.item.as_str() {
        "ReferralRequest_ReceivedDateTime" => Amended::ReceivedAt(instant()),
        "RTT_StartDateTime" => Amended::RttStartAt(instant()),
        "RTT_EndDateTime" => Amended::RttEndAt(instant()),
        "closedAt" => Amended::ClosedAt(instant()),
        "rejectedAt" => Amended::RejectedAt(instant()),
        "decidedAt" => Amended::DecidedAt(instant()),
        "stopsClock" => {
            Amended::StopsClock(change.to.as_ref().and_then(serde_json::Value::as_bool).unwrap_or(text == Some("true")))
        }
        "WaitingTime_MeasurementType" => Amended::WaitingType(shared(text.and_then(codes::two_digit).as_deref())),
        "OrgID_Commissioner" => Amended::Commissioner(shared(text)),
        "practice" => Amended::Practice(shared(text)),
        "sourceGroup" => Amended::SourceGroup(shared(text)),
        "TeamType" => Amended::TeamType(shared(text.and_then(codes::two_digit).as_deref())),
        "SourceOfReferral" => Amended::SourceOfReferral(shared(text)),
        "Priority_Type" => Amended::Priority(shared(text.and_then(codes::one_digit).as_deref())),
        "Contact_DateTime" => Amended::ContactAt(instant()),
        "AttendanceStatus" => Amended::Attendance(shared(text.and_then(codes::one_digit).as_deref())),
        "ConsMechanism" => Amended::Mechanism(shared(text.and_then(codes::two_digit).as_deref())),
        "Activity_LocationType" => Amended::Location(shared(text.and_then(codes::organisation).as_deref())),
        "Consultation_Type" => Amended::Consultation(shared(text.and_then(codes::two_digit).as_deref())),
        _ => return None,
    })
}
