//! Worked cases: a few facts in, figures out, in a file an analyst can read and write.
//!
//! A file of `cases/` holds any number of `[[case]]` tables. Short entries stand for whole records: [`records`] fills in what
//! the case does not speak of and makes the CloudEvents and the CSDS records that the feeds would send, so that a case goes
//! through the same decoder as production. The folder's README shows every key.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use homeward_contract::feed::Feed;
use homeward_contract::time::parse_offset_instant;
use serde::{Deserialize, Deserializer};

use crate::figure::Dimension;
use crate::release::{ReleasedFigure, Shown};

pub use super::case_event::{ChangeInput, EventInput};
pub use super::case_night::{AttendanceInput, DeathInput, RegistrationInput, SpellInput};
pub use super::case_rows::{ContactInput, ReferralInput};
pub use super::case_submission::{ClockInput, Row, SubmissionInput};
pub use super::case_ward::{BedInput, StayInput};
use super::first_days::FirstDays;

/// One worked case.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Name inside the indicator.
    pub id: String,
    /// What it shows, in one sentence.
    pub title: String,
    /// The rule it proves: `E7` of the handbook's UCR page, or the name of another rule.
    pub rule: String,
    /// The instant the figures speak for.
    #[serde(deserialize_with = "instant")]
    pub as_of: DateTime<Utc>,
    /// What Homeward knew: records taken in later do not count. Absent: everything is known.
    #[serde(default, deserialize_with = "optional_instant")]
    pub as_known_at: Option<DateTime<Utc>>,
    /// Live events.
    #[serde(default)]
    pub events: Vec<EventInput>,
    /// CSDS submissions.
    #[serde(default)]
    pub csds: Vec<SubmissionInput>,
    /// Stays on virtual wards.
    #[serde(default)]
    pub stays: Vec<StayInput>,
    /// Beds of virtual wards.
    #[serde(default)]
    pub beds: Vec<BedInput>,
    /// Segments of hospital spells.
    #[serde(default)]
    pub spells: Vec<SpellInput>,
    /// Stays in emergency departments.
    #[serde(default)]
    pub attendances: Vec<AttendanceInput>,
    /// Deaths.
    #[serde(default)]
    pub deaths: Vec<DeathInput>,
    /// Registrations with practices.
    #[serde(default)]
    pub registrations: Vec<RegistrationInput>,
    /// From which day on feeds of people's nights cover their places.
    #[serde(default)]
    pub first_days: FirstDays,
    /// The figures that must come out.
    #[serde(default)]
    pub expect: Vec<Expectation>,
    /// Name of its file inside `cases/`.
    #[serde(skip)]
    pub file: String,
}

impl Case {
    /// True when nothing is put in.
    pub(super) const fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.csds.is_empty()
            && self.stays.is_empty()
            && self.beds.is_empty()
            && self.spells.is_empty()
            && self.attendances.is_empty()
            && self.deaths.is_empty()
            && self.registrations.is_empty()
    }
}

/// The file: `[[case]]` tables.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseFile {
    #[serde(rename = "case")]
    pub(super) cases: Vec<Case>,
}

/// One figure that must come out.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// Basis of the figure.
    pub basis: String,
    /// The cell: dimension and value, for example `{ provider = "NR5", month = "2025-06" }`.
    #[serde(deserialize_with = "cell")]
    pub by: BTreeMap<Dimension, String>,
    /// Release policy.
    #[serde(default = "internal_live")]
    pub release: String,
    /// Numerator, or the count of a count indicator.
    #[serde(default)]
    pub numerator: Option<Expected>,
    /// Denominator.
    #[serde(default)]
    pub denominator: Option<Expected>,
    /// Value, to nine decimals.
    #[serde(default)]
    pub value: Option<Expected>,
    /// Lower bound of the interval, to nine decimals.
    #[serde(default)]
    pub lower: Option<Expected>,
    /// Upper bound of the interval, to nine decimals.
    #[serde(default)]
    pub upper: Option<Expected>,
    /// Companion counts; those not named are not checked.
    #[serde(default)]
    pub counts: BTreeMap<String, Expected>,
    /// Data-quality flags, 0 for absent; those not named are not checked. Only `internal-live` shows them.
    #[serde(default)]
    pub flags: BTreeMap<String, i64>,
    /// `live`, `provisional` or `final`.
    #[serde(default)]
    pub status: Option<String>,
    /// The cell is empty: no figure, or one that counts nothing.
    #[serde(default)]
    pub none: bool,
}

/// A number or one of the words `suppressed` and `no data`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Expected {
    /// A count.
    Count(i64),
    /// A ratio.
    Number(f64),
    /// A word.
    Word(String),
}

impl Expected {
    fn is_shown_by(&self, shown: Shown) -> bool {
        match (self, shown) {
            (Self::Count(count), Shown::Count(found)) => *count == found,
            (Self::Word(word), Shown::Suppressed | Shown::NoData) => shown.to_string() == *word,
            (Self::Count(_) | Self::Number(_), _) => match (self.number(), shown.as_f64()) {
                (Some(number), Some(found)) => (number - found).abs() < 5e-10,
                _ => false,
            },
            (Self::Word(_), _) => false,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts in cases are small")]
    const fn number(&self) -> Option<f64> {
        match self {
            Self::Count(count) => Some(*count as f64),
            Self::Number(number) => Some(*number),
            Self::Word(_) => None,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Count(count) => count.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Word(word) => word.clone(),
        }
    }
}

impl Expectation {
    /// The dimensions to ask for, in the order of [`Dimension`].
    #[must_use]
    pub fn dimensions(&self) -> Vec<Dimension> {
        self.by.keys().copied().collect()
    }

    /// The figure of this cell among released figures that were asked for by [`Self::dimensions`].
    #[must_use]
    pub fn find<'a>(&self, released: &'a [ReleasedFigure]) -> Option<&'a ReleasedFigure> {
        released.iter().find(|figure| {
            let is_cell = |(dimension, value): (&Dimension, &String)| figure.dimension(*dimension) == Some(value);
            figure.basis == self.basis && self.by.iter().all(is_cell)
        })
    }

    /// What differs between expected and released, one sentence each; empty when the case holds.
    #[must_use]
    pub fn differences(&self, released: &[ReleasedFigure]) -> Vec<String> {
        let found = self.find(released);
        if self.none {
            let counts_nothing = |figure: &ReleasedFigure| {
                [figure.numerator, figure.denominator]
                    .iter()
                    .all(|shown| matches!(shown, Shown::Count(0) | Shown::NoData))
            };
            return match found.filter(|figure| !counts_nothing(figure)) {
                Some(figure) => {
                    vec![format!("expected no figure, found {} of {}", figure.numerator, figure.denominator)]
                }
                None => Vec::new(),
            };
        }
        let Some(figure) = found else {
            return vec!["expected a figure, found none".to_owned()];
        };
        self.numbers(figure).chain(self.flag_counts(figure)).chain(self.status_word(figure)).collect()
    }

    fn numbers<'a>(&'a self, figure: &'a ReleasedFigure) -> impl Iterator<Item = String> + 'a {
        let fixed = [
            ("numerator", self.numerator.as_ref(), figure.numerator),
            ("denominator", self.denominator.as_ref(), figure.denominator),
            ("value", self.value.as_ref(), figure.value),
            ("lower", self.lower.as_ref(), figure.lower),
            ("upper", self.upper.as_ref(), figure.upper),
        ];
        let counts = self.counts.iter().map(|(name, expected)| {
            let shown = figure.counts.get(name).copied().unwrap_or(Shown::Count(0));
            (name.as_str(), Some(expected), shown)
        });
        fixed.into_iter().chain(counts).filter_map(|(name, expected, shown)| {
            let expected = expected.filter(|expected| !expected.is_shown_by(shown))?;
            Some(format!("{name}: expected {}, found {shown}", expected.text()))
        })
    }

    fn flag_counts<'a>(&'a self, figure: &'a ReleasedFigure) -> impl Iterator<Item = String> + 'a {
        self.flags.iter().filter_map(|(name, expected)| {
            let count_of = |flag: &String| flag.strip_prefix(name.as_str())?.strip_prefix(':')?.parse::<i64>().ok();
            let found = figure.flags.iter().find_map(count_of).unwrap_or(0);
            (found != *expected).then(|| format!("flag {name}: expected {expected}, found {found}"))
        })
    }

    fn status_word(&self, figure: &ReleasedFigure) -> Option<String> {
        let expected = self.status.as_ref().filter(|status| *status != figure.status.as_str())?;
        Some(format!("status: expected {expected}, found {}", figure.status.as_str()))
    }
}

/// A record that a case sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRecord {
    /// The feed it arrives on.
    pub feed: Feed,
    /// Kafka key.
    pub key: Vec<u8>,
    /// JSON payload.
    pub payload: Vec<u8>,
    /// When Homeward takes it in.
    pub known_at: DateTime<Utc>,
}

/// An input of a case that cannot be made into records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{entry}: {what}")]
pub struct CaseFault {
    /// The entry, for example `event 3 (closed S1)`.
    pub entry: String,
    /// What is wrong with it.
    pub what: String,
}

/// The records of a case, in the order in which Homeward takes them in.
///
/// # Errors
///
/// [`CaseFault`] for the first entry that names an unknown event type, an unreadable time or no business time.
pub fn records(case: &Case) -> Result<Vec<CaseRecord>, CaseFault> {
    let mut made = super::case_event::event_records(case)?;
    for (index, submission) in case.csds.iter().enumerate() {
        made.extend(submission.records(index)?);
    }
    made.extend(super::case_ward::ward_records(case)?);
    made.extend(super::case_night::night_records(case)?);
    made.sort_by_key(|record| record.known_at);
    Ok(made)
}

fn internal_live() -> String {
    "internal-live".to_owned()
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_offset_instant(&text).map_err(serde::de::Error::custom)
}

fn optional_instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    instant(deserializer).map(Some)
}

fn cell<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Dimension, String>, D::Error> {
    let texts = BTreeMap::<String, String>::deserialize(deserializer)?;
    let read = |(name, value): (String, String)| Ok((name.parse().map_err(serde::de::Error::custom)?, value));
    texts.into_iter().map(read).collect()
}

#[cfg(test)]
#[path = "case_tests.rs"]
mod tests;
