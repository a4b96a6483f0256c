//! Rows of the CSDS fact tables to submissions.

use arrow::array::{Date32Array, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow::record_batch::RecordBatch;
use homeward_contract::calendar::FileType;
use homeward_contract::decision::Verdict;
use homeward_contract::feed::Table;
use homeward_contract::manifest::Manifest;

use super::clock::Micros;
use super::read::{FactShapeError, Facts, Interner, text_at};
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

    pub(super) fn new(facts: &Facts<'a>) -> Result<Self, FactShapeError> {
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

/// What the header says of the rows.
pub(super) struct HeaderColumns<'a> {
    manifest: &'a StringArray,
    content: &'a StringArray,
    known_at: &'a TimestampMicrosecondArray,
}

impl<'a> HeaderColumns<'a> {
    /// Their names.
    pub(super) const NAMES: [&'static str; 3] = ["manifest", "content_sha256", "known_at"];

    /// Finds the columns.
    pub(super) fn new(batch: &'a RecordBatch) -> Result<Self, FactShapeError> {
        let facts = Facts::new(Table::Cyp000Header.name(), batch);
        let [manifest, content, known_at] = Self::NAMES;
        Ok(Self { manifest: facts.text(manifest)?, content: facts.text(content)?, known_at: facts.instant(known_at)? })
    }

    /// The manifest of a header, if it has one.
    pub(super) fn manifest(&self, row: usize) -> Option<Manifest> {
        Manifest::from_json(text_at(self.manifest, row)?)
    }

    /// When the header was taken in, and the checksum of its rows, if it has one.
    pub(super) fn content(&self, row: usize) -> Option<(Micros, Box<str>)> {
        Some((self.known_at.value(row), Box::from(text_at(self.content, row)?)))
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
