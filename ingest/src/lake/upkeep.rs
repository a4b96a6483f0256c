//! Keeping tables quick to open and read: checkpoints, compaction, vacuum. Safe while others read and write:
//! compaction moves rows without changing them, and vacuum deletes only files that left the table long ago.

use std::num::NonZeroU64;
use std::sync::Arc;

use chrono::TimeDelta;
use deltalake::DeltaTable;
use deltalake::kernel::transaction::CommitProperties;
use deltalake::protocol::checkpoints;

use super::error::LakeError;
use super::{Lake, transactions};

/// When upkeep does what.
#[derive(Debug, Clone)]
pub struct UpkeepPolicy {
    /// A checkpoint is written once the log is this many commits past the last one.
    pub checkpoint_commits: u64,
    /// A table is compacted once it holds this many files smaller than a quarter of the target.
    pub small_files_max: usize,
    /// Size that compaction aims at, in bytes.
    pub target_file_bytes: NonZeroU64,
    /// Files that left the table longer ago than this are deleted, in hours. Readers must not be slower.
    pub vacuum_after_hours: u32,
}

impl Default for UpkeepPolicy {
    fn default() -> Self {
        Self {
            checkpoint_commits: 50,
            small_files_max: 256,
            target_file_bytes: NonZeroU64::MIN.saturating_add(128 * 1024 * 1024 - 1),
            vacuum_after_hours: 7 * 24,
        }
    }
}

/// What one round of upkeep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpkeepReport {
    /// Tables that got a checkpoint.
    pub checkpoints: usize,
    /// Tables that were compacted.
    pub compactions: usize,
    /// Files deleted.
    pub files_deleted: usize,
}

/// What compacting one table did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactionReport {
    /// Files that left the table.
    pub files_removed: u64,
    /// Files that took their place.
    pub files_added: u64,
}

impl Lake {
    /// One round of upkeep over every table in the folder, by `policy`.
    ///
    /// # Errors
    /// The first error met; the tables before it are done.
    pub async fn upkeep(&self, policy: &UpkeepPolicy) -> Result<UpkeepReport, LakeError> {
        let mut report = UpkeepReport::default();
        for name in self.table_names()? {
            let small = policy.target_file_bytes.get() / 4;
            let files = match self.table(&name)?.current().await? {
                Some(log) => log.files(),
                None => continue,
            };
            let small_files =
                files.iter().filter(|file| u64::try_from(file.size).is_ok_and(|size| size < small)).count();
            if small_files > policy.small_files_max {
                self.compact_to(&name, policy.target_file_bytes).await?;
                report.files_deleted += self.vacuum(&name, policy.vacuum_after_hours).await?;
                report.compactions += 1;
            }
            report.checkpoints += usize::from(self.checkpoint_if_due(&name, policy.checkpoint_commits).await?);
        }
        Ok(report)
    }

    /// Packs the small files of the table `name` into few large ones. Rows stay, their order does not.
    ///
    /// # Errors
    /// [`LakeError::Storage`] when the table does not exist or cannot be rewritten.
    pub async fn compact(&self, name: &str) -> Result<CompactionReport, LakeError> {
        self.compact_to(name, UpkeepPolicy::default().target_file_bytes).await
    }

    async fn compact_to(&self, name: &str, target_bytes: NonZeroU64) -> Result<CompactionReport, LakeError> {
        let plain = CommitProperties::default().with_create_checkpoint(false).with_cleanup_expired_logs(Some(false));
        let table = self.load(name).await?;
        let optimise =
            table.optimize().with_target_size(target_bytes).with_max_concurrent_tasks(1).with_commit_properties(plain);
        let (_, metrics) = optimise.await.map_err(LakeError::storage(name, "compact the table"))?;
        Ok(CompactionReport { files_removed: metrics.num_files_removed, files_added: metrics.num_files_added })
    }

    /// Deletes files that left the table `name` more than `after_hours` ago and returns how many.
    ///
    /// # Errors
    /// [`LakeError::Storage`] when the table does not exist or its files cannot be deleted.
    pub async fn vacuum(&self, name: &str, after_hours: u32) -> Result<usize, LakeError> {
        let table = self.load(name).await?;
        let vacuum = table
            .vacuum()
            .with_retention_period(TimeDelta::hours(i64::from(after_hours)))
            .with_enforce_retention_duration(false);
        let (_, metrics) = vacuum.await.map_err(LakeError::storage(name, "vacuum the table"))?;
        Ok(metrics.files_deleted.len())
    }

    /// Writes a checkpoint when the log is at least `commits` past the last one, and drops expired log entries.
    async fn checkpoint_if_due(&self, name: &str, commits: u64) -> Result<bool, LakeError> {
        let handle = self.table(name)?;
        let version = match handle.current().await? {
            Some(log) => log.version(),
            None => return Ok(false),
        };
        let last = transactions::last_checkpoint(&handle.store)
            .await
            .map_err(LakeError::storage(name, "read the checkpoint hint"))?;
        if version.saturating_sub(last.unwrap_or(0)) < commits {
            return Ok(false);
        }
        let table = self.load(name).await?;
        checkpoints::create_checkpoint(&table, None).await.map_err(LakeError::storage(name, "write a checkpoint"))?;
        checkpoints::cleanup_metadata(&table, None)
            .await
            .map_err(LakeError::storage(name, "drop expired log entries"))?;
        Ok(true)
    }

    async fn load(&self, name: &str) -> Result<DeltaTable, LakeError> {
        let mut table = DeltaTable::new(Arc::clone(&self.table(name)?.store));
        table.load().await.map_err(LakeError::storage(name, "open the table"))?;
        Ok(table)
    }

    /// Names of the tables in the lake's folder, in order.
    ///
    /// # Errors
    /// [`LakeError::Folder`] when the folder cannot be listed.
    pub fn table_names(&self) -> Result<Vec<String>, LakeError> {
        let folder = |source| LakeError::Folder { path: self.root().display().to_string(), source };
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.root()).map_err(folder)? {
            let entry = entry.map_err(folder)?;
            if entry.path().join("_delta_log").is_dir() {
                names.extend(entry.file_name().into_string().ok());
            }
        }
        names.sort();
        Ok(names)
    }
}
