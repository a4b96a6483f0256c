//! `outcomes.reconciliation`: exact counts add up over SQL, rounded ones say that they need not.

use super::planted::{Devon, lines};

/// Each stage beside the sum of the first stage and every cause before it.
const ADDED_UP: &str = "
SELECT s.provider, s.stage, s.numerator, f.numerator + SUM(c.numerator), s.denominator, f.denominator + SUM(c.denominator)
FROM outcomes.reconciliation s
JOIN outcomes.reconciliation f ON f.provider = s.provider AND f.period = s.period AND f.position = 1
JOIN outcomes.reconciliation c ON c.provider = s.provider AND c.period = s.period
                              AND c.position < s.position AND c.entry = 'cause'
WHERE s.entry = 'stage'
GROUP BY s.provider, s.position, s.stage, s.numerator, f.numerator, s.denominator, f.denominator
ORDER BY s.provider, s.position";

#[tokio::test]
async fn a_stage_and_its_causes_are_the_next_stage() {
    let devon = Devon::of(&[]);
    assert_eq!(
        lines(&devon.ask(ADDED_UP).await),
        [
            "NR5 | primary | 81 | 81 | 97 | 97",
            "NR5 | refresh | 83 | 83 | 98 | 98",
            "NR5 | published | 85 | 85 | 100 | 100",
            "RH8 | refresh | 39 | 39 | 52 | 52",
        ]
    );
}

#[tokio::test]
async fn a_reconciliation_is_read_in_its_order() {
    let devon = Devon::of(&[]);
    let sql = "SELECT entry, from_stage, stage, cause, numerator, denominator, clocks, value, shown \
               FROM outcomes.reconciliation WHERE provider = 'NR5' AND period = '2025-04' ORDER BY position";
    let exact = lines(&devon.ask(sql).await);
    assert_eq!(exact[0], "stage | - | live | - | 85 | 103 | - | 0.8252427184466019 | shown");
    assert_eq!(exact[1], "cause | live | primary | not_in_csds | -3 | -4 | 4 | - | shown");
    assert_eq!(exact[8], "cause | refresh | published | rounding | 2 | 2 | - | - | shown");
    assert_eq!(exact[9], "cause | refresh | published | not_explained | 0 | 0 | - | - | shown");
    assert_eq!(exact[10], "stage | - | published | - | 85 | 100 | - | 0.85 | shown");
    assert_eq!(exact.len(), 11);
    let rounded = lines(&devon.login("public-hes", None).ask(sql).await);
    assert_eq!(rounded[0], "stage | - | live | - | 85 | 105 | - | 0.8095238095238095 | shown");
    assert_eq!(rounded[1], "cause | live | primary | not_in_csds | - | - | - | - | suppressed");
    assert_eq!(rounded[8], "cause | refresh | published | rounding | - | - | - | - | suppressed");
    let public = devon.login("ucr-publication", Some(homeward_sql::Tick::Day));
    assert_eq!(public.ask(sql).await, Vec::<Vec<String>>::new());
}

#[tokio::test]
async fn the_published_series_of_virtual_wards_stands_beside_our_own() {
    let devon = Devon::of(&[]);
    let sql = "SELECT period, icb, boards, published_beds, published_patients, published_occupancy, printed_occupancy, \
               published_flags, patients, shown FROM outcomes.virtual_ward_reconciliation ORDER BY period, icb";
    assert_eq!(
        lines(&devon.ask(sql).await),
        [
            "2023-10 | National | 2 | 358 | 296 | 0.8268156424581006 | - |  | - | no data",
            "2023-10 | QJK | 1 | 202 | 101 | 0.5 | 0.5 |  | - | no data",
            "2023-10 | QUY | 1 | 156 | 195 | 1.25 | 1.0 | over_capacity;capped | - | no data",
            "2023-11 | National | 1 | 225 | 0 | 0.0 | - |  | - | no data",
            "2023-11 | QJK | 1 | 225 | 0 | 0.0 | 0.0 | suspect_zero | - | no data",
        ]
    );
    let sql = "SELECT ROUND(published_beds_per_100k * 10) FROM outcomes.virtual_ward_reconciliation WHERE icb = 'QJK' AND period = '2023-10'";
    assert_eq!(devon.ask(sql).await, [["187.0"]]);
    let public = devon.login("ucr-publication", Some(homeward_sql::Tick::Day));
    assert_eq!(public.ask(sql).await, Vec::<Vec<String>>::new());
}
