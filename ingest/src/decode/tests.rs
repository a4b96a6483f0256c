//! The public face of decoding: the handbook's events, dirty submissions, hostile bytes.

mod adt;
mod csds;
mod dirty;
mod fhir;
mod hostile;
mod state;
mod tables;
mod ucr;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Date32Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow::util::display::array_value_to_string;

use super::*;

/// The handbook's eight events, verbatim from `ucr.md` section 7.
pub(super) const HANDBOOK: [&str; 8] = [
    include_str!("../../fixtures/handbook/ucr-referral-received-1.json"),
    include_str!("../../fixtures/handbook/ucr-referral-triaged-1.json"),
    include_str!("../../fixtures/handbook/ucr-referral-rejected-1.json"),
    include_str!("../../fixtures/handbook/ucr-first-contact-1.json"),
    include_str!("../../fixtures/handbook/ucr-contact-1.json"),
    include_str!("../../fixtures/handbook/ucr-referral-closed-1.json"),
    include_str!("../../fixtures/handbook/ucr-referral-amended-1.json"),
    include_str!("../../fixtures/handbook/ucr-referral-voided-1.json"),
];

/// Decodes payloads with the keys that their records would have.
pub(super) fn decoded(feed: Feed, payloads: &[(&str, &[u8])]) -> Decoded {
    let keys = PseudonymKeys::from_secret(3, b"homeward-test-key-not-secret");
    let context = DecodeContext::new(&keys, DateTime::from_timestamp_micros(1_750_000_000_000_000).unwrap());
    let topic: Arc<str> = Arc::from(feed.default_topic());
    let records: Vec<RawRecord<'_>> = payloads
        .iter()
        .zip(1000..)
        .map(|((key, payload), offset)| RawRecord {
            place: Place { topic: Arc::clone(&topic), partition: 3, offset },
            key: Some(key.as_bytes()),
            payload: Some(payload),
        })
        .collect();
    decode(feed, &records, &context)
}

/// One cell as text; `""` for null.
pub(super) fn cell(batch: &RecordBatch, row: usize, column: &str) -> String {
    let array = batch.column_by_name(column).unwrap_or_else(|| panic!("{column} is a column"));
    if array.is_null(row) {
        return String::new();
    }
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Date32 => array.as_primitive::<Date32Type>().value_as_date(row).unwrap().to_string(),
        DataType::Timestamp(..) => {
            let at =
                DateTime::from_timestamp_micros(array.as_primitive::<TimestampMicrosecondType>().value(row)).unwrap();
            at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
        }
        _ => array_value_to_string(array, row).unwrap(),
    }
}

/// The filled columns of a row, as `name=value` lines in the schema's order, without the place.
pub(super) fn filled(batch: &RecordBatch, row: usize) -> String {
    let schema = batch.schema();
    let names = schema.fields().iter().map(|field| field.name().as_str());
    names
        .filter(|name| !["topic", "partition", "offset", "known_at"].contains(name))
        .filter_map(|name| {
            Some(cell(batch, row, name)).filter(|value| !value.is_empty()).map(|value| format!("{name}={value}\n"))
        })
        .collect()
}
