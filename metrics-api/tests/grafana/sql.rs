//! The boards' SQL as Grafana sends it: macros and variables expanded, over the wire, in both protocols.

use std::collections::BTreeMap;

use homeward_dashboards::grafana::expansion::{Choices, menu_statements, panel_statements};
use homeward_dashboards::grafana::{Places, boards};
use homeward_transform::definition::Catalogue;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::PATIENCE;
use crate::demo::Demo;

/// Every statement of the boards with what it belongs to: panels, and menus of areas.
fn statements() -> Vec<(String, String)> {
    let catalogue = Catalogue::builtin().expect("the built-in definitions are sound");
    let mut statements = Vec::new();
    for board in boards(&catalogue, &Places::default()) {
        for statement in panel_statements(&board).into_iter().chain(menu_statements(&board)) {
            statements.push((format!("{}: {}", board.title, statement.place), statement.raw_sql));
        }
    }
    statements
}

/// A reader of the demonstration's last two months, on all its providers: the month that was submitted begins in them.
pub(crate) async fn choices(client: &Client) -> Choices {
    let begun = std::time::Instant::now();
    let ready =
        "SELECT DISTINCT area FROM outcomes.figures WHERE level = 'provider' AND period = '28d' AND basis = 'live'";
    let areas: Vec<String> = loop {
        let found = client.query(ready, &[]).await.expect("the areas can be asked");
        if found.len() > 1 {
            break found.iter().map(|row| row.get(0)).collect();
        }
        assert!(begun.elapsed() < PATIENCE, "no figures came");
        tokio::task::yield_now().await;
    };
    let values: BTreeMap<String, Vec<String>> = [
        ("level".to_owned(), vec!["provider".to_owned()]),
        ("area".to_owned(), areas),
        ("window".to_owned(), vec!["28d".to_owned()]),
    ]
    .into();
    let at = |text: &str| text.parse().expect("an instant");
    Choices { from: at("2025-04-20T00:00:00Z"), to: at("2025-06-19T00:00:00Z"), values }
}

#[tokio::test]
async fn every_sql_query_of_the_boards_is_answered_over_the_wire() {
    let demo = Demo::start(60);
    let (client, connection) = tokio_postgres::connect(demo.sql(), NoTls).await.expect("the printed address logs in");
    let connection = tokio::spawn(connection);
    let choices = choices(&client).await;
    let (mut faults, mut with_rows) = (Vec::new(), 0);
    let statements = statements();
    for (place, raw) in &statements {
        let sql = choices.sql(raw);
        let simple = client.simple_query(&sql).await;
        let extended = client.query(&sql, &[]).await;
        match (simple, extended) {
            (Ok(simple), Ok(extended)) => {
                let rows = simple.iter().filter(|message| matches!(message, SimpleQueryMessage::Row(_))).count();
                with_rows += usize::from(rows > 0);
                // Figures move between the two, so only whether there are any can be compared.
                if (rows > 0) == extended.is_empty() {
                    faults.push(format!("{place}: {rows} rows, and {} in the other protocol", extended.len()));
                }
                if rows == 0 {
                    println!("{place}: no rows: {sql}");
                }
            }
            (simple, extended) => {
                let told = simple.err().or(extended.err());
                faults.push(format!("{place}: {told:?}: {sql}"));
            }
        }
    }
    println!("{} statements, {with_rows} with rows", statements.len());
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(statements.len() > 5 && with_rows * 2 > statements.len(), "{with_rows} of {}", statements.len());
    drop(client);
    connection.await.expect("the connection ends").expect("in order");
}
