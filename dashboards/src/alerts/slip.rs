//! Family slip: a rate that is below its target, and not by chance.
//!
//! No alert here looks at a rate alone. It begins when the 95% Wilson bound lies beyond the target and the denominator
//! reaches the definition's minimum; it ends when even the 68% bound no longer does ([`wilson::Z_END`]).

use homeward_transform::conditions::declared::{Incomplete, Slip};
use homeward_transform::definition::{Alert as Declared, Definition, Direction};

use super::budget::RESPONSE;
use super::fault::AlertFault;
use super::levels;
use super::options::Options;
use super::rule::{Alert, Recording, Severity};
use super::wilson::{self, Bound, Source};
use super::words::{AREA, AS_OF, MAIN_PROVIDER, count, percent};

/// Seconds for which a rule remembers that it fired: longer than a restart of Prometheus, far shorter than a page stays. An
/// instant selector would forget after five minutes.
const MEMORY_SECONDS: u64 = 20 * 60;

/// A bound nearer to its line than this lies on it, and is not beyond it. Bounds meet a line exactly (with z = 1, 18 of 25 has
/// the upper bound 0.8), and a formula in floating point then falls on either side. The board compares in whole numbers
/// (`homeward_transform::statistics::is_wholly_below`), which PromQL lacks.
const ON_THE_LINE: f64 = 1e-9;

/// Series of one proportion, by name.
struct Series {
    decided: String,
    met: String,
    begins: String,
    ends: String,
    target: String,
    /// Labels that pick the indicator where series are shared.
    pick: String,
}

/// The window as Prometheus labels it: `24h` of the definitions is `1d`.
pub(super) fn window_label(window: &str) -> &str {
    if window == "24h" { "1d" } else { window }
}

/// The alert of one declared slip rule.
pub(super) fn alert(definition: &Definition, declared: &Declared, options: &Options) -> Result<Alert, AlertFault> {
    let slip = Slip::of(definition, declared).map_err(|Incomplete { what, mend }| AlertFault {
        indicator: definition.id.clone(),
        rule: declared.rule.clone(),
        family: "slip",
        what,
        mend,
    })?;
    let (Slip { window, target, minimum, .. }, pace) = (slip, slip.pace());
    let series = series(definition, target);
    let window = window_label(window);
    let (sign, inside, side) = match definition.direction {
        Direction::Down => (">", "+", "above"),
        Direction::Up | Direction::Context => ("<", "-", "below"),
    };
    let select = format!("{{{}window=\"{window}\",{}}}", series.pick, levels::slip());
    let Series { decided, met, begins, ends, target: target_series, .. } = &series;
    let beyond = format!("{sign} on () group_left () (max({target_series}) {inside} {ON_THE_LINE})");
    let (rule, memory) = (&declared.rule, options.duration(MEMORY_SECONDS));
    let expr = format!(
        "(\n  {begins}{select} {beyond}\n  or\n  {ends}{select} {beyond}\n  and on (area, level) last_over_time(ALERTS{{alertname=\"{rule}\",alertstate=\"firing\"}}[{memory}])\n)\nand on (area, level) {decided}{select} >= {minimum}"
    );
    let picked = format!("{}window=\"{window}\"", series.pick);
    let (met, decided) = (count(met, &with_outcome(definition, &picked)), count(decided, &picked));
    let line = target_words(definition, target);
    Ok(Alert {
        name: rule.clone(),
        expr,
        hold_seconds: pace.hold_seconds.into(),
        keep_seconds: pace.keep_seconds.into(),
        severity: if slip.pages() { Severity::Page } else { Severity::Ticket },
        family: "slip",
        labels: vec![("target", target.to_owned()), ("provider", MAIN_PROVIDER.to_owned())],
        summary: format!(
            "{AREA}: {met} of {decided} over {window}, {side} {line} and not by chance (bound {{{{ $value | humanizePercentage }}}}), {AS_OF}"
        ),
        description: format!(
            "{} The 95% interval lies wholly {side} the target; fewer than {minimum} decided stay silent. Check coverage of the data first, then the areas, hours and sources behind it.",
            definition.question
        ),
        dashboard: "/area/{{ $labels.level }}/{{ $labels.area }}",
    })
}

/// The target line as its definition writes it. The rule itself compares with the series, which steps at `valid_from`.
fn target_words(definition: &Definition, name: &str) -> String {
    let values: Vec<String> =
        definition.targets.iter().filter(|target| target.name == name).map(|target| percent(target.value)).collect();
    format!("the {name} line of {}", values.join(", then "))
}

fn series(definition: &Definition, target: &str) -> Series {
    let bound = match definition.direction {
        Direction::Down => "lower",
        Direction::Up | Direction::Context => "upper",
    };
    if definition.id == RESPONSE {
        return Series {
            decided: "area_window:ucr_decided_referrals:sum".to_owned(),
            met: "ucr_cohort_referrals".to_owned(),
            begins: format!("area_window:ucr_met_per_decided:wilson_{bound}95"),
            ends: format!("area_window:ucr_met_per_decided:wilson_{bound}68"),
            target: format!("ucr_target_ratio{{target=\"{target}\"}}"),
            pick: String::new(),
        };
    }
    Series {
        decided: "homeward_figure_denominator".to_owned(),
        met: "homeward_figure_numerator".to_owned(),
        begins: format!("area_window:homeward_numerator_per_denominator:wilson_{bound}95"),
        ends: format!("area_window:homeward_numerator_per_denominator:wilson_{bound}68"),
        target: format!("homeward_target_ratio{{indicator=\"{}\",target=\"{target}\"}}", definition.id),
        pick: format!("indicator=\"{}\",basis=\"{}\",", definition.id, definition.default_basis),
    }
}

fn with_outcome(definition: &Definition, picked: &str) -> String {
    if definition.id == RESPONSE { format!("{picked},outcome=\"met\"") } else { picked.to_owned() }
}

/// Series that the rules of `ucr-two-hour-response` share (handbook, alerting section 3).
pub(super) fn response_recordings() -> Vec<Recording> {
    let decided = "area_window:ucr_decided_referrals:sum";
    let ratio = "area_window:ucr_met_per_decided:ratio";
    let source = Source { ratio, trials: decided };
    vec![
        Recording {
            record: decided,
            expr: r#"sum without (outcome) (ucr_cohort_referrals{outcome=~"met|breached"})"#.to_owned(),
        },
        Recording {
            record: ratio,
            expr: format!(r#"sum without (outcome) (ucr_cohort_referrals{{outcome="met"}}) / ({decided} > 0)"#),
        },
        Recording {
            record: "area_window:ucr_met_per_decided:wilson_upper95",
            expr: wilson::bound(&source, wilson::Z_BEGIN, Bound::Upper),
        },
        Recording {
            record: "area_window:ucr_met_per_decided:wilson_upper68",
            expr: wilson::bound(&source, wilson::Z_END, Bound::Upper),
        },
        Recording {
            record: "area_window:ucr_best_case_per_total:ratio",
            expr: "sum without (outcome) (ucr_cohort_referrals{outcome=~\"met|open\"})\n/ (sum without (outcome) (ucr_cohort_referrals{outcome=~\"met|breached|open\"}) > 0)"
                .to_owned(),
        },
    ]
}

/// The same for proportions that an analyst added: only those with a slip rule, so that nothing is computed in vain.
pub(super) fn other_recordings(definitions: &[&Definition]) -> Vec<Recording> {
    if definitions.is_empty() {
        return Vec::new();
    }
    let ids: Vec<&str> = definitions.iter().map(|definition| definition.id.as_str()).collect();
    let pick = format!("{{indicator=~\"{}\",window!=\"now\"}}", ids.join("|"));
    let ratio = "area_window:homeward_numerator_per_denominator:ratio";
    let trials = format!("homeward_figure_denominator{pick}");
    let source = Source { ratio, trials: &trials };
    let mut recordings = vec![Recording {
        record: ratio,
        expr: format!("homeward_figure_numerator{pick} / (homeward_figure_denominator{pick} > 0)"),
    }];
    for (record, z, side) in [
        ("area_window:homeward_numerator_per_denominator:wilson_upper95", wilson::Z_BEGIN, Bound::Upper),
        ("area_window:homeward_numerator_per_denominator:wilson_upper68", wilson::Z_END, Bound::Upper),
        ("area_window:homeward_numerator_per_denominator:wilson_lower95", wilson::Z_BEGIN, Bound::Lower),
        ("area_window:homeward_numerator_per_denominator:wilson_lower68", wilson::Z_END, Bound::Lower),
    ] {
        recordings.push(Recording { record, expr: wilson::bound(&source, z, side) });
    }
    recordings
}
