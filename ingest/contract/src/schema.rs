//! The Arrow columns of each fact table, and where each column's value comes from.
//!
//! CSDS tables are derived from the item list ([`crate::item`]), so a new item is a new line of data. A decoder walks
//! [`columns`] in order and builds one array a column; the schema it must match is [`fact_schema`]. Instants are
//! `Timestamp(Microsecond, "UTC")` throughout.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::feed::{Feed, Table};
use crate::item::{self, Handling, Item};
use crate::state::{self, Kind, Need};

pub use crate::item::item_column;

/// Where a column's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The submission's id.
    SubmissionId,
    /// The submission's data set version.
    DataSetVersion,
    /// The submission's provider, in canonical form.
    Provider,
    /// First day of the reporting period.
    PeriodStart,
    /// Last day of the reporting period.
    PeriodEnd,
    /// `primary` or `refresh`.
    FileType,
    /// When the national system or Homeward's operator took the file in.
    FileReceivedAt,
    /// The row's number within its table's file.
    RowNumber,
    /// An item, stored as its handling says.
    Item(&'static Item),
    /// The item as sent, beside its canonical form.
    Raw(&'static Item),
    /// True when the referral's key is a stand-in.
    RequestPlaceholder(&'static Item),
    /// The person's pseudonym: from the NHS number when valid, else null.
    Pseudonym,
    /// The version of the key that made the pseudonym; null with it.
    PseudonymKeyVersion,
    /// Age in completed years on the last day of the period.
    AgeYears,
    /// A start: instant of a date item and a time item, null when either is missing.
    StartInstant {
        /// The date item.
        date: &'static str,
        /// The time item.
        time: &'static str,
    },
    /// An end: as a start, its place in the fold decided by the start's items.
    EndInstant {
        /// The date item.
        date: &'static str,
        /// The time item.
        time: &'static str,
        /// Date and time item of the start.
        start: (&'static str, &'static str),
    },
    /// How the named instant column was resolved; null with it.
    Resolution(&'static str),
    /// A field of an event: the event decoder knows its own rules.
    Event,
    /// How many rows of each table the submission sent, as the header says; null when it does not.
    Manifest,
    /// The checksum of what the rows say, as the header has it; null when it has none.
    Content,
    /// A field of a refused row, a warning, a decision or a published figure: their decoder fills them in order.
    Own,
    /// Kafka topic, or `file:` and the file's name.
    Topic,
    /// Kafka partition; 0 for files.
    Partition,
    /// Kafka offset; line or row number for files.
    Offset,
    /// When Homeward took the record in.
    KnownAt,
}

/// One column of a fact table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in the lake.
    pub name: String,
    /// Its Arrow type.
    pub data_type: DataType,
    /// Whether it may be null.
    pub nullable: bool,
    /// Where its value comes from.
    pub source: Source,
}

impl Column {
    fn new(name: impl Into<String>, data_type: DataType, nullable: bool, source: Source) -> Self {
        Self { name: name.into(), data_type, nullable, source }
    }
}

/// The type of every instant in the lake.
#[must_use]
pub fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// A table's columns, in order.
#[must_use]
pub fn columns(table: Table) -> &'static [Column] {
    static COLUMNS: LazyLock<[Vec<Column>; Table::ALL.len()]> = LazyLock::new(|| {
        Table::ALL.map(|table| match table {
            Table::UcrEvent => event_columns(),
            Table::CsdsRefusedRow => refused_columns(),
            Table::CsdsRowWarning => warning_columns(),
            Table::CsdsSubmissionDecision => decision_columns(),
            Table::PublishedFigure => published_columns(),
            Table::VirtualWardStay
            | Table::VirtualWardCapacity
            | Table::HospitalSpell
            | Table::EdStay
            | Table::Death
            | Table::Registration => state_columns(table.feed()),
            Table::AdtMessage => adt_columns(),
            _ => submission_columns(table),
        })
    });
    &COLUMNS[table.index()]
}

/// A table's Arrow schema.
#[must_use]
pub fn fact_schema(table: Table) -> SchemaRef {
    static SCHEMAS: LazyLock<[SchemaRef; Table::ALL.len()]> = LazyLock::new(|| {
        Table::ALL.map(|table| {
            let fields: Vec<Field> = columns(table)
                .iter()
                .map(|column| Field::new(&column.name, column.data_type.clone(), column.nullable))
                .collect();
            Arc::new(Schema::new(fields))
        })
    });
    Arc::clone(&SCHEMAS[table.index()])
}

/// The columns every table ends with: where the record came from and when it became known.
fn meta_columns() -> Vec<Column> {
    vec![
        Column::new("topic", DataType::Utf8, false, Source::Topic),
        Column::new("partition", DataType::Int32, false, Source::Partition),
        Column::new("offset", DataType::Int64, false, Source::Offset),
        Column::new("known_at", timestamp(), false, Source::KnownAt),
    ]
}

/// The columns every row of a submission begins with.
fn envelope_columns() -> Vec<Column> {
    vec![
        Column::new("submission_id", DataType::Utf8, false, Source::SubmissionId),
        Column::new("data_set_version", DataType::Utf8, false, Source::DataSetVersion),
        Column::new("provider", DataType::Utf8, false, Source::Provider),
        Column::new("rp_start_date", DataType::Date32, false, Source::PeriodStart),
        Column::new("rp_end_date", DataType::Date32, false, Source::PeriodEnd),
        Column::new("file_type", DataType::Utf8, false, Source::FileType),
        Column::new("file_received_at", timestamp(), false, Source::FileReceivedAt),
        Column::new("row_number", DataType::Int64, false, Source::RowNumber),
    ]
}

/// A refused row: its submission and number, then why, then the key that its children name it by and the one by which it
/// names its parent, in the form in which accepted rows keep them. Its bytes are in quarantine alone.
fn refused_columns() -> Vec<Column> {
    finding_columns(&["row_key", "parent_key"])
}

/// A warning: the submission and number of its row, then what was found.
fn warning_columns() -> Vec<Column> {
    finding_columns(&[])
}

fn finding_columns(keys: &[&str]) -> Vec<Column> {
    let text = |name: &str, nullable| Column::new(name, DataType::Utf8, nullable, Source::Own);
    let mut columns = envelope_columns();
    columns.extend([text("table_name", false), text("code", false), text("item", true)]);
    columns.extend(keys.iter().map(|name| text(name, true)));
    columns.extend(meta_columns());
    columns
}

fn decision_columns() -> Vec<Column> {
    let text = |name: &str| Column::new(name, DataType::Utf8, false, Source::Own);
    let mut columns = vec![text("decision_id"), text("submission_id"), text("decision"), text("reason")];
    columns.extend([text("decided_by"), Column::new("decided_at", timestamp(), false, Source::Own)]);
    columns.extend(meta_columns());
    columns
}

fn published_columns() -> Vec<Column> {
    let own = |name: &str, data_type| Column::new(name, data_type, false, Source::Own);
    let text = |name: &str| own(name, DataType::Utf8);
    let mut columns = vec![text("load_id"), own("loaded_at", timestamp()), text("workbook"), text("measure")];
    columns.extend([text("organisation"), text("level"), own("month", DataType::Date32)]);
    columns.push(Column::new("value", DataType::Float64, true, Source::Own));
    columns.extend([own("decimals", DataType::Int32), own("provisional", DataType::Boolean)]);
    columns.extend(meta_columns());
    columns
}

fn submission_columns(table: Table) -> Vec<Column> {
    let mut columns = envelope_columns();
    for item in item::items(table) {
        // A provider sent twice would be one too many: rows carry the submission's.
        if item.name != "OrgID_Provider" {
            push_item(&mut columns, item);
        }
    }
    columns.extend(derived_columns(table));
    columns.extend(meta_columns());
    columns
}

fn push_item(columns: &mut Vec<Column>, item: &'static Item) {
    let name = item_column(item.name);
    let source = Source::Item(item);
    let nullable = !item.mandatory;
    match item.handling {
        Handling::Envelope | Handling::Dropped => {}
        Handling::Text | Handling::Organisation | Handling::Time => {
            columns.push(Column::new(name, DataType::Utf8, nullable, source));
        }
        // What is no number is not kept, so that even a mandatory one may be null.
        Handling::Measurement => columns.push(Column::new(name, DataType::Utf8, true, source)),
        Handling::Decimal { precision, scale } => {
            let decimal = DataType::Decimal128(precision, scale.cast_signed());
            columns.push(Column::new(name, decimal, nullable, source));
        }
        Handling::Code | Handling::TwoDigit | Handling::OneDigit | Handling::TeamType => {
            let raw = format!("{name}_raw");
            columns.push(Column::new(name, DataType::Utf8, nullable, source));
            columns.push(Column::new(raw, DataType::Utf8, nullable, Source::Raw(item)));
        }
        Handling::Date => columns.push(Column::new(name, DataType::Date32, nullable, source)),
        Handling::DateTime => columns.push(Column::new(name, timestamp(), nullable, source)),
        Handling::Integer => columns.push(Column::new(name, DataType::Int32, nullable, source)),
        Handling::ServiceRequestId => {
            let placeholder = format!("{name}_placeholder");
            columns.push(Column::new(name, DataType::Utf8, nullable, source));
            columns.push(Column::new(placeholder, DataType::Boolean, nullable, Source::RequestPlaceholder(item)));
        }
        Handling::LocalPseudonym => {
            columns.push(Column::new(pseudonym_column(&name), DataType::Utf8, nullable, source));
        }
    }
}

/// `local_patient_id` is stored as `local_patient_pseudonym`, `care_professional_id_local` as
/// `care_professional_pseudonym`.
fn pseudonym_column(name: &str) -> String {
    match name.split_once("_id_local") {
        Some((stem, _)) => format!("{stem}_pseudonym"),
        None => format!("{}_pseudonym", name.strip_suffix("_id").unwrap_or(name)),
    }
}

/// Columns that no single item holds.
fn derived_columns(table: Table) -> Vec<Column> {
    const RTT_START: (&str, &str) = ("RTT_StartDate", "RTT_StartTime");
    match table {
        Table::Cyp000Header => vec![
            Column::new("manifest", DataType::Utf8, true, Source::Manifest),
            Column::new("content_sha256", DataType::Utf8, true, Source::Content),
        ],
        Table::Cyp001Mpi => vec![
            Column::new("pseudonym", DataType::Utf8, true, Source::Pseudonym),
            Column::new("pseudonym_key_version", DataType::Int32, true, Source::PseudonymKeyVersion),
            Column::new("age_years", DataType::Int32, true, Source::AgeYears),
        ],
        Table::Cyp101Referral => {
            let source =
                Source::StartInstant { date: "ReferralRequest_ReceivedDate", time: "ReferralRequest_ReceivedTime" };
            vec![Column::new("received_at", timestamp(), true, source)]
        }
        Table::Cyp104Rtt => {
            let start = Source::StartInstant { date: RTT_START.0, time: RTT_START.1 };
            let end = Source::EndInstant { date: "RTT_EndDate", time: "RTT_EndTime", start: RTT_START };
            vec![
                Column::new("rtt_start_at", timestamp(), true, start),
                Column::new("rtt_end_at", timestamp(), true, end),
                Column::new("rtt_start_resolution", DataType::Utf8, true, Source::Resolution("rtt_start_at")),
                Column::new("rtt_end_resolution", DataType::Utf8, true, Source::Resolution("rtt_end_at")),
            ]
        }
        _ => Vec::new(),
    }
}

/// The shape of an event column, spelled shortly in the table below.
#[derive(Clone, Copy)]
enum Shape {
    Text,
    Instant,
    Small,
    Large,
    Flag,
}

impl Shape {
    fn data_type(self) -> DataType {
        match self {
            Shape::Text => DataType::Utf8,
            Shape::Instant => timestamp(),
            Shape::Small => DataType::Int32,
            Shape::Large => DataType::Int64,
            Shape::Flag => DataType::Boolean,
        }
    }
}

/// Every column of an event before its place: name, shape, whether each event has it.
const EVENT_COLUMNS: [(&str, Shape, bool); 47] = [
    ("event_id", Shape::Text, true),
    ("source", Shape::Text, true),
    ("event_type", Shape::Text, true),
    ("event_time", Shape::Instant, true),
    ("provider", Shape::Text, true),
    ("service_request_id", Shape::Text, true),
    ("version_id", Shape::Large, true),
    // received
    ("org_id_commissioner", Shape::Text, false),
    ("pseudonym", Shape::Text, false),
    ("pseudonym_key_version", Shape::Small, false),
    ("age_years", Shape::Small, false),
    ("lsoa", Shape::Text, false),
    ("practice", Shape::Text, false),
    ("received_at", Shape::Instant, false),
    ("rtt_start_at", Shape::Instant, false),
    ("waiting_time_measurement_type", Shape::Text, false),
    ("source_of_referral", Shape::Text, false),
    ("source_group", Shape::Text, false),
    ("org_id_referring", Shape::Text, false),
    ("priority_type", Shape::Text, false),
    ("team_type", Shape::Text, false),
    ("team_id_local", Shape::Text, false),
    ("usual_residence", Shape::Text, false),
    // triaged
    ("decision", Shape::Text, false),
    ("decided_at", Shape::Instant, false),
    ("previous_waiting_time_type", Shape::Text, false),
    ("redirected_to", Shape::Text, false),
    // rejected
    ("rejected_at", Shape::Instant, false),
    ("referral_rejection_reason", Shape::Text, false),
    // first contact, contact
    ("care_contact_id", Shape::Text, false),
    ("contact_at", Shape::Instant, false),
    ("care_contact_duration_minutes", Shape::Small, false),
    ("cons_mechanism", Shape::Text, false),
    ("attendance_status", Shape::Text, false),
    ("activity_location_type", Shape::Text, false),
    ("consultation_type", Shape::Text, false),
    ("stops_clock", Shape::Flag, false),
    ("rtt_end_at", Shape::Instant, false),
    // closed
    ("closed_at", Shape::Instant, false),
    ("closure_group", Shape::Text, false),
    // amended, voided
    ("target", Shape::Text, false),
    ("amends_event_id", Shape::Text, false),
    ("changes", Shape::Text, false),
    ("voided_at", Shape::Instant, false),
    ("reason", Shape::Text, false),
    ("duplicate_of", Shape::Text, false),
    // fields this version of the contract does not know
    ("extra", Shape::Text, false),
];

fn event_columns() -> Vec<Column> {
    let mut columns: Vec<Column> = EVENT_COLUMNS
        .iter()
        .map(|(name, shape, always)| Column::new(*name, shape.data_type(), !always, Source::Event))
        .collect();
    columns.extend(meta_columns());
    columns
}

/// What every version of a state begins with: name, shape, whether each has it.
const STATE_COLUMNS: [(&str, Shape, bool); 8] = [
    ("event_id", Shape::Text, true),
    ("source", Shape::Text, true),
    ("event_type", Shape::Text, true),
    ("event_time", Shape::Instant, true),
    ("version_id", Shape::Large, true),
    ("subject", Shape::Text, true),
    // voided, cancelled or revoked: the subject leaves every count while this version is the newest
    ("withdrawn", Shape::Flag, true),
    ("reason", Shape::Text, false),
];

fn state_columns(feed: Feed) -> Vec<Column> {
    let column =
        |(name, shape, always): (&str, Shape, bool)| Column::new(name, shape.data_type(), !always, Source::Event);
    let mut columns: Vec<Column> = STATE_COLUMNS.into_iter().map(column).collect();
    for item in state::items(feed) {
        let Some(name) = item.column else { continue };
        // The reason of every feed stands in front.
        if name != "reason" {
            let data_type = state_type(item.kind);
            columns.push(Column::new(name, data_type, item.need != Need::Always, Source::Event));
        }
    }
    columns.push(Column::new("extra", DataType::Utf8, true, Source::Event));
    columns.extend(meta_columns());
    columns
}

/// Every column of an ADT message before its place: name, shape, whether each has it.
const ADT_COLUMNS: [(&str, Shape, bool); 16] = [
    ("sending_application", Shape::Text, true),
    ("control_id", Shape::Text, true),
    ("trigger", Shape::Text, true),
    ("recorded_at", Shape::Instant, true),
    ("occurred_at", Shape::Instant, true),
    ("provider", Shape::Text, true),
    ("visit_id", Shape::Text, true),
    ("patient_class", Shape::Text, true),
    ("ward", Shape::Text, false),
    ("prior_ward", Shape::Text, false),
    ("admitted_at", Shape::Instant, false),
    ("discharged_at", Shape::Instant, false),
    ("admission_type", Shape::Text, false),
    ("pseudonym", Shape::Text, false),
    ("pseudonym_key_version", Shape::Small, false),
    ("age_years", Shape::Small, false),
];

fn adt_columns() -> Vec<Column> {
    let column =
        |(name, shape, always): (&str, Shape, bool)| Column::new(name, shape.data_type(), !always, Source::Own);
    let mut columns: Vec<Column> = ADT_COLUMNS.into_iter().map(column).collect();
    columns.extend(meta_columns());
    columns
}

fn state_type(kind: Kind) -> DataType {
    match kind {
        Kind::Instant => timestamp(),
        Kind::Date => DataType::Date32,
        Kind::Whole(..) | Kind::KeyVersion | Kind::Age => DataType::Int32,
        Kind::Flag => DataType::Boolean,
        _ => DataType::Utf8,
    }
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
