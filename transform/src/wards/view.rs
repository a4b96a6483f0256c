//! What indicator SQL sees of virtual wards: `virtual_ward_stay` and `virtual_ward_capacity`. Pure.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, StringBuilder, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimestampMicrosecondType};
use arrow::error::ArrowError;
use homeward_contract::geography::Geography;

use crate::book::clock::{Micros, Source};
use crate::book::view::instant_type;

/// Names of the views.
pub const NAMES: [&str; 2] = ["virtual_ward_stay", "virtual_ward_capacity"];

/// 31 December 9999.
const NEVER: Micros = 253_402_214_400_000_000;

/// Columns of `virtual_ward_stay`.
#[must_use]
pub fn stay_schema() -> SchemaRef {
    schema(&[
        ("provider", DataType::Utf8),
        ("stay", DataType::Utf8),
        ("ward", DataType::Utf8),
        ("icb", DataType::Utf8),
        ("lcp", DataType::Utf8),
        ("pcn", DataType::Utf8),
        ("practice", DataType::Utf8),
        ("person", DataType::Utf8),
        ("route", DataType::Utf8),
        ("pathway", DataType::Utf8),
        ("usual_residence", DataType::Utf8),
        ("outcome", DataType::Utf8),
        ("referred_by", DataType::Utf8),
        ("tech_enabled", DataType::Boolean),
        ("age_years", DataType::Int64),
        ("admitted_at", instant_type()),
        ("discharged_at", instant_type()),
        ("left_at", instant_type()),
        ("recorded_at", instant_type()),
        ("merged_stays", DataType::Int64),
        ("source_rank", DataType::Int64),
    ])
}

/// Columns of `virtual_ward_capacity`.
#[must_use]
pub fn bed_schema() -> SchemaRef {
    schema(&[
        ("provider", DataType::Utf8),
        ("ward", DataType::Utf8),
        ("ward_name", DataType::Utf8),
        ("icb", DataType::Utf8),
        ("pathway", DataType::Utf8),
        ("beds", DataType::Int64),
        ("valid_from", instant_type()),
        ("valid_until", instant_type()),
        ("source_rank", DataType::Int64),
    ])
}

fn schema(columns: &[(&str, DataType)]) -> SchemaRef {
    let fields = columns.iter().map(|(name, data_type)| Field::new(*name, data_type.clone(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// What no row of a merged stay says by itself.
pub(super) struct Made {
    /// The provider that answers for it today.
    pub(super) provider: Arc<str>,
    /// When any of its stays was last recorded.
    pub(super) recorded_at: Micros,
    /// How many stays it is made of.
    pub(super) count: usize,
}

/// Merged stays: the rows that begin them, for each the row that ends it, and what is made of all its rows.
pub(super) fn stays(
    (begins, ends): (&RecordBatch, &RecordBatch),
    made: &[Made],
    geography: &Geography,
) -> Result<RecordBatch, ArrowError> {
    let practices = column(begins, "practice")?;
    let [icb, lcp, pcn] = areas(practices.as_string::<i32>(), geography);
    let make = |field: &Field| -> Result<ArrayRef, ArrowError> {
        Ok(match field.name().as_str() {
            "icb" => Arc::clone(&icb),
            "lcp" => Arc::clone(&lcp),
            "pcn" => Arc::clone(&pcn),
            "outcome" | "discharged_at" => column(ends, field.name())?,
            "left_at" => left_at(&column(ends, "discharged_at")?),
            "stay" => column(begins, "stay_id")?,
            "ward" => column(begins, "ward_id")?,
            "person" => column(begins, "pseudonym")?,
            "source_rank" => rank(begins.num_rows()),
            other => column(begins, other)?,
        })
    };
    let provider: ArrayRef = Arc::new(StringArray::from_iter_values(made.iter().map(|own| &own.provider)));
    let counts = made.iter().map(|own| i64::try_from(own.count).unwrap_or(i64::MAX));
    let counts: ArrayRef = Arc::new(Int64Array::from_iter_values(counts));
    let recorded = TimestampMicrosecondArray::from_iter_values(made.iter().map(|own| own.recorded_at));
    let recorded: ArrayRef = Arc::new(recorded.with_timezone("UTC"));
    let schema = stay_schema();
    let columns = schema.fields().iter().map(|field| match field.name().as_str() {
        "provider" => Ok(Arc::clone(&provider)),
        "recorded_at" => cast(&recorded, field.data_type()),
        "merged_stays" => Ok(Arc::clone(&counts)),
        _ => cast(&make(field)?, field.data_type()),
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(schema, columns)
}

/// Rows of beds, with the instant at which each ceases to be valid.
pub(super) fn beds(
    rows: &RecordBatch,
    providers: &[Arc<str>],
    until: Vec<Option<Micros>>,
    geography: &Geography,
) -> Result<RecordBatch, ArrowError> {
    let areas = column(rows, "area")?;
    let icb = |area: &'_ str| geography.icb_of_commissioner(area).unwrap_or(area).to_owned();
    let icbs: StringArray = areas.as_string::<i32>().iter().map(|area| area.map(icb)).collect();
    let provider: ArrayRef = Arc::new(StringArray::from_iter_values(providers));
    let until: ArrayRef = Arc::new(TimestampMicrosecondArray::from(until).with_timezone("UTC"));
    let icbs: ArrayRef = Arc::new(icbs);
    let schema = bed_schema();
    let columns = schema.fields().iter().map(|field| {
        let found = match field.name().as_str() {
            "provider" => Arc::clone(&provider),
            "ward" => column(rows, "ward_id")?,
            "icb" => Arc::clone(&icbs),
            "valid_until" => Arc::clone(&until),
            "source_rank" => rank(rows.num_rows()),
            other => column(rows, other)?,
        };
        cast(&found, field.data_type())
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(schema, columns)
}

/// The discharge, or for a stay that is open the instant that never comes.
fn left_at(discharged_at: &ArrayRef) -> ArrayRef {
    let ends = discharged_at.as_primitive::<TimestampMicrosecondType>().iter();
    let ends = ends.map(|end| end.unwrap_or(NEVER));
    Arc::new(TimestampMicrosecondArray::from_iter_values(ends).with_timezone("UTC"))
}

fn column(batch: &RecordBatch, name: &str) -> Result<ArrayRef, ArrowError> {
    let lacks = || ArrowError::SchemaError(format!("a state has no column '{name}'"));
    batch.column_by_name(name).cloned().ok_or_else(lacks)
}

fn rank(rows: usize) -> ArrayRef {
    Arc::new(Int64Array::from(vec![Source::Live.rank(); rows]))
}

/// The areas of each row by its practice, never by its provider (`ucr.md` E20): ICB, local care partnership, network.
fn areas(practices: &StringArray, geography: &Geography) -> [ArrayRef; 3] {
    type Found<'g> = [Option<&'g str>; 3];
    let mut seen: HashMap<&str, Found<'_>> = HashMap::new();
    let mut columns = [StringBuilder::new(), StringBuilder::new(), StringBuilder::new()];
    for practice in practices {
        let found = practice.map_or([None; 3], |code| {
            *seen.entry(code).or_insert_with(|| {
                let place = geography.practice(code);
                [geography.icb_of_practice(code), place.map(|place| place.lcp), place.map(|place| place.pcn)]
            })
        });
        columns.iter_mut().zip(found).for_each(|(column, area)| column.append_option(area));
    }
    columns.map(|mut column| -> ArrayRef { Arc::new(column.finish()) })
}
