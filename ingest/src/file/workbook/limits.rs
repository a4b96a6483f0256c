//! What a workbook may hold at most. That of a year has four sheets, some 250 organisations and 12 months.

/// Bytes of the file.
pub(super) const MOST_FILE_BYTES: u64 = 16 << 20;

/// Bytes of all parts of an .xlsx file once unpacked.
pub(super) const MOST_UNPACKED_BYTES: u64 = 64 << 20;

/// Parts of an .xlsx file.
pub(super) const MOST_PARTS: usize = 1_000;

/// Sheets.
pub(super) const MOST_SHEETS: usize = 50;

/// Rows of a sheet.
pub(super) const MOST_ROWS: u64 = 5_000;

/// Columns of a sheet.
pub(super) const MOST_COLUMNS: u64 = 200;

/// Cells of a sheet.
pub(super) const MOST_CELLS: usize = 300_000;

/// Rows above the months in which the header is looked for; it stands in row 6.
pub(super) const HEADER_ROWS: u64 = 20;

/// Bytes of one text that are kept.
pub(super) const MOST_TEXT_BYTES: usize = 400;
