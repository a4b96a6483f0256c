//! Expressions over the series of `/metrics`.
//!
//! Ratios are sums divided last, and a denominator of 0 gives no sample rather than NaN: `sum / (sum > 0)`. Areas of one
//! level never overlap, so the sum over the chosen areas counts nobody twice; that is why every expression names a level.

use homeward_transform::definition::Definition;

/// The instant that the figures speak for, in seconds.
pub(super) const AS_OF: &str = "max(ucr_as_of_timestamp_seconds)";

/// The chosen areas of the chosen level.
pub(super) const CHOSEN: &str = r#"level="$level",area=~"$area""#;

/// Seconds since a provider last recorded something, at the instant of the figures: in a demonstration that runs faster
/// than the clock on the wall, both move together.
const SILENCE: &str = "(scalar(max(ucr_as_of_timestamp_seconds)) - ucr_watermark_timestamp_seconds)";

fn figure(series: &str, definition: &Definition, matchers: &str) -> String {
    let Definition { id, default_basis, .. } = definition;
    format!(r#"homeward_figure_{series}{{indicator="{id}",basis="{default_basis}",{CHOSEN},{matchers}}}"#)
}

/// The numerator of the chosen areas, summed by some labels (none: altogether).
pub(super) fn numerator(definition: &Definition, by: &str, matchers: &str) -> String {
    format!("{}({})", sum_by(by), figure("numerator", definition, matchers))
}

/// The number of a figure that does not add up, for each chosen area.
pub(super) fn own(definition: &Definition, matchers: &str) -> String {
    figure(if definition.kind.has_numerator() { "numerator" } else { "percentile" }, definition, matchers)
}

/// The denominator likewise; no sample where it is 0.
pub(super) fn denominator(definition: &Definition, by: &str, matchers: &str) -> String {
    format!("({}({}) > 0)", sum_by(by), figure("denominator", definition, matchers))
}

/// Numerator over denominator, divided last.
pub(super) fn ratio(definition: &Definition, by: &str, matchers: &str) -> String {
    format!("{} / {}", numerator(definition, by, matchers), denominator(definition, by, matchers))
}

/// Denominator less numerator: what was counted and missed.
pub(super) fn missed(definition: &Definition, by: &str, matchers: &str) -> String {
    format!("{} - {}", denominator(definition, by, matchers), numerator(definition, by, matchers))
}

/// Beds without a patient, area by area: one that is over its beds takes none from another.
pub(super) fn empty_beds(definition: &Definition) -> String {
    let at = r#"window="now""#;
    format!("sum(clamp_min({}, 0))", missed(definition, "area", at))
}

fn sum_by(by: &str) -> String {
    if by.is_empty() { "sum".to_owned() } else { format!("sum by ({by}) ") }
}

/// The target lines in force, one a name.
pub(super) fn target(definition: &Definition, name: &str) -> String {
    format!(r#"max(homeward_target_ratio{{indicator="{}",target="{name}"}})"#, definition.id)
}

/// Open clocks by some labels. The indicator behind `ucr_open_referrals` has zeros there for every area that reports;
/// the generic series of another one has no sample where nobody waits.
pub(super) fn open_clocks(definition: &Definition, by: &str, band: Option<&str>) -> String {
    let band = band.map(|band| format!(r#",band="{band}""#)).unwrap_or_default();
    if definition.id == "ucr-open-clocks" {
        format!("{}(ucr_open_referrals{{{CHOSEN}{band}}})", sum_by(by))
    } else {
        numerator(definition, by, &format!(r#"window="now"{band}"#))
    }
}

/// Late responses that the month still allows, by area.
pub(super) fn late_responses_left() -> String {
    format!("sum by (area) (ucr_month_late_responses_left{{{CHOSEN}}})")
}

/// 1 when the instant of the figures moved in the last three minutes, 0 when it stands still.
pub(super) fn moving() -> String {
    "max(changes(ucr_as_of_timestamp_seconds[3m])) > bool 0".to_owned()
}

/// Seconds since the instant of the figures, by the clock on the wall.
pub(super) fn age() -> String {
    format!("time() - {AS_OF}")
}

/// Providers that report as expected: within their usual gap, or closed.
pub(super) fn providers_reporting() -> String {
    format!("count(ucr_service_open) - {}", providers_silent())
}

/// Providers that are silent for longer than their usual gap while their service is open.
pub(super) fn providers_silent() -> String {
    format!("sum({})", silent())
}

fn silent() -> String {
    format!("({SILENCE} > bool on (provider) ucr_expected_gap_seconds) * on (provider) ucr_service_open")
}

/// 1 for a silent provider, 0 for one that reports as expected.
pub(super) fn silent_by_provider() -> String {
    format!("max by (provider) ({})", silent())
}

/// Seconds since each provider's last event.
pub(super) fn silence_by_provider() -> String {
    format!("max by (provider) ({SILENCE})")
}

/// Seconds since the consumer of each provider's feed last asked the broker.
pub(super) fn poll_age_by_provider() -> String {
    "max by (provider) (clamp_min(scalar(max(ucr_as_of_timestamp_seconds)) - ucr_consumer_last_poll_timestamp_seconds, 0))"
        .to_owned()
}

/// Seconds since each provider last recorded a stay on a virtual ward.
pub(super) fn ward_silence() -> String {
    format!("max by (provider) (scalar({AS_OF}) - virtual_ward_watermark_timestamp_seconds)")
}

/// Seconds since the oldest beds of each provider's wards were recorded.
pub(super) fn ward_beds_age() -> String {
    format!("max by (provider) (scalar({AS_OF}) - virtual_ward_beds_told_timestamp_seconds)")
}

/// Share of the last day's events that were refused.
pub(super) fn refused_share() -> String {
    r#"sum(ucr_events_rejected{window="1d"}) / (sum(ucr_events_received{window="1d"}) > 0)"#.to_owned()
}

/// Alerts that fire, without the one that always does.
pub(super) fn alerts_firing() -> String {
    r#"max by (alertname, severity, family, area, provider, level) (ALERTS{alertstate="firing",alertname!="Watchdog"})"#
        .to_owned()
}

/// 1 while the rules are evaluated: the watchdog fires always.
pub(super) fn watchdog() -> String {
    r#"max(ALERTS{alertstate="firing",alertname="Watchdog"})"#.to_owned()
}
