//! A CSDS submission, and the shape in which its rows travel on Kafka.
//!
//! Every row carries its whole submission, so that a row can be judged alone, in any order, on any machine. The
//! object `submission` is the same text in all rows of a file: a decoder may keep the last one it read.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::calendar::{self, FileType, SubmissionCalendar};
use crate::codes;
use crate::feed::Table;
use crate::item::Handling;
use crate::manifest::Manifest;
use crate::reject::RejectCode;
use crate::time;

/// A version of the data set that Homeward reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CsdsVersion {
    /// October 2017 to June 2020.
    V1_0,
    /// July 2020 to December 2022.
    V1_5,
    /// January 2023 to today.
    V1_6,
}

impl CsdsVersion {
    /// Every version, oldest first.
    pub const ALL: [CsdsVersion; 3] = [CsdsVersion::V1_0, CsdsVersion::V1_5, CsdsVersion::V1_6];

    /// The oldest version.
    pub const OLDEST: CsdsVersion = CsdsVersion::V1_0;

    /// The version that other versions are lifted to.
    pub const NEWEST: CsdsVersion = CsdsVersion::V1_6;

    /// The version before this one; the oldest is its own.
    #[must_use]
    pub const fn before(self) -> CsdsVersion {
        match self {
            CsdsVersion::V1_0 | CsdsVersion::V1_5 => CsdsVersion::V1_0,
            CsdsVersion::V1_6 => CsdsVersion::V1_5,
        }
    }

    /// The text of the header's `Version`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            CsdsVersion::V1_0 => "1.0",
            CsdsVersion::V1_5 => "1.5",
            CsdsVersion::V1_6 => "1.6",
        }
    }

    /// Reads the header's `Version`.
    #[must_use]
    pub fn from_text(text: &str) -> Option<CsdsVersion> {
        CsdsVersion::ALL.into_iter().find(|version| version.as_str() == text.trim())
    }

    /// The version that belongs to the period ending on a day (`csds.md` section 1).
    #[must_use]
    pub fn of_period(rp_end: NaiveDate) -> CsdsVersion {
        match (rp_end.year(), rp_end.month()) {
            (2023.., _) => CsdsVersion::V1_6,
            (2021.., _) | (2020, 7..) => CsdsVersion::V1_5,
            _ => CsdsVersion::V1_0,
        }
    }
}

/// One file set of one provider for one reporting period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Its name, for example `NR5-202504-20250512T091500`.
    pub id: String,
    /// The provider's code in canonical form.
    pub provider: String,
    /// The data set version of its header.
    pub version: CsdsVersion,
    /// First day of the reporting period.
    pub rp_start: NaiveDate,
    /// Last day of the reporting period.
    pub rp_end: NaiveDate,
    /// When the file was received; the second part of the latest-record order.
    pub file_received_at: DateTime<Utc>,
    /// Primary or Refresh.
    pub file_type: FileType,
}

/// Why a submission cannot be read; holds no value of the record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("submission {part}: {}; {}", code.message(), code.mend())]
pub struct SubmissionFault {
    /// The rule that caught it.
    pub code: RejectCode,
    /// The member of `submission` at fault.
    pub part: &'static str,
}

const fn fault(code: RejectCode, part: &'static str) -> SubmissionFault {
    SubmissionFault { code, part }
}

/// Longest submission id taken.
pub(crate) const ID_CHARACTERS: usize = 100;

impl Submission {
    /// A submission named by provider, period and creation time, received when it was created.
    ///
    /// `file_created_local` is the header's `FileCreation_DateTime`, which is London's wall clock. A provider's code
    /// that has no such shape is kept as it is, for [`Submission::check`] to refuse.
    #[must_use]
    pub fn new(
        provider: &str,
        version: CsdsVersion,
        rp_start: NaiveDate,
        rp_end: NaiveDate,
        file_created_local: NaiveDateTime,
    ) -> Self {
        let provider = codes::provider(provider).unwrap_or_else(|| provider.trim().to_owned());
        let id = format!("{provider}-{}-{}", rp_end.format("%Y%m"), file_created_local.format("%Y%m%dT%H%M%S"));
        let file_received_at = time::resolve_start(file_created_local).at;
        let file_type = calendar::file_type(rp_end, file_received_at);
        Self { id, provider, version, rp_start, rp_end, file_received_at, file_type }
    }

    /// Checks the rules that hold between the parts.
    ///
    /// # Errors
    /// [`SubmissionFault`] naming the first part that breaks a rule.
    pub fn check(&self) -> Result<(), SubmissionFault> {
        let visible = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
        if !visible(&self.id) || self.id.len() > ID_CHARACTERS {
            return Err(fault(RejectCode::BadSubmission, "id"));
        }
        if codes::provider(&self.provider).as_deref() != Some(self.provider.as_str()) {
            return Err(fault(RejectCode::BadSubmission, "provider"));
        }
        if self.rp_end < self.rp_start {
            return Err(fault(RejectCode::BadPeriod, "rp_end"));
        }
        if CsdsVersion::of_period(self.rp_end) != self.version {
            return Err(fault(RejectCode::WrongVersionForPeriod, "version"));
        }
        Ok(())
    }

    /// Reads and checks the `submission` object of a record, by the rules of the calendar.
    ///
    /// # Errors
    /// As [`Submission::from_json_by`].
    pub fn from_json(json: &str) -> Result<Submission, SubmissionFault> {
        Self::from_json_by(json, &calendar::BY_RULE)
    }

    /// Reads and checks the `submission` object of a record. Without a file type it follows from this calendar.
    ///
    /// # Errors
    /// [`SubmissionFault`] with the reject code and the member at fault.
    pub fn from_json_by(json: &str, calendar: &SubmissionCalendar) -> Result<Submission, SubmissionFault> {
        let wire: SubmissionWire =
            serde_json::from_str(json).map_err(|_| fault(RejectCode::WrongCsdsKind, "submission"))?;
        let needed = |value: Option<String>, part| {
            value
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty())
                .ok_or(fault(RejectCode::MissingSubmissionItem, part))
        };
        let day = |value, part| time::parse_date(&needed(value, part)?).map_err(|_| fault(RejectCode::BadPeriod, part));
        let version = CsdsVersion::from_text(&needed(wire.version, "version")?)
            .ok_or(fault(RejectCode::UnsupportedVersion, "version"))?;
        let provider =
            codes::provider(&needed(wire.provider, "provider")?).ok_or(fault(RejectCode::BadSubmission, "provider"))?;
        let (rp_start, rp_end) = (day(wire.rp_start, "rp_start")?, day(wire.rp_end, "rp_end")?);
        let file_received_at = time::parse_instant_or_local(&needed(wire.file_received_at, "file_received_at")?)
            .map_err(|_| fault(RejectCode::BadReceiptTime, "file_received_at"))?
            .at;
        let file_type = match wire.file_type.as_deref().map(str::trim).filter(|word| !word.is_empty()) {
            Some(word) => FileType::from_word(word).ok_or(fault(RejectCode::BadSubmission, "file_type"))?,
            None => calendar.file_type(rp_end, file_received_at),
        };
        let id = needed(wire.id, "id")?;
        let submission = Self { id, provider, version, rp_start, rp_end, file_received_at, file_type };
        submission.check()?;
        Ok(submission)
    }

    /// The `submission` object of a record, as [`Submission::from_json`] reads it.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::json!({
            "id": self.id,
            "version": self.version.as_str(),
            "provider": self.provider,
            "rp_start": self.rp_start.to_string(),
            "rp_end": self.rp_end.to_string(),
            "file_received_at": time::with_z(self.file_received_at),
            "file_type": self.file_type.as_str(),
        })
        .to_string()
    }
}

/// The `submission` object as it comes: every member may be missing, so that the fault can be named.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SubmissionWire {
    id: Option<String>,
    version: Option<String>,
    provider: Option<String>,
    rp_start: Option<String>,
    rp_end: Option<String>,
    file_received_at: Option<String>,
    file_type: Option<String>,
}

/// A row on Kafka, read without copying: its parts stay as JSON text until they are needed.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct CsdsRecord<'a> {
    /// The national table name.
    #[serde(borrow)]
    pub table: Option<&'a RawValue>,
    /// The submission the row came with.
    #[serde(borrow)]
    pub submission: Option<&'a RawValue>,
    /// The row's number within its table's file, from 1 up.
    pub row_number: Option<i64>,
    /// The row's items by national name.
    #[serde(borrow)]
    pub record: Option<&'a RawValue>,
    /// Instead of `record`: a line that could not be split. Always quarantined.
    #[serde(borrow)]
    pub raw_line: Option<&'a RawValue>,
    /// Only with the header: how many rows of each table the submission has ([`Manifest`]).
    #[serde(borrow)]
    pub rows: Option<&'a RawValue>,
    /// Only with the header: the checksum of what the rows say ([`crate::content`]).
    #[serde(borrow)]
    pub content: Option<&'a RawValue>,
    /// Instead of all others: a decision about a submission ([`crate::decision`]).
    #[serde(borrow)]
    pub decision: Option<&'a RawValue>,
}

/// Writes the Kafka payload of a row; empty values are left out, since absent and empty mean the same.
pub fn record_payload<'i>(
    table_name: &str,
    submission_json: &str,
    row_number: i64,
    items: impl IntoIterator<Item = (&'i str, &'i str)>,
) -> String {
    let mut payload = payload_head(table_name, submission_json, row_number);
    payload.push_str(",\"record\":{");
    let mut first = true;
    for (name, value) in items.into_iter().filter(|(_, value)| !value.is_empty()) {
        if !first {
            payload.push(',');
        }
        first = false;
        push_text(&mut payload, name);
        payload.push(':');
        push_text(&mut payload, value);
    }
    payload.push_str("}}");
    payload
}

/// Writes the Kafka payload of the header, which says how many rows the submission has and therefore comes last.
pub fn header_payload<'i>(
    submission_json: &str,
    items: impl IntoIterator<Item = (&'i str, &'i str)>,
    manifest: &Manifest,
    content: Option<&str>,
) -> String {
    let mut payload = record_payload("CYP000Header", submission_json, 1, items);
    payload.pop();
    let _ = write!(payload, ",\"rows\":{}", manifest.to_json());
    if let Some(content) = content {
        let _ = write!(payload, ",\"content\":\"{content}\"");
    }
    payload.push('}');
    payload
}

/// Writes the Kafka payload of a line that could not be split.
#[must_use]
pub fn raw_line_payload(table_name: &str, submission_json: &str, row_number: i64, line: &str) -> String {
    let mut payload = payload_head(table_name, submission_json, row_number);
    payload.push_str(",\"raw_line\":");
    push_text(&mut payload, line);
    payload.push('}');
    payload
}

/// The beginning that all payloads of one table of one submission share, up to the row's number.
#[must_use]
pub fn payload_beginning(table_name: &str, submission_json: &str) -> String {
    let mut payload = String::with_capacity(256 + submission_json.len());
    payload.push_str("{\"table\":");
    push_text(&mut payload, table_name);
    payload.push_str(",\"submission\":");
    payload.push_str(submission_json);
    payload.push_str(",\"row_number\":");
    payload
}

fn payload_head(table_name: &str, submission_json: &str, row_number: i64) -> String {
    let mut payload = payload_beginning(table_name, submission_json);
    // Writing to a string cannot fail.
    let _ = write!(payload, "{row_number}");
    payload
}

/// Nearly no text needs an escape, and making a JSON value of each costs more than all the rest of a row.
fn push_text(payload: &mut String, text: &str) {
    if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        let _ = write!(payload, "{}", serde_json::Value::from(text));
    } else {
        payload.push('"');
        payload.push_str(text);
        payload.push('"');
    }
}

/// The Kafka key of a row, so that one entity stays in one partition: the submission for the header, provider and
/// [`Table::entity_item`] for the rest.
///
/// `item` looks an item up by national name. A row without its entity's item gets the provider alone: it needs a
/// partition even when it will be refused.
pub fn record_key<'r>(table: Table, submission: &Submission, item: impl Fn(&str) -> Option<&'r str>) -> String {
    if table == Table::Cyp000Header {
        return submission.id.clone();
    }
    let entity = table.entity_item().and_then(|entity| {
        let sent = item(entity.name)?;
        match entity.handling {
            Handling::ServiceRequestId => codes::service_request_id(sent).map(|request| request.id),
            _ => Some(sent.trim().to_owned()),
        }
    });
    format!("{}|{}", submission.provider, entity.unwrap_or_default())
}

#[cfg(test)]
#[path = "submission_tests.rs"]
mod tests;
