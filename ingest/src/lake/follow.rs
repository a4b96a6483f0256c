//! Reading the facts of a feed as they arrive.
//!
//! The first polls read everything the tables hold, file by file and in no order that means anything, because
//! compaction repacks rows: whoever needs an order takes it from `known_at` and the Kafka place in each row.
//! Later polls read commit by commit, from memory when this process made the commit and from its Parquet files
//! otherwise; commits of one table come in their order. Each row comes once. Between tables no order is promised except this: when a poll returns a commit of the
//! anchor table, all rows of that batch in the other tables came in the same poll or before. The anchor's
//! version therefore orders batches. Compaction moves rows between files without changing them, and such
//! commits are passed over.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use deltalake::kernel::Action;
use homeward_contract::feed::{Feed, Table};

use super::error::LakeError;
use super::file_stats::Submissions;
use super::table_log::{LiveFile, read_commit};
use super::{Lake, TableHandle, datafile, project, readable, signed};

/// A poll returns once it holds this many bytes; what is left comes with the next polls.
pub const POLL_BYTES_MAX: usize = 256 * 1024 * 1024;

/// The rows that one commit, or one file of the first full read, added to a fact table.
#[derive(Debug, Clone)]
pub struct FactCommit {
    /// The table.
    pub table: Table,
    /// Version of the table that holds these rows.
    pub version: i64,
    /// The rows; see [`Lake::follow_columns`] for which columns they have.
    pub batches: Vec<RecordBatch>,
}

/// A position in every table of a feed.
#[derive(Debug)]
pub struct Follower {
    lake: Lake,
    feed: Feed,
    /// Tables of which some columns alone are read back from files.
    columns: BTreeMap<Table, Vec<&'static str>>,
    positions: BTreeMap<Table, Position>,
    /// The submissions that are asked for; nothing when all are.
    submissions: Option<BTreeSet<Arc<str>>>,
    files: FilesRead,
}

/// Data files that a follower met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FilesRead {
    /// Read.
    pub read: usize,
    /// Passed over, because by their statistics they hold nothing that is asked for.
    pub passed_over: usize,
}

/// What one poll has done, and may still do.
struct Poll {
    /// Bytes.
    room: usize,
    files: FilesRead,
}

/// How far one table has been read: everything up to `version`, except for the files still `waiting`.
#[derive(Debug)]
struct Position {
    version: u64,
    schema: SchemaRef,
    waiting: VecDeque<LiveFile>,
}

impl Follower {
    pub(super) fn new(lake: Lake, feed: Feed, wanted: impl Fn(Table) -> Option<Vec<&'static str>>) -> Self {
        let columns = feed.tables().iter().filter_map(|table| Some((*table, wanted(*table)?))).collect();
        Self { lake, feed, columns, positions: BTreeMap::new(), submissions: None, files: FilesRead::default() }
    }

    /// The same follower, of these submissions: files that by their statistics hold no row of them are passed over. Rows of
    /// others come with the files that are read and with commits that are still in memory.
    #[must_use]
    pub fn of_submissions(mut self, ids: BTreeSet<Arc<str>>) -> Self {
        self.submissions = Some(ids);
        self
    }

    /// The data files met until now.
    #[must_use]
    pub fn files(&self) -> FilesRead {
        self.files
    }

    /// The feed that is read.
    #[must_use]
    pub fn feed(&self) -> Feed {
        self.feed
    }

    /// Facts that came since the last poll, at most about [`POLL_BYTES_MAX`] of them: poll again until it
    /// returns nothing to be up to date. After an error the position stands where it stood for the table that
    /// failed, and what had been read in that poll is read again.
    ///
    /// # Errors
    /// [`LakeError::ReadTooLate`] when the follower slept past compaction and vacuum; others as [`Lake::read`].
    pub async fn poll(&mut self) -> Result<Vec<FactCommit>, LakeError> {
        let mut poll = Poll { room: POLL_BYTES_MAX, files: self.files };
        let mut next = BTreeMap::new();
        // The anchor is read first and handed over last: whatever its commits promise is then already here.
        let anchor = self.feed.anchor();
        let anchored = self.advance(anchor, &mut poll, &mut next).await?;
        let mut facts = Vec::new();
        for &table in self.feed.tables().iter().filter(|table| **table != anchor) {
            facts.extend(self.advance(table, &mut poll, &mut next).await?);
        }
        facts.extend(anchored);
        self.positions.extend(next);
        self.files = poll.files;
        Ok(facts)
    }

    async fn advance(
        &self,
        table: Table,
        poll: &mut Poll,
        next: &mut BTreeMap<Table, Position>,
    ) -> Result<Vec<FactCommit>, LakeError> {
        let handle = self.lake.table(table.name())?;
        let mut position = match self.positions.get(&table) {
            Some(position) => Position {
                version: position.version,
                schema: Arc::clone(&position.schema),
                waiting: position.waiting.clone(),
            },
            None => match handle.current().await? {
                Some(log) => Position {
                    version: log.version(),
                    schema: readable(&handle.name, log.schema()),
                    waiting: log.files().into(),
                },
                None => return Ok(Vec::new()),
            },
        };
        let mut facts = Vec::new();
        while poll.room > 0 {
            let Some((version, batches)) = self.step(table, &handle, &mut position, &mut poll.files).await? else {
                break;
            };
            let bytes = batches.iter().map(RecordBatch::get_array_memory_size).sum();
            poll.room = poll.room.saturating_sub(bytes);
            if !batches.is_empty() {
                facts.push(FactCommit { table, version: signed(version), batches });
            }
        }
        next.insert(table, position);
        Ok(facts)
    }

    /// The next file of the full read, or the next commit; nothing when the table is read to its end.
    async fn step(
        &self,
        table: Table,
        handle: &TableHandle,
        position: &mut Position,
        files: &mut FilesRead,
    ) -> Result<Option<(u64, Vec<RecordBatch>)>, LakeError> {
        while let Some(file) = position.waiting.pop_front() {
            if !self.asks_for(file.submissions.as_ref(), files) {
                continue;
            }
            let batches = self.read_file(table, handle, &file.path, position).await?;
            return Ok(Some((position.version, batches)));
        }
        let version = position.version + 1;
        if let Some(batches) = self.lake.inner.recent.get(&handle.name, version) {
            position.version = version;
            return Ok(Some((version, batches.to_vec())));
        }
        let Some(actions) = read_commit(&handle.name, &handle.store, version).await? else { return Ok(None) };
        if actions.iter().any(|action| matches!(action, Action::Metadata(_)))
            && let Some(log) = handle.current().await?
        {
            position.schema = readable(&handle.name, log.schema());
        }
        let mut batches = Vec::new();
        for action in actions {
            if let Action::Add(add) = action
                && add.data_change
                && self.asks_for(add.stats.as_deref().and_then(Submissions::from_stats).as_ref(), files)
            {
                batches.extend(self.read_file(table, handle, &add.path, position).await?);
            }
        }
        position.version = version;
        Ok(Some((version, batches)))
    }

    /// Whether a file is to be read, and counts it.
    fn asks_for(&self, held: Option<&Submissions>, files: &mut FilesRead) -> bool {
        let asks = self.submissions.as_ref().zip(held).is_none_or(|(ids, held)| held.may_hold(ids));
        files.read += usize::from(asks);
        files.passed_over += usize::from(!asks);
        asks
    }

    async fn read_file(
        &self,
        table: Table,
        handle: &TableHandle,
        path: &str,
        position: &Position,
    ) -> Result<Vec<RecordBatch>, LakeError> {
        let store = handle.store.object_store(None);
        let schema = project(&handle.name, &position.schema, self.columns.get(&table).map(Vec::as_slice))?;
        let read = datafile::read(&*store, &handle.name, path, &schema).await;
        read.map_err(|error| match datafile::is_missing(&error) {
            true => LakeError::ReadTooLate { table: handle.name.clone(), version: signed(position.version) },
            false => error,
        })
    }
}
