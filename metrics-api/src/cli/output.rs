//! Released figures on standard output: a table for people, CSV for spreadsheets, JSON for programs.
//! The columns are the same whatever the indicator.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use homeward_transform::figure::Dimension;
use homeward_transform::release::{Released, ReleasedFigure, Shown};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::arguments::Format;

/// Writes figures in the asked format.
///
/// # Errors
/// When `out` cannot be written.
pub(super) fn write_figures(
    out: &mut dyn Write,
    format: Format,
    by: &[Dimension],
    figures: &[Released<Vec<ReleasedFigure>>],
) -> io::Result<()> {
    match format {
        Format::Table => write_table(out, by, figures),
        Format::Csv => write_csv(out, by, figures),
        Format::Json => write_json(out, by, figures),
    }
}

fn header(by: &[Dimension]) -> Vec<&'static str> {
    let mut columns = vec!["indicator", "version", "basis"];
    columns.extend(by.iter().map(|dimension| dimension.as_str()));
    columns.extend([
        "period_start",
        "period_end",
        "numerator",
        "denominator",
        "value",
        "lower",
        "upper",
        "status",
        "flags",
        "release",
        "as_of",
    ]);
    columns
}

fn row(figure: &ReleasedFigure, by: &[Dimension], number: fn(Shown) -> String) -> Vec<String> {
    let mut cells = vec![figure.indicator.clone(), figure.version.to_string(), figure.basis.clone()];
    cells.extend(by.iter().map(|&d| figure.dimension(d).unwrap_or_default().to_owned()));
    cells.extend([figure.period_start_text(), figure.period_end_text()]);
    cells.extend([figure.numerator, figure.denominator, figure.value, figure.lower, figure.upper].map(number));
    cells.extend([figure.status.as_str().to_owned(), figure.flags_text(), figure.release.clone(), as_of_text(figure)]);
    cells
}

fn all(figures: &[Released<Vec<ReleasedFigure>>]) -> impl Iterator<Item = &ReleasedFigure> {
    figures.iter().flat_map(|released| released.iter())
}

fn write_csv(out: &mut dyn Write, by: &[Dimension], figures: &[Released<Vec<ReleasedFigure>>]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(header(by))?;
    for figure in all(figures) {
        writer.write_record(row(figure, by, |shown| shown.to_string()))?;
    }
    writer.flush()
}

fn write_json(out: &mut dyn Write, by: &[Dimension], figures: &[Released<Vec<ReleasedFigure>>]) -> io::Result<()> {
    let rows: Vec<JsonRow<'_>> = all(figures).map(|figure| JsonRow { figure, by }).collect();
    serde_json::to_writer_pretty(&mut *out, &rows)?;
    writeln!(out)
}

/// A figure with the columns of the table and nothing else, in their order.
struct JsonRow<'a> {
    figure: &'a ReleasedFigure,
    by: &'a [Dimension],
}

impl Serialize for JsonRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let figure = self.figure;
        let mut row = serializer.serialize_map(None)?;
        row.serialize_entry("indicator", &figure.indicator)?;
        row.serialize_entry("version", &figure.version)?;
        row.serialize_entry("basis", &figure.basis)?;
        for &dimension in self.by {
            row.serialize_entry(dimension.as_str(), &figure.dimension(dimension))?;
        }
        row.serialize_entry("period_start", &figure.period_start_text())?;
        row.serialize_entry("period_end", &figure.period_end_text())?;
        row.serialize_entry("numerator", &figure.numerator)?;
        row.serialize_entry("denominator", &figure.denominator)?;
        row.serialize_entry("value", &figure.value)?;
        row.serialize_entry("lower", &figure.lower)?;
        row.serialize_entry("upper", &figure.upper)?;
        row.serialize_entry("status", figure.status.as_str())?;
        row.serialize_entry("flags", &figure.flags_text())?;
        row.serialize_entry("release", &figure.release)?;
        row.serialize_entry("as_of", &as_of_text(figure))?;
        row.end()
    }
}

fn as_of_text(figure: &ReleasedFigure) -> String {
    figure.as_of.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

fn write_table(out: &mut dyn Write, by: &[Dimension], figures: &[Released<Vec<ReleasedFigure>>]) -> io::Result<()> {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header(by));
    for figure in all(figures) {
        table.add_row(row(figure, by, for_people));
    }
    let first_number = 3 + by.len() + 2;
    for index in first_number..first_number + 5 {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    writeln!(out, "{}", table.trim_fmt())?;
    if all(figures).next().is_none() {
        writeln!(out, "no data: no record of these files falls into a figure that was asked for")?;
    }
    Ok(())
}

/// Ratios to six digits: the table is for reading, CSV and JSON hold every digit.
fn for_people(shown: Shown) -> String {
    match shown {
        Shown::Number(number) => format!("{number:.6}"),
        other => other.to_string(),
    }
}
