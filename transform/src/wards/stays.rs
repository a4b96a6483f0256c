//! Stays on virtual wards: who is merged with whom, and what a change touches. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, BooleanArray, Int32Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::error::ArrowError;
use homeward_contract::feed::Table;
use homeward_contract::geography::Geography;
use roaring::RoaringBitmap;

use super::episode::{Episode, OPEN, Stay, episodes};
use super::touched::{Touched, of_episodes};
use super::view::{self, Made, Read, Rows};
use crate::book::View;
use crate::book::change::{Cause, Origin, Subject};
use crate::book::clock::Micros;
use crate::book::dirty::{DirtyCells, Reason};
use crate::book::read::{FactShapeError, Facts, instant_at, text_at};
use crate::spans::{Span, Spans};
use crate::states::{Place, Store};

type Map<K, V> = HashMap<K, V, ahash::RandomState>;

/// One person on one ward, or a stay without a person.
struct Group {
    provider: Arc<str>,
    stays: Vec<u32>,
}

/// Every stay.
pub(super) struct Stays {
    store: Store,
    geography: Arc<Geography>,
    /// By subject; none for one that is withdrawn.
    known: Vec<Option<Stay>>,
    groups: Vec<Group>,
    index: Map<Box<str>, u32>,
    /// The groups of each provider.
    of_provider: BTreeMap<Arc<str>, Vec<u32>>,
    providers: Map<Box<str>, Arc<str>>,
    /// Stays that overlap others, by the one that begins.
    merged: BTreeMap<u32, Episode>,
    /// Stays that are told by the one that they are merged with.
    hidden: RoaringBitmap,
    /// What was so before the changes since the last settlement, by subject and by group.
    before: Map<u32, Option<Stay>>,
    groups_before: BTreeMap<u32, Vec<Episode>>,
    wakes: BTreeMap<Micros, BTreeSet<u32>>,
    /// When each provider last recorded a stay.
    told: BTreeMap<Arc<str>, Micros>,
    hasher: ahash::RandomState,
}

impl Stays {
    pub(super) fn new(geography: Arc<Geography>) -> Self {
        Self {
            store: Store::new(Table::VirtualWardStay),
            geography,
            known: Vec::new(),
            groups: Vec::new(),
            index: Map::default(),
            of_provider: BTreeMap::new(),
            providers: Map::default(),
            merged: BTreeMap::new(),
            hidden: RoaringBitmap::new(),
            before: Map::default(),
            groups_before: BTreeMap::new(),
            wakes: BTreeMap::new(),
            told: BTreeMap::new(),
            hasher: ahash::RandomState::new(),
        }
    }

    pub(super) fn apply(&mut self, batch: &RecordBatch) -> Result<(), FactShapeError> {
        let columns = Columns::new(batch)?;
        for row in (0..batch.num_rows()).filter(|row| columns.provider.is_valid(*row)) {
            let provider = self.provider(columns.provider.value(row));
            let told_at = self.told.entry(provider).or_insert(Micros::MIN);
            *told_at = columns.recorded_at.value(row).max(*told_at);
        }
        for change in self.store.apply(batch)? {
            let row = change.new.map(|place| self.store.row(place).1);
            let new = row.and_then(|row| self.stay(&columns, row, change.subject));
            let number = change.subject as usize;
            if self.known.len() <= number {
                self.known.resize(number + 1, None);
            }
            let old = self.known[number];
            self.before.entry(change.subject).or_insert(old);
            for Stay { group, .. } in [old, new].into_iter().flatten() {
                if !self.groups_before.contains_key(&group) {
                    self.groups_before.insert(group, self.episodes(group));
                }
            }
            self.known[number] = new;
            if let Some(stay) = old {
                self.groups[stay.group as usize].stays.retain(|held| *held != change.subject);
            }
            if let Some(stay) = new {
                self.groups[stay.group as usize].stays.push(change.subject);
            }
        }
        Ok(())
    }

    /// When each provider last recorded a stay.
    pub(super) const fn told(&self) -> &BTreeMap<Arc<str>, Micros> {
        &self.told
    }

    /// A row as what is remembered of it. One without a begin, which no decoder lets pass, is no stay.
    fn stay(&mut self, columns: &Columns, row: usize, subject: u32) -> Option<Stay> {
        let from = instant_at(&columns.admitted_at, row)?;
        let provider = self.provider(columns.provider.value(row));
        let ward = text_at(&columns.ward, row).unwrap_or_default();
        let key = match text_at(&columns.person, row) {
            Some(person) => [&*provider, ward, person].join("|"),
            None => [&*provider, ward, "", self.store.name(subject)].join("|"),
        };
        let next = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        let group = *self.index.entry(key.into_boxed_str()).or_insert(next);
        if group == next {
            self.of_provider.entry(Arc::clone(&provider)).or_default().push(group);
            self.groups.push(Group { provider, stays: Vec::new() });
        }
        Some(Stay {
            group,
            from,
            to: instant_at(&columns.discharged_at, row).unwrap_or(OPEN),
            recorded_at: columns.recorded_at.value(row),
            items: columns.items(row, &self.hasher),
            outcome: self.hasher.hash_one(text_at(&columns.outcome, row)),
        })
    }

    /// The provider that a code rolls up to.
    fn provider(&mut self, code: &str) -> Arc<str> {
        if let Some(provider) = self.providers.get(code) {
            return Arc::clone(provider);
        }
        let provider: Arc<str> = Arc::from(self.geography.provider_today(code));
        self.providers.insert(Box::from(code), Arc::clone(&provider));
        provider
    }

    fn episodes(&self, group: u32) -> Vec<Episode> {
        let stays = &self.groups[group as usize].stays;
        let known = stays.iter().filter_map(|subject| Some((*subject, self.known[*subject as usize]?)));
        episodes(&known.collect::<Vec<_>>(), |subject| self.store.name(subject))
    }

    /// What changed since the last call, and the instants that were reached.
    pub(super) fn settle(&mut self, now: Micros, dirty: &mut DirtyCells) -> Result<(), ArrowError> {
        let mut causes: BTreeMap<u32, Vec<Cause>> = BTreeMap::new();
        for (subject, old) in std::mem::take(&mut self.before) {
            let new = self.known[subject as usize];
            let Some(cause) = cause(old, new) else { continue };
            // A stay that changed within its group is one change of it.
            let moved_to = new.filter(|new| old.is_none_or(|old| old.group != new.group));
            for Stay { group, .. } in [old, moved_to].into_iter().flatten() {
                causes.entry(group).or_default().push(cause);
            }
        }
        let groups_before = std::mem::take(&mut self.groups_before);
        // All of them first: a stay may leave one merged stay for another.
        groups_before.values().flatten().for_each(|old| self.part(old));
        for (group, old) in groups_before {
            let new = self.episodes(group);
            self.merge(&new);
            let touched = of_episodes(&old, &new);
            let provider = &self.groups[group as usize].provider;
            let mut periods = touched.periods(now);
            periods.extend(touched.months_after(now));
            for cause in causes.remove(&group).unwrap_or_default() {
                dirty.count(provider, periods.iter().copied(), reason(cause), 1);
            }
            for stay in new.iter().map(|episode| episode.stay) {
                for at in [stay.from, stay.to].into_iter().filter(|at| *at > now && *at != OPEN) {
                    self.wakes.entry(at).or_default().insert(group);
                }
            }
        }
        let ahead = self.wakes.split_off(&now.saturating_add(1));
        for (at, groups) in std::mem::replace(&mut self.wakes, ahead) {
            let reached = Touched { extents: Spans::default(), instants: BTreeSet::from([at]) }.periods(now);
            for group in groups {
                let provider = &self.groups[group as usize].provider;
                dirty.count(provider, reached.iter().copied(), reason(Cause::TimePassed), 1);
            }
        }
        self.store.tidy()
    }

    /// Forgets a merged stay.
    fn part(&mut self, old: &Episode) {
        self.merged.remove(&old.head);
        self.hidden -= old.others.iter().copied().collect::<RoaringBitmap>();
    }

    /// Remembers what is merged among a group's stays.
    fn merge(&mut self, new: &[Episode]) {
        for episode in new.iter().filter(|episode| !episode.others.is_empty()) {
            self.hidden.extend(&episode.others);
            self.merged.insert(episode.head, episode.clone());
        }
    }

    /// Time passed over an hour at which things are counted, since an instant: the stays that stood meanwhile.
    pub(super) fn pass(&self, since: Micros, now: Micros, dirty: &mut DirtyCells) {
        let mut stood: BTreeMap<&Arc<str>, (Vec<Span>, u64)> = BTreeMap::new();
        for stay in self.known.iter().flatten().filter(|stay| stay.from <= now && stay.to > since) {
            let (spans, count) = stood.entry(&self.groups[stay.group as usize].provider).or_default();
            spans.push(Span::new(stay.from.max(since), stay.to.min(now.saturating_add(1))));
            *count += 1;
        }
        for (provider, (spans, count)) in stood {
            let touched = Touched { extents: spans.into_iter().collect(), instants: BTreeSet::new() };
            let periods = touched.periods(now).into_iter().chain(touched.months_after(now));
            dirty.count(provider, periods, reason(Cause::TimePassed), count);
        }
    }

    /// The merged stays that touch a span, as rows.
    pub(super) fn view(
        &self,
        span: Span,
        providers: Option<&BTreeSet<Arc<str>>>,
        read: Read<'_>,
    ) -> Result<RecordBatch, ArrowError> {
        let touches = |stay: &Stay| stay.from < span.to && stay.to >= span.from;
        let is_wanted = |stay: &Stay| {
            providers.is_none_or(|providers| providers.contains(&self.groups[stay.group as usize].provider))
        };
        let mut heads = match providers.and_then(|providers| self.of_few(providers)) {
            Some(mut own) => {
                own.retain(|subject| self.known[*subject as usize].is_some_and(|stay| touches(&stay)));
                own
            }
            None => self.store.touching(span)?,
        };
        heads.retain(|subject| {
            let known = self.known[*subject as usize];
            !self.hidden.contains(*subject) && known.is_some_and(|stay| is_wanted(&stay))
        });
        // Those that touch it only by what they are merged with.
        let lengthened = self.merged.values().filter(|episode| {
            let own = self.known[episode.head as usize];
            touches(&episode.stay) && is_wanted(&episode.stay) && !own.is_some_and(|own| touches(&own))
        });
        heads.extend(lengthened.map(|episode| episode.head));
        let (mut begins, mut ends): (Vec<Place>, Vec<Place>) = Default::default();
        let mut made = Vec::new();
        for head in heads {
            let merged = self.merged.get(&head);
            let (tail, count) = merged.map_or((head, 1), |episode| (episode.tail, episode.stays()));
            let (begin, end) = (self.store.place(head), self.store.place(tail));
            let stay = merged.map(|episode| episode.stay).or(self.known[head as usize]);
            let (Some(stay), Some(begin), Some(end)) = (stay, begin, end) else { continue };
            begins.push(begin);
            ends.push(end);
            let provider = Arc::clone(&self.groups[stay.group as usize].provider);
            made.push(Made { provider, recorded_at: stay.recorded_at, count });
        }
        let rows = |places| Rows { store: &self.store, places };
        view::stays((&rows(begins), &rows(ends)), &made, &self.geography, read)
    }
}

/// Where some providers have fewer groups than one in so many, their stays are looked up, and not all looked at.
const FEW: usize = 8;

impl Stays {
    /// The stays of some providers; none where they have too many to look them up.
    fn of_few(&self, providers: &BTreeSet<Arc<str>>) -> Option<Vec<u32>> {
        let groups = || providers.iter().filter_map(|provider| self.of_provider.get(provider));
        let few = groups().map(Vec::len).sum::<usize>() * FEW <= self.groups.len();
        few.then(|| groups().flatten().flat_map(|group| &self.groups[*group as usize].stays).copied().collect())
    }
}

fn cause(old: Option<Stay>, new: Option<Stay>) -> Option<Cause> {
    Some(match (old, new) {
        (None, None) => return None,
        (None, Some(_)) => Cause::Appeared,
        (Some(_), None) => Cause::Removed,
        (Some(old), Some(new)) if old.to == OPEN && new.to != OPEN => Cause::Closed,
        (Some(_), Some(_)) => Cause::Amended,
    })
}

const fn reason(cause: Cause) -> Reason {
    Reason { view: View::Live, subject: Subject::VirtualWardStay, cause, origin: Origin::LIVE }
}

/// The columns of a batch that are remembered.
struct Columns {
    provider: StringArray,
    ward: StringArray,
    person: StringArray,
    admitted_at: TimestampMicrosecondArray,
    discharged_at: TimestampMicrosecondArray,
    recorded_at: TimestampMicrosecondArray,
    outcome: StringArray,
    texts: Vec<StringArray>,
    age_years: Int32Array,
    tech_enabled: BooleanArray,
}

impl Columns {
    fn new(batch: &RecordBatch) -> Result<Self, FactShapeError> {
        let facts = Facts::new(Table::VirtualWardStay.name(), batch);
        let text = |column| facts.text(column).cloned();
        let texts = ["stay_id", "practice", "lsoa", "route", "pathway", "usual_residence", "referred_by"];
        Ok(Self {
            provider: text("provider")?,
            ward: text("ward_id")?,
            person: text("pseudonym")?,
            admitted_at: facts.instant("admitted_at")?.clone(),
            discharged_at: facts.instant("discharged_at")?.clone(),
            recorded_at: facts.instant("event_time")?.clone(),
            outcome: text("outcome")?,
            texts: texts.into_iter().map(text).collect::<Result<_, _>>()?,
            age_years: facts.int("age_years")?.clone(),
            tech_enabled: facts.flag("tech_enabled")?.clone(),
        })
    }

    /// All that is counted for as long as the stay lasts.
    fn items(&self, row: usize, hasher: &ahash::RandomState) -> u64 {
        let mut hash = hasher.build_hasher();
        self.texts.iter().for_each(|column| text_at(column, row).hash(&mut hash));
        self.age_years.is_valid(row).then(|| self.age_years.value(row)).hash(&mut hash);
        self.tech_enabled.is_valid(row).then(|| self.tech_enabled.value(row)).hash(&mut hash);
        hash.finish()
    }
}
