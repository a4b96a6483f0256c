//! Which referrals a day, or the end of a month, needs. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use roaring::RoaringBitmap;

use super::Map;
use super::referral_rows::{OpenMonths, next_month};

/// The month in which the data set began (`csds.md` section 1): open referrals are counted from then on, so that one
/// mistyped year of receipt does not ask for a century of months.
pub const FIRST_MONTH: NaiveDate = match NaiveDate::from_ymd_opt(2017, 10, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// A referral that is open for longer is kept with those that have no end.
const MOST_MONTHS: usize = 240;

type ByDay = BTreeMap<NaiveDate, RoaringBitmap>;

/// Referrals by what they are needed for. Each answer is a superset: the SQL decides.
#[derive(Default)]
pub struct Index {
    /// By the local day on which something of the referral counts.
    days: Map<Arc<str>, ByDay>,
    /// By the months at whose end the referral is open, for those that ended.
    months: Map<Arc<str>, ByDay>,
    /// Referrals without an end.
    unended: Map<Arc<str>, RoaringBitmap>,
    /// Those that the next submission of their provider is expected to hold: without an end, and in the newest one.
    awaited: Map<Arc<str>, RoaringBitmap>,
}

impl Index {
    /// Referrals that count on these local days of a provider.
    pub fn on(&self, provider: &str, first: NaiveDate, last: NaiveDate) -> RoaringBitmap {
        let days = self.days.get(provider).into_iter().flat_map(|days| days.range(first..=last));
        days.fold(RoaringBitmap::new(), |all, (_, referrals)| all | referrals)
    }

    /// Referrals that may be open at the end of a month of a provider.
    pub fn open_in(&self, provider: &str, month: NaiveDate) -> RoaringBitmap {
        let ended = self.months.get(provider).and_then(|months| months.get(&month)).cloned().unwrap_or_default();
        self.unended.get(provider).map_or_else(|| ended.clone(), |unended| &ended | unended)
    }

    /// Referrals of a provider without an end.
    pub fn unended(&self, provider: &str) -> impl Iterator<Item = u32> + '_ {
        self.unended.get(provider).into_iter().flatten()
    }

    /// Referrals of a provider without an end that its newest submission holds.
    pub fn awaited(&self, provider: &str) -> impl Iterator<Item = u32> + '_ {
        self.awaited.get(provider).into_iter().flatten()
    }

    /// Providers that have referrals without an end, with their number.
    pub fn with_unended(&self) -> impl Iterator<Item = (&Arc<str>, u64)> {
        self.unended.iter().map(|(provider, referrals)| (provider, referrals.len())).filter(|(_, count)| *count > 0)
    }

    /// Providers that anything counts for.
    pub fn providers(&self) -> impl Iterator<Item = &Arc<str>> {
        self.days.keys()
    }

    /// Moves a referral from some days to others.
    pub fn move_days(&mut self, referral: u32, provider: &Arc<str>, old: &[NaiveDate], new: &[NaiveDate]) {
        if old != new {
            let days = self.days.entry(Arc::clone(provider)).or_default();
            put(days, referral, old.iter().copied(), new.iter().copied());
        }
    }

    /// Moves a referral from the months in which it was open to others.
    pub fn move_open(&mut self, referral: u32, provider: &Arc<str>, old: Option<OpenMonths>, new: Option<OpenMonths>) {
        if old == new {
            return;
        }
        let (old_months, was_unended) = spread(old);
        let (new_months, is_unended) = spread(new);
        let months = self.months.entry(Arc::clone(provider)).or_default();
        put(months, referral, old_months.into_iter(), new_months.into_iter());
        note(&mut self.unended, referral, provider, was_unended, is_unended);
    }

    /// Notes whether the next submission is expected to hold a referral.
    pub fn move_awaited(&mut self, referral: u32, provider: &Arc<str>, was_awaited: bool, is_awaited: bool) {
        note(&mut self.awaited, referral, provider, was_awaited, is_awaited);
    }
}

fn note(held: &mut Map<Arc<str>, RoaringBitmap>, referral: u32, provider: &Arc<str>, was_held: bool, is_held: bool) {
    if was_held != is_held {
        let held = held.entry(Arc::clone(provider)).or_default();
        if is_held {
            held.insert(referral)
        } else {
            held.remove(referral)
        };
    }
}

fn put(days: &mut ByDay, referral: u32, old: impl Iterator<Item = NaiveDate>, new: impl Iterator<Item = NaiveDate>) {
    for day in old {
        if let Some(referrals) = days.get_mut(&day) {
            referrals.remove(referral);
            if referrals.is_empty() {
                days.remove(&day);
            }
        }
    }
    for day in new {
        days.entry(day).or_default().insert(referral);
    }
}

/// The months one by one, or that they have no end.
fn spread(open: Option<OpenMonths>) -> (Vec<NaiveDate>, bool) {
    match open {
        None => (Vec::new(), false),
        Some((_, None)) => (Vec::new(), true),
        Some((first, Some(end))) => {
            let months: Vec<NaiveDate> = months(first, end).take(MOST_MONTHS + 1).collect();
            if months.len() > MOST_MONTHS { (Vec::new(), true) } else { (months, false) }
        }
    }
}

/// The months from one to before another; none before [`FIRST_MONTH`].
pub fn months(first: NaiveDate, end: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    std::iter::successors(Some(first.max(FIRST_MONTH)), |month| Some(next_month(*month)))
        .take_while(move |month| *month < end)
}
