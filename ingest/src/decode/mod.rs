//! Records into Arrow batches: parsed, checked, normalised and pseudonymised. Pure: no I/O, no
//! clock.
//!
//! Limits: a record has at most [`MOST_RECORD_BYTES`]; a batch is as long as the caller makes it.
//! One record that breaks the contract costs that record alone: it becomes a [`Refusal`] with a
//! code of the contract's list, and `accepted + refusals == records`, always.
//!
//! | Module | Decides |
//! |---|---|
//! | `event`, `state_data`, `csds_items` | the JSON shapes, borrowed from the payload |
//! | `identity`, `state_subject` | who a record is about, and by which key it is known |
//! | `csds_keys` | by which keys a refused row is known |
//! | `csds_last` | what a row shares with the one before it |
//! | `ucr`, `state`, `csds`, `csds_plan`, `published` | which cell each field fills |
//! | `fhir` | an Encounter as the event of a stay |
//! | `hl7`, `adt` | HL7 v2: fields by place, and which cells they fill |
//! | `requirements`, `changes` | what an event type needs, what an amendment may change |
//! | `field`, `clean` | single fields |
//! | `extra` | unknown fields, without direct identifiers |
//! | `columns` | rows into arrays |

mod adt;
mod changes;
mod clean;
mod columns;
mod csds;
mod csds_items;
mod csds_keys;
mod csds_last;
mod csds_plan;
mod event;
mod extra;
mod fault;
mod fhir;
mod field;
mod flags;
mod hl7;
mod identity;
mod limits;
mod published;
mod requirements;
mod scalar;
mod state;
mod state_data;
mod state_subject;
mod ucr;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use homeward_contract::calendar::{self, SubmissionCalendar};
use homeward_contract::feed::{Feed, Table};
use homeward_contract::identity::PseudonymKeys;
use homeward_contract::reject::{RejectCode, Severity};

pub(crate) use extra::is_direct_identifier;
pub(crate) use fault::shown;
pub(crate) use hl7::unframed;
pub use limits::MOST_RECORD_BYTES;

use adt::AdtDecoder;
use columns::Value;
use csds::{CsdsDecoder, Scratch};
use fault::Fault;
use flags::Flags;
use published::PublishedDecoder;
use state::StateDecoder;
use ucr::UcrDecoder;

/// Where a record stands: topic, partition and offset. For files `file:<name>`, 0 and the line or
/// row number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The Kafka topic, or `file:` and the file's name.
    pub topic: Arc<str>,
    /// The partition; 0 for files.
    pub partition: i32,
    /// The offset, or the line or row number, which begins at 1.
    pub offset: i64,
}

/// A record as it came, borrowed from the consumer's buffer. Its `Debug` form does not show the
/// bytes.
#[derive(Clone)]
pub struct RawRecord<'a> {
    /// Where it stands.
    pub place: Place,
    /// The Kafka key.
    pub key: Option<&'a [u8]>,
    /// The Kafka value; `None` is a tombstone.
    pub payload: Option<&'a [u8]>,
}

impl std::fmt::Debug for RawRecord<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("RawRecord")
            .field("place", &self.place)
            .field("payload_bytes", &self.payload.map(<[u8]>::len))
            .finish_non_exhaustive()
    }
}

/// What decoding needs besides the records.
#[derive(Debug, Clone, Copy)]
pub struct DecodeContext<'a> {
    /// Keys that turn identities into pseudonyms.
    pub keys: &'a PseudonymKeys,
    /// When Homeward took these records in.
    pub known_at: DateTime<Utc>,
    /// Decides between Primary and Refresh where a submission does not say.
    pub calendar: &'a SubmissionCalendar,
}

impl<'a> DecodeContext<'a> {
    /// A context with the calendar by rule.
    #[must_use]
    pub const fn new(keys: &'a PseudonymKeys, known_at: DateTime<Utc>) -> Self {
        Self { keys, known_at, calendar: &calendar::BY_RULE }
    }
}

/// What becomes of a record that is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// It breaks the contract and waits for a mend.
    Quarantined,
    /// It holds no fact, and is left out for a reason.
    Filtered,
}

impl Disposition {
    /// The word stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quarantined => "quarantined",
            Self::Filtered => "filtered",
        }
    }
}

/// A record that is not accepted, with its original bytes. Its `Debug` form does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Where it stands.
    pub place: Place,
    /// Quarantined or filtered.
    pub disposition: Disposition,
    /// The reason.
    pub code: RejectCode,
    /// Which item, and what is wrong with it. Holds no personal data.
    pub detail: String,
    /// The original bytes; empty for what is filtered.
    pub payload: Vec<u8>,
}

impl std::fmt::Debug for Refusal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Refusal")
            .field("place", &self.place)
            .field("disposition", &self.disposition)
            .field("code", &self.code)
            .field("detail", &self.detail)
            .field("payload_bytes", &self.payload.len())
            .finish()
    }
}

/// One decoded batch.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// The accepted rows, in the feed's table order; tables without rows are absent. Rows keep the
    /// order of the records. `csds_refused_row` holds places of refusals instead, and
    /// `csds_row_warning` what was found about accepted rows.
    pub tables: Vec<(Table, RecordBatch)>,
    /// The records that were not accepted, in order.
    pub refusals: Vec<Refusal>,
    /// How many were accepted.
    pub accepted: u64,
    /// Findings about accepted records, counted by code.
    pub flags: BTreeMap<RejectCode, u64>,
}

/// Decodes one batch of a feed's records.
#[must_use]
pub fn decode(feed: Feed, records: &[RawRecord<'_>], context: &DecodeContext<'_>) -> Decoded {
    let (tables, refusals, flags) = match feed {
        Feed::Ucr => decode_ucr(records, context),
        Feed::Csds => decode_csds(records, context),
        Feed::Published => decode_published(records, context),
        Feed::VwStay | Feed::VwCapacity | Feed::Spell | Feed::EdStay | Feed::Death | Feed::Registration => {
            decode_states(feed, records, context)
        }
        Feed::Adt => decode_adt(records, context),
    };
    let accepted = (records.len() - refusals.len()) as u64;
    debug_assert_eq!(
        accepted,
        tables.iter().filter(|(table, _)| !table.is_note()).map(|(_, batch)| batch.num_rows() as u64).sum::<u64>(),
        "every record is a row or a refusal"
    );
    Decoded { tables, refusals, accepted, flags: flags.into_counts() }
}

type Parts = (Vec<(Table, RecordBatch)>, Vec<Refusal>, Flags);

fn decode_ucr(records: &[RawRecord<'_>], context: &DecodeContext<'_>) -> Parts {
    let mut decoder = UcrDecoder::new(context, records.len());
    let mut row = vec![Value::Null; decoder.width()];
    let mut refusals = Vec::new();
    for record in records {
        match payload(record).and_then(|payload| decoder.read(record, payload, &mut row)) {
            Ok(()) => decoder.append(&mut row),
            Err(fault) => {
                row.fill(Value::Null);
                decoder.flags.forget();
                refusals.push(refusal(record, fault));
            }
        }
    }
    let (batch, flags) = decoder.finish();
    (batch.into_iter().map(|batch| (Table::UcrEvent, batch)).collect(), refusals, flags)
}

fn decode_csds(records: &[RawRecord<'_>], context: &DecodeContext<'_>) -> Parts {
    let mut decoder = CsdsDecoder::new(context, records.len());
    let mut scratch = Scratch::default();
    let refusals = refused(records, |record, payload| {
        decoder.read(record, payload, &mut scratch).inspect_err(|_| decoder.flags.forget())
    });
    let (tables, flags) = decoder.finish();
    (tables, refusals, flags)
}

fn decode_published(records: &[RawRecord<'_>], context: &DecodeContext<'_>) -> Parts {
    let mut decoder = PublishedDecoder::new(context, records.len());
    let refusals = refused(records, |record, payload| decoder.read(record, payload));
    (decoder.finish().map(|batch| (Table::PublishedFigure, batch)).into_iter().collect(), refusals, Flags::default())
}

fn decode_states(feed: Feed, records: &[RawRecord<'_>], context: &DecodeContext<'_>) -> Parts {
    let mut decoder = StateDecoder::new(feed, context, records.len());
    let refusals =
        refused(records, |record, payload| decoder.read(record, payload).inspect_err(|_| decoder.flags.forget()));
    let (table, flags) = decoder.finish();
    (table.into_iter().collect(), refusals, flags)
}

fn decode_adt(records: &[RawRecord<'_>], context: &DecodeContext<'_>) -> Parts {
    let mut decoder = AdtDecoder::new(context, records.len());
    let refusals =
        refused(records, |record, payload| decoder.read(record, payload).inspect_err(|_| decoder.flags.forget()));
    let (table, flags) = decoder.finish();
    (table.into_iter().collect(), refusals, flags)
}

/// Reads record by record; what is returned was refused.
fn refused<'r>(
    records: &'r [RawRecord<'r>],
    mut read: impl FnMut(&'r RawRecord<'r>, &'r [u8]) -> Result<(), Fault>,
) -> Vec<Refusal> {
    let mut fault = |record| payload(record).and_then(|payload| read(record, payload)).err();
    records.iter().filter_map(|record| Some(refusal(record, fault(record)?))).collect()
}

/// The Kafka key of an HL7 v2 message: the provider, a bar and the visit. None for a message that names no visit, which may
/// go to any partition.
#[must_use]
pub fn adt_key(payload: &[u8]) -> Option<Vec<u8>> {
    adt::key(payload)
}

/// The Kafka key of a FHIR Encounter; none for what is no such resource.
#[must_use]
pub fn fhir_key(payload: &[u8]) -> Option<String> {
    fhir::key(payload)
}

fn payload<'p>(record: &'p RawRecord<'_>) -> Result<&'p [u8], Fault> {
    match record.payload {
        None => Err(Fault::new(RejectCode::Tombstone)),
        Some(payload) if payload.len() > MOST_RECORD_BYTES => Err(Fault::new(RejectCode::RecordTooLarge)),
        Some(payload) => Ok(payload),
    }
}

fn refusal(record: &RawRecord<'_>, fault: Fault) -> Refusal {
    let disposition =
        if fault.code.severity() == Severity::Filter { Disposition::Filtered } else { Disposition::Quarantined };
    Refusal {
        place: record.place.clone(),
        disposition,
        code: fault.code,
        detail: fault.detail,
        // What holds no fact is not kept: it may be about people whom no figure is about.
        payload: record.payload.filter(|_| disposition == Disposition::Quarantined).unwrap_or_default().to_vec(),
    }
}

#[cfg(test)]
mod tests;
