//! Half-open intervals on one line: union, difference, clipping, length. Pure.
//!
//! Points are whole numbers: days since the epoch where nights are counted, microseconds where time is. The rules of
//! `days-at-home.md` section 2 and `virtual-wards.md` section 5 are sums over such sets: a night is a day `d` with
//! `from <= d < to`, a stay covers `t` while `from <= t < to`.
//!
//! A set is held as its longest pieces, in order, so that equal sets are equal values: in whatever order, however often
//! and in however many pieces a stay is told, the set is the same.

mod nights;
mod profile;

use std::collections::BTreeMap;

pub use nights::{Nights, nights};
pub use profile::{Profile, Step};

/// A point of the line.
pub type Point = i64;

/// One piece: every point from `from` up to, but not, `to`. A piece with `to <= from` holds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First point.
    pub from: Point,
    /// First point after it.
    pub to: Point,
}

impl Span {
    /// From `from` up to, but not, `to`.
    #[must_use]
    pub const fn new(from: Point, to: Point) -> Self {
        Self { from, to }
    }

    /// True when it holds no point.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.to <= self.from
    }

    /// Number of points.
    #[must_use]
    pub const fn length(self) -> i64 {
        if self.is_empty() { 0 } else { self.to - self.from }
    }
}

/// A set of points as its longest pieces, in order; none empty, none touching.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spans(Vec<Span>);

impl FromIterator<Span> for Spans {
    fn from_iter<I: IntoIterator<Item = Span>>(pieces: I) -> Self {
        let mut pieces: Vec<Span> = pieces.into_iter().collect();
        pieces.sort_unstable();
        let mut set = Self::default();
        pieces.into_iter().for_each(|piece| set.push(piece));
        set
    }
}

impl From<Span> for Spans {
    fn from(piece: Span) -> Self {
        Self::from_iter([piece])
    }
}

impl Spans {
    /// The pieces in order.
    #[must_use]
    pub fn pieces(&self) -> &[Span] {
        &self.0
    }

    /// True when it holds no point.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of points: nights, or microseconds.
    #[must_use]
    pub fn length(&self) -> i64 {
        self.0.iter().map(|piece| piece.length()).sum()
    }

    /// True when the set holds the point.
    #[must_use]
    pub fn covers(&self, point: Point) -> bool {
        let after = self.0.partition_point(|piece| piece.from <= point);
        after > 0 && point < self.0[after - 1].to
    }

    /// The points of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let (mut one, mut two) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut set = Self::default();
        loop {
            let next = match (one.peek(), two.peek()) {
                (Some(first), Some(second)) if second < first => two.next(),
                (Some(_), _) => one.next(),
                (None, _) => two.next(),
            };
            let Some(piece) = next else { return set };
            set.push(*piece);
        }
    }

    /// The points of both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let (mut one, mut two) = (self.0.as_slice(), other.0.as_slice());
        let mut set = Self::default();
        while let ([first, one_rest @ ..], [second, two_rest @ ..]) = (one, two) {
            set.push(Span::new(first.from.max(second.from), first.to.min(second.to)));
            if first.to <= second.to {
                one = one_rest;
            } else {
                two = two_rest;
            }
        }
        set
    }

    /// The points of this set that are not of the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut set = Self::default();
        let mut holes = other.0.as_slice();
        for piece in &self.0 {
            let mut from = piece.from;
            while let [hole, rest @ ..] = holes {
                if hole.from >= piece.to {
                    break;
                }
                set.push(Span::new(from, hole.from));
                from = from.max(hole.to);
                if hole.to > piece.to {
                    break;
                }
                holes = rest;
            }
            set.push(Span::new(from, piece.to));
        }
        set
    }

    /// The points of one set alone.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.minus(other).union(&other.minus(self))
    }

    /// The points inside a window.
    #[must_use]
    pub fn within(&self, window: Span) -> Self {
        self.intersection(&Self::from(window))
    }

    /// Adds a piece that begins no earlier than the last one.
    pub(crate) fn push(&mut self, piece: Span) {
        if piece.is_empty() {
            return;
        }
        match self.0.last_mut() {
            Some(last) if piece.from <= last.to => last.to = last.to.max(piece.to),
            _ => self.0.push(piece),
        }
    }
}

/// Gives every point to the first set that holds it: sets in order of precedence in, disjoint sets in the same order out.
#[must_use]
pub fn by_precedence(sets: &[Spans]) -> Vec<Spans> {
    let mut taken = Spans::default();
    let mut own = Vec::with_capacity(sets.len());
    for set in sets {
        own.push(set.minus(&taken));
        taken = taken.union(set);
    }
    own
}

/// Pieces by what they are counted as.
pub type Layers<K> = BTreeMap<K, Vec<Span>>;

/// What two pictures count otherwise, or in one of them alone, by what it is counted as.
pub fn differences<K: Ord>(old: Layers<K>, new: Layers<K>) -> impl Iterator<Item = (K, Spans)> {
    let mut sides: BTreeMap<K, [Vec<Span>; 2]> = BTreeMap::new();
    for (side, layers) in [old, new].into_iter().enumerate() {
        layers.into_iter().for_each(|(key, pieces)| sides.entry(key).or_default()[side] = pieces);
    }
    sides.into_iter().map(|(key, sides)| {
        let [old, new] = sides.map(Spans::from_iter);
        (key, old.difference(&new))
    })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
