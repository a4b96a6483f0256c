//! Why a sub-command ended early. Each message says what, where and how to mend; the exit status is 2.

use std::io;
use std::path::PathBuf;

use homeward_ingest::adt::AdtShapeError;
use homeward_ingest::file::FileError;
use homeward_ingest::kafka::{EmbeddedError, PublishError};
use homeward_ingest::lake::LakeError;
use homeward_ingest::pipeline::RelayError;
use homeward_ingest::quarantine::QuarantineError;
use homeward_transform::book::read::FactShapeError;
use homeward_transform::definition::DefinitionErrors;
use homeward_transform::evaluate::EvaluateError;
use homeward_transform::live::ReviewError;
use homeward_transform::release::UnknownPolicy;

use crate::config::ConfigFaults;
use crate::house::HouseError;
use crate::http::ServeError;

/// A sub-command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The configuration is at fault.
    #[error(transparent)]
    Config(#[from] ConfigFaults),
    /// A definition is at fault.
    #[error("{0}")]
    Definitions(#[from] DefinitionErrors),
    /// There is no such release policy.
    #[error(transparent)]
    Policy(#[from] UnknownPolicy),
    /// An argument names something that does not exist.
    #[error("{what}; {mend}")]
    Argument {
        /// What is wrong.
        what: String,
        /// What to write instead.
        mend: String,
    },
    /// An input file is at fault.
    #[error(transparent)]
    File(#[from] FileError),
    /// The figures could not be computed.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// The lake could not be read or written.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The lake was written by another version.
    #[error(transparent)]
    Facts(#[from] FactShapeError),
    /// HL7 messages could not be read back.
    #[error(transparent)]
    Messages(#[from] AdtShapeError),
    /// What HL7 messages tell could not be followed.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// Submissions could not be reviewed.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// A refused record could not be opened.
    #[error(transparent)]
    Quarantine(#[from] QuarantineError),
    /// The broker could not be reached or refused.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The embedded broker of the demonstration failed.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The pipeline could not start or ended by itself.
    #[error(transparent)]
    House(#[from] HouseError),
    /// The query was refused or failed.
    #[error(transparent)]
    Sql(#[from] homeward_sql::Refusal),
    /// An address could not be served.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A file could not be written.
    #[error("{path} cannot be written: {source}; choose a folder that this user may write to")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Standard output failed.
    #[error("standard output failed: {0}")]
    Output(#[from] io::Error),
}

impl CliError {
    /// An argument that names something that does not exist.
    pub fn argument(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::Argument { what: what.into(), mend: mend.into() }
    }

    /// True when the reader of our output went away, which is no failure: `homeward ... | head`.
    #[must_use]
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// How a sub-command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything asked for is done.
    Done,
    /// It ran, and found something that fails its check: exit status 1.
    Failed,
}
