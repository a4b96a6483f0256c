//! Figures of one snapshot by part (indicator, level, kind of period), made when a query first wants them.
//!
//! Bounds: the parts of the newest few pictures are kept, at most [`BYTES_MAX`] of them; the oldest leave first.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use homeward_transform::definition::Definition;
use homeward_transform::figure::Dimension;
use homeward_transform::release::Policy;
use homeward_transform::reporting::{self, Reporting};
use homeward_transform::snapshot::{FigureQuery, Snapshot};

use super::figures::{Beside, live_row, view_outline};

/// Parts kept.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// Pictures whose parts are kept: the newest, and those that transactions still read.
const PICTURES_MAX: usize = 4;

/// A picture: its instant in microseconds and its number.
type PictureId = (i64, u64);

/// Which figures of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) indicator: String,
    pub(crate) level: Dimension,
    /// `day`, `month`, `window` or `now`.
    pub(crate) kind: String,
}

#[derive(Debug, PartialEq, Eq)]
struct Key {
    picture: PictureId,
    policy: Policy,
    part: Part,
}

/// Who reports where, by level and area.
type Areas = Arc<BTreeMap<(Dimension, String), Reporting>>;

#[derive(Debug, Default)]
struct Kept {
    pictures: VecDeque<PictureId>,
    parts: VecDeque<(Key, RecordBatch)>,
    reporting: VecDeque<(PictureId, Areas)>,
    bytes: usize,
}

/// The parts made so far, shared by all sessions.
#[derive(Debug, Default)]
pub(crate) struct Shelf(Mutex<Kept>);

impl Shelf {
    /// The rows of a part, with the columns of the indicator's view. `is_tick` says that the snapshot is a publication
    /// tick, which tells nothing of the hours since.
    ///
    /// # Errors
    /// When a row does not fit its columns: a defect.
    pub(crate) fn part(
        &self,
        snapshot: &Snapshot,
        policy: &Policy,
        is_tick: bool,
        part: &Part,
    ) -> Result<RecordBatch, ArrowError> {
        let picture = (snapshot.as_of().timestamp_micros(), snapshot.sequence());
        let key = Key { picture, policy: *policy, part: part.clone() };
        if let Some(found) = self.kept(|kept| kept.parts.iter().find(|(held, _)| *held == key).map(|(_, b)| b.clone()))
        {
            return Ok(found);
        }
        let areas = (!is_tick).then(|| self.reporting(snapshot, picture));
        let beside =
            Beside { known_at: snapshot.freshness().known_at.filter(|_| !is_tick), reporting: areas.as_deref() };
        let made = make(snapshot, policy, part, &beside)?;
        self.kept(|kept| kept.put(key, made.clone()));
        Ok(made)
    }

    fn reporting(&self, snapshot: &Snapshot, picture: PictureId) -> Areas {
        let held = |kept: &mut Kept| kept.reporting.iter().find(|(id, _)| *id == picture).map(|(_, a)| Arc::clone(a));
        if let Some(found) = self.kept(held) {
            return found;
        }
        let made = Arc::new(reporting::by_area(snapshot));
        self.kept(|kept| {
            kept.reporting.push_back((picture, Arc::clone(&made)));
            while kept.reporting.len() > PICTURES_MAX {
                kept.reporting.pop_front();
            }
        });
        made
    }

    fn kept<T>(&self, with: impl FnOnce(&mut Kept) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Kept {
    fn put(&mut self, key: Key, batch: RecordBatch) {
        if !self.pictures.contains(&key.picture) {
            self.pictures.push_back(key.picture);
        }
        self.bytes += batch.get_array_memory_size();
        self.parts.push_back((key, batch));
        if self.pictures.len() > PICTURES_MAX
            && let Some(oldest) = self.pictures.pop_front()
        {
            self.parts.retain(|(key, _)| key.picture != oldest);
            self.bytes = self.parts.iter().map(|(_, batch)| batch.get_array_memory_size()).sum();
        }
        while self.bytes > BYTES_MAX {
            let Some((_, batch)) = self.parts.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(batch.get_array_memory_size());
        }
    }
}

fn make(snapshot: &Snapshot, policy: &Policy, part: &Part, beside: &Beside<'_>) -> Result<RecordBatch, ArrowError> {
    let Some(definition) = snapshot.catalogue().get(&part.indicator) else {
        return Ok(RecordBatch::new_empty(Arc::new(arrow::datatypes::Schema::empty())));
    };
    let released = policy.release(snapshot.figures(&question(definition, part)), definition);
    let row = |figure| live_row(figure, part.level, definition, snapshot.geography(), beside);
    let rows: Vec<_> = released.iter().map(row).collect();
    view_outline(definition).batch(&rows)
}

fn question(definition: &Definition, part: &Part) -> FigureQuery {
    let mut by = vec![part.level];
    by.extend(definition.strata.iter().copied());
    let period = match part.kind.as_str() {
        "day" => Some(Dimension::Day),
        "month" => Some(Dimension::Month),
        "twelve_months" => Some(Dimension::TwelveMonths),
        "window" => Some(Dimension::Window),
        _ => None,
    };
    by.extend(period);
    let now = period.is_none().then(|| "now".to_owned());
    FigureQuery { indicator: definition.id.clone(), by, period: now, ..FigureQuery::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(picture: PictureId, indicator: &str) -> Key {
        let part = Part { indicator: indicator.to_owned(), level: Dimension::Icb, kind: "day".to_owned() };
        Key { picture, policy: Policy::ALL[0], part }
    }

    #[test]
    fn parts_of_old_pictures_leave() {
        let mut kept = Kept::default();
        let empty = RecordBatch::new_empty(Arc::new(arrow::datatypes::Schema::empty()));
        for number in 0..10 {
            kept.put(key((number, 1), "a"), empty.clone());
            kept.put(key((number, 1), "b"), empty.clone());
        }
        assert_eq!(kept.pictures.len(), PICTURES_MAX);
        assert_eq!(kept.parts.len(), 2 * PICTURES_MAX);
        assert!(kept.parts.iter().all(|(key, _)| key.picture.0 >= 6), "{:?}", kept.pictures);
    }
}
