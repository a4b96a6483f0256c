//! A gathered batch becomes a commit: decoding on several threads, the poison rule, conservation.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;

use arrow::array::{Array as _, AsArray as _, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use chrono::{DateTime, Utc};
use homeward_contract::feed::{Feed, Table};

use super::Ingest;
use super::batch::OpenBatch;
use super::senders;
use crate::decode::{DecodeContext, Decoded, Disposition, Place, RawRecord, Refusal, decode};
use crate::kafka::Record;
use crate::lake::FeedCommit;
use crate::quarantine::{QuarantineError, refusals_to_batch};
use crate::telemetry::{PartitionCounters, SenderCounters};

/// Fewer records than this are not worth a thread.
const RECORDS_PER_THREAD_MIN: usize = 512;

/// A batch ready to commit, with what to count once it is durable.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) commit: FeedCommit,
    pub(super) partitions: BTreeMap<(String, i32), PartitionCounters>,
    pub(super) watermarks: BTreeMap<String, DateTime<Utc>>,
    pub(super) senders: BTreeMap<String, SenderCounters>,
}

/// Why a batch must not be committed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    #[error("{0}")]
    Poisoned(Poisoned),
    #[error("refused records could not be sealed: {0}")]
    Seal(#[from] QuarantineError),
    #[error("defect: of {consumed} records {accepted} were accepted and {refused} refused; please report it")]
    NotConserved { consumed: usize, accepted: u64, refused: usize },
}

/// A poisoned batch in words for the operator.
#[derive(Debug)]
pub(super) struct Poisoned {
    records: usize,
    quarantined: usize,
    first: Place,
    commonest: Option<(&'static str, &'static str, usize)>,
}

impl fmt::Display for Poisoned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { records, quarantined, first, .. } = self;
        write!(
            f,
            "{quarantined} of {records} records were refused, the first at {}/{} offset {}",
            first.topic, first.partition, first.offset
        )?;
        if let Some((code, message, count)) = self.commonest {
            write!(f, "; most often ({count} times) {code}: {message}")?;
        }
        f.write_str(
            ". Nothing of this batch was taken in and Kafka keeps it. Has the sender changed the records, or is this \
             another feed's topic? Mend that, or allow it with [ingest] poison_share, and restart",
        )
    }
}

/// Decodes a batch and decides whether it may be committed.
pub(super) fn prepare(ingest: &Ingest, feed: Feed, batch: &OpenBatch) -> Result<Prepared, Unfit> {
    let known_at = ingest.clock.now();
    let context = DecodeContext { keys: &ingest.keys, known_at, calendar: &ingest.calendar };
    let decoded = decode_all(feed, &batch.records, &context, ingest.options.decode_threads);

    let mut tables = Vec::new();
    let mut refusals = Vec::new();
    let mut accepted = 0;
    for part in decoded {
        tables.extend(part.tables);
        refusals.extend(part.refusals);
        accepted += part.accepted;
    }
    let consumed = batch.records.len();
    if accepted + refusals.len() as u64 != consumed as u64 {
        return Err(Unfit::NotConserved { consumed, accepted, refused: refusals.len() });
    }
    let quarantined = refusals.iter().filter(|refusal| refusal.disposition == Disposition::Quarantined);
    let quarantined: Vec<_> = quarantined.collect();
    if let Some(first) = quarantined.first()
        && ingest.options.poison.is_met(consumed, quarantined.len())
    {
        let poisoned = Poisoned {
            records: consumed,
            quarantined: quarantined.len(),
            first: first.place.clone(),
            commonest: commonest(&quarantined),
        };
        return Err(Unfit::Poisoned(poisoned));
    }
    let partitions = count(batch, &refusals);
    let watermarks = watermarks(&tables);
    let senders = match feed {
        Feed::Ucr => senders::count(&tables, &refusals, &batch.records),
        _ => BTreeMap::new(),
    };
    let quarantine = match refusals.is_empty() {
        true => None,
        false => Some(refusals_to_batch(feed, &refusals, &ingest.quarantine_key, known_at)?),
    };
    let commit = FeedCommit { feed, tables, quarantine, offsets: batch.offsets() };
    Ok(Prepared { commit, partitions, watermarks, senders })
}

/// Decodes in order, in as many pieces as there are threads for.
fn decode_all(feed: Feed, records: &[Record], context: &DecodeContext<'_>, threads: NonZeroUsize) -> Vec<Decoded> {
    let raw: Vec<RawRecord<'_>> = records.iter().map(borrow).collect();
    let piece = raw.len().div_ceil(threads.get()).max(RECORDS_PER_THREAD_MIN);
    let mut pieces = raw.chunks(piece);
    let first = pieces.next().unwrap_or_default();
    std::thread::scope(|scope| {
        let others: Vec<_> = pieces.map(|piece| scope.spawn(move || decode(feed, piece, context))).collect();
        let mut decoded = vec![decode(feed, first, context)];
        for other in others {
            match other.join() {
                Ok(part) => decoded.push(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        decoded
    })
}

fn borrow(record: &Record) -> RawRecord<'_> {
    RawRecord {
        place: Place { topic: record.topic.clone(), partition: record.partition, offset: record.offset },
        key: record.key.as_deref(),
        payload: record.payload.as_deref(),
    }
}

fn commonest(quarantined: &[&Refusal]) -> Option<(&'static str, &'static str, usize)> {
    let mut counts = BTreeMap::new();
    for refusal in quarantined {
        *counts.entry((refusal.code.code(), refusal.code.message())).or_insert(0) += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|((code, message), count)| (code, message, count))
}

/// Consumed, accepted, quarantined and filtered records of each partition, and its new frontier.
fn count(batch: &OpenBatch, refusals: &[Refusal]) -> BTreeMap<(String, i32), PartitionCounters> {
    let mut partitions: BTreeMap<(String, i32), PartitionCounters> = BTreeMap::new();
    for advance in batch.offsets() {
        partitions.entry((advance.topic, advance.partition)).or_default().frontier = Some(advance.next);
    }
    for record in &batch.records {
        let own = partitions.entry((record.topic.to_string(), record.partition)).or_default();
        own.consumed += 1;
        own.accepted += 1;
    }
    for refusal in refusals {
        let own = partitions.entry((refusal.place.topic.to_string(), refusal.place.partition)).or_default();
        own.accepted -= 1;
        match refusal.disposition {
            Disposition::Quarantined => own.quarantined += 1,
            Disposition::Filtered => own.filtered += 1,
        }
    }
    partitions
}

/// Newest event time of each provider among accepted live events.
fn watermarks(tables: &[(Table, RecordBatch)]) -> BTreeMap<String, DateTime<Utc>> {
    let mut newest: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
    for (_, batch) in tables.iter().filter(|(table, _)| *table == Table::UcrEvent) {
        let (Some(providers), Some(times)) = (batch.column_by_name("provider"), batch.column_by_name("event_time"))
        else {
            continue;
        };
        let (Some(providers), Some(times)) =
            (providers.as_string_opt::<i32>(), times.as_primitive_opt::<TimestampMicrosecondType>())
        else {
            continue;
        };
        for row in (0..batch.num_rows()).filter(|&row| providers.is_valid(row) && times.is_valid(row)) {
            let Some(time) = DateTime::from_timestamp_micros(times.value(row)) else { continue };
            match newest.get_mut(providers.value(row)) {
                Some(known) => *known = time.max(*known),
                None => {
                    newest.insert(providers.value(row).to_owned(), time);
                }
            }
        }
    }
    newest
}
