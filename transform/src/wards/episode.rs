//! Stays of one person on one ward, merged where they overlap (handbook, `virtual-wards.md` rule 5). Pure.

use std::cmp::Reverse;

use crate::book::clock::Micros;

/// The end of a stay that is open.
pub(super) const OPEN: Micros = Micros::MAX;

/// A stay, as far as it decides what a change of it touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stay {
    /// Person and ward.
    pub(super) group: u32,
    pub(super) from: Micros,
    /// [`OPEN`] while it is open.
    pub(super) to: Micros,
    /// When it was last recorded; of merged stays the newest record, which supports them all (rule 7).
    pub(super) recorded_at: Micros,
    /// All items that are counted throughout, as a hash.
    pub(super) items: u64,
    /// The outcome, as a hash.
    pub(super) outcome: u64,
}

/// Stays that overlap, as one. It has the items of the stay that begins first, and the end and outcome of the one that ends
/// last; of equals, the subject's name decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Episode {
    /// The subject that begins it.
    pub(super) head: u32,
    /// The subject that ends it.
    pub(super) tail: u32,
    /// The others; most have none.
    pub(super) others: Vec<u32>,
    /// From the begin to the end, with the items of both.
    pub(super) stay: Stay,
}

impl Episode {
    /// Number of stays in it.
    pub(super) fn stays(&self) -> usize {
        1 + self.others.len()
    }
}

/// The stays of one group, merged, in order. Stays that only touch are two: discharged and admitted again.
pub(super) fn episodes<'a>(stays: &[(u32, Stay)], name: impl Fn(u32) -> &'a str) -> Vec<Episode> {
    let mut ordered = stays.to_vec();
    ordered.sort_by(|(one, first), (two, second)| {
        let key = |stay: &Stay| (stay.from, Reverse(stay.to));
        key(first).cmp(&key(second)).then_with(|| name(*one).cmp(name(*two)))
    });
    let mut merged: Vec<Episode> = Vec::with_capacity(ordered.len());
    for (subject, stay) in ordered {
        match merged.last_mut().filter(|episode| stay.from < episode.stay.to) {
            Some(episode) => {
                episode.others.push(subject);
                episode.stay.recorded_at = episode.stay.recorded_at.max(stay.recorded_at);
                if (stay.to, name(subject)) > (episode.stay.to, name(episode.tail)) {
                    episode.tail = subject;
                    let Stay { to, outcome, .. } = stay;
                    episode.stay = Stay { to, outcome, ..episode.stay };
                }
            }
            None => merged.push(Episode { head: subject, tail: subject, others: Vec::new(), stay }),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stay(from: Micros, to: Micros) -> Stay {
        Stay { group: 0, from, to, recorded_at: 0, items: 0, outcome: 0 }
    }

    fn merged(stays: &[(Micros, Micros)]) -> Vec<(u32, u32, Micros, Micros, usize)> {
        let stays: Vec<(u32, Stay)> = (0..).zip(stays.iter().map(|(from, to)| stay(*from, *to))).collect();
        let names = ["a", "b", "c", "d"];
        let episodes = episodes(&stays, |subject| names[subject as usize]);
        episodes.iter().map(|own| (own.head, own.tail, own.stay.from, own.stay.to, own.stays())).collect()
    }

    #[test]
    fn overlapping_stays_merge_and_touching_ones_do_not() {
        assert_eq!(merged(&[(0, 5), (5, 9)]), [(0, 0, 0, 5, 1), (1, 1, 5, 9, 1)]);
        assert_eq!(merged(&[(4, 9), (0, 5)]), [(1, 0, 0, 9, 2)]);
        assert_eq!(merged(&[(0, OPEN), (3, 4), (100, OPEN)]), [(0, 2, 0, OPEN, 3)]);
        assert_eq!(merged(&[(0, 9), (2, 3), (8, 12)]), [(0, 2, 0, 12, 3)]);
    }

    #[test]
    fn a_stay_without_length_is_a_stay_unless_another_holds_it() {
        assert_eq!(merged(&[(3, 3)]), [(0, 0, 3, 3, 1)]);
        assert_eq!(merged(&[(3, 3), (1, 5)]), [(1, 1, 1, 5, 2)]);
        assert_eq!(merged(&[(3, 3), (3, 5)]), [(1, 1, 3, 5, 2)]);
        assert_eq!(merged(&[(5, 5), (3, 5)]), [(1, 1, 3, 5, 1), (0, 0, 5, 5, 1)]);
    }

    #[test]
    fn the_newest_record_supports_all() {
        let told = |to, recorded_at| Stay { recorded_at, ..stay(0, to) };
        let merged = episodes(&[(0, told(OPEN, 7)), (1, told(OPEN, 3)), (2, told(5, 9))], |subject| {
            ["a", "b", "c"][subject as usize]
        });
        assert_eq!((merged.len(), merged[0].tail, merged[0].stay.recorded_at), (1, 1, 9));
    }

    #[test]
    fn of_equals_the_name_decides() {
        assert_eq!(merged(&[(1, 5), (1, 5)]), [(0, 1, 1, 5, 2)]);
    }
}
