//! `homeward run`: the service in production.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use homeward_contract::clock::{Clock, SystemClock};
use homeward_ingest::lake::Lake;
use homeward_ingest::pipeline::{Ingest, IngestOptions, PoisonRule};
use homeward_ingest::telemetry::IngestTelemetry;
use homeward_transform::book::limits::Limits;
use homeward_transform::live::LiveOptions;

use super::arguments::RunArguments;
use super::error::{CliError, Outcome};
use super::evaluate::catalogue;
use crate::config::{Config, Role};
use crate::house::{House, Rooms, told_to_stop};

/// Figures older than this many seconds are shown as stale.
const STALE_AFTER_SECONDS: i64 = 60;

pub(super) async fn run(
    arguments: &RunArguments,
    file: Option<&Path>,
    out: &mut (dyn Write + Send),
) -> Result<Outcome, CliError> {
    let roles = &arguments.roles;
    if roles.contains(&Role::Serve) && !roles.contains(&Role::Transform) {
        return Err(CliError::argument(
            "the role serve needs the role transform in the same process in this version",
            "write --roles transform,serve",
        ));
    }
    let config = super::checked(file, roles)?;
    let definitions = catalogue(config.definitions.as_deref())?.covered(&config.first_days);
    if arguments.check {
        let count = definitions.iter().count();
        writeln!(out, "No fault found: the configuration can be used, and {count} indicators are defined.")?;
        return Ok(Outcome::Done);
    }
    let shutdown = told_to_stop();
    let lake = Lake::open(&config.lake_path)?;
    let telemetry = Arc::new(IngestTelemetry::new());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut house = House::new(
        Rooms {
            lake: lake.clone(),
            clock: Arc::clone(&clock),
            catalogue: Arc::new(definitions),
            geography: Arc::new(config.geography()),
            telemetry: Arc::clone(&telemetry),
        },
        shutdown.clone(),
    );
    if roles.contains(&Role::Serve) {
        let address = house.serve(config.serve.clone(), STALE_AFTER_SECONDS, None).await?;
        tracing::info!(%address, "serving");
        if let Some(sql) = config.sql.clone() {
            let encrypted = sql.tls.is_some();
            let address = house.serve_sql(sql).await?;
            tracing::info!(%address, encrypted, "serving SQL");
        }
    }
    if roles.contains(&Role::Ingest) {
        house.ingest(ingest(&config, lake, clock, telemetry)?);
    }
    if roles.contains(&Role::Transform) {
        let options = LiveOptions {
            tick: config.cycle,
            pause_min: Duration::from_millis(50).min(config.cycle),
            keep_history: true,
            book: Limits { packed_bytes_max: config.book_bytes_max, ..Limits::default() },
        };
        tokio::select! {
            started = house.transform(options) => started?,
            () = shutdown.cancelled() => {}
        }
    }
    house.run().await?;
    Ok(Outcome::Done)
}

fn ingest(
    config: &Config,
    lake: Lake,
    clock: Arc<dyn Clock>,
    telemetry: Arc<IngestTelemetry>,
) -> Result<Ingest, CliError> {
    // The check of the configuration refuses the role without its keys.
    let (Some(keys), Some(quarantine_key)) = (&config.keys.pseudonym, &config.keys.quarantine) else {
        return Err(CliError::argument("a key is missing", "see [keys] of homeward.toml"));
    };
    let options = IngestOptions {
        commit_interval: config.commit_interval,
        buffer_bytes_max: config.buffer_bytes,
        wards: config.wards.clone(),
        visits_held_for: config.visits_held_for,
        poison: PoisonRule { share: config.poison_share, records_min: config.poison_minimum_records },
        ..IngestOptions::default()
    };
    Ok(Ingest {
        kafka: config.kafka.clone(),
        options,
        lake,
        keys: Arc::new(keys.clone()),
        quarantine_key: Arc::new(quarantine_key.clone()),
        calendar: Arc::new(config.calendar.clone()),
        clock,
        telemetry,
    })
}
