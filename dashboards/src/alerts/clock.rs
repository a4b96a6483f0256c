//! Family clock: people who wait now. Counts, never rates; no minimum, because one person is enough.

use homeward_transform::conditions::declared::Pace;
use homeward_transform::definition::{Alert as Declared, Definition};

use super::fault::AlertFault;
use super::levels;
use super::rule::{Alert, Severity};
use super::words::{AREA, AS_OF};

/// The snapshot with a series of its own; any other is read from `homeward_figure_numerator`.
pub(super) const OPEN_CLOCKS: &str = "ucr-open-clocks";

/// The alert of one declared band.
pub(super) fn alert(definition: &Definition, declared: &Declared) -> Result<Alert, AlertFault> {
    let Some(band) = &declared.band else {
        return Err(AlertFault {
            indicator: definition.id.clone(),
            rule: declared.rule.clone(),
            family: "clock",
            what: "names no band",
            mend: "add band = \"...\" to the [[alert]]: a clock alert counts people in a band of waiting time",
        });
    };
    let series = if definition.id == OPEN_CLOCKS {
        format!(r#"ucr_open_referrals{{band="{band}",{}}}"#, levels::clock())
    } else {
        format!(
            r#"homeward_figure_numerator{{indicator="{}",basis="{}",window="now",band="{band}",{}}}"#,
            definition.id,
            definition.default_basis,
            levels::clock()
        )
    };
    let (what, first) = words(band);
    Ok(Alert {
        name: declared.rule.clone(),
        expr: format!("{series} > 0"),
        hold_seconds: Pace::AT_ONCE.hold_seconds.into(),
        keep_seconds: Pace::AT_ONCE.keep_seconds.into(),
        severity: Severity::Now,
        family: "clock",
        labels: Vec::new(),
        summary: format!(r#"{AREA}: {{{{ $value | printf "%.0f" }}}} {what}, {AS_OF}"#),
        description: format!("{} {first}", definition.question),
        dashboard: "/area/{{ $labels.level }}/{{ $labels.area }}",
    })
}

/// What a band means to the person who is paged.
fn words(band: &str) -> (String, &'static str) {
    match band {
        "90_to_120m" => (
            "two-hour referral(s) open with under 30 minutes left".to_owned(),
            "Open the board, sorted by minutes left; reallocate or phone the team. The clock itself is never edited.",
        ),
        "over_120m" => (
            "two-hour referral(s) past two hours, no visit recorded".to_owned(),
            "They may have been visited and not written up. See the person first; then record the true contact time.",
        ),
        other => (format!("in the band {other}"), "Open the board."),
    }
}
