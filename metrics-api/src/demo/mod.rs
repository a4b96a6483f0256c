//! `homeward demo`: a simulated Devon on this machine, from the broker to the page.
//!
//! It is the production code throughout. Three things are the demonstration's own: the broker lives in this
//! process, the clock runs fast, and the people do not exist. One hospital writes HL7 messages, the others events. Pseudonyms
//! are made with the key of the simulated providers, which is no secret. History is laid down in two steps, before and
//! after the monthly submissions of May, so that the revision log has something to tell.
//!
//! Limits: the embedded broker keeps 5 MiB a partition, so history is at most 90 days.

mod clock;
mod conditions;
mod feed;
mod sql;
mod write_ups;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use homeward_contract::clock::Clock;
use homeward_contract::feed::Feed;
use homeward_contract::geography::Geography;
use homeward_contract::time::{london, resolve_start};
use homeward_ingest::adt::Wards;
use homeward_ingest::kafka::{EmbeddedBroker, KafkaConfig, PublishReceipt, Publisher};
use homeward_ingest::lake::Lake;
use homeward_ingest::pipeline::{Ingest, IngestOptions, unsaid};
use homeward_ingest::quarantine::QuarantineKey;
use homeward_ingest::telemetry::IngestTelemetry;
use homeward_simulator::states::wards_csv;
use homeward_transform::definition::{Catalogue, FirstDays};
use homeward_transform::live::LiveOptions;
use tokio_util::sync::CancellationToken;

use crate::cli::{CliError, DemoArguments, Outcome, Story};
use crate::config::{Config, ServeConfig, Settings};
use crate::house::{House, Rooms, Snapshots, told_to_stop};
use crate::keys;
use clock::DemoClock;
use conditions::Conditions;
use feed::{DemoFeed, HL7_HOSPITAL, STORY_PROVIDER};

/// Partitions of each topic of the embedded broker.
const PARTITIONS: i32 = 4;

/// The demonstration begins at ten o'clock in London on Wednesday 18 June 2025: the submissions of May are in.
const FIRST_DAY: (i32, u32, u32) = (2025, 6, 18);
const FIRST_HOUR: u32 = 10;

/// Longest wait for history to be durable, in real time.
const PRELOAD_PATIENCE: Duration = Duration::from_secs(300);

/// Snapshots older than so many real seconds are stale.
const STALE_AFTER_REAL_SECONDS: i64 = 20;

/// Runs the demonstration until told to stop.
///
/// # Errors
/// When the address is taken, the temporary folder cannot be made, or a part of the house fails.
pub(crate) async fn run(arguments: &DemoArguments, out: &mut (dyn Write + Send)) -> Result<Outcome, CliError> {
    let shutdown = told_to_stop();
    if let Some(seconds) = arguments.stop_after_seconds {
        stop_after(Duration::from_secs(seconds), shutdown.clone());
    }
    let speed = f64::from(arguments.speed);
    let origin = arguments.starts_at.unwrap_or_else(origin);
    let folder = LakeFolder::new(arguments.lake.clone())?;
    let broker = EmbeddedBroker::start()?;
    for feed in Feed::ALL {
        broker.create_topic(feed.default_topic(), PARTITIONS)?;
    }
    let kafka = KafkaConfig::new(broker.brokers());
    let publisher = Arc::new(Publisher::new(&kafka)?);
    let mut feed = DemoFeed::new(arguments, origin, publisher);

    let clock = Arc::new(DemoClock::standing_at(feed.before_submissions(origin)));
    let shared: Arc<dyn Clock> = Arc::<DemoClock>::clone(&clock);
    let geography = Arc::new(Geography::devon());
    let telemetry = Arc::new(IngestTelemetry::new());
    let lake = Lake::open(&folder.path)?;
    let mut house = House::new(
        Rooms {
            lake: lake.clone(),
            clock: Arc::clone(&shared),
            catalogue: Arc::new(Catalogue::builtin()?.covered(&first_days(arguments, origin)?)),
            geography: Arc::clone(&geography),
            telemetry: Arc::clone(&telemetry),
        },
        shutdown.clone(),
    );
    let stale_after = STALE_AFTER_REAL_SECONDS * i64::from(arguments.speed);
    let notice = format!("A simulation at {} times real time: nobody in it exists.", arguments.speed);
    let address = house.serve(serve_config(arguments)?, stale_after, Some(notice)).await?;
    let password = sql::password(arguments.sql_password_file.as_deref())?;
    let sql = house.serve_sql(sql::config(arguments, &password)?).await?;
    let wards = Wards::from_csv(&wards_csv())
        .map_err(|fault| CliError::argument(fault.to_string(), "please report this defect"))?;
    house.ingest(Ingest {
        kafka,
        options: IngestOptions { wards: wards.clone(), ..IngestOptions::default() },
        lake: lake.clone(),
        keys: Arc::new(feed.pseudonym_keys()),
        quarantine_key: Arc::new(QuarantineKey::new(1, keys::random_32_bytes())),
        calendar: Arc::default(),
        clock: shared,
        telemetry,
    });

    writeln!(out, "Homeward demo: a simulated Devon at {} times real time. Nobody in it exists.", arguments.speed)?;
    writeln!(out, "Laying down {} days of history ...", arguments.history_days)?;
    out.flush()?;
    let preload = preload(&house, &mut feed, &clock, (&lake, &wards), origin);
    let Some(live) = shutdown.run_until_cancelled(preload).await else {
        return end(house, shutdown).await;
    };
    house.follow(live?);
    let running = clock.start(speed);
    let told = shutdown.clone();
    house.add(async move {
        // The broker lives in this process: when it refuses, the process is ending.
        if let Err(error) = feed.run(running, told).await {
            tracing::warn!(%error, "the simulated feed ended");
        }
        Ok(())
    });
    let addresses = Addresses { page: address, sql: sql::url(sql, &password), brokers: broker.brokers().to_owned() };
    welcome(out, &addresses, arguments, origin, &geography)?;
    watch(house.snapshots(), origin, &geography, &shutdown, out).await?;
    end(house, shutdown).await
}

/// The hospitals of the demonstration tell of nothing before its history begins.
fn first_days(arguments: &DemoArguments, origin: DateTime<Utc>) -> Result<FirstDays, CliError> {
    let first_day = feed::first_day(arguments, origin).to_string();
    let mut days = FirstDays::default();
    for feed in [Feed::Spell, Feed::EdStay, Feed::VwStay] {
        days.declare(feed.name(), &first_day).map_err(|fault| CliError::argument(fault.to_string(), fault.mend()))?;
    }
    Ok(days)
}

async fn end(house: House, shutdown: CancellationToken) -> Result<Outcome, CliError> {
    shutdown.cancel();
    house.run().await?;
    Ok(Outcome::Done)
}

/// Lays down history in two steps and returns figures that know what the submissions changed.
async fn preload(
    house: &House,
    feed: &mut DemoFeed,
    clock: &DemoClock,
    (lake, wards): (&Lake, &Wards),
    origin: DateTime<Utc>,
) -> Result<homeward_transform::live::Live, CliError> {
    let before = feed.before_submissions(origin);
    let receipt = feed.publish_events(before)?;
    until_durable(lake, wards, &receipt).await?;
    let live = house.restore(LiveOptions::default()).await?;
    clock.stand_at(origin);
    feed.publish_submissions()?;
    let receipt = feed.publish_events(origin)?;
    until_durable(lake, wards, &receipt).await?;
    Ok(live)
}

/// Waits until the lake holds everything that the broker acknowledged, and what its HL7 messages tell.
async fn until_durable(lake: &Lake, wards: &Wards, receipt: &PublishReceipt) -> Result<(), CliError> {
    let mut commits = lake.commits();
    let durable = async {
        loop {
            commits.borrow_and_update();
            let mut frontier = BTreeMap::new();
            for feed in Feed::ALL {
                frontier.extend(lake.frontier(feed).await?);
            }
            let reached = receipt
                .partitions
                .iter()
                .all(|(place, partition)| frontier.get(place).is_some_and(|next| *next > partition.last_offset));
            let is_whole = reached && unsaid(lake, wards).await? == 0;
            if is_whole || commits.changed().await.is_err() {
                return Ok(());
            }
        }
    };
    tokio::time::timeout(PRELOAD_PATIENCE, durable).await.unwrap_or_else(|_| {
        Err(CliError::argument(
            "history did not become durable in five minutes",
            "ask for less with --history-days, or see the log with HOMEWARD_LOG=info",
        ))
    })
}

/// Prints conditions as they appear and clear.
async fn watch(
    mut snapshots: Snapshots,
    origin: DateTime<Utc>,
    geography: &Geography,
    shutdown: &CancellationToken,
    out: &mut (dyn Write + Send),
) -> Result<(), CliError> {
    let mut conditions = Conditions::default();
    loop {
        let snapshot = snapshots.borrow_and_update().clone();
        // The first snapshot was made before the submissions came; what counts begins at the origin.
        if let Some(snapshot) = snapshot.filter(|snapshot| snapshot.as_of() >= origin) {
            conditions.print_changes(&snapshot, geography, out)?;
        }
        let changed = shutdown.run_until_cancelled(snapshots.changed()).await;
        if !matches!(changed, Some(Ok(()))) {
            return Ok(());
        }
    }
}

/// Where a visitor finds what.
struct Addresses {
    page: std::net::SocketAddr,
    sql: String,
    brokers: String,
}

fn welcome(
    out: &mut dyn Write,
    addresses: &Addresses,
    arguments: &DemoArguments,
    origin: DateTime<Utc>,
    geography: &Geography,
) -> Result<(), CliError> {
    let Addresses { page: address, sql, brokers } = addresses;
    let name = geography.name_of(STORY_PROVIDER).unwrap_or(STORY_PROVIDER);
    writeln!(out)?;
    writeln!(out, "  Page      http://{address}/")?;
    writeln!(out, "  Metrics   http://{address}/metrics")?;
    writeln!(
        out,
        "  Figures   http://{address}/api/v1/figures?indicator=ucr-two-hour-response&basis=live&by=provider&period=28d"
    )?;
    writeln!(out, "  Revisions http://{address}/api/v1/revisions")?;
    writeln!(out, "  SQL       psql '{sql}'")?;
    writeln!(out, "  Kafka     {brokers}")?;
    let hospital = geography.name_of(HL7_HOSPITAL).unwrap_or(HL7_HOSPITAL);
    writeln!(out, "  HL7       {hospital} writes ADT messages to {}", Feed::Adt.default_topic())?;
    writeln!(out)?;
    writeln!(out, "{} Ctrl-C ends the demo.", plot(arguments, name))?;
    writeln!(out, "It is {} in London.", london(origin).format("%H:%M on %A %-d %B %Y"))?;
    out.flush()?;
    Ok(())
}

/// What to look for, and when, in real seconds.
fn plot(arguments: &DemoArguments, name: &str) -> String {
    let seconds = |minutes: u32| (60 * minutes).div_ceil(arguments.speed);
    match arguments.story {
        Story::Clock => format!(
            "Look at {name} under \"Conditions now\" on the page: in about {} seconds a referral there passes two \
             hours unseen, and about {} seconds later its visit is written up and the condition clears.",
            seconds(40),
            seconds(32)
        ),
        Story::WriteUps => format!(
            "Look at {name}: for {} days no visit there has been written up, so people seem to wait and the rate is \
             far below the target. In about {} seconds the write-ups arrive, and the past is restated.",
            write_ups::HELD_DAYS,
            seconds(write_ups::MENDED_AFTER_MINUTES)
        ),
    }
}

fn serve_config(arguments: &DemoArguments) -> Result<ServeConfig, CliError> {
    let mut config = Config::check(Settings::default(), &[])?.serve;
    config.bind = arguments.bind;
    config.page_refresh_seconds = 5;
    Ok(config)
}

fn origin() -> DateTime<Utc> {
    let (year, month, day) = FIRST_DAY;
    let day = NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    let hour = NaiveTime::from_hms_opt(FIRST_HOUR, 0, 0).unwrap_or_default();
    resolve_start(day.and_time(hour)).at
}

fn stop_after(real: Duration, shutdown: CancellationToken) {
    tokio::spawn(async move {
        tokio::time::sleep(real).await;
        shutdown.cancel();
    });
}

/// The lake of the demonstration: temporary, unless a folder was named.
struct LakeFolder {
    path: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

impl LakeFolder {
    fn new(named: Option<PathBuf>) -> Result<Self, CliError> {
        if let Some(path) = named {
            if path.join("ucr_event").exists() {
                return Err(CliError::argument(
                    format!("{} holds a lake already", path.display()),
                    "name an empty folder: the demonstration's broker begins anew each time",
                ));
            }
            return Ok(Self { path, _temporary: None });
        }
        let folder = tempfile::tempdir()?;
        Ok(Self { path: folder.path().to_owned(), _temporary: Some(folder) })
    }
}
