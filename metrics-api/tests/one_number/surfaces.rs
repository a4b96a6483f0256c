//! The same figures as three outlets write them, under the same keys.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use homeward_transform::definition::{Catalogue, Definition, DefinitionStatus};
use homeward_transform::figure::Dimension;
use homeward_transform::release::reach::{LEVELS, PCN_WINDOWS};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::http;

/// A house that runs: where its pages are, and a login that sees exact figures.
pub(crate) struct Surfaces {
    pub(crate) http: SocketAddr,
    pub(crate) sql: tokio_postgres::Client,
}

/// Indicator, basis, level, area, period with its kind, and the break-downs joined by commas.
pub(crate) type Key = [String; 6];

/// One figure as written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// Numerator and denominator.
    pub(crate) counts: (Option<i64>, Option<i64>),
    /// Bits of value, lower and upper bound.
    pub(crate) values: [Option<u64>; 3],
}

pub(crate) type Numbers = BTreeMap<Key, Written>;

/// All figures of an indicator at a level over periods of one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Part {
    pub(crate) indicator: String,
    pub(crate) level: Dimension,
    /// `day`, `month`, `twelve_months`, `window` or `now`.
    pub(crate) grain: String,
    strata: Vec<Dimension>,
}

pub(crate) fn part(definition: &Definition, level: Dimension, grain: &str) -> Part {
    let (indicator, strata) = (definition.id.clone(), definition.strata.clone());
    Part { indicator, level, grain: grain.to_owned(), strata }
}

/// Every definition that is in use.
pub(crate) fn in_use(catalogue: &Catalogue) -> impl Iterator<Item = &Definition> {
    catalogue.iter().filter(|definition| definition.status == DefinitionStatus::Live)
}

/// Every part that the catalogue declares.
pub(crate) fn parts(catalogue: &Catalogue) -> Vec<Part> {
    let mut parts = Vec::new();
    for definition in in_use(catalogue) {
        for level in LEVELS {
            parts.extend(definition.grains.iter().map(|grain| part(definition, level, grain)));
        }
    }
    parts
}

impl Part {
    /// No surface shows it: a network by the day or of this moment.
    pub(crate) fn is_held_back(&self) -> bool {
        self.level == Dimension::Pcn && matches!(self.grain.as_str(), "day" | "now")
    }

    /// Nothing of it is ever shown: a network in windows that are not its own.
    pub(crate) fn is_never_shown(&self, definition: &Definition) -> bool {
        let shown = |window: &String| PCN_WINDOWS.contains(&window.as_str());
        self.level == Dimension::Pcn && self.grain == "window" && !definition.windows.iter().any(shown)
    }

    fn path(&self) -> String {
        let mut by = vec![self.level.as_str()];
        by.extend(self.strata.iter().map(|stratum| stratum.as_str()));
        let period = if self.grain == "now" { "&period=now" } else { "" };
        if period.is_empty() {
            by.push(&self.grain);
        }
        format!("/api/v1/figures?indicator={}&by={}{period}", self.indicator, by.join(","))
    }
}

fn instant(text: &str) -> i64 {
    text.parse::<DateTime<Utc>>().unwrap().timestamp_micros()
}

/// The instant that a SQL transaction speaks for, for as long as it lasts.
pub(crate) async fn pinned(sql: &tokio_postgres::Client) -> i64 {
    let row = sql.query_one("SELECT as_of FROM meta.freshness", &[]).await.unwrap();
    DateTime::<Utc>::from(row.get::<_, SystemTime>(0)).timestamp_micros()
}

pub(crate) async fn read_sql(sql: &tokio_postgres::Client, part: &Part) -> Numbers {
    let question = "SELECT indicator, basis, level, area, period_kind, concat_ws(',', band, source, ward, pathway, route), period, numerator, denominator, \
        value, lower, upper FROM outcomes.figures WHERE indicator = $1 AND level = $2 AND period_kind = $3";
    let rows = sql.query(question, &[&part.indicator, &part.level.as_str(), &part.grain]).await.unwrap();
    let figure = |row: &tokio_postgres::Row| {
        let mut key: Key = std::array::from_fn(|column| row.get(column));
        key[4] = format!("{}:{}", key[4], row.get::<_, &str>(6));
        let values = [9, 10, 11].map(|column| row.get::<_, Option<f64>>(column).map(f64::to_bits));
        (key, Written { counts: (row.get(7), row.get(8)), values })
    };
    let numbers: Numbers = rows.iter().map(figure).collect();
    assert_eq!(numbers.len(), rows.len(), "a figure stands once: {part:?}");
    numbers
}

/// Counts and percentiles of all windows and of this moment, and the instant to the millisecond.
pub(crate) fn read_exposition(text: &str) -> (i64, Numbers) {
    let (mut as_of_millis, mut numbers) = (0, Numbers::new());
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((series, value)) = line.rsplit_once(' ') else { continue };
        let value: f64 = value.parse().unwrap();
        if series == "ucr_as_of_timestamp_seconds" {
            as_of_millis = (value * 1_000.0).round() as i64;
        }
        let Some((name, labels)) = series.strip_suffix('}').and_then(|series| series.split_once('{')) else { continue };
        let labels: BTreeMap<&str, &str> = labels
            .split("\",")
            .filter_map(|label| label.split_once("=\""))
            .map(|(k, v)| (k, v.trim_end_matches('"')))
            .collect();
        let label = |name: &str| labels.get(name).copied().unwrap_or_default();
        // Prometheus calls the last day 1d.
        let period = match label("window") {
            "now" => "now:now".to_owned(),
            "1d" => "window:24h".to_owned(),
            window => format!("window:{window}"),
        };
        let key = [label("indicator"), label("basis"), label("level"), label("area"), &period, label("band")];
        let key = key.map(str::to_owned);
        match name {
            "homeward_figure_numerator" => numbers.entry(key).or_default().counts.0 = Some(value as i64),
            "homeward_figure_percentile" => numbers.entry(key).or_default().values[0] = Some(value.to_bits()),
            "homeward_figure_denominator" => numbers.entry(key).or_default().counts.1 = Some(value as i64),
            _ => {}
        }
    }
    (as_of_millis, numbers)
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

/// A part in JSON and its instant; no instant where it is refused, as what no surface shows must be.
pub(crate) fn read_json(http: SocketAddr, part: &Part) -> (Option<i64>, Numbers) {
    let (status, body) = http::get(http, &part.path()).unwrap();
    if part.is_held_back() {
        assert_eq!(status, 400, "{part:?}: {body}");
        return (None, Numbers::new());
    }
    assert_eq!(status, 200, "{part:?}: {body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    let figures: RawAnswer<'_> = serde_json::from_str(&body).unwrap();
    let level = part.level.as_str();
    let figure = |(figure, raw): (&Value, BTreeMap<String, &RawValue>)| {
        let text = |name: &str| figure[name].as_str().unwrap_or_default();
        let period = if part.grain == "now" { "now" } else { text(&part.grain) };
        let period = format!("{}:{period}", part.grain);
        let strata: Vec<&str> = part.strata.iter().map(|stratum| text(stratum.as_str())).collect();
        let key = [text("indicator"), text("basis"), level, text(level), &period, &strata.join(",")].map(str::to_owned);
        let counts = (figure["numerator"].as_i64(), figure["denominator"].as_i64());
        let values = ["value", "lower", "upper"].map(|name| exact_bits(raw.get(name)?.get()));
        (key, Written { counts, values })
    };
    let numbers = answer["figures"].as_array().unwrap().iter().zip(figures.figures).map(figure).collect();
    (Some(instant(answer["as_of"].as_str().unwrap())), numbers)
}

/// Where two surfaces differ, in words.
pub(crate) fn differences(names: &str, one: &Numbers, other: &Numbers) -> Vec<String> {
    let all: std::collections::BTreeSet<&Key> = one.keys().chain(other.keys()).collect();
    let differing = all.into_iter().filter(|key| one.get(*key) != other.get(*key));
    differing.map(|key| format!("{names}: {key:?}: {:?} and {:?}", one.get(key), other.get(key))).collect()
}
