//! The same figures as three outlets write them, under the same keys.

use std::collections::BTreeMap;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::http;
use crate::server::Server;

/// Indicator, basis, level, area, window, band.
pub(crate) type Key = [String; 6];

/// Every live figure of one instant.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) as_of_micros: i64,
    /// Numerator and denominator.
    pub(crate) counts: BTreeMap<Key, (Option<i64>, Option<i64>)>,
    /// Bits of value, lower and upper bound.
    pub(crate) values: BTreeMap<Key, [Option<u64>; 3]>,
}

impl Numbers {
    /// Referrals of a provider over the last day.
    pub(crate) fn referrals_of_the_day(&self, provider: &str) -> Option<i64> {
        let ours =
            |key: &&Key| key[0] == "ucr-referrals" && key[2] == "provider" && key[3] == provider && key[4] == "1d";
        let key = self.counts.keys().find(ours)?;
        self.counts[key].0
    }
}

const WINDOWED: [&str; 2] = ["ucr-two-hour-response", "ucr-referrals"];
const NOW: &str = "ucr-open-clocks";
const LEVELS: [&str; 6] = ["nation", "region", "icb", "lcp", "pcn", "provider"];

/// The window as Prometheus labels it.
fn window_label(period: &str) -> String {
    if period == "24h" { "1d" } else { period }.to_owned()
}

pub(crate) fn read_exposition(text: &str) -> Numbers {
    let mut numbers = Numbers::default();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((series, value)) = line.rsplit_once(' ') else { continue };
        let value: f64 = value.parse().unwrap();
        if series == "ucr_as_of_timestamp_seconds" {
            numbers.as_of_micros = (value * 1_000.0).round() as i64 * 1_000;
        }
        let Some((name, labels)) = series.strip_suffix('}').and_then(|series| series.split_once('{')) else { continue };
        let labels: BTreeMap<&str, &str> = labels
            .split("\",")
            .filter_map(|label| label.split_once("=\""))
            .map(|(k, v)| (k, v.trim_end_matches('"')))
            .collect();
        let key = ["indicator", "basis", "level", "area", "window", "band"]
            .map(|label| labels.get(label).copied().unwrap_or_default().to_owned());
        match name {
            "homeward_figure_numerator" => numbers.counts.entry(key).or_default().0 = Some(value as i64),
            "homeward_figure_denominator" => numbers.counts.entry(key).or_default().1 = Some(value as i64),
            _ => {}
        }
    }
    numbers
}

pub(crate) async fn read_sql(client: &tokio_postgres::Client) -> Numbers {
    let question = "SELECT indicator, basis, level, area, period, coalesce(band, ''), numerator, denominator, value, lower, \
        upper, as_of FROM outcomes.figures WHERE period_kind IN ('window', 'now')";
    let mut numbers = Numbers::default();
    for row in client.query(question, &[]).await.unwrap() {
        let mut key: Key = std::array::from_fn(|column| row.get(column));
        key[4] = window_label(&key[4]);
        numbers.as_of_micros = DateTime::<Utc>::from(row.get::<_, SystemTime>(11)).timestamp_micros();
        numbers.counts.insert(key.clone(), (row.get(6), row.get(7)));
        let bits = [8, 9, 10].map(|column| row.get::<_, Option<f64>>(column).map(f64::to_bits));
        numbers.values.insert(key, bits);
    }
    numbers
}

/// Figures with their numbers as they are written: serde_json's own floats may be off by one in the last place.
#[derive(Deserialize)]
struct RawAnswer<'a> {
    #[serde(borrow)]
    figures: Vec<BTreeMap<String, &'a RawValue>>,
}

/// The standard library reads every digit.
fn exact_bits(written: &str) -> Option<u64> {
    written.parse::<f64>().ok().map(f64::to_bits)
}

/// All levels of all indicators at the wanted instant; nothing when the server has moved on meanwhile.
pub(crate) fn read_json(server: &Server, wanted_micros: i64) -> Option<Numbers> {
    let mut numbers = Numbers { as_of_micros: wanted_micros, ..Numbers::default() };
    for indicator in WINDOWED.into_iter().chain([NOW]) {
        for level in LEVELS {
            // A network is shown in windows of 7 and 28 days only.
            if level == "pcn" && indicator == NOW {
                continue;
            }
            let by = if indicator == NOW { "band&period=now" } else { "window" };
            let path = format!("/api/v1/figures?indicator={indicator}&by={level},{by}");
            let body = http::body(server.http, &path).unwrap();
            let answer: Value = serde_json::from_str(&body).unwrap();
            let as_of: DateTime<Utc> = answer["as_of"].as_str()?.parse().ok()?;
            if as_of.timestamp_micros() != wanted_micros {
                return None;
            }
            let figures: RawAnswer<'_> = serde_json::from_str(&body).unwrap();
            for (figure, raw) in answer["figures"].as_array()?.iter().zip(figures.figures) {
                let text = |name: &str| figure[name].as_str().unwrap_or_default().to_owned();
                let window = if indicator == NOW { "now".to_owned() } else { text("window") };
                if level == "pcn" && !["7d", "28d"].contains(&window.as_str()) {
                    continue;
                }
                let key = [
                    text("indicator"),
                    text("basis"),
                    level.to_owned(),
                    text(level),
                    window_label(&window),
                    text("band"),
                ];
                let counts = (figure["numerator"].as_i64(), figure["denominator"].as_i64());
                numbers.counts.insert(key.clone(), counts);
                let bits = ["value", "lower", "upper"].map(|name| exact_bits(raw.get(name)?.get()));
                numbers.values.insert(key, bits);
            }
        }
    }
    Some(numbers)
}
