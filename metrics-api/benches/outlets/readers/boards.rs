//! The boards: our own pages and JSON, and the SQL of Grafana's boards as Grafana sends it. What their panels ask of
//! Prometheus is Prometheus's work.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use futures::future::try_join_all;
use homeward_dashboards::grafana::expansion::{Choices, menu_statements, panel_statements};
use homeward_dashboards::grafana::model::Board;
use homeward_dashboards::grafana::{Places, boards};
use homeward_transform::definition::Catalogue;
use tokio_postgres::Client;

use super::{Doors, Readings, greedy, steadily};
use crate::stand::{Fault, http};

/// A browser has this many requests to one server under way, so Grafana passes on no more at a time.
const CONNECTIONS: usize = 6;

/// Days on the boards.
const DAYS: i64 = 56;

/// Loads everything anew, again and again.
pub(super) fn refresh(doors: &Doors, pause: Duration, until: Instant) -> Result<Readings, Fault> {
    let mut readings = Readings::default();
    let catalogue = Catalogue::builtin()?;
    let grafana = boards(&catalogue, &Places::default());
    let paths = paths(doors, &catalogue);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let clients = runtime.block_on(try_join_all((0..CONNECTIONS).map(|_| greedy::connect(doors))))?;
    steadily(pause, until, || {
        for (what, path) in &paths {
            readings.wait(what, || http::get(&doors.http, path))?;
        }
        for board in &grafana {
            let choices = choices(doors);
            let what = format!("Grafana: {}", board.title);
            readings.wait(&what, || runtime.block_on(load(&clients, board, &choices)))?;
        }
        Ok(())
    })?;
    Ok(readings)
}

/// Pages for people, and JSON for programs.
fn paths(doors: &Doors, catalogue: &Catalogue) -> Vec<(&'static str, String)> {
    let mut paths = vec![("page", "/".to_owned()), ("page", "/area/nation/National".to_owned())];
    paths.extend(doors.providers.first().map(|code| ("page", format!("/area/provider/{code}"))));
    for definition in catalogue.iter() {
        let id = &definition.id;
        paths.push(("page", format!("/indicator/{id}")));
        paths.push(("JSON", format!("/api/v1/figures?indicator={id}&by=provider")));
    }
    paths
}

/// A reader who changes nothing: providers, all of them, 28 days.
fn choices(doors: &Doors) -> Choices {
    let values = [
        ("level".to_owned(), vec!["provider".to_owned()]),
        ("area".to_owned(), doors.providers.clone()),
        ("window".to_owned(), vec!["28d".to_owned()]),
    ];
    let now = Utc::now();
    Choices { from: now - TimeDelta::days(DAYS), to: now, values: values.into() }
}

/// Menus first, as panels wait for them; then the panels, several at a time.
async fn load(clients: &[Client], board: &Board, choices: &Choices) -> Result<(), Fault> {
    let Some(first) = clients.first() else { return Ok(()) };
    for menu in menu_statements(board) {
        first.simple_query(&choices.sql(&menu.raw_sql)).await?;
    }
    let panels = panel_statements(board);
    let next = AtomicUsize::new(0);
    let work = clients.iter().map(async |client| {
        while let Some(panel) = panels.get(next.fetch_add(1, Ordering::Relaxed)) {
            client.simple_query(&choices.sql(&panel.raw_sql)).await?;
        }
        Ok::<_, Fault>(())
    });
    try_join_all(work).await?;
    Ok(())
}
