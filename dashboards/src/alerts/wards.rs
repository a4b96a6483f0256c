//! Virtual wards: how full they are, and whether what is told of them can be believed.
//!
//! Occupancy is a census and no sample, so no chance bound is drawn round it; what stands in for it is time and size. A ward
//! that is full now is told after an hour. Below the target speaks of the mean of a week, of providers with some beds: one
//! empty bed of five is no under-use. Lines and waits are the handbook's where it has them (`virtual-wards.md` sections 4, 5
//! and 6), else our choice. Nobody is woken: a full ward sends people elsewhere, and its team sees that first.

use homeward_transform::definition::Definition;

use super::levels;
use super::options::Options;
use super::rule::{Alert, Severity};
use super::trust::{CLOCK, ticket};
use super::words::{AREA, AS_OF, count, percent};
use crate::WARD_RISK;

/// The definition that the rules read.
pub(super) const OCCUPANCY: &str = "virtual-ward-occupancy-now";

/// Fewest beds of which under-use is told.
const BEDS_MIN: u32 = 10;
/// The target is read against the mean of a week: mornings and week-ends level out.
const MEAN_SECONDS: u64 = 7 * 24 * 3600;
/// A zero is suspect for so long after patients were told.
const ZERO_SECONDS: u64 = 31 * 24 * 3600;
/// The national return asks for beds once a month, and two last Fridays are at most five weeks apart; a week more.
const BEDS_AGE_SECONDS: u64 = 42 * 24 * 3600;
/// No message about a stay for longer than any week-end.
const SILENCE_SECONDS: u64 = 72 * 3600;
/// For so long a condition must hold: a restatement passes in less.
const HOLD_SECONDS: u64 = 3600;

/// The rules about how full the wards are, and about the figures of the definition.
pub(super) fn alerts(definition: &Definition, options: &Options) -> Vec<Alert> {
    vec![high(definition), below(definition, options), zero(definition, options), beds_stale(), silent()]
}

/// Labels of the figure now at the level that can act.
fn pick(definition: &Definition) -> String {
    let Definition { id, default_basis, .. } = definition;
    format!(r#"indicator="{id}",basis="{default_basis}",window="now""#)
}

fn series(definition: &Definition, name: &str) -> String {
    format!("homeward_figure_{name}{{{},{}}}", pick(definition), levels::wards())
}

/// Patients and beds in the words of a message.
fn census(definition: &Definition) -> String {
    let of = |name: &str| count(&format!("homeward_figure_{name}"), &pick(definition));
    format!("{} patients in {} beds now", of("numerator"), of("denominator"))
}

fn high(definition: &Definition) -> Alert {
    let (patients, beds) = (series(definition, "numerator"), series(definition, "denominator"));
    Alert {
        expr: format!("{patients} / ({beds} > 0) > {WARD_RISK}"),
        summary: format!(
            "{AREA}: virtual wards are {{{{ $value | humanizePercentage }}}} full, above {}: {}, {AS_OF}",
            percent(WARD_RISK),
            census(definition)
        ),
        description:
            "Hardly a bed is free: the next person may have to go to hospital. Above 100% check the beds that are \
                      told and stays that were never closed."
                .to_owned(),
        ..occupancy("VWOccupancyHigh")
    }
}

fn below(definition: &Definition, options: &Options) -> Alert {
    let (patients, beds) = (series(definition, "numerator"), series(definition, "denominator"));
    let week = options.duration(MEAN_SECONDS);
    let target = format!(r#"max(homeward_target_ratio{{indicator="{}",target="national"}})"#, definition.id);
    Alert {
        // A week must have been seen, or its mean is that of a morning.
        expr: format!(
            "avg_over_time({patients}[{week}]) / (avg_over_time({beds}[{week}]) > 0) < on () group_left () {target}\nand {beds} >= {BEDS_MIN}\nand {beds} offset {week}"
        ),
        summary: format!(
            "{AREA}: virtual wards were {{{{ $value | humanizePercentage }}}} full over the week, below the national line; {}, {AS_OF}",
            census(definition)
        ),
        description:
            "Beds stand empty for people who could be at home. A mean of a week over all wards of the provider; \
                      fewer than ten beds stay silent."
                .to_owned(),
        ..occupancy("VWOccupancyBelowTarget")
    }
}

fn zero(definition: &Definition, options: &Options) -> Alert {
    let (patients, beds) = (series(definition, "numerator"), series(definition, "denominator"));
    let before = options.duration(ZERO_SECONDS);
    Alert {
        expr: format!("{patients} == 0\nand {beds} > 0\nand max_over_time({patients}[{before}]) > 0"),
        summary: format!(
            "{AREA}: not one patient on any virtual ward, and there were some within the month; {}, {AS_OF}",
            census(definition)
        ),
        description:
            "A count that is missing looks like 0. The point is shown, and is not believed until somebody has asked \
                      the provider."
                .to_owned(),
        labels: own_provider(),
        dashboard: WARDS_OF_AREA,
        ..ticket("VWSuspectZero", HOLD_SECONDS)
    }
}

fn beds_stale() -> Alert {
    Alert {
        expr: format!("scalar({CLOCK}) - virtual_ward_beds_told_timestamp_seconds > {BEDS_AGE_SECONDS}"),
        summary: format!(
            "Virtual ward {{{{ $labels.ward }}}} of {{{{ $labels.provider }}}}: its beds were told {{{{ $value | humanizeDuration }}}} ago, {AS_OF}"
        ),
        description: "Occupancy divides by a number of beds that nobody has confirmed for six weeks.".to_owned(),
        dashboard: "/virtual-wards",
        ..ticket("VWBedsStale", HOLD_SECONDS)
    }
}

fn silent() -> Alert {
    Alert {
        expr: format!("scalar({CLOCK}) - virtual_ward_watermark_timestamp_seconds > {SILENCE_SECONDS}"),
        summary: format!(
            "Virtual wards of {{{{ $labels.provider }}}}: no message about a stay for {{{{ $value | humanizeDuration }}}}, {AS_OF}"
        ),
        description:
            "Nobody was admitted, discharged or corrected for three days: the ward's system or its link has stopped. \
                      Its occupancy stands still, and its alerts are muted."
                .to_owned(),
        dashboard: "/virtual-wards",
        ..ticket("VWFeedSilent", HOLD_SECONDS)
    }
}

const WARDS_OF_AREA: &str = "/area/{{ $labels.level }}/{{ $labels.area }}/virtual-wards";

/// Alertmanager mutes by it while the provider's wards are silent.
fn own_provider() -> Vec<(&'static str, String)> {
    vec![("provider", "{{ $labels.area }}".to_owned())]
}

fn occupancy(name: &str) -> Alert {
    Alert {
        name: name.to_owned(),
        expr: String::new(),
        hold_seconds: HOLD_SECONDS,
        keep_seconds: 0,
        severity: Severity::Ticket,
        family: "wards",
        labels: own_provider(),
        summary: String::new(),
        description: String::new(),
        dashboard: WARDS_OF_AREA,
    }
}
