//! Days at home as they stand: where each registered person is on each night, who is followed from which day, and which
//! nights a change or the passing of time touches (handbook, `days-at-home.md`). Pure.
//!
//! A person's nights are made of five tables: hospital spells, stays in emergency departments and on virtual wards, deaths
//! and registrations; who is followed after urgent community response is told by the book of referrals. They are made as they
//! will be seen once every day has come; a night is counted when its day is over.
//! Cells are kept by the practice that a person is registered with, so that a correction asks for one list alone.
//!
//! Bounds: about 150 bytes a record beside what is read of its row, and 24 a piece of a person's nights.

mod member;
mod night;
mod record;
mod together;
mod touched;
pub mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, NaiveDate, Utc};
use homeward_contract::feed::Table;
use homeward_contract::geography::Geography;
use homeward_contract::time::london;
use roaring::RoaringBitmap;

use crate::book::Acceptance;
use crate::book::change::{Cause, Subject};
use crate::book::clock::Micros;
use crate::book::dirty::DirtyCells;
use crate::book::read::{FactShapeError, Facts};
use crate::spans::{Point, Span, Spans};
use crate::states::Store;
use member::{FOLLOWED_NIGHTS_MAX, Member, members};
use night::{Born, Known, Piece};
use record::{Columns, Place, Record, Says, Shared, TABLES, items_read};
use together::Together;
use touched::{Tally, by_year, point_of};

/// Acceptances stand where a table of them would.
const ACCEPTANCES: usize = TABLES.len();

/// A record: which table, and which subject of it.
type Key = (u8, u32);

#[derive(Default)]
struct Person {
    records: Vec<Key>,
    nights: Box<[Piece]>,
    members: Box<[Member]>,
    born: Option<Born>,
}

/// The nights of every person.
pub struct AtHome {
    geography: Arc<Geography>,
    stores: [Store; TABLES.len()],
    /// By table and subject, acceptances after the tables; none for one that is withdrawn, or of nobody.
    known: [Vec<Option<Record>>; ACCEPTANCES + 1],
    names: Shared<Arc<str>>,
    /// Referrals that were ever accepted, by their number in the book.
    referrals: Shared<u32>,
    people: Vec<Person>,
    places: Shared<Place>,
    /// Who was ever registered with a practice.
    lists: BTreeMap<Arc<str>, RoaringBitmap>,
    /// What was so before the changes since the last settlement.
    before: BTreeMap<Key, Option<Record>>,
    settled_on: Option<Point>,
    known_at: Option<Micros>,
    /// The first night that is covered.
    first_night: Option<Point>,
    hasher: ahash::RandomState,
}

impl AtHome {
    /// Nobody, over this reference geography.
    #[must_use]
    pub fn new(geography: Arc<Geography>) -> Self {
        Self {
            geography,
            stores: TABLES.map(|table| Store::of_columns(table, |item| items_read(table).contains(&item))),
            known: std::array::from_fn(|_| Vec::new()),
            names: Shared::default(),
            referrals: Shared::default(),
            people: Vec::new(),
            places: Shared::default(),
            lists: BTreeMap::new(),
            before: BTreeMap::new(),
            settled_on: None,
            known_at: None,
            first_night: None,
            hasher: ahash::RandomState::new(),
        }
    }

    /// The same where the feeds cover their places from a night on.
    #[must_use]
    pub fn since(self, first_night: Option<NaiveDate>) -> Self {
        Self { first_night: first_night.map(point_of), ..self }
    }

    /// Takes the rows of a table of states; beds say nothing of nights.
    ///
    /// # Errors
    /// When the batch does not have the table's columns.
    pub fn apply(&mut self, table: Table, batch: &RecordBatch) -> Result<(), FactShapeError> {
        let Some(slot) = TABLES.iter().position(|own| *own == table) else { return Ok(()) };
        let columns = Columns::new(table, batch)?;
        let known_at = Facts::new(table.name(), batch).instant("known_at")?;
        self.known_at = self.known_at.max(arrow::compute::max(known_at));
        for change in self.stores[slot].apply(batch)? {
            let row = change.new.map(|place| self.stores[slot].row(place).1);
            let new = row.and_then(|row| {
                let places = (&mut self.places, self.geography.deprivation());
                let says = columns.says(row, places, &self.hasher)?;
                Some(Record { person: self.names.number(Arc::from(columns.person(row)?)), says })
            });
            self.take(slot, change.subject, new);
        }
        Ok(())
    }

    /// Takes what the book says of acceptance; a referral that says the same as before changes nothing.
    pub fn follow(&mut self, acceptances: Vec<Acceptance>) {
        for Acceptance { referral, person_on } in acceptances {
            let subject = match (self.referrals.find(&referral), &person_on) {
                (Some(subject), _) => subject,
                (None, Some(_)) => self.referrals.number(referral),
                (None, None) => continue,
            };
            let new = person_on
                .map(|(person, day)| Record { person: self.names.number(person), says: Says::Accepted(point_of(day)) });
            if self.record((key_part(ACCEPTANCES), subject)) != new {
                self.take(ACCEPTANCES, subject, new);
            }
        }
    }

    /// The newest that is known of a subject.
    fn take(&mut self, slot: usize, subject: u32, new: Option<Record>) {
        self.people.resize_with(self.names.len(), Person::default);
        let known = &mut self.known[slot];
        let number = subject as usize;
        if known.len() <= number {
            known.resize(number + 1, None);
        }
        let old = std::mem::replace(&mut known[number], new);
        let key = (key_part(slot), subject);
        self.before.entry(key).or_insert(old);
        if let Some(record) = old {
            self.people[record.person as usize].records.retain(|held| *held != key);
        }
        if let Some(record) = new {
            self.people[record.person as usize].records.push(key);
        }
    }

    fn record(&self, (slot, subject): Key) -> Option<Record> {
        self.known[usize::from(slot)].get(subject as usize).copied().flatten()
    }

    /// What is known of a person.
    fn of(&self, person: u32) -> Known<'_> {
        let mut known = Known { first_night: self.first_night, ..Known::default() };
        for key in &self.people[person as usize].records {
            match self.record(*key).map(|record| record.says) {
                Some(Says::Stayed(stay)) => known.stays.push(stay),
                Some(Says::Died(day, is_formal)) => known.deaths.push((day, is_formal)),
                Some(Says::Accepted(day)) => _ = known.accepted.insert(day),
                Some(Says::Registered(own)) => {
                    known.registrations.push((self.stores[usize::from(key.0)].name(key.1), own));
                }
                None => {}
            }
        }
        known
    }

    /// What facts and the passing of time made dirty since the last call: nights in whose days and months something is
    /// counted otherwise, and the index days of cohorts whose windows hold such nights.
    ///
    /// # Errors
    /// When Arrow refuses to copy rows, which the schema rules out.
    pub fn settle(&mut self, as_of: DateTime<Utc>) -> Result<DirtyCells, ArrowError> {
        let today = point_of(london(as_of).date());
        let mut causes: BTreeMap<u32, Vec<Cause>> = BTreeMap::new();
        for (key, old) in std::mem::take(&mut self.before) {
            let new = self.record(key);
            let Some(cause) = cause(old, new) else { continue };
            let people: BTreeSet<u32> = [old, new].into_iter().flatten().map(|record| record.person).collect();
            people.into_iter().for_each(|person| causes.entry(person).or_default().push(cause));
        }
        let mut tally = Tally::default();
        for (person, causes) in causes {
            self.renew(person, &causes, today, &mut tally);
        }
        if let Some(since) = self.settled_on.filter(|since| *since < today) {
            self.pass(since, today, &mut tally);
        }
        self.settled_on = self.settled_on.max(Some(today));
        self.stores.iter_mut().try_for_each(Store::tidy)?;
        Ok(tally.into_dirty())
    }

    /// Makes the nights of a person anew and tells where they differ.
    fn renew(&mut self, person: u32, causes: &[Cause], today: Point, tally: &mut Tally) {
        let mut known = self.of(person);
        let nights = known.nights();
        let members = members(&known, &nights);
        let born = known.born();
        let held = &self.people[person as usize];
        let moved = [
            (Subject::PersonNight, touched::nights((&held.nights, held.born), (&nights, born), today)),
            (Subject::CohortMember, touched::indices((&held.members, &held.nights), (&members, &nights), today)),
        ];
        for (subject, by_place) in moved {
            for (practice, days) in self.by_practice(by_place) {
                causes.iter().for_each(|cause| tally.add(&practice, subject, *cause, &days, 1));
            }
        }
        for piece in &nights {
            let practice = &self.places.value(piece.place).practice;
            self.lists.entry(Arc::clone(practice)).or_default().insert(person);
        }
        let held = &mut self.people[person as usize];
        (held.nights, held.members, held.born) = (nights.into(), members.into(), born);
    }

    fn by_practice(&self, by_place: BTreeMap<u32, Spans>) -> BTreeMap<Arc<str>, Spans> {
        let mut by_practice: BTreeMap<Arc<str>, Spans> = BTreeMap::new();
        for (place, days) in by_place {
            let held = by_practice.entry(Arc::clone(&self.places.value(place).practice)).or_default();
            *held = held.union(&days);
        }
        by_practice
    }

    /// Days passed: their nights are counted from now on, and windows of members are over.
    fn pass(&self, since: Point, today: Point, tally: &mut Tally) {
        let passed = Span::new(since, today);
        let mut add = |subject, place, days: Spans| {
            tally.add(&self.places.value(place).practice, subject, Cause::TimePassed, &days, 1);
        };
        for person in &self.people {
            for piece in &person.nights {
                let nights = Span::new(piece.span.from.max(passed.from), piece.span.to.min(passed.to));
                add(Subject::PersonNight, piece.place, Spans::from(nights));
            }
            for member in person.members.iter().filter(|member| member.completes(since, today)) {
                add(Subject::CohortMember, member.place, Spans::from(Span::new(member.index, member.index + 1)));
            }
        }
    }

    /// `person_night_span`: nights of some local days that are over, of the lists of some practices, or of all. With the
    /// columns that are read, people who spend all these days alike at home are one row, whose `people` says how many.
    ///
    /// # Errors
    /// When Arrow refuses to make the batch, which a test rules out.
    pub fn nights(
        &self,
        (first, end): (NaiveDate, NaiveDate),
        practices: Option<&BTreeSet<Arc<str>>>,
        read: Option<&BTreeSet<String>>,
    ) -> Result<RecordBatch, ArrowError> {
        let window = Span::new(point_of(first), point_of(end).min(self.today()));
        let wanted = self.wanted(practices);
        let listed = self.listed(practices);
        let mut together = read.map(|read| Together::new(&self.places, read));
        let mut rows = Vec::new();
        for year in by_year(window) {
            for person in &listed {
                let mut own = self.pieces(person, year).filter(|piece| wanted[piece.place as usize]);
                let (Some(one), two) = (own.next(), own.next()) else { continue };
                match &mut together {
                    Some(together) if two.is_none() && !one.state.is_away() => {
                        together.add(one, self.people[person as usize].born);
                    }
                    _ => rows.extend([one].into_iter().chain(two).chain(own).map(|piece| (person, piece))),
                }
            }
        }
        let counted = together.map(Together::into_counted).unwrap_or_default();
        let alike = counted.iter().map(|own| (&*own.name, &own.place, (own.piece, own.born, own.people)));
        view::nights(&self.named(&rows).chain(alike).collect::<Vec<_>>(), &self.geography)
    }

    /// By the number of a place, whether it is of one of these practices.
    fn wanted(&self, practices: Option<&BTreeSet<Arc<str>>>) -> Vec<bool> {
        self.places.values().map(|place| practices.is_none_or(|wanted| wanted.contains(&place.practice))).collect()
    }

    /// `cohort_member`, and the nights of its people over the longest window: members by their index day, of the lists of
    /// some practices on that day, or of all.
    ///
    /// # Errors
    /// When Arrow refuses to make a batch, which a test rules out.
    pub fn members(
        &self,
        (first, end): (NaiveDate, NaiveDate),
        practices: Option<&BTreeSet<Arc<str>>>,
    ) -> Result<[RecordBatch; 2], ArrowError> {
        let index = Span::new(point_of(first), point_of(end));
        let window = Span::new(index.from, (index.to + FOLLOWED_NIGHTS_MAX).min(self.today()));
        let wanted = self.wanted(practices);
        let (mut found, mut rows) = (Vec::new(), Vec::new());
        for person in &self.listed(practices) {
            let before = found.len();
            for member in &self.people[person as usize].members {
                if (index.from..index.to).contains(&member.index) && wanted[member.place as usize] {
                    found.push((&**self.names.value(person), self.places.value(member.place), *member));
                }
            }
            if found.len() > before {
                let pieces = by_year(window).flat_map(|year| self.pieces(person, year));
                rows.extend(pieces.map(|piece| (person, piece)));
            }
        }
        let nights = view::nights(&self.named(&rows).collect::<Vec<_>>(), &self.geography)?;
        Ok([view::members(&found, &self.geography)?, nights])
    }

    /// Rows of one person each.
    fn named<'a>(&'a self, rows: &'a [(u32, Piece)]) -> impl Iterator<Item = view::Row<'a, view::Night>> {
        rows.iter().map(|(person, piece)| {
            let born = self.people[*person as usize].born;
            (&**self.names.value(*person), self.places.value(piece.place), (*piece, born, 1))
        })
    }

    /// The nights of a person inside a window.
    fn pieces(&self, person: u32, window: Span) -> impl Iterator<Item = Piece> {
        let nights = &self.people[person as usize].nights;
        let first = nights.partition_point(|piece| piece.span.to <= window.from);
        let touching = nights[first..].iter().take_while(move |piece| piece.span.from < window.to);
        let clipped = touching.map(move |piece| Piece {
            span: Span::new(piece.span.from.max(window.from), piece.span.to.min(window.to)),
            ..*piece
        });
        clipped.filter(|piece| !piece.span.is_empty())
    }

    fn listed(&self, practices: Option<&BTreeSet<Arc<str>>>) -> RoaringBitmap {
        let wanted = self.lists.iter().filter(|(code, _)| practices.is_none_or(|wanted| wanted.contains(*code)));
        wanted.fold(RoaringBitmap::new(), |all, (_, people)| all | people)
    }

    fn today(&self) -> Point {
        self.settled_on.unwrap_or_default()
    }

    /// When Homeward took in the newest fact held.
    #[must_use]
    pub const fn known_at(&self) -> Option<Micros> {
        self.known_at
    }
}

fn key_part(slot: usize) -> u8 {
    u8::try_from(slot).unwrap_or(u8::MAX)
}

fn cause(old: Option<Record>, new: Option<Record>) -> Option<Cause> {
    let is_open = |record: Record| matches!(record.says, Says::Stayed(stay) if stay.open);
    match (old, new) {
        (None, None) => None,
        (None, Some(_)) => Some(Cause::Appeared),
        (Some(_), None) => Some(Cause::Removed),
        (Some(old), Some(new)) if old == new => None,
        (Some(old), Some(new)) if is_open(old) && !is_open(new) => Some(Cause::Closed),
        (Some(_), Some(_)) => Some(Cause::Amended),
    }
}

#[cfg(test)]
mod tests;
