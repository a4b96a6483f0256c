//! The Python of the client scripts: a virtual environment with pinned packages from PyPI, made once in the user's cache.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use crate::external::{folder, missing};

static PYTHON: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let output = Command::new(folder().join("python.sh")).stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => Some(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())),
        Ok(output) => missing("the Python packages of the clients", &String::from_utf8_lossy(&output.stderr)),
        Err(error) => missing("python.sh", &error.to_string()),
    }
});

/// The interpreter, or nothing where it cannot be had and need not be.
pub(crate) fn interpreter() -> Option<PathBuf> {
    PYTHON.clone()
}
