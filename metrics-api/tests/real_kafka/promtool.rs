//! `promtool check metrics`, which must have nothing to say about what we expose.

use std::io::Write;
use std::process::{Command, Stdio};

/// Fails when promtool finds anything, or when it is missing though `HOMEWARD_TESTS_REQUIRE_ALL` is set.
pub(crate) fn check(exposition: &str) {
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            assert!(
                std::env::var_os("HOMEWARD_TESTS_REQUIRE_ALL").is_none(),
                "promtool cannot be run, and HOMEWARD_TESTS_REQUIRE_ALL is set: {error}"
            );
            println!("skipped: promtool cannot be run here: {error}");
            return;
        }
    };
    // Promtool reads to the end before it writes, so this cannot block on its output.
    let mut input = child.stdin.take().expect("its input is piped");
    input.write_all(exposition.as_bytes()).expect("promtool reads its input");
    drop(input);
    let output = child.wait_with_output().expect("promtool ends");
    let words = [output.stdout, output.stderr].concat();
    let words = String::from_utf8_lossy(&words);
    assert!(output.status.success() && words.trim().is_empty(), "promtool check metrics: {words}\n{exposition}");
}
