//! From an event's publication to its count on `/metrics`.
//!
//! Each event is a new referral, so that the nation's count of referrals of the last day tells how many show. The
//! exposition is asked for again and again; an event's freshness is the time from handing it to the Kafka client
//! until the end of the first answer that counts it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use chrono::{SubsecRound as _, Utc};
use homeward_ingest::kafka::Publisher;
use homeward_ingest::pipeline::IngestOptions;
use homeward_transform::live::LiveOptions;

use crate::plan::Plan;
use crate::stand::broker::Broker;
use crate::stand::house::kafka;
use crate::stand::process::{self, Child};
use crate::stand::{Fault, http};

/// Pause between two scrapes: part of what is measured, half of it on average.
const SCRAPE_PAUSE: Duration = Duration::from_millis(20);

/// How long the last event may take to show.
const PATIENCE: Duration = Duration::from_secs(60);

const SERIES: [&str; 6] = [
    "homeward_figure_numerator{",
    "indicator=\"ucr-referrals\"",
    "basis=\"live\"",
    "level=\"nation\"",
    "window=\"1d\"",
    "area=\"National\"",
];

/// Measures and prints.
pub(crate) fn measure(plan: &Plan, broker: &Broker, folder: &Path) -> Result<(), Fault> {
    let topic = format!("homeward.fresh.{}", std::process::id());
    broker.create_topic(&topic)?;
    let events = plan.freshness_seconds * plan.freshness_rate;
    let part = Child {
        brokers: broker.address.clone(),
        topic,
        lake: folder.join("lake-fresh"),
        records: events,
        referrals: events,
        met: 0,
    };
    let mut child = process::child("serve", &part)?.stdout(Stdio::piped()).spawn()?;
    let outcome = watch(plan, &part, child.stdout.take());
    let _ = child.kill();
    let _ = child.wait();
    let mut waits = outcome?;
    waits.sort_unstable();
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share).round() as usize].as_millis();
    println!(
        "\nfreshness over {} events at {} a second (commit interval {} ms, shortest pause between snapshots {} ms, scrape pause {} ms): \
         p50 {} ms, p90 {} ms, p99 {} ms, longest {} ms",
        waits.len(),
        plan.freshness_rate,
        IngestOptions::default().commit_interval.as_millis(),
        LiveOptions::default().pause_min.as_millis(),
        SCRAPE_PAUSE.as_millis(),
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    );
    Ok(())
}

fn watch(plan: &Plan, part: &Child, stdout: Option<std::process::ChildStdout>) -> Result<Vec<Duration>, Fault> {
    let mut address = String::new();
    BufReader::new(stdout.ok_or("the child has no output")?).read_line(&mut address)?;
    let publisher = Publisher::new(&kafka(part))?;
    // One event goes ahead, so that partitions are assigned and plans are warm.
    publish(&publisher, &part.topic, 0)?;
    until(address.trim(), 1, |_| {})?;

    let (sent, seen) = std::thread::scope(|scope| {
        let sender = scope.spawn(|| send(&publisher, part, plan.freshness_rate));
        let mut seen = Vec::new();
        let watched = until(address.trim(), part.records + 1, |count| seen.push((count, Instant::now())));
        let sent = sender.join().unwrap_or_else(|_| Err("the publishing thread ended early".into()));
        watched.and(sent).map(|sent| (sent, seen))
    })?;
    let mut shown = seen.into_iter().peekable();
    let mut waits = Vec::new();
    for (number, sent) in sent.into_iter().enumerate() {
        // The first scrape that counts this event, the one that went ahead, and all between.
        while shown.peek().is_some_and(|(count, _)| *count < number as u64 + 2) {
            shown.next();
        }
        let (_, at) = shown.peek().ok_or("an event never showed")?;
        waits.push(at.saturating_duration_since(sent));
    }
    Ok(waits)
}

/// Publishes the part's events at an even pace and notes when each was handed over.
fn send(publisher: &Publisher, part: &Child, rate: u64) -> Result<Vec<Instant>, Fault> {
    let began = Instant::now();
    let mut sent = Vec::new();
    for number in 0..part.records {
        let due = began + Duration::from_secs_f64(number as f64 / rate.max(1) as f64);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        sent.push(Instant::now());
        publish(publisher, &part.topic, number + 1)?;
    }
    Ok(sent)
}

/// Asks until `wanted` referrals show, telling each count.
fn until(address: &str, wanted: u64, mut told: impl FnMut(u64)) -> Result<(), Fault> {
    let mut last = (0, Instant::now());
    loop {
        let count = scrape(address)?;
        told(count);
        if count >= wanted {
            return Ok(());
        }
        if count != last.0 {
            last = (count, Instant::now());
        }
        if last.1.elapsed() > PATIENCE {
            return Err(format!("only {count} of {wanted} events show on /metrics").into());
        }
        std::thread::sleep(SCRAPE_PAUSE);
    }
}

fn scrape(address: &str) -> Result<u64, Fault> {
    let answer = http::get(address, "/metrics")?;
    let line = answer.lines().find(|line| SERIES.iter().all(|part| line.contains(part)));
    let value = line.and_then(|line| line.rsplit(' ').next()).map(str::parse::<f64>).transpose()?;
    Ok(value.unwrap_or_default() as u64)
}

fn publish(publisher: &Publisher, topic: &str, number: u64) -> Result<(), Fault> {
    let now = Utc::now();
    let (at, start) = (now.trunc_subsecs(3).to_rfc3339_opts(chrono::SecondsFormat::Millis, true), now.trunc_subsecs(0));
    let start = start.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let key = format!("RH8|FRESH-{number:09}");
    let payload = format!(
        "{{\"specversion\":\"1.0\",\"id\":\"{:032x}\",\"source\":\"uk.nhs.rh8.ucr-feed\",\"type\":\"ucr-referral-received-1\",\
         \"time\":\"{at}\",\"subject\":\"{key}\",\"versionid\":\"1\",\"data\":{{\"OrgID_Provider\":\"RH8\",\
         \"ServiceRequestID\":\"FRESH-{number:09}\",\"OrgID_Commissioner\":\"15N\",\
         \"ReferralRequest_ReceivedDateTime\":\"{start}\",\"RTT_StartDateTime\":\"{start}\",\
         \"WaitingTime_MeasurementType\":\"05\",\"sourceGroup\":\"gp\"}}}}",
        number + 1
    );
    Ok(publisher.send(topic, Some(key.as_bytes()), payload.as_bytes())?)
}
