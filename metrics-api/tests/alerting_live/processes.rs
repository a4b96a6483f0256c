//! The demonstration, Prometheus and Alertmanager as child processes on free ports; all are killed when the test ends.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use homeward_dashboards::alerts::{Options, files};
use homeward_transform::definition::Catalogue;
use serde_json::Value;
use tempfile::TempDir;

use crate::patience::until;
use crate::webhook::Webhook;
use crate::{http, two_hour_response};

/// The beginning of the demonstration. The rules compare the feed's instants with the house's clock, and with the time
/// where the house has none: a beginning that lies ahead of the time keeps a feed from seeming late in either case.
const BEGINNING: &str = "2031-06-18T10:00";
/// Long enough for the 28 days of the rule. The embedded broker holds it all.
const HISTORY_DAYS: &str = "35";
/// Patience with the start of each process; the demonstration lays down its history first.
const PATIENCE: Duration = Duration::from_secs(180);

struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    fn start(mut command: Command, log: PathBuf) -> Self {
        let output = File::create(&log).expect("a temporary folder can be written");
        command.stdin(Stdio::null()).stderr(output.try_clone().expect("a file can be shared")).stdout(output);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
        Self { child, log }
    }

    fn wait_until<T>(&mut self, what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
        let (child, log) = (&mut self.child, &self.log);
        until(what, PATIENCE, || {
            let ended = child.try_wait().expect("a child can be asked");
            assert!(ended.is_none(), "{what}: the process ended ({ended:?}): {}", tail(log));
            look().map_err(|state| format!("{state}\n{}", tail(log)))
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when the child is gone and waited for, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Everything that watches, and what is watched.
pub(crate) struct Watch {
    _prometheus: Process,
    _alertmanager: Process,
    _demo: Process,
    board: SocketAddr,
    prometheus: SocketAddr,
    begun: Instant,
    _folder: TempDir,
}

impl Watch {
    /// All three, once they answer; nothing where a tool is missing and may be.
    pub(crate) fn start(webhook: &Webhook, speed: u32) -> Option<Self> {
        let prometheus_program = program(&["prometheus"])?;
        // Debian's name, then upstream's.
        let alertmanager_program = program(&["prometheus-alertmanager", "alertmanager"])?;
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let [board, prometheus, alertmanager] = free_addresses();
        let options = Options {
            targets: vec![board.to_string()],
            alertmanagers: vec![alertmanager.to_string()],
            credentials_file: None,
            time_scale: speed,
            ..Options::default()
        };
        write_generated(folder.path(), &options);
        let routing = configure_receivers(folder.path(), webhook.address);

        let mut demo = Command::new(env!("CARGO_BIN_EXE_homeward"));
        demo.args(["demo", "--story", "write-ups", "--starts-at", BEGINNING, "--history-days", HISTORY_DAYS]);
        demo.args(["--bind", &board.to_string(), "--speed", &speed.to_string()]).current_dir(folder.path());
        let mut demo = Process::start(demo, folder.path().join("demo.log"));
        let said = demo.log.clone();
        // The story begins with this line: who watches starts at once, because the write-ups come after a minute.
        demo.wait_until("the beginning of the demonstration", || {
            let text = std::fs::read_to_string(&said).unwrap_or_default();
            if text.contains("in London.") { Ok(()) } else { Err("not yet".to_owned()) }
        });

        let begun = Instant::now();

        let mut command = Command::new(alertmanager_program);
        command.arg(format!("--config.file={}", routing.display())).arg("--cluster.listen-address=");
        command.arg(format!("--storage.path={}", folder.path().join("alertmanager").display()));
        command.arg(format!("--web.listen-address={alertmanager}"));
        let mut told = Process::start(command, folder.path().join("alertmanager.log"));
        told.wait_until("Alertmanager", || http::body(alertmanager, "/-/ready"));

        let mut command = Command::new(prometheus_program);
        let configuration = folder.path().join("deploy/prometheus/prometheus.yml");
        command.arg(format!("--config.file={}", configuration.display()));
        command.arg(format!("--storage.tsdb.path={}", folder.path().join("prometheus").display()));
        command.arg(format!("--web.listen-address={prometheus}"));
        // What fires before Alertmanager is discovered is sent again only after this, a minute by default: half the story.
        command.arg("--rules.alert.resend-delay=2s");
        let mut asking = Process::start(command, folder.path().join("prometheus.log"));
        asking.wait_until("Prometheus", || http::body(prometheus, "/-/ready"));
        Some(Self { _prometheus: asking, _alertmanager: told, _demo: demo, board, prometheus, begun, _folder: folder })
    }

    /// Real seconds since the demonstration began.
    pub(crate) fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    /// Numerator and denominator of a provider's two-hour response over 28 days, as the API shows them now.
    pub(crate) fn figures(&self, provider: &str) -> (u64, u64) {
        until("figures", PATIENCE, || two_hour_response(self.board, provider))
    }

    /// Fails while Prometheus holds an alert of this name and area.
    pub(crate) fn nothing_fires(&self, name: &str, area: &str) {
        let answer = http::body(self.prometheus, "/api/v1/alerts").expect("Prometheus answers");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        let alerts = answer["data"]["alerts"].as_array().expect("alerts");
        let held = alerts.iter().find(|a| a["labels"]["alertname"] == name && a["labels"]["area"] == area);
        assert!(held.is_none(), "Prometheus still holds {held:?}");
    }
}

/// Rules, scraping and routing, as the generator makes them for these options.
fn write_generated(folder: &Path, options: &Options) {
    let catalogue = Catalogue::builtin().expect("the built-in definitions are sound");
    for file in files(&catalogue, options).expect("a rule for every declared alert") {
        let path = folder.join(&file.path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a temporary folder can be written");
        std::fs::write(path, file.content).expect("a temporary folder can be written");
    }
}

/// The addresses of the receivers, put in by the script that production uses.
fn configure_receivers(folder: &Path, webhook: SocketAddr) -> PathBuf {
    let template = folder.join("deploy/alertmanager/alertmanager.yml");
    let output = folder.join("alertmanager.yml");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/alertmanager/configure.sh");
    let mut command = Command::new("sh");
    command.arg(script).args([&template, &output]);
    let text = std::fs::read_to_string(&template).expect("it was written a moment ago");
    for name in text.lines().filter_map(|line| line.trim().strip_prefix("- name: ")) {
        let variable = format!("HOMEWARD_RECEIVER_{}", name.to_uppercase().replace('-', "_"));
        command.env(variable, format!("http://{webhook}/{name}"));
    }
    let done = command.output().expect("sh can be run");
    assert!(done.status.success(), "configure.sh: {}", String::from_utf8_lossy(&done.stderr));
    output
}

/// The first of the names that is on the path.
fn program(names: &[&str]) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut paths = names.iter().flat_map(|name| std::env::split_paths(&folders).map(move |folder| folder.join(name)));
    let found = paths.find(|path| path.is_file());
    if found.is_none() {
        assert!(
            std::env::var_os("HOMEWARD_TESTS_REQUIRE_ALL").is_none(),
            "{} is missing, and HOMEWARD_TESTS_REQUIRE_ALL is set; deploy/test-deps.sh installs it",
            names[0]
        );
        println!("skipped: {} is missing here; deploy/test-deps.sh installs it", names[0]);
    }
    found
}

/// Addresses that nobody listens on now; all are held until all are known, so that they differ.
fn free_addresses<const N: usize>() -> [SocketAddr; N] {
    let held: [TcpListener; N] =
        std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").expect("the system has a free port"));
    held.map(|listener| listener.local_addr().expect("a bound socket has an address"))
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(30).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
