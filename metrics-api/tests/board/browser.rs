//! Headless Chromium through a Node driver: puppeteer-core and axe-core from the npm registry, installed once into the
//! user's cache from the lock file beside this test. No browser is ever downloaded: Debian's `chromium` is used.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

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
        static PACKAGES: OnceLock<Result<PathBuf, String>> = OnceLock::new();
        let found = PACKAGES.get_or_init(|| {
            let chromium = find("chromium")?;
            find("node")?;
            install().map(|_| chromium)
        });
        let chromium = match found {
            Ok(chromium) => chromium,
            Err(reason) => {
                assert!(
                    std::env::var_os("HOMEWARD_TESTS_REQUIRE_ALL").is_none(),
                    "the board cannot be opened in a browser, and HOMEWARD_TESTS_REQUIRE_ALL is set: {reason}"
                );
                println!("skipped: {reason}");
                return None;
            }
        };
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let mut child = Command::new("node")
            .arg(folder().join("drive.cjs"))
            .env("NODE_PATH", packages().join("node_modules"))
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

/// Where the packages lie: the user's cache, never the repository.
fn packages() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    cache.unwrap_or_else(std::env::temp_dir).join("homeward").join("board-tests")
}

fn find(program: &str) -> Result<PathBuf, String> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths).map(|folder| folder.join(program)).find(|path| path.is_file());
    found.ok_or_else(|| {
        format!("{program} is not installed (Debian package {})", if program == "node" { "nodejs" } else { program })
    })
}

/// `npm ci` from the lock file, unless that lock file is what is installed.
fn install() -> Result<(), String> {
    let (from, to) = (folder(), packages());
    let lock = std::fs::read_to_string(from.join("package-lock.json")).map_err(|error| error.to_string())?;
    let stamp = to.join("installed-from");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let npm = find("npm")?;
    std::fs::create_dir_all(&to).map_err(|error| error.to_string())?;
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(from.join(file), to.join(file)).map_err(|error| error.to_string())?;
    }
    let output = std::process::Command::new(npm)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&to)
        .output()
        .map_err(|error| format!("npm does not start: {error}"))?;
    if !output.status.success() {
        return Err(format!("npm ci failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    std::fs::write(stamp, lock).map_err(|error| error.to_string())
}
