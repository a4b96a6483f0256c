//! `*.hl7`: HL7 v2 messages one after the other, with or without the heads and tails of a batch file, and with any line ends.
//!
//! A message is not judged here: it begins with a segment MSH and ends before the next one. What stands before the first MSH
//! is a record too, which decoding refuses. Limits: a message of 1 MiB.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use homeward_contract::feed::Feed;

use super::FileRecord;
use super::entry::Entry;
use super::error::FileError;
use super::limits::MOST_LINE_BYTES;
use crate::decode::{Place, adt_key, unframed};

/// The heads and tails of files and batches.
const ENVELOPE: [&[u8]; 4] = [b"FHS", b"BHS", b"BTS", b"FTS"];

/// Reads one file of messages.
pub(super) struct MessageReader {
    shown: String,
    topic: Arc<str>,
    reader: BufReader<Box<dyn Read + Send>>,
    /// The segments of the message at hand, each ended by a carriage return.
    message: Vec<u8>,
    number: i64,
    bytes: u64,
    at_end: bool,
}

impl MessageReader {
    pub(super) fn open(entry: &Entry) -> Result<Self, FileError> {
        let shown = entry.shown();
        let topic = Arc::from(format!("file:{shown}"));
        let reader = BufReader::with_capacity(64 << 10, entry.open()?);
        Ok(Self { shown, topic, reader, message: Vec::new(), number: 0, bytes: 0, at_end: false })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next message.
    pub(super) fn read(&mut self) -> Option<Result<FileRecord, FileError>> {
        while !self.at_end {
            let segment = match self.segment() {
                Ok(segment) => segment,
                Err(cause) => return Some(Err(FileError::io(&self.shown, cause))),
            };
            if segment.len() + self.message.len() > MOST_LINE_BYTES {
                let error = FileError::new(
                    &self.shown,
                    "a message is longer than one record may be (1 MiB)",
                    "check that it is a file of HL7 v2 messages, each begun by a segment MSH",
                );
                return Some(Err(error.at(self.number.unsigned_abs() + 1)));
            }
            let segment = unframed(&segment);
            let is_envelope = ENVELOPE.iter().any(|name| segment.starts_with(name));
            let done =
                if is_envelope || segment.starts_with(b"MSH") { std::mem::take(&mut self.message) } else { Vec::new() };
            if !is_envelope && !segment.is_empty() {
                self.message.extend_from_slice(segment);
                self.message.push(b'\r');
            }
            if !done.is_empty() {
                return Some(Ok(self.record(done)));
            }
        }
        let last = std::mem::take(&mut self.message);
        (!last.is_empty()).then(|| Ok(self.record(last)))
    }

    /// Bytes up to the next line end of either kind, and no more than a record may have.
    fn segment(&mut self) -> io::Result<Vec<u8>> {
        let mut segment = Vec::new();
        while segment.len() <= MOST_LINE_BYTES {
            let held = self.reader.fill_buf()?;
            if held.is_empty() {
                self.at_end = true;
                break;
            }
            let end = held.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            segment.extend_from_slice(&held[..end.unwrap_or(held.len())]);
            let used = end.map_or(held.len(), |end| end + 1);
            self.bytes += used as u64;
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        Ok(segment)
    }

    fn record(&mut self, payload: Vec<u8>) -> FileRecord {
        self.number += 1;
        let key = adt_key(&payload).unwrap_or_default();
        let place = Place { topic: Arc::clone(&self.topic), partition: 0, offset: self.number };
        FileRecord { feed: Feed::Adt, key, payload, place }
    }
}
