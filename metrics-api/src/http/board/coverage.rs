//! How many of an area's providers report: an event within the silence that is normal while their service is open.
//!
//! Silence is counted in opening time alone: the night between closing and opening is nobody's silence.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use homeward_contract::time::{local_midnight, london, next_local_midnight, resolve_start};

use super::Page;
use super::place::Place;

/// Days that are looked back over; whoever was silent for so long is silent.
const DAYS_MAX: u32 = 14;

/// Providers of one area that report, of those that should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Coverage {
    pub(super) reporting: usize,
    pub(super) expected: usize,
    /// Codes of the silent ones.
    pub(super) silent: Vec<String>,
}

impl Coverage {
    /// `3 of 4 providers reporting`, with the number of the silent ones in words.
    pub(super) fn words(&self) -> String {
        match self.expected {
            0 => "no provider reports here yet".to_owned(),
            expected => format!("{} of {expected} providers reporting", self.reporting),
        }
    }

    pub(super) const fn is_whole(&self) -> bool {
        self.reporting == self.expected
    }
}

/// Coverage of one place at the as-of instant.
pub(super) fn coverage(page: &Page<'_>, place: &Place) -> Coverage {
    let watermarks = &page.snapshot.freshness().watermarks;
    let mut providers = match place.level {
        // A network does not tell its providers apart; those of its partnership stand for them.
        homeward_transform::figure::Dimension::Pcn => place
            .above(&page.serving.parts.geography)
            .last()
            .map_or_else(Vec::new, |partnership| partnership.providers(page.reading)),
        _ => place.providers(page.reading),
    };
    if place.is_whole() {
        providers.extend(watermarks.keys().map(ToString::to_string));
        providers.sort_unstable();
        providers.dedup();
    }
    let reports = |provider: &&String| {
        watermarks.get(provider.as_str()).is_some_and(|heard| is_reporting(page, provider, *heard))
    };
    let (reporting, silent): (Vec<&String>, Vec<&String>) = providers.iter().partition(reports);
    Coverage { reporting: reporting.len(), expected: providers.len(), silent: silent.into_iter().cloned().collect() }
}

/// True when the provider's silence is not longer than is normal for it.
pub(super) fn is_reporting(page: &Page<'_>, provider: &str, heard: DateTime<Utc>) -> bool {
    let config = &page.serving.parts.config;
    let gap = config.expected_gap_seconds_by_provider.get(provider).copied().unwrap_or(config.expected_gap_seconds);
    let hours = (config.service_opens, config.service_closes);
    open_silence(heard, page.snapshot.as_of(), hours).is_some_and(|silence| silence.num_seconds() <= i64::from(gap))
}

/// Opening time between the last event and now; `None` when that is longer ago than is looked back.
fn open_silence(
    heard: DateTime<Utc>,
    now: DateTime<Utc>,
    (opens, closes): (NaiveTime, NaiveTime),
) -> Option<TimeDelta> {
    let today = london(now).date();
    let mut silence = TimeDelta::zero();
    for back in 0..DAYS_MAX {
        let day = today.checked_sub_days(Days::new(u64::from(back)))?;
        let begins = resolve_start(day.and_time(opens)).at.max(heard);
        // A service that closes at midnight or later is open to the end of the day.
        let ends =
            if closes > opens { resolve_start(day.and_time(closes)).at } else { next_local_midnight(day) }.min(now);
        silence += (ends - begins).max(TimeDelta::zero());
        if heard >= local_midnight(day) {
            return Some(silence);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(heard: &str, now: &str) -> Option<i64> {
        let hours = (NaiveTime::from_hms_opt(8, 0, 0).unwrap(), NaiveTime::from_hms_opt(20, 0, 0).unwrap());
        open_silence(heard.parse().unwrap(), now.parse().unwrap(), hours).map(|silence| silence.num_minutes())
    }

    #[test]
    fn the_night_is_nobodys_silence() {
        // Times are UTC; London is an hour ahead in June.
        assert_eq!(minutes("2025-06-12T13:30:00Z", "2025-06-12T14:00:00Z"), Some(30));
        assert_eq!(minutes("2025-06-11T18:30:00Z", "2025-06-12T07:10:00Z"), Some(40), "half an hour, then ten minutes");
        assert_eq!(minutes("2025-06-12T19:30:00Z", "2025-06-12T22:00:00Z"), Some(0), "closed");
        assert_eq!(minutes("2025-06-10T18:00:00Z", "2025-06-12T08:00:00Z"), Some(60 + 720 + 60));
        assert_eq!(minutes("2025-05-01T12:00:00Z", "2025-06-12T08:00:00Z"), None, "long ago");
        assert_eq!(minutes("2025-06-12T14:10:00Z", "2025-06-12T14:00:00Z"), Some(0), "a clock that runs ahead");
    }

    #[test]
    fn coverage_is_said_in_words() {
        let coverage = Coverage { reporting: 3, expected: 4, silent: vec!["RK9".to_owned()] };
        assert_eq!(coverage.words(), "3 of 4 providers reporting");
        assert!(!coverage.is_whole());
        assert_eq!(Coverage { reporting: 0, expected: 0, silent: vec![] }.words(), "no provider reports here yet");
    }
}
