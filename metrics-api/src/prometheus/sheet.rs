//! Samples on their way to the wire: gathered by series, checked against the declared table.

use std::collections::BTreeMap;

use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};

use super::table::{Kind, Series};

/// Samples of one scrape. A series without a sample does not appear at all.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    families: BTreeMap<&'static str, (&'static Series, Vec<Sample>)>,
}

#[derive(Debug)]
struct Sample {
    labels: Vec<String>,
    value: f64,
}

impl Sheet {
    /// Adds a sample; `labels` are in the order of the declaration, an empty one is left out.
    pub(super) fn push(&mut self, series: &'static Series, labels: &[&str], value: f64) {
        debug_assert_eq!(series.labels.len(), labels.len(), "{}", series.name);
        let (_, samples) = self.families.entry(series.name).or_insert_with(|| (series, Vec::new()));
        samples.push(Sample { labels: labels.iter().map(|&label| label.to_owned()).collect(), value });
    }

    /// Number of samples, which is the number of series of the exposition.
    pub(super) fn len(&self) -> usize {
        self.families.values().map(|(_, samples)| samples.len()).sum()
    }

    /// The samples in the crate's own model.
    pub(super) fn into_families(self) -> Vec<MetricFamily> {
        self.families.into_values().map(|(series, samples)| family(series, samples)).collect()
    }
}

fn family(series: &'static Series, samples: Vec<Sample>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(series.name.to_owned());
    family.set_help(series.help.to_owned());
    family.set_field_type(match series.kind {
        Kind::Gauge => MetricType::GAUGE,
        Kind::Counter => MetricType::COUNTER,
    });
    family.set_metric(samples.into_iter().map(|sample| metric(series, sample)).collect());
    family
}

fn metric(series: &Series, sample: Sample) -> Metric {
    let labels = series
        .labels
        .iter()
        .zip(sample.labels)
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| {
            let mut pair = LabelPair::default();
            pair.set_name((*name).to_owned());
            pair.set_value(value);
            pair
        })
        .collect();
    let mut metric = Metric::default();
    metric.set_label(labels);
    match series.kind {
        Kind::Gauge => {
            let mut gauge = Gauge::default();
            gauge.set_value(sample.value);
            metric.set_gauge(gauge);
        }
        Kind::Counter => {
            let mut counter = Counter::default();
            counter.set_value(sample.value);
            metric.set_counter(counter);
        }
    }
    metric
}
