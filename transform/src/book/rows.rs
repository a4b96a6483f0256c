//! Rows of the CSDS fact tables to facts of a referral, a contact or a person.

use std::num::NonZeroU32;
use std::sync::Arc;

use arrow::array::{Array, BooleanArray, Date32Array, Int32Array, StringArray, TimestampMicrosecondArray};
use arrow::record_batch::RecordBatch;
use chrono::{NaiveDateTime, Timelike};
use homeward_contract::time::{parse_time_part, whole_minutes};

use super::clock::Micros;
use super::contacts::{Manner, When};
use super::csds::{ClockKey, CsdsPerson, PersonFacts, ReferralFacts, Rtt, Service};
use super::read::{FactShapeError, Facts, Interner, date_of, day_at, instant_at, midnight, text_at};
use super::submission::RowPlace;
use super::submissions::SubmissionColumns;

/// CYP101 rows.
pub(super) struct ReferralColumns<'a> {
    /// Submission columns.
    pub(super) submission: SubmissionColumns<'a>,
    service_request_id: &'a StringArray,
    placeholder: &'a BooleanArray,
    person: &'a StringArray,
    commissioner: &'a StringArray,
    received_date: &'a Date32Array,
    received_at: &'a TimestampMicrosecondArray,
    source_of_referral: &'a StringArray,
    priority: &'a StringArray,
    primary_reason: &'a StringArray,
    discharge_date: &'a Date32Array,
}

impl<'a> ReferralColumns<'a> {
    /// Finds the columns.
    pub(super) fn new(batch: &'a RecordBatch) -> Result<Self, FactShapeError> {
        let facts = Facts::new("csds_cyp101_referral", batch);
        Ok(Self {
            submission: SubmissionColumns::new(&facts)?,
            service_request_id: facts.text("service_request_id")?,
            placeholder: facts.flag("service_request_id_placeholder")?,
            person: facts.text("local_patient_pseudonym")?,
            commissioner: facts.text("org_id_commissioner")?,
            received_date: facts.date("referral_request_received_date")?,
            received_at: facts.instant("received_at")?,
            source_of_referral: facts.text("source_of_referral")?,
            priority: facts.text("priority_type")?,
            primary_reason: facts.text("primary_referral_reason")?,
            discharge_date: facts.date("discharge_date")?,
        })
    }

    /// ServiceRequestID, or none when it is a placeholder that must never be joined on (D2).
    #[must_use]
    pub(super) fn id(&self, row: usize) -> Option<&'a str> {
        joinable(self.service_request_id, self.placeholder, row)
    }

    /// The person's pseudonym inside the provider.
    #[must_use]
    pub(super) fn person(&self, row: usize) -> Option<&'a str> {
        text_at(self.person, row)
    }

    /// The facts of a row; `person` is its pseudonym, shared.
    pub(super) fn facts(&self, row: usize, person: Option<Arc<str>>, interner: &mut Interner) -> ReferralFacts {
        ReferralFacts {
            person,
            commissioner: interner.share_opt(text_at(self.commissioner, row)),
            received_at: instant_at(self.received_at, row).or_else(|| day_at(self.received_date, row).map(midnight)),
            source_of_referral: interner.share_opt(text_at(self.source_of_referral, row)),
            priority: interner.share_opt(text_at(self.priority, row)),
            primary_reason: interner.share_opt(text_at(self.primary_reason, row)),
            discharged_at: day_at(self.discharge_date, row).map(end_of_day),
        }
    }
}

/// CYP102 rows.
pub(super) struct ServiceColumns<'a> {
    /// Submission columns.
    pub(super) submission: SubmissionColumns<'a>,
    service_request_id: &'a StringArray,
    placeholder: &'a BooleanArray,
    team_id: &'a StringArray,
    team_type: &'a StringArray,
    closure_date: &'a Date32Array,
    rejection_date: &'a Date32Array,
}

impl<'a> ServiceColumns<'a> {
    /// Finds the columns.
    pub(super) fn new(batch: &'a RecordBatch) -> Result<Self, FactShapeError> {
        let facts = Facts::new("csds_cyp102_service_type_referred_to", batch);
        Ok(Self {
            submission: SubmissionColumns::new(&facts)?,
            service_request_id: facts.text("service_request_id")?,
            placeholder: facts.flag("service_request_id_placeholder")?,
            team_id: facts.text("team_id_local")?,
            team_type: facts.text("team_type")?,
            closure_date: facts.date("referral_closure_date")?,
            rejection_date: facts.date("referral_rejection_date")?,
        })
    }

    /// ServiceRequestID, or none when it is a placeholder.
    #[must_use]
    pub(super) fn id(&self, row: usize) -> Option<&'a str> {
        joinable(self.service_request_id, self.placeholder, row)
    }

    /// TeamID_Local.
    #[must_use]
    pub(super) fn team(&self, row: usize) -> Option<&'a str> {
        text_at(self.team_id, row)
    }

    /// The facts of a row.
    pub(super) fn facts(&self, row: usize, interner: &mut Interner) -> Service {
        Service {
            team_type: interner.share_opt(text_at(self.team_type, row)),
            rejected_at: day_at(self.rejection_date, row).map(midnight),
            closed_at: day_at(self.closure_date, row).map(end_of_day),
        }
    }
}

/// CYP104 rows.
pub(super) struct RttColumns<'a> {
    /// Submission columns.
    pub(super) submission: SubmissionColumns<'a>,
    service_request_id: &'a StringArray,
    placeholder: &'a BooleanArray,
    waiting_type: &'a StringArray,
    start_date: &'a Date32Array,
    start_time: &'a StringArray,
    end_date: &'a Date32Array,
    end_time: &'a StringArray,
    start_at: &'a TimestampMicrosecondArray,
    end_at: &'a TimestampMicrosecondArray,
}

impl<'a> RttColumns<'a> {
    /// Finds the columns.
    pub(super) fn new(batch: &'a RecordBatch) -> Result<Self, FactShapeError> {
        let facts = Facts::new("csds_cyp104_rtt", batch);
        Ok(Self {
            submission: SubmissionColumns::new(&facts)?,
            service_request_id: facts.text("service_request_id")?,
            placeholder: facts.flag("service_request_id_placeholder")?,
            waiting_type: facts.text("waiting_time_measurement_type")?,
            start_date: facts.date("rtt_start_date")?,
            start_time: facts.text("rtt_start_time")?,
            end_date: facts.date("rtt_end_date")?,
            end_time: facts.text("rtt_end_time")?,
            start_at: facts.instant("rtt_start_at")?,
            end_at: facts.instant("rtt_end_at")?,
        })
    }

    /// ServiceRequestID, or none when it is a placeholder.
    #[must_use]
    pub(super) fn id(&self, row: usize) -> Option<&'a str> {
        joinable(self.service_request_id, self.placeholder, row)
    }

    /// The clock's key and facts; none when the row names no waiting type.
    pub(super) fn facts(&self, row: usize, interner: &mut Interner) -> Option<(ClockKey, Rtt)> {
        let key = ClockKey {
            waiting_type: interner.share(text_at(self.waiting_type, row)?),
            start_day: day_at(self.start_date, row),
            start_time: text_at(self.start_time, row).map(Box::from),
        };
        let start = local(key.start_day, key.start_time.as_deref());
        let end = local(day_at(self.end_date, row), text_at(self.end_time, row));
        let rtt = Rtt {
            start_at: instant_at(self.start_at, row),
            end_day: day_at(self.end_date, row),
            end_at: instant_at(self.end_at, row),
            naive_minutes: start.zip(end).map(|(start, end)| whole_minutes(start, end)),
        };
        Some((key, rtt))
    }
}

/// CYP201 rows.
pub(super) struct ContactColumns<'a> {
    /// Submission columns.
    pub(super) submission: SubmissionColumns<'a>,
    service_request_id: &'a StringArray,
    placeholder: &'a BooleanArray,
    care_contact_id: &'a StringArray,
    date: &'a Date32Array,
    time: &'a StringArray,
    attendance: &'a StringArray,
    mechanism: &'a StringArray,
    location: &'a StringArray,
    consultation: &'a StringArray,
    commissioner: &'a StringArray,
    team: &'a StringArray,
}

impl<'a> ContactColumns<'a> {
    /// Finds the columns.
    pub(super) fn new(batch: &'a RecordBatch) -> Result<Self, FactShapeError> {
        let facts = Facts::new("csds_cyp201_care_contact", batch);
        Ok(Self {
            submission: SubmissionColumns::new(&facts)?,
            service_request_id: facts.text("service_request_id")?,
            placeholder: facts.flag("service_request_id_placeholder")?,
            care_contact_id: facts.text("care_contact_id")?,
            date: facts.date("contact_date")?,
            time: facts.text("contact_time")?,
            attendance: facts.text("attendance_status")?,
            mechanism: facts.text("cons_mechanism")?,
            location: facts.text("activity_location_type")?,
            consultation: facts.text("consultation_type")?,
            commissioner: facts.text("org_id_commissioner")?,
            team: facts.text("team_id_local")?,
        })
    }

    /// ServiceRequestID and CareContactID; none under a placeholder, which must never be joined on (D2).
    pub(super) fn ids(&self, row: usize) -> Option<(&'a str, &'a str)> {
        joinable(self.service_request_id, self.placeholder, row).zip(text_at(self.care_contact_id, row))
    }

    /// When the contact took place; a contact without a date belongs to no month.
    pub(super) fn when(&self, row: usize) -> Option<When> {
        let time = text_at(self.time, row).and_then(|text| parse_time_part(text).ok());
        let second = time.and_then(|time| NonZeroU32::new(time.num_seconds_from_midnight() + 1));
        Some(When { day: day_at(self.date, row)?, second })
    }

    /// What it was like.
    pub(super) fn manner(&self, row: usize, interner: &mut Interner) -> Manner {
        let mut shared = |column| interner.share_opt(text_at(column, row));
        Manner {
            attendance: shared(self.attendance),
            mechanism: shared(self.mechanism),
            location: shared(self.location),
            consultation: shared(self.consultation),
            commissioner: shared(self.commissioner),
            team: shared(self.team),
        }
    }
}

/// CYP001 and CYP002 rows: what is known of a person.
pub(super) struct PersonColumns<'a> {
    /// Submission columns.
    pub(super) submission: SubmissionColumns<'a>,
    person: &'a StringArray,
    said: Said<'a>,
}

/// What a table says of a person.
enum Said<'a> {
    Practice(&'a StringArray),
    Facts { age_years: &'a Int32Array, pseudonym: &'a StringArray },
}

impl<'a> PersonColumns<'a> {
    /// Finds the columns of CYP002.
    pub(super) fn practices(batch: &'a RecordBatch) -> Result<Self, FactShapeError> {
        let facts = Facts::new("csds_cyp002_gp", batch);
        let said = Said::Practice(facts.text("org_id_gp")?);
        Ok(Self { submission: SubmissionColumns::new(&facts)?, person: facts.text("local_patient_pseudonym")?, said })
    }

    /// Finds the columns of CYP001.
    pub(super) fn index(batch: &'a RecordBatch) -> Result<Self, FactShapeError> {
        let facts = Facts::new("csds_cyp001_mpi", batch);
        let said = Said::Facts { age_years: facts.int("age_years")?, pseudonym: facts.text("pseudonym")? };
        Ok(Self { submission: SubmissionColumns::new(&facts)?, person: facts.text("local_patient_pseudonym")?, said })
    }

    /// The person's pseudonym inside the provider.
    #[must_use]
    pub(super) fn person(&self, row: usize) -> Option<&'a str> {
        text_at(self.person, row)
    }

    /// Puts what the row says into what is known of the person.
    pub(super) fn put(&self, row: usize, place: RowPlace, person: &mut CsdsPerson, interner: &mut Interner) {
        match &self.said {
            Said::Practice(practice) => {
                person.practice.put(place, interner.share_opt(text_at(practice, row)));
            }
            Said::Facts { age_years, pseudonym } => {
                let age_years = age_years.is_valid(row).then(|| age_years.value(row));
                person.facts.put(place, PersonFacts { age_years, pseudonym: text_at(pseudonym, row).map(Arc::from) });
            }
        }
    }
}

fn end_of_day(day: i32) -> Micros {
    midnight(day + 1) - 1
}

fn joinable<'a>(ids: &'a StringArray, placeholder: &BooleanArray, row: usize) -> Option<&'a str> {
    let is_placeholder = placeholder.is_valid(row) && placeholder.value(row);
    text_at(ids, row).filter(|_| !is_placeholder)
}

fn local(day: Option<i32>, time: Option<&str>) -> Option<NaiveDateTime> {
    let time = parse_time_part(time?).ok()?;
    Some(date_of(day?).and_time(time))
}
