//! Rows of the CSDS fact tables to submissions, and to facts of a referral or a person.

use std::sync::Arc;

use arrow::array::{Array, Date32Array, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow::record_batch::RecordBatch;
use chrono::NaiveDateTime;
use homeward_contract::calendar::FileType;
use homeward_contract::decision::Verdict;
use homeward_contract::feed::Table;
use homeward_contract::manifest::Manifest;
use homeward_contract::time::{parse_time_part, whole_minutes};

use super::csds::{ClockKey, ReferralFacts, Rtt, Service};
use super::read::{FactShapeError, Facts, Interner, date_of, day_at, instant_at, midnight, text_at};
use super::submission::{Decided, Identity};

/// The columns that every CSDS fact table begins with.
pub(super) struct SubmissionColumns<'a> {
    submission_id: &'a StringArray,
    provider: &'a StringArray,
    rp_start_date: &'a Date32Array,
    rp_end_date: &'a Date32Array,
    file_type: &'a StringArray,
    file_received_at: &'a TimestampMicrosecondArray,
    row_number: &'a Int64Array,
}

impl<'a> SubmissionColumns<'a> {
    /// The columns by which a submission is known: all that [`super::register::Register::take`] reads of most tables.
    pub(super) const NAMES: [&'static str; 7] =
        ["submission_id", "provider", "rp_start_date", "rp_end_date", "file_type", "file_received_at", "row_number"];

    /// Finds the columns of any table that has them.
    pub(super) fn of(table: Table, batch: &'a RecordBatch) -> Result<Self, FactShapeError> {
        Self::new(&Facts::new(table.name(), batch))
    }

    fn new(facts: &Facts<'a>) -> Result<Self, FactShapeError> {
        Ok(Self {
            submission_id: facts.text("submission_id")?,
            provider: facts.text("provider")?,
            rp_start_date: facts.date("rp_start_date")?,
            rp_end_date: facts.date("rp_end_date")?,
            file_type: facts.text("file_type")?,
            file_received_at: facts.instant("file_received_at")?,
            row_number: facts.long("row_number")?,
        })
    }

    /// The submitting provider.
    #[must_use]
    pub(super) fn provider(&self, row: usize) -> &'a str {
        self.provider.value(row)
    }

    /// The submission's id.
    pub(super) fn id(&self, row: usize) -> &'a str {
        self.submission_id.value(row)
    }

    /// The row's number in its table; decoding takes none that does not fit.
    pub(super) fn row_number(&self, row: usize) -> u32 {
        u32::try_from(self.row_number.value(row)).unwrap_or(u32::MAX)
    }

    /// True when two rows come with one submission.
    pub(super) fn same(&self, one: usize, two: usize) -> bool {
        self.submission_id.value(one) == self.submission_id.value(two)
            && self.file_received_at.value(one) == self.file_received_at.value(two)
            && self.rp_end_date.value(one) == self.rp_end_date.value(two)
            && self.rp_start_date.value(one) == self.rp_start_date.value(two)
            && self.file_type.value(one) == self.file_type.value(two)
            && self.provider.value(one) == self.provider.value(two)
    }

    /// The submission that a row came with.
    pub(super) fn identity(&self, row: usize, interner: &mut Interner) -> Identity {
        Identity {
            rp_end_day: self.rp_end_date.value(row),
            received_at: self.file_received_at.value(row),
            id: interner.share(self.submission_id.value(row)),
            rp_start_day: self.rp_start_date.value(row),
            file_type: FileType::from_word(self.file_type.value(row)).unwrap_or(FileType::Primary),
            provider: interner.share(self.provider.value(row)),
        }
    }
}

/// What the header says of the number of rows.
pub(super) struct ManifestColumn<'a>(&'a StringArray);

impl<'a> ManifestColumn<'a> {
    /// Its name.
    pub(super) const NAME: &'static str = "manifest";

    /// Finds the column.
    pub(super) fn new(batch: &'a RecordBatch) -> Result<Self, FactShapeError> {
        Ok(Self(Facts::new(Table::Cyp000Header.name(), batch).text(Self::NAME)?))
    }

    /// The manifest of a header, if it has one.
    pub(super) fn manifest(&self, row: usize) -> Option<Manifest> {
        Manifest::from_json(text_at(self.0, row)?)
    }
}

/// Rows that were refused.
pub(super) struct RefusedColumns<'a> {
    /// Submission columns.
    pub(super) submission: SubmissionColumns<'a>,
    table_name: &'a StringArray,
    row_key: &'a StringArray,
}

impl<'a> RefusedColumns<'a> {
    /// The columns beside those of the submission.
    pub(super) const NAMES: [&'static str; 2] = ["table_name", "row_key"];

    /// Finds the columns.
    pub(super) fn new(batch: &'a RecordBatch) -> Result<Self, FactShapeError> {
        let facts = Facts::new(Table::CsdsRefusedRow.name(), batch);
        let [table_name, row_key] = Self::NAMES;
        let submission = SubmissionColumns::new(&facts)?;
        Ok(Self { submission, table_name: facts.text(table_name)?, row_key: facts.text(row_key)? })
    }

    /// The key that the row's children name it by, where it could be read.
    pub(super) fn key(&self, row: usize) -> Option<&'a str> {
        text_at(self.row_key, row)
    }

    /// The table that the row would have gone to.
    pub(super) fn table(&self, row: usize) -> Option<Table> {
        Table::from_csds_name(self.table_name.value(row))
    }
}

/// Decisions about submissions.
pub(super) struct DecisionColumns<'a> {
    decision_id: &'a StringArray,
    submission_id: &'a StringArray,
    decision: &'a StringArray,
    reason: &'a StringArray,
    decided_by: &'a StringArray,
    decided_at: &'a TimestampMicrosecondArray,
}

impl<'a> DecisionColumns<'a> {
    /// The columns it reads.
    pub(super) const NAMES: [&'static str; 6] =
        ["decision_id", "submission_id", "decision", "reason", "decided_by", "decided_at"];

    /// Finds the columns.
    pub(super) fn new(batch: &'a RecordBatch) -> Result<Self, FactShapeError> {
        let facts = Facts::new(Table::CsdsSubmissionDecision.name(), batch);
        Ok(Self {
            decision_id: facts.text("decision_id")?,
            submission_id: facts.text("submission_id")?,
            decision: facts.text("decision")?,
            reason: facts.text("reason")?,
            decided_by: facts.text("decided_by")?,
            decided_at: facts.instant("decided_at")?,
        })
    }

    /// The submission that it is about.
    pub(super) fn submission(&self, row: usize) -> &'a str {
        self.submission_id.value(row)
    }

    /// What was decided.
    pub(super) fn decided(&self, row: usize) -> Decided {
        Decided {
            at: self.decided_at.value(row),
            id: Box::from(self.decision_id.value(row)),
            verdict: Verdict::from_word(self.decision.value(row)).unwrap_or(Verdict::Reinstated),
            reason: Box::from(self.reason.value(row)),
            by: Box::from(self.decided_by.value(row)),
        }
    }
}

/// CYP101 rows.
pub(super) struct ReferralColumns<'a> {
    /// Submission columns.
    pub(super) submission: SubmissionColumns<'a>,
    service_request_id: &'a StringArray,
    placeholder: &'a arrow::array::BooleanArray,
    person: &'a StringArray,
    commissioner: &'a StringArray,
    received_date: &'a Date32Array,
    received_at: &'a TimestampMicrosecondArray,
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
        }
    }
}

/// CYP102 rows.
pub(super) struct ServiceColumns<'a> {
    /// Submission columns.
    pub(super) submission: SubmissionColumns<'a>,
    service_request_id: &'a StringArray,
    placeholder: &'a arrow::array::BooleanArray,
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
        let end_of_day = |day: i32| midnight(day + 1) - 1;
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
    placeholder: &'a arrow::array::BooleanArray,
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

/// CYP001 and CYP002 rows: what is known of a person.
pub(super) struct PersonColumns<'a> {
    /// Submission columns.
    pub(super) submission: SubmissionColumns<'a>,
    person: &'a StringArray,
    practice: Option<&'a StringArray>,
    age_years: Option<&'a Int32Array>,
}

impl<'a> PersonColumns<'a> {
    /// Finds the columns of CYP002.
    pub(super) fn practices(batch: &'a RecordBatch) -> Result<Self, FactShapeError> {
        let facts = Facts::new("csds_cyp002_gp", batch);
        Ok(Self {
            submission: SubmissionColumns::new(&facts)?,
            person: facts.text("local_patient_pseudonym")?,
            practice: Some(facts.text("org_id_gp")?),
            age_years: None,
        })
    }

    /// Finds the columns of CYP001.
    pub(super) fn ages(batch: &'a RecordBatch) -> Result<Self, FactShapeError> {
        let facts = Facts::new("csds_cyp001_mpi", batch);
        Ok(Self {
            submission: SubmissionColumns::new(&facts)?,
            person: facts.text("local_patient_pseudonym")?,
            practice: None,
            age_years: Some(facts.int("age_years")?),
        })
    }

    /// The person's pseudonym inside the provider.
    #[must_use]
    pub(super) fn person(&self, row: usize) -> Option<&'a str> {
        text_at(self.person, row)
    }

    /// Practice of the row: `None` when this table does not say.
    #[must_use]
    pub(super) fn practice(&self, row: usize) -> Option<Option<&'a str>> {
        self.practice.map(|practice| text_at(practice, row))
    }

    /// Age of the row: `None` when this table does not say.
    #[must_use]
    pub(super) fn age_years(&self, row: usize) -> Option<Option<i32>> {
        self.age_years.map(|ages| ages.is_valid(row).then(|| ages.value(row)))
    }
}

fn joinable<'a>(ids: &'a StringArray, placeholder: &arrow::array::BooleanArray, row: usize) -> Option<&'a str> {
    let is_placeholder = placeholder.is_valid(row) && placeholder.value(row);
    text_at(ids, row).filter(|_| !is_placeholder)
}

fn local(day: Option<i32>, time: Option<&str>) -> Option<NaiveDateTime> {
    let time = parse_time_part(time?).ok()?;
    Some(date_of(day?).and_time(time))
}
