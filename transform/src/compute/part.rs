//! What is due, in parts whose rows the views hold at a time: memory does not grow with the country or with the years. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use roaring::RoaringBitmap;

use super::Due;
use crate::book::Book;
use crate::book::shard::Shards;
use crate::engine::period::Period;

/// Some units that are due, and the referrals that they need.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Part {
    pub(super) due: Due,
    pub(super) referrals: RoaringBitmap,
    /// The people whose every row it has; none where that is nobody's concern.
    pub(super) people: Option<Shards>,
}

impl Part {
    /// Some units of a month, with the referrals of these providers on their days.
    pub(super) fn of_days(book: &Book, due: Due, providers: &BTreeSet<Arc<str>>) -> Self {
        let mut part = Self { due, ..Self::default() };
        let days = part.days().collect();
        for provider in providers {
            part.referrals |= referrals_of(book, provider, &days);
        }
        part
    }

    /// Units of month ends, each with the referrals that may be open then.
    pub(super) fn of_ends(book: &Book, due: Due) -> impl Iterator<Item = Self> {
        due.into_iter().map(|((provider, period), causes)| {
            let (month, _) = Period::calendar(period).local_days();
            let referrals = book.referrals_open_in(&provider, month);
            Self { due: Due::from([((provider, period), causes)]), referrals, people: None }
        })
    }

    /// The same units in parts that have every row of some people.
    pub(super) fn by_people(&self, book: &Book) -> Vec<Self> {
        let lots = book.by_people(&self.referrals).into_iter();
        lots.map(|(people, referrals)| Self { due: self.due.clone(), referrals, people: Some(people) }).collect()
    }

    /// The same units in parts that have every row of some providers.
    pub(super) fn by_provider(&self, book: &Book) -> Vec<Self> {
        let days = self.days().collect();
        let providers = book.providers();
        let own =
            providers.iter().map(|provider| Self { referrals: referrals_of(book, provider, &days), ..Self::default() });
        let mut parts = gather(own, book.together_max());
        parts.iter_mut().for_each(|part| part.due.clone_from(&self.due));
        parts
    }

    /// The first and the last local day of each unit.
    pub(super) fn days(&self) -> impl Iterator<Item = (NaiveDate, NaiveDate)> {
        self.due.keys().map(|(_, period)| Period::calendar(*period).local_days())
    }
}

/// The referrals of a provider on some days.
fn referrals_of(book: &Book, provider: &str, days: &BTreeSet<(NaiveDate, NaiveDate)>) -> RoaringBitmap {
    let of_days = days.iter().map(|(first, last)| book.referrals_on(provider, *first, *last));
    of_days.fold(RoaringBitmap::new(), |all, own| all | own)
}

/// Puts small parts together until they need `most` referrals. A stock's months need much the same ones, so that many
/// months make one part, and the rows of a referral that is open for years are made once.
pub(super) fn gather(parts: impl Iterator<Item = Part>, most: u64) -> Vec<Part> {
    let mut gathered: Vec<Part> = Vec::new();
    for part in parts {
        match gathered.last_mut().filter(|last| last.referrals.len() < most) {
            Some(last) => {
                last.due.extend(part.due);
                last.referrals |= part.referrals;
            }
            None => gathered.push(part),
        }
    }
    gathered
}

/// What is due, by provider.
pub(super) fn by_provider(due: &Due) -> BTreeMap<Arc<str>, Due> {
    let mut own: BTreeMap<Arc<str>, Due> = BTreeMap::new();
    for (unit, causes) in due {
        own.entry(Arc::clone(&unit.0)).or_default().insert(unit.clone(), causes.clone());
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::dirty::{CalendarPeriod, Causes};

    fn part(provider: &str, month: u32, referrals: std::ops::Range<u32>) -> Part {
        let month = CalendarPeriod::Month(NaiveDate::from_ymd_opt(2025, month, 1).expect("a month"));
        let due = Due::from([((Arc::from(provider), month), Causes::default())]);
        Part { due, referrals: referrals.collect(), people: None }
    }

    fn sizes(parts: Vec<Part>) -> Vec<(usize, u64)> {
        parts.iter().map(|part| (part.due.len(), part.referrals.len())).collect()
    }

    #[test]
    fn months_that_need_the_same_referrals_are_one_part() {
        let months = (1..=12).map(|month| part("RH8", month, 0..9));
        assert_eq!(sizes(gather(months, 10)), [(12, 9)]);
    }

    #[test]
    fn a_part_ends_with_the_unit_that_reaches_the_most() {
        let months = (1..=5).map(|month| part("RH8", month, month * 4..month * 4 + 4));
        assert_eq!(sizes(gather(months, 8)), [(2, 8), (2, 8), (1, 4)]);
    }

    #[test]
    fn every_unit_is_in_one_part() {
        let due: Due = [part("RH8", 1, 0..1), part("RH8", 2, 0..1), part("RK9", 1, 0..1)]
            .into_iter()
            .flat_map(|part| part.due)
            .collect();
        let providers: Vec<Due> = by_provider(&due).into_values().collect();
        assert_eq!(providers.iter().map(Due::len).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(providers.into_iter().flatten().collect::<Due>(), due);
    }
}
