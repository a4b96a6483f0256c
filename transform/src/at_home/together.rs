//! People who spend a whole window alike, at home, counted together. Pure.
//!
//! Of a million people some thousands are away in a month; of all others a figure that adds up needs how many they are.

use std::collections::{BTreeSet, HashMap};

use super::night::{Born, Piece, State};
use super::record::{Place, Shared};
use super::view::AGES;
use crate::spans::Span;

/// People whose nights are told by one row.
pub(super) struct Counted {
    /// The row's own name, which no person has.
    pub(super) name: String,
    /// Where they are registered, by what is read of it.
    pub(super) place: Place,
    pub(super) piece: Piece,
    pub(super) born: Option<Born>,
    pub(super) people: i64,
}

/// Counts them as they come.
pub(super) struct Together<'p> {
    places: &'p Shared<Place>,
    read: &'p BTreeSet<String>,
    reads_age: bool,
    /// Places that differ in what is read.
    kinds: Shared<Place>,
    /// The kind of a place, by number.
    kind_of: Vec<Option<u32>>,
    counts: HashMap<Kind, i64, ahash::RandomState>,
}

/// What people counted together have in common: a place by what is read of it, a state, nights, and the year of birth where
/// an age is read.
type Kind = (u32, State, Span, Option<Born>);

impl<'p> Together<'p> {
    /// Nobody yet; columns that are not read tell no places apart.
    pub(super) fn new(places: &'p Shared<Place>, read: &'p BTreeSet<String>) -> Self {
        let kind_of = vec![None; places.len()];
        let reads_age = AGES.iter().any(|column| read.contains(*column));
        Self { places, read, reads_age, kinds: Shared::default(), kind_of, counts: HashMap::default() }
    }

    /// One person more, who has this piece alone.
    pub(super) fn add(&mut self, piece: Piece, born: Option<Born>) {
        let kind = self.kind(piece.place);
        let born = born.filter(|born| self.reads_age && born.tells(piece.state));
        *self.counts.entry((kind, piece.state, piece.span, born)).or_default() += 1;
    }

    fn kind(&mut self, place: u32) -> u32 {
        if let Some(kind) = self.kind_of[place as usize] {
            return kind;
        }
        let own = self.places.value(place);
        let reads = |column| self.read.contains(column);
        let kind = self.kinds.number(Place {
            practice: own.practice.clone(),
            lsoa: own.lsoa.clone().filter(|_| reads("lsoa")),
            core20: own.core20.filter(|_| reads("core20")),
            care_home: own.care_home.filter(|_| reads("care_home")),
            efi_band: own.efi_band.clone().filter(|_| reads("efi_band")),
        });
        self.kind_of[place as usize] = Some(kind);
        kind
    }

    /// The rows, in an order that the same people always give.
    pub(super) fn into_counted(self) -> Vec<Counted> {
        let mut counts: Vec<_> = self.counts.into_iter().collect();
        counts.sort_unstable_by_key(|(key, _)| *key);
        let row = |(number, ((kind, state, span, born), people)): (usize, (Kind, i64))| Counted {
            name: format!("people {number}"),
            place: self.kinds.value(kind).clone(),
            piece: Piece { span, state, place: kind },
            born,
            people,
        };
        counts.into_iter().enumerate().map(row).collect()
    }
}
