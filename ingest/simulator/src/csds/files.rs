//! The files of one submission, as a folder of CSV and as records for Kafka.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use homeward_contract::feed::{Feed, Table};
use homeward_contract::item::items;
use homeward_contract::manifest::Manifest;
use homeward_contract::submission::{CsdsVersion, Submission, header_payload, record_key, record_payload};

use super::story::{Sending, Story};
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
    story: Story,
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
            story: Story::default(),
            tables,
        }
    }

    pub(crate) fn with_story(self, story: Story) -> Self {
        Self { story, ..self }
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

    /// How many rows of each table there are, broken ones included.
    fn manifest(&self) -> Manifest {
        let tables = self.tables.iter().filter(|(table, _)| **table != Table::Cyp000Header);
        tables.map(|(table, rows)| (*table, u32::try_from(rows.len()).unwrap_or(u32::MAX))).collect()
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

    /// When its parts arrive on Kafka: its records, perhaps in two halves or never all of them, and decisions about it.
    pub(crate) fn arrivals(&self) -> Vec<DateTime<Utc>> {
        let later = match self.story.sending {
            Sending::CompletedAt(at) => Some(at),
            Sending::Whole | Sending::BrokenOff => None,
        };
        let decided = self.story.decisions.iter().map(|decision| decision.at);
        [self.delivered_at].into_iter().chain(later).chain(decided).collect()
    }

    /// What arrives at one of [`SubmissionFiles::arrivals`].
    pub(crate) fn arriving(&self, at: DateTime<Utc>) -> Vec<Message> {
        let mut records = self.messages();
        let half = records.len() / 2;
        let mut arriving = match self.story.sending {
            Sending::CompletedAt(later) if at == later => records.split_off(half),
            _ if at != self.delivered_at => Vec::new(),
            Sending::Whole => records,
            Sending::BrokenOff | Sending::CompletedAt(_) => {
                records.truncate(half);
                records
            }
        };
        let decisions = self.story.decisions.iter().filter(|decision| decision.at == at);
        arriving.extend(decisions.map(|decision| Message {
            feed: Feed::Csds,
            key: self.id.clone().into_bytes(),
            payload: decision.payload().into_bytes(),
            deliver_at: at,
        }));
        for message in &mut arriving {
            message.deliver_at = at;
        }
        arriving
    }

    /// The rows as Kafka records in the order of the tables, the header with its manifest last; all of them, whatever
    /// becomes of the submission.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        self.messages_iter().collect()
    }

    /// As [`SubmissionFiles::messages`], one at a time.
    pub fn messages_iter(&self) -> impl Iterator<Item = Message> + '_ {
        let submission_json = self.submission.to_json();
        let manifest = self.manifest();
        let (header, others): (Vec<_>, Vec<_>) =
            self.tables.iter().partition(|(table, _)| **table == Table::Cyp000Header);
        let rows = others
            .into_iter()
            .chain(header)
            .flat_map(|(table, rows)| (1i64..).zip(rows).map(move |(number, row)| (*table, number, row)));
        rows.map(move |(table, number, row)| {
            let name = table.csds_name().unwrap_or_default();
            let items = row.iter().map(|(item, value)| (*item, value.as_str()));
            let find = |wanted: &str| row.iter().find(|(item, _)| *item == wanted).map(|(_, value)| value.as_str());
            Message {
                feed: Feed::Csds,
                key: record_key(table, &self.submission, find).into_bytes(),
                payload: match table {
                    Table::Cyp000Header => header_payload(&submission_json, items, &manifest, None),
                    _ => record_payload(name, &submission_json, number, items),
                }
                .into_bytes(),
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
