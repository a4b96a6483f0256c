use std::collections::BTreeSet;

use homeward_transform::release::Policy;

use super::*;
use crate::planted;

fn render(exposition: &Exposition, snapshot: &Snapshot, catalogue: &Catalogue) -> String {
    let policy = Policy::by_name("internal-live").unwrap();
    let take = |snapshot: &Snapshot| Reading::take(snapshot, catalogue, policy);
    exposition.render(Some(snapshot), catalogue, take, &machinery()).unwrap()
}

fn machinery() -> Machinery {
    Machinery {
        clock: Some(planted::as_of()),
        providers: vec![ProviderFeed {
            provider: "NR5".to_owned(),
            open: true,
            expected_gap_seconds: 7200,
            open_silence_seconds: Some(60),
            last_poll: Some(planted::as_of()),
            lag_records: Some(3),
        }],
        events: vec![Events { provider: "NR5".to_owned(), window: "1d", received: 41, refused: 1 }],
        partitions: vec![PartitionCounters {
            feed: "ucr".to_owned(),
            topic: "homeward.ucr".to_owned(),
            partition: 2,
            consumed: 10,
            accepted: 8,
            quarantined: 1,
            filtered: 1,
        }],
        feeds: vec![FeedCounters {
            feed: "ucr".to_owned(),
            commits: 4,
            commit_seconds: 0.25,
            ..FeedCounters::default()
        }],
    }
}

#[tokio::test]
async fn the_planted_figures_are_exposed_under_the_names_of_the_alert_rules() {
    let (snapshot, catalogue) = planted::snapshot().await;
    let text = render(&Exposition::new(MAXIMUM_SERIES), &snapshot, &catalogue);
    for line in [
        r#"ucr_cohort_referrals{area="NR5",level="provider",window="28d",outcome="met"} 27"#,
        r#"ucr_cohort_referrals{area="NR5",level="provider",window="28d",outcome="breached"} 13"#,
        r#"ucr_cohort_referrals{area="NR5",level="provider",window="28d",outcome="open"} 1"#,
        r#"ucr_cohort_referrals{area="QJK",level="icb",window="7d",outcome="met"} 27"#,
        r#"ucr_cohort_referrals{area="National",level="nation",window="mtd",outcome="met"} 27"#,
        r#"ucr_open_referrals{area="NR5",level="provider",band="90_to_120m"} 1"#,
        r#"ucr_open_referrals{area="NR5",level="provider",band="over_120m"} 0"#,
        r#"ucr_target_ratio{target="local"} 0.8"#,
        r#"ucr_target_ratio{target="national"} 0.7"#,
        r#"ucr_feed_area{provider="NR5",area="NR5",level="provider"} 1"#,
        r#"ucr_feed_area{provider="NR5",area="QJK",level="icb"} 1"#,
        "ucr_as_of_timestamp_seconds 1749736800",
        r#"ucr_watermark_timestamp_seconds{provider="NR5"} "#,
        // 40 decided and 18 days left at 40 in 28 days: 65 expected, 13 may be late, 13 were.
        r#"ucr_month_late_responses_left{area="NR5",level="provider"} 0"#,
        r#"homeward_figure_percentile{indicator="ucr-response-minutes-median",basis="live",area="NR5",level="provider",window="28d",unit="minutes"} 99"#,
        r#"homeward_figure_percentile{indicator="ucr-response-minutes-p90",basis="live",area="QJK",level="icb",window="7d",unit="minutes"} 121"#,
        r#"homeward_figure_denominator{indicator="ucr-response-minutes-median",basis="live",area="NR5",level="provider",window="28d"} 40"#,
        r#"homeward_figure_numerator{indicator="ucr-referrals",basis="live",area="NR5",level="provider",window="28d"} 41"#,
        r#"homeward_figure_denominator{indicator="ucr-two-hour-response",basis="live",area="NR5",level="provider",window="28d"} 40"#,
        r#"homeward_condition_active{alert="UCRReferralAboutToBreach",level="provider",area="NR5",stage="firing"} 1"#,
        r#"ucr_service_open{provider="NR5"} 1"#,
        r#"ucr_consumer_lag_records{provider="NR5"} 3"#,
        r#"ucr_events_received{provider="NR5",window="1d"} 41"#,
        "homeward_clock_timestamp_seconds 1749736800",
        r#"ucr_open_silence_seconds{provider="NR5"} 60"#,
        r#"ucr_area_main_provider{area="NR5",level="provider",provider="NR5"} 1"#,
        r#"ucr_area_main_provider{area="Plymouth",level="lcp",provider="NR5"} 1"#,
        r#"ucr_area_main_provider{area="QJK",level="icb",provider="NR5"} 1"#,
        r#"homeward_area_name{area="NR5",level="provider",name="Livewell Southwest"} 1"#,
        // 13 of 13 late responses are used up and 25 referrals are still to come.
        r#"ucr_month_target_met_chance_ratio{area="NR5",level="provider",target="local"} 0.000"#,
        r#"homeward_ingest_records_consumed_total{feed="ucr",topic="homeward.ucr",partition="2"} 10"#,
        r#"homeward_ingest_commit_seconds_total{feed="ucr"} 0.25"#,
        "homeward_exposition_series_refused 0",
    ] {
        assert!(text.contains(line), "'{line}' is not in:\n{text}");
    }
}

#[tokio::test]
async fn every_line_is_declared_has_help_and_carries_no_timestamp() {
    let (snapshot, catalogue) = planted::snapshot().await;
    let text = render(&Exposition::new(MAXIMUM_SERIES), &snapshot, &catalogue);
    let declared: BTreeSet<&str> = ALL.iter().map(|series| series.name).collect();
    let mut helped = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            assert!(helped.insert(rest.split(' ').next().unwrap()), "a family comes once: {line}");
        } else if !line.starts_with('#') {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let name = series.split('{').next().unwrap();
            assert!(declared.contains(name) && helped.contains(name), "{line}");
            assert!(value.parse::<f64>().unwrap().is_finite(), "{line}");
            assert!(series.ends_with('}') || !series.contains(' '), "no timestamp: {line}");
            assert!(seen.insert(series), "a series comes once: {line}");
        }
    }
}

#[tokio::test]
async fn without_facts_figure_families_are_absent_rather_than_zero() {
    let (snapshot, catalogue) = planted::empty().await;
    let text = render(&Exposition::new(MAXIMUM_SERIES), &snapshot, &catalogue);
    for name in [
        "ucr_cohort_referrals",
        "ucr_open_referrals",
        "homeward_figure_numerator",
        "ucr_month_late_responses_left",
        "ucr_watermark",
    ] {
        assert!(!text.contains(name), "{name}:\n{text}");
    }
    assert!(text.contains("ucr_as_of_timestamp_seconds") && text.contains("ucr_target_ratio"));
}

#[tokio::test]
async fn too_many_series_are_refused_together_and_said_so() {
    let (snapshot, catalogue) = planted::snapshot().await;
    let text = render(&Exposition::new(20), &snapshot, &catalogue);
    assert!(!text.contains("ucr_cohort_referrals") && !text.contains("homeward_figure_numerator"));
    assert!(text.contains("ucr_watermark_timestamp_seconds") && text.contains("ucr_as_of_timestamp_seconds"));
    let refused = text.lines().find_map(|line| line.strip_prefix("homeward_exposition_series_refused ")).unwrap();
    assert!(refused.parse::<u32>().unwrap() > 20, "{refused}");
    assert!(
        TooManySeries { found: 12_000, limit: 10_000 }
            .to_string()
            .contains("12000 figure series exceed the limit of 10000")
    );
}

#[tokio::test]
async fn the_figures_text_is_kept_for_one_snapshot() {
    let (snapshot, catalogue) = planted::snapshot().await;
    let exposition = Exposition::new(MAXIMUM_SERIES);
    let first = render(&exposition, &snapshot, &catalogue);
    let refuse = |_: &Snapshot| -> Reading { panic!("the reading is taken once a snapshot") };
    let second = exposition.render(Some(&snapshot), &catalogue, refuse, &machinery()).unwrap();
    assert_eq!(first, second);
}
