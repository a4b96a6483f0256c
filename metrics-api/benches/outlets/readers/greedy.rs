//! SQL clients, and one that wants all it can get.

use std::time::Instant;

use futures::{StreamExt as _, pin_mut};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::{Doors, Readings};
use crate::stand::Fault;
use crate::told::{ROLE, password};

/// Computes until its time is over: many small batches, and nothing to hold.
pub(super) const COMPUTING: &str =
    "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b, generate_series(1, 1000) c";

/// Sorts more than memory holds, so that it spills to the disk that the lake is on.
pub(super) const SORTING: &str =
    "SELECT x FROM generate_series(1, 40000000) t(x) ORDER BY x * 7919 % 40000003 OFFSET 39999990";

/// Every column of every figure, over and over, until a bound ends it.
pub(super) const TAKING: &str = "SELECT f.* FROM outcomes.figures f CROSS JOIN generate_series(1, 10000)";

/// Asks the same again and again.
pub(super) fn ask(doors: &Doors, sql: &str, until: Instant) -> Result<Readings, Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = connect(doors).await?;
        let mut readings = Readings::default();
        while Instant::now() < until {
            let asked = Instant::now();
            let answer = take(&client, sql, &mut readings.rows);
            let Ok(end) = tokio::time::timeout_at(until.into(), answer).await else {
                client.cancel_token().cancel_query(NoTls).await?;
                break;
            };
            readings.waits.entry("statement".to_owned()).or_default().push(asked.elapsed());
            *readings.ends.entry(end?).or_default() += 1;
        }
        Ok(readings)
    })
}

/// Takes every row, and says how it ended. Only ends that a bound of the outlet makes are in order.
async fn take(client: &Client, sql: &str, rows: &mut u64) -> Result<String, Fault> {
    let answer = async {
        let messages = client.simple_query_raw(sql).await?;
        pin_mut!(messages);
        while let Some(message) = messages.next().await {
            *rows += u64::from(matches!(message?, SimpleQueryMessage::Row(_)));
        }
        Ok::<_, tokio_postgres::Error>(())
    };
    let Err(error) = answer.await else { return Ok("complete".to_owned()) };
    let bounds = [SqlState::QUERY_CANCELED, SqlState::OUT_OF_MEMORY, SqlState::PROGRAM_LIMIT_EXCEEDED];
    match error.code() {
        Some(code) if bounds.contains(code) => Ok(code.code().to_owned()),
        _ => Err(error.into()),
    }
}

/// A client that has logged in.
pub(super) async fn connect(doors: &Doors) -> Result<Client, Fault> {
    let mut config = Config::new();
    config.host("127.0.0.1").port(doors.sql).user(ROLE).password(password()).dbname("homeward");
    let (client, connection) = config.connect(NoTls).await?;
    // It ends with its client; what goes wrong on it is told to the client too.
    tokio::spawn(connection);
    Ok(client)
}
