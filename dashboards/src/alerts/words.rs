//! Phrases that every alert says in the same way: which area, as of when, how many.

/// The area as people call it, with its code: `Livewell Southwest (NR5)`.
pub(super) const AREA: &str = concat!(
    r#"{{ with printf "homeward_area_name{area=%q,level=%q}" $labels.area $labels.level | query }}"#,
    r#"{{ . | first | label "name" }} ({{ $labels.area }}){{ else }}{{ $labels.area }}{{ end }}"#,
);

/// The instant that the figures speak for. UTC, and it says so.
pub(super) const AS_OF: &str = concat!(
    r#"as of {{ with query "max(ucr_as_of_timestamp_seconds)" }}{{ . | first | value | humanizeTimestamp }}"#,
    "{{ else }}an unknown instant{{ end }}",
);

/// The provider that takes most of the area's referrals. A wider area's alert carries it, so that Alertmanager can tell
/// that the truth behind it has been told already.
pub(super) const MAIN_PROVIDER: &str = concat!(
    r#"{{ with printf "ucr_area_main_provider{area=%q,level=%q}" $labels.area $labels.level | query }}"#,
    r#"{{ . | first | label "provider" }}{{ end }}"#,
);

/// The first value of a query over the alert's own area and level, as a whole number.
///
/// `series` and `labels` are PromQL: `ucr_cohort_referrals`, `window="28d",outcome="met"`.
pub(super) fn count(series: &str, labels: &str) -> String {
    let labels = labels.replace('"', r#"\""#);
    let comma = if labels.is_empty() { "" } else { "," };
    format!(
        r#"{{{{ with printf "{series}{{area=%q,level=%q{comma}{labels}}}" $labels.area $labels.level | query }}}}{{{{ . | first | value | printf "%.0f" }}}}{{{{ else }}}}?{{{{ end }}}}"#
    )
}

/// A share as a whole or decimal percentage: `80%`, `67.5%`.
pub(super) fn percent(ratio: f64) -> String {
    let tenths = (ratio * 1_000.0).round();
    if (tenths / 10.0).fract() == 0.0 { format!("{:.0}%", tenths / 10.0) } else { format!("{:.1}%", tenths / 10.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_asks_for_the_alerts_own_area() {
        assert_eq!(
            count("ucr_open_referrals", r#"band="over_120m""#),
            concat!(
                r#"{{ with printf "ucr_open_referrals{area=%q,level=%q,band=\"over_120m\"}" $labels.area $labels.level | query }}"#,
                r#"{{ . | first | value | printf "%.0f" }}{{ else }}?{{ end }}"#
            )
        );
        assert_eq!((percent(0.8), percent(0.675)), ("80%".to_owned(), "67.5%".to_owned()));
    }
}
