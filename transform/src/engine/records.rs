//! Records of an indicator whose figures do not add up, made ready to be put together by level. Pure.
//!
//! The SQL of such an indicator returns a row a record. Here every row gets the area of each level that it belongs to, so
//! that no analyst can get a level wrong; [`super::levels`] makes the cells.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, StringArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use homeward_contract::geography::Geography;

use super::result::{COUNT, EVERY_STRATUM, FLAG, ResultShapeError, check_names, number_column, text_column};
use crate::book::shard::{Shards, shard};
use crate::definition::{Definition, Kind};
use crate::figure::Dimension;
use crate::snapshot::UNKNOWN_AREA;

/// What a record was read into, or why not.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordFault {
    #[error(transparent)]
    Shape(#[from] ResultShapeError),
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

/// The person, in the views and in the records of an indicator that counts people.
pub(super) const PERSON: &str = "person";

/// The column that says what a record brings to its figure.
pub(super) const fn own_column(kind: Kind) -> &'static str {
    if matches!(kind, Kind::Quantile) { "measure" } else { PERSON }
}

/// The records with one column of text for every level and none of them empty: `unknown` where no area is known. Where
/// people are counted, and `people` is given, those of others are left out.
pub(super) fn read(
    definition: &Definition,
    geography: &Geography,
    batch: &RecordBatch,
    people: Option<&Shards>,
) -> Result<RecordBatch, RecordFault> {
    check_names(definition, batch)?;
    let batch = &match people.filter(|_| definition.kind == Kind::People) {
        Some(shards) => only(batch, &text_column(definition, batch, own_column(definition.kind))?, shards)?,
        None => batch.clone(),
    };
    let text = |name: &str| text_column(definition, batch, name);
    let icb = text("icb")?;
    let region = icb.iter().map(|icb| icb.and_then(|icb| geography.region_of_icb(icb)));
    let region: StringArray = region.collect();
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for name in ["basis", "provider", "period"] {
        columns.push((name.to_owned(), Arc::new(filled(name, text(name)?)?)));
    }
    for (name, areas) in [("icb", icb), ("region", region), ("lcp", text("lcp")?), ("pcn", text("pcn")?)] {
        let known: StringArray = areas.iter().map(|area| Some(area.unwrap_or(UNKNOWN_AREA))).collect();
        columns.push((name.to_owned(), Arc::new(known)));
    }
    for name in definition.strata.iter().copied().map(Dimension::as_str) {
        let stratum = filled(name, text(name)?)?;
        if stratum.iter().flatten().any(|value| value == EVERY_STRATUM) {
            return Err(ResultShapeError::Reserved(name.to_owned()).into());
        }
        columns.push((name.to_owned(), Arc::new(stratum)));
    }
    let own = own_column(definition.kind);
    columns.push(match definition.kind {
        Kind::Quantile => (own.to_owned(), Arc::new(number_column(definition, batch, own)?)),
        _ => (own.to_owned(), Arc::new(text(own)?)),
    });
    for name in ["source_rank"].into_iter().chain(sums(batch)) {
        columns.push((name.to_owned(), Arc::new(number_column(definition, batch, name)?)));
    }
    let fields: Vec<Field> =
        columns.iter().map(|(name, column)| Field::new(name, column.data_type().clone(), true)).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, column)| column).collect())?)
}

/// The records of the people of some shards.
fn only(batch: &RecordBatch, person: &StringArray, shards: &Shards) -> Result<RecordBatch, ArrowError> {
    let is_counted: BooleanArray = person.iter().map(|person| Some(shards.contains(&shard(person)))).collect();
    filter_record_batch(batch, &is_counted)
}

/// Companion counts and flags: 0 or 1 in a record, added up in a cell.
pub(super) fn sums(records: &RecordBatch) -> impl Iterator<Item = &str> {
    let names = records.schema_ref().fields().iter().map(|field| field.name().as_str());
    names.filter(|name| name.starts_with(COUNT) || name.starts_with(FLAG))
}

/// A column in which every record must have a value.
fn filled(name: &str, column: StringArray) -> Result<StringArray, ResultShapeError> {
    if column.null_count() == 0 { Ok(column) } else { Err(ResultShapeError::Null(name.to_owned())) }
}
