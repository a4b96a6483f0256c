//! What can go wrong in the lake, and whether trying again can help.

use deltalake::DeltaTableError;
use homeward_contract::feed::Feed;

/// Who has to act on an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// The caller handed over something the lake refuses.
    Input,
    /// Disk, permissions or another writer: the surroundings, not the data.
    Environment,
    /// A broken rule of our own: a bug.
    Defect,
}

/// An error of the lake.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// Another writer moved the partition on. The batch must be dropped and read again from the frontier.
    #[error(
        "commit of {feed} {topic}/{partition} lost: it starts at offset {from} but the lake holds {}. Another \
         ingest process owns the partition; drop this batch and seek to the lake's frontier",
        stored.map_or_else(|| "nothing".to_owned(), |next| format!("everything before {next}"))
    )]
    Fenced {
        /// Feed of the batch.
        feed: Feed,
        /// Topic of the batch.
        topic: String,
        /// Partition of the batch.
        partition: i32,
        /// First offset of the batch.
        from: i64,
        /// Next offset that the lake expects, when it has any.
        stored: Option<i64>,
    },
    /// deltalake or the disk under it failed.
    #[error("lake table {table}: could not {action}: {source}")]
    Storage {
        /// Lake table.
        table: String,
        /// What was tried.
        action: &'static str,
        /// The cause.
        #[source]
        source: Box<DeltaTableError>,
    },
    /// A plain file operation failed.
    #[error("lake folder {path}: {source}. Check that the disk has room and that Homeward may write there")]
    Folder {
        /// The folder or file.
        path: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A data file cannot be written or read as Parquet.
    #[error("lake table {table}, file {path}: {source}")]
    DataFile {
        /// Lake table.
        table: String,
        /// Data file inside the table.
        path: String,
        /// The cause.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// The batch does not fit the table.
    #[error(
        "lake table {table}: {detail}. Columns may be added but not removed or retyped: write to a new table instead"
    )]
    Schema {
        /// Lake table.
        table: String,
        /// What does not fit.
        detail: String,
    },
    /// The name cannot be a table.
    #[error("{0:?} cannot be a lake table: use lower-case letters, digits and underscores")]
    TableName(String),
    /// A reader asked for a commit whose files are gone.
    #[error(
        "lake table {table}: commit {version} was compacted and vacuumed before it was read. Restart the reader: it begins with a full read"
    )]
    ReadTooLate {
        /// Lake table.
        table: String,
        /// The commit.
        version: i64,
    },
    /// An invariant of Homeward's own is broken.
    #[error("defect in the lake, table {table}: {detail}. Please report it")]
    Defect {
        /// Lake table.
        table: String,
        /// The broken rule.
        detail: String,
    },
}

impl LakeError {
    pub(super) fn storage(table: &str, action: &'static str) -> impl FnOnce(DeltaTableError) -> Self {
        let table = table.to_owned();
        move |source| Self::Storage { table, action, source: Box::new(source) }
    }

    pub(super) fn defect(table: &str, detail: impl Into<String>) -> Self {
        Self::Defect { table: table.to_owned(), detail: detail.into() }
    }

    /// Who has to act.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Schema { .. } | Self::TableName(_) => ErrorClass::Input,
            Self::Fenced { .. }
            | Self::Storage { .. }
            | Self::Folder { .. }
            | Self::DataFile { .. }
            | Self::ReadTooLate { .. } => ErrorClass::Environment,
            Self::Defect { .. } => ErrorClass::Defect,
        }
    }

    /// Whether the same call may succeed later without any change. A fenced batch never does.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Storage { .. } | Self::Folder { .. } | Self::DataFile { .. })
    }
}
