//! `outcomes.figures` and the views: the same figures as the snapshot, whatever is filtered.

use homeward_transform::definition::Catalogue;
use homeward_transform::figure::Dimension;
use homeward_transform::release::Policy;
use homeward_transform::release::reach::LEVELS;
use homeward_transform::snapshot::FigureQuery;

use super::planted::{Devon, OPEN, Planted, REFERRALS, RESPONSE, as_of, lines};

fn devon() -> Devon {
    Devon::of(&[
        Planted::rate("live", "window:28d", 27, 40).lcp("Western").pcn("U06387").count("open", 3),
        Planted::rate("live", "window:28d", 15, 20).provider("RH8").lcp("Eastern"),
        Planted::rate("live", "window:24h", 2, 3).pcn("U06387"),
        Planted::rate("best", "window:28d", 30, 40),
        Planted::rate("live", "month:2025-05", 70, 100).pcn("U06387"),
        Planted::rate("live", "month:2025-06", 20, 30).pcn("U06387"),
        Planted::rate("published", "month:2025-05", 60, 90).rank(3).flag("clock_change", 1),
        Planted::rate("live", "day:2025-06-11", 5, 8).pcn("U06387"),
        Planted::rate("live", "day:2025-06-12", 0, 4),
        Planted::new(RESPONSE, "live", "day:2025-06-10").counted(0, Some(0)).count("open", 1),
        Planted::new(REFERRALS, "live", "day:2025-06-11").counted(9, None).count("rejected", 2),
        Planted::new(OPEN, "live", "now").counted(4, None).band("0_to_60m"),
        Planted::new(OPEN, "live", "now").counted(1, None).band("over_120m").pcn("U06387"),
    ])
}

#[tokio::test]
async fn a_row_says_everything_about_its_figure() {
    let devon = devon();
    let row = devon
        .ask(
            "SELECT indicator, version, basis, level, area, area_name, period_kind, period, first_day, last_day, \
             period_start, period_end, band, numerator, denominator, value, shown, status, flags, release, as_of, \
             known_at, providers_reporting, providers_expected FROM outcomes.figures \
             WHERE basis = 'published' AND level = 'provider'",
        )
        .await;
    assert_eq!(
        lines(&row),
        [
            "ucr-two-hour-response | 1 | published | provider | NR5 | Livewell Southwest | month | 2025-05 | 2025-05-01 | \
          2025-05-31 | 2025-04-30T23:00:00Z | 2025-05-31T23:00:00Z | - | 60 | 90 | 0.6666666666666666 | shown | final | \
          clock_change:1 | internal-live/1 | 2025-06-12T14:00:00Z | 2025-06-12T13:59:30Z | 0 | 0"
        ]
    );
}

#[tokio::test]
async fn zero_suppressed_and_no_data_are_three_answers() {
    let devon = devon();
    let sql = "SELECT period, numerator, denominator, value, shown FROM outcomes.ucr_two_hour_response \
               WHERE basis = 'live' AND level = 'provider' AND period_kind = 'day' ORDER BY period";
    assert_eq!(
        lines(&devon.ask(sql).await),
        ["2025-06-10 | 0 | 0 | - | no data", "2025-06-11 | 5 | 8 | 0.625 | shown", "2025-06-12 | 0 | 4 | 0.0 | shown"]
    );
    let public = devon.login("public-hes", None);
    assert_eq!(
        lines(&public.ask(sql).await),
        [
            "2025-06-10 | 0 | 0 | - | no data",
            "2025-06-11 | - | 10 | - | suppressed",
            "2025-06-12 | 0 | - | - | suppressed"
        ]
    );
    let counts = "SELECT DISTINCT open FROM outcomes.ucr_two_hour_response WHERE level = 'provider' AND period = '28d' AND \
                  basis = 'live' ORDER BY open";
    assert_eq!(lines(&public.ask(counts).await), ["0", "-"], "a count that is hidden is null, one that is none is 0");
}

/// Fourteen months of nights, each with its own number.
fn nights() -> Vec<Planted> {
    const MONTHS: [&str; 14] = [
        "month:2024-04",
        "month:2024-05",
        "month:2024-06",
        "month:2024-07",
        "month:2024-08",
        "month:2024-09",
        "month:2024-10",
        "month:2024-11",
        "month:2024-12",
        "month:2025-01",
        "month:2025-02",
        "month:2025-03",
        "month:2025-04",
        "month:2025-05",
    ];
    let month =
        |(away, month)| Planted::new("days-at-home", "live", month).counted(365 * (30_000 - away), Some(30_000));
    (100_i64..).step_by(100).zip(MONTHS).map(month).collect()
}

/// Sums over the twelve months, divided last; no year of which a month is missing, and none that is not over.
#[tokio::test]
async fn twelve_months_are_the_sums_of_their_months() {
    let devon = Devon::of(&nights());
    let sql = "SELECT period, numerator, denominator, value FROM outcomes.figures WHERE indicator = 'days-at-home' AND \
               level = 'lcp' AND period_kind = 'twelve_months' ORDER BY period";
    let away = |first: i64| (first..first + 12).map(|month| 100 * month).sum::<i64>();
    let expected = [(1, "2025-03"), (2, "2025-04"), (3, "2025-05")].map(|(first, last)| {
        let home = 365 * (360_000 - away(first));
        format!("{last} | {home} | 360000 | {:?}", home as f64 / 360_000.0)
    });
    assert_eq!(lines(&devon.ask(sql).await), expected);
}

/// Every combination that the tables show equals the released snapshot to the last digit.
#[tokio::test]
async fn the_tables_are_the_released_snapshot() {
    let mut devon = devon();
    devon.learn(&nights(), as_of());
    let snapshot = devon.source.newest().unwrap();
    let catalogue = Catalogue::builtin().unwrap();
    for policy in Policy::ALL {
        let policy = Policy::by_name(policy.name).unwrap();
        let login = devon.login(policy.name, None);
        let mut compared = 0;
        let kinds = [Dimension::Day, Dimension::Month, Dimension::TwelveMonths, Dimension::Window];
        for (definition, kind) in catalogue.iter().flat_map(|d| kinds.map(move |kind| (d, kind))) {
            let mut expected = Vec::new();
            for level in LEVELS {
                let query =
                    FigureQuery { indicator: definition.id.clone(), by: vec![level, kind], ..FigureQuery::default() };
                expected.extend(policy.release(snapshot.figures(&query), definition).iter().map(|figure| {
                    let number = |shown: homeward_transform::release::Shown| {
                        shown.as_f64().map_or("-".to_owned(), |number| format!("{number:?}"))
                    };
                    let value = |name| figure.dimension(name).unwrap().to_owned();
                    let (value_shown, upper) = (number(figure.value), number(figure.upper));
                    [level.to_string(), figure.basis.clone(), value(level), value(kind), value_shown, upper].join(" | ")
                }));
            }
            expected.sort();
            let sql = format!(
                "SELECT level, basis, area, period, value, upper FROM outcomes.figures WHERE indicator = '{}' AND period_kind = '{kind}'",
                definition.id
            );
            let mut found = lines(&login.ask(&sql).await);
            found.sort();
            assert_eq!(found, expected, "{} {kind} {}", definition.id, policy.name);
            compared += found.len();
        }
        assert!(compared > 30, "{compared} figures of {}", policy.name);
    }
}

#[tokio::test]
async fn a_network_is_shown_by_the_week_or_longer_and_nothing_else() {
    let devon = devon();
    let sql =
        "SELECT DISTINCT indicator, period_kind, period FROM outcomes.figures WHERE level = 'pcn' AND area = 'U06387'";
    for policy in ["internal-live", "ucr-publication"] {
        let mut shown = lines(&devon.login(policy, None).ask(sql).await);
        shown.sort();
        assert_eq!(
            shown,
            ["ucr-two-hour-response | month | 2025-05", "ucr-two-hour-response | window | 28d"],
            "neither day, nor the month under way, nor 24 hours, nor open clocks: {policy}"
        );
        for (view, rows) in [("ucr_two_hour_response", 2), ("ucr_open_clocks", 0)] {
            let sql = format!("SELECT * FROM outcomes.{view} WHERE level = 'pcn' AND area = 'U06387'");
            let shown = devon.login(policy, None).ask(&sql).await;
            assert_eq!(shown.len(), rows, "the view of one indicator holds back the same: {view}, {policy}");
        }
    }
}

/// A filter that is pushed down leaves the same rows as one that cannot be.
#[tokio::test]
async fn filters_change_the_work_and_not_the_answer() {
    let devon = devon();
    let everything = devon.ask("SELECT * FROM outcomes.figures").await;
    assert!(everything.len() > 60, "{}", everything.len());
    for (pushed, opaque) in [
        ("level = 'icb'", "concat(level, '') = 'icb'"),
        ("level IN ('icb', 'pcn')", "concat(level, '') IN ('icb', 'pcn')"),
        ("level <> 'icb'", "concat(level, '') <> 'icb'"),
        ("basis = 'live' AND period_kind = 'day'", "concat(basis, period_kind) = 'liveday'"),
        ("basis = 'live' OR level = 'lcp'", "concat(basis, '') = 'live' OR concat(level, '') = 'lcp'"),
        ("period = '28d' OR period = '2025-05'", "concat(period, '') IN ('28d', '2025-05')"),
        ("indicator = 'ucr-open-clocks'", "concat(indicator, '') = 'ucr-open-clocks'"),
        ("indicator LIKE 'ucr-r%'", "substr(indicator, 1, 5) = 'ucr-r'"),
        ("NOT (level = 'icb')", "concat(level, '') <> 'icb'"),
        ("level = 'nowhere'", "concat(level, '') = 'nowhere'"),
        ("level = 'icb' AND level = 'lcp'", "false"),
        ("level = area", "concat(level, '') = concat(area, '')"),
        ("level = lower('ICB') AND value > 0.5", "concat(level, '') = 'icb' AND value + 0 > 0.5"),
        ("'day' = period_kind AND area = 'NR5'", "concat(period_kind, '') = 'day' AND concat(area, '') = 'NR5'"),
    ] {
        let ask = async |filter: &str| {
            let mut found = lines(&devon.ask(&format!("SELECT * FROM outcomes.figures WHERE {filter}")).await);
            found.sort();
            found
        };
        assert_eq!(ask(pushed).await, ask(opaque).await, "{pushed}");
    }
}

#[tokio::test]
async fn a_view_is_the_rows_of_its_indicator_with_its_counts() {
    let devon = devon();
    for (indicator, view) in
        [(RESPONSE, "ucr_two_hour_response"), (REFERRALS, "ucr_referrals"), (OPEN, "ucr_open_clocks")]
    {
        let columns = "basis, level, area, period, band, numerator, denominator, value, shown, flags";
        let from = |table: &str| {
            format!("SELECT {columns} FROM outcomes.{table} WHERE indicator = '{indicator}' ORDER BY {columns}")
        };
        let (all, own) = (devon.ask(&from("figures")).await, devon.ask(&from(view)).await);
        assert_eq!(all, own, "{indicator}");
        assert!(!own.is_empty(), "{indicator}");
    }
    let rejected =
        "SELECT numerator, denominator, rejected, started_later FROM outcomes.ucr_referrals WHERE level = 'nation'";
    assert_eq!(lines(&devon.ask(rejected).await), ["9 | - | 2 | 0"]);
}

#[tokio::test]
async fn all_tables_of_a_statement_read_the_picture_that_the_pin_holds() {
    let mut devon = devon();
    let login = devon.login("internal-live", None);
    let sql = "SELECT f.numerator, f.as_of, s.as_of, s.snapshot FROM outcomes.figures f CROSS JOIN meta.freshness s \
               WHERE f.basis = 'live' AND f.level = 'provider' AND f.period = '2025-05'";
    assert_eq!(lines(&login.ask(sql).await), ["70 | 2025-06-12T14:00:00Z | 2025-06-12T14:00:00Z | 1"]);
    let later = as_of() + chrono::Duration::minutes(1);
    let learned = Planted::rate("live", "month:2025-05", 71, 100).pcn("U06387").known_at("2025-06-12T14:00:30Z");
    devon.learn(&[learned], later);
    assert_eq!(lines(&login.ask(sql).await), ["70 | 2025-06-12T14:00:00Z | 2025-06-12T14:00:00Z | 1"]);
    login.pin.renew();
    assert_eq!(lines(&login.ask(sql).await), ["71 | 2025-06-12T14:01:00Z | 2025-06-12T14:01:00Z | 2"]);
}

#[tokio::test]
async fn before_the_first_figures_the_tables_are_empty_and_there() {
    let devon = Devon::of(&[]);
    for table in ["figures", "figures_history", "ucr_two_hour_response", "ucr_open_clocks"] {
        let rows = devon.ask(&format!("SELECT * FROM outcomes.{table}")).await;
        assert_eq!(rows.len(), 0, "{table}");
    }
}
