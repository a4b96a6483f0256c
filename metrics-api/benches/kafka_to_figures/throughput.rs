//! Two million events through a raw consumer and through Homeward, in turn.

use std::path::Path;
use std::time::Instant;

use homeward_contract::feed::Feed;
use homeward_ingest::kafka::{Publisher, raw_consume};
use homeward_ingest::pipeline::IngestOptions;
use homeward_simulator::load::{Load, LoadEvents};
use serde_json::{Value, json};

use crate::plan::Plan;
use crate::stand::broker::Broker;
use crate::stand::house::kafka;
use crate::stand::planted::check;
use crate::stand::process::{self, Child, usage};
use crate::stand::{Fault, SEED, SHARES};

/// The raw run: reads the topic and lets go.
pub(crate) fn raw(part: &Child) -> Result<(), Fault> {
    let began = Instant::now();
    let read = raw_consume(&kafka(part), Feed::Ucr, IngestOptions::default().buffer_bytes_max, part.records)?;
    let seconds = began.elapsed().as_secs_f64();
    let used = usage()?;
    let answer = json!({
        "records": read.records, "bytes": read.bytes, "seconds": seconds,
        "cpu_seconds": used.cpu_seconds, "peak_mib": used.peak_mib,
    });
    println!("{answer}");
    Ok(())
}

/// One run of either kind.
#[derive(Debug, Clone, Copy)]
struct Run {
    cpu_seconds: f64,
    seconds: f64,
    peak_mib: f64,
}

impl Run {
    fn of(answer: &Value) -> Result<Self, Fault> {
        let number = |name: &str| answer[name].as_f64().ok_or_else(|| format!("no {name} in {answer}"));
        Ok(Self { cpu_seconds: number("cpu_seconds")?, seconds: number("seconds")?, peak_mib: number("peak_mib")? })
    }
}

/// Publishes the load, measures pair by pair and prints the table.
pub(crate) fn measure(plan: &Plan, broker: &Broker, folder: &Path) -> Result<(), Fault> {
    let events = Load::of_sixty_days(plan.events, SEED, SHARES).events();
    let planted = events.counts().clone();
    let mut part = Child::of(&broker.address, plan.topic(), folder.join("lake"), &planted);
    if plan.brokers.is_none() || plan.publish {
        broker.create_topic(&part.topic)?;
        publish(&part, events)?;
    }
    println!(
        "\n| pair | raw CPU s | Homeward CPU s | ratio | raw events/s | Homeward events/s | raw peak MiB | Homeward peak MiB |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let mut pairs = Vec::new();
    for number in 1..=plan.rounds {
        let raw = Run::of(&process::run("raw", &part)?)?;
        part.lake = folder.join(format!("lake-{number}"));
        let answer = process::run("homeward", &part)?;
        check(&planted, &answer["providers"], &process::run("ledger", &part)?)?;
        let homeward = Run::of(&answer)?;
        print_pair(&number.to_string(), plan.events, raw, homeward, homeward.cpu_seconds / raw.cpu_seconds);
        pairs.push((raw, homeward));
        std::fs::remove_dir_all(&part.lake)?;
    }
    let middle = |of: &dyn Fn(&(Run, Run)) -> f64| median(pairs.iter().map(of).collect());
    let run = |of: &dyn Fn(&(Run, Run)) -> Run| Run {
        cpu_seconds: middle(&|pair| of(pair).cpu_seconds),
        seconds: middle(&|pair| of(pair).seconds),
        peak_mib: middle(&|pair| of(pair).peak_mib),
    };
    let ratio = middle(&|(raw, homeward)| homeward.cpu_seconds / raw.cpu_seconds);
    print_pair("median", plan.events, run(&|pair| pair.0), run(&|pair| pair.1), ratio);
    println!(
        "\nexact in every run: {} accepted, of them {} duplicate and {} late, and {} malformed in quarantine; figures as planted",
        planted.good + planted.duplicate,
        planted.duplicate,
        planted.late,
        planted.malformed
    );
    Ok(())
}

fn publish(part: &Child, events: LoadEvents) -> Result<(), Fault> {
    let publisher = Publisher::new(&kafka(part))?;
    let records = events.map(|message| (&part.topic, Some(message.key), message.payload));
    let receipt = publisher.publish_all(records, |_| {})?;
    let progress = receipt.progress;
    println!(
        "published {} events, {} bytes each with their keys",
        progress.acknowledged,
        progress.bytes / progress.sent.max(1)
    );
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn print_pair(name: &str, events: u64, raw: Run, homeward: Run, ratio: f64) {
    let rate = |run: Run| events as f64 / run.seconds;
    println!(
        "| {name} | {:.2} | {:.2} | {ratio:.2} | {:.0} | {:.0} | {:.0} | {:.0} |",
        raw.cpu_seconds,
        homeward.cpu_seconds,
        rate(raw),
        rate(homeward),
        raw.peak_mib,
        homeward.peak_mib
    );
}
