//! UCR CloudEvents into rows of `ucr_event` (`ucr.md` section 7).
//!
//! An event is parsed once into a borrowed struct, checked completely, and only then appended.
//! Columns are filled by field name whatever the event type; what each type must bring is decided
//! in `requirements`.

use std::borrow::Cow;

use arrow::array::RecordBatch;
use homeward_contract::codes::UNKNOWN_TEAM_TYPE;
use homeward_contract::event::{CLOSURE_GROUPS, DECISIONS, EventType, SOURCE_GROUPS, TARGETS, VOID_REASONS};
use homeward_contract::feed::Table;
use homeward_contract::identity::OLDEST_AGE_YEARS;
use homeward_contract::reject::RejectCode;
use homeward_contract::schema::fact_schema;

use super::columns::{Columns, Value};
use super::event::{Data, Envelope, Person, keyed};
use super::fault::Fault;
use super::flags::Flags;
use super::identity::Identity;
use super::limits::{LONG_DURATION_MINUTES, MOST_DURATION_MINUTES};
use super::{DecodeContext, RawRecord, changes, clean, field, requirements};

/// Declares the columns this module fills, and finds their places in the contract's schema once a
/// batch.
macro_rules! columns {
    ($($column:ident),* $(,)?) => {
        /// Where each column stands in a row of `ucr_event`.
        pub(super) struct At { $(pub(super) $column: usize,)* }

        impl At {
            pub(super) fn of(schema: &arrow::datatypes::Schema) -> Self {
                Self { $($column: place(schema, stringify!($column)),)* }
            }
        }

        #[cfg(test)]
        pub(super) const FILLED: &[&str] = &[$(stringify!($column)),*];
    };
}

#[expect(
    clippy::expect_used,
    reason = "the contract's schema is fixed when it is compiled, and a test fills every column"
)]
fn place(schema: &arrow::datatypes::Schema, column: &str) -> usize {
    schema.index_of(column).expect("ucr_event has every column that its decoder fills")
}

columns! {
    event_id, source, event_type, event_time, provider, service_request_id, version_id, org_id_commissioner, pseudonym,
    pseudonym_key_version, age_years, lsoa, practice, received_at, rtt_start_at, waiting_time_measurement_type, source_of_referral,
    source_group, org_id_referring, priority_type, team_type, team_id_local, usual_residence, decision, decided_at,
    previous_waiting_time_type, redirected_to, rejected_at, referral_rejection_reason, care_contact_id, contact_at,
    care_contact_duration_minutes, cons_mechanism, attendance_status, activity_location_type, consultation_type, stops_clock,
    rtt_end_at, closed_at, closure_group, target, amends_event_id, changes, voided_at, reason, duplicate_of, extra, topic, partition,
    offset, known_at,
}

/// A whole UCR event.
type Event<'p> = Envelope<'p, Data<'p>>;

/// Collects the accepted events of one batch.
pub(super) struct UcrDecoder<'c> {
    context: &'c DecodeContext<'c>,
    at: At,
    columns: Columns,
    pub(super) flags: Flags,
}

impl<'c> UcrDecoder<'c> {
    pub(super) fn new(context: &'c DecodeContext<'c>, capacity_rows: usize) -> Self {
        let schema = fact_schema(Table::UcrEvent);
        Self { context, at: At::of(&schema), columns: Columns::new(schema, capacity_rows), flags: Flags::default() }
    }

    /// Cells in a row.
    pub(super) fn width(&self) -> usize {
        self.columns.width()
    }

    /// Checks one event and fills `row` with it.
    ///
    /// # Errors
    /// The fault for which the event is refused; `row` then holds an unfinished row, which the
    /// caller clears.
    pub(super) fn read<'p>(
        &mut self,
        record: &'p RawRecord<'_>,
        payload: &'p [u8],
        row: &mut [Value<'p>],
    ) -> Result<(), Fault> {
        let mut envelope: Event<'p> =
            serde_json::from_slice(payload).map_err(|error| Fault::json(&error, payload, RejectCode::WrongKind))?;
        let event_type = self.envelope(&mut envelope, row)?;
        let mut data = envelope.data.take().ok_or_else(|| Fault::item(RejectCode::MissingAttribute, "data"))?;
        let person = data.person.take();
        self.identity(&mut envelope, &mut data, record.key, row)?;
        self.referral(&mut data, row)?;
        self.triage(&mut data, row)?;
        self.contact(&mut data, row)?;
        self.correction(event_type, &mut data, row)?;

        let mut extra = envelope.extra;
        extra.append(data.extra);
        if let Some(mut person) = person {
            self.person(&mut person, row)?;
            extra.append(person.extra);
        }
        if extra.dropped_identifier() {
            self.flags.raise(RejectCode::UcrIdentifierDropped);
        }
        let kept = extra
            .to_json()
            .map_err(|_| Fault::because(RejectCode::WrongKind, "an unknown field", "is nested too deep to be kept"))?;
        row[self.at.extra] = kept.map(Cow::Owned).into();
        self.meta(record, row);
        requirements::check(event_type, &self.at, row)
    }

    /// Appends the row that [`Self::read`] filled, and empties it.
    pub(super) fn append(&mut self, row: &mut [Value<'_>]) {
        self.columns.append(row);
        self.flags.keep();
    }

    /// The batch, and what was found about records that were kept.
    pub(super) fn finish(self) -> (Option<RecordBatch>, Flags) {
        (self.columns.finish(), self.flags)
    }

    fn envelope<'p>(&self, envelope: &mut Event<'p>, row: &mut [Value<'p>]) -> Result<EventType, Fault> {
        let at = &self.at;
        let wire = field::attribute("type", &mut envelope.event_type)?;
        let event_type =
            EventType::from_wire_name(&wire).ok_or_else(|| Fault::word(RejectCode::UnknownEventType, &wire))?;
        let head = envelope.head()?;
        row[at.event_type] = Value::Text(Cow::Borrowed(event_type.short_name()));
        row[at.event_id] = Value::Text(head.id);
        row[at.source] = Value::Text(head.source);
        row[at.event_time] = Value::instant(head.time);
        row[at.version_id] = Value::Whole(head.version_id);
        Ok(event_type)
    }

    /// Provider and referral, which `subject`, the Kafka key and `data` must name alike: the key
    /// kept them in one partition.
    fn identity<'p>(
        &mut self,
        envelope: &mut Event<'p>,
        data: &mut Data<'p>,
        key: Option<&[u8]>,
        row: &mut [Value<'p>],
    ) -> Result<(), Fault> {
        let subject = field::attribute("subject", &mut envelope.subject)?;
        let missing = |item| Fault::item(RejectCode::MissingItem, item);
        let provider = field::text("OrgID_Provider", &mut data.provider)?.ok_or_else(|| missing("OrgID_Provider"))?;
        let provider =
            clean::provider(provider).ok_or_else(|| Fault::item(RejectCode::BadOrganisation, "OrgID_Provider"))?;
        let referral =
            field::text("ServiceRequestID", &mut data.service_request_id)?.and_then(clean::service_request_id);
        let (referral, placeholder) = referral.ok_or_else(|| missing("ServiceRequestID"))?;
        let names_both = |text: &str| {
            text.split_once('|').map(|(left, right)| {
                clean::provider(Cow::Borrowed(left)).as_deref() == Some(&provider)
                    && clean::service_request_id(Cow::Borrowed(right)).is_some_and(|(id, _)| id == referral)
            })
        };
        keyed(&subject, key, names_both)?;
        if placeholder {
            self.flags.raise(RejectCode::UcrPlaceholderReferral);
        }
        row[self.at.provider] = Value::Text(provider);
        row[self.at.service_request_id] = Value::Text(referral);
        Ok(())
    }

    fn person<'p>(&mut self, person: &mut Person<'p>, row: &mut [Value<'p>]) -> Result<(), Fault> {
        let at = &self.at;
        let known = Identity {
            names: ["person.pseudonym", "person.keyVersion", "person.nhsNumber"],
            pseudonym: &mut person.pseudonym,
            key_version: &mut person.key_version,
            nhs_number: &mut person.nhs_number,
        }
        .read(self.context.keys)?;
        if known.is_invalid_number {
            self.flags.raise(RejectCode::UcrInvalidNhsNumber);
        }
        (row[at.pseudonym], row[at.pseudonym_key_version]) = (known.pseudonym.into(), known.key_version.into());
        let ages = 0..=i64::from(OLDEST_AGE_YEARS);
        row[at.age_years] = field::whole("person.ageYears", &mut person.age_years, ages, RejectCode::BadAge)?.into();
        row[at.lsoa] = field::organisation("person.lsoa", &mut person.lsoa)?.into();
        row[at.practice] = field::organisation("person.practice", &mut person.practice)?.into();
        Ok(())
    }

    fn referral<'p>(&mut self, data: &mut Data<'p>, row: &mut [Value<'p>]) -> Result<(), Fault> {
        let at = &self.at;
        row[at.org_id_commissioner] = field::organisation("OrgID_Commissioner", &mut data.commissioner)?.into();
        row[at.received_at] = field::instant("ReferralRequest_ReceivedDateTime", &mut data.received_at)?.into();
        row[at.rtt_start_at] = field::instant("RTT_StartDateTime", &mut data.rtt_start_at)?.into();
        row[at.waiting_time_measurement_type] =
            field::waiting_type("WaitingTime_MeasurementType", &mut data.waiting_type)?.into();
        // Informative only: Homeward recomputes the breach instant. It is still held to the rule
        // for date-times.
        field::instant("breachAt", &mut data.breach_at)?;
        row[at.source_of_referral] = field::text("SourceOfReferral", &mut data.source_of_referral)?.into();
        row[at.source_group] =
            field::listed("sourceGroup", &mut data.source_group, &SOURCE_GROUPS, RejectCode::UnknownSourceGroup)?
                .into();
        row[at.org_id_referring] = field::organisation("OrgID_Referring", &mut data.referring)?.into();
        row[at.priority_type] = field::one_digit("Priority_Type", &mut data.priority)?.into();
        let team_type = field::team_type("TeamType", &mut data.team_type)?;
        if team_type.as_deref() == Some(UNKNOWN_TEAM_TYPE) {
            self.flags.raise(RejectCode::UcrUnknownTeamType);
        }
        row[at.team_type] = team_type.into();
        row[at.team_id_local] = field::text("TeamID_Local", &mut data.team_id)?.into();
        row[at.usual_residence] = field::word("usualResidence", &mut data.usual_residence)?.into();
        Ok(())
    }

    fn triage<'p>(&self, data: &mut Data<'p>, row: &mut [Value<'p>]) -> Result<(), Fault> {
        let at = &self.at;
        row[at.decision] =
            field::listed("decision", &mut data.decision, &DECISIONS, RejectCode::UnknownDecision)?.into();
        row[at.decided_at] = field::instant("decidedAt", &mut data.decided_at)?.into();
        row[at.previous_waiting_time_type] =
            field::waiting_type("previousWaitingTimeType", &mut data.previous_waiting_type)?.into();
        row[at.redirected_to] = field::organisation("redirectedTo", &mut data.redirected_to)?.into();
        row[at.rejected_at] = field::instant("rejectedAt", &mut data.rejected_at)?.into();
        row[at.referral_rejection_reason] =
            field::two_digit("Referral_RejectionReason", &mut data.rejection_reason)?.into();
        row[at.closed_at] = field::instant("closedAt", &mut data.closed_at)?.into();
        row[at.closure_group] =
            field::listed("closureGroup", &mut data.closure_group, &CLOSURE_GROUPS, RejectCode::UnknownClosureGroup)?
                .into();
        Ok(())
    }

    fn contact<'p>(&mut self, data: &mut Data<'p>, row: &mut [Value<'p>]) -> Result<(), Fault> {
        let at = &self.at;
        row[at.care_contact_id] = field::text("CareContactID", &mut data.care_contact_id)?.into();
        row[at.contact_at] = field::instant("Contact_DateTime", &mut data.contact_at)?.into();
        let minutes = field::whole(
            "CareContact_Duration",
            &mut data.duration_minutes,
            0..=MOST_DURATION_MINUTES,
            RejectCode::BadDuration,
        )?;
        if minutes.is_some_and(|minutes| minutes > LONG_DURATION_MINUTES) {
            self.flags.raise(RejectCode::UcrDurationOverMaximum);
        }
        row[at.care_contact_duration_minutes] = minutes.into();
        row[at.cons_mechanism] = field::two_digit("ConsMechanism", &mut data.mechanism)?.into();
        row[at.attendance_status] = field::one_digit("AttendanceStatus", &mut data.attendance)?.into();
        row[at.activity_location_type] = field::organisation("Activity_LocationType", &mut data.location_type)?.into();
        row[at.consultation_type] = field::two_digit("Consultation_Type", &mut data.consultation_type)?.into();
        row[at.stops_clock] = field::flag("stopsClock", &mut data.stops_clock)?.into();
        row[at.rtt_end_at] = field::instant("RTT_EndDateTime", &mut data.rtt_end_at)?.into();
        Ok(())
    }

    fn correction<'p>(&self, event_type: EventType, data: &mut Data<'p>, row: &mut [Value<'p>]) -> Result<(), Fault> {
        let at = &self.at;
        row[at.target] = field::listed("target", &mut data.target, &TARGETS, RejectCode::UnknownTarget)?.into();
        row[at.amends_event_id] = field::text("amendsEventId", &mut data.amends_event_id)?.into();
        row[at.changes] = data.changes.map(changes::normalise).transpose()?.map(Cow::Owned).into();
        row[at.voided_at] = field::instant("voidedAt", &mut data.voided_at)?.into();
        row[at.reason] = match event_type {
            EventType::Voided => {
                field::listed("reason", &mut data.reason, &VOID_REASONS, RejectCode::UnknownVoidReason)?.into()
            }
            _ => field::word("reason", &mut data.reason)?.into(),
        };
        let duplicate_of = field::text("duplicateOf", &mut data.duplicate_of)?.and_then(clean::service_request_id);
        row[at.duplicate_of] = duplicate_of.map(|(id, _)| id).into();
        Ok(())
    }

    fn meta<'p>(&self, record: &'p RawRecord<'_>, row: &mut [Value<'p>]) {
        let at = &self.at;
        row[at.topic] = Value::Text(Cow::Borrowed(&record.place.topic));
        row[at.partition] = Value::Whole(i64::from(record.place.partition));
        row[at.offset] = Value::Whole(record.place.offset);
        row[at.known_at] = Value::instant(self.context.known_at);
    }
}
