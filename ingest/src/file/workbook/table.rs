//! One sheet as a table of figures. Pure.

use std::collections::BTreeMap;

use homeward_contract::published::{Level, Measure, PublishedFigure};

use super::heading::{self, Month};
use super::limits::{HEADER_ROWS, MOST_CELLS, MOST_COLUMNS, MOST_ROWS, MOST_TEXT_BYTES};
use super::number::{self, Published};
use super::{FileError, Load, MEND};

/// One cell that is not empty.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Text(String),
    Number(f64),
    /// Days since 30 December 1899.
    Date(f64),
    /// An error, a truth value, a length of time.
    Other,
}

impl Cell {
    /// A text, cut at its limit; none when it is blank.
    pub(super) fn text(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut end = text.len().min(MOST_TEXT_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        (!text.is_empty()).then(|| Self::Text(text[..end].to_owned()))
    }

    fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The cells of a sheet, by row and column from 0.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    name: String,
    cells: BTreeMap<(u64, u64), Cell>,
}

impl Sheet {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), cells: BTreeMap::new() }
    }

    /// Keeps a cell.
    pub(super) fn put(&mut self, row: u64, column: u64, cell: impl Into<Option<Cell>>) -> Result<(), FileError> {
        let Some(cell) = cell.into() else { return Ok(()) };
        if row >= MOST_ROWS || column >= MOST_COLUMNS || self.cells.len() >= MOST_CELLS {
            let what = format!("has more than {MOST_ROWS} rows, {MOST_COLUMNS} columns or {MOST_CELLS} cells");
            return Err(FileError::new(&self.place(), what, MEND));
        }
        self.cells.insert((row, column), cell);
        Ok(())
    }

    pub(super) fn cell(&self, row: u64, column: u64) -> Option<&Cell> {
        self.cells.get(&(row, column))
    }

    pub(super) fn text(&self, row: u64, column: u64) -> &str {
        self.cell(row, column).and_then(Cell::as_text).unwrap_or_default()
    }

    /// One more than the last row with a cell.
    pub(super) fn height(&self) -> u64 {
        self.cells.last_key_value().map_or(0, |((row, _), _)| row + 1)
    }

    /// One more than the last column with a cell in a row.
    pub(super) fn width(&self, row: u64) -> u64 {
        self.cells.range((row, 0)..(row + 1, 0)).next_back().map_or(0, |((_, column), _)| column + 1)
    }

    pub(super) fn place(&self) -> String {
        format!(", sheet {}", shown(&self.name))
    }

    /// The row of "ODS Code, Organisation Name, Organisation Type".
    fn header(&self) -> Option<u64> {
        let wanted = ["ods code", "organisation name", "organisation type"];
        (0..HEADER_ROWS)
            .find(|row| (0..).zip(wanted).all(|(column, wanted)| self.text(*row, column).eq_ignore_ascii_case(wanted)))
    }

    /// The words above the header.
    fn title(&self) -> String {
        let Some(header) = self.header() else { return String::new() };
        let above = self.cells.range(..(header, 0)).filter_map(|(_, cell)| cell.as_text());
        above.collect::<Vec<_>>().join(" ")
    }
}

/// A name of the file that can be shown: short, without control characters.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(60).collect()
}

/// The figures of a sheet; none of one without a header, for example the notes.
pub(super) fn read_table(
    sheet: &Sheet,
    all: &[Sheet],
    workbook: &str,
    load: &Load,
) -> Result<Vec<PublishedFigure>, FileError> {
    let Some(header) = sheet.header() else { return Ok(Vec::new()) };
    let titles: Vec<(&str, String)> = all.iter().map(|sheet| (sheet.name.as_str(), sheet.title())).collect();
    let new_layout = heading::is_new_layout(titles.iter().map(|(name, title)| (*name, title.as_str())));
    let measure = heading::measure(&sheet.title(), &sheet.name, new_layout).ok_or_else(|| {
        let what = "does not say which table it is";
        FileError::new(
            &sheet.place(),
            what,
            "name the sheet, or the .csv file, 'Table 1', 'Table 2', 'Table 3' or 'Table 3b'",
        )
    })?;
    let months = months(sheet, header)?;
    let mut figures = Vec::new();
    let last = sheet.cells.last_key_value().map_or(0, |((row, _), _)| *row);
    for row in header + 1..=last {
        figures.extend(read_row(sheet, row, measure, &months, workbook, load)?);
    }
    // A table prints one number of decimals for all organisations of a level; a trailing zero is not to be seen.
    let mut decimals: BTreeMap<Level, u8> = BTreeMap::new();
    for figure in &figures {
        let held = decimals.entry(figure.level).or_default();
        *held = figure.value.map_or(0, number::decimals).max(*held);
    }
    for figure in &mut figures {
        figure.decimals = decimals.get(&figure.level).copied().unwrap_or(0);
    }
    Ok(figures)
}

/// The month of each column.
fn months(sheet: &Sheet, header: u64) -> Result<BTreeMap<u64, Month>, FileError> {
    let mut months = BTreeMap::new();
    for ((_, column), cell) in sheet.cells.range((header, 3)..(header + 1, 0)) {
        let month = heading::month(cell).ok_or_else(|| {
            let what = format!("row {}, column {} is headed by no month", header + 1, column + 1);
            FileError::new(&sheet.place(), what, "a month is written as 'April 2024' or 'Apr-24'")
        })?;
        months.insert(*column, month);
    }
    if months.is_empty() {
        let what = format!("row {} names no month after Organisation Type", header + 1);
        return Err(FileError::new(&sheet.place(), what, MEND));
    }
    Ok(months)
}

fn read_row(
    sheet: &Sheet,
    row: u64,
    measure: Measure,
    months: &BTreeMap<u64, Month>,
    workbook: &str,
    load: &Load,
) -> Result<Vec<PublishedFigure>, FileError> {
    // Notes below the table have words and no numbers.
    if months.keys().all(|column| sheet.cell(row, *column).is_none()) && level(sheet.text(row, 2)).is_none() {
        return Ok(Vec::new());
    }
    let fault = |what: String, mend: &str| FileError::new(&sheet.place(), format!("row {} {what}", row + 1), mend);
    let level = level(sheet.text(row, 2)).ok_or_else(|| {
        fault("has no Organisation Type that is known".to_owned(), "use National, Region, ICB or Provider")
    })?;
    // The region called Unknown has no code of its own.
    let organisation =
        [sheet.text(row, 0), sheet.text(row, 1)].into_iter().find(|text| !text.is_empty() && *text != "-");
    let organisation = organisation.ok_or_else(|| fault("has neither code nor name".to_owned(), MEND))?;
    let mut figures = Vec::new();
    for (column, month) in months {
        let place = || format!("column {}", column + 1);
        let value = match number::published(sheet.cell(row, *column)) {
            Ok(Published::Blank) => None,
            Ok(Published::Number(number)) => Some(number),
            Err(what) => return Err(fault(format!("{} {what}", place()), MEND)),
        };
        let figure = PublishedFigure {
            load: load.id.clone(),
            loaded_at: load.at,
            workbook: workbook.to_owned(),
            measure,
            organisation: organisation.to_owned(),
            level,
            month: month.first_day,
            value,
            decimals: 0,
            provisional: month.provisional,
        };
        figure.check().map_err(|part| match part {
            "value" if measure.is_count() => {
                fault(format!("{} holds no multiple of 5", place()), "published counts are rounded to the nearest 5")
            }
            "value" => fault(format!("{} holds a number that {} cannot be", place(), measure.as_str()), MEND),
            part => fault(format!("has a {part} that is too long or holds control characters"), MEND),
        })?;
        figures.push(figure);
    }
    Ok(figures)
}

fn level(text: &str) -> Option<Level> {
    let text = text.to_ascii_lowercase();
    match text.as_str() {
        "national" | "england" | "nation" => Some(Level::National),
        "icb" | "integrated care board" => Some(Level::Icb),
        _ if text.contains("region") => Some(Level::Region),
        _ if text.contains("provider") => Some(Level::Provider),
        _ => None,
    }
}
