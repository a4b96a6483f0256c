//! NHS England's monthly file of virtual ward capacity and occupancy, a row a board and month (`virtual-wards.md`
//! section 2). Pure.
//!
//! Columns are known by their heads, whatever their order; the layout is known from a staged copy alone (unconfirmed). What
//! the file works out of others (beds per 100,000) is left out: its digits change from month to month.

use homeward_contract::published::{Level, Measure, PublishedFigure};

use super::heading::{self, Month};
use super::limits::HEADER_ROWS;
use super::number::{self, Published};
use super::table::Sheet;
use super::{FileError, Load};

const MEND: &str = "load the monthly file \"Virtual Ward Capacity and Occupancy\" with a row a board and month, saved as .csv or \
                    .xlsx";

/// Heads of the board's code.
const BOARD: [&str; 4] = ["icb_code", "icb code", "icb", "ods code"];

/// What each column counts, with the heads that it is known by.
const COUNTED: [(Measure, &[&str]); 4] = [
    (Measure::VwBeds, &["beds", "capacity"]),
    (Measure::VwPatients, &["patients"]),
    (Measure::VwPopulation, &["population_16plus", "population"]),
    (Measure::VwOccupancy, &["occupancy_published", "occupancy"]),
];

/// Where the columns of a sheet stand.
struct Layout {
    header: u64,
    month: u64,
    board: u64,
    counted: Vec<(Measure, u64)>,
}

impl Layout {
    fn of(sheet: &Sheet) -> Option<Self> {
        (0..HEADER_ROWS).find_map(|header| {
            let at = |names: &[&str]| {
                (0..sheet.width(header)).find(|column| {
                    let head = sheet.text(header, *column);
                    names.iter().any(|name| head.eq_ignore_ascii_case(name))
                })
            };
            let counted: Vec<_> = COUNTED.iter().filter_map(|(measure, names)| Some((*measure, at(names)?))).collect();
            let needed = [Measure::VwBeds, Measure::VwPatients];
            let is_whole = needed.iter().all(|needed| counted.iter().any(|(measure, _)| measure == needed));
            is_whole.then_some(Self { header, month: at(&["month"])?, board: at(&BOARD)?, counted })
        })
    }
}

/// The figures of a sheet; none of one that is not of this file.
pub(super) fn read(sheet: &Sheet, workbook: &str, load: &Load) -> Result<Vec<PublishedFigure>, FileError> {
    let Some(layout) = Layout::of(sheet) else { return Ok(Vec::new()) };
    let mut figures = Vec::new();
    for row in layout.header + 1..sheet.height() {
        let board = sheet.text(row, layout.board);
        // Notes below the table name no board.
        if board.is_empty() {
            continue;
        }
        let fault = |what: String| FileError::new(&sheet.place(), format!("row {} {what}", row + 1), MEND);
        let month = sheet.cell(row, layout.month).and_then(heading::month);
        let month = month.ok_or_else(|| fault("has no month".to_owned()))?;
        for (measure, column) in &layout.counted {
            let value = match number::published(sheet.cell(row, *column)) {
                // As a share above 100% is printed.
                _ if *measure == Measure::VwOccupancy && sheet.text(row, *column) == "100%*" => Some(1.0),
                Ok(Published::Blank) => None,
                Ok(Published::Number(number)) => Some(number),
                Err(what) => return Err(fault(format!("column {} {what}", column + 1))),
            };
            let figure = figure(board, &month, *measure, value, workbook, load);
            figure.check().map_err(|part| match part {
                "value" => fault(format!("column {} holds a number that {} cannot be", column + 1, measure.as_str())),
                part => fault(format!("has a {part} that is too long or holds control characters")),
            })?;
            figures.push(figure);
        }
    }
    Ok(figures)
}

fn figure(
    board: &str,
    month: &Month,
    measure: Measure,
    value: Option<f64>,
    workbook: &str,
    load: &Load,
) -> PublishedFigure {
    PublishedFigure {
        load: load.id.clone(),
        loaded_at: load.at,
        workbook: workbook.to_owned(),
        measure,
        organisation: board.to_owned(),
        level: Level::Icb,
        month: month.first_day,
        value,
        decimals: value.map_or(0, number::decimals),
        provisional: month.provisional,
    }
}
