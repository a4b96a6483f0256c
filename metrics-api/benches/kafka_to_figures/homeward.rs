//! Homeward as `homeward run` composes it, in a process of its own.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use homeward_contract::clock::SystemClock;
use homeward_contract::feed::Feed;
use homeward_contract::geography::Geography;
use homeward_contract::identity::PseudonymKeys;
use homeward_ingest::lake::Lake;
use homeward_ingest::pipeline::{Ingest, IngestOptions};
use homeward_ingest::quarantine::QuarantineKey;
use homeward_ingest::telemetry::IngestTelemetry;
use homeward_metrics_api::config::{Config, Settings};
use homeward_metrics_api::house::{House, Rooms};
use homeward_transform::definition::Catalogue;
use homeward_transform::figure::Dimension;
use homeward_transform::live::LiveOptions;
use homeward_transform::snapshot::{FigureQuery, Snapshot};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::Fault;
use crate::plan::Child;
use crate::process::usage;
use crate::throughput::kafka;

/// A run that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(900);

/// Takes the whole topic in, until everything is durable and every figure is as planted.
pub(crate) fn take_in(part: &Child) -> Result<(), Fault> {
    let began = Instant::now();
    let seconds = tokio::runtime::Runtime::new()?.block_on(async {
        let shutdown = CancellationToken::new();
        let telemetry = Arc::new(IngestTelemetry::new());
        let lake = Lake::open(&part.lake)?;
        let mut house = house(&lake, &telemetry, &shutdown)?;
        let mut snapshots = house.snapshots();
        ingest(&mut house, part, lake, &telemetry);
        house.transform(LiveOptions::default()).await?;
        let running = tokio::spawn(house.run());
        let done = async {
            loop {
                snapshots.changed().await?;
                let snapshot = snapshots.borrow_and_update().clone();
                if let Some(snapshot) = snapshot.filter(|_| durable(&telemetry) == part.records) {
                    let [referrals, met] =
                        [total(&snapshot, "ucr-referrals"), total(&snapshot, "ucr-two-hour-response")];
                    if (referrals, met) == (part.referrals, part.met) {
                        return Ok::<_, Fault>(snapshot);
                    }
                }
            }
        };
        let snapshot =
            tokio::time::timeout(PATIENCE, done).await.map_err(|_| "the figures never became as planted")??;
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
        let mut house = house(&lake, &telemetry, &shutdown)?;
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

fn house(lake: &Lake, telemetry: &Arc<IngestTelemetry>, shutdown: &CancellationToken) -> Result<House, Fault> {
    let rooms = Rooms {
        lake: lake.clone(),
        clock: Arc::new(SystemClock),
        catalogue: Arc::new(Catalogue::builtin()?),
        geography: Arc::new(Geography::devon()),
        telemetry: Arc::clone(telemetry),
    };
    Ok(House::new(rooms, shutdown.clone()))
}

/// Ingest shares the lake's handle with the live path, as in `homeward run`: commits wake it, and need not be read back.
fn ingest(house: &mut House, part: &Child, lake: Lake, telemetry: &Arc<IngestTelemetry>) {
    house.ingest(Ingest {
        kafka: kafka(part),
        options: IngestOptions::default(),
        lake,
        keys: Arc::new(PseudonymKeys::from_secret(1, b"benchmark-key-not-secret")),
        quarantine_key: Arc::new(QuarantineKey::new(1, [7; 32])),
        calendar: Arc::default(),
        clock: Arc::new(SystemClock),
        telemetry: Arc::clone(telemetry),
    });
}

fn durable(telemetry: &IngestTelemetry) -> u64 {
    telemetry.snapshot().partitions.values().map(|partition| partition.consumed).sum()
}

fn commits(telemetry: &IngestTelemetry) -> Value {
    let counters = telemetry.snapshot();
    let own = counters.feeds.get(&Feed::Ucr).cloned().unwrap_or_default();
    json!({ "count": own.commits, "seconds": own.commit_seconds })
}

fn query(indicator: &str, by: Vec<Dimension>) -> FigureQuery {
    FigureQuery { indicator: indicator.to_owned(), bases: vec!["live".to_owned()], by, ..FigureQuery::default() }
}

fn total(snapshot: &Snapshot, indicator: &str) -> u64 {
    let figures = snapshot.figures(&query(indicator, Vec::new()));
    figures.iter().filter_map(|figure| figure.numerator).sum::<i64>().unsigned_abs()
}

/// Referrals, met and open clocks by provider.
fn providers(snapshot: &Snapshot) -> Value {
    let mut providers = Map::new();
    let mut put = |provider: &str, name: &str, count: i64| {
        providers.entry(provider).or_insert_with(|| json!({}))[name] = count.into();
    };
    for figure in snapshot.figures(&query("ucr-referrals", vec![Dimension::Provider])) {
        if let (Some((_, provider)), Some(count)) = (figure.dimensions.first(), figure.numerator) {
            put(provider, "referrals", count);
        }
    }
    for figure in snapshot.figures(&query("ucr-two-hour-response", vec![Dimension::Provider])) {
        if let (Some((_, provider)), Some(count)) = (figure.dimensions.first(), figure.numerator) {
            put(provider, "met", count);
            // Every clock of the load was due long ago: an open one is breached.
            put(provider, "open", figure.counts.get("breached_open").copied().unwrap_or_default());
        }
    }
    providers.into()
}
