//! What mutes what, asked of a real Alertmanager on a port of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::tools::{missing, repository, run, words};

/// An Alertmanager that ends with its test.
struct Alertmanager {
    process: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Alertmanager {
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let config = repository().join("deploy/alertmanager/alertmanager.yml");
        let started = Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", folder.path().display()))
            .args(["--web.listen-address=127.0.0.1:0", "--cluster.listen-address=", "--data.retention=240h"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut process = match started {
            Ok(process) => process,
            Err(error) => {
                missing("prometheus-alertmanager", &error);
                return None;
            }
        };
        let log = BufReader::new(process.stderr.take().unwrap());
        let mut lines = log.lines().map(Result::unwrap);
        let address = lines.find_map(|line| {
            let (_, rest) = line.split_once("msg=\"Listening on\" address=")?;
            rest.split_whitespace().next().map(str::to_owned)
        });
        // The log goes on being read, or its pipe fills and the process stands still.
        std::thread::spawn(move || lines.for_each(drop));
        let url = format!("http://{}", address.expect("Alertmanager says where it listens"));
        Some(Self { process, url, _folder: folder })
    }

    fn amtool(&self, arguments: &[&str]) -> String {
        let url = format!("--alertmanager.url={}", self.url);
        let mut all = vec![url.as_str()];
        all.extend(arguments);
        let output = run("amtool", &all).expect("amtool is in the same package");
        assert!(output.status.success(), "{all:?}: {}", words(&output));
        words(&output)
    }

    fn add(&self, labels: &[&str]) {
        let mut arguments = vec!["alert", "add"];
        arguments.extend(labels);
        self.amtool(&arguments);
    }

    /// Names and areas of the alerts in a state, sorted.
    fn listed(&self, state: &str) -> Vec<String> {
        let text = self.amtool(&["alert", "query", state, "-o", "json"]);
        let alerts: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        let mut names: Vec<String> = alerts
            .iter()
            .map(|alert| {
                let label = |name: &str| alert["labels"][name].as_str().unwrap_or("-").to_owned();
                format!("{} {}", label("alertname"), label("area"))
            })
            .collect();
        names.sort();
        names
    }
}

/// Adds alerts, and waits until exactly `muted` of them are muted.
fn assert_muted(alerts: &[&[&str]], muted: &[&str]) {
    let Some(alertmanager) = Alertmanager::start() else { return };
    for alert in alerts {
        alertmanager.add(alert);
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let (now, active) = (alertmanager.listed("--inhibited"), alertmanager.listed("--active"));
        if now == muted && now.len() + active.len() >= alerts.len() {
            return;
        }
        assert!(Instant::now() < deadline, "muted {now:?}, expected {muted:?}; active {active:?}");
        std::thread::yield_now();
    }
}

const SLIP: [&str; 2] = ["family=slip", "severity=page"];

fn slip<'a>(name: &'a str, area: &'a str, level: &'a str, provider: &'a str) -> Vec<&'a str> {
    [&[name, area, level, provider], &SLIP[..]].concat()
}

#[test]
fn one_truth_pages_at_the_provider_and_is_muted_above_it() {
    let local = "alertname=UCRBelowTargetConfident";
    assert_muted(
        &[
            &slip(local, "area=NR5", "level=provider", "provider=NR5"),
            &slip(local, "area=Plymouth", "level=lcp", "provider=NR5"),
            &slip(local, "area=QJK", "level=icb", "provider=NR5"),
            // Another provider's partnership: its provider says nothing, so it speaks itself.
            &slip(local, "area=Northern", "level=lcp", "provider=RH8"),
        ],
        &["UCRBelowTargetConfident Plymouth", "UCRBelowTargetConfident QJK"],
    );
}

#[test]
fn a_broken_feed_mutes_rates_and_budgets_of_its_areas_and_never_a_clock() {
    assert_muted(
        &[
            &["alertname=UCRFeedSilent", "family=trust", "severity=page", "provider=NR5", "area=NR5", "level=provider"],
            &slip("alertname=UCRBelowTargetConfident", "area=NR5", "level=provider", "provider=NR5"),
            &slip("alertname=UCRBelowTargetConfident", "area=RA9", "level=provider", "provider=RA9"),
            &["alertname=UCRMonthTargetLost", "family=budget", "severity=ticket", "area=NR5", "level=provider"],
            &["alertname=UCRReferralBreachedOpen", "family=clock", "severity=now", "area=NR5", "level=provider"],
        ],
        &["UCRBelowTargetConfident NR5", "UCRMonthTargetLost NR5"],
    );
}

#[test]
fn an_absent_feed_mutes_without_an_area_and_the_other_feed_mutes_nothing() {
    assert_muted(
        &[
            &["alertname=UCRFeedAbsent", "family=trust", "severity=page"],
            &slip("alertname=UCRBelowTargetConfident", "area=NR5", "level=provider", "provider=NR5"),
            &["alertname=UCRReferralBreachedOpen", "family=clock", "severity=now", "area=NR5", "level=provider"],
        ],
        &["UCRBelowTargetConfident NR5"],
    );
    assert_muted(
        &[
            &["alertname=HomewardFeedStopped", "family=trust", "severity=page", "feed=csds"],
            &slip("alertname=UCRBelowTargetConfident", "area=NR5", "level=provider", "provider=NR5"),
        ],
        &[],
    );
}

#[test]
fn the_graver_line_mutes_the_lighter_and_28_days_mute_7() {
    assert_muted(
        &[
            &slip("alertname=UCRBelowNationalMinimumConfident", "area=NR5", "level=provider", "provider=NR5"),
            &slip("alertname=UCRBelowTargetConfident", "area=NR5", "level=provider", "provider=NR5"),
            &slip("alertname=UCRAtRisk", "area=NR5", "level=provider", "provider=NR5"),
            &slip("alertname=UCRAtRisk", "area=RA9", "level=provider", "provider=RA9"),
        ],
        &["UCRAtRisk NR5", "UCRBelowTargetConfident NR5"],
    );
}

#[test]
fn silent_wards_are_neither_full_nor_empty_and_a_suspect_zero_is_no_under_use() {
    let at = |name: &'static str, provider: &'static str| -> Vec<&'static str> {
        let (area, own) = match provider {
            "RH8" => ("area=RH8", "provider=RH8"),
            _ => ("area=RA9", "provider=RA9"),
        };
        vec![name, area, "level=provider", own, "family=wards", "severity=ticket"]
    };
    assert_muted(
        &[
            &["alertname=VWFeedSilent", "family=trust", "severity=ticket", "provider=RH8"],
            &at("alertname=VWOccupancyHigh", "RH8"),
            &at("alertname=VWSuspectZero", "RA9"),
            &at("alertname=VWOccupancyBelowTarget", "RA9"),
        ],
        &["VWOccupancyBelowTarget RA9", "VWOccupancyHigh RH8"],
    );
}
