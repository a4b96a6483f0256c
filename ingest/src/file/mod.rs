//! Files as a source: submission folders, `.zip` archives of them, `*.ndjson` and `*.hl7`, read as the
//! records that Kafka would carry.
//!
//! Limits: lines of 1 MiB, 20 000 files, folders 8 deep, archives of 64 GiB unpacked; nothing is
//! held but one line, and nothing is unpacked to disk. The order is fixed: folders by name, in each
//! the submission's tables in the contract's order, its header last, then its event files by name. A
//! file that cannot be read ends the reading with one [`FileError`]; a bad row is a record like any
//! other and is judged by decoding.

mod csv_table;
mod entry;
mod error;
mod events;
mod limits;
mod lines;
mod messages;
mod submission;
pub mod workbook;
mod zipped;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::path::Path;

use homeward_contract::calendar::{BY_RULE, SubmissionCalendar};
use homeward_contract::feed::{Feed, Table};

pub use error::FileError;

use crate::decode::Place;
use entry::{Entry, Kind};
use events::EventReader;
use limits::MOST_NOTES;
use messages::MessageReader;
use submission::SubmissionReader;

/// One record of a file, as Kafka would carry it.
#[derive(Clone, PartialEq, Eq)]
pub struct FileRecord {
    /// The feed it belongs to.
    pub feed: Feed,
    /// The Kafka key; empty when the record does not say who it is about.
    pub key: Vec<u8>,
    /// The Kafka value.
    pub payload: Vec<u8>,
    /// `file:` and the file's name, partition 0, and the line of an event file or the data row of a
    /// table, from 1 up.
    pub place: Place,
}

/// Shows where the record stands, never what it holds.
impl fmt::Debug for FileRecord {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("FileRecord")
            .field("feed", &self.feed)
            .field("place", &self.place)
            .field("payload_bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

/// Reads a path; made by [`read_path`].
pub struct PathReader {
    steps: VecDeque<Step>,
    current: Option<StepReader>,
    notes: Vec<String>,
    calendar: SubmissionCalendar,
    total_bytes: u64,
    done_bytes: u64,
    failed: bool,
}

/// One thing to read after the other.
enum Step {
    Submission(Vec<(Table, Entry)>),
    Events(Entry),
    Messages(Entry),
}

enum StepReader {
    Submission(Box<SubmissionReader>),
    Events(Box<EventReader>),
    Messages(Box<MessageReader>),
}

impl StepReader {
    fn bytes(&self) -> u64 {
        match self {
            Self::Submission(reader) => reader.bytes(),
            Self::Events(reader) => reader.bytes(),
            Self::Messages(reader) => reader.bytes(),
        }
    }
}

/// Reads a submission folder, a `.zip` of one, an event file, or a folder that holds any number of
/// these.
///
/// # Errors
/// [`FileError`] when the path cannot be listed, holds nothing to read, or is not safe to read.
/// What is wrong inside a file comes as the iterator's last item.
pub fn read_path(path: &Path) -> Result<PathReader, FileError> {
    read_path_by(path, &BY_RULE)
}

/// As [`read_path`], with a calendar of one's own to tell Primary and Refresh apart.
///
/// # Errors
/// As [`read_path`].
pub fn read_path_by(path: &Path, calendar: &SubmissionCalendar) -> Result<PathReader, FileError> {
    let entries = entry::entries(path)?;
    let mut reader = PathReader {
        steps: VecDeque::new(),
        current: None,
        notes: Vec::new(),
        calendar: calendar.clone(),
        total_bytes: 0,
        done_bytes: 0,
        failed: false,
    };
    let mut folders: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        folders.entry(entry.folder.clone()).or_default().push(entry);
    }
    for entries in folders.into_values() {
        reader.plan_folder(entries)?;
    }
    if reader.steps.is_empty() {
        let shown =
            path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        return Err(FileError::new(
            &shown,
            "holds nothing to read",
            "give a folder or .zip of CSDS tables (CYP000Header.csv, CYP104RTT.csv and so on), or files that end in .ndjson or .hl7",
        ));
    }
    Ok(reader)
}

impl PathReader {
    /// Remarks about what was left out: files of other kinds, tables that are not read, unknown
    /// columns. Grows while reading.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Bytes of all files that will be read.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// Bytes read so far, for a progress bar.
    #[must_use]
    pub fn read_bytes(&self) -> u64 {
        self.done_bytes + self.current.as_ref().map_or(0, StepReader::bytes)
    }

    /// Sorts the files of one folder into a submission and event files.
    fn plan_folder(&mut self, entries: Vec<Entry>) -> Result<(), FileError> {
        let mut tables: BTreeMap<Table, Entry> = BTreeMap::new();
        let mut others = Vec::new();
        for entry in entries {
            match (Kind::of(&entry.name), Table::from_csds_name(entry.stem())) {
                (Kind::Csv, Some(table)) => {
                    self.total_bytes += entry.bytes;
                    let name = entry.shown();
                    if tables.insert(table, entry).is_some() {
                        return Err(FileError::new(
                            &name,
                            "is the second file of its table in this folder",
                            "keep one of the two: names are compared without regard to capitals",
                        ));
                    }
                }
                (Kind::Csv, None) if entry.stem().to_ascii_uppercase().starts_with("CYP") => {
                    note(&mut self.notes, format!("{} was not read: the data set has no such table", entry.shown()));
                }
                (Kind::Events, _) => {
                    self.total_bytes += entry.bytes;
                    others.push(Step::Events(entry));
                }
                (Kind::Messages, _) => {
                    self.total_bytes += entry.bytes;
                    others.push(Step::Messages(entry));
                }
                _ => note(
                    &mut self.notes,
                    format!("{} was not read: it is neither a CSDS table nor .ndjson nor .hl7", entry.shown()),
                ),
            }
        }
        if !tables.is_empty() {
            self.steps.push_back(Step::Submission(tables.into_iter().collect()));
        }
        self.steps.extend(others);
        Ok(())
    }

    fn read(&mut self) -> Option<Result<FileRecord, FileError>> {
        loop {
            let notes = &mut self.notes;
            let mut remark = |remark| note(notes, remark);
            let read = match &mut self.current {
                Some(StepReader::Submission(reader)) => reader.read(&mut remark),
                Some(StepReader::Events(reader)) => reader.read(),
                Some(StepReader::Messages(reader)) => reader.read(),
                None => None,
            };
            if read.is_some() {
                return read;
            }
            self.done_bytes += self.current.take().map_or(0, |done| done.bytes());
            let opened = match self.steps.pop_front()? {
                Step::Submission(tables) => SubmissionReader::open(tables, &self.calendar, &mut remark)
                    .map(|reader| StepReader::Submission(Box::new(reader))),
                Step::Events(entry) => EventReader::open(&entry).map(|reader| StepReader::Events(Box::new(reader))),
                Step::Messages(entry) => {
                    MessageReader::open(&entry).map(|reader| StepReader::Messages(Box::new(reader)))
                }
            };
            match opened {
                Ok(reader) => self.current = Some(reader),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl Iterator for PathReader {
    type Item = Result<FileRecord, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let read = self.read();
        self.failed = matches!(read, Some(Err(_)));
        read
    }
}

fn note(notes: &mut Vec<String>, remark: String) {
    if notes.len() < MOST_NOTES {
        notes.push(remark);
    }
}

#[cfg(test)]
mod tests;
