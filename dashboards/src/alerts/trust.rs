//! Family trust: may anybody believe the board? Rules of the house itself; no definition declares them.
//!
//! Ages are differences of the **house's clock** (`homeward_clock_timestamp_seconds`, read at the scrape), not of
//! Prometheus's: both ends of a difference then come from one process, a skew between two hosts moves nothing, and a house
//! whose clock is simulated is judged in its own time. The price is a clock that could be wrong without anybody noticing,
//! so `HomewardClockSkew` compares it with the instant of the scrape. Without the gauge the rules fall back on `time()`.

use super::levels;
use super::options::Options;
use super::rule::{Alert, Recording, Severity};
use super::words::AS_OF;

/// Thresholds of the handbook (alerting, section 3); ours where it says nothing.
const POLL_AGE_SECONDS: u64 = 120;
const LAG_RECORDS: u64 = 1_000;
const REJECTED_SHARE: &str = "0.05";
/// Smallest number of events for which a share is told (our choice: one bad record of three is no trend).
const REJECTED_RECEIVED_MIN: u64 = 20;
/// Age of figures past which a board is stale (our choice: twice the minute at which /readyz says so).
const FIGURES_AGE_SECONDS: u64 = 120;
/// Difference of two clocks that NTP does not explain (our choice).
const SKEW_SECONDS: u64 = 30;

pub(super) const CLOCK: &str = "house:homeward_clock:timestamp_seconds";
const POLL_AGE: &str = "provider:ucr_consumer_last_poll:age_seconds";
const SILENT: &str = "provider:ucr_feed_silent:age_seconds";

/// Series that the rules of this family share, in the order of their evaluation.
pub(super) fn recordings() -> Vec<Recording> {
    let gap = "max by (provider) (ucr_expected_gap_seconds)";
    vec![
        Recording { record: CLOCK, expr: "max(homeward_clock_timestamp_seconds) or vector(time())".to_owned() },
        // The oldest poll of any process that reads the feed: one that hangs is not hidden by one that lives.
        Recording {
            record: POLL_AGE,
            expr: format!("scalar({CLOCK}) - min by (provider) (ucr_consumer_last_poll_timestamp_seconds)"),
        },
        // Quiet for longer than usual, in service hours; and the hours in which nobody works do not count.
        Recording {
            record: SILENT,
            expr: format!(
                "(scalar({CLOCK}) - max by (provider) (ucr_watermark_timestamp_seconds)) > on (provider) {gap}\nand on (provider) max by (provider) (ucr_service_open) == 1\nunless on (provider) max by (provider) (ucr_open_silence_seconds) <= on (provider) {gap}"
            ),
        },
    ]
}

/// A provider's condition told for each area that it spoils, or for the provider alone where no area is known.
fn by_area(condition: &str) -> String {
    format!(
        "({condition}) * on (provider) group_right () ucr_feed_area{{{}}}\nor on (provider) ({condition})",
        levels::slip()
    )
}

/// Every alert of the family.
pub(super) fn alerts(options: &Options) -> Vec<Alert> {
    let mut alerts = feed_alerts();
    alerts.extend(share_alerts());
    alerts.extend(house_alerts());
    if options.is_real_time() {
        alerts.push(clock_skew());
    }
    alerts.push(watchdog());
    alerts
}

fn feed_alerts() -> Vec<Alert> {
    vec![
        Alert {
            expr: by_area(&format!("{POLL_AGE} > {POLL_AGE_SECONDS}")),
            summary: format!(
                "Feed of {{{{ $labels.provider }}}} ({{{{ $labels.area }}}}): the broker was not asked for {{{{ $value | humanizeDuration }}}}, {AS_OF}"
            ),
            description:
                "The consumer is stuck or cannot reach the broker. Figures of the areas named stand still; their \
                          slip and budget alerts are muted."
                    .to_owned(),
            ..page("UCRFeedStalled", 300)
        },
        Alert {
            expr: by_area(SILENT),
            summary: format!(
                "Feed of {{{{ $labels.provider }}}} ({{{{ $labels.area }}}}): no event for {{{{ $value | humanizeDuration }}}} and the service is open, {AS_OF}"
            ),
            description:
                "We ask and nothing comes. The provider's system, its link or its sender has stopped, or nobody \
                          was referred for longer than chance explains."
                    .to_owned(),
            ..page("UCRFeedSilent", 300)
        },
        Alert {
            expr: "absent(ucr_watermark_timestamp_seconds)".to_owned(),
            summary: format!("No provider's feed is exposed at all: 0 watermarks for any area, {AS_OF}"),
            description: "The service is down, is not scraped, or holds no event. Figures on boards are not live."
                .to_owned(),
            ..page("UCRFeedAbsent", 300)
        },
        Alert {
            expr: format!("ucr_consumer_lag_records > {LAG_RECORDS}"),
            summary: format!(
                r#"Feed of {{{{ $labels.provider }}}}: {{{{ $value | printf "%.0f" }}}} records wait at the broker, {AS_OF}"#
            ),
            description: "More comes than is taken in, or commits fail. Figures are behind by what waits.".to_owned(),
            ..ticket("UCRConsumerLag", 600)
        },
    ]
}

fn share_alerts() -> Vec<Alert> {
    let series = |name: &str, labels: &str| format!("{name}{{window=\"1d\"{labels}}}");
    let known = r#",provider!="unknown""#;
    let (rejected, received) = (series("ucr_events_rejected", known), series("ucr_events_received", known));
    // A record that names no provider counts against the house as a whole.
    let all = |name: &str| format!("sum without (provider) ({})", series(name, ""));
    let (all_rejected, all_received) = (all("ucr_events_rejected"), all("ucr_events_received"));
    let expr = format!(
        "{rejected} / ({received} >= {REJECTED_RECEIVED_MIN}) > {REJECTED_SHARE}\nor\n{all_rejected} / ({all_received} >= {REJECTED_RECEIVED_MIN}) > {REJECTED_SHARE}"
    );
    let who = "{{ if $labels.provider }}{{ $labels.provider }}{{ else }}all providers{{ end }}";
    vec![Alert {
        expr,
        summary: format!(
            "Feed of {who}: {{{{ $value | humanizePercentage }}}} of the last day's events were refused, {AS_OF}"
        ),
        description: "Refused records lie sealed in quarantine and count nowhere. Look at their reasons by provider; \
                      replay after the mend."
            .to_owned(),
        ..ticket("UCRRejectedShare", 1_800)
    }]
}

fn house_alerts() -> Vec<Alert> {
    vec![
        Alert {
            expr: "homeward_ingest_feed_stopped == 1".to_owned(),
            summary: format!("Feed {{{{ $labels.feed }}}} stopped itself: 0 records of any area are taken in, {AS_OF}"),
            description:
                "Most of a batch was refused, or Kafka no longer holds the next record. Nothing is lost; nothing \
                          is taken in until somebody has looked."
                    .to_owned(),
            ..page("HomewardFeedStopped", 60)
        },
        Alert {
            expr: format!("scalar({CLOCK}) - max(ucr_as_of_timestamp_seconds) > {FIGURES_AGE_SECONDS}"),
            summary: format!("Figures of all areas stand still for {{{{ $value | humanizeDuration }}}}, {AS_OF}"),
            description:
                "No new snapshot is made. Open referrals no longer age on the board, so clock alerts are blind."
                    .to_owned(),
            ..page("HomewardFiguresStale", 300)
        },
        Alert {
            expr: "homeward_exposition_series_refused > 0".to_owned(),
            summary: format!(
                r#"Figures of all areas are left out of /metrics: {{{{ $value | printf "%.0f" }}}} series exceed the limit, {AS_OF}"#
            ),
            description: "Without figures no clock, budget or slip alert can fire. Serve fewer areas or definitions a \
                          process."
                .to_owned(),
            ..page("HomewardFiguresRefused", 300)
        },
        Alert {
            expr: r#"up{job="homeward"} == 0"#.to_owned(),
            summary: format!("{{{{ $labels.instance }}}} cannot be scraped; 1 process of the house is unseen, {AS_OF}"),
            description: "The process is down, its address changed, or the scrape is refused.".to_owned(),
            ..page("HomewardScrapeFailing", 300)
        },
    ]
}

fn clock_skew() -> Alert {
    Alert {
        expr: format!(
            "abs(timestamp(homeward_clock_timestamp_seconds) - homeward_clock_timestamp_seconds) > {SKEW_SECONDS}"
        ),
        summary: format!(
            "{{{{ $labels.instance }}}}: its clock and the scrape's differ by {{{{ $value | humanizeDuration }}}}, {AS_OF}"
        ),
        description: "Every age is a difference of that clock, and every waiting time ends at it. Mend NTP first; or \
                      something between answers scrapes from a cache."
            .to_owned(),
        ..ticket("HomewardClockSkew", 300)
    }
}

fn watchdog() -> Alert {
    Alert {
        expr: "vector(1)".to_owned(),
        severity: Severity::None,
        summary: format!("Always firing: 1 alert path for all areas is alive, {AS_OF}"),
        description: "Its silence is the alarm: then no alert can reach anyone. An external receiver must notice."
            .to_owned(),
        ..page("Watchdog", 0)
    }
}

fn page(name: &str, hold_seconds: u64) -> Alert {
    Alert {
        name: name.to_owned(),
        expr: String::new(),
        hold_seconds,
        keep_seconds: 0,
        severity: Severity::Page,
        family: "trust",
        labels: Vec::new(),
        summary: String::new(),
        description: String::new(),
        dashboard: "/",
    }
}

pub(super) fn ticket(name: &str, hold_seconds: u64) -> Alert {
    Alert { severity: Severity::Ticket, ..page(name, hold_seconds) }
}
