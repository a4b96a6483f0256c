//! From which day on each feed of people's nights covers its places. A deployment declares it: no message says when a feed
//! began, and a night before it looks like a night at home. Pure.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::NaiveDate;
use homeward_contract::feed::Feed;
use serde::{Deserialize, Deserializer};

/// The feeds of which people's nights are made.
const FEEDS: [Feed; 5] = [Feed::Spell, Feed::EdStay, Feed::VwStay, Feed::Death, Feed::Registration];

/// The first day that each feed covers; a feed that is not named covers every day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FirstDays(BTreeMap<Feed, NaiveDate>);

/// A declared first day cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FirstDayFault {
    /// No night is made of that feed.
    #[error("people's nights are made of no feed '{0}'")]
    Feed(String),
    /// The text is no day.
    #[error("'{day}' of {feed} is not a day")]
    Day {
        /// Name of the feed.
        feed: Feed,
        /// What is written.
        day: String,
    },
}

impl FirstDayFault {
    /// What to write instead.
    #[must_use]
    pub fn mend(&self) -> String {
        match self {
            Self::Feed(_) => format!("use any of {}", FEEDS.map(Feed::name).join(", ")),
            Self::Day { feed, .. } => format!("write CCYY-MM-DD, for example {feed} = \"2024-04-01\""),
        }
    }
}

impl FirstDays {
    /// Takes the first day of one more feed.
    ///
    /// # Errors
    /// When nights are not made of the feed, or the text is no day.
    pub fn declare(&mut self, feed: &str, day: &str) -> Result<(), FirstDayFault> {
        let known = Feed::from_str(feed).ok().filter(|known| FEEDS.contains(known));
        let known = known.ok_or_else(|| FirstDayFault::Feed(feed.to_owned()))?;
        let day = day.parse().map_err(|_| FirstDayFault::Day { feed: known, day: day.to_owned() })?;
        self.0.insert(known, day);
        Ok(())
    }

    /// The first night that every feed covers: before it nobody is known to be at home. None when every night is covered.
    #[must_use]
    pub fn first_night(&self) -> Option<NaiveDate> {
        self.0.values().max().copied()
    }

    /// What readers of a figure must know; none when every night is covered.
    pub(super) fn note(&self) -> Option<String> {
        let first = self.first_night()?.format("%-d %B %Y");
        let each: Vec<String> =
            self.0.iter().map(|(feed, day)| format!("{feed} from {}", day.format("%-d %B %Y"))).collect();
        Some(format!("In this house nights before {first} are not observed; the feeds cover: {}.\n", each.join(", ")))
    }
}

impl<'de> Deserialize<'de> for FirstDays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut days = Self::default();
        for (feed, day) in BTreeMap::<String, String>::deserialize(deserializer)? {
            days.declare(&feed, &day)
                .map_err(|fault| serde::de::Error::custom(format!("{fault}: {}", fault.mend())))?;
        }
        Ok(days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_feed_to_begin_decides() {
        let mut days = FirstDays::default();
        assert_eq!((days.first_night(), days.note()), (None, None));
        days.declare("spell", "2024-04-01").unwrap();
        days.declare("ed_stay", "2024-06-15").unwrap();
        assert_eq!(days.first_night(), NaiveDate::from_ymd_opt(2024, 6, 15));
        let note = days.note().unwrap();
        assert!(
            note.contains("before 15 June 2024 are not observed") && note.contains("spell from 1 April 2024"),
            "{note}"
        );
    }

    #[test]
    fn what_cannot_be_used_is_named_with_its_mend() {
        let mut days = FirstDays::default();
        let fault = days.declare("ucr", "2024-04-01").unwrap_err();
        assert!(fault.to_string().contains("'ucr'") && fault.mend().contains("spell, ed_stay"), "{fault}");
        let fault = days.declare("spell", "1 April").unwrap_err();
        assert!(fault.to_string().contains("'1 April' of spell") && fault.mend().contains("CCYY-MM-DD"), "{fault}");
    }
}
