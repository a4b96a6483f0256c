//! Tables for `docs/benchmarks.md`.

use std::collections::BTreeMap;

use crate::plan::{Kind, Plan};
use crate::stretch::Stretch;
use crate::waits::Waits;

type Stretches = [(Kind, Stretch)];

/// The table of stretches.
pub(crate) fn print_heading() {
    println!(
        "\n| round | readers | events/s | CPU s a million | ingest's own | house CPUs | of them SQL | bench CPUs | busy CPUs | most lag | lag at end | \
         fresh p50 s | p90 s | p99 s | longest s | snapshots | peak MiB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
}

/// One of its rows.
pub(crate) fn print_stretch(round: usize, kind: Kind, stretch: &Stretch) {
    let fresh = |share| stretch.freshness.at(share).unwrap_or_default() / 1000.0;
    println!(
        "| {round} | {} | {:.0} | {:.1} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {} | {:.0} |",
        kind.name(),
        stretch.rate,
        stretch.cpu_seconds_a_million,
        stretch.ingest_cpu_seconds_a_million,
        stretch.house_processors,
        stretch.sql_processors,
        stretch.own_processors,
        stretch.busy_processors,
        stretch.lag_max,
        stretch.lag_end,
        fresh(0.5),
        fresh(0.9),
        fresh(0.99),
        fresh(1.0),
        stretch.snapshots,
        stretch.peak_mib,
    );
}

/// Medians over the rounds; ratios are made round by round against the quiet stretch.
pub(crate) fn print_medians(plan: &Plan, stretches: &Stretches) {
    println!(
        "\n| readers | CPU s a million | against quiet | without SQL's threads | ingest's own | against quiet | fresh p50 s | against quiet | \
         p90 s | against quiet |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let quiet = of(stretches, Kind::Quiet);
    for kind in &plan.kinds {
        let own = of(stretches, *kind);
        let ratio = |value: &dyn Fn(&Stretch) -> f64| {
            let ratios = own.iter().zip(&quiet).map(|(own, quiet)| value(own) / value(quiet)).collect();
            median(ratios).map_or("-".to_owned(), |ratio| format!("{ratio:.2}"))
        };
        let middle =
            |value: &dyn Fn(&Stretch) -> f64| median(own.iter().map(|own| value(own)).collect()).unwrap_or_default();
        let cpu = |stretch: &Stretch| stretch.cpu_seconds_a_million;
        let without_sql = |stretch: &Stretch| cpu(stretch) * (1.0 - stretch.sql_processors / stretch.house_processors);
        let ingest = |stretch: &Stretch| stretch.ingest_cpu_seconds_a_million;
        let fresh = |share| move |stretch: &Stretch| stretch.freshness.at(share).unwrap_or_default() / 1000.0;
        println!(
            "| {} | {:.1} | {} | {} | {:.2} | {} | {:.1} | {} | {:.1} | {} |",
            kind.name(),
            middle(&cpu),
            ratio(&cpu),
            ratio(&without_sql),
            middle(&ingest),
            ratio(&ingest),
            middle(&fresh(0.5)),
            ratio(&fresh(0.5)),
            middle(&fresh(0.9)),
            ratio(&fresh(0.9)),
        );
    }
}

/// What readers waited, over all rounds.
pub(crate) fn print_waits(plan: &Plan, stretches: &Stretches) {
    println!("\n| readers | what | times | p50 ms | p90 ms | p99 ms | longest ms |");
    println!("|---|---|---|---|---|---|---|");
    for kind in &plan.kinds {
        let mut all: BTreeMap<&str, Waits> = BTreeMap::new();
        for stretch in of(stretches, *kind) {
            for (what, waits) in &stretch.readings.waits {
                all.entry(what).or_default().append(waits);
            }
        }
        for (what, waits) in all {
            let at = |share| waits.at(share).unwrap_or_default();
            let (times, [p50, p90, p99, longest]) = (waits.len(), [0.5, 0.9, 0.99, 1.0].map(at));
            println!("| {} | {what} | {times} | {p50:.1} | {p90:.1} | {p99:.1} | {longest:.1} |", kind.name());
        }
    }
    for (kind, stretch) in stretches {
        let readings = &stretch.readings;
        if readings.series > 0 {
            println!("{}: the last scrape held {} series in {} bytes", kind.name(), readings.series, readings.bytes);
        }
        if !readings.ends.is_empty() {
            println!("{}: statements ended {:?} after {} rows", kind.name(), readings.ends, readings.rows);
        }
    }
    println!(
        "\nexact in every stretch: accepted, distinct, duplicate, late, quarantined, and figures of every provider"
    );
}

fn of(stretches: &Stretches, kind: Kind) -> Vec<&Stretch> {
    stretches.iter().filter(|(own, _)| *own == kind).map(|(_, stretch)| stretch).collect()
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
