//! From HL7 v2 ADT messages to spells and stays in emergency departments: the CloudEvents `hospital-spell-1` and
//! `ed-stay-1`, as any sender would write them. Pure.
//!
//! One message tells of one moment of a stay; the events carry whole states. So the messages of a stay are kept, put into
//! the order in which the hospital recorded them and read as one course each time that one is added. Events that differ
//! from what was said before are given out, under a version that is the number of messages known. Whatever the order of
//! arrival, the last events say the same; given the same messages in the same order, each event has the same id and the
//! same content, so that saying it twice changes nothing.
//!
//! A stay that is over, and that nothing was told of for some days, is set aside: what is left of it is a hash. A message of
//! it all the same makes [`Visits::read_again`] necessary, with the rows that the lake holds.
//!
//! Limits: [`MOST_MESSAGES`] of one stay are read; a stay that is held costs about 300 bytes a message, one set aside about
//! 16 bytes.

mod course;
mod event;
mod message;
mod wards;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use arrow::array::RecordBatch;

pub use event::AdtEvent;
pub(crate) use event::SOURCE_ENDING;
pub use message::AdtShapeError;
pub use wards::{WardFault, Wards};

use course::Part;
use message::{Message, Place};

/// Messages of one stay. More are kept in the lake and not read: no stay has as many.
const MOST_MESSAGES: usize = 4_096;

/// One stay of a hospital: the provider and the visit.
type VisitKey = (String, String);

/// How often it is looked which stays are to be set aside, by the instants at which rows became known.
const LOOK_EVERY: Duration = Duration::from_hours(24);

/// Every stay that was told of.
#[derive(Debug)]
pub struct Visits {
    wards: Wards,
    visits: HashMap<VisitKey, Visit>,
    held_for: Option<Duration>,
    /// When the newest row became known, and when that was as it was last looked which stays are to be set aside; in
    /// microseconds.
    newest: i64,
    looked_at: i64,
    /// Hashes of the stays that were set aside.
    aside: HashSet<u64>,
    hasher: RandomState,
    /// Stays of these that something was told of again.
    late: BTreeSet<VisitKey>,
}

#[derive(Debug, Default)]
struct Visit {
    /// In the order in which the hospital recorded them.
    messages: Vec<Message>,
    /// What was said last: of the emergency department, and of each segment in order.
    said_ed: Option<Part>,
    said: Vec<Part>,
    /// When the newest message became known, in microseconds.
    known_at: i64,
}

impl Visits {
    /// No stay yet; every one is held.
    #[must_use]
    pub fn new(wards: Wards) -> Self {
        Self {
            wards,
            visits: HashMap::new(),
            held_for: None,
            newest: i64::MIN,
            looked_at: i64::MIN,
            aside: HashSet::new(),
            hasher: RandomState::new(),
            late: BTreeSet::new(),
        }
    }

    /// Sets aside what is over, so long after its newest message became known.
    #[must_use]
    pub fn held_for(self, held_for: Duration) -> Self {
        Self { held_for: Some(held_for), ..self }
    }

    /// Takes rows of `adt_message`, earliest known first, and returns what is to be said now.
    ///
    /// # Errors
    /// When a batch does not have the table's columns.
    pub fn take(&mut self, batches: &[RecordBatch]) -> Result<Vec<AdtEvent>, AdtShapeError> {
        let mut rows: Vec<(Place, Message)> = Vec::new();
        for batch in batches {
            message::read(batch, &mut rows)?;
        }
        rows.retain(|(_, message)| {
            let key = key_of(message);
            let is_held = self.aside.is_empty() || !self.aside.contains(&self.hasher.hash_one(&key));
            if !is_held {
                self.late.insert(key);
            }
            is_held
        });
        let events = self.add(rows);
        self.set_aside();
        Ok(events)
    }

    /// Whether rows were taken of stays that are no longer held.
    #[must_use]
    pub fn has_late(&self) -> bool {
        !self.late.is_empty()
    }

    /// Reads the stays of late rows again, from all rows of `adt_message`, and returns all that they ever told.
    ///
    /// # Errors
    /// When a batch does not have the table's columns.
    pub fn read_again(&mut self, batches: &[RecordBatch]) -> Result<Vec<AdtEvent>, AdtShapeError> {
        let late = std::mem::take(&mut self.late);
        let mut rows: Vec<(Place, Message)> = Vec::new();
        for batch in batches {
            let mut of_batch = Vec::new();
            message::read(batch, &mut of_batch)?;
            rows.extend(of_batch.into_iter().filter(|(_, message)| late.contains(&key_of(message))));
        }
        for key in &late {
            self.aside.remove(&self.hasher.hash_one(key));
        }
        Ok(self.add(rows))
    }

    fn add(&mut self, mut rows: Vec<(Place, Message)>) -> Vec<AdtEvent> {
        rows.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut events = Vec::new();
        for ((known_at, ..), message) in rows {
            let visit = self.visits.entry(key_of(&message)).or_default();
            visit.known_at = visit.known_at.max(known_at);
            self.newest = self.newest.max(known_at);
            if visit.add(message) {
                visit.say(&self.wards, &mut events);
            }
        }
        events
    }

    fn set_aside(&mut self) {
        let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        let Some(held_for) = self.held_for else { return };
        if self.newest < self.looked_at.saturating_add(micros(LOOK_EVERY)) {
            return;
        }
        self.looked_at = self.newest;
        let limit = self.newest.saturating_sub(micros(held_for));
        self.visits.retain(|key, visit| {
            let is_held = visit.known_at >= limit || !visit.is_over();
            if !is_held {
                self.aside.insert(self.hasher.hash_one(key));
            }
            is_held
        });
    }
}

fn key_of(message: &Message) -> VisitKey {
    (message.provider.clone(), message.visit_id.clone())
}

impl Visit {
    /// Puts a message in its place; false for one that is known, and for one too many.
    fn add(&mut self, message: Message) -> bool {
        let is_known = self.messages.iter().any(|held| held.id() == message.id());
        if is_known || self.messages.len() >= MOST_MESSAGES {
            return false;
        }
        let at = self.messages.partition_point(|held| held.order() < message.order());
        self.messages.insert(at, message);
        true
    }

    /// Something was said, and none of it goes on.
    fn is_over(&self) -> bool {
        let mut parts = self.said.iter().chain(&self.said_ed).peekable();
        parts.peek().is_some() && parts.all(|part| part.is_withdrawn || part.ends_at.is_some())
    }

    /// Reads the whole course again, and says what differs.
    fn say(&mut self, wards: &Wards, events: &mut Vec<AdtEvent>) {
        let course = course::read(&self.messages, wards);
        let Some(newest) = self.messages.last() else { return };
        let version = self.messages.len();
        let ed = course.ed.or_else(|| self.said_ed.clone().map(Part::withdrawn));
        if ed != self.said_ed {
            events.extend(ed.as_ref().map(|part| event::ed_stay(newest, part, version)));
            self.said_ed = ed;
        }
        let mut beds = course.beds;
        // A segment that is none any more is taken back.
        let gone = self.said.iter().skip(beds.len()).cloned().map(Part::withdrawn);
        beds.extend(gone);
        for (number, part) in beds.iter().enumerate().filter(|(number, part)| self.said.get(*number) != Some(part)) {
            let is_last = number + 1 == beds.len();
            events.push(event::spell(newest, part, number + 1, is_last, version));
        }
        self.said = beds;
    }
}
