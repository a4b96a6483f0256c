//! All versions of one record key, and which of them is current.
//!
//! Equal facts are held once, however often they are sent again: a resend costs twelve bytes. The order of arrival
//! changes nothing.

use super::register::Register;
use super::submission::{Identity, RowPlace};

/// One sending of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Sent {
    place: RowPlace,
    /// Place of its facts in the list of distinct facts.
    facts: u32,
}

/// Every version of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions<F> {
    facts: Vec<F>,
    sent: Vec<Sent>,
}

impl<F> Default for Versions<F> {
    fn default() -> Self {
        Self { facts: Vec::new(), sent: Vec::new() }
    }
}

/// The current version of a key, ordered by its rank (`csds.md` section 8): reporting period, receipt, submission, row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Current<'a, F> {
    /// The submission it came with.
    pub submission: &'a Identity,
    row: u32,
    /// The index of that submission in the register.
    pub index: u32,
    /// What the row says. One row sent with two contents keeps the greater, so that order never matters.
    pub facts: &'a F,
}

impl<F: Ord> Versions<F> {
    /// Takes one row; taken twice it changes nothing.
    pub fn put(&mut self, place: RowPlace, facts: F) {
        let known = self.facts.iter().position(|held| *held == facts);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "distinct facts of one key do not reach four thousand million"
        )]
        let sent = Sent { place, facts: known.unwrap_or(self.facts.len()) as u32 };
        if known.is_none() {
            grow_by_one(&mut self.facts);
            self.facts.push(facts);
        }
        if let Err(at) = self.sent.binary_search(&sent) {
            grow_by_one(&mut self.sent);
            self.sent.insert(at, sent);
        }
    }

    /// What one submission says: the row of the greatest number.
    #[must_use]
    pub fn of(&self, submission: u32) -> Option<&F> {
        let first = self.sent.partition_point(|sent| sent.place.submission < submission);
        let own = self.sent[first..].iter().take_while(|sent| sent.place.submission == submission);
        own.map(|sent| (sent.place.row, &self.facts[sent.facts as usize])).max().map(|(_, facts)| facts)
    }

    /// The version that counts: the greatest rank among effective submissions.
    #[must_use]
    pub fn current<'a>(&'a self, register: &'a Register) -> Option<Current<'a, F>> {
        let effective = self.sent.iter().filter(|sent| register.is_effective(sent.place.submission));
        effective
            .map(|sent| Current {
                submission: register.identity(sent.place.submission),
                row: sent.place.row,
                index: sent.place.submission,
                facts: &self.facts[sent.facts as usize],
            })
            .max()
    }
}

/// Most keys have one or two versions; a first push would reserve four.
fn grow_by_one<T>(list: &mut Vec<T>) {
    if list.len() < 4 {
        list.reserve_exact(1);
    }
}
