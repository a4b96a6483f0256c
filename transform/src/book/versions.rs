//! All versions of one record key, and which of them is current.
//!
//! Equal facts are held once, however often they are sent again: a resend costs twelve bytes. The order of arrival
//! changes nothing.

use super::choice::Choice;
use super::pack::{Pack, Packer, Unpacker, pack_fields};
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

    /// The version of the greatest rank among the rows that are read and stand.
    pub fn current_where<'a>(&'a self, choice: Choice<'a>, counts: impl Fn(u32, &F) -> bool) -> Option<Current<'a, F>> {
        self.sent
            .iter()
            .map(|sent| (sent.place, &self.facts[sent.facts as usize]))
            .filter(|(place, facts)| counts(place.submission, facts))
            .map(|(place, facts)| Current {
                submission: choice.identity(place.submission),
                row: place.row,
                index: place.submission,
                facts,
            })
            .max()
    }

    /// What the rows of one submission say.
    pub fn in_submission(&self, submission: u32) -> impl Iterator<Item = &F> {
        let own = self.sent.iter().filter(move |sent| sent.place.submission == submission);
        own.map(|sent| &self.facts[sent.facts as usize])
    }
}

/// Most keys have one or two versions; a first push would reserve four.
fn grow_by_one<T>(list: &mut Vec<T>) {
    if list.len() < 4 {
        list.reserve_exact(1);
    }
}

pack_fields!(Sent { place, facts });

impl<F: Pack> Pack for Versions<F> {
    fn pack(&self, to: &mut Packer<'_>) {
        self.facts.pack(to);
        self.sent.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        Self { facts: Vec::unpack(from), sent: Vec::unpack(from) }
    }
}
