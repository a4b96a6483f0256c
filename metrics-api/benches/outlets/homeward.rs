//! The whole house in a process of its own: ingest, transform, HTTP and SQL. It tells how it fares on its standard output.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use homeward_ingest::lake::Lake;
use homeward_ingest::telemetry::IngestTelemetry;
use homeward_metrics_api::config::{Config, Settings, verifier_of_password};
use homeward_sql::{Account, Limits, SqlConfig};
use homeward_transform::live::LiveOptions;
use homeward_transform::release::Policy;
use tokio_util::sync::CancellationToken;

use crate::country::geography;
use crate::feed::micros_now;
use crate::stand::Fault;
use crate::stand::house::{durable, house, ingest, providers, total, until_as_planted};
use crate::stand::process::{Child, cpu_seconds, usage};
use crate::told::{ROLE, Told, Used, password};

/// Between two words about processor time.
const TELL_PAUSE: Duration = Duration::from_millis(250);

/// Serves until everything is durable and every figure is as planted.
pub(crate) fn serve(part: &Child, size: usize) -> Result<(), Fault> {
    let telemetry = Arc::new(IngestTelemetry::new());
    let ended = Arc::new(AtomicBool::new(false));
    let teller = std::thread::spawn({
        let (telemetry, ended) = (Arc::clone(&telemetry), Arc::clone(&ended));
        move || tell_usage(&telemetry, &ended)
    });
    let providers = tokio::runtime::Runtime::new()?.block_on(async {
        let shutdown = CancellationToken::new();
        let lake = Lake::open(&part.lake)?;
        let mut house = house(&lake, &telemetry, geography(size)?, &shutdown)?;
        let mut config = Config::check(Settings::default(), &[])?.serve;
        config.bind = loopback();
        let http = house.serve(config, 60, None).await?.to_string();
        let sql = house.serve_sql(sql_config()?).await?.port();
        let snapshots = house.snapshots();
        ingest(&mut house, part, lake, &telemetry);
        house.transform(LiveOptions::default()).await?;
        Told::Serving { http, sql }.tell()?;
        let running = tokio::spawn(house.run());
        let tell = |snapshot: &_| {
            // A pipe that nobody reads any more ends the process at the next word of the other thread.
            let _ = Told::Shown { at: micros_now(), referrals: total(snapshot, "ucr-referrals") }.tell();
        };
        let snapshot = until_as_planted(snapshots, &telemetry, part, tell).await?;
        shutdown.cancel();
        running.await??;
        Ok::<_, Fault>(providers(&snapshot))
    })?;
    ended.store(true, Ordering::Relaxed);
    teller.join().unwrap_or_else(|_| Err("the thread that tells of usage ended early".into()))?;
    Told::Ended { providers, peak_mib: usage()?.peak_mib }.tell()
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn sql_config() -> Result<SqlConfig, Fault> {
    let account = Account {
        name: ROLE.to_owned(),
        verifier: verifier_of_password(&password())?,
        policy: Policy::by_name("internal-live")?,
        tick: None,
    };
    Ok(SqlConfig { bind: loopback(), tls: None, accounts: vec![account], limits: Limits::default() })
}

/// In a thread of its own, so that a runtime that is held up tells nothing false.
fn tell_usage(telemetry: &IngestTelemetry, ended: &AtomicBool) -> Result<(), Fault> {
    while !ended.load(Ordering::Relaxed) {
        let at = micros_now();
        Told::Used(Used {
            at,
            durable: durable(telemetry),
            cpu_seconds: usage()?.cpu_seconds,
            sql_cpu_seconds: threads_cpu_seconds(&["sql-"])?,
            ingest_cpu_seconds: threads_cpu_seconds(&["ingest-", "rdk:"])?,
        })
        .tell()?;
        std::thread::sleep(TELL_PAUSE);
    }
    Ok(())
}

/// Processor time of the living threads whose names begin so.
fn threads_cpu_seconds(beginnings: &[&str]) -> Result<f64, Fault> {
    let mut sum = 0.0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let folder = thread?.path();
        // A thread may end between two looks.
        let Ok(name) = std::fs::read_to_string(folder.join("comm")) else { continue };
        if beginnings.iter().any(|beginning| name.starts_with(beginning)) {
            sum += cpu_seconds(&folder.join("stat")).unwrap_or_default();
        }
    }
    Ok(sum)
}
