//! Lists all application transactions of a table. deltalake answers only for an id that the caller knows, but
//! the partitions of a topic are what we have to find out.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray as _};
use arrow::datatypes::Int64Type;
use deltalake::DeltaTableError;
use deltalake::kernel::Action;
use deltalake::logstore::LogStoreRef;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStoreExt as _};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Deserialize;

use super::error::LakeError;
use super::table_log::read_commit;

#[derive(Deserialize)]
struct Hint {
    version: u64,
}

/// Version of the newest checkpoint, from the hint that Delta writers leave; nothing before the first one.
pub(super) async fn last_checkpoint(store: &LogStoreRef) -> Result<Option<u64>, DeltaTableError> {
    match store.object_store(None).get(&Path::from("_delta_log/_last_checkpoint")).await {
        Ok(found) => Ok(serde_json::from_slice::<Hint>(&found.bytes().await?).ok().map(|hint| hint.version)),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// All application transactions as of `version`: those of the checkpoint, then of each commit after it.
pub(super) async fn read(
    table: &str,
    store: &LogStoreRef,
    checkpoint: Option<u64>,
    version: u64,
) -> Result<BTreeMap<String, i64>, LakeError> {
    let mut found = match checkpoint {
        Some(checkpoint) => from_checkpoint(table, store, checkpoint).await?,
        None => BTreeMap::new(),
    };
    for number in checkpoint.map_or(0, |checkpoint| checkpoint + 1)..=version {
        let actions = read_commit(table, store, number).await?;
        let actions =
            actions.ok_or_else(|| LakeError::defect(table, format!("commit {number} is missing from the log")))?;
        found.extend(actions.into_iter().filter_map(|action| match action {
            Action::Txn(txn) => Some((txn.app_id, txn.version)),
            _ => None,
        }));
    }
    Ok(found)
}

async fn from_checkpoint(table: &str, store: &LogStoreRef, version: u64) -> Result<BTreeMap<String, i64>, LakeError> {
    let path = format!("_delta_log/{version:020}.checkpoint.parquet");
    let bytes = async { store.object_store(None).get(&Path::from(path.as_str())).await?.bytes().await };
    let bytes = bytes.await.map_err(|error| LakeError::storage(table, "read a checkpoint")(error.into()))?;
    parse(bytes).map_err(|source| LakeError::DataFile { table: table.to_owned(), path, source })
}

fn parse(bytes: bytes::Bytes) -> Result<BTreeMap<String, i64>, parquet::errors::ParquetError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
    let Ok(root) = builder.schema().index_of("txn") else { return Ok(BTreeMap::new()) };
    let mask = ProjectionMask::roots(builder.parquet_schema(), [root]);
    let mut found = BTreeMap::new();
    for batch in builder.with_projection(mask).build()? {
        let batch = batch?;
        let Some(txn) = batch.column(0).as_struct_opt() else { continue };
        let (Some(ids), Some(versions)) = (txn.column_by_name("appId"), txn.column_by_name("version")) else {
            continue;
        };
        let (Some(ids), Some(versions)) = (ids.as_string_opt::<i32>(), versions.as_primitive_opt::<Int64Type>()) else {
            continue;
        };
        for row in (0..txn.len()).filter(|&row| txn.is_valid(row) && ids.is_valid(row)) {
            found.insert(ids.value(row).to_owned(), versions.value(row));
        }
    }
    Ok(found)
}
