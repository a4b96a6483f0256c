//! From HL7 v2 ADT messages to spells and stays in emergency departments: the CloudEvents `hospital-spell-1` and
//! `ed-stay-1`, as any sender would write them. Pure.
//!
//! One message tells of one moment of a stay; the events carry whole states. So the messages of a stay are kept, put into
//! the order in which the hospital recorded them and read as one course each time that one is added. Events that differ
//! from what was said before are given out, under a version that is the number of messages known. Whatever the order of
//! arrival, the last events say the same; given the same messages in the same order, each event has the same id and the
//! same content, so that saying it twice changes nothing.
//!
//! Limits: [`MOST_MESSAGES`] of one stay are read; all stays ever told are held, about 300 bytes a message.

mod course;
mod event;
mod message;
mod wards;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

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

/// Every stay that was told of.
#[derive(Debug)]
pub struct Visits {
    wards: Wards,
    visits: HashMap<VisitKey, Visit>,
}

#[derive(Debug, Default)]
struct Visit {
    /// In the order in which the hospital recorded them.
    messages: Vec<Message>,
    /// What was said last: of the emergency department, and of each segment in order.
    said_ed: Option<Part>,
    said: Vec<Part>,
}

impl Visits {
    /// No stay yet.
    #[must_use]
    pub fn new(wards: Wards) -> Self {
        Self { wards, visits: HashMap::new() }
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
        rows.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut events = Vec::new();
        for (_, message) in rows {
            let key = (message.provider.clone(), message.visit_id.clone());
            let visit = self.visits.entry(key).or_default();
            if visit.add(message) {
                visit.say(&self.wards, &mut events);
            }
        }
        Ok(events)
    }
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
