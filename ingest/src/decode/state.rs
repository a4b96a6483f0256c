//! CloudEvents that carry a whole state into rows of their feed's table, as the contract's items say
//! (`homeward_contract::state`).
//!
//! One decoder serves the six feeds: it knows kinds and roles of items, and no item by its name but `status`, `reason` and
//! the person's.

use std::borrow::Cow;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use homeward_contract::feed::{Feed, Table};
use homeward_contract::identity::OLDEST_AGE_YEARS;
use homeward_contract::reject::RejectCode;
use homeward_contract::schema::{Source, columns, fact_schema};
use homeward_contract::state::{Kind, Need, Role, StateItem, StateType, items};
use homeward_contract::time::parse_date;
use serde_json::value::RawValue;

use super::columns::{Columns, Value};
use super::csds_plan::place;
use super::event::{Envelope, keyed};
use super::fault::Fault;
use super::fhir;
use super::field;
use super::flags::Flags;
use super::identity::Identity;
use super::scalar::Scalar;
use super::state_data::StateData;
use super::state_subject as subject;
use super::{DecodeContext, RawRecord};

/// Longest id of `data`, in characters.
const IDENTIFIER_CHARACTERS: usize = 100;

/// Longest code.
const CODE_BYTES: usize = 12;

/// Collects the accepted events of one batch of one feed.
pub(super) struct StateDecoder<'c> {
    context: &'c DecodeContext<'c>,
    feed: Feed,
    items: &'static [StateItem],
    /// The column of each item.
    at: Vec<Option<usize>>,
    schema: SchemaRef,
    columns: Columns,
    pub(super) flags: Flags,
}

impl<'c> StateDecoder<'c> {
    pub(super) fn new(feed: Feed, context: &'c DecodeContext<'c>, capacity_rows: usize) -> Self {
        let (schema, items) = (fact_schema(feed.anchor()), items(feed));
        let at = items.iter().map(|item| schema.index_of(item.column?).ok()).collect();
        let columns = Columns::new(schema.clone(), capacity_rows);
        Self { context, feed, items, at, schema, columns, flags: Flags::default() }
    }

    /// Decodes one event and appends it.
    ///
    /// # Errors
    /// The fault for which the event is refused; nothing is kept then.
    pub(super) fn read(&mut self, record: &RawRecord<'_>, payload: &[u8]) -> Result<(), Fault> {
        let translated = if self.feed == Feed::VwStay { fhir::event(payload).map_err(Fault::of_state)? } else { None };
        let mut row = vec![Value::Null; self.columns.width()];
        self.fill(record, translated.as_deref().unwrap_or(payload), &mut row).map_err(Fault::of_state)?;
        self.columns.append(&mut row);
        self.flags.keep();
        Ok(())
    }

    /// The batch, and what was found about records that were kept.
    pub(super) fn finish(self) -> (Option<(Table, RecordBatch)>, Flags) {
        (self.columns.finish().map(|batch| (self.feed.anchor(), batch)), self.flags)
    }

    fn fill<'p>(&mut self, record: &'p RawRecord<'_>, payload: &'p [u8], row: &mut [Value<'p>]) -> Result<(), Fault> {
        let wrong = |error: serde_json::Error| Fault::json(&error, payload, RejectCode::WrongKind);
        let mut envelope: Envelope<'p, &'p RawValue> = serde_json::from_slice(payload).map_err(wrong)?;
        let wire = field::attribute("type", &mut envelope.event_type)?;
        let kind = StateType::ALL.into_iter().find(|kind| kind.wire_name(self.feed) == Some(&*wire));
        let kind = kind.ok_or_else(|| Fault::word(RejectCode::UnknownEventType, &wire))?;
        let head = envelope.head()?;
        let sent_subject = field::attribute("subject", &mut envelope.subject)?;
        let raw = envelope.data.take().ok_or_else(|| Fault::item(RejectCode::MissingAttribute, "data"))?;
        let mut data = StateData::parse(self.items, raw.get()).map_err(wrong)?;

        self.person(&mut data.values, row)?;
        for ((item, value), at) in self.items.iter().zip(&mut data.values).zip(&self.at) {
            if let Some(at) = at.filter(|at| row[*at].is_null()) {
                row[at] = cell(item, value)?;
            }
        }
        let is_withdrawn = kind == StateType::Voided || self.items.iter().any(|item| self.withdraws(item, row));
        self.require(is_withdrawn, row)?;
        let subject = self.subject(&sent_subject, record.key, row)?;
        if !is_withdrawn {
            self.interval(row)?;
            self.status(row);
        }
        self.trigger(is_withdrawn, row)?;

        let mut extra = envelope.extra;
        extra.append(data.extra);
        if extra.dropped_identifier() {
            self.flags.raise(RejectCode::StateIdentifierDropped);
        }
        let kept = extra
            .to_json()
            .map_err(|_| Fault::because(RejectCode::WrongKind, "an unknown field", "is nested too deep to be kept"))?;
        for (column, cell) in columns(self.feed.anchor()).iter().zip(&mut *row) {
            match column.name.as_str() {
                "event_id" => *cell = Value::Text(head.id.clone()),
                "source" => *cell = Value::Text(head.source.clone()),
                "event_type" => *cell = Value::Text(Cow::Borrowed(kind.short_name())),
                "event_time" => *cell = Value::instant(head.time),
                "version_id" => *cell = Value::Whole(head.version_id),
                "subject" => *cell = Value::Text(Cow::Owned(subject.clone())),
                "withdrawn" => *cell = Value::Flag(is_withdrawn),
                "extra" => *cell = kept.clone().map(Cow::Owned).into(),
                _ if column.source != Source::Event => *cell = place(column.source, record, self.context),
                _ => {}
            }
        }
        Ok(())
    }

    /// The cells of the person's pseudonym and its key version, where the feed has them.
    fn person<'p>(&mut self, values: &mut [Scalar<'p>], row: &mut [Value<'p>]) -> Result<(), Fault> {
        let of = |kind| self.items.iter().position(|item| item.kind == kind);
        let (Some(pseudonym), Some(version), Some(number)) =
            (of(Kind::Pseudonym), of(Kind::KeyVersion), of(Kind::NhsNumber))
        else {
            return Ok(());
        };
        let [mut sent, mut key_version, mut nhs_number] =
            [pseudonym, version, number].map(|item| std::mem::take(&mut values[item]));
        let known = Identity {
            names: [pseudonym, version, number].map(|item| self.items[item].name),
            pseudonym: &mut sent,
            key_version: &mut key_version,
            nhs_number: &mut nhs_number,
        }
        .read(self.context.keys)?;
        if known.is_invalid_number {
            self.flags.raise(RejectCode::StateInvalidNhsNumber);
        }
        for (item, cell) in [(pseudonym, known.pseudonym.into()), (version, known.key_version.into())] {
            if let Some(at) = self.at[item] {
                row[at] = cell;
            }
        }
        Ok(())
    }

    fn withdraws(&self, item: &StateItem, row: &[Value<'_>]) -> bool {
        match (item.role, self.cell(item, row)) {
            (Role::WithdrawsAs(word), Value::Text(text)) => text == word,
            (Role::WithdrawsWhenTrue, Value::Flag(flag)) => *flag,
            _ => false,
        }
    }

    fn require(&self, is_withdrawn: bool, row: &[Value<'_>]) -> Result<(), Fault> {
        let due = |item: &&StateItem| item.need == Need::Always || (item.need == Need::State && !is_withdrawn);
        match self.items.iter().filter(due).find(|item| self.cell(item, row).is_null()) {
            Some(item) => Err(Fault::item(RejectCode::StateMissingItem, item.name)),
            None => Ok(()),
        }
    }

    /// The subject in one form, after data, subject and key were found to name the same.
    fn subject(&self, sent: &str, key: Option<&[u8]>, row: &[Value<'_>]) -> Result<String, Fault> {
        let names = |text: &str| {
            let parts = subject::parts(self.feed, text, self.context.keys)?;
            let agrees = |(place, part): (usize, &String)| {
                subject::named(self.feed, place)
                    .is_none_or(|item| subject::cell_form(self.cell(item, row)).as_deref() == Some(part))
            };
            Some((1..).zip(&parts).all(agrees))
        };
        keyed(sent, key, names)?;
        let parts = subject::parts(self.feed, sent, self.context.keys);
        parts.map(|parts| subject::joined(&parts)).ok_or_else(|| Fault::new(RejectCode::StateBadSubject))
    }

    /// An end before its start; the last day within an interval may be the day before its first.
    fn interval(&self, row: &[Value<'_>]) -> Result<(), Fault> {
        let backwards = match (self.role(Role::Start, row), self.role(Role::End, row)) {
            (Value::Instant(start), Value::Instant(end)) => end < start,
            (Value::Day(start), Value::Day(end)) => i64::from(*end) + 1 < i64::from(*start),
            _ => false,
        };
        if backwards { Err(Fault::new(RejectCode::StateEndsBeforeStart)) } else { Ok(()) }
    }

    /// Flags a status that says otherwise than the end.
    fn status(&mut self, row: &[Value<'_>]) {
        let Some(item) = self.items.iter().find(|item| matches!(item.role, Role::WithdrawsAs(_))) else { return };
        let has_end = !self.role(Role::End, row).is_null();
        if let Value::Text(status) = self.cell(item, row)
            && (status == "closed") != has_end
        {
            self.flags.raise(RejectCode::StateStatusContradiction);
        }
    }

    fn trigger(&self, is_withdrawn: bool, row: &[Value<'_>]) -> Result<(), Fault> {
        let Value::Text(trigger) = self.role(Role::Trigger, row) else { return Ok(()) };
        let is_closed = self.items.iter().any(|item| {
            matches!(item.role, Role::WithdrawsAs(_))
                && matches!(self.cell(item, row), Value::Text(word) if word == "closed")
        });
        let holds = match &**trigger {
            "A11" => is_withdrawn,
            "A13" => !is_withdrawn && !is_closed && self.role(Role::End, row).is_null(),
            _ => true,
        };
        if holds { Ok(()) } else { Err(Fault::new(RejectCode::StateTriggerContradiction)) }
    }

    /// The cell of the item with this role.
    fn role<'r, 'p>(&self, role: Role, row: &'r [Value<'p>]) -> &'r Value<'p> {
        self.items.iter().find(|item| item.role == role).map_or(&Value::Null, |item| self.cell(item, row))
    }

    fn cell<'r, 'p>(&self, item: &StateItem, row: &'r [Value<'p>]) -> &'r Value<'p> {
        item.column.and_then(|column| row.get(self.schema.index_of(column).ok()?)).unwrap_or(&Value::Null)
    }
}

/// One item: from a JSON scalar to a checked cell.
fn cell<'p>(item: &'static StateItem, value: &mut Scalar<'p>) -> Result<Value<'p>, Fault> {
    let name = item.name;
    Ok(match item.kind {
        // Read together, as the person.
        Kind::Pseudonym | Kind::KeyVersion | Kind::NhsNumber => Value::Null,
        Kind::Provider => match field::organisation(name, value)? {
            Some(code) => super::clean::provider(code).into(),
            None => Value::Null,
        },
        Kind::Organisation => field::organisation(name, value)?.into(),
        Kind::Identifier => match field::text(name, value)? {
            Some(id) if !is_identifier(&id) => return Err(Fault::item(RejectCode::StateBadIdentifier, name)),
            id => id.into(),
        },
        Kind::Text => field::text(name, value)?.into(),
        Kind::Word => field::word(name, value)?.into(),
        Kind::Listed => field::listed(name, value, item.words, RejectCode::StateUnknownWord)?.into(),
        Kind::Code => match field::text(name, value)?.map(|code| code.to_ascii_uppercase()) {
            Some(code) if !is_code(&code) => return Err(Fault::item(RejectCode::StateBadCode, name)),
            code => code.map(Cow::Owned).into(),
        },
        Kind::Instant => field::instant(name, value)?.into(),
        Kind::Date => match field::text(name, value)? {
            Some(text) => Value::day(parse_date(&text).map_err(|_| Fault::item(RejectCode::StateBadDate, name))?),
            None => Value::Null,
        },
        Kind::Whole(least, most) => field::whole(name, value, least..=most, RejectCode::StateBadNumber)?.into(),
        Kind::Flag => field::flag(name, value)?.into(),
        Kind::Age => field::whole(name, value, 0..=i64::from(OLDEST_AGE_YEARS), RejectCode::BadAge)?.into(),
    })
}

fn is_identifier(id: &str) -> bool {
    id.chars().count() <= IDENTIFIER_CHARACTERS && !id.chars().any(|sign| sign.is_control() || sign == '|')
}

/// It begins with a letter, so that it can be nobody's number.
fn is_code(code: &str) -> bool {
    code.len() <= CODE_BYTES
        && code.starts_with(|first: char| first.is_ascii_alphabetic())
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-')
}
