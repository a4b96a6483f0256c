//! `homeward submission feedback`: what was found in a submission, for those who send it.
//!
//! The files of the lake that may hold rows of its month are read one by one, and one entry is written after the other;
//! between them stands one review ([`homeward_transform::feedback`]), which is bounded by the submissions asked for.

use std::io::{self, Write};
use std::path::Path;

use clap::Args;
use homeward_contract::feed::Table;
use homeward_transform::feedback::{Entry, Feedback};
use homeward_transform::live::feedback;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::arguments::{Format, LakeArguments};
use super::error::{CliError, Outcome};
use super::submission::open;

/// `homeward submission feedback`
#[derive(Debug, Args)]
pub struct FeedbackArguments {
    /// Id, for example NR5-202504-20250512T091500.
    pub id: String,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Where the lake lies.
    #[command(flatten)]
    pub source: LakeArguments,
}

pub(super) async fn run(
    arguments: &FeedbackArguments,
    config: Option<&Path>,
    out: &mut (dyn Write + Send),
) -> Result<Outcome, CliError> {
    let lake = open(&super::settings(config)?, &arguments.source)?;
    let found = feedback(&lake, &arguments.id).await?;
    if found.is_empty() {
        return Err(CliError::argument(
            format!("the lake knows no submission '{}'", arguments.id),
            "take an id from 'homeward submission list'",
        ));
    }
    match arguments.format {
        Format::Table => found.iter().try_for_each(|feedback| write_table(out, feedback))?,
        Format::Csv => write_csv(out, &found)?,
        Format::Json => write_json(out, &found)?,
    }
    Ok(Outcome::Done)
}

/// Where an entry points: table and row.
fn place(table: Option<Table>, row: Option<u32>) -> String {
    let table = table.and_then(Table::csds_name).unwrap_or("the submission");
    row.map_or(table.to_owned(), |row| format!("{table} row {row}"))
}

fn write_table(out: &mut dyn Write, feedback: &Feedback) -> io::Result<()> {
    writeln!(out, "Submission {}", feedback.line.id)?;
    write_summary(out, feedback)?;
    for entry in &feedback.entries {
        let item = entry.item.as_deref().map(|item| format!(" {item}")).unwrap_or_default();
        let root = entry.root.map(|(table, row)| format!("; because of {}", place(Some(table), Some(row))));
        let takes = match (entry.takes, entry.row) {
            (0, _) => String::new(),
            (rows, Some(_)) => format!("; {rows} rows do not count because of it"),
            (rows, None) => format!("; {rows} rows"),
        };
        let quarantine = entry.quarantine.as_deref().map(|id| format!("; quarantine {id}")).unwrap_or_default();
        let (code, severity, place) = (entry.code, entry.code.severity().as_str(), place(entry.table, entry.row));
        writeln!(out, "{code} {severity:<7} {place}{item}{}{takes}{quarantine}", root.unwrap_or_default())?;
    }
    Ok(())
}

/// Rows and state.
fn write_summary(out: &mut dyn Write, feedback: &Feedback) -> io::Result<()> {
    let rows = feedback.rows;
    let state = &feedback.line.outcome;
    writeln!(out, "  state    {state}")?;
    writeln!(
        out,
        "  rows     {} taken, {} refused, {} not counted with them",
        rows.taken, rows.refused, rows.cascaded
    )?;
    write_findings(out, feedback)
}

/// Each rule that was met, with how to mend it.
pub(super) fn write_findings(out: &mut dyn Write, feedback: &Feedback) -> io::Result<()> {
    for (code, count) in feedback.summary() {
        let severity = code.severity().as_str();
        writeln!(out, "  {severity:<8} {count} x {code}: {}; {}", code.message(), code.mend())?;
    }
    Ok(())
}

const COLUMNS: [&str; 12] = [
    "submission",
    "severity",
    "code",
    "table",
    "row",
    "item",
    "message",
    "mend",
    "root_table",
    "root_row",
    "takes",
    "quarantine",
];

fn write_csv(out: &mut dyn Write, found: &[Feedback]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(COLUMNS)?;
    for feedback in found {
        for entry in &feedback.entries {
            let number = |row: Option<u32>| row.map(|row| row.to_string()).unwrap_or_default();
            let name = |table: Option<Table>| table.and_then(Table::csds_name).unwrap_or_default();
            let (root_table, root_row) = (entry.root.map(|root| root.0), entry.root.map(|root| root.1));
            let takes = if entry.takes == 0 { String::new() } else { entry.takes.to_string() };
            writer.write_record([
                &*feedback.line.id,
                entry.code.severity().as_str(),
                entry.code.code(),
                name(entry.table),
                &number(entry.row),
                entry.item.as_deref().unwrap_or_default(),
                entry.code.message(),
                entry.code.mend(),
                name(root_table),
                &number(root_row),
                &takes,
                entry.quarantine.as_deref().unwrap_or_default(),
            ])?;
        }
    }
    writer.flush()
}

fn write_json(out: &mut dyn Write, found: &[Feedback]) -> io::Result<()> {
    let rows: Vec<Told<'_>> = found.iter().map(|feedback| Told { feedback, with_entries: true }).collect();
    serde_json::to_writer_pretty(&mut *out, &rows)?;
    writeln!(out)
}

/// Feedback as an object; its entries are made while they are written.
pub(super) struct Told<'a> {
    pub(super) feedback: &'a Feedback,
    /// False for a receipt, which names rules alone.
    pub(super) with_entries: bool,
}

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Feedback { line, rows, entries, .. } = self.feedback;
        let mut told = serializer.serialize_map(None)?;
        told.serialize_entry("submission", &*line.id)?;
        told.serialize_entry("provider", &*line.provider)?;
        told.serialize_entry("rp_start", &line.rp_start)?;
        told.serialize_entry("rp_end", &line.rp_end)?;
        told.serialize_entry("file_type", line.file_type.as_str())?;
        told.serialize_entry("received_at", &line.received_at)?;
        told.serialize_entry("counts", &line.outcome.is_counted())?;
        told.serialize_entry("state", &line.outcome.to_string())?;
        told.serialize_entry("rows_taken", &rows.taken)?;
        told.serialize_entry("rows_refused", &rows.refused)?;
        told.serialize_entry("rows_cascaded", &rows.cascaded)?;
        told.serialize_entry("summary", &Summary(self.feedback))?;
        if self.with_entries {
            told.serialize_entry("entries", &Entries(entries))?;
        }
        told.end()
    }
}

struct Summary<'a>(&'a Feedback);

impl Serialize for Summary<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rules = self.0.summary().into_iter().map(|(code, count)| {
            serde_json::json!({
                "code": code.code(),
                "severity": code.severity().as_str(),
                "count": count,
                "message": code.message(),
                "mend": code.mend(),
            })
        });
        serializer.collect_seq(rules)
    }
}

struct Entries<'a>(&'a [Entry]);

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entries = serializer.serialize_seq(Some(self.0.len()))?;
        for entry in self.0 {
            entries.serialize_element(&serde_json::json!({
                "severity": entry.code.severity().as_str(),
                "code": entry.code.code(),
                "table": entry.table.and_then(Table::csds_name),
                "row": entry.row,
                "item": entry.item,
                "message": entry.code.message(),
                "mend": entry.code.mend(),
                "root_table": entry.root.and_then(|root| root.0.csds_name()),
                "root_row": entry.root.map(|root| root.1),
                "takes": entry.takes,
                "quarantine": entry.quarantine,
            }))?;
        }
        entries.end()
    }
}
