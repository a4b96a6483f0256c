//! Parquet data files of a table: encoding, reading back, and fitting batches to the table's columns.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use bytes::Bytes;
use deltalake::kernel::Add;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use uuid::Uuid;

use super::error::LakeError;
use super::file_stats::stats;

/// Text columns whose values seldom repeat inside a file.
const IDENTIFIERS: [&str; 3] = ["event_id", "service_request_id", "care_contact_id"];

/// Rows of a batch read back from a file.
const READ_BATCH_ROWS: usize = 8_192;

/// Writes `batches` as one durable data file and returns the action that adds it to the table.
pub(super) async fn write(
    store: &dyn ObjectStore,
    table: &str,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
) -> Result<Add, LakeError> {
    let path = format!("part-{}.zstd.parquet", Uuid::new_v4());
    let failed = data_file_error(table, &path);
    let stats = stats(&batches);
    let bytes = blocking(move || encode(schema, &batches)).await.map_err(&failed)?;
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    store.put(&Path::from(path.as_str()), bytes.into()).await.map_err(|error| failed(external(error)))?;
    Ok(Add {
        path,
        size,
        modification_time: chrono::Utc::now().timestamp_millis(),
        data_change: true,
        stats: Some(stats),
        partition_values: HashMap::new(),
        ..Add::default()
    })
}

/// Reads a data file whole, fitted to `schema` (which may be a part of the table's columns).
pub(super) async fn read(
    store: &dyn ObjectStore,
    table: &str,
    path: &str,
    schema: &SchemaRef,
) -> Result<Vec<RecordBatch>, LakeError> {
    let failed = data_file_error(table, path);
    let location = Path::from(path);
    let fetched = async { store.get(&location).await?.bytes().await };
    let bytes = fetched.await.map_err(|error| failed(external(error)))?;
    let wanted = Arc::clone(schema);
    let batches = blocking(move || decode(bytes, &wanted)).await.map_err(failed)?;
    batches.iter().map(|batch| fit(table, batch, schema)).collect()
}

fn encode(schema: SchemaRef, batches: &[RecordBatch]) -> Result<Bytes, ParquetError> {
    let properties = properties(&schema)?;
    let mut buffer = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut buffer, schema, Some(properties))?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.close()?;
    Ok(buffer.into())
}

/// Dictionaries pay for words that repeat. Numbers, instants and identifiers hardly do, and looking each of them up
/// costs more than all the rest of a file. Statistics are kept for a file, not for each page: our files are small.
fn properties(schema: &Schema) -> Result<WriterProperties, ParquetError> {
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for field in schema.fields() {
        if *field.data_type() != DataType::Utf8 || IDENTIFIERS.contains(&field.name().as_str()) {
            builder = builder.set_column_dictionary_enabled(ColumnPath::from(field.name().as_str()), false);
        }
    }
    Ok(builder.build())
}

fn decode(bytes: Bytes, schema: &Schema) -> Result<Vec<RecordBatch>, ParquetError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
    let roots = builder.schema().fields().iter().enumerate();
    let wanted = roots.filter(|(_, field)| schema.field_with_name(field.name()).is_ok()).map(|(index, _)| index);
    let mask = ProjectionMask::roots(builder.parquet_schema(), wanted.collect::<Vec<_>>());
    let reader = builder.with_projection(mask).with_batch_size(READ_BATCH_ROWS).build()?;
    reader.map(|batch| batch.map_err(ParquetError::from)).collect()
}

/// Reorders and casts the columns of `batch` to `schema`; a nullable column that the batch lacks becomes null.
pub(super) fn fit(table: &str, batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, LakeError> {
    if batch.schema_ref() == schema {
        return Ok(batch.clone());
    }
    let refuse = |detail: String| LakeError::Schema { table: table.to_owned(), detail };
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        columns.push(match batch.column_by_name(field.name()) {
            Some(column) if column.data_type() == field.data_type() => Arc::clone(column),
            Some(column) => cast_with_options(column, field.data_type(), &strict)
                .map_err(|error| refuse(format!("column {}: {error}", field.name())))?,
            None if field.is_nullable() => new_null_array(field.data_type(), batch.num_rows()),
            None => return Err(refuse(format!("column {} is missing and may not be null", field.name()))),
        });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options).map_err(|error| refuse(error.to_string()))
}

fn data_file_error(table: &str, path: &str) -> impl Fn(ParquetError) -> LakeError + use<> {
    let (table, path) = (table.to_owned(), path.to_owned());
    move |source| LakeError::DataFile { table: table.clone(), path: path.clone(), source }
}

fn external(error: object_store::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ParquetError> + Send + 'static,
) -> Result<T, ParquetError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| ParquetError::External(Box::new(error)))?
}

/// Whether an error says that the data file is gone.
pub(super) fn is_missing(error: &LakeError) -> bool {
    let LakeError::DataFile { source: ParquetError::External(cause), .. } = error else { return false };
    cause
        .downcast_ref::<object_store::Error>()
        .is_some_and(|error| matches!(error, object_store::Error::NotFound { .. }))
}
