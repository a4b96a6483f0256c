//! `*.ndjson`: one record a line, events or CSDS rows, also mixed.
//!
//! A line is not judged here: whatever it holds becomes a record, and decoding says what is wrong
//! with it. Only its feed and its key are looked for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use homeward_contract::feed::{Feed, Table};
use homeward_contract::state;
use homeward_contract::submission::{Submission, record_key};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::FileRecord;
use super::entry::Entry;
use super::error::FileError;
use super::lines::{Lines, Next};
use crate::decode::{self, Place};

/// Reads one event file.
pub(super) struct EventReader {
    shown: String,
    topic: Arc<str>,
    lines: Lines,
    /// The feed of the last line that told: lines that cannot be parsed are counted with it.
    feed: Feed,
    last_submission: Option<(String, Submission)>,
}

/// As much of a line as says what it is.
#[derive(Deserialize)]
struct Peek<'a> {
    #[serde(borrow)]
    subject: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "type")]
    event_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    table: Option<Cow<'a, str>>,
    #[serde(borrow)]
    submission: Option<&'a RawValue>,
    #[serde(borrow)]
    record: Option<&'a RawValue>,
    #[serde(borrow)]
    decision: Option<PeekDecision<'a>>,
}

#[derive(Deserialize)]
struct PeekDecision<'a> {
    #[serde(borrow)]
    submission: Option<Cow<'a, str>>,
}

impl EventReader {
    pub(super) fn open(entry: &Entry) -> Result<Self, FileError> {
        let feed = if entry.name.to_ascii_lowercase().contains("csds") { Feed::Csds } else { Feed::Ucr };
        let shown = entry.shown();
        let topic = Arc::from(format!("file:{shown}"));
        Ok(Self { shown, topic, lines: Lines::new(entry.open()?), feed, last_submission: None })
    }

    /// The next line that is not blank.
    pub(super) fn read(&mut self) -> Option<Result<FileRecord, FileError>> {
        loop {
            match self.lines.advance() {
                Err(cause) => return Some(Err(FileError::io(&self.shown, cause).at(self.lines.number() + 1))),
                Ok(Next::End) => return None,
                Ok(Next::TooLong) => {
                    let error = FileError::new(
                        &self.shown,
                        "the line is longer than one record may be (1 MiB)",
                        "write one record a line, each ended by a line feed",
                    );
                    return Some(Err(error.at(self.lines.number())));
                }
                Ok(Next::Line) if self.lines.number() == 1 && is_utf16(self.lines.line()) => {
                    return Some(Err(utf16(&self.shown)));
                }
                Ok(Next::Line) if self.lines.line().trim_ascii().is_empty() => {}
                Ok(Next::Line) => return Some(Ok(self.record())),
            }
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.lines.bytes()
    }

    fn record(&mut self) -> FileRecord {
        let payload = self.lines.line().to_vec();
        let mut key = Vec::new();
        if let Ok(peek) = serde_json::from_slice::<Peek<'_>>(&payload) {
            if let Some(decision) = peek.decision {
                self.feed = Feed::Csds;
                key = decision.submission.unwrap_or_default().into_owned().into_bytes();
            } else if peek.table.is_some() || peek.submission.is_some() {
                self.feed = Feed::Csds;
                key = csds_key(&peek, &mut self.last_submission).unwrap_or_default();
            } else if let Some(subject) = peek.subject {
                self.feed = event_feed(peek.event_type.as_deref());
                key = subject.into_owned().into_bytes();
            } else if let Some(subject) = decode::fhir_key(&payload) {
                self.feed = Feed::VwStay;
                key = subject.into_bytes();
            }
        }
        let offset = i64::try_from(self.lines.number()).unwrap_or(i64::MAX);
        FileRecord {
            feed: self.feed,
            key,
            payload,
            place: Place { topic: Arc::clone(&self.topic), partition: 0, offset },
        }
    }
}

/// The feed of an event: by its type, and UCR for a type that nobody declared.
fn event_feed(event_type: Option<&str>) -> Feed {
    event_type.and_then(state::from_wire_name).map_or(Feed::Ucr, |(feed, _)| feed)
}

fn csds_key(peek: &Peek<'_>, last: &mut Option<(String, Submission)>) -> Option<Vec<u8>> {
    let table = Table::from_csds_name(peek.table.as_ref()?)?;
    let raw = peek.submission?.get();
    if last.as_ref().is_none_or(|(text, _)| text != raw) {
        *last = Some((raw.to_owned(), Submission::from_json(raw).ok()?));
    }
    let (_, submission) = last.as_ref()?;
    let record: BTreeMap<Cow<'_, str>, &RawValue> =
        peek.record.and_then(|record| serde_json::from_str(record.get()).ok()).unwrap_or_default();
    let entity = table.entity_item().and_then(|item| text(record.get(item.name).copied()));
    Some(record_key(table, submission, |_| entity.as_deref()).into_bytes())
}

/// A JSON text without its quotation marks, or a number as it stands.
fn text(value: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let json = value?.get();
    if json.starts_with('"') { serde_json::from_str(json).ok() } else { Some(Cow::Borrowed(json)) }
}

/// Whether a file begins with the mark of UTF-16, as exports of office programs do.
pub(super) fn is_utf16(line: &[u8]) -> bool {
    line.starts_with(b"\xff\xfe") || line.starts_with(b"\xfe\xff")
}

pub(super) fn utf16(shown: &str) -> FileError {
    FileError::new(shown, "is written in UTF-16", "save it as UTF-8 (in Excel: \"CSV UTF-8\")").at(1)
}
