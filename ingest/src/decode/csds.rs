//! CSDS rows into their fact tables, a table of the lake for each of the data set (`csds.md`).
//!
//! The contract's `schema::columns` says for each column where its value comes from; a [`Plan`]
//! resolves that once a batch, and each row is then read, checked and filled without knowing any
//! table by name. A refused row whose submission, table and number can be read also leaves a row of
//! `csds_refused_row`: a submission is whole when every row that its header announces is known, well or not.

use std::borrow::Cow;
use std::collections::BTreeSet;

use arrow::array::RecordBatch;
use homeward_contract::content;
use homeward_contract::decision::Decision;
use homeward_contract::feed::{Feed, Table};
use homeward_contract::item::{Handling, KeyRole};
use homeward_contract::manifest::Manifest;
use homeward_contract::reject::RejectCode;
use homeward_contract::schema::{self, Source};
use homeward_contract::submission::{CsdsRecord, Submission};
use serde_json::value::RawValue;

use super::columns::{Columns, Value};
use super::csds_items::{Sent, read_items, uplift};
use super::csds_last::{Known, Last, is_row_number};
use super::csds_plan::{Plan, envelope, place};
use super::fault::Fault;
use super::flags::{Finding, Flags};
use super::{DecodeContext, RawRecord, clean, csds_keys};

/// Collects the accepted rows of one batch, table by table.
pub(super) struct CsdsDecoder<'c> {
    context: &'c DecodeContext<'c>,
    /// One a table of the feed, made when its first row comes.
    tables: Vec<Option<(Plan, Columns)>>,
    /// What the last row was of: all rows of a file carry the same.
    last: Option<Last>,
    pub(super) flags: Flags,
    capacity_rows: usize,
}

/// What a record says beside its table, its submission and its number.
struct Row<'p> {
    record: Option<&'p str>,
    /// The line could not be split, and came as it was.
    is_whole: bool,
    rows: Option<&'p RawValue>,
    content: Option<&'p RawValue>,
}

/// Buffers that one row after the other is read into.
#[derive(Default)]
pub(super) struct Scratch<'p> {
    sent: Vec<Sent<'p>>,
    row: Vec<Value<'p>>,
}

impl<'c> CsdsDecoder<'c> {
    pub(super) fn new(context: &'c DecodeContext<'c>, capacity_rows: usize) -> Self {
        let tables = Table::ALL.iter().map(|_| None).collect();
        // A batch is mostly one table; the others grow as they need.
        Self { context, tables, last: None, flags: Flags::default(), capacity_rows: capacity_rows.min(1024) }
    }

    /// Decodes one record and appends it to its table.
    ///
    /// # Errors
    /// The fault for which the record is refused; at most its place and reason are kept then.
    pub(super) fn read<'p>(
        &mut self,
        record: &'p RawRecord<'_>,
        payload: &'p [u8],
        scratch: &mut Scratch<'p>,
    ) -> Result<(), Fault> {
        if self.read_alike(record, payload, scratch) {
            return Ok(());
        }
        let wire: CsdsRecord<'p> =
            serde_json::from_slice(payload).map_err(|error| Fault::json(&error, payload, RejectCode::WrongCsdsKind))?;
        // The wire type would also take a list of its members in order; the contract does not.
        if payload.trim_ascii_start().first() != Some(&b'{') {
            return Err(Fault::new(RejectCode::NotAnObject));
        }
        if let Some(raw) = wire.decision {
            return self.decision(record, raw.get());
        }
        let table = table(&wire)?;
        let raw_submission =
            wire.submission.ok_or_else(|| Fault::item(RejectCode::MissingSubmissionItem, "submission"))?.get();
        let last = match self.last.take() {
            Some(last) if last.is_of(raw_submission) => last.with_table(table),
            _ => Last::new(table, raw_submission, Known::new(submission(raw_submission, self.context)?)),
        };
        let sent = Row {
            record: wire.record.map(RawValue::get),
            is_whole: wire.raw_line.is_some(),
            rows: wire.rows,
            content: wire.content,
        };
        let outcome = match wire.row_number.filter(|number| is_row_number(*number)) {
            None => Err(Fault::item(RejectCode::WrongCsdsKind, "row_number")),
            Some(row_number) => {
                // What an earlier record left is no key of this one.
                scratch.sent.clear();
                let read = self.row(&last, row_number, &sent, record, scratch);
                read.inspect_err(|fault| self.refused(&last, row_number, record, fault, &scratch.sent))
            }
        };
        self.last = Some(last);
        outcome
    }

    /// Takes a row that differs from the one before in its number and its items alone, if it is one and nothing is wrong
    /// with it.
    fn read_alike<'p>(&mut self, record: &'p RawRecord<'_>, payload: &'p [u8], scratch: &mut Scratch<'p>) -> bool {
        let Some(last) = self.last.take() else { return false };
        let taken = last.row(payload).is_some_and(|(row_number, text)| {
            let sent = Row { record: Some(text), is_whole: false, rows: None, content: None };
            self.row(&last, row_number, &sent, record, scratch).is_ok()
        });
        if !taken {
            self.flags.forget();
        }
        self.last = Some(last);
        taken
    }

    fn row<'p>(
        &mut self,
        last: &Last,
        row_number: i64,
        row: &Row<'p>,
        record: &'p RawRecord<'_>,
        scratch: &mut Scratch<'p>,
    ) -> Result<(), Fault> {
        let (table, known) = (last.table, &last.known);
        let submission = &known.submission;
        check_key(record.key, table, submission)?;
        let raw_record = match row.record {
            _ if row.is_whole => return Err(Fault::new(RejectCode::UnsplittableLine)),
            None => return Err(Fault::new(RejectCode::MissingRecord)),
            Some(raw_record) => raw_record,
        };

        let capacity_rows = self.capacity_rows;
        let (plan, columns) = self.tables[table.index()]
            .get_or_insert_with(|| (Plan::of(table), Columns::new(Plan::schema(table), capacity_rows)));
        read_items(table, raw_record, &mut scratch.sent, &mut self.flags)?;
        check_items(table, submission, &scratch.sent, &mut self.flags)?;
        uplift(table, submission.version, &mut scratch.sent);
        scratch.row.clear();
        scratch.row.resize(columns.width(), Value::Null);
        plan.fill(&mut scratch.sent, known, row_number, record, self.context, &mut self.flags, &mut scratch.row)?;
        if let Some(place) = plan.manifest()
            && let Some(raw) = row.rows
        {
            let manifest =
                Manifest::from_json(raw.get()).ok_or_else(|| Fault::item(RejectCode::BadManifest, "rows"))?;
            scratch.row[place] = Value::Text(Cow::Owned(manifest.to_json()));
        }
        if let Some(place) = plan.content()
            && let Some(checksum) = row.content.and_then(|raw| content::from_json(raw.get()))
        {
            scratch.row[place] = Value::Text(Cow::Borrowed(checksum));
        }
        if let Some(column) = columns.lacking(&scratch.row) {
            return Err(Fault::item(RejectCode::MissingMandatoryItem, column));
        }
        columns.append(&mut scratch.row);
        self.warn(table, known, row_number, record);
        self.flags.keep();
        Ok(())
    }

    /// Keeps what was found about an accepted row, each finding once.
    fn warn(&mut self, table: Table, known: &Known, row_number: i64, record: &RawRecord<'_>) {
        if self.flags.pending().is_empty() {
            return;
        }
        let context = self.context;
        let found: BTreeSet<Finding> = self.flags.pending().iter().copied().collect();
        for (code, item) in found {
            let own = [table.csds_name(), Some(code.code()), item].map(|text| Value::from(text.map(Cow::Borrowed)));
            let envelope = |source| envelope(source, known, row_number, record, context);
            self.own_row(Table::CsdsRowWarning, own, envelope);
        }
    }

    /// Keeps where a refused row stood and why, so that its submission can be whole all the same, and the keys that it
    /// names, so that its children can be told.
    fn refused(&mut self, last: &Last, row_number: i64, record: &RawRecord<'_>, fault: &Fault, sent: &[Sent<'_>]) {
        let (context, known) = (self.context, &last.known);
        let why = [last.table.csds_name(), Some(fault.code.code()), fault.item.as_deref()];
        let why = why.map(|text| Value::from(text.map(Cow::Borrowed)));
        let keys = csds_keys::of(last.table, sent, &known.submission.provider, context.keys);
        let own = why.into_iter().chain(keys.map(|key| key.map(Cow::Owned).into()));
        self.own_row(Table::CsdsRefusedRow, own, |source| envelope(source, known, row_number, record, context));
    }

    fn decision(&mut self, record: &RawRecord<'_>, raw: &str) -> Result<(), Fault> {
        let decision = Decision::from_json(raw).map_err(|part| Fault::item(RejectCode::BadDecision, part))?;
        if record.key.ok_or_else(|| Fault::new(RejectCode::MissingKey))? != decision.submission.as_bytes() {
            return Err(Fault::new(RejectCode::ProviderMismatch));
        }
        let text = |text: &'static str| Value::Text(Cow::Borrowed(text));
        let owned = |text: &str| Value::Text(Cow::Owned(text.to_owned()));
        let own = [
            owned(&decision.id),
            owned(&decision.submission),
            text(decision.verdict.as_str()),
            owned(&decision.reason),
            owned(&decision.by),
            Value::instant(decision.at),
        ];
        let context = self.context;
        self.own_row(Table::CsdsSubmissionDecision, own, |source| place(source, record, context));
        Ok(())
    }

    /// Appends a row of a table that no items fill: `own` gives its own columns in order.
    fn own_row<'v>(
        &mut self,
        table: Table,
        own: impl IntoIterator<Item = Value<'v>>,
        other: impl Fn(Source) -> Value<'v>,
    ) {
        let mut own = own.into_iter();
        let mut row: Vec<Value<'v>> = schema::columns(table)
            .iter()
            .map(|column| match column.source {
                Source::Own => own.next().unwrap_or_default(),
                source => other(source),
            })
            .collect();
        let capacity_rows = self.capacity_rows;
        let (_, columns) = self.tables[table.index()]
            .get_or_insert_with(|| (Plan::of(table), Columns::new(Plan::schema(table), capacity_rows)));
        columns.append(&mut row);
    }

    /// The batches in the feed's table order, and what was found about rows that were kept.
    pub(super) fn finish(mut self) -> (Vec<(Table, RecordBatch)>, Flags) {
        let batches = Feed::Csds
            .tables()
            .iter()
            .filter_map(|table| {
                let (_, columns) = self.tables[table.index()].take()?;
                Some((*table, columns.finish()?))
            })
            .collect();
        (batches, self.flags)
    }
}

fn table(wire: &CsdsRecord<'_>) -> Result<Table, Fault> {
    let raw = wire.table.ok_or_else(|| Fault::new(RejectCode::UnknownTable))?;
    let name: Cow<'_, str> =
        serde_json::from_str(raw.get()).map_err(|_| Fault::item(RejectCode::WrongCsdsKind, "table"))?;
    Table::from_csds_name(&name).ok_or_else(|| Fault::word(RejectCode::UnknownTable, &name))
}

fn submission(raw: &str, context: &DecodeContext<'_>) -> Result<Submission, Fault> {
    Submission::from_json_by(raw, context.calendar)
        .map_err(|fault| Fault::item(fault.code, &format!("submission.{}", fault.part)))
}

/// The key must name the row's provider, or the submission itself for a header.
fn check_key(key: Option<&[u8]>, table: Table, submission: &Submission) -> Result<(), Fault> {
    let key = key.ok_or_else(|| Fault::new(RejectCode::MissingKey))?;
    let named = if table == Table::Cyp000Header {
        key == submission.id.as_bytes()
    } else {
        let provider = key.split(|byte| *byte == b'|').next().unwrap_or_default();
        provider == submission.provider.as_bytes()
            || str::from_utf8(provider)
                .is_ok_and(|sent| clean::provider(Cow::Borrowed(sent)).as_deref() == Some(submission.provider.as_str()))
    };
    if named { Ok(()) } else { Err(Fault::new(RejectCode::ProviderMismatch)) }
}

/// Mandatory items are there, and a header says what its submission says.
fn check_items(table: Table, submission: &Submission, sent: &[Sent<'_>], flags: &mut Flags) -> Result<(), Fault> {
    let mut other_version = None;
    for (item, sent) in homeward_contract::item::items(table).iter().zip(sent) {
        let Some(text) = sent.trimmed() else {
            if item.mandatory {
                let code = match (table, item.key) {
                    (Table::Cyp000Header, _) => RejectCode::MissingHeaderItem,
                    (_, KeyRole::None) => RejectCode::MissingMandatoryItem,
                    _ => RejectCode::MissingKeyItem,
                };
                return Err(Fault::item(code, item.name));
            }
            continue;
        };
        if !item.is_in(submission.version) {
            other_version = Some(item.name);
        }
        if item.handling == Handling::Envelope && !agrees(item.name, text, submission) {
            return Err(Fault::item(RejectCode::HeaderMismatch, item.name));
        }
    }
    if let Some(item) = other_version {
        flags.raise_at(RejectCode::CsdsItemOfOtherVersion, item);
    }
    Ok(())
}

fn agrees(item: &str, text: &str, submission: &Submission) -> bool {
    match item {
        "Version" => text == submission.version.as_str(),
        "OrgID_Provider" => clean::provider(Cow::Borrowed(text)).as_deref() == Some(submission.provider.as_str()),
        "RP_StartDate" => text == submission.rp_start.to_string(),
        "RP_EndDate" => text == submission.rp_end.to_string(),
        _ => true,
    }
}
