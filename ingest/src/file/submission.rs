//! One submission folder: its header names the submission, then every table is read in the
//! contract's order. The header's record comes last and says how many rows there were, so that a reading that breaks
//! off leaves a submission that never counts.

use std::collections::VecDeque;

use homeward_contract::calendar::SubmissionCalendar;
use homeward_contract::content::Content;
use homeward_contract::feed::Table;
use homeward_contract::manifest::Manifest;
use homeward_contract::reject::RejectCode;
use homeward_contract::submission::{CsdsVersion, Submission};
use homeward_contract::time::{parse_date, parse_local_date_time};

use super::FileRecord;
use super::csv_table::{Row, TableReader};
use super::entry::Entry;
use super::error::FileError;

/// Reads one submission.
pub(super) struct SubmissionReader {
    submission: Submission,
    json: String,
    waiting: VecDeque<(Table, Entry)>,
    current: Option<TableReader>,
    /// Rows read so far, by table.
    manifest: Manifest,
    content: Content,
    /// Bytes of the files that are done.
    done_bytes: u64,
}

impl SubmissionReader {
    /// Reads the header of a submission whose files are `tables`, the header among them and first.
    pub(super) fn open(
        mut tables: Vec<(Table, Entry)>,
        calendar: &SubmissionCalendar,
        remarks: &mut impl FnMut(String),
    ) -> Result<Self, FileError> {
        let (table, entry) =
            tables.first().filter(|(table, _)| *table == Table::Cyp000Header).ok_or_else(|| no_header(&tables))?;
        let (mut header, _) = TableReader::open(*table, entry)?;
        let mut submission = read_header(&mut header)?;
        submission.file_type = calendar.file_type(submission.rp_end, submission.file_received_at);
        let json = submission.to_json();
        tables.rotate_left(1);
        let mut reader = Self {
            submission,
            json,
            waiting: tables.into(),
            current: None,
            manifest: Manifest::default(),
            content: Content::default(),
            done_bytes: 0,
        };
        reader.next_table(remarks)?;
        Ok(reader)
    }

    fn next_table(&mut self, remarks: &mut impl FnMut(String)) -> Result<(), FileError> {
        self.done_bytes += self.current.take().map_or(0, |done| done.bytes());
        if let Some((table, entry)) = self.waiting.pop_front() {
            let (reader, remark) = TableReader::open(table, &entry)?;
            remark.into_iter().for_each(remarks);
            self.current = Some(reader);
        }
        Ok(())
    }

    /// The next row of the submission.
    pub(super) fn read(&mut self, remarks: &mut impl FnMut(String)) -> Option<Result<FileRecord, FileError>> {
        loop {
            let table = self.current.as_mut()?;
            match table.advance() {
                Err(error) => return Some(Err(error)),
                Ok(true) if table.table == Table::Cyp000Header => {
                    return Some(Ok(table.header(&self.submission, &self.json, &self.manifest, &self.content)));
                }
                Ok(true) => {
                    self.manifest.count(table.table);
                    let record = table.record(&self.submission, &self.json);
                    self.content.row(table.table.csds_name().unwrap_or_default(), &self.json, &record.payload);
                    return Some(Ok(record));
                }
                Ok(false) => {
                    if let Err(error) = self.next_table(remarks) {
                        return Some(Err(error));
                    }
                }
            }
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.done_bytes + self.current.as_ref().map_or(0, TableReader::bytes)
    }
}

fn no_header(tables: &[(Table, Entry)]) -> FileError {
    let folder = tables.first().map(|(_, entry)| entry.folder.as_str()).unwrap_or_default();
    FileError::new(
        folder,
        "holds CSDS tables and no CYP000Header.csv, so nothing says which submission they are",
        "add CYP000Header.csv with one row: Version, OrgID_Provider, OrgID_Submitter, RP_StartDate, RP_EndDate, FileCreation_DateTime, PrimarySystem",
    )
}

/// The submission that the header's one row names.
fn read_header(header: &mut TableReader) -> Result<Submission, FileError> {
    let not_one =
        |line| FileError::new("", "the header has no row or more than one", RejectCode::MissingHeader.mend()).at(line);
    let named = |error: FileError, header: &TableReader| FileError { path: header.shown().to_owned(), ..error };
    if !header.advance()? {
        return Err(named(not_one(2), header));
    }
    let line = header.line_number();
    let read = match header.row() {
        Row::Whole(_) => Err((RejectCode::UnsplittableLine, "the row")),
        Row::Split(values) => from_row(&values),
    };
    let submission = read.map_err(|(code, item)| {
        named(FileError::new("", format!("{item}: {}", code.message()), code.mend()).at(line), header)
    })?;
    if header.advance()? {
        return Err(named(not_one(header.line_number()), header));
    }
    Ok(submission)
}

fn from_row(values: &[(&str, &str)]) -> Result<Submission, (RejectCode, &'static str)> {
    let value = |wanted: &'static str| {
        let found = values.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.trim());
        found.ok_or((RejectCode::MissingHeaderItem, wanted))
    };
    let version = CsdsVersion::from_text(value("Version")?).ok_or((RejectCode::UnsupportedVersion, "Version"))?;
    let day = |item| parse_date(value(item)?).map_err(|_| (RejectCode::BadPeriod, item));
    let (start, end) = (day("RP_StartDate")?, day("RP_EndDate")?);
    let created = value("FileCreation_DateTime")?;
    let created = parse_local_date_time(created).map_err(|_| (RejectCode::BadReceiptTime, "FileCreation_DateTime"))?;
    let submission = Submission::new(value("OrgID_Provider")?, version, start, end, created);
    submission.check().map_err(|fault| (fault.code, fault.part))?;
    Ok(submission)
}
