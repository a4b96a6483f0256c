//! The one error of a file or folder that cannot be read.

use std::io;

/// A file that cannot be read: where, what is wrong, and how to mend it. Holds no value of a row.
#[derive(Debug, thiserror::Error)]
#[error("{path}{}: {what}; {mend}", line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct FileError {
    /// The file, from the folder or archive that was asked for.
    pub path: String,
    /// The line in it, from 1 up.
    pub line: Option<u64>,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub mend: String,
    /// What the operating system said.
    #[source]
    pub cause: Option<io::Error>,
}

impl FileError {
    pub(super) fn new(path: &str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: None, what: what.into(), mend: mend.into(), cause: None }
    }

    pub(super) fn at(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    pub(super) fn io(path: &str, cause: io::Error) -> Self {
        let mend = match cause.kind() {
            io::ErrorKind::NotFound => "check the spelling of the path",
            io::ErrorKind::PermissionDenied => "give the user that runs homeward leave to read it",
            io::ErrorKind::InvalidData => "the file is damaged: copy or download it again",
            _ => "check that the disk is readable and try again",
        };
        Self {
            path: path.to_owned(),
            line: None,
            what: format!("cannot be read ({cause})"),
            mend: mend.to_owned(),
            cause: Some(cause),
        }
    }
}
