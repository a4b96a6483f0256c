//! Headless Chromium through a Node driver: puppeteer-core and axe-core from the npm registry.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::npm;

/// Patience with one answer of the browser on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A browser with one page, which the driver steers.
pub(crate) struct Browser {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts it; `None`, said aloud, where Chromium, Node or npm is missing and may be.
    pub(crate) async fn start() -> Option<Self> {
        static TOOLS: OnceLock<Result<(PathBuf, PathBuf), String>> = OnceLock::new();
        let found = TOOLS.get_or_init(|| {
            let chromium = npm::find("chromium")?;
            npm::find("node")?;
            Ok((chromium, npm::install(&folder(), "board-tests")?))
        });
        let (chromium, packages) = npm::unless_missing(found.as_ref().map_err(String::clone))?;
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let mut child = Command::new("node")
            .arg(folder().join("drive.cjs"))
            .env("NODE_PATH", packages)
            .env("HOMEWARD_CHROMIUM", chromium)
            .env("HOMEWARD_PROFILE", profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        let input = child.stdin.take().expect("its input is piped");
        let output = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        Some(Self { child, input, output, _profile: profile })
    }

    /// One order and its answer; the driver's own failure fails the test.
    pub(crate) async fn order(&mut self, order: Value) -> Value {
        self.input.write_all(format!("{order}\n").as_bytes()).await.expect("the driver listens");
        let line = tokio::time::timeout(PATIENCE, self.output.next_line()).await;
        let line = line.unwrap_or_else(|_| panic!("no answer to {order}")).expect("the driver speaks");
        let answer: Value =
            serde_json::from_str(&line.unwrap_or_else(|| panic!("the driver ended at {order}"))).expect("JSON");
        assert!(answer["error"].is_null(), "{order}: {}", answer["error"]);
        answer["value"].clone()
    }

    /// The value of an expression in the page.
    pub(crate) async fn evaluate(&mut self, expression: &str) -> Value {
        self.order(serde_json::json!({"do": "evaluate", "expression": expression})).await
    }

    /// Waits in the page until an expression holds.
    pub(crate) async fn until(&mut self, expression: &str) {
        self.order(serde_json::json!({"do": "until", "expression": expression})).await;
    }

    /// Closes browser and driver.
    pub(crate) async fn close(mut self) {
        drop(self.input);
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        assert!(ended.expect("the driver ends").expect("it can be waited for").success(), "the driver ended badly");
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/board")
}
