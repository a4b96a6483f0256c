//! Homeward in a process of its own: it takes a topic in, or serves it.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use homeward_contract::feed::Feed;
use homeward_contract::geography::Geography;
use homeward_ingest::lake::Lake;
use homeward_ingest::telemetry::IngestTelemetry;
use homeward_metrics_api::config::{Config, Settings};
use homeward_transform::live::LiveOptions;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::stand::Fault;
use crate::stand::house::{house, ingest, providers, until_as_planted};
use crate::stand::process::{Child, usage};

/// Takes the whole topic in, until everything is durable and every figure is as planted.
pub(crate) fn take_in(part: &Child) -> Result<(), Fault> {
    let began = Instant::now();
    let seconds = tokio::runtime::Runtime::new()?.block_on(async {
        let shutdown = CancellationToken::new();
        let telemetry = Arc::new(IngestTelemetry::new());
        let lake = Lake::open(&part.lake)?;
        let mut house = house(&lake, &telemetry, Geography::devon(), &shutdown)?;
        let snapshots = house.snapshots();
        ingest(&mut house, part, lake, &telemetry);
        house.transform(LiveOptions::default()).await?;
        let running = tokio::spawn(house.run());
        let snapshot = until_as_planted(snapshots, &telemetry, part, |_| ()).await?;
        let seconds = began.elapsed().as_secs_f64();
        shutdown.cancel();
        running.await??;
        Ok::<_, Fault>((seconds, providers(&snapshot), commits(&telemetry), snapshot.sequence()))
    });
    let (seconds, providers, commits, snapshots) = seconds?;
    let used = usage()?;
    let answer = json!({
        "seconds": seconds, "cpu_seconds": used.cpu_seconds, "peak_mib": used.peak_mib,
        "providers": providers, "commits": commits, "snapshots": snapshots,
    });
    println!("{answer}");
    Ok(())
}

/// Takes the topic in and serves it until the benchmark ends this process.
pub(crate) fn serve(part: &Child) -> Result<(), Fault> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let shutdown = CancellationToken::new();
        let telemetry = Arc::new(IngestTelemetry::new());
        let lake = Lake::open(&part.lake)?;
        let mut house = house(&lake, &telemetry, Geography::devon(), &shutdown)?;
        let mut config = Config::check(Settings::default(), &[])?.serve;
        config.bind = SocketAddr::from(([127, 0, 0, 1], 0));
        let address = house.serve(config, 60, None).await?;
        ingest(&mut house, part, lake, &telemetry);
        house.transform(LiveOptions::default()).await?;
        println!("{address}");
        std::io::stdout().flush()?;
        Ok(house.run().await?)
    })
}

fn commits(telemetry: &IngestTelemetry) -> Value {
    let counters = telemetry.snapshot();
    let own = counters.feeds.get(&Feed::Ucr).cloned().unwrap_or_default();
    json!({ "count": own.commits, "seconds": own.commit_seconds })
}
