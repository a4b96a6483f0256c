//! What was found in a submission: refused rows, the rows that fell with them, and warnings, one entry an occurrence. Pure.
//!
//! A [`Review`] takes the rows of the submissions that are asked for, in any order, and tells at the end. It holds all 37
//! tables to the rule of [`crate::book::cascade`].
//!
//! Bounds: for each submission asked for, 32 bytes a row, each key once, and an entry a finding; one who asks for many
//! submissions asks for one after the other. Of others, what the register keeps.

mod columns;
mod entry;
mod gathered;
mod months;
mod quality;

use std::collections::BTreeMap;

use arrow::record_batch::RecordBatch;
use homeward_contract::feed::{Feed, Table};
use homeward_contract::reject::RejectCode;
use homeward_ingest::decode::Place;
use homeward_ingest::quarantine::entry_id;

use crate::book::read::{FactShapeError, Facts, Interner, text_at};
use crate::book::register::Register;
use crate::book::roll::Line;
use crate::book::submission::Identity;
use columns::RowReader;
pub use entry::{Entry, Feedback, RowRef, Rows};
use gathered::{Gathered, Refused};
pub use months::{DataQuality, Due, PASS_ROWS_MAX, Reviewed};
pub use quality::{Item, Measure, Quality, Share};

/// Which submissions are asked for.
pub type Wanted = Box<dyn Fn(&Identity) -> bool + Send>;

/// Rows under review.
pub struct Review {
    register: Register,
    wanted: Wanted,
    /// By the submission's index in the register; none for those that nobody asked for.
    gathered: BTreeMap<u32, Option<Gathered>>,
    interner: Interner,
}

impl Review {
    /// A review of these submissions.
    #[must_use]
    pub fn new(wanted: impl Fn(&Identity) -> bool + Send + 'static) -> Self {
        Self {
            register: Register::default(),
            wanted: Box::new(wanted),
            gathered: BTreeMap::new(),
            interner: Interner::default(),
        }
    }

    /// The columns of a CSDS table that a review reads.
    #[must_use]
    pub fn columns(table: Table) -> Vec<&'static str> {
        let mut names = Register::columns(table);
        match table {
            Table::CsdsRefusedRow => {
                names.extend(["code", "item", "parent_key", "topic", "partition", "offset", "known_at"])
            }
            Table::CsdsRowWarning => names.extend(["table_name", "code", "item"]),
            _ => names.extend(columns::names(table)),
        }
        names
    }

    /// Takes rows of one CSDS table.
    ///
    /// # Errors
    /// When the batch does not have the table's columns.
    pub fn take(&mut self, table: Table, batch: &RecordBatch) -> Result<(), FactShapeError> {
        match table {
            Table::CsdsSubmissionDecision => drop(self.register.take(table, batch)?),
            Table::CsdsRefusedRow => self.refused(batch)?,
            Table::CsdsRowWarning => self.warned(batch)?,
            _ => self.accepted(table, batch)?,
        }
        Ok(())
    }

    fn accepted(&mut self, table: Table, batch: &RecordBatch) -> Result<(), FactShapeError> {
        let reader = RowReader::new(table, batch)?;
        for (row, place) in self.register.take(table, batch)?.into_iter().enumerate() {
            if let Some(gathered) = self.of(place.submission) {
                gathered.accept(table, place.row, &reader, row);
            }
        }
        Ok(())
    }

    fn refused(&mut self, batch: &RecordBatch) -> Result<(), FactShapeError> {
        let facts = Facts::new(Table::CsdsRefusedRow.name(), batch);
        let [tables, codes, items] = ["table_name", "code", "item"].map(|name| facts.text(name));
        let (tables, codes, items) = (tables?, codes?, items?);
        let (row_keys, parent_keys) = (facts.text("row_key")?, facts.text("parent_key")?);
        let (topics, partitions, offsets) = (facts.text("topic")?, facts.int("partition")?, facts.long("offset")?);
        let known_at = facts.instant("known_at")?;
        self.register.take(Table::CsdsRefusedRow, batch)?;
        for (row, place) in self.register.places_of(Table::CsdsRefusedRow, batch)?.into_iter().enumerate() {
            let Some(table) = Table::from_csds_name(tables.value(row)) else { continue };
            let topic = self.interner.share(topics.value(row));
            let item = self.interner.share_opt(text_at(items, row));
            let Some(gathered) = self.of(place.submission) else { continue };
            let stood = Place { topic, partition: partitions.value(row), offset: offsets.value(row) };
            let refused = Refused { known_at: known_at.value(row), place: stood, code: code(codes.value(row)), item };
            let keys = [row_keys, parent_keys].map(|keys| text_at(keys, row));
            gathered.refuse((table, place.row), refused, keys);
        }
        Ok(())
    }

    fn warned(&mut self, batch: &RecordBatch) -> Result<(), FactShapeError> {
        let facts = Facts::new(Table::CsdsRowWarning.name(), batch);
        let [tables, codes, items] = ["table_name", "code", "item"].map(|name| facts.text(name));
        let (tables, codes, items) = (tables?, codes?, items?);
        for (row, place) in self.register.places_of(Table::CsdsRowWarning, batch)?.into_iter().enumerate() {
            let Some(table) = Table::from_csds_name(tables.value(row)) else { continue };
            let item = self.interner.share_opt(text_at(items, row));
            if let Some(gathered) = self.of(place.submission) {
                gathered.warn((table, place.row), code(codes.value(row)), item);
            }
        }
        Ok(())
    }

    fn of(&mut self, submission: u32) -> Option<&mut Gathered> {
        let Self { register, wanted, gathered, .. } = self;
        let found = || wanted(register.identity(submission)).then(Gathered::default);
        gathered.entry(submission).or_insert_with(found).as_mut()
    }

    /// The register, with what has arrived until now.
    pub fn register(&mut self) -> &Register {
        self.register.settle();
        &self.register
    }

    /// What was found, by provider, period and receipt.
    #[must_use]
    pub fn finish(mut self) -> Vec<Feedback> {
        self.register.settle();
        let asked = self.gathered.into_iter().filter_map(|(submission, gathered)| Some((submission, gathered?)));
        let told = asked.map(|(submission, gathered)| gathered.tell(self.register.line(submission)));
        let mut told: Vec<Feedback> = told.collect();
        let key = |line: &Line| (line.provider.clone(), line.rp_end, line.received_at, line.id.clone());
        told.sort_by_key(|feedback| key(&feedback.line));
        told
    }

    /// How good each submission is. What was found in it is told and forgotten, one after the other.
    #[must_use]
    pub fn qualities(mut self) -> BTreeMap<Identity, Quality> {
        self.register.settle();
        let register = self.register;
        let asked = self.gathered.into_iter().filter_map(|(submission, gathered)| Some((submission, gathered?)));
        asked
            .map(|(submission, gathered)| {
                let told = gathered.tell(register.line(submission));
                (register.identity(submission).clone(), told.quality)
            })
            .collect()
    }
}

/// A code of a later Homeward is told as one that this one cannot explain.
fn code(text: &str) -> RejectCode {
    RejectCode::from_code(text).unwrap_or(RejectCode::UndecodedRecord)
}

fn quarantine_id(place: &Place) -> String {
    entry_id(Feed::Csds, place)
}

#[cfg(test)]
mod tests;
