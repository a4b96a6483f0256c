//! The current state: for every referral the newest knowledge, kept incrementally, and which cells a change touches.
//!
//! The book is a cache over the lake's facts. It is rebuilt at start and never written. Any order of the same facts gives
//! the same book; a fact taken twice changes nothing.
//!
//! CSDS rows are kept with the submission they came with, and count while it does ([`register`]). Which one counts is
//! found when the book is settled; only the referrals of a submission that began or ceased to count are looked at then.
//!
//! Bounds: one entry a referral ever seen (about 600 bytes with its rows), twelve bytes each time a row is sent again,
//! 65,536 shared strings, and one wake-up an open clock.

mod apply;
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
pub mod register;
pub mod roll;
pub mod submission;
mod submissions;
pub mod versions;
pub mod view;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use chrono::NaiveDate;
use homeward_contract::feed::Table;
use homeward_contract::geography::Geography;

use areas::Areas;
use change::Flipped;
use clock::{ClockRow, Micros, local_day};
use csds::{CsdsPerson, CsdsReferral};
use dirty::DirtyCells;
use fold::{Knowledge, Rows};
use read::{FactShapeError, Facts, Interner};
use referral::LiveReferral;
use register::Register;

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
    person: Option<u32>,
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
    register: Register,
    people: Vec<CsdsPerson>,
    people_index: Map<Arc<str>, Map<Arc<str>, u32>>,
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
            register: Register::default(),
            people: Vec::new(),
            people_index: Map::default(),
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
            Table::Cyp002Gp => self.apply_people(table, &submissions::PersonColumns::practices(batch)?, batch)?,
            Table::Cyp001Mpi => self.apply_people(table, &submissions::PersonColumns::ages(batch)?, batch)?,
            // Counted for their submission, not computed with.
            _ => drop(self.register.take(table, batch)?),
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
        let flipped = self.flip_submissions();
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        for index in touched {
            self.settle_entry(index, as_of, flipped.get(&index).copied().unwrap_or_default(), &mut dirty);
        }
        dirty
    }

    /// Brings the register up to date and touches the referrals of each submission that began or ceased to count.
    fn flip_submissions(&mut self) -> Map<u32, Flipped> {
        let mut flipped: Map<u32, Flipped> = Map::default();
        for flip in self.register.settle() {
            let new = flip.new.map(|index| self.register.identity(index));
            let new = new.map(|identity| (identity.source(), identity.received_at));
            for submission in [flip.old, flip.new].into_iter().flatten() {
                let people = self.register.people(submission).iter();
                let of_people = people.flat_map(|person| self.people[person as usize].referrals.iter().copied());
                for index in self.register.entries(submission).iter().chain(of_people) {
                    self.touched.push(index);
                    flipped.entry(index).or_default().note(flip.why, new);
                }
            }
        }
        flipped
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

    /// Every submission and whether it counts.
    #[must_use]
    pub const fn register(&self) -> &Register {
        &self.register
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

    /// Ties a referral to the person of its current CYP101 row (D4: a referral may move to another person).
    fn link_person(&mut self, index: u32) {
        let entry = &mut self.entries[index as usize];
        let current = entry.csds.as_ref().and_then(|csds| csds.referral(&self.register));
        let people = self.people_index.get(&entry.provider);
        let person = current.and_then(|facts| facts.person.as_ref()).zip(people);
        let person = person.and_then(|(person, people)| people.get(person).copied());
        if person == entry.person {
            return;
        }
        if let Some(old) = std::mem::replace(&mut entry.person, person) {
            self.people[old as usize].referrals.retain(|referral| *referral != index);
        }
        if let Some(person) = person {
            self.people[person as usize].referrals.push(index);
        }
    }

    fn settle_entry(&mut self, index: u32, as_of: Micros, flipped: Flipped, dirty: &mut DirtyCells) {
        self.link_person(index);
        let entry = &self.entries[index as usize];
        let person = entry.person.map(|person| &self.people[person as usize]);
        let knowledge = Knowledge {
            provider: &entry.provider,
            service_request_id: &entry.service_request_id,
            live: entry.live.as_deref(),
            register: &self.register,
            csds: entry.csds.as_deref(),
            person,
        };
        let rows = fold::rows(&knowledge, &mut self.areas);
        if rows == entry.rows {
            return;
        }
        let days = days_of(&rows);
        let provider = Arc::clone(&entry.provider);
        dirty.changed(View::Csds, &provider, (&entry.rows.csds, &rows.csds), flipped);
        dirty.changed(View::Live, &provider, (&entry.rows.live, &rows.live), flipped);
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
