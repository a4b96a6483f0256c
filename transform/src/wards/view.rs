//! What indicator SQL sees of virtual wards: `virtual_ward_stay` and `virtual_ward_capacity`. Pure.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, Int64Array, RecordBatch, RecordBatchOptions, StringArray, StringBuilder,
    TimestampMicrosecondArray, new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimestampMicrosecondType};
use arrow::error::ArrowError;
use homeward_contract::geography::Geography;

use crate::book::clock::{Micros, Source};
use crate::book::view::instant_type;
use crate::states::{Place, Store};

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

/// Rows of a store, of which a column is copied when somebody reads it.
pub(super) struct Rows<'s> {
    pub(super) store: &'s Store,
    pub(super) places: Vec<Place>,
}

impl Rows<'_> {
    fn column(&self, name: &str) -> Result<ArrayRef, ArrowError> {
        self.store.column(name, &self.places)
    }
}

/// The columns of a view that somebody reads; every one, where that is not known.
pub type Read<'r> = Option<&'r BTreeSet<String>>;

/// Merged stays: the rows that begin them, for each the row that ends it, and what is made of all its rows.
pub(super) fn stays(
    (begins, ends): (&Rows<'_>, &Rows<'_>),
    made: &[Made],
    geography: &Geography,
    read: Read<'_>,
) -> Result<RecordBatch, ArrowError> {
    let mut places = None;
    columns(&stay_schema(), made.len(), read, |name| {
        Ok(match name {
            "icb" | "lcp" | "pcn" => {
                let found = match places.take() {
                    Some(found) => found,
                    None => areas(begins.column("practice")?.as_string::<i32>(), geography),
                };
                let [icb, lcp, pcn] = places.insert(found);
                Arc::clone(match name {
                    "icb" => icb,
                    "lcp" => lcp,
                    _ => pcn,
                })
            }
            "provider" => Arc::new(StringArray::from_iter_values(made.iter().map(|own| &own.provider))),
            "recorded_at" => {
                let recorded = made.iter().map(|own| own.recorded_at);
                Arc::new(TimestampMicrosecondArray::from_iter_values(recorded).with_timezone("UTC"))
            }
            "merged_stays" => {
                let counts = made.iter().map(|own| i64::try_from(own.count).unwrap_or(i64::MAX));
                Arc::new(Int64Array::from_iter_values(counts))
            }
            "outcome" | "discharged_at" => ends.column(name)?,
            "left_at" => left_at(&ends.column("discharged_at")?),
            "stay" => begins.column("stay_id")?,
            "ward" => begins.column("ward_id")?,
            "person" => begins.column("pseudonym")?,
            "source_rank" => rank(made.len()),
            other => begins.column(other)?,
        })
    })
}

/// Rows of beds, with the instant at which each ceases to be valid.
pub(super) fn beds(
    rows: &Rows<'_>,
    providers: &[Arc<str>],
    until: &[Option<Micros>],
    geography: &Geography,
    read: Read<'_>,
) -> Result<RecordBatch, ArrowError> {
    columns(&bed_schema(), providers.len(), read, |name| {
        Ok(match name {
            "provider" => Arc::new(StringArray::from_iter_values(providers)),
            "ward" => rows.column("ward_id")?,
            "icb" => {
                let icb = |area: &'_ str| geography.icb_of_commissioner(area).unwrap_or(area).to_owned();
                let areas = rows.column("area")?;
                Arc::new(areas.as_string::<i32>().iter().map(|area| area.map(icb)).collect::<StringArray>())
            }
            "valid_until" => Arc::new(TimestampMicrosecondArray::from(until.to_vec()).with_timezone("UTC")),
            "source_rank" => rank(providers.len()),
            other => rows.column(other)?,
        })
    })
}

/// The columns of a view in its own types; those that nobody reads are null.
fn columns(
    schema: &SchemaRef,
    rows: usize,
    read: Read<'_>,
    mut column: impl FnMut(&str) -> Result<ArrayRef, ArrowError>,
) -> Result<RecordBatch, ArrowError> {
    let made = schema.fields().iter().map(|field| match read {
        Some(read) if !read.contains(field.name()) => Ok(new_null_array(field.data_type(), rows)),
        _ => cast(&column(field.name())?, field.data_type()),
    });
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), made.collect::<Result<_, _>>()?, &options)
}

/// The discharge, or for a stay that is open the instant that never comes.
fn left_at(discharged_at: &ArrayRef) -> ArrayRef {
    let ends = discharged_at.as_primitive::<TimestampMicrosecondType>().iter();
    let ends = ends.map(|end| end.unwrap_or(NEVER));
    Arc::new(TimestampMicrosecondArray::from_iter_values(ends).with_timezone("UTC"))
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
