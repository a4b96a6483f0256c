//! HL7 v2 ADT messages into rows of `adt_message`: what one message says of one stay, without names, addresses and
//! numbers of the person. [`crate::adt`] makes spells and stays in emergency departments of them.

use std::borrow::Cow;

use arrow::array::RecordBatch;
use chrono::NaiveDate;
use homeward_contract::adt::{PatientClass, Trigger};
use homeward_contract::codes;
use homeward_contract::feed::Table;
use homeward_contract::identity::{self, NhsNumber};
use homeward_contract::reject::RejectCode;
use homeward_contract::schema::{self, Source, fact_schema};
use homeward_contract::time::london;

use super::columns::{Columns, Value};
use super::csds_plan::place;
use super::fault::Fault;
use super::flags::Flags;
use super::hl7::Message;
use super::{DecodeContext, RawRecord};

/// Longest id or code, in characters.
const IDENTIFIER_CHARACTERS: usize = 100;

/// Collects the accepted messages of one batch.
pub(super) struct AdtDecoder<'c> {
    context: &'c DecodeContext<'c>,
    columns: Columns,
    pub(super) flags: Flags,
}

impl<'c> AdtDecoder<'c> {
    pub(super) fn new(context: &'c DecodeContext<'c>, capacity_rows: usize) -> Self {
        let columns = Columns::new(fact_schema(Table::AdtMessage), capacity_rows);
        Self { context, columns, flags: Flags::default() }
    }

    /// Decodes one message and appends it.
    ///
    /// # Errors
    /// The fault for which the message is refused; nothing is kept then.
    pub(super) fn read(&mut self, record: &RawRecord<'_>, payload: &[u8]) -> Result<(), Fault> {
        let own = self.cells(&Message::parse(payload)?)?;
        let mut own = own.into_iter();
        let mut row: Vec<Value<'_>> = schema::columns(Table::AdtMessage)
            .iter()
            .map(|column| match column.source {
                Source::Own => own.next().unwrap_or_default(),
                source => place(source, record, self.context),
            })
            .collect();
        self.columns.append(&mut row);
        self.flags.keep();
        Ok(())
    }

    /// The batch, and what was found about messages that were kept.
    pub(super) fn finish(self) -> (Option<(Table, RecordBatch)>, Flags) {
        (self.columns.finish().map(|batch| (Table::AdtMessage, batch)), self.flags)
    }

    /// The message's own cells, in the order of the table.
    fn cells(&mut self, message: &Message) -> Result<[Value<'static>; 16], Fault> {
        let trigger = trigger(message)?;
        for segment in ["PID", "PV1"] {
            if !message.has(segment) {
                return Err(Fault::item(RejectCode::AdtMissingSegment, segment));
            }
        }
        let class = required(message, "PV1", 2)?;
        let class = PatientClass::from_code(&class).ok_or_else(|| Fault::new(RejectCode::AdtNoStay))?;
        let (provider, visit) = (provider(message)?, required(message, "PV1", 19)?);
        let sent = message.time("MSH", 7, None)?;
        let recorded = message.time("EVN", 2, None)?.or(sent);
        let recorded = recorded.ok_or_else(|| Fault::item(RejectCode::AdtMissingField, "EVN-2 and MSH-7"))?;
        let admitted = message.time("PV1", 44, None)?;
        // Where something happened in an hour that came twice, it was not before the admission.
        let occurred = message.time("EVN", 6, admitted)?.unwrap_or(recorded);
        let discharged = message.time("PV1", 45, admitted)?;
        if admitted.zip(discharged).is_some_and(|(start, end)| end < start) {
            return Err(Fault::new(RejectCode::AdtEndsBeforeStart));
        }
        let (ward, prior_ward) = (optional(message, "PV1", 3)?, optional(message, "PV1", 6)?);
        if trigger == Trigger::Transfer && ward.is_none() {
            return Err(Fault::item(RejectCode::AdtMissingField, "PV1-3"));
        }
        let pseudonym = self.pseudonym(message);
        let version = pseudonym.as_ref().map(|_| i64::from(self.context.keys.version()));
        let on = london(admitted.unwrap_or(occurred)).date();
        let age = birth(message).and_then(|birth| identity::age_years(birth, on)).map(i64::from);
        Ok([
            text(required(message, "MSH", 3)?),
            text(required(message, "MSH", 10)?),
            Value::Text(Cow::Borrowed(trigger.code())),
            Value::instant(recorded),
            Value::instant(occurred),
            text(provider),
            text(visit),
            Value::Text(Cow::Borrowed(class.code())),
            ward.map_or(Value::Null, text),
            prior_ward.map_or(Value::Null, text),
            admitted.into(),
            discharged.into(),
            optional(message, "PV1", 4)?.map_or(Value::Null, text),
            pseudonym.map_or(Value::Null, text),
            version.into(),
            age.into(),
        ])
    }

    /// The pseudonym of the NHS number among the identifiers of PID-3: the one of type NH, or of the authority NHS.
    fn pseudonym(&mut self, message: &Message) -> Option<String> {
        let is_nhs = |[_, authority, kind]: &[Option<String>; 3]| {
            kind.as_deref() == Some("NH") || (kind.is_none() && authority.as_deref() == Some("NHS"))
        };
        let identifiers = message.repetitions("PID", 3, [1, 4, 5]);
        let number = identifiers.into_iter().find(is_nhs).and_then(|[number, ..]| number)?;
        match NhsNumber::parse(&number) {
            Ok(number) => Some(self.context.keys.nhs(&number)),
            Err(_) => {
                self.flags.raise(RejectCode::AdtInvalidNhsNumber);
                None
            }
        }
    }
}

/// The Kafka key of a message: its stay. None for what says no stay: any partition will do for it.
pub(super) fn key(payload: &[u8]) -> Option<Vec<u8>> {
    let message = Message::parse(payload).ok()?;
    let (provider, visit) = (provider(&message).ok()?, required(&message, "PV1", 19).ok()?);
    Some(format!("{provider}|{visit}").into_bytes())
}

fn trigger(message: &Message) -> Result<Trigger, Fault> {
    let other = || Fault::new(RejectCode::AdtOtherEvent);
    if message.value("MSH", 9, 1).as_deref() != Some("ADT") {
        return Err(other());
    }
    if message.value("MSH", 11, 1).is_some_and(|mode| mode == "T" || mode == "D") {
        return Err(Fault::new(RejectCode::AdtNotProduction));
    }
    let (named, again) = (message.value("MSH", 9, 2), message.value("EVN", 1, 1));
    if named.is_some() && again.is_some() && named != again {
        return Err(Fault::new(RejectCode::AdtEventContradiction));
    }
    named.or(again).and_then(|code| Trigger::from_code(&code)).ok_or_else(other)
}

fn provider(message: &Message) -> Result<String, Fault> {
    let code = required(message, "MSH", 4)?;
    codes::provider(&code).ok_or_else(|| Fault::item(RejectCode::AdtBadOrganisation, "MSH-4"))
}

/// The first component of a field that the message must have.
fn required(message: &Message, segment: &str, field: usize) -> Result<String, Fault> {
    let value = optional(message, segment, field)?;
    value.ok_or_else(|| Fault::item(RejectCode::AdtMissingField, &format!("{segment}-{field}")))
}

fn optional(message: &Message, segment: &str, field: usize) -> Result<Option<String>, Fault> {
    let value = message.value(segment, field, 1);
    let fits = |value: &String| {
        value.chars().count() <= IDENTIFIER_CHARACTERS && !value.chars().any(|sign| sign.is_control() || sign == '|')
    };
    match value {
        Some(value) if !fits(&value) => Err(Fault::item(RejectCode::AdtBadIdentifier, &format!("{segment}-{field}"))),
        value => Ok(value),
    }
}

/// The date of birth, which goes no further than the age.
fn birth(message: &Message) -> Option<NaiveDate> {
    let text = message.value("PID", 7, 1)?;
    NaiveDate::parse_from_str(text.get(..8)?, "%Y%m%d").ok()
}

fn text(text: String) -> Value<'static> {
    Value::Text(Cow::Owned(text))
}
