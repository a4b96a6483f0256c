//! The real `homeward` binary as a child process: configuration, start, questions, and every way to end it.

use std::fs::File;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::broker::{Broker, SCRAM_PASSWORD, SCRAM_USER, Security, free_ports};
use crate::history::{History, MONTH_START, PROVIDER};
use crate::http;
use crate::patience::until;

/// Patience with a start, a catch-up or an end: generous, since a busy CI machine shares two cores.
const PATIENCE: Duration = Duration::from_secs(120);
const TOPIC: &str = "homeward.ucr";

/// A folder with a configuration and a lake, which any number of processes use one after or beside another.
pub(crate) struct Installation {
    folder: TempDir,
    children: AtomicUsize,
}

impl Installation {
    pub(crate) fn new(broker: &Broker) -> Self {
        broker.create_topic(TOPIC);
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut text = format!(
            "[lake]\npath = '{lake}'\n\n[kafka]\nbrokers = '{brokers}'\ngroup = 'real-kafka-test'\n\n\
             [kafka.topics]\nucr = '{TOPIC}'\n\n[ingest]\nfeeds = ['ucr']\ncommit_interval_seconds = 0.2\n\n\
             [keys]\npseudonym = '{key}'\nquarantine = '{key}'\n\n[transform]\ncycle_seconds = 0.2\n",
            lake = folder.path().join("lake").display(),
            brokers = broker.address(),
            key = "5a".repeat(32),
        );
        // A killed consumer keeps its partitions until its session ends: short, or a test of kills would only wait.
        text.push_str("\n[kafka.properties]\n'session.timeout.ms' = '2000'\n'heartbeat.interval.ms' = '500'\n");
        if broker.security == Security::Scram {
            text.push_str(&format!(
                "'security.protocol' = 'SASL_PLAINTEXT'\n'sasl.mechanism' = 'SCRAM-SHA-512'\n\
                 'sasl.username' = '{SCRAM_USER}'\n'sasl.password' = '{SCRAM_PASSWORD}'\n"
            ));
        }
        std::fs::write(folder.path().join("homeward.toml"), text).expect("the folder can be written");
        Self { folder, children: AtomicUsize::new(0) }
    }

    pub(crate) fn lake(&self) -> PathBuf {
        self.folder.path().join("lake")
    }

    pub(crate) fn topic(&self) -> &'static str {
        TOPIC
    }

    /// Publishes the whole history.
    pub(crate) fn load(&self, history: &History) -> Load {
        self.load_part(history, 0..history.lines())
    }

    /// Publishes a part of it, in a process of its own that runs while the test goes on.
    pub(crate) fn load_part(&self, history: &History, lines: Range<usize>) -> Load {
        let number = self.children.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.path().join(format!("events-{number}.ndjson"));
        std::fs::write(&path, history.ndjson(lines)).expect("the folder can be written");
        let (child, log) = self.spawn(&["load", path.to_str().expect("UTF-8")], None);
        Load { child, log }
    }

    fn spawn(&self, arguments: &[&str], bind: Option<SocketAddr>) -> (Child, PathBuf) {
        let number = self.children.fetch_add(1, Ordering::Relaxed);
        let log = self.folder.path().join(format!("homeward-{number}.log"));
        let output = File::create(&log).expect("the folder can be written");
        let errors = output.try_clone().expect("a file can be shared");
        let mut command = Command::new(env!("CARGO_BIN_EXE_homeward"));
        command.arg("--config").arg(self.folder.path().join("homeward.toml")).args(arguments);
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(output).stderr(errors);
        command.env("HOMEWARD_LOG", "info");
        if let Some(bind) = bind {
            command.env("HOMEWARD_SERVE__BIND", bind.to_string());
        }
        (command.spawn().expect("the binary can be run"), log)
    }
}

/// A `homeward load` at work.
pub(crate) struct Load {
    child: Child,
    log: PathBuf,
}

impl Load {
    /// Waits for its end; the broker has then acknowledged every line.
    pub(crate) fn finish(mut self) {
        let status = wait(&mut self.child, "the end of homeward load");
        assert!(status, "homeward load failed: {}", text(&self.log));
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A `homeward run` at work; it is killed when a test drops it on its way to a failure.
pub(crate) struct Homeward {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Homeward {
    /// All roles.
    pub(crate) fn start(installation: &Installation) -> Self {
        Self::with_roles(installation, "ingest,transform,serve")
    }

    /// A second pair of hands for the same lake and group.
    pub(crate) fn start_ingest_only(installation: &Installation) -> Self {
        Self::with_roles(installation, "ingest")
    }

    fn with_roles(installation: &Installation, roles: &str) -> Self {
        let [port] = free_ports();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let (child, log) = installation.spawn(&["run", "--roles", roles], Some(address));
        Self { child, address, log }
    }

    pub(crate) fn wait_until_ready(&self) {
        until("readiness", PATIENCE, || {
            http::body(self.address, "/readyz").map_err(|state| format!("{state}\n{}", text(&self.log)))
        });
    }

    /// Waits until referrals and responses of the planted month are as planted, no more and no less.
    pub(crate) fn wait_for_figures(&self, history: &History) {
        until("the planted figures", PATIENCE, || {
            let response = self.figure("ucr-two-hour-response", &["numerator", "denominator"])?;
            let wanted = [history.seen_within_two_hours, history.referrals];
            if response != wanted {
                return Err(format!("two-hour response {response:?}, planted {wanted:?}\n{}", text(&self.log)));
            }
            let referrals = self.figure("ucr-referrals", &["numerator"])?;
            if referrals != [history.referrals] {
                return Err(format!("referrals {referrals:?}, planted {}", history.referrals));
            }
            Ok(())
        });
    }

    /// Numbers of the provider's figure for the planted month, on the live basis.
    fn figure(&self, indicator: &str, columns: &[&str]) -> Result<Vec<u64>, String> {
        let path = format!("/api/v1/figures?indicator={indicator}&basis=live&by=provider,month&period=2025-06");
        let answer: Value =
            serde_json::from_str(&http::body(self.address, &path)?).map_err(|error| error.to_string())?;
        let mut found = Vec::new();
        collect_figures(&answer, &mut found);
        let ours = found.iter().find(|figure| {
            let says = |column: &str, start: &str| figure[column].as_str().is_some_and(|text| text.starts_with(start));
            says("provider", PROVIDER) && says("period_start", MONTH_START)
        });
        let figure =
            ours.ok_or_else(|| format!("no figure of {PROVIDER} for {MONTH_START} in {answer}\n{}", text(&self.log)))?;
        columns
            .iter()
            .map(|column| {
                figure[*column].as_u64().ok_or_else(|| format!("{column} is {} in {figure}", figure[*column]))
            })
            .collect()
    }

    /// Conservation as the process itself counts it, since its start.
    pub(crate) fn check_own_counters(&self) {
        let exposition = self.exposition();
        let sum = |what: &str| counted(&exposition, what);
        let outcomes = sum("accepted") + sum("quarantined") + sum("filtered");
        assert_eq!(sum("consumed"), outcomes, "consumed = accepted + quarantined + filtered\n{exposition}");
    }

    /// Records that this process has consumed since its start.
    pub(crate) fn consumed(&self) -> usize {
        counted(&self.exposition(), "consumed")
    }

    /// What Prometheus would scrape now.
    pub(crate) fn exposition(&self) -> String {
        http::body(self.address, "/metrics").expect("the metrics can be read")
    }

    /// SIGTERM, and a clean end.
    pub(crate) fn stop(mut self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(told.is_ok_and(|status| status.success()), "the process was gone already: {}", text(&self.log));
        assert!(wait(&mut self.child, "a clean end"), "the end was not clean: {}", text(&self.log));
    }

    /// SIGKILL after `delay`, wherever the process is by then.
    pub(crate) fn kill_after(mut self, delay: Duration) {
        let due = Instant::now() + delay;
        until("the moment of the kill", PATIENCE, || if Instant::now() >= due { Ok(()) } else { Err(String::new()) });
        let ended = self.child.try_wait().expect("a child can be asked");
        assert!(ended.is_none(), "the process ended by itself ({ended:?}): {}", text(&self.log));
        end(&mut self.child);
    }
}

impl Drop for Homeward {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// The sum of one of the record counters over all topic partitions.
fn counted(exposition: &str, what: &str) -> usize {
    let name = format!("homeward_ingest_records_{what}_total{{");
    let samples = exposition.lines().filter(|line| line.starts_with(&name));
    samples.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum()
}

/// Every object in the answer that is a figure, wherever the answer keeps them.
fn collect_figures<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_figures(item, found)),
        Value::Object(fields) if fields.contains_key("numerator") && fields.contains_key("provider") => {
            found.push(value)
        }
        Value::Object(fields) => fields.values().for_each(|item| collect_figures(item, found)),
        _ => {}
    }
}

/// Whether the child ended with success.
fn wait(child: &mut Child, what: &str) -> bool {
    until(what, PATIENCE, || match child.try_wait() {
        Ok(Some(status)) => Ok(status.success()),
        Ok(None) => Err("it still runs".to_owned()),
        Err(error) => Err(error.to_string()),
    })
}

fn end(child: &mut Child) {
    // Both fail only when the child is gone and waited for, which is what is wanted.
    let _ = child.kill();
    let _ = child.wait();
}

/// The end of a log, for a failure's message.
fn text(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(40).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
