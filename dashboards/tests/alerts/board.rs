//! The board and Prometheus tell one course: conditions stepped through planted counts, and the committed rules run over the
//! same counts by the real Prometheus, say the same at every step: which rule, where, pending or told.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use homeward_contract::geography::Geography;
use homeward_transform::conditions::{Condition, conditions};
use homeward_transform::definition::Catalogue;
use homeward_transform::engine::{Atom, AtomValue, Counts};
use homeward_transform::history::{CellVersion, cells_at};
use homeward_transform::snapshot::Snapshot;

use crate::tools::{repository, run, words};

/// Minutes from step to step, of samples and of evaluations.
const STEP_MINUTES: i64 = 5;

/// Met and decided of 28 days and of 7, and open clocks due within 30 minutes and past two hours, for some steps.
struct Stretch {
    steps: usize,
    month: (i64, i64),
    week: (i64, i64),
    open: [i64; 2],
}

const fn stretch(steps: usize, month: (i64, i64), week: (i64, i64), open: [i64; 2]) -> Stretch {
    Stretch { steps, month, week, open }
}

/// From two hours before the local target comes into force, which are silent about it whatever the rate.
const COURSE: [Stretch; 19] = [
    stretch(24, (60, 100), (9, 25), [0, 0]),
    // The local target is in force; then a restatement, shorter than half an hour.
    stretch(3, (75, 100), (16, 20), [1, 0]),
    stretch(3, (70, 100), (16, 20), [0, 1]),
    stretch(4, (75, 100), (16, 20), [0, 0]),
    // Both begin, are told, and hold between the bounds.
    stretch(14, (70, 100), (14, 25), [0, 0]),
    stretch(40, (75, 100), (17, 25), [0, 0]),
    // The bound of one standard error meets the target exactly, which is not below it. The ticket ends at once, the page after
    // two hours: and within them it holds again.
    stretch(10, (76, 100), (18, 25), [0, 0]),
    stretch(6, (75, 100), (19, 25), [0, 0]),
    stretch(30, (76, 100), (18, 25), [0, 0]),
    // Between the bounds nothing begins.
    stretch(20, (75, 100), (17, 25), [0, 0]),
    // Too few, then just enough.
    stretch(10, (0, 29), (0, 19), [0, 0]),
    stretch(14, (0, 30), (0, 20), [3, 2]),
    // Told, then too few: no rate speaks for them.
    stretch(30, (0, 29), (0, 19), [0, 0]),
    // Below the national line too, and back between the two.
    stretch(20, (55, 100), (10, 25), [0, 0]),
    stretch(20, (66, 100), (10, 25), [0, 0]),
    stretch(30, (74, 100), (10, 25), [0, 0]),
    // Nobody at all.
    stretch(4, (0, 0), (0, 0), [0, 0]),
    stretch(30, (90, 100), (23, 25), [0, 0]),
    stretch(2, (90, 100), (23, 25), [0, 0]),
];

fn outset() -> DateTime<Utc> {
    "2022-12-31T22:00:00Z".parse().unwrap()
}

/// The step at which the local target comes into force: midnight in London.
const LOCAL_FROM: usize = 24;

fn steps() -> Vec<&'static Stretch> {
    COURSE.iter().flat_map(|stretch| std::iter::repeat_n(stretch, stretch.steps)).collect()
}

fn snapshot(planted: &Stretch, as_of: DateTime<Utc>) -> Snapshot {
    let cell = |indicator: &str, period: &str, band: Option<&str>, place: (&str, Option<&str>), counts| {
        let (provider, lcp): (&str, Option<&str>) = place;
        let (numerator, denominator): (i64, Option<i64>) = counts;
        CellVersion {
            indicator: Arc::from(indicator),
            version: 1,
            atom: Atom {
                basis: Arc::from("live"),
                provider: Arc::from(provider),
                icb: lcp.map(|_| Arc::from("QJK")),
                lcp: lcp.map(Arc::from),
                pcn: None,
                strata: band.map(Arc::from).into_iter().collect(),
                period: Arc::from(period),
                place: None,
            },
            value: Some(AtomValue {
                numerator,
                denominator,
                percentile: None,
                source_rank: Some(1),
                counts: Counts::default(),
                flags: Counts::default(),
            }),
            known_at: as_of,
            csds_because: Arc::from("planted"),
            live_because: Arc::from("planted"),
        }
    };
    let mut cells = Vec::new();
    // The people of the second provider live nowhere that is known.
    for place in [("NR5", Some("Plymouth")), ("RH8", None)] {
        for (period, (met, decided)) in [("window:28d", planted.month), ("window:7d", planted.week)] {
            cells.push(cell("ucr-two-hour-response", period, None, place, (met, Some(decided))));
        }
        for (band, count) in ["90_to_120m", "over_120m"].into_iter().zip(planted.open) {
            cells.push(cell("ucr-open-clocks", "now", Some(band), place, (count, None)));
        }
    }
    let (catalogue, geography) = (Arc::new(Catalogue::builtin().unwrap()), Arc::new(Geography::devon()));
    Snapshot::of_cells(cells_at(&cells, as_of), catalogue, geography, as_of)
}

/// Areas whose counts are exposed: level, code, and whether an alert may speak of it.
const AREAS: [(&str, &str); 6] = [
    ("provider", "NR5"),
    ("provider", "RH8"),
    ("lcp", "Plymouth"),
    ("icb", "QJK"),
    ("lcp", "unknown"),
    ("icb", "unknown"),
];

fn series(text: &mut String, name: &str, values: impl Iterator<Item = String>) {
    let values: Vec<String> = values.collect();
    let _ = writeln!(text, "  - series: '{name}'\n    values: '{}'", values.join(" "));
}

fn exposed(text: &mut String) {
    let each = |read: fn(&Stretch) -> i64| steps().into_iter().map(move |stretch| read(stretch).to_string());
    for (level, area) in AREAS {
        let place = format!("area=\"{area}\",level=\"{level}\"");
        let mut cohort = |window: &str, outcome: &str, read: fn(&Stretch) -> i64| {
            series(
                text,
                &format!("ucr_cohort_referrals{{{place},window=\"{window}\",outcome=\"{outcome}\"}}"),
                each(read),
            );
        };
        cohort("28d", "met", |stretch| stretch.month.0);
        cohort("28d", "breached", |stretch| stretch.month.1 - stretch.month.0);
        cohort("7d", "met", |stretch| stretch.week.0);
        cohort("7d", "breached", |stretch| stretch.week.1 - stretch.week.0);
        let mut open = |band: &str, read: fn(&Stretch) -> i64| {
            series(text, &format!("ucr_open_referrals{{{place},band=\"{band}\"}}"), each(read));
        };
        open("90_to_120m", |stretch| stretch.open[0]);
        open("over_120m", |stretch| stretch.open[1]);
    }
    let from = |first: usize, value: &'static str| {
        (0..steps().len()).map(move |step| if step < first { "_" } else { value }.to_owned())
    };
    series(text, "ucr_target_ratio{target=\"national\"}", from(0, "0.7"));
    series(text, "ucr_target_ratio{target=\"local\"}", from(LOCAL_FROM, "0.8"));
}

/// What the board shows after a step, as Prometheus would say it.
fn expected(text: &mut String, step: usize, held: &[Condition]) {
    let minutes = i64::try_from(step).unwrap() * STEP_MINUTES;
    let _ = writeln!(
        text,
        "  - expr: sum by (alertname, alertstate, area, level) (ALERTS)\n    eval_time: {minutes}m\n    exp_samples:"
    );
    for condition in held {
        let Condition { alert, level, area, .. } = condition;
        let state = if condition.is_told() { "firing" } else { "pending" };
        let _ = writeln!(
            text,
            "    - {{labels: '{{alertname=\"{alert}\",alertstate=\"{state}\",area=\"{area}\",level=\"{level}\"}}', value: 1}}"
        );
    }
}

#[test]
fn the_board_and_prometheus_tell_one_course() {
    let rules = repository().join("deploy/prometheus/rules");
    let mut text = "rule_files:\n".to_owned();
    for name in ["derived", "clock", "slip"] {
        let _ = writeln!(text, "- {}/{name}.yaml", rules.display());
    }
    let _ =
        writeln!(text, "evaluation_interval: {STEP_MINUTES}m\ngroup_eval_order: [ucr-derived, ucr-clock, ucr-slip]");
    let _ = writeln!(text, "tests:\n- interval: {STEP_MINUTES}m\n  input_series:");
    exposed(&mut text);
    text.push_str("  promql_expr_test:\n");
    let mut held: Vec<Condition> = Vec::new();
    let mut seen: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for (step, planted) in steps().into_iter().enumerate() {
        let as_of = outset() + TimeDelta::minutes(STEP_MINUTES * i64::try_from(step).unwrap());
        held = conditions(&snapshot(planted, as_of), &held);
        for condition in &held {
            *seen.entry((condition.alert.clone(), condition.stage.as_str())).or_default() += 1;
        }
        expected(&mut text, step, &held);
    }
    println!("{} steps: {seen:?}", steps().len());
    for rule in ["UCRBelowTargetConfident", "UCRBelowNationalMinimumConfident"] {
        for stage in ["pending", "firing", "ceased"] {
            assert!(seen.contains_key(&(rule.to_owned(), stage)), "the course has no {stage} {rule}: {seen:?}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("board.yaml");
    fs::write(&path, text).unwrap();
    let Some(output) = run("promtool", &["test", "rules", &path.display().to_string()]) else { return };
    let shown: String = words(&output).chars().take(6_000).collect();
    assert!(output.status.success(), "the board and Prometheus differ: {shown}");
}
