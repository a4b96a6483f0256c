//! One CSV file of a submission, row by row.
//!
//! A row is a line: no item of the data set holds a line break, so a stray quotation mark spoils
//! its own row and not the rest of the file. A row that does not split into the header's columns
//! travels on as `raw_line` and ends in quarantine.

use std::sync::Arc;

use csv::{ByteRecord, ReaderBuilder};
use homeward_contract::content::Content;
use homeward_contract::feed::{Feed, Table};
use homeward_contract::item::{Item, items};
use homeward_contract::manifest::Manifest;
use homeward_contract::submission::{Submission, header_payload, raw_line_payload, record_key, record_payload};

use super::FileRecord;
use super::entry::Entry;
use super::error::FileError;
use super::events::{is_utf16, utf16};
use super::limits::MOST_COLUMNS;
use super::lines::{Lines, Next};
use crate::decode::{Place, is_direct_identifier, shown};

/// Reads the rows of one table.
pub(super) struct TableReader {
    pub(super) table: Table,
    shown: String,
    topic: Arc<str>,
    lines: Lines,
    columns: Vec<Column>,
    row_number: i64,
    fields: ByteRecord,
}

/// One column of the header.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Column {
    Item(&'static Item),
    /// Not of the data set: carried in the record, ignored by decoding.
    Unknown(String),
    /// Not of the data set, and by its name about a person: left out.
    Withheld,
}

/// A row as it stands in the file.
pub(super) enum Row<'r> {
    /// The values by item or column name, blanks left out.
    Split(Vec<(&'r str, &'r str)>),
    /// The line does not split into the header's columns, or is not UTF-8.
    Whole(String),
}

impl TableReader {
    /// Opens the file and reads its header. The second value is a remark about columns that are not
    /// of the data set.
    pub(super) fn open(table: Table, entry: &Entry) -> Result<(Self, Option<String>), FileError> {
        let shown = entry.shown();
        let mut lines = Lines::new(entry.open()?);
        let header = match lines.advance().map_err(|cause| FileError::io(&shown, cause).at(1))? {
            Next::Line if is_utf16(lines.line()) => return Err(utf16(&shown)),
            Next::Line if !lines.line().trim_ascii().is_empty() => lines.line(),
            Next::TooLong => {
                return Err(FileError::new(
                    &shown,
                    "the header line is longer than 1 MiB",
                    "end each line with a line feed",
                )
                .at(1));
            }
            _ => {
                return Err(FileError::new(
                    &shown,
                    "is empty",
                    "write a header line with the table's item names, even when there are no rows",
                )
                .at(1));
            }
        };
        let columns = header_columns(table, header).map_err(|(what, mend)| FileError::new(&shown, what, mend).at(1))?;
        let remark = remark(&shown, &columns);
        let topic = Arc::from(format!("file:{shown}"));
        Ok((Self { table, shown, topic, lines, columns, row_number: 0, fields: ByteRecord::new() }, remark))
    }

    /// Moves to the next row that is not blank; `false` at the end.
    pub(super) fn advance(&mut self) -> Result<bool, FileError> {
        loop {
            let next =
                self.lines.advance().map_err(|cause| FileError::io(&self.shown, cause).at(self.lines.number() + 1))?;
            match next {
                Next::End => return Ok(false),
                Next::TooLong => {
                    let error =
                        FileError::new(&self.shown, "the row is longer than 1 MiB", "end each row with a line feed");
                    return Err(error.at(self.lines.number()));
                }
                Next::Line if self.lines.line().trim_ascii().is_empty() => {}
                Next::Line => {
                    self.row_number += 1;
                    return Ok(true);
                }
            }
        }
    }

    /// The row at hand.
    pub(super) fn row(&mut self) -> Row<'_> {
        let line = self.lines.line();
        let Ok(text) = std::str::from_utf8(line) else { return Row::Whole(latin_1(line)) };
        // Nearly every line is bare, and splits at its commas.
        if !line.iter().any(|byte| matches!(byte, b'"' | b'\r')) {
            return named(&self.columns, text.split(',')).unwrap_or_else(|| Row::Whole(text.to_owned()));
        }
        let quotes = line.iter().filter(|byte| **byte == b'"').count();
        let is_split = quotes.is_multiple_of(2) && split_quoted(line, &mut self.fields);
        // Splitting at commas and quotation marks keeps UTF-8 whole.
        let fields = self.fields.iter().map(|field| str::from_utf8(field).unwrap_or_default());
        is_split.then(|| named(&self.columns, fields)).flatten().unwrap_or_else(|| Row::Whole(text.to_owned()))
    }

    /// The row at hand as the record that `load` publishes.
    pub(super) fn record(&mut self, submission: &Submission, submission_json: &str) -> FileRecord {
        let (table, row_number) = (self.table, self.row_number);
        let name = table.csds_name().unwrap_or_default();
        let place = Place { topic: Arc::clone(&self.topic), partition: 0, offset: row_number };
        let (key, payload) = match self.row() {
            Row::Split(values) => {
                let item = |wanted: &str| values.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
                let key = record_key(table, submission, item);
                (key, record_payload(name, submission_json, row_number, values.iter().copied()))
            }
            Row::Whole(line) => {
                (record_key(table, submission, |_| None), raw_line_payload(name, submission_json, row_number, &line))
            }
        };
        FileRecord { feed: Feed::Csds, key: key.into_bytes(), payload: payload.into_bytes(), place }
    }

    /// The header's row at hand as the record that says how many rows its submission has, and what they say.
    pub(super) fn header(
        &mut self,
        submission: &Submission,
        submission_json: &str,
        manifest: &Manifest,
        content: &Content,
    ) -> FileRecord {
        let mut record = self.record(submission, submission_json);
        if let Row::Split(values) = self.row() {
            record.payload = header_payload(submission_json, values, manifest, Some(&content.checksum())).into_bytes();
        }
        record
    }

    pub(super) fn line_number(&self) -> u64 {
        self.lines.number()
    }

    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    pub(super) fn bytes(&self) -> u64 {
        self.lines.bytes()
    }
}

/// The fields by the columns' names, without blanks; `None` when there are more or fewer of them than columns.
fn named<'r>(columns: &'r [Column], fields: impl Iterator<Item = &'r str>) -> Option<Row<'r>> {
    let mut values = Vec::with_capacity(columns.len());
    let mut columns = columns.iter();
    for value in fields {
        let name = match columns.next()? {
            Column::Item(item) => item.name,
            Column::Unknown(name) => name,
            Column::Withheld => continue,
        };
        if !is_blank(value) {
            values.push((name, value));
        }
    }
    columns.next().is_none().then_some(Row::Split(values))
}

/// A value that begins with a visible character is not blank; only others need a closer look.
fn is_blank(value: &str) -> bool {
    !value.as_bytes().first().is_some_and(u8::is_ascii_graphic) && value.trim().is_empty()
}

/// Splits a line that holds quotation marks into its fields; `false` when it cannot be split. A reader of the csv crate
/// builds its automaton first, which costs more than reading a whole row.
fn split_quoted(line: &[u8], fields: &mut ByteRecord) -> bool {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).buffer_capacity(line.len().max(16));
    builder.from_reader(line).read_byte_record(fields).unwrap_or(false)
}

/// The bytes as text of the same length, one character a byte: nothing of a line in another
/// encoding is lost.
fn latin_1(line: &[u8]) -> String {
    match std::str::from_utf8(line) {
        Ok(text) => text.to_owned(),
        Err(_) => line.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn header_columns(table: Table, header: &[u8]) -> Result<Vec<Column>, (String, String)> {
    let table_name = table.csds_name().unwrap_or_default();
    let mend_header = || format!("write the item names of {table_name} as header, separated by commas, in UTF-8");
    let mut fields = ByteRecord::new();
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(header);
    let read = std::str::from_utf8(header).is_ok() && reader.read_byte_record(&mut fields).unwrap_or(false);
    if !read || fields.len() > MOST_COLUMNS {
        return Err(("the header line cannot be read".to_owned(), mend_header()));
    }
    let mut columns: Vec<Column> = Vec::with_capacity(fields.len());
    for field in &fields {
        let name = str::from_utf8(field).unwrap_or_default().trim();
        let column = match items(table).iter().find(|item| item.name.eq_ignore_ascii_case(name)) {
            Some(item) => Column::Item(item),
            None if name.is_empty() || is_direct_identifier(name) => Column::Withheld,
            None => Column::Unknown(name.to_owned()),
        };
        if matches!(column, Column::Item(_)) && columns.contains(&column) {
            return Err((format!("the header names {name} twice"), "remove one of the two columns".to_owned()));
        }
        columns.push(column);
    }
    let missing: Vec<&str> = items(table)
        .iter()
        .filter(|item| item.mandatory && !columns.contains(&Column::Item(item)))
        .map(|item| item.name)
        .collect();
    if missing.is_empty() {
        Ok(columns)
    } else {
        Err((format!("the header lacks {}", missing.join(", ")), mend_header()))
    }
}

fn remark(file: &str, columns: &[Column]) -> Option<String> {
    let names: Vec<&str> = columns
        .iter()
        .filter_map(|column| match column {
            Column::Item(_) => None,
            Column::Unknown(name) => Some(shown(name)),
            Column::Withheld => Some("(a column about a person)"),
        })
        .collect();
    (!names.is_empty()).then(|| {
        format!("{file}: {} columns are not of the data set and are ignored: {}", names.len(), names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_splits_as_the_csv_crate_splits_it() {
        for line in
            ["a", "a,b", ",", ",,", "a,,b,", " a , b ", "a;b,c", "é,ü", "a\rb,c", "\"a,b\",c", "\"\",\"x\"\"y\""]
        {
            let mut theirs = ByteRecord::new();
            let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(line.as_bytes());
            reader.read_byte_record(&mut theirs).unwrap();
            let columns: Vec<Column> = (0..theirs.len()).map(|place| Column::Unknown(place.to_string())).collect();
            let wanted: Vec<(String, String)> = theirs
                .iter()
                .enumerate()
                .map(|(place, field)| (place.to_string(), String::from_utf8(field.to_vec()).unwrap()))
                .filter(|(_, field)| !field.trim().is_empty())
                .collect();
            let mut table = TableReader {
                table: Table::Cyp104Rtt,
                shown: String::new(),
                topic: Arc::from(""),
                lines: Lines::new(Box::new(std::io::Cursor::new(line.as_bytes().to_vec()))),
                columns,
                row_number: 0,
                fields: ByteRecord::from(vec!["left", "over"]),
            };
            table.lines.advance().unwrap();
            let Row::Split(found) = table.row() else { panic!("{line:?} does not split") };
            let found: Vec<(String, String)> =
                found.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            assert_eq!(found, wanted, "{line:?}");
        }
    }

    #[test]
    fn only_blanks_are_blank() {
        for (value, blank) in [("", true), (" ", true), ("\u{a0}", true), (" x", false), ("x ", false), ("é", false)] {
            assert_eq!(is_blank(value), blank, "{value:?}");
        }
    }
}
