//! The eighteen example queries over planted figures: each gives the answer that was planted.
#![expect(clippy::panic, reason = "a test says why it fails by panicking")]

use homeward_sql::Tick;
use homeward_sql::tables::EXAMPLES;
use homeward_transform::release::Policy;

use super::planted::{Devon, OPEN, Planted, REFERRALS, RESPONSE, lines};

fn devon() -> Devon {
    let rate = Planted::rate;
    let published = |met, all| rate("published", "month:2025-04", met, all);
    let open = |band, count| Planted::new(OPEN, "live", "now").counted(count, None).band(band);
    let referrals = |period, count, rejected| {
        Planted::new(REFERRALS, "live", period).counted(count, None).count("rejected", rejected)
    };
    Devon::of(&[
        rate("live", "window:mtd", 27, 40).lcp("Northern"),
        rate("live", "window:mtd", 15, 20).provider("RH8").lcp("Eastern"),
        rate("live", "window:mtd", 18, 20).provider("RH8").lcp("Southern"),
        rate("best", "window:mtd", 30, 44).lcp("Northern"),
        rate("best", "window:mtd", 19, 20).provider("RH8").lcp("Eastern"),
        rate("live", "window:28d", 60, 120).lcp("Northern"),
        rate("live", "window:28d", 70, 105).provider("RH8").lcp("Eastern"),
        published(80, 100).rank(2).known_at("2025-04-28T08:00:00Z").because("the Primary came"),
        published(85, 101)
            .rank(3)
            .flag("negative_wait", 2)
            .flag("over_30_days", 1)
            .known_at("2025-06-10T09:00:00Z")
            .because("14 clocks gained an RTT end in the Refresh"),
        published(30, 40).provider("RH8").lcp("Eastern").rank(3).known_at("2025-05-15T08:00:00Z"),
        rate("live", "month:2025-04", 88, 110).known_at("2025-05-01T01:00:00Z"),
        rate("live", "month:2025-04", 10, 20).lcp("Northern").known_at("2025-05-01T01:00:00Z"),
        rate("live", "month:2025-04", 30, 40).provider("RH8").lcp("Eastern").known_at("2025-05-01T01:00:00Z"),
        rate("live", "day:2025-05-26", 10, 20),
        rate("live", "day:2025-06-01", 5, 20),
        rate("live", "day:2025-06-02", 30, 40),
        rate("live", "day:2025-06-10", 1, 19),
        rate("published", "day:2025-03-30", 8, 10).flag("clock_change", 1).known_at("2025-04-28T08:00:00Z"),
        rate("true", "day:2025-03-30", 9, 10).flag("clock_change", 1).known_at("2025-04-28T08:00:00Z"),
        rate("published", "day:2025-03-31", 8, 10).known_at("2025-04-28T08:00:00Z"),
        rate("true", "day:2025-03-31", 8, 10).known_at("2025-04-28T08:00:00Z"),
        open("0_to_60m", 4),
        open("90_to_120m", 2),
        open("over_120m", 1),
        open("60_to_90m", 3).provider("RH8").lcp("Eastern"),
        referrals("window:28d", 50, 0).lcp("Northern"),
        referrals("window:28d", 40, 0).provider("RH8").lcp("Eastern"),
        referrals("month:2025-04", 60, 3),
        referrals("month:2025-05", 72, 4),
        referrals("month:2025-06", 20, 0),
    ])
}

async fn answer(number: usize) -> Vec<String> {
    let example = EXAMPLES[number - 1];
    assert!(example.file.starts_with(&format!("{number:02}-")), "{}", example.file);
    let rows = devon().guarded("internal-live", None, example.text).await;
    lines(&rows.unwrap_or_else(|refusal| panic!("{}: {refusal}", example.file)))
}

#[tokio::test]
async fn response_by_partnership_this_month() {
    // The interval of 27 of 40 stands in the handbook (statistics, section 2); the others were computed by its formula.
    let expected = [
        ("Northern", 27, 40, 0.675, 0.520_177_5, 0.799_155_0, "below target"),
        ("Eastern", 15, 20, 0.75, 0.531_299_1, 0.888_138_3, "below, too few to be sure"),
        ("Southern", 18, 20, 0.9, 0.698_966_4, 0.972_133_5, "at or above target"),
    ];
    let found = answer(1).await;
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (line, (area, met, all, rate, lower, upper, verdict)) in found.iter().zip(expected) {
        let cells: Vec<&str> = line.split(" | ").collect();
        assert_eq!(cells[..4], [area, &met.to_string(), &all.to_string(), &format!("{rate:?}")]);
        let near = |cell: &str, wanted: f64| (cell.parse::<f64>().unwrap_or(f64::NAN) - wanted).abs() < 1e-7;
        assert!(near(cells[4], lower) && near(cells[5], upper), "{line}");
        assert_eq!(cells[6..], ["0.8", verdict, "2025-06-12T14:00:00Z"]);
    }
}

#[tokio::test]
async fn providers_surely_below_the_national_minimum() {
    let found = answer(2).await;
    assert_eq!(found.len(), 1, "RH8 has 66.7%, which chance explains: {found:?}");
    assert!(found[0].starts_with("NR5 | Livewell Southwest | 60 | 120 | 0.5 | 0.588"), "{found:?}");
    assert!(found[0].ends_with("| 0.7"), "{found:?}");
}

#[tokio::test]
async fn published_beside_live() {
    assert_eq!(
        answer(3).await,
        [
            "NR5 | 2025-04 | 85 | 101 | 0.8415841584158416 | final | 98 | 130 | 0.7538461538461538 | 29",
            "RH8 | 2025-04 | 30 | 40 | 0.75 | final | 30 | 40 | 0.75 | 0",
        ]
    );
}

#[tokio::test]
async fn what_changed_since_last_week() {
    assert_eq!(
        answer(4).await,
        ["NR5 | 2025-04 | 80 | 100 | 85 | 101 | 2025-06-10T09:00:00Z | 14 clocks gained an RTT end in the Refresh"]
    );
}

#[tokio::test]
async fn as_known_on_a_day() {
    assert_eq!(
        answer(5).await,
        ["NR5 | 2025-04 | 80 | 100 | 0.8 | provisional | 2025-04-28T08:00:00Z | 2025-06-10T09:00:00Z"],
        "the Refresh and the other provider came later"
    );
}

#[tokio::test]
async fn worst_weeks() {
    assert_eq!(
        answer(6).await,
        ["QJK | 2025-05-26 | 15 | 40 | 0.375", "QJK | 2025-06-02 | 30 | 40 | 0.75"],
        "a week with 19 clocks is left out; Sunday 1 June belongs to the week of 26 May"
    );
}

#[tokio::test]
async fn open_clocks_by_band() {
    assert_eq!(
        answer(7).await,
        ["NR5 | 7 | 4 | 2 | 1 | 2025-06-12T14:00:00Z", "RH8 | 3 | 3 | 0 | 0 | 2025-06-12T14:00:00Z"]
    );
}

#[tokio::test]
async fn coverage() {
    assert_eq!(answer(8).await, ["icb | QJK | 2 | 1 | RH8", "lcp | Eastern | 1 | 0 | RH8"]);
}

#[tokio::test]
async fn an_area_of_your_own() {
    assert_eq!(
        answer(9).await,
        ["2025-04 | 40 | 60 | 0.6666666666666666 | 0"],
        "not 0.625, the average of 50% and 75%"
    );
}

#[tokio::test]
async fn days_that_cross_a_clock_change() {
    assert_eq!(answer(10).await, ["NR5 | 2025-03-30 | 8 | 9 | 10 | clock_change:1"]);
}

#[tokio::test]
async fn months_of_an_icb() {
    let found = answer(11).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("2025-04 | 115 | 141 | 0.8156028368794326 | 0.74"), "{found:?}");
    assert!(found[0].ends_with("| final | 0.8 | 0.7"), "{found:?}");
}

#[tokio::test]
async fn are_referrals_growing() {
    assert_eq!(
        answer(12).await,
        [
            "QJK | 2025-04 | 60.0 | - | 3 | false",
            "QJK | 2025-05 | 72.0 | 12.0 | 4 | false",
            "QJK | 2025-06 | 20.0 | -52.0 | 0 | true"
        ]
    );
}

#[tokio::test]
async fn data_quality_by_provider() {
    let found = answer(13).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].starts_with("NR5 | 2025-04 | negative_wait | negative_wait:2;over_30_days:1 | The end lies before")
    );
    assert!(found[1].starts_with("NR5 | 2025-04 | over_30_days | "), "{found:?}");
}

#[tokio::test]
async fn can_the_target_still_be_reached() {
    let found = answer(14).await;
    let northern = "lcp | Northern | 30 | 44 | 0.6818181818181818 | 0.8 | -6";
    assert_eq!(
        found,
        [northern, "icb | QJK | 49 | 64 | 0.765625 | 0.8 | -3"],
        "of 44 clocks 8 may be late and 14 are; of 64, 12 and 15"
    );
}

#[tokio::test]
async fn where_a_figure_comes_from() {
    let found = answer(15).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let definition = devon().source.catalogue.get(RESPONSE).cloned();
    let sha = definition.map(|definition| definition.sql_sha256).unwrap_or_default();
    assert!(
        found[0].starts_with(&format!("{RESPONSE} | 1 | {sha} | Community services performance lead | ")),
        "{found:?}"
    );
    assert!(found[0].ends_with("| 2025-06-12T14:00:00Z | 2"), "{found:?}");
}

/// A public role runs the same files; what it may not see is not there, and nothing fails.
#[tokio::test]
async fn every_example_runs_under_every_policy() {
    let devon = devon();
    for policy in ["internal-live", "ucr-publication", "public-hes", "public-csds"] {
        for example in EXAMPLES {
            let tick = Tick::of_policy(Policy::by_name(policy).unwrap());
            let rows = devon.login(policy, tick).ask(example.sql()).await;
            assert!(policy != "internal-live" || !rows.is_empty(), "{}", example.file);
        }
    }
}

#[tokio::test]
async fn why_live_is_not_published() {
    let found = answer(16).await;
    assert_eq!(found.len(), 8, "{found:?}");
    assert!(found[0].starts_with("live | primary | not_in_csds | The live feed stopped"), "{found:?}");
    assert!(found[0].ends_with(" | 4 | -3 | -4"), "{found:?}");
}

#[tokio::test]
async fn how_complete_items_are() {
    assert_eq!(
        answer(17).await,
        ["NR5 | 2025-04 | nhs_number | 98 | 103 | 0.9515 | 0.0515 | people with a valid NHS number, of people"],
        "from 90 of 100 in March"
    );
}

#[tokio::test]
async fn what_is_amiss_in_submissions() {
    assert_eq!(
        answer(18).await,
        [
            "2025-04 | NR5 | refused_rows | 3 | rows refused and not mended",
            "2025-03 | NR5 | orphans | 2 | rows whose parent is in no row of the submission; they count",
        ]
    );
}
