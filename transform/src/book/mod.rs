//! The current state: for every referral the newest knowledge, kept incrementally, and which cells a change touches.
//!
//! The book is a cache over the lake's facts. It is rebuilt at start and never written. Any order of the same facts gives
//! the same book; a fact taken twice changes nothing.
//!
//! CSDS rows are kept with the submission they came with, and count while it does ([`register`]). Which one counts is
//! found when the book is settled; only the referrals of a submission that began or ceased to count are looked at then.
//!
//! Bounds: of every referral and person ever seen the book keeps a place and the hash of its name; what it knows of them is
//! packed ([`store`]), in memory up to a limit and beyond it where the caller spills, but for those that were looked at
//! last. Besides: a few bits a referral in the indexes and in each submission that holds it, 65,536 shared strings, and one
//! wake-up an open clock.

mod apply;
pub mod areas;
pub mod cascade;
pub mod change;
pub mod choice;
pub mod clock;
pub mod contact_rows;
pub mod contacts;
pub mod csds;
pub mod directory;
pub mod dirty;
mod events;
pub mod fold;
pub mod index;
pub mod limits;
pub mod pack;
pub mod pages;
pub mod rank;
pub mod read;
pub mod referral;
pub mod referral_rows;
pub mod register;
pub mod roll;
mod rows;
mod settle;
pub mod shard;
mod stages;
pub mod store;
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
use cascade::{Cascade, People};
use choice::Choice;
use clock::{ClockRow, Micros};
use contact_rows::{ContactKnowledge, ContactRow, Frame, channel};
use contacts::{Contacts, Manners};
use csds::{CsdsPerson, CsdsReferral};
use directory::{Directory, Named};
use fold::Rows;
use index::Index;
use limits::Limits;
use pack::{Shared, pack_fields};
use pages::{Pages, Spill};
use read::{FactShapeError, Facts};
use referral::LiveReferral;
use referral_rows::{ReferralRow, ReferralRows};
use register::{Received, Register};
use shard::{ByShard, Shards};

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

pack_fields!(Entry { provider, service_request_id, person, live, csds, contacts, rows, referral, frames, days });

impl Named for Entry {
    fn provider(&self) -> &str {
        &self.provider
    }

    fn name(&self) -> &str {
        &self.service_request_id
    }
}

/// Current knowledge of every referral.
pub struct Book {
    areas: Areas,
    shared: Shared,
    providers: Map<Box<str>, Arc<str>>,
    entries: Directory<Entry>,
    register: Register,
    ledger: Ledger,
    people: Directory<CsdsPerson>,
    manners: Manners,
    by_period: Index,
    by_shard: ByShard,
    unstopped: RoaringBitmap,
    together_max: u64,
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
    /// What live events say of acceptance, of the referrals that were settled since it was last taken.
    acceptances: Vec<Acceptance>,
}

/// A referral by its number, and who was accepted on which local day; none while nobody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// Its number in the book.
    pub referral: u32,
    /// The person's pseudonym and the day.
    pub person_on: Option<(Arc<str>, NaiveDate)>,
}

impl Book {
    /// An empty book over this reference geography, all in memory.
    #[must_use]
    pub fn new(geography: Arc<Geography>) -> Self {
        Self::over(Limits::default(), Default::default(), geography)
    }

    /// An empty book over this reference geography. Packed referrals, and packed people, take half of the memory each; what is
    /// beyond is spilled.
    #[must_use]
    pub fn within(limits: Limits, spills: [Box<dyn Spill>; 2], geography: Arc<Geography>) -> Self {
        let pages = spills.map(|spill| Pages::spilling(limits.packed_bytes_max / 2, spill));
        Self::over(limits, pages, geography)
    }

    fn over(limits: Limits, [referrals, people]: [Pages; 2], geography: Arc<Geography>) -> Self {
        Self {
            areas: Areas::new(geography),
            shared: Shared::default(),
            providers: Map::default(),
            entries: Directory::new(limits.open_max, referrals),
            register: Register::default(),
            ledger: Ledger::default(),
            people: Directory::new(limits.open_max, people),
            manners: Manners::default(),
            by_period: Index::default(),
            by_shard: ByShard::default(),
            unstopped: RoaringBitmap::new(),
            together_max: limits.together_max,
            wakes: BTreeMap::new(),
            touched: Vec::new(),
            newest: Map::default(),
            month: None,
            hasher: ahash::RandomState::new(),
            watermarks: BTreeMap::new(),
            known_at: None,
            acceptances: Vec::new(),
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
        self.cool();
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

    /// Referrals in lots of about [`Limits::together_max`], each with every row of the people of some shards.
    #[must_use]
    pub fn by_people(&self, referrals: &RoaringBitmap) -> Vec<(Shards, RoaringBitmap)> {
        self.by_shard.split(referrals, self.together_max)
    }

    /// Sets [`Limits::together_max`].
    pub const fn hold_together(&mut self, most: u64) {
        self.together_max = most;
    }

    /// [`Limits::together_max`].
    #[must_use]
    pub const fn together_max(&self) -> u64 {
        self.together_max
    }

    /// Referrals with a clock that has no end known.
    #[must_use]
    pub const fn unstopped(&self) -> &RoaringBitmap {
        &self.unstopped
    }

    /// The clocks of some referrals in one view.
    pub fn clocks<'a>(&'a self, view: View, referrals: &'a RoaringBitmap) -> impl Iterator<Item = &'a ClockRow> {
        referrals.iter().flat_map(move |index| {
            let rows = &self.entries.get(index, &self.shared).rows;
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
    ) -> impl Iterator<Item = &'a ReferralRow> {
        referrals.iter().filter_map(move |index| {
            let rows = &self.entries.get(index, &self.shared).referral;
            match view {
                View::Csds => rows.csds.as_deref(),
                View::Live => rows.live.as_deref(),
            }
        })
    }

    /// Tells of the contacts of some referrals on these local days, with each of the views `csds_contact` and `live_contact`
    /// that has them.
    pub fn each_contact<'a>(
        &'a self,
        referrals: &RoaringBitmap,
        first: NaiveDate,
        last: NaiveDate,
        mut tell: impl FnMut(View, &ContactRow<'a>),
    ) {
        for index in referrals {
            let entry = self.entries.get(index, &self.shared);
            let Some(known) = self.contact_knowledge(entry) else { continue };
            if !known.contacts.days().any(|day| (first..=last).contains(&day)) {
                continue;
            }
            let wanted = |place| (first..=last).contains(&known.contacts.shown(place).day());
            let find = &mut |commissioner: Option<&_>, practice: Option<&_>| self.areas.find(commissioner, practice);
            known.each(find, wanted, |place, mut row, _| {
                for (view, frame) in VIEWS.into_iter().zip(entry.frames) {
                    if channel(view, known.contacts.shown(place), frame).is_some() {
                        row.frame = frame;
                        tell(view, &row);
                    }
                }
            });
        }
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
            people: People { directory: &self.people, shared: &self.shared },
            provider: &entry.provider,
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

    /// Who was accepted, of the referrals on the live feed that were settled since the last call.
    pub fn take_acceptances(&mut self) -> Vec<Acceptance> {
        std::mem::take(&mut self.acceptances)
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
        self.entries.count()
    }

    /// True when nothing is known.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.count() == 0
    }

    /// Packs what has not been asked for of late.
    pub fn cool(&mut self) {
        self.entries.cool(&mut self.shared);
        self.people.cool(&mut self.shared);
    }
}
