//! The committed slip rules over a history, by the real Prometheus. Silences are left to the model and to the tests by hand:
//! the trust group would double the time.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use super::history::{Area, History, STEP_MINUTES, STEPS, WEEK_STEPS};
use super::model::Episode;
use crate::tools::{repository, run, words};

/// Fails unless Prometheus had each alert firing for exactly as many samples in each of the first weeks as the model.
pub(super) fn assert_agrees(history: &History, fired: &[Episode], weeks: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("replay.yaml");
    fs::write(&path, test_file(history, fired, weeks)).unwrap();
    let Some(output) = run("promtool", &["test", "rules", &path.display().to_string()]) else { return };
    let said = words(&output);
    let shown: String = said.chars().take(6_000).collect();
    assert!(output.status.success(), "Prometheus and the model differ: {shown}");
}

fn test_file(history: &History, fired: &[Episode], weeks: usize) -> String {
    let rules = repository().join("deploy/prometheus/rules");
    let mut text = String::new();
    let _ = writeln!(text, "rule_files:");
    for name in ["derived", "slip"] {
        let _ = writeln!(text, "- {}/{name}.yaml", rules.display());
    }
    let _ = writeln!(text, "evaluation_interval: {STEP_MINUTES}m\ngroup_eval_order: [ucr-derived, ucr-slip]");
    let _ = writeln!(text, "tests:\n- interval: {STEP_MINUTES}m\n  input_series:");
    let mut push = |series: &str, values: &str| {
        let _ = writeln!(text, "  - series: '{series}'\n    values: '{values}'");
    };
    for (target, value) in [("local", "0.8"), ("national", "0.7")] {
        push(&format!("ucr_target_ratio{{target=\"{target}\"}}"), &format!("{value}x{STEPS}"));
    }
    for ((Area { level, code }, window), counts) in &history.counts {
        for (outcome, series) in [("met", &counts.met), ("breached", &counts.late)] {
            let labels = format!("area=\"{code}\",level=\"{level}\",window=\"{window}\",outcome=\"{outcome}\"");
            push(&format!("ucr_cohort_referrals{{{labels}}}"), &values(series.iter().copied()));
        }
    }
    for area in history.areas() {
        let Area { level, code } = area;
        let main = history.main_provider(area).code;
        let labels = format!("area=\"{code}\",level=\"{level}\",provider=\"{main}\"");
        push(&format!("ucr_area_main_provider{{{labels}}}"), &format!("1x{STEPS}"));
    }
    let _ = writeln!(text, "  promql_expr_test:");
    for week in 0..weeks {
        push_week(&mut text, fired, week);
    }
    text
}

/// Samples at which each alert fired in a week, both ends of the range included, as Prometheus counts them.
fn push_week(text: &mut String, fired: &[Episode], week: usize) {
    let (from, to) = (week * WEEK_STEPS, ((week + 1) * WEEK_STEPS).min(STEPS - 1));
    let minutes = i64::try_from(to - from).unwrap() * STEP_MINUTES;
    let at = i64::try_from(to).unwrap() * STEP_MINUTES;
    let mut samples: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    for episode in fired.iter().filter(|episode| episode.alert != "UCRFeedSilent") {
        let (first, last) = (episode.from.max(from), episode.to.min(to));
        if first <= last {
            let key = (episode.alert, episode.area.level, episode.area.code.as_str());
            *samples.entry(key).or_default() += last - first + 1;
        }
    }
    let _ = writeln!(
        text,
        "  - expr: sum by (alertname, area, level) (sum_over_time(ALERTS{{alertstate=\"firing\",alertname=~\"UCRBelow.*|UCRAtRisk\"}}[{minutes}m]))\n    eval_time: {at}m\n    exp_samples:"
    );
    for ((alert, level, code), number) in samples {
        let _ = writeln!(
            text,
            "    - {{labels: '{{alertname=\"{alert}\",area=\"{code}\",level=\"{level}\"}}', value: {number}}}"
        );
    }
}

/// Values in promtool's notation: `7x3` is 7, and three times more.
fn values(series: impl Iterator<Item = i64>) -> String {
    let mut runs: Vec<(i64, usize)> = Vec::new();
    for value in series {
        match runs.last_mut() {
            Some((held, more)) if *held == value => *more += 1,
            _ => runs.push((value, 0)),
        }
    }
    let words: Vec<String> = runs
        .into_iter()
        .map(|(value, more)| if more > 0 { format!("{value}x{more}") } else { value.to_string() })
        .collect();
    words.join(" ")
}
