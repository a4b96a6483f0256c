//! The files of one submission, as a folder of CSV and as records for Kafka.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use homeward_contract::feed::{Feed, Table};
use homeward_contract::item::items;
use homeward_contract::submission::{CsdsVersion, Submission, record_key, record_payload};

use crate::stream::Message;

/// One row: national item name to value; empty values are absent.
pub(crate) type Row = Vec<(&'static str, String)>;

/// One submission of one provider: the same rows as CSV files and as JSON records.
#[derive(Debug, Clone)]
pub struct SubmissionFiles {
    /// Provider code in canonical form.
    pub provider: String,
    /// Submission id, for example `NR5-202504-20250512T091500`.
    pub id: String,
    /// Name of its folder.
    pub folder: String,
    /// When it is received: the header's creation time.
    pub delivered_at: DateTime<Utc>,
    submission: Submission,
    tables: BTreeMap<Table, Vec<Row>>,
}

impl SubmissionFiles {
    pub(crate) fn new(submission: Submission, tables: BTreeMap<Table, Vec<Row>>) -> Self {
        Self {
            provider: submission.provider.clone(),
            id: submission.id.clone(),
            folder: format!("{}-{}", submission.id, submission.file_type.as_str()),
            delivered_at: submission.file_received_at,
            submission,
            tables,
        }
    }

    /// The submission the rows came with.
    #[must_use]
    pub fn submission(&self) -> &Submission {
        &self.submission
    }

    /// Number of rows of one table.
    #[must_use]
    pub fn rows(&self, table: Table) -> usize {
        self.tables.get(&table).map_or(0, Vec::len)
    }

    /// The CSV files by name, one for each table of the version, header row first with every item of the version, LF line
    /// ends.
    #[must_use]
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        Feed::Csds
            .tables()
            .iter()
            .filter_map(|table| {
                let rows = self.tables.get(table).map_or(&[][..], Vec::as_slice);
                Some((format!("{}.csv", table.csds_name()?), csv_file(*table, self.submission.version, rows)?))
            })
            .collect()
    }

    /// The rows as Kafka records, header first, in the order of the tables.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        self.messages_iter().collect()
    }

    /// As [`SubmissionFiles::messages`], one at a time.
    pub fn messages_iter(&self) -> impl Iterator<Item = Message> + '_ {
        let submission_json = self.submission.to_json();
        let rows = self
            .tables
            .iter()
            .flat_map(|(table, rows)| (1i64..).zip(rows).map(move |(number, row)| (*table, number, row)));
        rows.map(move |(table, number, row)| {
            let name = table.csds_name().unwrap_or_default();
            let items = row.iter().map(|(item, value)| (*item, value.as_str()));
            let find = |wanted: &str| row.iter().find(|(item, _)| *item == wanted).map(|(_, value)| value.as_str());
            Message {
                feed: Feed::Csds,
                key: record_key(table, &self.submission, find).into_bytes(),
                payload: record_payload(name, &submission_json, number, items).into_bytes(),
                deliver_at: self.delivered_at,
            }
        })
    }
}

/// The file of a table; none when the version has no such table.
fn csv_file(table: Table, version: CsdsVersion, rows: &[Row]) -> Option<Vec<u8>> {
    let columns: Vec<&str> = items(table).iter().filter(|item| item.is_in(version)).map(|item| item.name).collect();
    if columns.is_empty() {
        return None;
    }
    let mut text = csv::WriterBuilder::new().from_writer(Vec::new());
    // Writing to memory cannot fail, and every record has as many fields as the header.
    let _ = text.write_record(&columns);
    for row in rows {
        let cells = columns
            .iter()
            .map(|column| row.iter().find(|(item, _)| item == column).map_or("", |(_, value)| value.as_str()));
        let _ = text.write_record(cells);
    }
    text.into_inner().ok()
}
