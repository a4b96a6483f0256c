//! Debian's Prometheus as a child process, and its HTTP API.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tempfile::TempDir;

use crate::http;
use crate::patience::until;

/// An alert that always fires beside the watchdog: the boards' list of alerts must have something to show.
const RULES: &str = "groups:
- name: planted
  interval: 1s
  rules:
  - {alert: Watchdog, expr: vector(1), labels: {severity: none, family: trust}}
  - {alert: Planted, expr: vector(1), labels: {severity: now, family: clock, area: NR5, level: provider}}
";

/// A running Prometheus; it ends with the test.
pub(crate) struct Prometheus {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

/// Whether Prometheus can be run here; a missing one is a failure where all tools are required.
pub(crate) fn is_there() -> bool {
    let ran = Command::new("prometheus").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let there = ran.is_ok_and(|status| status.success());
    assert!(
        there || std::env::var_os("HOMEWARD_TESTS_REQUIRE_ALL").is_none(),
        "prometheus cannot be run, and HOMEWARD_TESTS_REQUIRE_ALL is set"
    );
    if !there {
        println!("skipped: prometheus cannot be run here");
    }
    there
}

impl Prometheus {
    /// Starts one that scrapes `target` every second.
    pub(crate) fn start(target: SocketAddr) -> Option<Self> {
        if !is_there() {
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let configuration = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [rules.yaml]\n\
             scrape_configs:\n- job_name: homeward\n  static_configs: [{{targets: ['{target}']}}]\n"
        );
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, configuration).expect("the folder can be written");
        std::fs::write(folder.path().join("rules.yaml"), RULES).expect("the folder can be written");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.expect("there is a free port");
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus can be run");
        let started = Self { child, address, _folder: folder };
        until("the start of Prometheus", Duration::from_secs(60), || http::body(address, "/-/ready"));
        Some(started)
    }

    /// How many series an expression gives now.
    pub(crate) fn count(&self, expression: &str) -> Result<usize, String> {
        Ok(self.series(&format!("/api/v1/query?query={}", encoded(expression)))?.len())
    }

    /// The series of an expression at one instant.
    pub(crate) fn at(&self, expression: &str, at: DateTime<Utc>) -> Result<Vec<Value>, String> {
        self.series(&format!("/api/v1/query?query={}&time={}", encoded(expression), at.timestamp()))
    }

    /// Its series over a range, one value in `step_seconds`.
    pub(crate) fn range(
        &self,
        expression: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        step_seconds: u32,
    ) -> Result<Vec<Value>, String> {
        let (from, to) = (from.timestamp(), to.timestamp());
        let expression = encoded(expression);
        self.series(&format!("/api/v1/query_range?query={expression}&start={from}&end={to}&step={step_seconds}"))
    }

    /// The values of a label among the series of a selector, as Grafana's menus ask for them.
    pub(crate) fn values(&self, label: &str, selector: &str) -> Vec<String> {
        let answer = self.ask(&format!("/api/v1/label/{label}/values?match[]={}", encoded(selector)));
        let answer = answer.expect("the menu can be asked");
        let values = answer["data"].as_array().cloned().unwrap_or_default();
        values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
    }

    fn series(&self, path: &str) -> Result<Vec<Value>, String> {
        let answer = self.ask(path)?;
        let result = answer["data"]["result"].as_array().ok_or_else(|| format!("no result in {answer}"))?;
        if let Some(nan) = result.iter().find(|series| series.to_string().contains("NaN")) {
            return Err(format!("NaN: {nan}"));
        }
        Ok(result.clone())
    }

    fn ask(&self, path: &str) -> Result<Value, String> {
        let body = http::body(self.address, path)?;
        serde_json::from_str(&body).map_err(|error| error.to_string())
    }
}

/// Percent-encoding of everything that is neither letter nor digit.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(byte).collect()
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
