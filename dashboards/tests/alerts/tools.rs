//! The programs that these tests run, and where the repository is.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The repository's root.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Runs a program to its end. `None` when it is missing here and nothing says that it must be there.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(program).args(arguments).current_dir(repository()).output() {
        Ok(output) => Some(output),
        Err(error) => {
            missing(program, &error);
            None
        }
    }
}

/// Fails when the tools must be there; otherwise says that a test is skipped.
pub(crate) fn missing(program: &str, error: &std::io::Error) {
    assert!(
        std::env::var_os("HOMEWARD_TESTS_REQUIRE_ALL").is_none(),
        "{program} cannot be run, and HOMEWARD_TESTS_REQUIRE_ALL is set: {error}"
    );
    println!("skipped: {program} cannot be run here: {error}");
}

/// What a program said, both ways.
pub(crate) fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
