//! `outcomes.data_quality`: every count goes through the policy of the login.

use super::planted::{Devon, lines};

#[tokio::test]
async fn data_quality_is_read_by_provider_and_month() {
    let devon = Devon::of(&[]);
    let sql = "SELECT provider, period, measure, numerator, denominator, ROUND(value, 2), shown FROM outcomes.data_quality \
               WHERE measure IN ('nhs_number', 'team_type', 'refused_rows') AND period = '2025-04' ORDER BY measure";
    assert_eq!(
        lines(&devon.ask(sql).await),
        [
            "NR5 | 2025-04 | nhs_number | 98 | 103 | 0.95 | shown",
            "NR5 | 2025-04 | refused_rows | 3 | - | - | shown",
            "NR5 | 2025-04 | team_type | 0 | 0 | - | no data",
        ]
    );
    assert_eq!(
        lines(&devon.login("public-hes", None).ask(sql).await),
        [
            "NR5 | 2025-04 | nhs_number | 100 | 105 | 0.95 | shown",
            "NR5 | 2025-04 | refused_rows | - | - | - | suppressed",
            "NR5 | 2025-04 | team_type | 0 | 0 | - | no data",
        ]
    );
    let public = devon.login("ucr-publication", Some(homeward_sql::Tick::Day));
    assert_eq!(public.ask(sql).await, Vec::<Vec<String>>::new());
}
