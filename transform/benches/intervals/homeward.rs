//! Homeward in a process of its own: it reads the lake, makes every figure, and then takes one late correction after the
//! other.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use homeward_contract::feed::Feed;
use homeward_ingest::lake::Lake;
use homeward_transform::book::Book;
use homeward_transform::computation::Computation;
use homeward_transform::definition::Catalogue;
use homeward_transform::engine::{Atom, AtomValue};
use homeward_transform::history::Changes;
use serde_json::json;

use crate::Fault;
use crate::machine::{cpu_seconds, peak_mib};
use crate::plan::Plan;
use crate::sheet::{Alone, commit};
use crate::world::World;

/// Newest versions of cells, by indicator.
type Shown = BTreeMap<Arc<str>, BTreeMap<Atom, AtomValue>>;

/// Answers a question from the lake in a folder, and leaves the figures there.
pub(crate) fn answer(plan: &Plan, world: &dyn World, folder: &Path) -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let lake = Lake::open(&folder.join("lake"))?;
    let wanted: Vec<&str> = world.indicators().iter().map(|(id, _)| *id).collect();
    let catalogue = Arc::new(Catalogue::builtin()?.only(&wanted));
    let mut computation = Computation::new(catalogue, Arc::new(world.geography()?));

    let began = Instant::now();
    let mut rows = 0;
    for feed in Feed::STATES {
        let mut follower = lake.follow_columns(feed, Book::columns_read);
        loop {
            let commits = runtime.block_on(follower.poll())?;
            if commits.is_empty() {
                break;
            }
            for commit in commits {
                for batch in &commit.batches {
                    rows += batch.num_rows();
                    computation.apply(commit.table, batch)?;
                }
            }
        }
    }
    let (read_seconds, read_cpu, read_peak) = (began.elapsed().as_secs_f64(), cpu_seconds()?, peak_mib()?);
    let changes = runtime.block_on(computation.evaluate(world.as_of()))?;
    let (seconds, cpu, peak) = (began.elapsed().as_secs_f64(), cpu_seconds()?, peak_mib()?);
    let mut shown = Shown::new();
    let cells = take(&mut shown, &changes);
    write(&shown, world, &folder.join("homeward-before.csv"))?;

    let (mut durable, mut shown_after, mut cells_each, mut corrections_cpu) = (Vec::new(), Vec::new(), Vec::new(), 0.0);
    for number in 0..plan.corrections {
        let mut row = Alone { offset: 0, made: None };
        world.correct(number, &mut row)?;
        let (table, _) = row.made.take().ok_or("a correction has no row")?;
        let next = runtime.block_on(lake.frontier(table.feed()))?.into_values().next().unwrap_or_default();
        row.offset = next;
        world.correct(number, &mut row)?;
        let (table, batch) = row.made.take().ok_or("a correction has no row")?;
        let began = Instant::now();
        commit(&lake, runtime.handle(), (table, batch.clone()), next)?;
        durable.push(began.elapsed().as_secs_f64());
        let (began, cpu_before) = (Instant::now(), cpu_seconds()?);
        computation.apply(table, &batch)?;
        let changes = runtime.block_on(computation.evaluate(world.as_of()))?;
        shown_after.push(began.elapsed().as_secs_f64());
        corrections_cpu += cpu_seconds()? - cpu_before;
        cells_each.push(take(&mut shown, &changes));
    }
    write(&shown, world, &folder.join("homeward-after.csv"))?;
    let answer = json!({
        "rows": rows, "cells": cells, "seconds": seconds, "cpu_seconds": cpu, "peak_mib": peak,
        "read_seconds": read_seconds, "read_cpu_seconds": read_cpu, "read_peak_mib": read_peak,
        "durable": durable, "shown": shown_after, "cells_each": cells_each, "corrections_cpu_seconds": corrections_cpu,
    });
    println!("{answer}");
    Ok(())
}

fn take(shown: &mut Shown, changes: &Changes) -> usize {
    let mut taken = 0;
    for version in changes.versions() {
        taken += 1;
        let cells = shown.entry(version.indicator).or_default();
        match version.value {
            Some(value) => cells.insert(version.atom, value),
            None => cells.remove(&version.atom),
        };
    }
    taken
}

/// The figures by provider and period, a line each: numerator, denominator and the counts that are compared.
fn write(shown: &Shown, world: &dyn World, path: &Path) -> Result<(), Fault> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    for (id, counts) in world.indicators() {
        let mut figures: BTreeMap<(&str, &str), AtomValue> = BTreeMap::new();
        for (atom, value) in shown.get(*id).into_iter().flatten() {
            figures.entry((&atom.provider, &atom.period)).or_default().add(value);
        }
        for ((provider, period), value) in figures {
            let counts = counts.iter().map(|name| value.counts.get(name).unwrap_or_default());
            let numbers: Vec<i64> =
                [value.numerator, value.denominator.unwrap_or_default()].into_iter().chain(counts).collect();
            // A cell may tell of nothing but who was left out, which is not compared.
            if numbers.iter().any(|number| *number != 0) {
                let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
                writeln!(file, "{id},{provider},{period},{}", numbers.join(","))?;
            }
        }
    }
    Ok(file.flush()?)
}
