//! Roles: publication ticks, and what a session may not do.

use chrono::Duration;
use homeward_sql::Tick;

use super::planted::{Devon, Planted, as_of, at, lines};

fn devon() -> Devon {
    Devon::of(&[
        Planted::rate("live", "day:2025-06-10", 52, 101).known_at("2025-06-10T10:00:00Z"),
        Planted::rate("live", "day:2025-06-10", 53, 104).known_at("2025-06-11T10:00:00Z"),
        Planted::rate("live", "day:2025-06-10", 58, 108).known_at("2025-06-11T16:00:00Z"),
        Planted::rate("live", "day:2025-06-10", 90, 120).known_at("2025-06-12T13:00:00Z"),
        Planted::rate("live", "window:28d", 90, 120).known_at("2025-06-12T13:00:00Z"),
    ])
}

#[tokio::test]
async fn a_public_role_sees_the_last_tick_and_nothing_in_between() {
    let mut devon = devon();
    let public = devon.login("ucr-publication", Some(Tick::Day));
    let sql = "SELECT period_kind, numerator, denominator, as_of, known_at, providers_reporting FROM outcomes.figures WHERE level = 'provider'";
    let at_midnight = ["day | 60 | 110 | 2025-06-11T23:00:00Z | - | -"];
    assert_eq!(lines(&public.ask(sql).await), at_midnight, "no window, nothing of today");
    let later = as_of() + Duration::hours(3);
    devon.show(later);
    devon.clock.set(later);
    public.pin.renew();
    assert_eq!(lines(&public.ask(sql).await), at_midnight, "the same all day");
    devon.clock.set(at("2025-06-12T23:01:00Z"));
    public.pin.renew();
    assert_eq!(lines(&public.ask(sql).await), at_midnight, "the next tick is not out yet");
    devon.clock.set(at("2025-06-12T23:06:00Z"));
    public.pin.renew();
    assert_eq!(lines(&public.ask(sql).await), ["day | 90 | 120 | 2025-06-12T23:00:00Z | - | -"]);
    let hourly = devon.login("ucr-publication", Some(Tick::Hour));
    assert_eq!(
        lines(&hourly.ask("SELECT tick, as_of, snapshot FROM meta.freshness").await),
        ["hour | 2025-06-12T23:00:00Z | -"]
    );
}

#[tokio::test]
async fn the_history_of_a_public_role_moves_by_the_tick() {
    let devon = devon();
    let public = devon.login("ucr-publication", Some(Tick::Day));
    let sql = "SELECT numerator, denominator, known_at, replaced_at, because FROM outcomes.figures_history WHERE level = 'provider' ORDER BY known_at";
    assert_eq!(
        lines(&public.ask(sql).await),
        ["50 | 100 | 2025-06-10T23:00:00Z | 2025-06-11T23:00:00Z | -", "60 | 110 | 2025-06-11T23:00:00Z | - | -",],
        "the version of 11 June 10:00 stood at no midnight"
    );
    for table in ["providers", "coverage", "revisions"] {
        assert_eq!(
            public.ask(&format!("SELECT * FROM meta.{table}")).await.len(),
            0,
            "{table} tells of the hours since"
        );
    }
}

#[tokio::test]
async fn only_reading_is_planned() {
    let devon = devon();
    let ask = async |sql: &str| devon.guarded("internal-live", None, sql).await;
    assert_eq!(ask("SELECT count(*) FROM outcomes.figures;").await.unwrap(), [["11"]]);
    for refused in [
        "CREATE TABLE t AS SELECT 1",
        "CREATE VIEW outcomes.v AS SELECT 1",
        "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 'facts'",
        "DROP TABLE outcomes.figures",
        "DROP SCHEMA outcomes CASCADE",
        "INSERT INTO outcomes.figures SELECT * FROM outcomes.figures",
        "DELETE FROM outcomes.figures",
        "UPDATE outcomes.figures SET numerator = 1",
        "COPY (SELECT 1) TO 'stolen.csv'",
        "SET datafusion.execution.batch_size = 1",
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        "SELECT * FROM 'facts.parquet'",
        "BEGIN",
        "SELECT 1; SELECT 2",
        "",
        "SHOW server_version",
    ] {
        let answer = ask(refused).await;
        assert!(answer.is_err(), "{refused}");
    }
    let message = ask("SELECT nothing FROM outcomes.figures").await.unwrap_err().to_string();
    assert!(message.contains("meta.data_dictionary"), "{message}");
}
