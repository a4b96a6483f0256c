//! `/metrics`, as Prometheus asks.

use std::time::{Duration, Instant};

use super::{Doors, Readings, steadily};
use crate::stand::{Fault, http};

/// Figures were left out: then this would measure nothing.
const REFUSED: &str = "homeward_exposition_series_refused ";

pub(super) fn scrape(doors: &Doors, pause: Duration, until: Instant) -> Result<Readings, Fault> {
    let mut readings = Readings::default();
    steadily(pause, until, || {
        let text = readings.wait("/metrics", || http::get(&doors.http, "/metrics"))?;
        let refused = text.lines().find_map(|line| line.strip_prefix(REFUSED));
        if refused != Some("0") {
            return Err(format!("{refused:?} series were refused: choose HOMEWARD_BENCH_PROVIDERS smaller").into());
        }
        readings.series = text.lines().filter(|line| !line.starts_with('#')).count();
        readings.bytes = text.len();
        Ok(())
    })?;
    Ok(readings)
}
