//! Family budget: late responses that the month still allows. Whole numbers, no statistics (handbook, alerting section 1).

use homeward_transform::definition::{Alert as Declared, Definition};

use super::fault::AlertFault;
use super::levels;
use super::rule::{Alert, Severity};
use super::words::{AREA, AS_OF, count};

/// The proportion whose budget the service computes.
pub(super) const RESPONSE: &str = "ucr-two-hour-response";

/// Seconds for which a budget must stay spent: a restatement passes in less.
const HOLD_SECONDS: u64 = 30 * 60;

/// The alert of one declared budget rule: its name says which of the two it is.
pub(super) fn alert(definition: &Definition, declared: &Declared) -> Result<Alert, AlertFault> {
    let fault = |what, mend| {
        Err(AlertFault { indicator: definition.id.clone(), rule: declared.rule.clone(), family: "budget", what, mend })
    };
    if definition.id != RESPONSE {
        return fault(
            "has no budget to read: only ucr-two-hour-response has ucr_month_late_responses_left",
            "remove the [[alert]], or have the service compute a budget for this indicator first",
        );
    }
    let left = format!("ucr_month_late_responses_left{{{}}}", levels::budget());
    let mut alert = if declared.rule.ends_with("Spent") {
        spent(&left)
    } else if declared.rule.ends_with("Lost") {
        lost(&left)
    } else {
        return fault("is neither ...Spent nor ...Lost", "end its name in Spent (none left) or Lost (below zero)");
    };
    if let Some(minimum) = declared.minimum_denominator {
        alert.expr = format!(
            "{}\nand on (area, level) area_window:ucr_decided_referrals:sum{{window=\"mtd\"}} >= {minimum}",
            alert.expr
        );
    }
    alert.name.clone_from(&declared.rule);
    Ok(alert)
}

fn spent(left: &str) -> Alert {
    Alert {
        // Few referrals allow no late response at all: nothing was spent where nobody was late.
        expr: format!(
            "{left} == 0\nunless on (area, level) ucr_cohort_referrals{{window=\"mtd\",outcome=\"breached\"}} == 0"
        ),
        summary: format!(
            "{AREA}: no late response left this month at the local target; {} of {} decided were late, {AS_OF}",
            late(),
            decided()
        ),
        description:
            "The next late response puts the month below the target. An estimate: referrals still to come are \
                      forecast from the last 28 days. Look at late responses by hour, team and source."
                .to_owned(),
        ..both()
    }
}

fn lost(left: &str) -> Alert {
    Alert {
        expr: format!("{left} < 0"),
        summary: format!(
            r#"{AREA}: {{{{ $value | printf "%.0f" }}}} late responses left this month at the local target; {} of {} decided were late, {AS_OF}"#,
            late(),
            decided()
        ),
        description: "More responses were late than the local target allows for the referrals expected this month. An \
                      estimate until the month ends. Plan capacity; do not reclassify 05 to 07 to recover."
            .to_owned(),
        ..both()
    }
}

/// What both have in common.
fn both() -> Alert {
    Alert {
        name: String::new(),
        expr: String::new(),
        hold_seconds: HOLD_SECONDS,
        keep_seconds: 0,
        severity: Severity::Ticket,
        family: "budget",
        labels: Vec::new(),
        summary: String::new(),
        description: String::new(),
        dashboard: "/area/{{ $labels.level }}/{{ $labels.area }}",
    }
}

fn late() -> String {
    count("ucr_cohort_referrals", r#"window="mtd",outcome="breached""#)
}

fn decided() -> String {
    count("area_window:ucr_decided_referrals:sum", r#"window="mtd""#)
}
