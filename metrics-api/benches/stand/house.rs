//! Homeward as `homeward run` composes it, and what its figures say.

use std::sync::Arc;
use std::time::Duration;

use homeward_contract::clock::SystemClock;
use homeward_contract::feed::Feed;
use homeward_contract::geography::Geography;
use homeward_contract::identity::PseudonymKeys;
use homeward_ingest::kafka::KafkaConfig;
use homeward_ingest::lake::Lake;
use homeward_ingest::pipeline::{Ingest, IngestOptions};
use homeward_ingest::quarantine::QuarantineKey;
use homeward_ingest::telemetry::IngestTelemetry;
use homeward_metrics_api::house::{House, Rooms, Snapshots};
use homeward_transform::definition::Catalogue;
use homeward_transform::figure::Dimension;
use homeward_transform::snapshot::{FigureQuery, Snapshot};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::Fault;
use super::process::Child;

/// A run that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(900);

/// The client settings of every run.
pub(crate) fn kafka(part: &Child) -> KafkaConfig {
    let mut config = KafkaConfig::new(&part.brokers);
    config.topics = [(Feed::Ucr, vec![part.topic.clone()])].into();
    config
}

/// An empty house on a lake.
pub(crate) fn house(
    lake: &Lake,
    telemetry: &Arc<IngestTelemetry>,
    geography: Geography,
    shutdown: &CancellationToken,
) -> Result<House, Fault> {
    let rooms = Rooms {
        lake: lake.clone(),
        clock: Arc::new(SystemClock),
        catalogue: Arc::new(Catalogue::builtin()?),
        geography: Arc::new(geography),
        telemetry: Arc::clone(telemetry),
    };
    Ok(House::new(rooms, shutdown.clone()))
}

/// Ingest shares the lake's handle with the live path, as in `homeward run`: commits wake it, and need not be read back.
pub(crate) fn ingest(house: &mut House, part: &Child, lake: Lake, telemetry: &Arc<IngestTelemetry>) {
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

/// Snapshots as they come, each told, until everything is durable and the totals are as planted.
pub(crate) async fn until_as_planted(
    mut snapshots: Snapshots,
    telemetry: &IngestTelemetry,
    part: &Child,
    mut tell: impl FnMut(&Snapshot),
) -> Result<Arc<Snapshot>, Fault> {
    let done = async {
        loop {
            snapshots.changed().await?;
            let Some(snapshot) = snapshots.borrow_and_update().clone() else { continue };
            tell(&snapshot);
            if durable(telemetry) == part.records {
                let totals = [total(&snapshot, "ucr-referrals"), total(&snapshot, "ucr-two-hour-response")];
                if totals == [part.referrals, part.met] {
                    return Ok::<_, Fault>(snapshot);
                }
            }
        }
    };
    tokio::time::timeout(PATIENCE, done).await.map_err(|_| "the figures never became as planted")?
}

/// Records that are durable.
pub(crate) fn durable(telemetry: &IngestTelemetry) -> u64 {
    telemetry.snapshot().partitions.values().map(|partition| partition.consumed).sum()
}

fn query(indicator: &str, by: Vec<Dimension>) -> FigureQuery {
    FigureQuery { indicator: indicator.to_owned(), bases: vec!["live".to_owned()], by, ..FigureQuery::default() }
}

/// The numerator over everything.
pub(crate) fn total(snapshot: &Snapshot, indicator: &str) -> u64 {
    let figures = snapshot.figures(&query(indicator, Vec::new()));
    figures.iter().filter_map(|figure| figure.numerator).sum::<i64>().unsigned_abs()
}

/// Referrals, met and open clocks by provider.
pub(crate) fn providers(snapshot: &Snapshot) -> Value {
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
