//! Every series of `/metrics`, declared once: name, help, type, unit, labels.
//!
//! Names and labels follow the handbook (alerting, sections 3 and 6), because alert rules are written
//! against them. Where an area code alone would not say what kind of area it is, the label `level` is
//! added; the rules keep working, since they match on the labels that they share. Figures are gauges:
//! a correction may lower them. Only our own machinery has counters.

/// Type of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A value that may go up and down.
    Gauge,
    /// A value that only grows while the process lives.
    Counter,
}

/// What one unit of a series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of people's referrals, or whatever the indicator counts.
    Count,
    /// Kafka records.
    Records,
    /// Seconds.
    Seconds,
    /// Seconds since 1970 (UTC).
    TimestampSeconds,
    /// A share, 0 to 1.
    Ratio,
    /// That of the indicator; the label `unit` names it.
    Indicator,
    /// 1 for yes, 0 for no.
    Truth,
}

/// One declared series.
#[derive(Debug, PartialEq, Eq)]
pub struct Series {
    /// Name on the wire.
    pub name: &'static str,
    /// HELP text.
    pub help: &'static str,
    /// TYPE.
    pub kind: Kind,
    /// Unit of the value.
    pub unit: Unit,
    /// Label names; a sample may leave a label empty, which is the same as absent.
    pub labels: &'static [&'static str],
}

macro_rules! series {
    ($($constant:ident = $name:literal $kind:ident $unit:ident [$($label:literal),*] $help:literal;)*) => {
        $(
            #[doc = $help]
            pub(super) static $constant: Series = Series {
                name: $name,
                help: $help,
                kind: Kind::$kind,
                unit: Unit::$unit,
                labels: &[$($label),*],
            };
        )*
        /// The whole table.
        pub static ALL: &[&Series] = &[$(&$constant),*];
    };
}

series! {
    // Figures of one snapshot.
    COHORT_REFERRALS = "ucr_cohort_referrals" Gauge Count ["area", "level", "window", "outcome"]
        "Two-hour referrals of a window by outcome: met, breached (stopped late, or open past 120 minutes), open (not yet due), excluded. Operational basis, ucr-two-hour-response.";
    OPEN_REFERRALS = "ucr_open_referrals" Gauge Count ["area", "level", "band"]
        "Two-hour referrals whose clock is running now, by age band of the clock. Ages move without events.";
    TARGET_RATIO = "ucr_target_ratio" Gauge Ratio ["target"]
        "Share of two-hour referrals to be seen within two hours that is in force at the as-of instant, by target.";
    MONTH_LATE_RESPONSES_LEFT = "ucr_month_late_responses_left" Gauge Count ["area", "level"]
        "Late responses that the local target still allows in this month; below zero the month is lost. An estimate: referrals still to come are forecast from the last 28 days.";
    MONTH_TARGET_MET_CHANCE = "ucr_month_target_met_chance_ratio" Gauge Ratio ["area", "level", "target"]
        "Chance that the month ends at or above the target: beta-binomial, from the last 28 days and the referrals still expected. An estimate.";
    AREA_MAIN_PROVIDER = "ucr_area_main_provider" Gauge Truth ["area", "level", "provider"]
        "1 for the provider that received most of the area's two-hour referrals of 28 days; a wider area's alert is muted while that provider's own fires.";
    AREA_NAME = "homeward_area_name" Gauge Truth ["area", "level", "name"]
        "1 for each area with the name that people know it by; alert texts read it.";
    AS_OF = "ucr_as_of_timestamp_seconds" Gauge TimestampSeconds []
        "The one instant that every figure of this scrape speaks for.";
    REVISION = "ucr_revision" Gauge Count []
        "How often a figure of a day or month that was over has been restated.";
    WATERMARK = "ucr_watermark_timestamp_seconds" Gauge TimestampSeconds ["provider"]
        "Latest instant at which the provider recorded an event that we hold.";
    WARD_WATERMARK = "virtual_ward_watermark_timestamp_seconds" Gauge TimestampSeconds ["provider"]
        "Latest instant at which the provider recorded a stay on a virtual ward that we hold.";
    WARD_BEDS_TOLD = "virtual_ward_beds_told_timestamp_seconds" Gauge TimestampSeconds ["provider", "ward"]
        "When the beds of each virtual ward that has some now were last recorded by the provider.";
    FEED_AREA = "ucr_feed_area" Gauge Truth ["provider", "area", "level"]
        "1 for every area to whose figures the provider contributes; joins feed alerts to areas.";
    FIGURE_NUMERATOR = "homeward_figure_numerator" Gauge Count
        ["indicator", "basis", "area", "level", "window", "band"]
        "Numerator of every indicator (for a count, the count; a percentile has none), by basis, area and window; window 'now' is the present state.";
    FIGURE_DENOMINATOR = "homeward_figure_denominator" Gauge Count
        ["indicator", "basis", "area", "level", "window", "band"]
        "Denominator of every proportion and number of records of every percentile, with the labels of homeward_figure_numerator. Ratios are sums divided last.";
    FIGURE_PERCENTILE = "homeward_figure_percentile" Gauge Indicator
        ["indicator", "basis", "area", "level", "window", "band", "unit"]
        "Value of every percentile, in the unit that the label names. Each area's own: never add or average them.";
    INDICATOR_TARGET_RATIO = "homeward_target_ratio" Gauge Ratio ["indicator", "target", "source"]
        "Target lines in force at the as-of instant, with the document that each comes from.";
    CONDITION = "homeward_condition_active" Gauge Truth ["alert", "level", "area", "stage"]
        "1 for every alert condition of the board: pending until it has held for a while, firing, or ceased and not yet taken back. Alerts themselves are rules of Prometheus.";

    // Providers' feeds at the time of the scrape.
    SERVICE_OPEN = "ucr_service_open" Gauge Truth ["provider"]
        "1 while the service is open by its hours in London, else 0.";
    CLOCK = "homeward_clock_timestamp_seconds" Gauge TimestampSeconds []
        "The house's own clock at the scrape; alert rules measure ages by it. In a demonstration it is simulated.";
    EXPECTED_GAP = "ucr_expected_gap_seconds" Gauge Seconds ["provider"]
        "Silence of the provider, in service hours, that is normal: as configured for it, else the default or what chance gives a provider of its size once in 28 days, whichever is longer.";
    OPEN_SILENCE = "ucr_open_silence_seconds" Gauge Seconds ["provider"]
        "Time within service hours since the provider's newest event; it stands still while the service is closed.";
    LAST_POLL = "ucr_consumer_last_poll_timestamp_seconds" Gauge TimestampSeconds ["provider"]
        "When the consumer of the provider's feed last asked the broker.";
    LAG = "ucr_consumer_lag_records" Gauge Records ["provider"]
        "Records of the feed that wait at the broker, counted from what is durable in the lake. A topic is shared by its providers, and so is this number.";
    EVENTS_RECEIVED = "ucr_events_received" Gauge Records ["provider", "window"]
        "Events of the provider that were taken in over the window, refused ones included; provider 'unknown' where a refused record names none. Counted within this process.";
    EVENTS_REJECTED = "ucr_events_rejected" Gauge Records ["provider", "window"]
        "Events of the provider that were refused over the window; see homeward quarantine list.";

    // Our own machinery.
    CONSUMED = "homeward_ingest_records_consumed_total" Counter Records ["feed", "topic", "partition"]
        "Records taken from the topic partition; always accepted + quarantined + filtered.";
    ACCEPTED = "homeward_ingest_records_accepted_total" Counter Records ["feed", "topic", "partition"]
        "Records that became facts.";
    QUARANTINED = "homeward_ingest_records_quarantined_total" Counter Records ["feed", "topic", "partition"]
        "Records that broke the contract and lie sealed in quarantine.";
    FILTERED = "homeward_ingest_records_filtered_total" Counter Records ["feed", "topic", "partition"]
        "Records left out for a declared reason.";
    COMMITS = "homeward_ingest_commits_total" Counter Count ["feed"]
        "Commits to the lake.";
    COMMIT_SECONDS = "homeward_ingest_commit_seconds_total" Counter Seconds ["feed"]
        "Time spent in commits to the lake.";
    FENCED = "homeward_ingest_fenced_total" Counter Count ["feed"]
        "Commits that lost against another process and were thrown away.";
    RETRIES = "homeward_ingest_commit_retries_total" Counter Count ["feed"]
        "Commits tried again because the lake failed.";
    KAFKA_ERRORS = "homeward_ingest_kafka_errors_total" Counter Count ["feed"]
        "Errors that Kafka reported and the client got over by itself.";
    REBUILDS = "homeward_ingest_watchdog_rebuilds_total" Counter Count ["feed"]
        "Times the watchdog rebuilt a consumer because a partition stood still while data waited, or its group did not take it back.";
    FEED_STOPPED = "homeward_ingest_feed_stopped" Gauge Truth ["feed"]
        "1 when the feed stopped itself because most of a batch was refused; see the log and /readyz.";
    SERIES_REFUSED = "homeward_exposition_series_refused" Gauge Count []
        "Figure series left out of this scrape because they exceed the limit; 0 in health.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What `promtool check metrics` misses, and what it finds, before a process runs.
    fn faults(series: &Series) -> Vec<String> {
        let mut faults = Vec::new();
        let mut fault = |what: &str| faults.push(format!("{}: {what}", series.name));
        let plain = |text: &str| {
            text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
                && text.starts_with(|c: char| c.is_ascii_lowercase())
        };
        if !plain(series.name) || !series.labels.iter().all(|label| plain(label)) {
            fault("names are lower case letters, digits and underscores");
        }
        if series.name.ends_with("_total") != (series.kind == Kind::Counter) {
            fault("_total marks counters, all of them and nothing else");
        }
        let words: Vec<&str> = series.name.split('_').collect();
        for word in ["percent", "minutes", "hours", "days", "milliseconds", "ms", "kib", "mib"] {
            if words.contains(&word) {
                fault("base units only: seconds, bytes, ratio");
            }
        }
        for word in ["gauge", "counter", "metric"] {
            if words.contains(&word) {
                fault("the type is no part of the name");
            }
        }
        for ending in ["_count", "_sum", "_bucket", "_info"] {
            if series.name.ends_with(ending) {
                fault("this ending belongs to another type");
            }
        }
        let unit_in_name = match series.unit {
            Unit::Seconds => series.name.ends_with("_seconds") || series.name.ends_with("_seconds_total"),
            Unit::TimestampSeconds => series.name.ends_with("_timestamp_seconds"),
            Unit::Ratio => series.name.ends_with("_ratio"),
            Unit::Indicator => series.labels.contains(&"unit"),
            Unit::Count | Unit::Records | Unit::Truth => !words.contains(&"seconds"),
        };
        if !unit_in_name {
            fault("the name must end in its unit");
        }
        if series.help.len() < 20 || !series.help.ends_with('.') {
            fault("help is a sentence");
        }
        for label in ["nhs_number", "referral", "postcode", "age", "sex", "pseudonym"] {
            if series.labels.contains(&label) {
                fault("nothing about a person is ever a label");
            }
        }
        faults
    }

    #[test]
    fn every_declared_series_passes_the_lint() {
        let all: Vec<String> = ALL.iter().flat_map(|series| faults(series)).collect();
        assert!(all.is_empty(), "{all:#?}");
    }

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<&str> = ALL.iter().map(|series| series.name).collect();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn the_lint_finds_what_it_should() {
        let series = |name, help, kind, unit| Series { name, help, kind, unit, labels: &[] };
        let help = "A sentence that is long enough.";
        for bad in [
            series("ucr_met_percent", help, Kind::Gauge, Unit::Ratio),
            series("ucr_Met", help, Kind::Gauge, Unit::Count),
            series("ucr_met_total", help, Kind::Gauge, Unit::Count),
            series("ucr_met", help, Kind::Counter, Unit::Count),
            series("ucr_wait_minutes", help, Kind::Gauge, Unit::Count),
            series("ucr_wait", help, Kind::Gauge, Unit::Seconds),
            series("ucr_met", "short", Kind::Gauge, Unit::Count),
        ] {
            assert!(!faults(&bad).is_empty(), "{} passed", bad.name);
        }
    }

    #[test]
    fn the_names_that_alert_rules_use_are_declared() {
        for (name, labels) in [
            ("ucr_cohort_referrals", vec!["area", "window", "outcome"]),
            ("ucr_open_referrals", vec!["area", "band"]),
            ("ucr_target_ratio", vec!["target"]),
            ("ucr_month_late_responses_left", vec!["area"]),
            ("ucr_consumer_last_poll_timestamp_seconds", vec!["provider"]),
            ("ucr_watermark_timestamp_seconds", vec!["provider"]),
            ("ucr_expected_gap_seconds", vec!["provider"]),
            ("ucr_service_open", vec!["provider"]),
            ("ucr_feed_area", vec!["provider", "area"]),
            ("ucr_consumer_lag_records", vec!["provider"]),
            ("ucr_events_rejected", vec!["provider", "window"]),
            ("ucr_events_received", vec!["provider", "window"]),
        ] {
            let series = ALL.iter().find(|series| series.name == name).expect(name);
            assert!(labels.iter().all(|label| series.labels.contains(label)), "{name}");
        }
    }
}
