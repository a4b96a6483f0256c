//! A public role over its wire: rounded figures at the tick, and nothing in between.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use homeward_contract::clock::ManualClock;
use homeward_transform::engine::{Atom, AtomValue, Counts};
use homeward_transform::history::CellVersion;
use tokio_postgres::{Client, Row, SimpleQueryMessage};

use crate::server::{Outlet, PASSWORD, PUBLIC_ROLE};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// So many referrals of one day at one provider.
fn referrals(count: i64, known_at: &str) -> CellVersion {
    CellVersion {
        indicator: Arc::from("ucr-referrals"),
        version: 1,
        atom: Atom {
            basis: Arc::from("live"),
            provider: Arc::from("NR5"),
            icb: Some(Arc::from("QJK")),
            lcp: Some(Arc::from("Western")),
            pcn: Some(Arc::from("U37412")),
            strata: Arc::from([]),
            period: Arc::from("day:2025-06-11"),
            place: None,
        },
        value: Some(AtomValue {
            numerator: count,
            denominator: None,
            percentile: None,
            source_rank: Some(1),
            counts: Counts::from([("rejected", count / 4)]),
            flags: Counts::from([("started_before_receipt", count / 3)]),
        }),
        known_at: at(known_at),
        csds_because: Arc::from("nothing of CSDS"),
        live_because: Arc::from("records came in"),
    }
}

/// Everything that moves when figures do, and what a server might tell of its tables besides.
const EVERYTHING: [&str; 8] = [
    "SELECT * FROM outcomes.figures",
    "SELECT * FROM outcomes.ucr_referrals",
    "SELECT * FROM outcomes.figures_history",
    "SELECT as_of, known_at, snapshot, revision, release, tick FROM meta.freshness",
    "SELECT * FROM meta.providers UNION ALL SELECT provider, provider_name, NULL, NULL, reporting FROM meta.coverage",
    "SELECT * FROM meta.revisions",
    "SELECT relname, relpages, reltuples FROM pg_class",
    "EXPLAIN SELECT * FROM outcomes.figures WHERE level = 'provider'",
];

async fn rows(client: &Client, sql: &str) -> Vec<Vec<String>> {
    let messages = client.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.map(|row| (0..row.len()).map(|column| row.get(column).unwrap_or("-").to_owned()).collect()).collect()
}

async fn everything(client: &Client) -> Vec<Vec<String>> {
    let mut seen = Vec::new();
    for sql in EVERYTHING {
        let mut answer = rows(client, sql).await;
        answer.sort();
        seen.extend(answer);
    }
    seen
}

/// The provider's count, with its companion, in both protocols.
async fn count(client: &Client) -> Option<(i64, i64)> {
    let sql = "SELECT numerator, rejected FROM outcomes.ucr_referrals WHERE level = 'provider'";
    let row = client.query_opt(sql, &[]).await.unwrap();
    let extended = row.map(|row| (row.get::<_, i64>(0), row.get::<_, i64>(1)));
    let simple = rows(client, sql).await.pop().map(|row| (row[0].parse().unwrap(), row[1].parse().unwrap()));
    assert_eq!(simple, extended);
    extended
}

#[tokio::test]
async fn a_public_role_sees_rounded_figures_at_its_tick_and_nothing_in_between() {
    let versions = [
        referrals(3, "2025-06-11T10:00:00Z"),
        referrals(13, "2025-06-11T15:00:00Z"),
        referrals(14, "2025-06-12T09:00:00Z"),
        referrals(23, "2025-06-13T09:00:00Z"),
    ];
    let clock = Arc::new(ManualClock::new(at("2025-06-11T12:00:00Z")));
    let outlet = Outlet::start_over(&versions, &clock).await;
    let (exact, public) = (outlet.connect().await, outlet.try_connect(PUBLIC_ROLE, PASSWORD).await.unwrap());
    // At an instant: what the exact role sees, and the public one. His midnight is out five minutes later.
    let mut of_tick: BTreeMap<Option<(i64, i64)>, Vec<Vec<String>>> = BTreeMap::new();
    for (now, known, published) in [
        ("2025-06-11T12:00:00Z", (3, 0), None),
        ("2025-06-11T16:00:00Z", (13, 3), None),
        ("2025-06-11T23:04:59Z", (13, 3), None),
        ("2025-06-11T23:05:00Z", (13, 3), Some((15, 5))),
        ("2025-06-12T10:00:00Z", (14, 3), Some((15, 5))),
        ("2025-06-12T23:04:59Z", (14, 3), Some((15, 5))),
    ] {
        clock.set(at(now));
        outlet.show_known(&versions, at(now));
        assert_eq!(count(&exact).await, Some(known), "the exact role at {now}");
        assert_eq!(count(&public).await, published, "the public role at {now}");
        let seen = everything(&public).await;
        if now < "2025-06-11T23:05" {
            assert!(!seen.iter().flatten().any(|word| word.contains("2025-06-11")), "nothing of today at {now}");
        }
        let held = of_tick.entry(published).or_insert_with(|| seen.clone());
        assert_eq!(*held, seen, "between two ticks nothing moves, at {now}");
    }
    outlet.stop().await;
}

/// The versions of the provider's count: from when until when each was shown.
async fn history(client: &Client) -> Vec<(i64, DateTime<Utc>, Option<DateTime<Utc>>)> {
    let sql = "SELECT numerator, known_at, replaced_at FROM outcomes.figures_history WHERE level = 'provider' \
               ORDER BY known_at";
    let version = |row: &Row| {
        let until = row.get::<_, Option<SystemTime>>(2).map(DateTime::from);
        (row.get(0), row.get::<_, SystemTime>(1).into(), until)
    };
    client.query(sql, &[]).await.unwrap().iter().map(version).collect()
}

#[tokio::test]
async fn the_history_of_a_public_role_and_its_transactions_keep_to_the_tick() {
    let versions = [
        referrals(13, "2025-06-11T15:00:00Z"),
        referrals(14, "2025-06-12T09:00:00Z"),
        referrals(23, "2025-06-13T09:00:00Z"),
    ];
    let clock = Arc::new(ManualClock::new(at("2025-06-12T23:06:00Z")));
    let outlet = Outlet::start_over(&versions, &clock).await;
    let public = outlet.try_connect(PUBLIC_ROLE, PASSWORD).await.unwrap();
    let first = at("2025-06-11T23:00:00Z");
    assert_eq!(history(&public).await, [(15, first, None)], "14 reads as 13 did: there is no new version");
    public.batch_execute("BEGIN").await.unwrap();
    assert_eq!(count(&public).await, Some((15, 5)));
    clock.set(at("2025-06-13T23:06:00Z"));
    assert_eq!(count(&public).await, Some((15, 5)), "a transaction holds its tick");
    public.batch_execute("COMMIT").await.unwrap();
    assert_eq!(count(&public).await, Some((25, 5)));
    let second = at("2025-06-13T23:00:00Z");
    assert_eq!(history(&public).await, [(15, first, Some(second)), (25, second, None)]);
    let exact = "SELECT count(*) FROM outcomes.figures_history WHERE numerator % 5 <> 0 OR because IS NOT NULL";
    assert_eq!(rows(&public, exact).await, [["0"]]);
    outlet.stop().await;
}
