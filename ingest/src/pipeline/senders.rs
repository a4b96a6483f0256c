//! Who sent the live events of a batch: accepted ones by their provider, refused ones by what the record still says.
//!
//! A refused record may be anything, so its word is taken only where it looks like an organisation code; everything else
//! counts as [`UNKNOWN`]. No name that a sender made up becomes a label.

use std::collections::{BTreeMap, HashMap};

use arrow::array::{Array as _, AsArray as _, RecordBatch};
use homeward_contract::codes;
use homeward_contract::feed::Table;

use crate::decode::{Disposition, Refusal};
use crate::kafka::Record;
use crate::telemetry::SenderCounters;

/// Sender of a record that names none.
pub const UNKNOWN: &str = "unknown";

/// Received and refused events of each sender.
pub(super) fn count(
    tables: &[(Table, RecordBatch)],
    refusals: &[Refusal],
    records: &[Record],
) -> BTreeMap<String, SenderCounters> {
    let mut senders: BTreeMap<String, SenderCounters> = BTreeMap::new();
    for (_, batch) in tables.iter().filter(|(table, _)| *table == Table::UcrEvent) {
        let Some(providers) = batch.column_by_name("provider").and_then(|column| column.as_string_opt::<i32>()) else {
            continue;
        };
        for row in (0..batch.num_rows()).filter(|&row| providers.is_valid(row)) {
            match senders.get_mut(providers.value(row)) {
                Some(own) => own.received += 1,
                None => {
                    senders.insert(providers.value(row).to_owned(), SenderCounters { received: 1, refused: 0 });
                }
            }
        }
    }
    let refused: Vec<&Refusal> =
        refusals.iter().filter(|refusal| refusal.disposition == Disposition::Quarantined).collect();
    if refused.is_empty() {
        return senders;
    }
    let places: HashMap<(&str, i32, i64), &Record> =
        records.iter().map(|record| ((record.topic.as_ref(), record.partition, record.offset), record)).collect();
    for refusal in refused {
        let place = &refusal.place;
        let record = places.get(&(place.topic.as_ref(), place.partition, place.offset));
        let key = record.and_then(|record| record.key.as_deref());
        let own = senders.entry(sender(key, &refusal.payload)).or_default();
        own.received += 1;
        own.refused += 1;
    }
    senders
}

/// The provider that a record names: in its key, which is `provider|referral`, or in its `subject`.
fn sender(key: Option<&[u8]>, payload: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Subject {
        subject: String,
    }
    let of_key = key.and_then(|key| std::str::from_utf8(key).ok()).and_then(code);
    let of_payload = || code(&serde_json::from_slice::<Subject>(payload).ok()?.subject);
    of_key.or_else(of_payload).unwrap_or_else(|| UNKNOWN.to_owned())
}

/// The part before the bar, when it looks like an organisation code: 3 to 5 signs that begin with a letter.
fn code(subject: &str) -> Option<String> {
    let (provider, _) = subject.split_once('|')?;
    let provider = codes::provider(provider)?;
    let fits = (3..=5).contains(&provider.len()) && provider.starts_with(|sign: char| sign.is_ascii_alphabetic());
    fits.then_some(provider)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_record_is_counted_for_whom_it_names_and_for_nobody_else() {
        let payload = br#"{"subject":"RA9|SRI-1","type":7}"#;
        assert_eq!(sender(Some(b"NR5|SRI-1"), payload), "NR5");
        assert_eq!(sender(Some(b"nr500|SRI-1"), payload), "NR5", "padded and in small letters");
        assert_eq!(sender(None, payload), "RA9");
        assert_eq!(sender(Some(b"\xff|x"), b"{"), UNKNOWN);
        for personal in [&b"9990000018|x"[..], b"Jane Margaret Doe|x", b"NR5", b""] {
            assert_eq!(sender(Some(personal), b"not json"), UNKNOWN, "no label from a sender's own words");
        }
    }
}
