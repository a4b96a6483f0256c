//! What a deployment decides about its rules: where people read on, and how fast its clock runs.

use std::collections::BTreeMap;

/// Settings of the generator. [`Options::default`] gives the committed files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Base of every `runbook_url`; the rule's name and `.md` follow. Ends in `/`.
    pub runbooks: String,
    /// Base of every dashboard link: where the board is served. Does not end in `/`.
    pub board: String,
    /// `host:port` of every process that serves `/metrics`.
    pub targets: Vec<String>,
    /// File with the bearer token of `/metrics`, as Prometheus sees it; none where `/metrics` asks for no token.
    pub credentials_file: Option<String>,
    /// `host:port` of every Alertmanager.
    pub alertmanagers: Vec<String>,
    /// Receiver to webhook address. One that is missing keeps an address under `.invalid`, which reaches nobody and which
    /// `deploy/alertmanager/configure.sh` replaces at the start.
    pub webhooks: BTreeMap<String, String>,
    /// How many times faster than real time the house's clock runs: 1 in production.
    ///
    /// A demonstration tells an hour in a minute, so it must wait half a minute where production waits half an hour. The
    /// scale divides `for`, `keep_firing_for`, the pace of evaluation and scraping, and every wait of Alertmanager, none
    /// below one second. Durations *inside* expressions are not divided: they are differences of the house's own clock,
    /// which runs faster already. Above 1 the guard that compares the house's clock with the time is left out.
    pub time_scale: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            runbooks: "https://github.com/homeward-nhs/homeward/blob/main/deploy/runbooks/".to_owned(),
            board: "http://localhost:8640".to_owned(),
            targets: vec!["homeward:8642".to_owned()],
            credentials_file: Some("/run/secrets/metrics_token".to_owned()),
            alertmanagers: vec!["alertmanager:9093".to_owned()],
            webhooks: BTreeMap::new(),
            time_scale: 1,
        }
    }
}

impl Options {
    /// A duration of real time as Prometheus writes it, after the scale: `30m`, `2h`, `30s`.
    pub(super) fn duration(&self, seconds: u64) -> String {
        let scale = u64::from(self.time_scale.max(1));
        duration((seconds / scale).max(1))
    }

    /// Where the runbook of a rule lies.
    pub(super) fn runbook(&self, rule: &str) -> String {
        format!("{}{rule}.md", self.runbooks)
    }

    /// True when the house's clock is the time.
    pub(super) const fn is_real_time(&self) -> bool {
        self.time_scale <= 1
    }
}

/// The largest single unit that divides the duration: what a reader expects to see.
fn duration(seconds: u64) -> String {
    const DAY: u64 = 24 * 3600;
    for (unit, length) in [("d", DAY), ("h", 3600), ("m", 60)] {
        if seconds.is_multiple_of(length) && seconds > 0 {
            return format!("{}{unit}", seconds / length);
        }
    }
    format!("{seconds}s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        let real = Options::default();
        let written: Vec<String> = [1, 90, 300, 1_800, 7_200, 604_800].map(|s| real.duration(s)).into();
        assert_eq!(written, ["1s", "90s", "5m", "30m", "2h", "7d"]);
        let fast = Options { time_scale: 60, ..Options::default() };
        let written: Vec<String> = [30, 300, 1_800, 7_200].map(|s| fast.duration(s)).into();
        assert_eq!(written, ["1s", "5s", "30s", "2m"], "never below a second");
    }
}
