//! Files as Homeward will take them, before anything is sent. The keys are those of this run: pseudonyms of one run need
//! only agree with each other.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use homeward_contract::calendar::SubmissionCalendar;
use homeward_contract::feed::Feed;
use homeward_contract::reject::RejectCode;
use homeward_ingest::decode::{DecodeContext, RawRecord, decode};
use homeward_ingest::file::{FileRecord, read_path_by};
use homeward_transform::feedback::{Feedback, Review};

use super::error::CliError;
use super::progress::Progress;
use crate::keys;

/// Records decoded at a time.
const BATCH_RECORDS: usize = 20_000;

/// What files hold.
#[derive(Debug, Default)]
pub(super) struct Validated {
    /// Each submission with what was found in it.
    pub(super) submissions: Vec<Feedback>,
    /// Live events.
    pub(super) events: Events,
    /// CSDS records that name no row of a submission, by reason: no feedback can tell where they stood.
    pub(super) unplaced: BTreeMap<RejectCode, u64>,
    /// Remarks about what is left out.
    pub(super) notes: Vec<String>,
}

/// What becomes of live events.
#[derive(Debug, Default)]
pub(super) struct Events {
    pub(super) taken: u64,
    /// Not taken, by reason.
    pub(super) refused: BTreeMap<RejectCode, u64>,
    /// Taken and flagged, by reason.
    pub(super) warnings: BTreeMap<RejectCode, u64>,
}

/// Reads and judges every record of the paths.
///
/// # Errors
/// When a file cannot be read, or its header refuses it.
pub(super) fn validate(
    paths: &[PathBuf],
    calendar: &SubmissionCalendar,
    known_at: DateTime<Utc>,
) -> Result<Validated, CliError> {
    let keys = keys::of_this_run();
    let context = DecodeContext { keys: &keys, known_at, calendar };
    let mut validated = Validated::default();
    let mut review = Review::new(|_| true);
    let mut progress = Progress::start("Checking", None);
    let mut waiting = Vec::new();
    for path in paths {
        let mut reader = read_path_by(path, calendar)?;
        for record in &mut reader {
            waiting.push(record?);
            if waiting.len() >= BATCH_RECORDS {
                progress.advance(waiting.len() as u64);
                validated.judge(&waiting, &context, &mut review)?;
                waiting.clear();
            }
        }
        validated.notes.extend_from_slice(reader.notes());
    }
    progress.advance(waiting.len() as u64);
    validated.judge(&waiting, &context, &mut review)?;
    progress.finish();
    validated.submissions = review.finish();
    Ok(validated)
}

impl Validated {
    fn judge(
        &mut self,
        records: &[FileRecord],
        context: &DecodeContext<'_>,
        review: &mut Review,
    ) -> Result<(), CliError> {
        for feed in Feed::ALL {
            let raw: Vec<RawRecord<'_>> = records.iter().filter(|record| record.feed == feed).map(borrow).collect();
            let decoded = decode(feed, &raw, context);
            match feed {
                // No file of submissions or events holds one: `homeward published load` reads workbooks.
                Feed::Published => {}
                Feed::Csds => {
                    let mut unplaced: BTreeMap<RejectCode, u64> = BTreeMap::new();
                    for refusal in &decoded.refusals {
                        *unplaced.entry(refusal.code).or_default() += 1;
                    }
                    for (table, batch) in &decoded.tables {
                        review.take(*table, batch)?;
                    }
                    for code in placed(&decoded.tables) {
                        if let Some(count) = unplaced.get_mut(&code) {
                            *count = count.saturating_sub(1);
                        }
                    }
                    for (code, count) in unplaced.into_iter().filter(|(_, count)| *count > 0) {
                        *self.unplaced.entry(code).or_default() += count;
                    }
                }
                _ => {
                    self.events.taken += decoded.accepted;
                    for refusal in &decoded.refusals {
                        *self.events.refused.entry(refusal.code).or_default() += 1;
                    }
                    for (code, count) in decoded.flags {
                        *self.events.warnings.entry(code).or_default() += count;
                    }
                }
            }
        }
        Ok(())
    }
}

fn borrow(record: &FileRecord) -> RawRecord<'_> {
    let key = (!record.key.is_empty()).then_some(record.key.as_slice());
    RawRecord { place: record.place.clone(), key, payload: Some(&record.payload) }
}

/// The reasons of refused records that left a row of their submission.
fn placed(
    tables: &[(homeward_contract::feed::Table, arrow::array::RecordBatch)],
) -> impl Iterator<Item = RejectCode> + '_ {
    use arrow::array::AsArray as _;
    use homeward_contract::feed::Table;
    let refused = tables.iter().filter(|(table, _)| *table == Table::CsdsRefusedRow);
    refused
        .filter_map(|(_, batch)| batch.column_by_name("code")?.as_string_opt::<i32>())
        .flat_map(|codes| codes.iter().flatten().filter_map(RejectCode::from_code))
}
