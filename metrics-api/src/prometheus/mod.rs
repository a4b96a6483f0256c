//! `/metrics`: one table of series, one collector, one snapshot a scrape.
//!
//! Limits first: at most [`MAXIMUM_SERIES`] series. When figures would exceed that, they are left out
//! together, `homeward_exposition_series_refused` says how many, and the machinery stays visible: half a
//! set of areas would look like areas that vanished. No sample carries a timestamp, because an old one is
//! stored but invisible to instant queries; freshness is a series of its own.
//!
//! The text of the figures is rendered once a snapshot and kept. Counters of the machinery are rendered at
//! each scrape, so that they keep moving when no new snapshot arrives.

mod budget;
mod chance;
mod figures;
mod machinery;
mod places;
mod sheet;
mod table;

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Registry, TextEncoder};

pub(crate) use figures::BANDS;
pub use machinery::{Events, FeedCounters, Machinery, PartitionCounters, ProviderFeed};
pub use table::{ALL, Kind, Series, Unit};

use crate::reading::Reading;
use homeward_transform::definition::Catalogue;
use homeward_transform::snapshot::Snapshot;
use sheet::Sheet;

/// Most series of one exposition, whatever the configuration says (handbook, alerting, section 6).
pub const MAXIMUM_SERIES: usize = 10_000;

/// Content type of the text format.
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// The exposition could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum ExpositionError {
    /// The table and the samples disagree: a defect.
    #[error("the exposition could not be rendered: {0}; this is a defect of the table of series")]
    Encoding(#[from] prometheus::Error),
}

/// Figures that were left out because they exceed the limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found} figure series exceed the limit of {limit}, so /metrics shows none of them; \
     use fewer areas or definitions a process, or split providers over several"
)]
pub struct TooManySeries {
    /// Series that the snapshot would need.
    pub found: usize,
    /// The limit.
    pub limit: usize,
}

/// Renders `/metrics` and keeps the figures' text between snapshots.
#[derive(Debug)]
pub struct Exposition {
    limit: usize,
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug, Clone)]
struct Kept {
    sequence: u64,
    as_of: DateTime<Utc>,
    text: String,
    refused: Option<TooManySeries>,
}

impl Exposition {
    /// An exposition of at most `limit` figure series, and never more than [`MAXIMUM_SERIES`].
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        let limit = if limit > MAXIMUM_SERIES { MAXIMUM_SERIES } else { limit };
        Self { limit, kept: Mutex::new(None) }
    }

    /// The whole text: the figures of one snapshot, if there is one, and the machinery of now.
    ///
    /// `take` makes the reading of the snapshot and runs once a snapshot.
    ///
    /// # Errors
    /// A defect of the table of series.
    pub fn render(
        &self,
        snapshot: Option<&Snapshot>,
        catalogue: &Catalogue,
        take: impl FnOnce(&Snapshot) -> Reading,
        machinery: &Machinery,
    ) -> Result<String, ExpositionError> {
        let mut text = String::new();
        let mut refused = None;
        if let Some(snapshot) = snapshot {
            let kept = self.figures(snapshot, catalogue, take)?;
            text.push_str(&kept.text);
            refused = kept.refused;
        }
        let mut sheet = Sheet::default();
        machinery::push_machinery(&mut sheet, machinery);
        let refused = refused.map_or(0, |refused| refused.found);
        sheet.push(&table::SERIES_REFUSED, &[], refused as f64);
        text.push_str(&encode(sheet)?);
        Ok(text)
    }

    fn figures(
        &self,
        snapshot: &Snapshot,
        catalogue: &Catalogue,
        take: impl FnOnce(&Snapshot) -> Reading,
    ) -> Result<Kept, ExpositionError> {
        // A poisoned lock only means that a scrape died half-way; what is kept is replaced whole.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_ref()
            && kept.sequence == snapshot.sequence()
            && kept.as_of == snapshot.as_of()
        {
            return Ok(kept.clone());
        }
        let fresh = self.render_figures(snapshot, catalogue, &take(snapshot))?;
        if let Some(refused) = &fresh.refused
            && kept.as_ref().is_none_or(|before| before.refused.is_none())
        {
            tracing::error!("{refused}");
        }
        *kept = Some(fresh.clone());
        Ok(fresh)
    }

    fn render_figures(
        &self,
        snapshot: &Snapshot,
        catalogue: &Catalogue,
        reading: &Reading,
    ) -> Result<Kept, ExpositionError> {
        let mut sheet = Sheet::default();
        figures::push_figures(&mut sheet, reading, catalogue, snapshot.as_of());
        places::push_places(&mut sheet, reading, snapshot);
        let refused = (sheet.len() > self.limit).then(|| TooManySeries { found: sheet.len(), limit: self.limit });
        if refused.is_some() {
            sheet = Sheet::default();
        }
        machinery::push_snapshot(&mut sheet, snapshot);
        Ok(Kept { sequence: snapshot.sequence(), as_of: snapshot.as_of(), text: encode(sheet)?, refused })
    }
}

fn encode(sheet: Sheet) -> Result<String, prometheus::Error> {
    let registry = Registry::new();
    registry.register(Box::new(SheetCollector::new(sheet)?))?;
    TextEncoder::new().encode_to_string(&registry.gather())
}

/// The one collector: it hands over a finished sheet, so a scrape never mixes two snapshots.
struct SheetCollector {
    declared: Vec<Desc>,
    families: Vec<MetricFamily>,
}

impl SheetCollector {
    fn new(sheet: Sheet) -> Result<Self, prometheus::Error> {
        let declared = ALL
            .iter()
            .map(|series| {
                let labels = series.labels.iter().map(|&label| label.to_owned()).collect();
                Desc::new(series.name.to_owned(), series.help.to_owned(), labels, std::collections::HashMap::new())
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { declared, families: sheet.into_families() })
    }
}

impl Collector for SheetCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.declared.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.families.clone()
    }
}

#[cfg(test)]
mod tests;
