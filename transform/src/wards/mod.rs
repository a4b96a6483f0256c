//! Virtual wards as they stand: merged stays, beds over time, and which days and months a change or the passing of time
//! touches (handbook, `virtual-wards.md`). Pure.
//!
//! Overlapping stays of one person on one ward are one stay (rule 5), so that patients, admissions and lengths of stay are
//! counted of the same thing. A row of beds ends where the ward's next one begins (rule 6).
//!
//! Bounds: about 250 bytes a stay beside its row, and one wake-up for each instant that lies ahead.

mod beds;
pub(crate) mod calendar;
mod episode;
mod stays;
mod touched;
pub mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use homeward_contract::feed::Table;
use homeward_contract::geography::Geography;
use homeward_contract::time::local_midnight;

use crate::book::clock::{Micros, from_micros, local_day};
use crate::book::dirty::DirtyCells;
use crate::book::read::{FactShapeError, Facts};
use crate::spans::Span;
use beds::Beds;
pub use calendar::reference_morning;
use stays::Stays;

/// Stays and beds of every virtual ward.
pub struct Wards {
    stays: Stays,
    beds: Beds,
    settled_at: Option<Micros>,
    known_at: Option<Micros>,
    moved: bool,
}

impl Wards {
    /// No ward, over this reference geography.
    #[must_use]
    pub fn new(geography: Arc<Geography>) -> Self {
        Self {
            stays: Stays::new(Arc::clone(&geography)),
            beds: Beds::new(geography),
            settled_at: None,
            known_at: None,
            moved: false,
        }
    }

    /// Takes the rows of a table of states; those of other places than wards are not counted yet.
    ///
    /// # Errors
    /// When the batch does not have the table's columns.
    pub fn apply(&mut self, table: Table, batch: &RecordBatch) -> Result<(), FactShapeError> {
        match table {
            Table::VirtualWardStay => self.stays.apply(batch)?,
            Table::VirtualWardCapacity => self.beds.apply(batch)?,
            _ => return Ok(()),
        }
        let known_at = Facts::new(table.name(), batch).instant("known_at")?;
        self.known_at = self.known_at.max(arrow::compute::max(known_at));
        Ok(())
    }

    /// What facts and the passing of time made dirty since the last call. Within a day, time passing touches only the days
    /// of stays that begin or end; all else changes at 08:00 and at midnight.
    ///
    /// # Errors
    /// When Arrow refuses to copy rows, which the schema rules out.
    pub fn settle(&mut self, as_of: DateTime<Utc>) -> Result<DirtyCells, ArrowError> {
        let now = as_of.timestamp_micros();
        let mut dirty = DirtyCells::default();
        self.stays.settle(now, &mut dirty)?;
        self.beds.settle(now, &mut dirty)?;
        if let Some(before) = self.settled_at.filter(|before| calendar::is_turned(from_micros(*before), as_of)) {
            // A day that was not over then is counted whole now, with what ended on it before.
            let since = local_midnight(local_day(before)).timestamp_micros();
            self.stays.pass(since, now, &mut dirty);
            self.beds.pass(since, now, &mut dirty);
            self.moved = true;
        }
        self.settled_at = self.settled_at.max(Some(now));
        self.moved |= !dirty.is_empty();
        Ok(dirty)
    }

    /// True when what is counted at this instant, or in a window that ends now, may be another than at the last call.
    pub fn take_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    /// Merged stays that touch a span of instants: `virtual_ward_stay`. Of some providers, or of all; columns that are not read
    /// are null.
    ///
    /// # Errors
    /// When Arrow refuses to make the batch, which a test rules out.
    pub fn stays(
        &self,
        span: Span,
        providers: Option<&BTreeSet<Arc<str>>>,
        read: view::Read<'_>,
    ) -> Result<RecordBatch, ArrowError> {
        self.stays.view(span, providers, read)
    }

    /// Rows of beds that touch a span of instants: `virtual_ward_capacity`; as [`Wards::stays`].
    ///
    /// # Errors
    /// When Arrow refuses to make the batch, which a test rules out.
    pub fn beds(
        &self,
        span: Span,
        providers: Option<&BTreeSet<Arc<str>>>,
        read: view::Read<'_>,
    ) -> Result<RecordBatch, ArrowError> {
        self.beds.view(span, providers, read)
    }

    /// When each provider last recorded a stay.
    #[must_use]
    pub fn stays_told(&self) -> BTreeMap<Arc<str>, DateTime<Utc>> {
        self.stays.told().iter().map(|(provider, at)| (Arc::clone(provider), from_micros(*at))).collect()
    }

    /// When the beds of each ward that has some at an instant were last recorded, by provider and ward.
    #[must_use]
    pub fn beds_told(&self, as_of: DateTime<Utc>) -> BTreeMap<(Arc<str>, Arc<str>), DateTime<Utc>> {
        let told = self.beds.told(as_of.timestamp_micros());
        told.map(|(provider, ward, at)| ((Arc::clone(provider), Arc::clone(ward)), from_micros(at))).collect()
    }

    /// When Homeward took in the newest fact held.
    #[must_use]
    pub const fn known_at(&self) -> Option<Micros> {
        self.known_at
    }
}

#[cfg(test)]
mod tests;
