//! The current state: for every referral the newest knowledge, kept incrementally, and which cells a change touches.
//!
//! The book is a cache over the lake's facts. It is rebuilt at start and never written. Any order of the same facts gives
//! the same book; a fact taken twice changes nothing.
//!
//! CSDS rows are kept with the submission they came with, and count while it does ([`register`]). Which one counts is
//! found when the book is settled; only the referrals of a submission that began or ceased to count are looked at then.
//!
//! Bounds: one entry a referral ever seen (about 900 bytes with its rows), twelve bytes each time a row is sent again, a
//! contact as [`contacts`] says, 65,536 shared strings, and one wake-up an open clock.

mod apply;
pub mod areas;
pub mod cascade;
pub mod change;
pub mod choice;
pub mod clock;
pub mod contact_rows;
pub mod contacts;
pub mod csds;
pub mod dirty;
mod events;
pub mod fold;
pub mod index;
pub mod rank;
pub mod read;
pub mod referral;
pub mod referral_rows;
pub mod register;
pub mod roll;
mod rows;
mod settle;
mod stages;
pub mod submission;
mod submissions;
pub mod versions;
pub mod view;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use chrono::{Datelike, NaiveDate};
use homeward_contract::feed::Table;
use homeward_contract::geography::Geography;
use roaring::RoaringBitmap;

use areas::Areas;
use cascade::Cascade;
use choice::Choice;
use clock::{ClockRow, Micros};
use contact_rows::{ContactKnowledge, ContactRow, Frame, channel};
use contacts::{Contacts, Manners};
use csds::{CsdsPerson, CsdsReferral};
use fold::Rows;
use index::Index;
use read::{FactShapeError, Facts, Interner};
use referral::LiveReferral;
use referral_rows::{ReferralRow, ReferralRows};
use register::{Received, Register};

use crate::reconcile::ledger::{Ledger, ProviderMonth};

/// A map with a keyed hash that is cheaper than the standard library's: every event is looked up several times.
type Map<K, V> = HashMap<K, V, ahash::RandomState>;

/// Which view a row belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// CSDS alone: `csds_clock`, `csds_contact`, `csds_referral`.
    Csds,
    /// CSDS over live: `live_clock`, `live_contact`, `live_referral`.
    Live,
}

/// What a fact table tells the book. The register counts the rows of the other tables, and reads the header and the
/// decisions.
#[derive(Clone, Copy)]
enum Part {
    Event,
    Referral,
    Service,
    Clock,
    Contact,
    Practice,
    Person,
}

impl Part {
    /// The one list of the tables that figures are computed from.
    const fn of(table: Table) -> Option<Self> {
        Some(match table {
            Table::UcrEvent => Self::Event,
            Table::Cyp101Referral => Self::Referral,
            Table::Cyp102ServiceTypeReferredTo => Self::Service,
            Table::Cyp104Rtt => Self::Clock,
            Table::Cyp201CareContact => Self::Contact,
            Table::Cyp002Gp => Self::Practice,
            Table::Cyp001Mpi => Self::Person,
            _ => return None,
        })
    }
}

/// Both views.
pub const VIEWS: [View; 2] = [View::Csds, View::Live];

struct Entry {
    provider: Arc<str>,
    service_request_id: Arc<str>,
    person: Option<u32>,
    live: Option<Box<LiveReferral>>,
    csds: Option<Box<CsdsReferral>>,
    contacts: Option<Box<Contacts>>,
    rows: Rows,
    referral: ReferralRows,
    /// Of the contacts, by view.
    frames: [Frame; 2],
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
    ledger: Ledger,
    people: Vec<CsdsPerson>,
    people_index: Map<Arc<str>, Map<Arc<str>, u32>>,
    manners: Manners,
    by_period: Index,
    unstopped: RoaringBitmap,
    wakes: BTreeMap<Micros, Vec<u32>>,
    /// Referrals with new facts, as often as they had any.
    touched: Vec<u32>,
    /// End of the newest reporting period that counts, by provider as sent.
    newest: Map<Arc<str>, Option<i32>>,
    /// The month of the last call of [`Book::settle`].
    month: Option<NaiveDate>,
    /// Of rows that are remembered by their hash.
    hasher: ahash::RandomState,
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
            ledger: Ledger::default(),
            people: Vec::new(),
            people_index: Map::default(),
            manners: Manners::default(),
            by_period: Index::default(),
            unstopped: RoaringBitmap::new(),
            wakes: BTreeMap::new(),
            touched: Vec::new(),
            newest: Map::default(),
            month: None,
            hasher: ahash::RandomState::new(),
            watermarks: BTreeMap::new(),
            known_at: None,
        }
    }

    /// The columns of a table that the book reads, where not all of it: of the tables that are not computed with, the rows
    /// alone count.
    #[must_use]
    pub fn columns_read(table: Table) -> Option<Vec<&'static str>> {
        (Part::of(table).is_none() && table.csds_name().is_some()).then(|| {
            let mut columns = Register::columns(table);
            // Of headers the register reads it too.
            if !columns.contains(&"known_at") {
                columns.push("known_at");
            }
            columns
        })
    }

    /// Takes the rows of one fact table. Nothing is recomputed until [`Book::settle`].
    ///
    /// # Errors
    /// When the batch does not have the table's columns; the book is then unchanged.
    pub fn apply(&mut self, table: Table, batch: &RecordBatch) -> Result<(), FactShapeError> {
        match Part::of(table) {
            Some(Part::Event) => self.apply_events(batch)?,
            Some(Part::Referral) => self.apply_referrals(batch)?,
            Some(Part::Service) => self.apply_services(batch)?,
            Some(Part::Clock) => self.apply_clocks(batch)?,
            Some(Part::Contact) => self.apply_contacts(batch)?,
            Some(Part::Practice) => self.apply_people(table, &rows::PersonColumns::practices(batch)?, batch)?,
            Some(Part::Person) => self.apply_people(table, &rows::PersonColumns::index(batch)?, batch)?,
            // Counted for their submission, not computed with.
            None => drop(self.register.take(table, batch)?),
        }
        let known_at = Facts::new(table.name(), batch).instant("known_at")?;
        self.known_at = self.known_at.max(arrow::compute::max(known_at));
        Ok(())
    }

    /// Referrals with a row anchored on the given local days of a provider: a superset of what those days count.
    #[must_use]
    pub fn referrals_on(&self, provider: &str, first: NaiveDate, last: NaiveDate) -> RoaringBitmap {
        self.by_period.on(provider, first, last)
    }

    /// Referrals that may be open at the end of a month: a superset.
    #[must_use]
    pub fn referrals_open_in(&self, provider: &str, month: NaiveDate) -> RoaringBitmap {
        self.by_period.open_in(provider, month)
    }

    /// Referrals with a clock that has no end known.
    #[must_use]
    pub const fn unstopped(&self) -> &RoaringBitmap {
        &self.unstopped
    }

    /// The clocks of some referrals in one view.
    pub fn clocks<'a>(
        &'a self,
        view: View,
        referrals: &'a RoaringBitmap,
    ) -> impl Iterator<Item = &'a ClockRow> + Clone {
        referrals.iter().flat_map(move |index| {
            let rows = &self.entries[index as usize].rows;
            match view {
                View::Csds => &rows.csds,
                View::Live => &rows.live,
            }
        })
    }

    /// The rows of some referrals in one view.
    pub fn referral_rows<'a>(
        &'a self,
        view: View,
        referrals: &'a RoaringBitmap,
    ) -> impl Iterator<Item = &'a ReferralRow> + Clone {
        referrals.iter().filter_map(move |index| {
            let rows = &self.entries[index as usize].referral;
            match view {
                View::Csds => rows.csds.as_deref(),
                View::Live => rows.live.as_deref(),
            }
        })
    }

    /// The contacts of some referrals on these local days, in `csds_contact` and `live_contact`.
    #[must_use]
    pub fn contacts(&self, referrals: &RoaringBitmap, first: NaiveDate, last: NaiveDate) -> [Vec<ContactRow<'_>>; 2] {
        let mut rows = VIEWS.map(|_| Vec::new());
        for index in referrals {
            let entry = &self.entries[index as usize];
            let Some(known) = self.contact_knowledge(entry) else { continue };
            if !known.contacts.days().any(|day| (first..=last).contains(&day)) {
                continue;
            }
            known.each(&mut |commissioner, practice| self.areas.find(commissioner, practice), |place, row, _| {
                let shown = known.contacts.shown(place);
                if !(first..=last).contains(&shown.day()) {
                    return;
                }
                for (view, frame) in VIEWS.into_iter().zip(entry.frames) {
                    if channel(view, shown, frame).is_some() {
                        rows[view as usize].push(ContactRow { frame, ..row.clone() });
                    }
                }
            });
        }
        rows
    }

    fn contact_knowledge<'a>(&'a self, entry: &'a Entry) -> Option<ContactKnowledge<'a>> {
        Some(ContactKnowledge {
            provider: &entry.provider,
            service_request_id: &entry.service_request_id,
            live: entry.live.as_deref(),
            cascade: self.cascade(entry),
            csds: entry.csds.as_deref(),
            contacts: entry.contacts.as_deref()?,
            manners: &self.manners,
            person: entry.person,
        })
    }

    /// What counts of a referral's rows, and what hangs on what.
    fn cascade<'a>(&'a self, entry: &'a Entry) -> Cascade<'a> {
        Cascade {
            choice: Choice::counting(&self.register),
            people: (&self.people, self.people_index.get(&entry.provider)),
            service_request_id: &entry.service_request_id,
        }
    }

    /// Every submission and whether it counts.
    #[must_use]
    pub const fn register(&self) -> &Register {
        &self.register
    }

    /// The postings of every referral in the reconciliation.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Provider-months whose postings changed since the last call.
    pub fn take_reconcilable(&mut self) -> BTreeSet<ProviderMonth> {
        self.ledger.take_changed()
    }

    /// What was received of each provider, after succession, and month.
    #[must_use]
    pub fn received(&self) -> BTreeMap<ProviderMonth, Received> {
        let mut received: BTreeMap<ProviderMonth, Received> = BTreeMap::new();
        for (provider, rp_end_day, own) in self.register.received() {
            let Some(month) = read::date_of(rp_end_day).with_day(1) else { continue };
            let held = received.entry((self.areas.provider(provider), month)).or_default();
            held.primary |= own.primary;
            held.primary_withdrawn |= own.primary_withdrawn;
            held.refresh |= own.refresh;
        }
        received
    }

    /// Every provider that has rows, in code order.
    #[must_use]
    pub fn providers(&self) -> BTreeSet<Arc<str>> {
        self.by_period.providers().cloned().collect()
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
}
