//! People in shards by a hash of their name. Those of a country are counted some shards at a time, and the counts add up:
//! nobody is in two shards. Pure.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::RangeInclusive;

use roaring::RoaringBitmap;

/// Some shards next to each other.
pub type Shards = RangeInclusive<u8>;

/// How many shards there are.
const COUNT: usize = 1 << u8::BITS;

/// The shard of a person as the views name it; that of rows that name nobody is one of them.
#[must_use]
pub fn shard(person: Option<&str>) -> u8 {
    let mut hasher = DefaultHasher::new();
    person.hash(&mut hasher);
    hasher.finish().to_le_bytes()[0]
}

/// The shards of everybody whom the rows of a referral name: nearly always one person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Named {
    /// It has no rows that name anybody or nobody.
    #[default]
    No,
    /// All in one shard.
    In(u8),
    /// In several.
    InSeveral,
}

impl Named {
    /// Also names this person, or nobody.
    #[must_use]
    pub fn and(self, person: Option<&str>) -> Self {
        let shard = shard(person);
        match self {
            Self::No => Self::In(shard),
            Self::In(held) if held == shard => self,
            Self::In(_) | Self::InSeveral => Self::InSeveral,
        }
    }
}

/// Referrals by the shards of those whom they name: a byte a referral.
#[derive(Default)]
pub struct ByShard {
    shards: Vec<u8>,
    several: RoaringBitmap,
}

impl ByShard {
    /// Says whom a referral names now.
    pub fn place(&mut self, referral: u32, named: Named) {
        let at = referral as usize;
        if self.shards.len() <= at {
            self.shards.resize(at + 1, 0);
        }
        self.shards[at] = if let Named::In(shard) = named { shard } else { 0 };
        if named == Named::InSeveral {
            self.several.insert(referral);
        } else {
            self.several.remove(referral);
        }
    }

    /// Referrals in lots of about `most`, each with the shards whose every row they have.
    #[must_use]
    pub fn split(&self, referrals: &RoaringBitmap, most: u64) -> Vec<(Shards, RoaringBitmap)> {
        let several = &self.several & referrals;
        let single = || (referrals - &several).into_iter().map(|referral| (referral, self.shard_of(referral)));
        let mut sizes = [0_u64; COUNT];
        single().for_each(|(_, shard)| sizes[usize::from(shard)] += 1);
        let mut lots: Vec<(Shards, RoaringBitmap)> = Vec::new();
        let mut lot_of = [0_usize; COUNT];
        let mut filled = most;
        for shard in 0..=u8::MAX {
            match lots.last_mut().filter(|_| filled < most) {
                Some((shards, _)) => *shards = *shards.start()..=shard,
                None => {
                    lots.push((shard..=shard, several.clone()));
                    filled = 0;
                }
            }
            filled += sizes[usize::from(shard)];
            lot_of[usize::from(shard)] = lots.len() - 1;
        }
        for (referral, shard) in single() {
            lots[lot_of[usize::from(shard)]].1.insert(referral);
        }
        lots
    }

    /// Of a referral that names nobody yet it is any.
    fn shard_of(&self, referral: u32) -> u8 {
        self.shards.get(referral as usize).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Referrals of one person each, but for the last, which names all of them.
    fn placed(people: &[&str]) -> ByShard {
        let mut held = ByShard::default();
        for (referral, person) in (0..).zip(people) {
            held.place(referral, Named::No.and(Some(person)));
        }
        let all = people.iter().fold(Named::No, |named, person| named.and(Some(person)));
        held.place(u32::try_from(people.len()).expect("few"), all);
        held
    }

    #[test]
    fn whoever_is_in_a_lot_has_every_referral_in_it() {
        let people: Vec<String> = (0..1_000).map(|person| format!("person {}", person % 300)).collect();
        let held = placed(&people.iter().map(String::as_str).collect::<Vec<_>>());
        let lots = held.split(&(0..=1_000).collect(), 100);
        assert!((5..=10).contains(&lots.len()), "{} lots", lots.len());
        assert_eq!((*lots[0].0.start(), *lots[lots.len() - 1].0.end()), (0, u8::MAX));
        assert!(lots.windows(2).all(|two| two[0].0.end() + 1 == *two[1].0.start()));
        for (referral, person) in (0..).zip(&people) {
            for (shards, referrals) in &lots {
                let is_in = shards.contains(&shard(Some(person)));
                assert_eq!(referrals.contains(referral), is_in, "{person} in {shards:?}");
            }
        }
        assert!(lots.iter().all(|(_, referrals)| referrals.contains(1_000)), "one that names all is in every lot");
    }

    #[test]
    fn few_are_one_lot_and_a_referral_that_is_not_asked_for_is_in_none() {
        let held = placed(&["one", "two", "three"]);
        let [(shards, referrals)] = &held.split(&RoaringBitmap::from([1, 7]), 100)[..] else { panic!("one lot") };
        assert_eq!((shards, referrals), (&(0..=u8::MAX), &RoaringBitmap::from([1, 7])));
    }

    #[test]
    fn a_referral_moves_with_its_person() {
        let mut held = placed(&["one", "two"]);
        held.place(2, Named::No.and(Some("one")));
        for (shards, referrals) in held.split(&(0..3).collect(), 1) {
            let is_in = shards.contains(&shard(Some("one")));
            assert_eq!((referrals.contains(0), referrals.contains(2)), (is_in, is_in));
        }
    }

    #[test]
    fn nobody_is_a_name_like_any_other() {
        assert_eq!(Named::No.and(None), Named::In(shard(None)));
        assert_eq!(Named::No.and(None).and(None), Named::In(shard(None)));
        assert_eq!(Named::No.and(Some("one")).and(None), Named::InSeveral);
    }
}
