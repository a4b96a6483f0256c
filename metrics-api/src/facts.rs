//! Records of files and cases through the same decoder as the live feed, without a broker.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use homeward_contract::calendar::SubmissionCalendar;
use homeward_contract::feed::{Feed, Table};
use homeward_contract::identity::PseudonymKeys;
use homeward_ingest::adt::{AdtShapeError, Visits, Wards};
use homeward_ingest::decode::{DecodeContext, Decoded, Place, RawRecord, decode};
use homeward_ingest::file::{FileError, FileRecord, read_path_by};

/// Records decoded at a time: bounds memory and keeps the arrays well filled.
const BATCH_RECORDS: usize = 20_000;

/// One record with everything that decoding needs.
#[derive(Debug, Clone)]
pub struct OwnedRecord {
    /// Feed it belongs to.
    pub feed: Feed,
    /// Kafka key.
    pub key: Vec<u8>,
    /// JSON payload.
    pub payload: Vec<u8>,
    /// Where it comes from.
    pub place: Place,
}

impl From<FileRecord> for OwnedRecord {
    fn from(record: FileRecord) -> Self {
        Self { feed: record.feed, key: record.key, payload: record.payload, place: record.place }
    }
}

/// What files held.
#[derive(Debug, Default)]
pub struct DecodedFiles {
    /// Accepted rows and refusals.
    pub batches: Vec<Decoded>,
    /// Remarks about what was left out: files of other kinds, unknown columns.
    pub notes: Vec<String>,
}

/// Decodes every record of the paths, in their order; `calendar` tells a Primary from a Refresh. `seen` is told how many more
/// were read.
///
/// # Errors
/// When a path is not a submission folder, a .zip of one, or a .ndjson or .hl7 file, or cannot be read.
pub fn decode_paths(
    paths: &[PathBuf],
    keys: &PseudonymKeys,
    calendar: &SubmissionCalendar,
    known_at: DateTime<Utc>,
    mut seen: impl FnMut(u64),
) -> Result<DecodedFiles, FileError> {
    let mut files = DecodedFiles::default();
    let mut waiting = Vec::new();
    let mut decode_waiting = |waiting: &mut Vec<OwnedRecord>, files: &mut DecodedFiles| {
        seen(waiting.len() as u64);
        files.batches.extend(decode_records(waiting, keys, known_at));
        waiting.clear();
    };
    for path in paths {
        let mut reader = read_path_by(path, calendar)?;
        for record in &mut reader {
            waiting.push(OwnedRecord::from(record?));
            if waiting.len() >= BATCH_RECORDS {
                decode_waiting(&mut waiting, &mut files);
            }
        }
        files.notes.extend_from_slice(reader.notes());
    }
    decode_waiting(&mut waiting, &mut files);
    Ok(files)
}

/// The facts of spells and attendances that HL7 messages among these tell of.
///
/// # Errors
/// When a batch does not have its table's columns: a defect.
pub fn told_by_messages(
    batches: &[Decoded],
    keys: &PseudonymKeys,
    wards: Wards,
    known_at: DateTime<Utc>,
) -> Result<Vec<Decoded>, AdtShapeError> {
    let tables = batches.iter().flat_map(|decoded| &decoded.tables);
    let messages: Vec<RecordBatch> =
        tables.filter(|(table, _)| *table == Table::AdtMessage).map(|(_, batch)| batch.clone()).collect();
    let topic: Arc<str> = Arc::from(Feed::Adt.default_topic());
    let records: Vec<OwnedRecord> = Visits::new(wards)
        .take(&messages)?
        .into_iter()
        .zip(0..)
        .map(|(event, offset)| OwnedRecord {
            feed: event.feed,
            key: event.subject.into_bytes(),
            payload: event.payload.into_bytes(),
            place: Place { topic: Arc::clone(&topic), partition: 0, offset },
        })
        .collect();
    Ok(decode_records(&records, keys, known_at))
}

/// Decodes records, one batch a feed.
#[must_use]
pub fn decode_records(records: &[OwnedRecord], keys: &PseudonymKeys, known_at: DateTime<Utc>) -> Vec<Decoded> {
    let context = DecodeContext::new(keys, known_at);
    Feed::ALL
        .into_iter()
        .filter_map(|feed| {
            let batch: Vec<RawRecord<'_>> = records
                .iter()
                .filter(|record| record.feed == feed)
                .map(|record| RawRecord {
                    place: record.place.clone(),
                    key: Some(&record.key),
                    payload: Some(&record.payload),
                })
                .collect();
            (!batch.is_empty()).then(|| decode(feed, &batch, &context))
        })
        .collect()
}

#[cfg(test)]
#[path = "facts_hl7_tests.rs"]
mod hl7_tests;

#[cfg(test)]
mod tests {
    use homeward_contract::calendar::BY_RULE;

    use super::*;

    #[test]
    fn files_of_messages_become_spells_and_attendances() {
        let folder = tempfile::tempdir().unwrap();
        let visit = |class: &str, visit: &str| {
            let (before, after) = ("|".repeat(16), "|".repeat(25));
            format!(
                "MSH|^~\\&|PAS|RA9|||202505062135||ADT^A01|{visit}|P|2.4\rPID|1\r\
                 PV1|1|{class}|VW1{before}{visit}{after}202505062130\r"
            )
        };
        let path = folder.path().join("admissions.hl7");
        std::fs::write(&path, [visit("I", "V1"), visit("E", "V2"), "MSH|^~\\&|PAS".to_owned()].concat()).unwrap();
        let (keys, now) = (crate::keys::of_this_run(), DateTime::UNIX_EPOCH);
        let files = decode_paths(&[path], &keys, &BY_RULE, now, |_| ()).unwrap();
        assert_eq!(
            files.batches.iter().map(|batch| (batch.accepted, batch.refusals.len())).collect::<Vec<_>>(),
            [(2, 1)]
        );
        let wards = Wards::from_csv("provider,ward,kind,setting\nRA9,VW1,virtual,acute\n").unwrap();
        let told = told_by_messages(&files.batches, &keys, wards, now).unwrap();
        let tables: Vec<Table> = told.iter().flat_map(|batch| &batch.tables).map(|(table, _)| *table).collect();
        assert_eq!(tables, [Table::HospitalSpell, Table::EdStay]);
    }
}
