//! The workbook of NHS England's urgent community response metrics, as a person downloads it (`ucr.md` section 1): an .xlsx
//! file with a sheet a table, or one table saved as .csv.
//!
//! Both layouts are read: that of 2024-25 (percentage, referrals, contacts) and that from 2026/27 on, whose Table 2 is a
//! rate per 100,000 and whose Table 3b counts the referrals. Which table a sheet holds is told by its title, else by its
//! name; other sheets are left out. The layout from 2026/27 on is known by description alone (unconfirmed).
//!
//! The monthly file of virtual ward capacity and occupancy is read too ([`virtual_wards`]).
//!
//! Limits: [`limits`]. Every part of an .xlsx file is unpacked once to nothing and counted before it is read; cells come one
//! by one and only those of a table's size are kept.

mod heading;
mod limits;
mod number;
mod table;
mod virtual_wards;
mod xlsx;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use chrono::{DateTime, Utc};
use homeward_contract::published::PublishedFigure;

use super::FileError;
use limits::MOST_FILE_BYTES;
use table::{Sheet, read_table};

/// Which load the figures belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub at: DateTime<Utc>,
}

const MEND: &str = "load the workbook \"2-hour Urgent Community Response Performance Metrics\" as NHS England publishes it, or one \
                    of its tables saved as .csv";

/// The byte order mark that Excel writes.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads every figure of a workbook, sheet by sheet.
///
/// # Errors
/// When the file cannot be read, is beyond a limit, or is not such a workbook: what, where, and how to mend it.
pub fn read_workbook(path: &Path, load: &Load) -> Result<Vec<PublishedFigure>, FileError> {
    let shown = path.display().to_string();
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let file = File::open(path).map_err(|error| FileError::io(&shown, error))?;
    let mut bytes = Vec::new();
    file.take(MOST_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| FileError::io(&shown, error))?;
    if bytes.len() as u64 > MOST_FILE_BYTES {
        return Err(FileError::new(&shown, format!("is larger than {MOST_FILE_BYTES} bytes"), MEND));
    }
    read_bytes(&bytes, &name, load).map_err(|fault| FileError { path: format!("{shown}{}", fault.path), ..fault })
}

/// As [`read_workbook`], of bytes: a file's name says which kind it is where its content does not.
///
/// # Errors
/// As [`read_workbook`]; the path of the error is the place in the workbook.
pub fn read_bytes(bytes: &[u8], name: &str, load: &Load) -> Result<Vec<PublishedFigure>, FileError> {
    let sheets = if bytes.starts_with(b"PK") { xlsx::sheets(bytes)? } else { vec![csv_sheet(bytes, name)?] };
    let mut figures = Vec::new();
    for sheet in &sheets {
        figures.extend(read_table(sheet, &sheets, name, load)?);
        figures.extend(virtual_wards::read(sheet, name, load)?);
    }
    if figures.is_empty() {
        return Err(FileError::new(
            "",
            "no sheet has a row 'ODS Code, Organisation Name, Organisation Type' above months, or heads of months, boards, beds \
             and patients of virtual wards",
            MEND,
        ));
    }
    let mut keys: Vec<_> = figures.iter().map(|figure| (figure.measure, figure.month, &figure.organisation)).collect();
    keys.sort_unstable();
    if let Some(twice) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
        let (measure, month, organisation) = twice[0];
        let what = format!(
            "{} of {} is there twice for {}",
            measure.as_str(),
            month.format("%B %Y"),
            table::shown(organisation)
        );
        return Err(FileError::new("", what, "remove the sheet or row that is there twice"));
    }
    Ok(figures)
}

/// One table saved as CSV.
fn csv_sheet(bytes: &[u8], name: &str) -> Result<Sheet, FileError> {
    let mut sheet = Sheet::new(name);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes.strip_prefix(MARK).unwrap_or(bytes));
    let mut record = csv::ByteRecord::new();
    let damaged = |what: String| FileError::new("", what, MEND);
    // The reader leaves blank lines out, so that rows are numbered by the line that they stand on.
    while reader.read_byte_record(&mut record).map_err(|error| damaged(format!("is no CSV file ({error})")))? {
        let line = record.position().map_or(1, csv::Position::line);
        for (column, cell) in (0..).zip(&record) {
            let text = std::str::from_utf8(cell).map_err(|_| damaged(format!("line {line} is not UTF-8")))?;
            sheet.put(line.saturating_sub(1), column, table::Cell::text(text))?;
        }
    }
    Ok(sheet)
}
