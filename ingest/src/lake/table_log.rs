//! The tail of one Delta table's log, held in memory and moved on by compare-and-swap.
//!
//! deltalake's own commit path lists the log and rebuilds its snapshot for every commit, which costs tens of
//! milliseconds. An append needs neither: it names the next version, and the store refuses that name when
//! another writer took it first. Then the other commit is read, and the append goes on behind it unless the
//! two touch the same application transaction, which is the fence of exactly-once ingestion.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arrow::datatypes::{Field, Schema, SchemaRef};
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel as _;
use deltalake::kernel::transaction::{CommitData, TransactionError};
use deltalake::kernel::{Action, Add, StructField, StructType, Transaction};
use deltalake::logstore::{CommitOrBytes, LogStoreRef, get_actions};
use deltalake::operations::create::CreateBuilder;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::{DeltaTable, DeltaTableError};
use uuid::Uuid;

use super::error::LakeError;
use super::file_stats::Submissions;
use super::transactions;

/// Appends that lose this often in a row are given up: something else writes far too often.
const APPEND_ATTEMPTS_MAX: usize = 64;

/// A tail not refreshed for this long is read afresh, with a listing. Log files are kept for days, so a
/// process that slept cannot mistake a cleaned-up version for a free one.
const TRUST_FOR: Duration = Duration::from_secs(3_600);

/// A data file that the newest version of the table holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LiveFile {
    /// Milliseconds since 1970 at which the file was added: the order in which files are read.
    pub(super) modification_time: i64,
    /// Path inside the table.
    pub(super) path: String,
    /// Size in bytes.
    pub(super) size: i64,
    /// Which submissions it may hold rows of; nothing when it does not tell.
    pub(super) submissions: Option<Submissions>,
}

/// What the newest known version of a table holds.
#[derive(Debug)]
pub(super) struct TableLog {
    name: String,
    store: LogStoreRef,
    version: u64,
    schema: SchemaRef,
    transactions: BTreeMap<String, i64>,
    files: HashMap<String, LiveFile>,
    synced_at: SystemTime,
}

impl TableLog {
    /// Opens the table, or says that there is none yet.
    pub(super) async fn open(name: &str, store: &LogStoreRef) -> Result<Option<Self>, LakeError> {
        let exists = store.is_delta_table_location().await.map_err(LakeError::storage(name, "look for the table"))?;
        if !exists {
            return Ok(None);
        }
        // The hint is read before the version: the checkpoint it names is then never newer than the version.
        let hint =
            transactions::last_checkpoint(store).await.map_err(LakeError::storage(name, "read the checkpoint hint"))?;
        let mut table = DeltaTable::new(Arc::clone(store));
        table.load().await.map_err(LakeError::storage(name, "open the table"))?;
        let state = table.snapshot().map_err(LakeError::storage(name, "open the table"))?;
        let log_data = state.log_data();
        let files = log_data.iter().map(|file| {
            let live = LiveFile {
                modification_time: file.modification_time(),
                path: file.path().into_owned(),
                size: file.size(),
                submissions: file.stats().and_then(|stats| Submissions::from_stats(&stats)),
            };
            (live.path.clone(), live)
        });
        Ok(Some(Self {
            name: name.to_owned(),
            store: Arc::clone(store),
            version: state.version(),
            schema: state.snapshot().arrow_schema(),
            transactions: transactions::read(name, store, hint, state.version()).await?,
            files: files.collect(),
            synced_at: SystemTime::now(),
        }))
    }

    /// Creates the table, or opens it when another writer has just done so.
    pub(super) async fn create(name: &str, store: &LogStoreRef, schema: &Schema) -> Result<Self, LakeError> {
        let columns = kernel_fields(name, schema)?;
        let created = CreateBuilder::new()
            .with_log_store(Arc::clone(store))
            .with_table_name(name)
            .with_columns(columns)
            .with_save_mode(SaveMode::Ignore)
            .await;
        match created {
            Ok(_) | Err(DeltaTableError::VersionAlreadyExists(_)) => {}
            Err(error) => return Err(LakeError::storage(name, "create the table")(error)),
        }
        Self::open(name, store).await?.ok_or_else(|| LakeError::defect(name, "a table just created is not there"))
    }

    /// Newest known version.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Columns of the newest known version.
    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Application transactions: application id to version.
    pub(super) fn transactions(&self) -> &BTreeMap<String, i64> {
        &self.transactions
    }

    /// Live data files, oldest first.
    pub(super) fn files(&self) -> Vec<LiveFile> {
        let mut files: Vec<_> = self.files.values().cloned().collect();
        files.sort();
        files
    }

    /// Reads the commits that other writers made since the newest known version.
    pub(super) async fn catch_up(&mut self) -> Result<(), LakeError> {
        let trusted = self.synced_at.elapsed().is_ok_and(|age| age < TRUST_FOR);
        if !trusted {
            return self.reopen().await;
        }
        while let Some(actions) = read_commit(&self.name, &self.store, self.version + 1).await? {
            if actions.iter().any(|action| matches!(action, Action::Metadata(_) | Action::Protocol(_))) {
                return self.reopen().await;
            }
            self.version += 1;
            self.apply(&actions);
        }
        self.synced_at = SystemTime::now();
        Ok(())
    }

    async fn reopen(&mut self) -> Result<(), LakeError> {
        let opened = Self::open(&self.name, &self.store).await?;
        *self = opened.ok_or_else(|| LakeError::defect(&self.name, "the table's folder has gone while in use"))?;
        Ok(())
    }

    fn apply(&mut self, actions: &[Action]) {
        for action in actions {
            match action {
                Action::Add(add) => {
                    let live = LiveFile {
                        modification_time: add.modification_time,
                        path: add.path.clone(),
                        size: add.size,
                        submissions: add.stats.as_deref().and_then(Submissions::from_stats),
                    };
                    self.files.insert(add.path.clone(), live);
                }
                Action::Remove(remove) => {
                    self.files.remove(&remove.path);
                }
                Action::Txn(txn) => {
                    self.transactions.insert(txn.app_id.clone(), txn.version);
                }
                _ => {}
            }
        }
    }

    /// Adds nullable columns that `schema` has and the table lacks.
    pub(super) async fn widen(&mut self, schema: &Schema) -> Result<(), LakeError> {
        let missing: Vec<_> =
            schema.fields().iter().filter(|field| self.schema.field_with_name(field.name()).is_err()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let nullable: Vec<_> =
            missing.iter().map(|field| Field::new(field.name(), field.data_type().clone(), true)).collect();
        let fields = kernel_fields(&self.name, &Schema::new(nullable))?;
        let mut table = DeltaTable::new(Arc::clone(&self.store));
        table.load().await.map_err(LakeError::storage(&self.name, "open the table"))?;
        table.add_columns().with_fields(fields).await.map_err(LakeError::storage(&self.name, "add columns"))?;
        self.reopen().await
    }

    /// Commits `adds` and `transactions` as one new version and returns it.
    ///
    /// `still_valid` is asked again, with the application transactions as they stand, whenever another writer
    /// came first; its error ends the attempt.
    pub(super) async fn append(
        &mut self,
        adds: Vec<Add>,
        transactions: Vec<Transaction>,
        still_valid: impl Fn(&BTreeMap<String, i64>) -> Result<(), LakeError>,
    ) -> Result<u64, LakeError> {
        let actions: Vec<Action> = adds.into_iter().map(Action::Add).collect();
        for _ in 0..APPEND_ATTEMPTS_MAX {
            still_valid(&self.transactions)?;
            let commit = commit_data(actions.clone(), transactions.clone());
            let bytes =
                commit.get_bytes().map_err(|error| LakeError::storage(&self.name, "encode a commit")(error.into()))?;
            let entry = CommitOrBytes::LogBytes(bytes);
            match self.store.write_commit_entry(self.version + 1, entry, Uuid::new_v4()).await {
                Ok(()) => {
                    self.version += 1;
                    self.apply(&commit.actions);
                    self.synced_at = SystemTime::now();
                    return Ok(self.version);
                }
                Err(TransactionError::VersionAlreadyExists(_)) => self.catch_up().await?,
                Err(error) => return Err(LakeError::storage(&self.name, "write a commit")(error.into())),
            }
        }
        let error = DeltaTableError::Transaction {
            source: TransactionError::MaxCommitAttempts(i32::try_from(APPEND_ATTEMPTS_MAX).unwrap_or(i32::MAX)),
        };
        Err(LakeError::storage(&self.name, "commit behind other writers")(error))
    }
}

/// The actions of one commit, or nothing when that version does not exist.
pub(super) async fn read_commit(
    table: &str,
    store: &LogStoreRef,
    version: u64,
) -> Result<Option<Vec<Action>>, LakeError> {
    let entry = store.read_commit_entry(version).await.map_err(LakeError::storage(table, "read a commit"))?;
    entry.map(|bytes| get_actions(version, &bytes)).transpose().map_err(LakeError::storage(table, "parse a commit"))
}

fn commit_data(actions: Vec<Action>, transactions: Vec<Transaction>) -> CommitData {
    let operation = DeltaOperation::Write { mode: SaveMode::Append, partition_by: None, predicate: None };
    let metadata = HashMap::from([("isBlindAppend".to_owned(), serde_json::Value::Bool(true))]);
    CommitData::new(actions, operation, metadata, transactions)
}

fn kernel_fields(table: &str, schema: &Schema) -> Result<Vec<StructField>, LakeError> {
    let kernel: StructType = schema.try_into_kernel().map_err(|error: arrow::error::ArrowError| LakeError::Schema {
        table: table.to_owned(),
        detail: error.to_string(),
    })?;
    Ok(kernel.fields().cloned().collect())
}
