//! The sheets of an .xlsx file.

use std::io::{Cursor, Read, sink};
use std::panic::catch_unwind;

use calamine::{DataRef, Reader, Xlsx};
use zip::ZipArchive;

use super::limits::{MOST_PARTS, MOST_SHEETS, MOST_UNPACKED_BYTES};
use super::table::{Cell, Sheet};
use super::{FileError, MEND};

/// Every sheet with its cells.
pub(super) fn sheets(bytes: &[u8]) -> Result<Vec<Sheet>, FileError> {
    check_size(bytes)?;
    // calamine reckons a cell's place unchecked. A row of too many digits overflows there: with overflow checks, which it is
    // built with in every profile, that is a panic and not another cell.
    let beyond = || FileError::new("", "is no .xlsx workbook (a number in it is out of range)", MEND);
    catch_unwind(|| read(bytes)).unwrap_or_else(|_| Err(beyond()))
}

fn read(bytes: &[u8]) -> Result<Vec<Sheet>, FileError> {
    let damaged = |what: String| FileError::new("", format!("is no .xlsx workbook ({what})"), MEND);
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| damaged(plain(&error)))?;
    let names = workbook.sheet_names();
    if names.len() > MOST_SHEETS {
        return Err(FileError::new("", format!("has more than {MOST_SHEETS} sheets"), MEND));
    }
    let mut sheets = Vec::new();
    for name in names {
        let mut sheet = Sheet::new(&name);
        // Charts are sheets without cells.
        let Ok(mut cells) = workbook.worksheet_cells_reader(&name) else { continue };
        while let Some(cell) = cells.next_cell().map_err(|error| damaged(plain(&error)))? {
            let (row, column) = cell.get_position();
            if let Some(value) = value(cell.get_value()) {
                sheet.put(row.into(), column.into(), value)?;
            }
        }
        sheets.push(sheet);
    }
    Ok(sheets)
}

/// Unpacks every part to nothing, so that what is read later is known to be small, whatever the file declares.
fn check_size(bytes: &[u8]) -> Result<(), FileError> {
    let damaged = |_| FileError::new("", "is a damaged .xlsx file", "download it again");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    if archive.len() > MOST_PARTS {
        return Err(FileError::new("", format!("has more than {MOST_PARTS} parts"), MEND));
    }
    let mut left = MOST_UNPACKED_BYTES;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(damaged)?;
        let unpacked = std::io::copy(&mut part.take(left + 1), &mut sink())
            .map_err(|_| FileError::new("", "is a damaged .xlsx file", "download it again"))?;
        left = left
            .checked_sub(unpacked)
            .ok_or_else(|| FileError::new("", format!("unpacks to more than {MOST_UNPACKED_BYTES} bytes"), MEND))?;
    }
    Ok(())
}

fn value(cell: &DataRef<'_>) -> Option<Cell> {
    match cell {
        #[expect(clippy::cast_precision_loss, reason = "a published count stays far below 2^53")]
        DataRef::Int(number) => Some(Cell::Number(*number as f64)),
        DataRef::Float(number) => Some(Cell::Number(*number)),
        DataRef::DateTime(date) => Some(Cell::Date(date.as_f64())),
        DataRef::String(text) | DataRef::DateTimeIso(text) => Cell::text(text),
        DataRef::SharedString(text) => Cell::text(text),
        DataRef::Bool(_) | DataRef::DurationIso(_) | DataRef::Error(_) => Some(Cell::Other),
        DataRef::Empty => None,
    }
}

/// What the reader says, in one short line.
fn plain(error: &calamine::XlsxError) -> String {
    let said = error.to_string();
    said.lines().next().unwrap_or_default().chars().take(100).collect()
}
