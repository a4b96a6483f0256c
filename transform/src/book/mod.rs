//! The current state: for every referral the newest knowledge, kept incrementally, and which cells a change touches.
//!
//! The book is a cache over the lake's facts. It is rebuilt at start and never written. Any order of the same facts gives
//! the same book; a fact taken twice changes nothing.
//!
//! Bounds: one entry a referral ever seen (about 600 bytes with its rows), 65,536 shared strings, and one wake-up an open clock.

pub mod areas;
pub mod change;
pub mod clock;
pub mod csds;
pub mod dirty;
mod events;
pub mod fold;
pub mod rank;
pub mod read;
pub mod referral;
mod submissions;
pub mod view;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use chrono::NaiveDate;
use homeward_contract::feed::Table;
use homeward_contract::geography::Geography;

use areas::Areas;
use clock::{ClockRow, Micros, local_day};
use csds::{CsdsPerson, CsdsReferral};
use dirty::DirtyCells;
use fold::{Knowledge, Rows};
use read::{FactShapeError, Facts, Interner};
use referral::LiveReferral;

/// A map with a keyed hash that is cheaper than the standard library's: every event is looked up several times.
type Map<K, V> = HashMap<K, V, ahash::RandomState>;

/// Which view a row belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// `csds_clock`.
    Csds,
    /// `live_clock`.
    Live,
}

struct Entry {
    provider: Arc<str>,
    service_request_id: Arc<str>,
    person: Option<Arc<str>>,
    live: Option<Box<LiveReferral>>,
    csds: Option<Box<CsdsReferral>>,
    rows: Rows,
    days: Vec<NaiveDate>,
}

/// Current knowledge of every referral.
pub struct Book {
    areas: Areas,
    interner: Interner,
    providers: Map<Box<str>, Arc<str>>,
    index: Map<Arc<str>, Map<Arc<str>, u32>>,
    entries: Vec<Entry>,
    people: Map<(Arc<str>, Arc<str>), CsdsPerson>,
    by_day: Map<Arc<str>, BTreeMap<NaiveDate, BTreeSet<u32>>>,
    unstopped: BTreeSet<u32>,
    wakes: BTreeMap<Micros, Vec<u32>>,
    /// Referrals with new facts, as often as they had any.
    touched: Vec<u32>,
    watermarks: BTreeMap<Arc<str>, Micros>,
    known_at: Option<Micros>,
}

impl Book {
    /// An empty book over this reference geography.
    #[must_use]
    pub fn new(geography: Arc<Geography>) -> Self {
        Self {
            areas: Areas::new(geography),
            interner: Interner::default(),
            providers: Map::default(),
            index: Map::default(),
            entries: Vec::new(),
            people: Map::default(),
            by_day: Map::default(),
            unstopped: BTreeSet::new(),
            wakes: BTreeMap::new(),
            touched: Vec::new(),
            watermarks: BTreeMap::new(),
            known_at: None,
        }
    }

    /// Takes the rows of one fact table. Nothing is recomputed until [`Book::settle`].
    ///
    /// # Errors
    /// When the batch does not have the table's columns; the book is then unchanged.
    pub fn apply(&mut self, table: Table, batch: &RecordBatch) -> Result<(), FactShapeError> {
        match table {
            Table::UcrEvent => self.apply_events(batch)?,
            Table::Cyp101Referral => self.apply_referrals(batch)?,
            Table::Cyp102ServiceTypeReferredTo => self.apply_services(batch)?,
            Table::Cyp104Rtt => self.apply_clocks(batch)?,
            Table::Cyp002Gp => self.apply_people(&submissions::PersonColumns::practices(batch)?, batch.num_rows()),
            Table::Cyp001Mpi => self.apply_people(&submissions::PersonColumns::ages(batch)?, batch.num_rows()),
            // Stored, not computed with: no indicator of this slice reads the other tables.
            _ => {}
        }
        let known_at = Facts::new(table.name(), batch).instant("known_at")?;
        self.known_at = self.known_at.max(arrow::compute::max(known_at));
        Ok(())
    }

    /// Brings the rows of touched referrals up to date as of an instant and says which cells changed.
    /// Clocks whose breach or held-back end lies between the last call and `as_of` are touched by time alone.
    pub fn settle(&mut self, as_of: Micros) -> DirtyCells {
        let mut dirty = DirtyCells::default();
        let later = self.wakes.split_off(&(as_of + 1));
        for index in std::mem::replace(&mut self.wakes, later).into_values().flatten() {
            let entry = &self.entries[index as usize];
            dirty.touch_by_time(&entry.provider, &entry.days);
        }
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        for index in touched {
            self.settle_entry(index, as_of, &mut dirty);
        }
        dirty
    }

    /// Referrals with a row anchored on the given local days of a provider: a superset of what those days count.
    pub fn referrals_on(&self, provider: &str, first: NaiveDate, last: NaiveDate) -> BTreeSet<u32> {
        self.by_day
            .get(provider)
            .map(|days| days.range(first..=last).flat_map(|(_, indices)| indices.iter().copied()).collect())
            .unwrap_or_default()
    }

    /// Referrals with a clock that has no end known.
    #[must_use]
    pub const fn unstopped(&self) -> &BTreeSet<u32> {
        &self.unstopped
    }

    /// The rows of one referral in one view.
    #[must_use]
    pub fn rows(&self, view: View, index: u32) -> &[ClockRow] {
        let rows = &self.entries[index as usize].rows;
        match view {
            View::Csds => &rows.csds,
            View::Live => &rows.live,
        }
    }

    /// Every provider that has rows, in code order.
    #[must_use]
    pub fn providers(&self) -> BTreeSet<Arc<str>> {
        self.by_day.keys().cloned().collect()
    }

    /// Greatest event time seen a provider: completeness is labelled by it, nothing is dropped for it.
    #[must_use]
    pub const fn watermarks(&self) -> &BTreeMap<Arc<str>, Micros> {
        &self.watermarks
    }

    /// When Homeward took in the newest fact that this book holds.
    #[must_use]
    pub const fn known_at(&self) -> Option<Micros> {
        self.known_at
    }

    /// Number of referrals known.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when nothing is known.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn apply_events(&mut self, batch: &RecordBatch) -> Result<(), FactShapeError> {
        let columns = events::EventColumns::new(batch)?;
        for row in 0..batch.num_rows() {
            let (provider, id) = columns.subject(row);
            let index = self.entry(provider, id);
            let entry = &mut self.entries[index as usize];
            columns.put(row, entry.live.get_or_insert_default(), &mut self.interner);
            let event_time = columns.event_time(row);
            match self.watermarks.get_mut(&entry.provider) {
                Some(watermark) => *watermark = event_time.max(*watermark),
                None => {
                    self.watermarks.insert(Arc::clone(&entry.provider), event_time);
                }
            }
            self.touched.push(index);
        }
        Ok(())
    }

    fn apply_referrals(&mut self, batch: &RecordBatch) -> Result<(), FactShapeError> {
        let columns = submissions::ReferralColumns::new(batch)?;
        for row in 0..batch.num_rows() {
            let Some(id) = columns.id(row) else { continue };
            let index = self.entry(columns.submission.provider(row), id);
            let rank = columns.submission.rank(row, &mut self.interner);
            let facts = columns.facts(row, &mut self.interner);
            let entry = &mut self.entries[index as usize];
            entry.csds.get_or_insert_default().receive(rank, facts);
            self.link_person(index);
            self.touched.push(index);
        }
        Ok(())
    }

    fn apply_services(&mut self, batch: &RecordBatch) -> Result<(), FactShapeError> {
        let columns = submissions::ServiceColumns::new(batch)?;
        for row in 0..batch.num_rows() {
            let Some(id) = columns.id(row) else { continue };
            let index = self.entry(columns.submission.provider(row), id);
            let rank = columns.submission.rank(row, &mut self.interner);
            let facts = columns.facts(row, &mut self.interner);
            let csds = self.entries[index as usize].csds.get_or_insert_default();
            csds.service(columns.team(row), rank, facts);
            self.touched.push(index);
        }
        Ok(())
    }

    fn apply_clocks(&mut self, batch: &RecordBatch) -> Result<(), FactShapeError> {
        let columns = submissions::RttColumns::new(batch)?;
        for row in 0..batch.num_rows() {
            let Some(id) = columns.id(row) else { continue };
            let Some((key, rtt)) = columns.facts(row, &mut self.interner) else { continue };
            let index = self.entry(columns.submission.provider(row), id);
            let rank = columns.submission.rank(row, &mut self.interner);
            self.entries[index as usize].csds.get_or_insert_default().clock(key, rank, rtt);
            self.touched.push(index);
        }
        Ok(())
    }

    fn apply_people(&mut self, columns: &submissions::PersonColumns<'_>, rows: usize) {
        for row in 0..rows {
            let Some(pseudonym) = columns.person(row) else { continue };
            let provider = self.provider(columns.submission.provider(row));
            let rank = columns.submission.rank(row, &mut self.interner);
            let practice = columns.practice(row).map(|code| self.interner.share_opt(code));
            let person = self.people.entry((provider, Arc::from(pseudonym))).or_default();
            if let Some(practice) = practice {
                rank::keep_newest(&mut person.practice, rank.clone(), practice);
            }
            if let Some(age_years) = columns.age_years(row) {
                rank::keep_newest(&mut person.age_years, rank, age_years);
            }
            self.touched.extend(person.referrals.iter().copied());
        }
    }

    /// Ties a referral to the person of its newest CYP101 row (D4: a referral may move to another person).
    fn link_person(&mut self, index: u32) {
        let entry = &mut self.entries[index as usize];
        let newest = entry.csds.as_ref().and_then(|csds| csds.referral.as_ref());
        let person = newest.and_then(|(_, facts)| facts.person.clone());
        if person == entry.person {
            return;
        }
        let provider = Arc::clone(&entry.provider);
        if let Some(old) = std::mem::replace(&mut entry.person, person.clone())
            && let Some(held) = self.people.get_mut(&(Arc::clone(&provider), old))
        {
            held.referrals.retain(|referral| *referral != index);
        }
        if let Some(person) = person {
            self.people.entry((provider, person)).or_default().referrals.push(index);
        }
    }

    fn provider(&mut self, code: &str) -> Arc<str> {
        if let Some(provider) = self.providers.get(code) {
            return Arc::clone(provider);
        }
        let rolled_up = self.areas.provider(code);
        let provider = self.interner.share(&rolled_up);
        self.providers.insert(Box::from(code), Arc::clone(&provider));
        provider
    }

    fn entry(&mut self, provider: &str, id: &str) -> u32 {
        let provider = self.provider(provider);
        if let Some(index) = self.index.get(&provider).and_then(|ids| ids.get(id)) {
            return *index;
        }
        #[expect(clippy::cast_possible_truncation, reason = "four thousand million referrals do not fit in memory")]
        let index = self.entries.len() as u32;
        let service_request_id: Arc<str> = Arc::from(id);
        self.index.entry(Arc::clone(&provider)).or_default().insert(Arc::clone(&service_request_id), index);
        self.entries.push(Entry {
            provider,
            service_request_id,
            person: None,
            live: None,
            csds: None,
            rows: Rows::default(),
            days: Vec::new(),
        });
        index
    }

    fn settle_entry(&mut self, index: u32, as_of: Micros, dirty: &mut DirtyCells) {
        let entry = &self.entries[index as usize];
        let person = entry.person.as_ref();
        let person = person.and_then(|person| self.people.get(&(Arc::clone(&entry.provider), Arc::clone(person))));
        let knowledge = Knowledge {
            provider: &entry.provider,
            service_request_id: &entry.service_request_id,
            live: entry.live.as_deref(),
            csds: entry.csds.as_deref(),
            person,
        };
        let rows = fold::rows(&knowledge, &mut self.areas);
        if rows == entry.rows {
            return;
        }
        let days = days_of(&rows);
        let provider = Arc::clone(&entry.provider);
        dirty.changed(View::Csds, &provider, &entry.rows.csds, &rows.csds);
        dirty.changed(View::Live, &provider, &entry.rows.live, &rows.live);
        self.reindex(index, &provider, &days);
        let all = || rows.live.iter().chain(&rows.csds);
        for instant in all().flat_map(|row| row.wakes_after(as_of)) {
            let sleepers = self.wakes.entry(instant).or_default();
            if sleepers.last() != Some(&index) {
                sleepers.push(index);
            }
        }
        if rows.live.iter().any(|row| row.stopped_at.is_none_or(|stop| stop > as_of)) {
            self.unstopped.insert(index);
        } else {
            self.unstopped.remove(&index);
        }
        let entry = &mut self.entries[index as usize];
        entry.rows = rows;
        entry.days = days;
    }

    fn reindex(&mut self, index: u32, provider: &Arc<str>, days: &[NaiveDate]) {
        let held = &self.entries[index as usize].days;
        if held.as_slice() == days {
            return;
        }
        let by_day = self.by_day.entry(Arc::clone(provider)).or_default();
        for day in held {
            if let Some(indices) = by_day.get_mut(day) {
                indices.remove(&index);
                if indices.is_empty() {
                    by_day.remove(day);
                }
            }
        }
        for day in days {
            by_day.entry(*day).or_default().insert(index);
        }
    }
}

fn days_of(rows: &Rows) -> Vec<NaiveDate> {
    let mut days: Vec<NaiveDate> =
        rows.csds.iter().chain(&rows.live).flat_map(ClockRow::anchors).map(local_day).collect();
    days.sort_unstable();
    days.dedup();
    days
}
