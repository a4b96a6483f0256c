//! Data quality of every provider's month: which submissions are to be reviewed for it, and what they gave. Pure.
//!
//! A review is kept with how much of the submission had arrived. A submission that counts and has none, or of which
//! something came since, is due.
//!
//! Bounds: about 300 bytes a submission that ever counted; one pass reviews submissions of at most [`PASS_ROWS_MAX`] rows, or
//! one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};

use super::quality::Quality;
use crate::book::read::date_of;
use crate::book::register::Register;
use crate::book::submission::Identity;

/// Rows of the submissions that one pass reviews. One submission of more is a pass of its own.
pub const PASS_ROWS_MAX: u64 = 4_000_000;

/// Provider as sent, and first day of the month in which the reporting period ends.
type ProviderMonth = (Arc<str>, NaiveDate);

/// How complete and how clean the submissions are that count, by provider and month.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataQuality {
    months: BTreeMap<ProviderMonth, Quality>,
}

impl DataQuality {
    /// Every provider's month that is known, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Arc<str>, NaiveDate, &Quality)> {
        self.months.iter().map(|((provider, month), quality)| (provider, *month, quality))
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, provider: &str, month: NaiveDate) -> Option<&Quality> {
        self.months.get(&(Arc::from(provider), month))
    }

    /// These: for a picture that is planted.
    #[must_use]
    pub fn of(months: impl IntoIterator<Item = (Arc<str>, NaiveDate, Quality)>) -> Self {
        Self { months: months.into_iter().map(|(provider, month, quality)| ((provider, month), quality)).collect() }
    }
}

/// What one pass reviews: each submission with how much of it had arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    submissions: BTreeMap<Identity, u64>,
}

impl Due {
    /// True when there is nothing to review.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.submissions.is_empty()
    }

    /// The ids of the submissions to be reviewed.
    #[must_use]
    pub fn ids(&self) -> BTreeSet<Arc<str>> {
        self.submissions.keys().map(|identity| Arc::clone(&identity.id)).collect()
    }

    /// True for a submission to be reviewed.
    #[must_use]
    pub fn wants(&self, identity: &Identity) -> bool {
        self.submissions.contains_key(identity)
    }
}

/// What reviews found until now.
#[derive(Debug, Default)]
pub struct Reviewed {
    /// By submission: how much of it had arrived, and how good it was. None when the review did not meet it.
    held: BTreeMap<Identity, (u64, Option<Quality>)>,
}

impl Reviewed {
    /// The submissions to be reviewed next, of those that count and are `wanted`.
    pub fn due(&self, register: &Register, wanted: impl Fn(&Identity) -> bool) -> Due {
        let is_due = |identity: &Identity, arrived| self.held.get(identity).is_none_or(|(held, _)| *held != arrived);
        let mut due = Due::default();
        let mut room = PASS_ROWS_MAX;
        for counting in register.counting().filter(|counting| wanted(counting.identity)) {
            if !is_due(counting.identity, counting.arrived) {
                continue;
            }
            if counting.rows > room && !due.is_empty() {
                break;
            }
            room = room.saturating_sub(counting.rows);
            due.submissions.insert(counting.identity.clone(), counting.arrived);
        }
        due
    }

    /// Takes what a pass found.
    pub fn take(&mut self, due: Due, mut found: BTreeMap<Identity, Quality>) {
        for (identity, arrived) in due.submissions {
            let quality = found.remove(&identity);
            self.held.insert(identity, (arrived, quality));
        }
    }

    /// The months of the submissions that count now and were reviewed.
    #[must_use]
    pub fn months(&self, register: &Register) -> DataQuality {
        let mut months: BTreeMap<ProviderMonth, Quality> = BTreeMap::new();
        for counting in register.counting() {
            let identity = counting.identity;
            let Some((_, Some(quality))) = self.held.get(identity) else { continue };
            let last = date_of(identity.rp_end_day);
            let month = (Arc::clone(&identity.provider), last.with_day(1).unwrap_or(last));
            *months.entry(month).or_default() += *quality;
        }
        DataQuality { months }
    }
}
