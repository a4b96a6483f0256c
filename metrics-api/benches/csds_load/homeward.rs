//! Homeward in a process of its own: it takes all files in and shows their figures.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use homeward_contract::geography::Geography;
use homeward_ingest::lake::Lake;
use homeward_ingest::telemetry::IngestTelemetry;
use homeward_transform::figure::Dimension;
use homeward_transform::live::LiveOptions;
use homeward_transform::snapshot::{FigureQuery, Snapshot};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::extent::{Figures, is_measured};
use crate::loader::Loader;
use crate::plan::{Folders, Plan};
use crate::stand::Fault;
use crate::stand::house::house;
use crate::stand::process::usage;

/// A figure that is not as planted so long after the last commit never will be.
const PATIENCE: Duration = Duration::from_secs(600);

/// Takes the files in beside a house that follows, until the figures are as planted.
pub(crate) fn take_in(plan: &Plan) -> Result<(), Fault> {
    let began = Instant::now();
    let folders = Folders::from_environment();
    let planted = plan.load.planted()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(plan.threads).enable_all().build()?;
    let lake = Lake::open(&folders.lake)?;
    let shutdown = CancellationToken::new();
    let telemetry = Arc::new(IngestTelemetry::new());
    let mut house = house(&lake, &telemetry, Geography::devon(), &shutdown)?;
    let mut snapshots = house.snapshots();
    runtime.block_on(house.transform(LiveOptions::default()))?;
    let running = runtime.spawn(house.run());

    let mut loader = Loader::new(lake, plan.threads);
    loader.load(&folders.files, runtime.handle())?;
    let durable = began.elapsed();
    let shown = async {
        loop {
            let snapshot = snapshots.borrow_and_update().clone();
            if let Some(snapshot) = snapshot.filter(|snapshot| figures(snapshot) == planted) {
                return Ok::<_, Fault>(snapshot);
            }
            snapshots.changed().await?;
        }
    };
    let shown = runtime.block_on(async { tokio::time::timeout(PATIENCE, shown).await });
    let snapshot = shown.map_err(|_| "the figures never became as planted")??;
    let seconds = began.elapsed().as_secs_f64();
    shutdown.cancel();
    runtime.block_on(running)??;
    let (used, done) = (usage()?, loader.done);
    let answer = json!({
        "rows": done.rows, "seconds": seconds, "cpu_seconds": used.cpu_seconds, "peak_mib": used.peak_mib,
        "durable_seconds": durable.as_secs_f64(), "commits": done.commits, "snapshots": snapshot.sequence(),
        "stages": {
            "reading": done.reading.as_secs_f64(), "decoding": done.decoding.as_secs_f64(),
            "committing": done.committing.as_secs_f64(),
        },
        "figures": figures(&snapshot),
    });
    println!("{answer}");
    Ok(())
}

/// Clocks of two hours by provider and month of their end: met, and all.
pub(crate) fn figures(snapshot: &Snapshot) -> Figures {
    let query = FigureQuery {
        indicator: "ucr-two-hour-response".to_owned(),
        bases: vec!["published".to_owned()],
        by: vec![Dimension::Provider, Dimension::Month],
        ..FigureQuery::default()
    };
    let mut figures = BTreeMap::new();
    for figure in snapshot.figures(&query) {
        let area: Vec<&str> = figure.dimensions.iter().map(|(_, value)| value.as_ref()).collect();
        if !area.last().is_some_and(|month| is_measured(month)) {
            continue;
        }
        let count = |value: Option<i64>| u64::try_from(value.unwrap_or_default()).unwrap_or_default();
        figures.insert(area.join(" "), [count(figure.numerator), count(figure.denominator)]);
    }
    figures.retain(|_, [_, stopped]| *stopped > 0);
    figures
}
