//! Rows of a view as an Arrow batch: what `csds_clock` and `live_clock` look like to indicator SQL.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, BooleanBuilder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;

use super::clock::{ClockRow, Micros};

type TextColumn = (&'static str, fn(&ClockRow) -> Option<&str>);
type InstantColumn = (&'static str, fn(&ClockRow) -> Option<Micros>);
type CountColumn = (&'static str, fn(&ClockRow) -> Option<i64>);
type FlagColumn = (&'static str, fn(&ClockRow) -> bool);

const TEXTS: [TextColumn; 11] = [
    ("provider", |row| Some(&row.provider)),
    ("service_request_id", |row| Some(&row.service_request_id)),
    ("icb", |row| row.area.icb.as_deref()),
    ("lcp", |row| row.area.lcp.as_deref()),
    ("pcn", |row| row.area.pcn.as_deref()),
    ("practice", |row| row.area.practice.as_deref()),
    ("waiting_type", |row| Some(&row.waiting_type)),
    ("team_type", |row| row.team_type.as_deref()),
    ("source_group", |row| row.source_group.as_deref()),
    ("source", |row| Some(row.source.as_str())),
    ("closure_group", |row| row.closure_group.as_deref()),
];

const INSTANTS: [InstantColumn; 8] = [
    ("received_at", |row| row.received_at),
    ("rtt_start_at", |row| row.rtt_start_at),
    ("due_at", ClockRow::due_at),
    ("rtt_end_at", |row| row.rtt_end_at),
    ("stopped_at", |row| row.stopped_at),
    ("rejected_at", |row| row.rejected_at),
    ("closed_at", |row| row.closed_at),
    ("reclassified_at", |row| row.reclassified_at),
];

const COUNTS: [CountColumn; 4] = [
    ("age_years", |row| row.age_years.map(i64::from)),
    ("source_rank", |row| Some(row.source.rank())),
    ("naive_minutes", |row| row.naive_minutes),
    ("true_minutes", |row| row.true_minutes),
];

const FLAGS: [FlagColumn; 5] = [
    ("pre_2023_ucr_team", |row| row.pre_2023_ucr_team),
    ("time_missing", |row| row.time_missing),
    ("clock_change", ClockRow::clock_change),
    ("superseded", |row| row.superseded),
    ("on_feed", |row| row.on_feed),
];

/// Type of every instant in a view.
#[must_use]
pub fn instant_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC")))
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let texts = TEXTS.iter().map(|(name, _)| Field::new(*name, DataType::Utf8, true));
    let instants = INSTANTS.iter().map(|(name, _)| Field::new(*name, instant_type(), true));
    let counts = COUNTS.iter().map(|(name, _)| Field::new(*name, DataType::Int64, true));
    let flags = FLAGS.iter().map(|(name, _)| Field::new(*name, DataType::Boolean, false));
    Arc::new(Schema::new(texts.chain(instants).chain(counts).chain(flags).collect::<Vec<_>>()))
});

/// Schema of both clock views.
#[must_use]
pub fn schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

/// The rows as one batch.
///
/// # Errors
/// When Arrow refuses the columns, which a test rules out for this schema.
pub fn batch<'a>(rows: impl Iterator<Item = &'a ClockRow> + Clone) -> Result<RecordBatch, ArrowError> {
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(SCHEMA.fields().len());
    for (_, read) in TEXTS {
        let mut builder = StringBuilder::new();
        rows.clone().for_each(|row| builder.append_option(read(row)));
        columns.push(Arc::new(builder.finish()));
    }
    for (_, read) in INSTANTS {
        let mut builder = TimestampMicrosecondBuilder::new().with_timezone("UTC");
        rows.clone().for_each(|row| builder.append_option(read(row)));
        columns.push(Arc::new(builder.finish()));
    }
    for (_, read) in COUNTS {
        let mut builder = Int64Builder::new();
        rows.clone().for_each(|row| builder.append_option(read(row)));
        columns.push(Arc::new(builder.finish()));
    }
    for (_, read) in FLAGS {
        let mut builder = BooleanBuilder::new();
        rows.clone().for_each(|row| builder.append_value(read(row)));
        columns.push(Arc::new(builder.finish()));
    }
    RecordBatch::try_new(schema(), columns)
}
