//! Beds of virtual wards over time: each row until the ward's next one begins (handbook, `virtual-wards.md` rule 6). Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::error::ArrowError;
use homeward_contract::feed::Table;
use homeward_contract::geography::Geography;

use super::episode::OPEN;
use super::touched::{Touched, extents};
use super::view::{self, Read, Rows};
use crate::book::View;
use crate::book::change::{Cause, Origin, Subject};
use crate::book::clock::Micros;
use crate::book::dirty::{DirtyCells, Reason};
use crate::book::read::{FactShapeError, Facts, instant_at, text_at};
use crate::spans::{Span, Spans};
use crate::states::{Place, Store};

type Map<K, V> = HashMap<K, V, ahash::RandomState>;

/// A row of beds, as far as it decides what a change of it touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    ward: u32,
    from: Micros,
    to: Micros,
    items: u64,
}

struct Ward {
    provider: Arc<str>,
    name: Arc<str>,
    rows: Vec<u32>,
    /// When its beds were last recorded.
    told_at: Micros,
}

/// Every ward's beds.
pub(super) struct Beds {
    store: Store,
    geography: Arc<Geography>,
    known: Vec<Option<Row>>,
    wards: Vec<Ward>,
    index: Map<Box<str>, u32>,
    before: Map<u32, Option<Row>>,
    wards_before: BTreeMap<u32, Vec<(u32, Row)>>,
    hasher: ahash::RandomState,
}

impl Beds {
    pub(super) fn new(geography: Arc<Geography>) -> Self {
        Self {
            store: Store::new(Table::VirtualWardCapacity),
            geography,
            known: Vec::new(),
            wards: Vec::new(),
            index: Map::default(),
            before: Map::default(),
            wards_before: BTreeMap::new(),
            hasher: ahash::RandomState::new(),
        }
    }

    pub(super) fn apply(&mut self, batch: &RecordBatch) -> Result<(), FactShapeError> {
        let facts = Facts::new(Table::VirtualWardCapacity.name(), batch);
        let (providers, wards) = (facts.text("provider")?, facts.text("ward_id")?);
        let (begins, ends, beds) = (facts.instant("valid_from")?, facts.instant("valid_to")?, facts.int("beds")?);
        let texts = [facts.text("ward_name")?, facts.text("pathway")?, facts.text("area")?];
        for change in self.store.apply(batch)? {
            let row = change.new.map(|place| self.store.row(place).1);
            let new = row.map(|row| {
                let mut hash = self.hasher.build_hasher();
                texts.iter().for_each(|column| text_at(column, row).hash(&mut hash));
                beds.is_valid(row).then(|| beds.value(row)).hash(&mut hash);
                Row {
                    ward: self.ward(providers.value(row), wards.value(row)),
                    from: begins.value(row),
                    to: instant_at(ends, row).unwrap_or(OPEN),
                    items: hash.finish(),
                }
            });
            let number = change.subject as usize;
            if self.known.len() <= number {
                self.known.resize(number + 1, None);
            }
            let old = self.known[number];
            self.before.entry(change.subject).or_insert(old);
            for ward in [old, new].into_iter().flatten().map(|row| row.ward) {
                if !self.wards_before.contains_key(&ward) {
                    self.wards_before.insert(ward, self.pieces(ward));
                }
            }
            self.known[number] = new;
            if let Some(row) = old {
                self.wards[row.ward as usize].rows.retain(|held| *held != change.subject);
            }
            if let Some((row, place)) = new.zip(change.new) {
                let (batch, at) = self.store.row(place);
                let recorded = Facts::new(Table::VirtualWardCapacity.name(), batch).instant("event_time")?.value(at);
                let ward = &mut self.wards[row.ward as usize];
                ward.rows.push(change.subject);
                ward.told_at = ward.told_at.max(recorded);
            }
        }
        Ok(())
    }

    fn ward(&mut self, provider: &str, ward: &str) -> u32 {
        let provider = self.geography.provider_today(provider);
        let next = u32::try_from(self.wards.len()).unwrap_or(u32::MAX);
        let number = *self.index.entry(format!("{provider}|{ward}").into_boxed_str()).or_insert(next);
        if number == next {
            self.wards.push(Ward {
                provider: Arc::from(provider),
                name: Arc::from(ward),
                rows: Vec::new(),
                told_at: Micros::MIN,
            });
        }
        number
    }

    /// The rows of a ward in order, each up to the next one's begin. Where two begin together, which a succession of
    /// providers can bring about, the greater subject stands.
    fn pieces(&self, ward: u32) -> Vec<(u32, Row)> {
        let rows = self.wards[ward as usize].rows.iter();
        let mut rows: Vec<(u32, Row)> =
            rows.filter_map(|subject| Some((*subject, self.known[*subject as usize]?))).collect();
        rows.sort_by(|(one, first), (two, second)| {
            first.from.cmp(&second.from).then_with(|| self.store.name(*one).cmp(self.store.name(*two)))
        });
        let begins: Vec<Micros> = rows.iter().skip(1).map(|(_, row)| row.from).chain([OPEN]).collect();
        let until =
            rows.into_iter().zip(begins).map(|((subject, row), next)| (subject, Row { to: row.to.min(next), ..row }));
        until.filter(|(_, row)| row.from < row.to).collect()
    }

    /// Provider, name and last record of the beds of every ward that has some at an instant.
    pub(super) fn told(&self, at: Micros) -> impl Iterator<Item = (&Arc<str>, &Arc<str>, Micros)> {
        let stands = move |number: u32| self.pieces(number).iter().any(|(_, row)| row.from <= at && at < row.to);
        let wards = (0..).zip(&self.wards).filter(move |(number, _)| stands(*number));
        wards.map(|(_, ward)| (&ward.provider, &ward.name, ward.told_at))
    }

    /// What changed since the last call.
    pub(super) fn settle(&mut self, now: Micros, dirty: &mut DirtyCells) -> Result<(), ArrowError> {
        let mut causes: BTreeMap<u32, Vec<Cause>> = BTreeMap::new();
        for (subject, old) in std::mem::take(&mut self.before) {
            let new = self.known[subject as usize];
            let cause = match (old, new) {
                (None, None) => continue,
                (None, Some(_)) => Cause::Appeared,
                (Some(_), None) => Cause::Removed,
                (Some(_), Some(_)) => Cause::Amended,
            };
            if let Some(row) = new.or(old) {
                causes.entry(row.ward).or_default().push(cause);
            }
        }
        for (ward, old) in std::mem::take(&mut self.wards_before) {
            let layers =
                |pieces: Vec<(u32, Row)>| pieces.into_iter().map(|(_, row)| (row.items, Span::new(row.from, row.to)));
            let extents = extents(layers(old), layers(self.pieces(ward)));
            let periods = Touched { extents, instants: BTreeSet::new() }.periods(now);
            let provider = &self.wards[ward as usize].provider;
            for cause in causes.remove(&ward).unwrap_or_default() {
                dirty.count(provider, periods.iter().copied(), reason(cause), 1);
            }
        }
        self.store.tidy()
    }

    /// Time passed over an hour at which things are counted, since an instant: the beds that stood meanwhile.
    pub(super) fn pass(&self, since: Micros, now: Micros, dirty: &mut DirtyCells) {
        for (number, ward) in (0..).zip(&self.wards) {
            let stood = Span::new(since, now.saturating_add(1));
            let pieces = self.pieces(number);
            let all: Spans = pieces.iter().map(|(_, row)| Span::new(row.from, row.to)).collect();
            let touched = Touched { extents: all.within(stood), instants: BTreeSet::new() };
            dirty.count(&ward.provider, touched.periods(now), reason(Cause::TimePassed), 1);
        }
    }

    /// The rows that touch a span, each with the instant at which the next one takes over.
    pub(super) fn view(
        &self,
        span: Span,
        providers: Option<&BTreeSet<Arc<str>>>,
        read: Read<'_>,
    ) -> Result<RecordBatch, ArrowError> {
        let (mut places, mut until, mut of): (Vec<Place>, Vec<Option<Micros>>, Vec<Arc<str>>) = Default::default();
        for (number, ward) in (0..).zip(&self.wards) {
            if providers.is_some_and(|providers| !providers.contains(&ward.provider)) {
                continue;
            }
            for (subject, row) in self.pieces(number) {
                let touches = row.from < span.to && row.to >= span.from;
                if let Some(place) = self.store.place(subject).filter(|_| touches) {
                    places.push(place);
                    until.push(Some(row.to).filter(|to| *to != OPEN));
                    of.push(Arc::clone(&ward.provider));
                }
            }
        }
        view::beds(&Rows { store: &self.store, places }, &of, &until, &self.geography, read)
    }
}

const fn reason(cause: Cause) -> Reason {
    Reason { view: View::Live, subject: Subject::VirtualWardBeds, cause, origin: Origin::LIVE }
}
