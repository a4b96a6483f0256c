//! Virtual wards: how full they are, and whether what is told of them can be believed.
//!
//! A ward that is full now is told after an hour. Below the target speaks of the mean of a week, of providers with some beds.
//! Lines, sizes and ages are those of the board's conditions ([`homeward_transform::conditions::wards`]). Nobody is woken: a
//! full ward sends people elsewhere, and its team sees that first.

use homeward_transform::conditions::wards as lines;
use homeward_transform::definition::Definition;

use super::levels;
use super::options::Options;
use super::rule::{Alert, Severity};
use super::trust::{CLOCK, ticket};
use super::words::{AREA, AS_OF, count, percent};

/// Seconds of a day.
const DAY_SECONDS: u64 = 24 * 3600;
/// For so long a condition must hold.
const HOLD_SECONDS: u64 = lines::PACE.hold_seconds as u64;

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
        expr: format!("{patients} / ({beds} > 0) > {}", lines::RISK),
        summary: format!(
            "{AREA}: virtual wards are {{{{ $value | humanizePercentage }}}} full, above {}: {}, {AS_OF}",
            percent(lines::RISK),
            census(definition)
        ),
        description:
            "Hardly a bed is free: the next person may have to go to hospital. Above 100% check the beds that are \
                      told and stays that were never closed."
                .to_owned(),
        ..occupancy(lines::HIGH)
    }
}

fn below(definition: &Definition, options: &Options) -> Alert {
    let (patients, beds) = (series(definition, "numerator"), series(definition, "denominator"));
    let week = options.duration(u64::from(lines::MEAN_DAYS) * DAY_SECONDS);
    let target = format!(r#"max(homeward_target_ratio{{indicator="{}",target="{}"}})"#, definition.id, lines::TARGET);
    Alert {
        // A week must have been seen, or its mean is that of a morning.
        expr: format!(
            "avg_over_time({patients}[{week}]) / (avg_over_time({beds}[{week}]) > 0) < on () group_left () {target}\nand {beds} >= {}\nand {beds} offset {week}",
            lines::BEDS_MIN
        ),
        summary: format!(
            "{AREA}: virtual wards were {{{{ $value | humanizePercentage }}}} full over the week, below the national line; {}, {AS_OF}",
            census(definition)
        ),
        description:
            "Beds stand empty for people who could be at home. A mean of a week over all wards of the provider; \
                      fewer than ten beds stay silent."
                .to_owned(),
        ..occupancy(lines::BELOW)
    }
}

fn zero(definition: &Definition, options: &Options) -> Alert {
    let (patients, beds) = (series(definition, "numerator"), series(definition, "denominator"));
    let before = options.duration(u64::from(lines::ZERO_DAYS) * DAY_SECONDS);
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
        ..ticket(lines::ZERO, HOLD_SECONDS)
    }
}

fn beds_stale() -> Alert {
    Alert {
        expr: format!(
            "scalar({CLOCK}) - virtual_ward_beds_told_timestamp_seconds > {}",
            u64::from(lines::BEDS_AGE_DAYS) * DAY_SECONDS
        ),
        summary: format!(
            "Virtual ward {{{{ $labels.ward }}}} of {{{{ $labels.provider }}}}: its beds were told {{{{ $value | humanizeDuration }}}} ago, {AS_OF}"
        ),
        description: "Occupancy divides by a number of beds that nobody has confirmed for six weeks.".to_owned(),
        dashboard: "/virtual-wards",
        ..ticket(lines::BEDS_STALE, HOLD_SECONDS)
    }
}

fn silent() -> Alert {
    Alert {
        expr: format!(
            "scalar({CLOCK}) - virtual_ward_watermark_timestamp_seconds > {}",
            u64::from(lines::SILENCE_HOURS) * 3600
        ),
        summary: format!(
            "Virtual wards of {{{{ $labels.provider }}}}: no message about a stay for {{{{ $value | humanizeDuration }}}}, {AS_OF}"
        ),
        description:
            "Nobody was admitted, discharged or corrected for three days: the ward's system or its link has stopped. \
                      Its occupancy stands still, and its alerts are muted."
                .to_owned(),
        dashboard: "/virtual-wards",
        ..ticket(lines::SILENT, HOLD_SECONDS)
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
