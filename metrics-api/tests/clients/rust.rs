//! tokio-postgres: types, parameters, portals, transactions, notices; and what a public role may see.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, IsolationLevel};

use crate::answer::Answer;
use crate::connection;
use crate::server::{PLAIN, PUBLIC_ROLE, Server, TLS};

const QUERY: &str = "SELECT numerator, denominator, value, as_of, area_name, band FROM outcomes.ucr_two_hour_response \
    WHERE basis = $1 AND level = $2 AND area = $3 AND period = $4";

async fn check_figure(client: &Client, server: &Server) {
    let expected = server.expected();
    let text = |name: &str| expected[name].as_str().unwrap();
    let statement = client.prepare(QUERY).await.unwrap();
    assert_eq!(statement.params(), [Type::TEXT, Type::TEXT, Type::TEXT, Type::TEXT]);
    let kinds: Vec<&Type> = statement.columns().iter().map(tokio_postgres::Column::type_).collect();
    assert_eq!(kinds[..4], [&Type::INT8, &Type::INT8, &Type::FLOAT8, &Type::TIMESTAMPTZ]);
    for _ in 0..3 {
        let row =
            client.query_one(&statement, &[&text("basis"), &"provider", &text("area"), &text("period")]).await.unwrap();
        assert_eq!(Some(row.get::<_, i64>(0)), expected["numerator"].as_i64());
        assert_eq!(Some(row.get::<_, i64>(1)), expected["denominator"].as_i64());
        assert_eq!(Some(row.get::<_, f64>(2)), expected["value"].as_f64(), "to the last digit");
        let as_of = DateTime::<Utc>::from(row.get::<_, SystemTime>(3));
        assert!(as_of >= text("as_of").parse::<DateTime<Utc>>().unwrap(), "figures move on");
        assert_eq!(row.get::<_, &str>(4), text("area_name"));
        assert_eq!(row.get::<_, Option<&str>>(5), None);
    }
}

#[tokio::test]
async fn tokio_postgres_reads_types_portals_and_transactions() {
    for server in [&*PLAIN, &*TLS] {
        let mut client = connection::connect(server).await;
        check_figure(&client, server).await;

        let transaction =
            client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await;
        let mut transaction = transaction.unwrap();
        let as_of = "SELECT max(as_of) FROM outcomes.figures";
        let first: SystemTime = transaction.query_one(as_of, &[]).await.unwrap().get(0);
        let portal = transaction.bind("SELECT area FROM outcomes.figures ORDER BY area", &[]).await.unwrap();
        let mut in_portions = Vec::new();
        loop {
            let rows = transaction.query_portal(&portal, 7).await.unwrap();
            if rows.is_empty() {
                break;
            }
            in_portions.extend(rows.iter().map(|row| row.get::<_, String>(0)));
        }
        let whole = transaction.query("SELECT area FROM outcomes.figures ORDER BY area", &[]).await.unwrap();
        assert_eq!(in_portions, whole.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>());
        assert!(in_portions.len() > 20, "{}", in_portions.len());

        let savepoint = transaction.savepoint("here").await.unwrap();
        assert!(savepoint.query("SELECT nowhere", &[]).await.is_err());
        savepoint.rollback().await.unwrap();
        let again: SystemTime = transaction.query_one(as_of, &[]).await.unwrap().get(0);
        assert_eq!(first, again, "a transaction reads one instant");
        transaction.commit().await.unwrap();

        // Several questions on their way at once.
        let (one, two, three) =
            (client.query("SELECT 1", &[]), client.query("SELECT 2", &[]), check_figure(&client, server));
        let (one, two, ()) = tokio::join!(one, two, three);
        assert_eq!((one.unwrap()[0].get::<_, i64>(0), two.unwrap()[0].get::<_, i64>(0)), (1, 2));
    }
}

#[tokio::test]
async fn one_session_a_connection_keeps_settings_apart() {
    let (first, second) = (connection::connect(&PLAIN).await, connection::connect(&PLAIN).await);
    first.batch_execute("SET application_name = 'first'; SET TIME ZONE 'Europe/London'").await.unwrap();
    assert_eq!(zone(&first).await.as_deref(), Some("Europe/London"));
    assert_ne!(zone(&second).await.as_deref(), Some("Europe/London"));
    first.batch_execute("DISCARD ALL").await.unwrap();
    assert_eq!(zone(&first).await, zone(&second).await, "DISCARD ALL sets back");
}

async fn zone(client: &Client) -> Option<String> {
    Answer::of_messages(&client.simple_query("SHOW timezone").await.unwrap()).first
}

/// A rounding role never meets an exact small count, whatever it asks. Its figures are those of the last tick, before which
/// this server knew nothing: so it sees no figure at all, while the exact role beside it does. That the figures of a tick
/// are rounded is shown where time can be planted, in the tests of the tables
/// and of the wire.
#[tokio::test]
async fn a_public_role_sees_nothing_of_today_while_the_exact_role_does() {
    let exact = connection::connect(&TLS).await.query_one("SELECT count(*) FROM outcomes.figures", &[]).await.unwrap();
    assert!(exact.get::<_, i64>(0) > 0, "the exact role sees figures");
    let mut config = connection::config(&TLS);
    config.user(PUBLIC_ROLE);
    let client = connection::connect_with(&TLS, &config).await.unwrap();
    for relation in ["outcomes.figures", "outcomes.figures_history", "outcomes.ucr_two_hour_response"] {
        let query = format!("SELECT numerator, denominator, release, shown FROM {relation}");
        let rows: Vec<_> = client.query_raw(&query, &[] as &[i32]).await.unwrap().try_collect().await.unwrap();
        for row in &rows {
            for column in [0, 1] {
                let count: Option<i64> = row.get(column);
                assert!(count.is_none_or(|count| count % 5 == 0), "{relation}: {row:?}");
            }
            assert!(row.get::<_, &str>(2).starts_with("public-hes/"), "{relation}: {row:?}");
        }
    }
    let exact = client.query("SELECT * FROM outcomes.figures WHERE numerator BETWEEN 1 AND 4", &[]).await.unwrap();
    assert!(exact.is_empty(), "{exact:?}");
    let windows = client.query("SELECT * FROM outcomes.figures WHERE period_kind IN ('window', 'now')", &[]).await;
    assert!(windows.unwrap().is_empty(), "what moves with each event is not published");
}
