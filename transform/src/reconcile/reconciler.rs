//! Which provider-months are to be reconciled again, and the picture of all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use homeward_contract::published::Measure;

use super::cause::Stage;
use super::ledger::{Ledger, ProviderMonth, Sums};
use super::month::{Exists, Reconciled};
use super::posting::Account;
use super::published::Published;
use super::wards::PublishedSeries;
use crate::book::Book;
use crate::book::register::Received;

/// Every provider-month, in order.
#[derive(Debug, Clone, Default)]
pub struct Reconciliation {
    months: BTreeMap<ProviderMonth, Arc<Reconciled>>,
    wards: PublishedSeries,
}

impl Reconciliation {
    /// All of them, by provider and month.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Reconciled> {
        self.months.values().map(AsRef::as_ref)
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, provider: &str, month: NaiveDate) -> Option<&Reconciled> {
        self.months.get(&(Arc::from(provider), month)).map(AsRef::as_ref)
    }

    /// These: for a picture that is planted.
    #[must_use]
    pub fn of(months: Vec<Reconciled>) -> Self {
        let months = months.into_iter().map(|month| ((Arc::clone(&month.provider), month.month), Arc::new(month)));
        Self { months: months.collect(), wards: PublishedSeries::default() }
    }

    /// The same with this series: for a picture that is planted.
    #[must_use]
    pub fn with_wards(self, wards: PublishedSeries) -> Self {
        Self { wards, ..self }
    }

    /// The published beds and patients of virtual wards.
    #[must_use]
    pub const fn wards(&self) -> &PublishedSeries {
        &self.wards
    }
}

/// Keeps the reconciliation up to date.
#[derive(Debug, Default)]
pub(crate) struct Reconciler {
    pub(crate) published: Published,
    shown: Arc<Reconciliation>,
    received: BTreeMap<ProviderMonth, Received>,
    register_version: u64,
    live_since: BTreeMap<Arc<str>, NaiveDate>,
}

impl Reconciler {
    /// The reconciliation as of the last [`Reconciler::update`].
    pub(crate) fn shown(&self) -> Arc<Reconciliation> {
        Arc::clone(&self.shown)
    }

    /// Looks again at the provider-months that facts, submissions or workbooks changed since the last call.
    pub(crate) fn update(&mut self, book: &mut Book) {
        let mut dirty = book.take_reconcilable();
        if book.register().version() != self.register_version {
            self.register_version = book.register().version();
            let received = book.received();
            let keys = received.keys().chain(self.received.keys());
            dirty.extend(keys.filter(|key| received.get(*key) != self.received.get(*key)).cloned());
            self.received = received;
        }
        let published = self.published.take_changed();
        if dirty.is_empty() && published.is_empty() {
            return;
        }
        let ledger = book.ledger();
        self.begin_live(ledger, &mut dirty);
        if !published.is_empty() {
            Arc::make_mut(&mut self.shown).wards = PublishedSeries::of(&self.published);
        }
        for month in published {
            let rates = self.published.organisations(Measure::TwoHourRate, month);
            let known = self.shown.months.keys().filter(|(_, held)| *held == month).map(|(provider, _)| provider);
            let ours = book.providers();
            let providers: BTreeSet<Arc<str>> =
                rates.filter(|code| ours.contains(*code)).chain(known).cloned().collect();
            dirty.extend(providers.into_iter().map(|provider| (provider, month)));
        }
        let shown = Arc::make_mut(&mut self.shown);
        let none = Sums::new();
        for key in dirty {
            let (provider, month) = (Arc::clone(&key.0), key.1);
            let received = self.received.get(&key).copied().unwrap_or_default();
            let exists = Exists {
                live: self.live_since.get(&provider).is_some_and(|since| *since <= month),
                primary: received.primary,
                refresh: received.refresh || received.primary_withdrawn,
            };
            let sums = ledger.months().get(&key).unwrap_or(&none);
            let published = self.published.figure(Measure::TwoHourRate, &provider, month);
            let reconciled = Reconciled::new(provider, month, exists, sums, published);
            if reconciled.entries.is_empty() {
                shown.months.remove(&key);
            } else {
                shown.months.insert(key, Arc::new(reconciled));
            }
        }
    }

    /// A provider's live feed exists from the first month in which it stopped a clock; the months from there on are looked
    /// at again when that changes.
    fn begin_live(&mut self, ledger: &Ledger, dirty: &mut BTreeSet<ProviderMonth>) {
        let mut since: BTreeMap<Arc<str>, NaiveDate> = BTreeMap::new();
        let live = Account::Stage(Stage::Live);
        for (provider, month) in ledger.months().iter().filter(|(_, sums)| sums.contains_key(&live)).map(|(key, _)| key)
        {
            since.entry(Arc::clone(provider)).or_insert(*month);
        }
        let moved = |provider: &Arc<str>| since.get(provider) != self.live_since.get(provider);
        let all = ledger.months().keys().chain(self.shown.months.keys());
        dirty.extend(all.filter(|(provider, _)| moved(provider)).cloned());
        self.live_since = since;
    }
}
