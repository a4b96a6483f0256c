//! One stretch: a fresh house, events at their pace, and one kind of reader.

use std::path::Path;
use std::process::{Child as Process, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use homeward_ingest::kafka::Publisher;
use homeward_simulator::load::Load;

use crate::country::{codes, senders};
use crate::feed::{Handed, micros_now, publish};
use crate::machine;
use crate::plan::{Kind, Plan};
use crate::readers::{Doors, Readings, read};
use crate::stand::broker::Broker;
use crate::stand::house::kafka;
use crate::stand::process::{self, Child, usage};
use crate::stand::{Fault, SEED, SHARES, planted};
use crate::told::{Heard, Told, Used};
use crate::waits::Waits;

/// For a house to start before the first event.
const START: TimeDelta = TimeDelta::seconds(5);

/// A referral's visit is written up this long after it.
const VISITED_AFTER_SECONDS: u32 = 5;

/// What came of it.
pub(crate) struct Stretch {
    /// Events a second that were handed to Kafka.
    pub(crate) rate: f64,
    /// Processor time of the house for a million durable events.
    pub(crate) cpu_seconds_a_million: f64,
    /// Of it, ingest's own threads.
    pub(crate) ingest_cpu_seconds_a_million: f64,
    /// Processors that the house had on average, SQL's threads included.
    pub(crate) house_processors: f64,
    /// Processors that SQL's threads had.
    pub(crate) sql_processors: f64,
    /// Processors that this process had: publisher and readers.
    pub(crate) own_processors: f64,
    /// Processors of the machine that were busy with anything.
    pub(crate) busy_processors: f64,
    /// Records handed over and not durable: most, and at the end.
    pub(crate) lag_max: u64,
    pub(crate) lag_end: u64,
    /// From an event's handing over to the first snapshot that counts it.
    pub(crate) freshness: Waits,
    /// Snapshots that reached the outlets.
    pub(crate) snapshots: usize,
    pub(crate) readings: Readings,
    pub(crate) peak_mib: f64,
}

/// Measures one, and holds it against what was planted.
pub(crate) fn measure(plan: &Plan, kind: Kind, broker: &Broker, folder: &Path) -> Result<Stretch, Fault> {
    let begins_at = Utc::now().trunc_subsecs(0) + START;
    let load = Load {
        begins_at,
        span_seconds: plan.warm_up_seconds + plan.seconds,
        visited_after_seconds: VISITED_AFTER_SECONDS,
        senders: senders(plan.providers),
        ..Load::of_sixty_days(plan.rate * (plan.warm_up_seconds + plan.seconds), SEED, SHARES)
    };
    let events = load.events();
    let counts = events.counts().clone();
    let topic = format!("homeward.outlets.{}.{}", std::process::id(), begins_at.timestamp());
    broker.create_topic(&topic)?;
    let part = Child::of(&broker.address, topic, folder.to_owned(), &counts);
    let mut child = process::child("serve", &part)?
        .env("HOMEWARD_BENCH_PROVIDERS", plan.providers.to_string())
        .stdout(Stdio::piped())
        .spawn()?;
    let feed = |publisher: &Publisher| publish(publisher, &part.topic, events, begins_at, plan.rate);
    let outcome = attend(&part, &mut child, plan.providers, feed, |doors| see(plan, kind, doors, begins_at));
    let _ = child.kill();
    let _ = child.wait();
    let (stretch, providers) = outcome?;
    planted::check(&counts, &providers, &process::run("ledger", &part)?)?;
    std::fs::remove_dir_all(folder)?;
    Ok(stretch)
}

type Publication = Result<Vec<Handed>, Fault>;

/// The stretch as seen from this process.
struct Seen {
    /// Microseconds since 1970.
    from: i64,
    until: i64,
    own_processors: f64,
    busy_processors: f64,
    readings: Readings,
}

/// Feeds the child and sees what it does, until it has everything.
fn attend(
    part: &Child,
    child: &mut Process,
    providers: usize,
    publish: impl FnOnce(&Publisher) -> Publication + Send,
    see: impl FnOnce(&Doors) -> Result<Seen, Fault>,
) -> Result<(Stretch, serde_json::Value), Fault> {
    let heard = Heard::default();
    heard.listen(child.stdout.take().ok_or("the child has no output")?);
    let (http, sql) = heard.wait("served", |told| match told {
        Told::Serving { http, sql } => Some((http.clone(), *sql)),
        _ => None,
    })?;
    let doors = Doors { http, sql, providers: codes(providers) };
    let publisher = Publisher::new(&kafka(part))?;
    let (handed, seen) = std::thread::scope(|scope| {
        let feed = scope.spawn(|| publish(&publisher));
        let seen = see(&doors);
        let handed = feed.join().unwrap_or_else(|_| Err("the publishing thread ended early".into()));
        Ok::<_, Fault>((handed?, seen?))
    })?;
    let (providers, peak_mib) = heard.wait("had everything as planted", |told| match told {
        Told::Ended { providers, peak_mib } => Some((providers.clone(), *peak_mib)),
        _ => None,
    })?;
    Ok((reckon(&handed, &heard.lines(), seen, peak_mib)?, providers))
}

/// Lets the warm-up pass, then reads.
fn see(plan: &Plan, kind: Kind, doors: &Doors, begins_at: DateTime<Utc>) -> Result<Seen, Fault> {
    let warm_at = begins_at + Duration::from_secs(plan.warm_up_seconds);
    std::thread::sleep((warm_at - Utc::now()).to_std().unwrap_or_default());
    let (began, from) = (Instant::now(), micros_now());
    let (own, busy) = (usage()?.cpu_seconds, machine::busy_seconds()?);
    let length = Duration::from_secs(plan.seconds);
    let readings = read(kind, doors, began + length)?;
    // The last requests may outlast the stretch.
    let seconds = began.elapsed().as_secs_f64();
    Ok(Seen {
        from,
        until: from + i64::try_from(length.as_micros())?,
        own_processors: (usage()?.cpu_seconds - own) / seconds,
        busy_processors: (machine::busy_seconds()? - busy) / seconds,
        readings,
    })
}

fn reckon(handed: &[Handed], lines: &[Told], seen: Seen, peak_mib: f64) -> Result<Stretch, Fault> {
    let within = |at: i64| (seen.from..=seen.until).contains(&at);
    let used: Vec<Used> = lines.iter().filter_map(used).filter(|used| within(used.at)).collect();
    let shown: Vec<(i64, u64)> = lines.iter().filter_map(shown).collect();
    let (Some(first), Some(last)) = (used.first(), used.last()) else { return Err("the house told nothing".into()) };
    let seconds = (last.at - first.at) as f64 / 1e6;
    let cpu_seconds = last.cpu_seconds - first.cpu_seconds;
    let millions = (last.durable - first.durable).max(1) as f64 / 1e6;
    let lag = |used: &Used| records_at(handed, used.at).saturating_sub(used.durable);
    Ok(Stretch {
        rate: (records_at(handed, seen.until) - records_at(handed, seen.from)) as f64 * 1e6
            / (seen.until - seen.from) as f64,
        cpu_seconds_a_million: cpu_seconds / millions,
        ingest_cpu_seconds_a_million: (last.ingest_cpu_seconds - first.ingest_cpu_seconds) / millions,
        house_processors: cpu_seconds / seconds,
        sql_processors: (last.sql_cpu_seconds - first.sql_cpu_seconds) / seconds,
        own_processors: seen.own_processors,
        busy_processors: seen.busy_processors,
        lag_max: used.iter().map(lag).max().unwrap_or_default(),
        lag_end: lag(last),
        freshness: freshness(handed.iter().filter(|handed| within(handed.at)), &shown)?,
        snapshots: shown.iter().filter(|(at, _)| within(*at)).count(),
        readings: seen.readings,
        peak_mib,
    })
}

const fn used(told: &Told) -> Option<Used> {
    match told {
        Told::Used(used) => Some(*used),
        _ => None,
    }
}

const fn shown(told: &Told) -> Option<(i64, u64)> {
    match told {
        Told::Shown { at, referrals } => Some((*at, *referrals)),
        _ => None,
    }
}

fn records_at(handed: &[Handed], at: i64) -> u64 {
    let next = handed.partition_point(|handed| handed.at <= at);
    next.checked_sub(1).and_then(|place| handed.get(place)).map_or(0, |handed| handed.records)
}

/// Of each part of the feed, the time until the first snapshot that counts its referrals.
fn freshness<'a>(handed: impl Iterator<Item = &'a Handed>, shown: &[(i64, u64)]) -> Result<Waits, Fault> {
    let mut waits = Waits::default();
    for part in handed {
        let first = shown.iter().find(|(_, referrals)| *referrals >= part.referrals);
        let (at, _) = first.ok_or("a referral never showed")?;
        waits.push(Duration::from_micros((at - part.at).max(0).unsigned_abs()));
    }
    Ok(waits)
}
