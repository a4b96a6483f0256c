//! What was refused: sealed bytes, a reason from the declared list, and the place it came from.
//!
//! The `quarantine` table of the lake holds one row a refused or filtered record. Everything but
//! the payload is readable without the key and holds no personal data; the original bytes need the
//! key. Replays are written to a second table, `quarantine_replay`, because the lake only ever
//! appends.

mod seal;

use std::fmt;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BinaryBuilder, Int32Builder, Int64Builder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType};
use arrow::error::ArrowError;
use chrono::{DateTime, Utc};
use homeward_contract::feed::Feed;
use homeward_contract::reject::RejectCode;

pub use seal::QuarantineKey;

use crate::decode::{Place, Refusal};

/// The lake table of refused and filtered records.
pub const QUARANTINE_TABLE: &str = "quarantine";

/// The lake table of replays: one row an attempt.
pub const REPLAY_TABLE: &str = "quarantine_replay";

/// Why quarantine could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum QuarantineError {
    /// The configured secret is no key.
    #[error(
        "the quarantine key is not 32 bytes; give 32 raw bytes, 64 hexadecimal digits or base64 of 32 random bytes"
    )]
    KeyLength,
    /// The payload could not be sealed.
    #[error(
        "a quarantined payload could not be sealed: it is beyond the cipher's limit; bound the size of records at the source"
    )]
    Seal,
    /// The sealed payload does not open.
    #[error(
        "quarantine entry {id} does not open with key version {key_version}; configure the key it was sealed with, or restore the entry from a backup if it was altered"
    )]
    Open {
        /// The entry.
        id: String,
        /// The version of the key that was tried.
        key_version: u32,
    },
    /// A batch read back from the lake has another shape than [`schema`].
    #[error(
        "the quarantine table lacks a usable column `{column}`; it was written by another program or version, restore it or move it away"
    )]
    Shape {
        /// The column that is absent or of another type.
        column: &'static str,
        /// What arrow said.
        #[source]
        cause: Option<ArrowError>,
    },
}

/// The columns of the quarantine table.
#[must_use]
pub fn schema() -> SchemaRef {
    let text = |name| Field::new(name, DataType::Utf8, false);
    Arc::new(Schema::new(vec![
        text("id"),
        text("feed"),
        text("topic"),
        Field::new("partition", DataType::Int32, false),
        Field::new("offset", DataType::Int64, false),
        text("disposition"),
        text("code"),
        text("detail"),
        Field::new("payload", DataType::Binary, false),
        Field::new("key_version", DataType::Int32, false),
        Field::new("known_at", instant_type(), false),
    ]))
}

/// The columns of the replay table: which entry, when, and what came of it.
#[must_use]
pub fn replay_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Utf8, false),
        Field::new("replayed_at", instant_type(), false),
        Field::new("outcome", DataType::Utf8, false),
    ]))
}

fn instant_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The name of an entry: `ucr/3/1042` is offset 1042 of partition 3 of the feed's own topic; any
/// other topic is named in it.
#[must_use]
pub fn entry_id(feed: Feed, place: &Place) -> String {
    if *place.topic == *feed.default_topic() {
        format!("{feed}/{}/{}", place.partition, place.offset)
    } else {
        format!("{feed}/{}/{}/{}", place.topic, place.partition, place.offset)
    }
}

/// Seals the refusals of one batch into rows of the quarantine table.
///
/// # Errors
/// [`QuarantineError::Seal`] when a payload is too long for the cipher.
pub fn refusals_to_batch(
    feed: Feed,
    refusals: &[Refusal],
    key: &QuarantineKey,
    known_at: DateTime<Utc>,
) -> Result<RecordBatch, QuarantineError> {
    let rows = refusals.len();
    let text = || StringBuilder::with_capacity(rows, rows * 24);
    let (mut id, mut feeds, mut topic, mut disposition, mut code, mut detail) =
        (text(), text(), text(), text(), text(), text());
    let (mut partition, mut offset, mut version) =
        (Int32Builder::with_capacity(rows), Int64Builder::with_capacity(rows), Int32Builder::with_capacity(rows));
    let mut payload =
        BinaryBuilder::with_capacity(rows, refusals.iter().map(|refusal| refusal.payload.len() + 28).sum());
    let mut known = TimestampMicrosecondBuilder::with_capacity(rows).with_data_type(instant_type());
    for refusal in refusals {
        let name = entry_id(feed, &refusal.place);
        payload.append_value(key.seal(&name, &refusal.payload)?);
        id.append_value(name);
        feeds.append_value(feed.name());
        topic.append_value(&refusal.place.topic);
        partition.append_value(refusal.place.partition);
        offset.append_value(refusal.place.offset);
        disposition.append_value(refusal.disposition.as_str());
        code.append_value(refusal.code.code());
        detail.append_value(&refusal.detail);
        version.append_value(i32::try_from(key.version()).unwrap_or(i32::MAX));
        known.append_value(known_at.timestamp_micros());
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(id.finish()),
        Arc::new(feeds.finish()),
        Arc::new(topic.finish()),
        Arc::new(partition.finish()),
        Arc::new(offset.finish()),
        Arc::new(disposition.finish()),
        Arc::new(code.finish()),
        Arc::new(detail.finish()),
        Arc::new(payload.finish()),
        Arc::new(version.finish()),
        Arc::new(known.finish()),
    ];
    #[expect(clippy::expect_used, reason = "the columns above are those of `schema`, each with one value a refusal")]
    Ok(RecordBatch::try_new(schema(), columns).expect("columns follow their schema"))
}

/// One row of the replay table.
#[must_use]
pub fn replay_to_batch(id: &str, replayed_at: DateTime<Utc>, outcome: &str) -> RecordBatch {
    let mut at = TimestampMicrosecondBuilder::with_capacity(1).with_data_type(instant_type());
    at.append_value(replayed_at.timestamp_micros());
    let text = |value: &str| Arc::new(arrow::array::StringArray::from(vec![value])) as ArrayRef;
    #[expect(clippy::expect_used, reason = "the three columns are those of `replay_schema`")]
    RecordBatch::try_new(replay_schema(), vec![text(id), Arc::new(at.finish()), text(outcome)])
        .expect("columns follow their schema")
}

/// A quarantined record as people see it: everything but its bytes, which stay sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct QuarantineEntry {
    /// See [`entry_id`].
    pub id: String,
    /// `ucr` or `csds`.
    pub feed: String,
    /// Where the record stood.
    pub place: Place,
    /// `quarantined` or `filtered`.
    pub disposition: String,
    /// A code of the contract's list, such as `HW-UCR-001`.
    pub code: String,
    /// What was wrong, without personal data.
    pub detail: String,
    /// Version of the key that sealed the payload.
    pub key_version: u32,
    /// When Homeward took the record in.
    pub known_at: DateTime<Utc>,
    sealed: Vec<u8>,
}

impl QuarantineEntry {
    /// Bytes of the original record.
    #[must_use]
    pub fn payload_bytes(&self) -> usize {
        self.sealed.len().saturating_sub(seal::OVERHEAD_BYTES)
    }

    /// The code's message and mend, when this version of Homeward knows the code.
    #[must_use]
    pub fn reason(&self) -> Option<RejectCode> {
        RejectCode::from_code(&self.code)
    }

    /// The original bytes.
    ///
    /// # Errors
    /// [`QuarantineError::Open`] when the key is not the one the entry was sealed with.
    pub fn open(&self, key: &QuarantineKey) -> Result<Vec<u8>, QuarantineError> {
        key.open(&self.id, &self.sealed)
    }
}

/// One line for a list: no byte of the payload is in it.
impl fmt::Display for QuarantineEntry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} {} {} {} ({} bytes sealed)",
            self.id,
            self.disposition,
            self.code,
            self.detail,
            self.payload_bytes()
        )
    }
}

impl fmt::Debug for QuarantineEntry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "QuarantineEntry({self})")
    }
}

/// Reads a batch of the quarantine table back.
///
/// # Errors
/// [`QuarantineError::Shape`] when a column is absent or of a type that does not convert.
pub fn batch_to_entries(batch: &RecordBatch) -> Result<Vec<QuarantineEntry>, QuarantineError> {
    // The engine may hand text back as views: each column is brought to the type it was written
    // with.
    let column = |name: &'static str, data_type: &DataType| {
        let found = batch.column_by_name(name).ok_or(QuarantineError::Shape { column: name, cause: None })?;
        cast(found, data_type).map_err(|cause| QuarantineError::Shape { column: name, cause: Some(cause) })
    };
    let text = |name| column(name, &DataType::Utf8);
    let (id, feed, topic, disposition, code, detail) =
        (text("id")?, text("feed")?, text("topic")?, text("disposition")?, text("code")?, text("detail")?);
    let (partition, offset) = (column("partition", &DataType::Int32)?, column("offset", &DataType::Int64)?);
    let (payload, version) = (column("payload", &DataType::Binary)?, column("key_version", &DataType::Int32)?);
    let known = column("known_at", &instant_type())?;
    let at = |array: &ArrayRef, row: usize| array.as_string::<i32>().value(row).to_owned();
    Ok((0..batch.num_rows())
        .map(|row| QuarantineEntry {
            id: at(&id, row),
            feed: at(&feed, row),
            place: Place {
                topic: Arc::from(topic.as_string::<i32>().value(row)),
                partition: partition.as_primitive::<Int32Type>().value(row),
                offset: offset.as_primitive::<Int64Type>().value(row),
            },
            disposition: at(&disposition, row),
            code: at(&code, row),
            detail: at(&detail, row),
            key_version: u32::try_from(version.as_primitive::<Int32Type>().value(row)).unwrap_or_default(),
            known_at: DateTime::from_timestamp_micros(known.as_primitive::<TimestampMicrosecondType>().value(row))
                .unwrap_or_default(),
            sealed: payload.as_binary::<i32>().value(row).to_vec(),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Disposition;

    fn refusal(offset: i64, payload: &[u8]) -> Refusal {
        Refusal {
            place: Place { topic: Arc::from("homeward.ucr"), partition: 3, offset },
            disposition: Disposition::Quarantined,
            code: RejectCode::ALL[0],
            detail: "`time` is missing".to_owned(),
            payload: payload.to_vec(),
        }
    }

    #[test]
    fn refusals_go_to_a_batch_and_back_with_their_original_bytes() {
        let key = QuarantineKey::new(7, [9; 32]);
        let known_at = DateTime::from_timestamp_micros(1_749_718_950_123_456).unwrap();
        let payload: &[u8] = b"{\"nhsNumber\":\"9990000018\",\xff";
        let batch =
            refusals_to_batch(Feed::Ucr, &[refusal(1042, payload), refusal(1043, b"")], &key, known_at).unwrap();
        assert_eq!(batch.schema(), schema());
        let entries = batch_to_entries(&batch).unwrap();
        assert_eq!(entries[0].id, "ucr/3/1042");
        assert_eq!(
            (entries[0].key_version, entries[0].known_at, entries[0].payload_bytes()),
            (7, known_at, payload.len())
        );
        assert_eq!(entries[0].open(&key).unwrap(), payload);
        assert_eq!(entries[1].open(&key).unwrap(), b"");
        assert!(entries[0].open(&QuarantineKey::new(7, [8; 32])).is_err());
        assert!(entries[0].reason().is_some());
        for shown in [entries[0].to_string(), format!("{:?}", entries[0]), format!("{batch:?}")] {
            assert!(!shown.contains("9990000018"), "{shown}");
        }
    }

    #[test]
    fn views_of_the_engine_are_read_too() {
        let key = QuarantineKey::new(1, [9; 32]);
        let batch = refusals_to_batch(Feed::Ucr, &[refusal(1, b"x")], &key, DateTime::UNIX_EPOCH).unwrap();
        let columns: Vec<(String, ArrayRef, bool)> = batch
            .schema()
            .fields()
            .iter()
            .zip(batch.columns())
            .map(|(field, column)| {
                let viewed = match field.data_type() {
                    DataType::Utf8 => cast(column, &DataType::Utf8View).unwrap(),
                    DataType::Binary => cast(column, &DataType::BinaryView).unwrap(),
                    _ => Arc::clone(column),
                };
                (field.name().clone(), viewed, false)
            })
            .collect();
        let viewed = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        assert_eq!(batch_to_entries(&viewed).unwrap(), batch_to_entries(&batch).unwrap());
    }

    #[test]
    fn a_table_of_another_shape_says_which_column() {
        let error = batch_to_entries(&replay_to_batch("ucr/0/1", DateTime::UNIX_EPOCH, "accepted")).unwrap_err();
        assert!(error.to_string().contains("`feed`"), "{error}");
    }

    #[test]
    fn other_topics_are_named_in_the_id() {
        let place = |topic: &str| Place { topic: Arc::from(topic), partition: 0, offset: 5 };
        assert_eq!(entry_id(Feed::Csds, &place("homeward.csds")), "csds/0/5");
        assert_eq!(entry_id(Feed::Csds, &place("file:a/CYP104RTT.csv")), "csds/file:a/CYP104RTT.csv/0/5");
    }
}
