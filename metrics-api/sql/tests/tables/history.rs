//! `outcomes.figures_history`: at every past instant, what was shown then.
#![expect(clippy::unwrap_used, reason = "a test says why it fails by panicking")]

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use homeward_sql::{Pin, Source};
use homeward_transform::release::Policy;
use tokio::sync::watch;

use super::planted::{Devon, Login, Planted, as_of, at, lines};

const COLUMNS: &str = "indicator, version, basis, level, area, area_name, period_kind, period, first_day, last_day, \
                       period_start, period_end, band, numerator, denominator, value, lower, upper, shown, status, \
                       flags, release";

fn changing() -> Vec<Planted> {
    let month = |met, all| Planted::rate("published", "month:2025-04", met, all).pcn("U06387");
    vec![
        month(80, 100).rank(2).known_at("2025-04-28T08:00:00Z").because("the Primary came"),
        month(85, 101).rank(3).known_at("2025-06-10T09:00:00Z").because("14 clocks gained an RTT end in the Refresh"),
        month(30, 40).provider("RH8").lcp("Eastern").pcn("U06816").known_at("2025-05-15T08:00:00Z"),
        Planted::rate("live", "day:2025-06-11", 5, 8).known_at("2025-06-11T12:00:00Z"),
        Planted::rate("live", "day:2025-06-11", 6, 9).flag("over_30_days", 1).known_at("2025-06-11T15:00:00Z"),
        Planted::rate("live", "day:2025-06-11", 6, 9).known_at("2025-06-11T18:00:00Z"),
        Planted::new("ucr-two-hour-response", "live", "day:2025-06-11").known_at("2025-06-12T10:00:00Z"),
        Planted::rate("live", "day:2025-06-11", 1, 1).lcp("Northern").known_at("2025-06-12T11:00:00Z"),
        Planted::new("ucr-referrals", "live", "month:2025-05").counted(9, None).known_at("2025-05-20T10:00:00Z"),
        Planted::new("ucr-referrals", "live", "month:2025-05").counted(12, None).known_at("2025-06-02T10:00:00Z"),
    ]
}

/// A session whose newest snapshot is the past at an instant.
async fn login_then(devon: &Devon, policy: &'static Policy, then: DateTime<Utc>) -> Login {
    let snapshot = Arc::new(devon.past.as_known_at(then).await.unwrap());
    let (_sender, snapshots) = watch::channel(Some(snapshot));
    let (catalogue, geography) = (Arc::clone(&devon.source.catalogue), Arc::clone(&devon.source.geography));
    let source = Source::new(snapshots, None, catalogue, geography, Arc::clone(&devon.clock) as _);
    let pin = Arc::new(Pin::new(&source, None));
    Login::new(&source, pin, policy)
}

#[tokio::test]
async fn what_stood_at_an_instant_is_what_was_known_then() {
    let devon = Devon::of(&changing());
    let mut instants: Vec<DateTime<Utc>> =
        (0..60).map(|day| at("2025-04-20T08:00:00Z") + Duration::days(day)).filter(|then| *then <= as_of()).collect();
    instants.extend((0..34).map(|hour| at("2025-06-11T10:00:00Z") + Duration::minutes(30 * hour)));
    instants.retain(|then| *then <= as_of());
    for policy in Policy::ALL {
        let policy = Policy::by_name(policy.name).unwrap();
        let now = devon.login(policy.name, None);
        let mut compared = 0;
        for then in &instants {
            let told = now
                .ask(&format!(
                    "SELECT {COLUMNS} FROM outcomes.figures_history WHERE known_at <= TIMESTAMP WITH TIME ZONE '{then}' \
                     AND (replaced_at IS NULL OR replaced_at > TIMESTAMP WITH TIME ZONE '{then}')",
                    then = then.to_rfc3339()
                ))
                .await;
            let shown =
                login_then(&devon, policy, *then).await.ask(&format!("SELECT {COLUMNS} FROM outcomes.figures")).await;
            let (mut told, mut shown) = (lines(&told), lines(&shown));
            told.sort();
            shown.sort();
            assert_eq!(told, shown, "at {then} under {}", policy.name);
            compared += told.len();
        }
        assert!(compared > 500, "{compared} rows of {}", policy.name);
    }
}

#[tokio::test]
async fn a_version_says_why_and_a_hidden_change_is_no_version() {
    let devon = Devon::of(&changing());
    let sql = "SELECT numerator, denominator, status, known_at, replaced_at, because FROM outcomes.figures_history \
               WHERE level = 'provider' AND area = 'NR5' AND period = '2025-04' ORDER BY known_at";
    assert_eq!(
        lines(&devon.ask(sql).await),
        [
            "80 | 100 | provisional | 2025-04-28T08:00:00Z | 2025-06-10T09:00:00Z | the Primary came",
            "85 | 101 | final | 2025-06-10T09:00:00Z | - | 14 clocks gained an RTT end in the Refresh",
        ]
    );
    let day = "SELECT numerator, denominator, known_at, replaced_at, because FROM outcomes.figures_history \
               WHERE level = 'provider' AND period = '2025-06-11' ORDER BY known_at";
    assert_eq!(
        lines(&devon.login("public-csds", None).ask(day).await),
        ["5 | 10 | 2025-06-11T12:00:00Z | 2025-06-12T10:00:00Z | -", "5 | 5 | 2025-06-12T11:00:00Z | - | -",],
        "5 of 8 and 6 of 9 are both shown as 5 of 10; no reason; a cell that vanished has a gap"
    );
}

#[tokio::test]
async fn a_network_month_is_told_from_its_end_on() {
    let devon = Devon::of(&[
        Planted::rate("live", "month:2025-05", 3, 4).pcn("U06387").known_at("2025-05-10T08:00:00Z"),
        Planted::rate("live", "month:2025-05", 30, 40).pcn("U06387").known_at("2025-05-30T08:00:00Z"),
        Planted::rate("live", "month:2025-05", 31, 40).pcn("U06387").known_at("2025-06-02T08:00:00Z"),
        Planted::rate("live", "month:2025-06", 2, 3).pcn("U06387").known_at("2025-06-03T08:00:00Z"),
    ]);
    let sql =
        "SELECT numerator, known_at, replaced_at FROM outcomes.figures_history WHERE level = 'pcn' ORDER BY known_at";
    assert_eq!(
        lines(&devon.ask(sql).await),
        ["30 | 2025-05-31T23:00:00Z | 2025-06-02T08:00:00Z", "31 | 2025-06-02T08:00:00Z | -"]
    );
}

#[tokio::test]
async fn filters_of_the_history_change_the_work_and_not_the_answer() {
    let devon = Devon::of(&changing());
    for (pushed, opaque) in [
        ("indicator = 'ucr-referrals'", "concat(indicator, '') = 'ucr-referrals'"),
        ("basis = 'live' AND level = 'lcp'", "concat(basis, level) = 'livelcp'"),
        ("period_kind = 'day'", "concat(period_kind, '') = 'day'"),
        ("period = '2025-04'", "concat(period, '') = '2025-04'"),
        ("period IN ('2025-04', '2025-06-11')", "concat(period, '') IN ('2025-04', '2025-06-11')"),
    ] {
        let ask = async |filter: &str| {
            let mut found = lines(&devon.ask(&format!("SELECT * FROM outcomes.figures_history WHERE {filter}")).await);
            found.sort();
            found
        };
        let found = ask(pushed).await;
        assert!(!found.is_empty(), "{pushed}");
        assert_eq!(found, ask(opaque).await, "{pushed}");
    }
}

#[tokio::test]
async fn a_statement_is_told_nothing_later_than_its_snapshot() {
    let devon = Devon::of(&changing());
    let snapshot = Arc::new(devon.past.as_known_at(at("2025-05-20T00:00:00Z")).await.unwrap());
    let (_sender, snapshots) = watch::channel(Some(snapshot));
    let (catalogue, geography) = (Arc::clone(&devon.source.catalogue), Arc::clone(&devon.source.geography));
    let past = Some(devon.past.clone());
    let source = Source::new(snapshots, past, catalogue, geography, Arc::clone(&devon.clock) as _);
    let pin = Arc::new(Pin::new(&source, None));
    let login = Login::new(&source, pin, Policy::by_name("internal-live").unwrap());
    let sql = "SELECT numerator, replaced_at FROM outcomes.figures_history WHERE level = 'provider' AND area = 'NR5' AND period = '2025-04'";
    assert_eq!(lines(&login.ask(sql).await), ["80 | -"], "the Refresh has not come yet");
}
