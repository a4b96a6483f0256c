//! The postings of every referral, and their sums by provider and month, kept as referrals change.
//!
//! Bounds: the postings of a referral (a clock in three stages is three of 12 bytes), and one sum an account, provider
//! and month.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;

use super::posting::{Account, Posting};
use crate::book::clock::Micros;

/// A provider, after succession, and the first day of a local month.
pub type ProviderMonth = (Arc<str>, NaiveDate);

/// A sum of postings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// Clocks met, or the change in them.
    pub met: i64,
    /// Clocks stopped, or the change in them.
    pub stopped: i64,
    /// Clocks that make the sum.
    pub clocks: i64,
}

/// The sums of one provider and month.
pub type Sums = BTreeMap<Account, Sum>;

/// Postings and their sums.
#[derive(Debug, Default)]
pub struct Ledger {
    kept: Vec<Box<[Posting]>>,
    months: BTreeMap<ProviderMonth, Sums>,
    changed: BTreeSet<ProviderMonth>,
    wakes: BTreeMap<Micros, Vec<u32>>,
}

impl Ledger {
    /// Replaces the postings of a referral, known by its index. `wakes_at` says when they change by time alone.
    pub fn replace(&mut self, index: u32, provider: &Arc<str>, postings: Vec<Posting>, wakes_at: Option<Micros>) {
        if let Some(instant) = wakes_at {
            let sleepers = self.wakes.entry(instant).or_default();
            if sleepers.last() != Some(&index) {
                sleepers.push(index);
            }
        }
        let index = index as usize;
        if self.kept.get(index).map_or(&[] as &[Posting], |kept| kept) == postings.as_slice() {
            return;
        }
        if index >= self.kept.len() {
            self.kept.resize_with(index + 1, Box::default);
        }
        let old = std::mem::replace(&mut self.kept[index], postings.into_boxed_slice());
        for posting in &old {
            self.book(provider, posting, -1);
        }
        for place in 0..self.kept[index].len() {
            let posting = self.kept[index][place];
            self.book(provider, &posting, 1);
        }
    }

    fn book(&mut self, provider: &Arc<str>, posting: &Posting, sign: i64) {
        let key = (Arc::clone(provider), posting.month);
        let sums = self.months.entry(key.clone()).or_default();
        let sum = sums.entry(posting.account).or_default();
        sum.met += sign * i64::from(posting.met);
        sum.stopped += sign * i64::from(posting.stopped);
        sum.clocks += sign;
        if sum.clocks == 0 {
            sums.remove(&posting.account);
        }
        if sums.is_empty() {
            self.months.remove(&key);
        }
        self.changed.insert(key);
    }

    /// The referrals whose postings change between the last call and an instant, by time alone.
    pub fn woken(&mut self, as_of: Micros) -> Vec<u32> {
        let later = self.wakes.split_off(&(as_of + 1));
        std::mem::replace(&mut self.wakes, later).into_values().flatten().collect()
    }

    /// Provider-months whose sums changed since the last call.
    pub fn take_changed(&mut self) -> BTreeSet<ProviderMonth> {
        std::mem::take(&mut self.changed)
    }

    /// The sums of every provider and month.
    #[must_use]
    pub const fn months(&self) -> &BTreeMap<ProviderMonth, Sums> {
        &self.months
    }
}
