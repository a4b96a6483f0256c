//! The lake: facts, results and offsets as Delta tables in a local folder, and nothing else persistent.
//!
//! **Exactly once.** The commit that makes a batch's rows durable also carries the next Kafka offset of every
//! partition, as an application transaction `homeward/{feed}/{topic}/{partition}`. A batch touches several
//! tables and Delta has no transaction across tables, so the order is: quarantine, other tables, and the feed's
//! anchor table last. The anchor's offset is the feed's frontier. A crash between two commits is healed by
//! replay: each table skips the rows below its own stored offset.
//!
//! **Fence.** The anchor must hold exactly the offset a batch starts at, checked before the first commit and
//! again by compare-and-swap on the log in every commit. Whoever comes second gets [`LakeError::Fenced`].
//!
//! **Durable.** Data file and log entry are fsynced, as are their folders, before a commit returns.
//!
//! Limits: local disk only; one folder a table directly under the root; rows are appended, never changed;
//! recent commits held in memory up to [`RECENT_BYTES_MAX`].

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;
use deltalake::logstore::{LogStoreRef, StorageConfig, logstore_with};
use homeward_contract::feed::{Feed, Table};
use homeward_contract::schema::fact_schema;
use tokio::sync::{MappedMutexGuard, MutexGuard, watch};
use url::Url;

mod commit;
mod datafile;
mod durable;
mod error;
pub mod fault;
mod file_stats;
mod follow;
mod recent;
mod table_log;
mod transactions;
mod upkeep;

pub use commit::{CommitReceipt, FeedCommit, OffsetAdvance};
pub use error::{ErrorClass, LakeError};
pub use follow::{FactCommit, FilesRead, Follower, POLL_BYTES_MAX};
pub use recent::RECENT_BYTES_MAX;
pub use upkeep::{CompactionReport, UpkeepPolicy, UpkeepReport};

use durable::DurableStore;
use fault::{OpenGate, WriteGate};
use recent::RecentCommits;
use table_log::TableLog;

/// A handle on the lake; clones share tables, memory and locks.
#[derive(Debug, Clone)]
pub struct Lake {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    store: Arc<DurableStore>,
    tables: Mutex<HashMap<String, Arc<TableHandle>>>,
    feed_locks: [tokio::sync::Mutex<()>; Feed::ALL.len()],
    recent: RecentCommits,
    commits: watch::Sender<u64>,
}

/// One table's place in this process: its log store and, once it exists, the tail of its log.
#[derive(Debug)]
struct TableHandle {
    name: String,
    store: LogStoreRef,
    log: tokio::sync::Mutex<Option<TableLog>>,
}

impl TableHandle {
    /// The table's log brought up to date, or nothing when the table does not exist.
    async fn current(&self) -> Result<Option<MappedMutexGuard<'_, TableLog>>, LakeError> {
        let mut log = self.log.lock().await;
        match log.as_mut() {
            Some(open) => open.catch_up().await?,
            None => *log = TableLog::open(&self.name, &self.store).await?,
        }
        Ok(MutexGuard::try_map(log, Option::as_mut).ok())
    }

    /// The table's log brought up to date, created or widened to hold the columns of `schema`.
    async fn ready(&self, schema: &Schema) -> Result<MappedMutexGuard<'_, TableLog>, LakeError> {
        if let Some(mut open) = self.current().await? {
            open.widen(schema).await?;
            return Ok(open);
        }
        let mut log = self.log.lock().await;
        if log.is_none() {
            *log = Some(TableLog::create(&self.name, &self.store, schema).await?);
        }
        MutexGuard::try_map(log, Option::as_mut)
            .map_err(|_| LakeError::defect(&self.name, "a table just created is not there"))
    }
}

impl Lake {
    /// Opens the lake in the folder `root`, which is created when it does not exist.
    ///
    /// # Errors
    /// [`LakeError::Folder`] when the folder cannot be created or read.
    pub fn open(root: &Path) -> Result<Self, LakeError> {
        Self::open_with_gate(root, Arc::new(OpenGate))
    }

    /// Opens the lake with a gate before every write: the seam through which tests play crashes.
    ///
    /// # Errors
    /// As [`Lake::open`].
    pub fn open_with_gate(root: &Path, gate: Arc<dyn WriteGate>) -> Result<Self, LakeError> {
        let folder = |source| LakeError::Folder { path: root.display().to_string(), source };
        let absolute = std::path::absolute(root).map_err(folder)?;
        durable::ensure_directory(&absolute).map_err(folder)?;
        Ok(Self {
            inner: Arc::new(Inner {
                root: absolute.canonicalize().map_err(folder)?,
                store: Arc::new(DurableStore::new(gate)),
                tables: Mutex::default(),
                feed_locks: std::array::from_fn(|_| tokio::sync::Mutex::default()),
                recent: RecentCommits::new(RECENT_BYTES_MAX),
                commits: watch::Sender::new(0),
            }),
        })
    }

    /// The lake's folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.inner.root
    }

    /// Changes whenever this process commits anything: what a follower waits on instead of polling.
    #[must_use]
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.inner.commits.subscribe()
    }

    /// Next Kafka offset of every topic and partition of `feed`: everything before it is durable.
    ///
    /// # Errors
    /// [`LakeError::Storage`] when the anchor table cannot be read.
    pub async fn frontier(&self, feed: Feed) -> Result<BTreeMap<(String, i32), i64>, LakeError> {
        let anchor = self.table(feed.anchor().name())?;
        let Some(log) = anchor.current().await? else { return Ok(BTreeMap::new()) };
        Ok(commit::offsets_of(feed, log.transactions()))
    }

    /// Appends `batch` to the table `name`, created on first use, and returns the new version.
    ///
    /// # Errors
    /// [`LakeError::Schema`] when the batch does not fit the table, [`LakeError::Storage`] and
    /// [`LakeError::DataFile`] when it cannot be written.
    pub async fn append(&self, name: &str, batch: RecordBatch) -> Result<i64, LakeError> {
        self.append_parts(name, &batch.schema(), std::iter::once(Ok(batch))).await
    }

    /// As [`Lake::append`], of rows that come in parts: each is a file of its own, and one commit adds all of them, so that no
    /// more than one part need be in memory.
    ///
    /// # Errors
    /// As [`Lake::append`], and when a part is an error; then none is added.
    pub async fn append_parts(
        &self,
        name: &str,
        columns: &SchemaRef,
        parts: impl Iterator<Item = Result<RecordBatch, ArrowError>> + Send,
    ) -> Result<i64, LakeError> {
        let table = self.table(name)?;
        let schema = Arc::clone(table.ready(columns).await?.schema());
        let (mut adds, mut only) = (Vec::new(), Vec::new());
        for part in parts {
            let part = part.map_err(|error| LakeError::Schema { table: name.to_owned(), detail: error.to_string() })?;
            let part = datafile::fit(name, &part, &schema)?;
            let store = table.store.object_store(None);
            adds.push(datafile::write(&*store, name, Arc::clone(&schema), vec![part.clone()]).await?);
            only = if adds.len() == 1 { vec![part] } else { Vec::new() };
        }
        let mut log = table.ready(&schema).await?;
        let version = log.append(adds, Vec::new(), |_| Ok(())).await?;
        self.remember(name, version, &only);
        Ok(signed(version))
    }

    /// All rows of the table `name`, oldest file first; nothing when the table does not exist. Columns that a fact table gained
    /// after the lake was written are null.
    ///
    /// # Errors
    /// [`LakeError::Storage`] or [`LakeError::DataFile`] when the table cannot be read.
    pub async fn read(&self, name: &str) -> Result<Vec<RecordBatch>, LakeError> {
        self.read_projected(name, None).await
    }

    /// As [`Lake::read`], with these columns only, in this order; a column the table lacks is refused.
    ///
    /// # Errors
    /// As [`Lake::read`], and [`LakeError::Schema`] for an unknown column.
    pub async fn read_columns(&self, name: &str, columns: &[&str]) -> Result<Vec<RecordBatch>, LakeError> {
        self.read_projected(name, Some(columns)).await
    }

    /// As [`Lake::read`], a file at a time: `take` is given the rows of each, so that no more than one need be in memory.
    ///
    /// # Errors
    /// As [`Lake::read`], and what `take` refuses.
    pub async fn read_each<E: From<LakeError>>(
        &self,
        name: &str,
        take: impl FnMut(Vec<RecordBatch>) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        self.each_file(name, None, take).await
    }

    async fn read_projected(&self, name: &str, columns: Option<&[&str]>) -> Result<Vec<RecordBatch>, LakeError> {
        let mut batches = Vec::new();
        let take = |rows| {
            batches.extend(rows);
            Ok::<_, LakeError>(())
        };
        self.each_file(name, columns, take).await?;
        Ok(batches)
    }

    async fn each_file<E: From<LakeError>>(
        &self,
        name: &str,
        columns: Option<&[&str]>,
        mut take: impl FnMut(Vec<RecordBatch>) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let table = self.table(name)?;
        let Some(log) = table.current().await? else { return Ok(()) };
        let (schema, files) = (project(name, &readable(name, log.schema()), columns)?, log.files());
        let store = table.store.object_store(None);
        for file in files {
            take(datafile::read(&*store, name, &file.path, &schema).await?)?;
        }
        Ok(())
    }

    /// Newest version of the table `name`; nothing when it does not exist.
    ///
    /// # Errors
    /// [`LakeError::Storage`] when the table cannot be read.
    pub async fn version(&self, name: &str) -> Result<Option<i64>, LakeError> {
        Ok(self.table(name)?.current().await?.map(|log| signed(log.version())))
    }

    /// Columns of the table `name`; nothing when it does not exist.
    ///
    /// # Errors
    /// [`LakeError::Storage`] when the table cannot be read.
    pub async fn schema(&self, name: &str) -> Result<Option<SchemaRef>, LakeError> {
        Ok(self.table(name)?.current().await?.map(|log| Arc::clone(log.schema())))
    }

    /// A reader of every fact of `feed`, from the beginning, with all columns.
    #[must_use]
    pub fn follow(&self, feed: Feed) -> Follower {
        self.follow_columns(feed, |_| None)
    }

    /// As [`Lake::follow`], with at least the `wanted` columns of a table, or all where it says nothing. Others are not read
    /// back from files; a commit that is still in memory comes with all it has.
    #[must_use]
    pub fn follow_columns(&self, feed: Feed, wanted: impl Fn(Table) -> Option<Vec<&'static str>>) -> Follower {
        Follower::new(self.clone(), feed, wanted)
    }

    fn table(&self, name: &str) -> Result<Arc<TableHandle>, LakeError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || !name.chars().all(plain) {
            return Err(LakeError::TableName(name.to_owned()));
        }
        let mut tables = self.inner.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = tables.get(name) {
            return Ok(Arc::clone(table));
        }
        let url =
            Url::from_directory_path(self.inner.root.join(name)).map_err(|()| LakeError::TableName(name.to_owned()))?;
        let backend: Arc<dyn object_store::ObjectStore> = Arc::clone(&self.inner.store) as _;
        let store = logstore_with(backend, &url, StorageConfig::default())
            .map_err(LakeError::storage(name, "open the table"))?;
        let table = Arc::new(TableHandle { name: name.to_owned(), store, log: tokio::sync::Mutex::default() });
        tables.insert(name.to_owned(), Arc::clone(&table));
        Ok(table)
    }

    /// Keeps a commit of this process for followers and wakes them. One without its rows is read back from its files.
    fn remember(&self, table: &str, version: u64, batches: &[RecordBatch]) {
        if !batches.is_empty() {
            self.inner.recent.put(table, version, batches);
        }
        self.inner.commits.send_modify(|count| *count += 1);
    }
}

/// The columns that may be read of a table: its own, and those that a fact table gained since the lake was written. They are
/// read as null until a commit widens the table.
fn readable(table: &str, stored: &SchemaRef) -> SchemaRef {
    let mut tables = Feed::ALL.iter().flat_map(|feed| feed.tables());
    let Some(table) = tables.find(|each| each.name() == table) else { return Arc::clone(stored) };
    let current = fact_schema(*table);
    let gained = current.fields().iter().filter(|field| field.is_nullable() && stored.index_of(field.name()).is_err());
    let gained: Vec<FieldRef> = gained.map(Arc::clone).collect();
    if gained.is_empty() {
        return Arc::clone(stored);
    }
    Arc::new(Schema::new(stored.fields().iter().cloned().chain(gained).collect::<Vec<_>>()))
}

fn project(table: &str, schema: &SchemaRef, columns: Option<&[&str]>) -> Result<SchemaRef, LakeError> {
    let Some(columns) = columns else { return Ok(Arc::clone(schema)) };
    let indices: Result<Vec<_>, _> = columns.iter().map(|column| schema.index_of(column)).collect();
    let projected = indices.and_then(|indices| schema.project(&indices));
    projected.map(Arc::new).map_err(|error| LakeError::Schema { table: table.to_owned(), detail: error.to_string() })
}

/// Versions are counted from 0 by one, so they never come near the bound.
fn signed(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
