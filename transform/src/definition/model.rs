//! What an `indicator.toml` says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use homeward_contract::feed::Feed;
use homeward_contract::time::london;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::book::change::Subject;
use crate::figure::{Dimension, Status};
use crate::percentile::Quantile;
use crate::release::HoldsNoPatientData;

use super::case::Case;
use super::factor::Factor;
use super::sql_lint::names_column;

/// One indicator, whole: its text, its SQL and its worked cases. Numbers of patients never enter it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Name of the folder, of the gauge and on the command line: lower-case words with hyphens.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// The question it answers.
    pub question: String,
    /// Theme code of the outcomes framework, `T1` to `T5`.
    pub theme: String,
    /// The I-statement that it serves.
    pub statement: String,
    /// Role that owns the definition.
    pub owner: String,
    /// Role that checked it; never the owner.
    pub checker: String,
    /// When it must be looked at again.
    pub next_review: NaiveDate,
    /// Raised with every change of the SQL.
    pub version: u32,
    /// SHA-256 of `indicator.sql` (LF line ends) in lower-case hex: a changed SQL cannot keep its version unnoticed.
    #[serde(default)]
    pub sql_sha256: String,
    /// The folder whose `indicator.sql` this one is computed by; absent where it has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql_of: Option<String>,
    /// What the SQL's names in braces stand for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// Where it stands in its life.
    pub status: DefinitionStatus,
    /// Proportion, ratio, standardised, count, snapshot, people or quantile.
    pub kind: Kind,
    /// Which percentile a quantile indicator tells, as a share: 0.5 is the median. Absent for other kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantile: Option<Quantile>,
    /// Which way is better.
    pub direction: Direction,
    /// Unit of the value: `ratio`, `referrals`, `minutes`.
    pub unit: String,
    /// The numerator in words.
    pub numerator: String,
    /// The denominator in words; absent for counts.
    #[serde(default)]
    pub denominator: Option<String>,
    /// The words that follow the counts in a sentence, for example "seen within two hours". Absent: none.
    #[serde(default)]
    pub deed: Option<String>,
    /// Basis shown when none is asked for.
    pub default_basis: String,
    /// Break-downs beyond area and period.
    #[serde(default, with = "dimension_names")]
    pub strata: Vec<Dimension>,
    /// It counts what is open at a period's end, not what happened in it: months are never added up.
    #[serde(default, skip_serializing_if = "is_false")]
    pub stock: bool,
    /// Kinds of period: `day`, `month`, `window`, `now`.
    pub grains: Vec<String>,
    /// Windows: `24h`, `7d`, `28d`, `mtd`; of virtual wards also `365d`.
    #[serde(default)]
    pub windows: Vec<String>,
    /// How the interval is computed.
    pub interval: Interval,
    /// The figure is divided by the people registered in the area, not by a sum of the SQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_population: Option<PerPopulation>,
    /// The figure is the sum of the SQL by a factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<Factor>,
    /// The sum of the SQL is divided by the nights of the period that are over: a mean of what stood at each midnight.
    #[serde(default, skip_serializing_if = "is_false")]
    pub per_night: bool,
    /// What a standardised rate is weighted by. Absent for other kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standardise: Option<Standardise>,
    /// For how long figures are provisional; absent where the sources of the records say so themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settling: Option<Settling>,
    /// Release policy used when none is asked for.
    pub release: String,
    /// Feeds that it needs.
    #[serde(with = "feed_names")]
    pub feeds: Vec<Feed>,
    /// Companion counts: `count_<name>` columns of the SQL.
    #[serde(default)]
    pub counts: Vec<String>,
    /// Anything else a reader must know.
    #[serde(default)]
    pub notes: String,
    /// Target lines.
    #[serde(default, rename(deserialize = "target"))]
    pub targets: Vec<Target>,
    /// Bases: ways of counting that are shown side by side and never mixed.
    #[serde(rename(deserialize = "basis"))]
    pub bases: Vec<Basis>,
    /// Data-quality flags: `flag_<name>` columns of the SQL.
    #[serde(default, rename(deserialize = "flag"))]
    pub flags: Vec<Flag>,
    /// Alert rules of the handbook's alerting page that read this indicator.
    #[serde(default, rename(deserialize = "alert"))]
    pub alerts: Vec<Alert>,
    /// The text of `indicator.sql`.
    #[serde(skip_deserializing)]
    pub sql: String,
    /// What it counts, by the views that the SQL reads.
    #[serde(skip)]
    pub subjects: BTreeSet<Subject>,
    /// The worked cases. Not part of the JSON: they are long, and `indicator explain` shows them.
    #[serde(skip)]
    pub cases: Vec<Case>,
}

/// A definition is text about counting; it holds no record and no number of patients.
impl HoldsNoPatientData for Definition {}

impl Definition {
    /// True when it speaks of windows that end now, or of this instant: it then has a place on a board of the moment.
    #[must_use]
    pub fn is_of_the_moment(&self) -> bool {
        self.grains.iter().any(|grain| matches!(grain.as_str(), "window" | "now"))
    }

    /// True when it has figures of this kind of period.
    #[must_use]
    pub fn has_grain(&self, grain: &str) -> bool {
        self.grains.iter().any(|own| own == grain)
    }

    /// True when it counts stays or beds of virtual wards; it then counts nothing else.
    #[must_use]
    pub fn counts_wards(&self) -> bool {
        [Subject::VirtualWardStay, Subject::VirtualWardBeds].iter().any(|subject| self.subjects.contains(subject))
    }

    /// True when it counts people's nights; it then counts nothing else.
    #[must_use]
    pub fn counts_nights(&self) -> bool {
        [Subject::PersonNight, Subject::CohortMember].iter().any(|subject| self.subjects.contains(subject))
    }

    /// True when its SQL names a column.
    #[must_use]
    pub fn reads(&self, column: &str) -> bool {
        names_column(&self.sql, column)
    }

    /// How final a figure of a period is at an instant: as its records say, or by the time that has passed.
    #[must_use]
    pub fn status_of(&self, source_rank: Option<i64>, end: DateTime<Utc>, as_of: DateTime<Utc>) -> Status {
        let by_records = Status::from_source_rank(source_rank.unwrap_or(1));
        self.settling.map_or(by_records, |settling| settling.status(london(end).date(), london(as_of).date()))
    }

    /// True when it has figures of calendar months.
    #[must_use]
    pub fn has_months(&self) -> bool {
        self.has_grain("month")
    }

    /// The basis of that id.
    #[must_use]
    pub fn basis(&self, id: &str) -> Option<&Basis> {
        self.bases.iter().find(|basis| basis.id == id)
    }

    /// The target of that name in force on a day: the newest whose `valid_from` has come.
    #[must_use]
    pub fn target_on(&self, name: &str, day: NaiveDate) -> Option<&Target> {
        let in_force = self.targets.iter().filter(|target| target.name == name && target.valid_from <= day);
        in_force.max_by_key(|target| target.valid_from)
    }
}

/// A stage of a definition's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefinitionStatus {
    /// Being written.
    Draft,
    /// Computed but not shown as a result.
    Shadow,
    /// In use.
    Live,
    /// Kept for its history.
    Retired,
}

/// What the numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Numerator is part of the denominator.
    Proportion,
    /// A sum over another that it is no part of: may exceed 1, and has no interval.
    Ratio,
    /// A rate to the people of an area, standardised by age. Its sums by band of age add up; the rate is made of them last.
    Standardised,
    /// A count over a period.
    Count,
    /// A count at one instant.
    Snapshot,
    /// Distinct persons over a period. One person may be in two areas and in two months: does not add up.
    People,
    /// A percentile of a whole number that each record has. Does not add up.
    Quantile,
}

impl Kind {
    /// True when the figure of two areas or months together is the sum of theirs. Other figures are computed from the
    /// records of each area and period by themselves (handbook, statistics section 6).
    #[must_use]
    pub const fn adds_up(self) -> bool {
        match self {
            Self::Proportion | Self::Ratio | Self::Standardised | Self::Count | Self::Snapshot => true,
            Self::People | Self::Quantile => false,
        }
    }

    /// True where a figure has a numerator: a percentile has none.
    #[must_use]
    pub const fn has_numerator(self) -> bool {
        !matches!(self, Self::Quantile)
    }

    /// Columns that the SQL returns, beside strata, counts and flags: a row a cell where figures add up, else a row a record.
    #[must_use]
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Proportion | Self::Ratio | Self::Count | Self::Snapshot => {
                &["basis", "provider", "icb", "lcp", "pcn", "period", "numerator", "denominator", "source_rank"]
            }
            Self::Standardised => &[
                "basis",
                "provider",
                "icb",
                "lcp",
                "pcn",
                "period",
                "age_years",
                "numerator",
                "numerator_squared",
                "source_rank",
            ],
            Self::People => &["basis", "provider", "icb", "lcp", "pcn", "period", "person", "source_rank"],
            Self::Quantile => &["basis", "provider", "icb", "lcp", "pcn", "period", "measure", "source_rank"],
        }
    }
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Higher is better.
    Up,
    /// Lower is better.
    Down,
    /// Neither: context for other figures.
    Context,
}

/// How the 95% interval is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interval {
    /// Wilson score interval of a proportion.
    Wilson,
    /// Ratio estimator with the spread between people ([`crate::statistics::people`]): events of one person are not
    /// independent.
    People,
    /// Dobson's of a standardised rate, with the spread between people ([`crate::statistics::standard`]).
    Dobson,
    /// None.
    None,
}

impl Interval {
    /// Sums over people that the SQL returns for the interval, as `count_<name>` columns. They are no counts that a reader
    /// asks for.
    #[must_use]
    pub const fn sums(self) -> &'static [&'static str] {
        match self {
            Self::People => &["people", "numerator_squared", "product", "denominator_squared"],
            Self::Wilson | Self::Dobson | Self::None => &[],
        }
    }
}

/// The people that a figure is divided by: those on the lists of the area, by the edition of the population in force at the
/// period's begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PerPopulation {
    /// The youngest age that counts, in completed years.
    pub age_from: u8,
}

/// How a rate is standardised: by bands of age of five years, directly, to so many people. The people of the area are those of
/// [`PerPopulation`], and only ages from there on are shown.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Standardise {
    /// Name of the standard population.
    pub population: String,
    /// To how many people the rate is told.
    pub per: u32,
}

/// For how long figures of a period are provisional.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settling {
    /// Months after the one in which the last of its nights lies.
    pub months: u32,
    /// Nights after the period that the figure also counts.
    #[serde(default)]
    pub nights: u32,
}

impl Settling {
    /// Where a figure of a period that ends before `end` stands on a day: live while a night of it is to come, provisional
    /// in that month and so many after it, then final (handbook, `days-at-home.md` section 2; the words are our choice).
    #[must_use]
    pub fn status(self, end: NaiveDate, today: NaiveDate) -> Status {
        let over = end + Days::new(self.nights.into());
        let first = today.with_day(1).unwrap_or(today);
        let open_since = first.checked_sub_months(Months::new(self.months)).unwrap_or(NaiveDate::MIN);
        match (over > today, over > open_since) {
            (true, _) => Status::Live,
            (false, true) => Status::Provisional,
            (false, false) => Status::Final,
        }
    }
}

/// A target line: data with a source and a start date, never a literal in a chart.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// `local` or `national`.
    pub name: String,
    /// In the indicator's unit; a ratio from 0 to 1 for a proportion.
    pub value: f64,
    /// Who set it and where it is written.
    pub source: String,
    /// First day on which it applies.
    pub valid_from: NaiveDate,
}

/// One way of counting.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// Value of the SQL column `basis` and of `--basis`.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// Column of the view that decides the period.
    pub period_column: String,
    /// What is counted, in words.
    pub note: String,
    /// What to know before it leaves the house.
    #[serde(default)]
    pub release_note: String,
}

/// A data-quality flag.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// Name without the `flag_` of its column.
    pub name: String,
    /// What it means and what to do about it.
    pub meaning: String,
}

/// An alert rule that reads this indicator (handbook, alerting sections 1 and 3).
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// Name of the rule.
    pub rule: String,
    /// Whose attention it asks for.
    pub family: AlertFamily,
    /// Window that it reads, for rates.
    #[serde(default)]
    pub window: Option<String>,
    /// Target that it compares the upper Wilson bound with, for rates.
    #[serde(default)]
    pub target: Option<String>,
    /// Band that it counts, for open clocks.
    #[serde(default)]
    pub band: Option<String>,
    /// Smallest denominator at which a rate rule may speak.
    #[serde(default)]
    pub minimum_denominator: Option<u64>,
}

/// The reader of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlertFamily {
    /// Duty co-ordinator, now.
    Clock,
    /// Service manager, working hours.
    Budget,
    /// Operations lead.
    Slip,
    /// Data engineer.
    Trust,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Reads a list of names through `FromStr`, so that the error says which name is wrong and which exist.
fn names<'de, D: Deserializer<'de>, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect()
}

mod dimension_names {
    use super::{Deserializer, Dimension, Serializer, names};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Dimension>, D::Error> {
        names(deserializer)
    }

    pub(super) fn serialize<S: Serializer>(dimensions: &[Dimension], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(dimensions.iter().map(|dimension| dimension.as_str()))
    }
}

mod feed_names {
    use super::{Deserializer, Feed, Serializer, names};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Feed>, D::Error> {
        names(deserializer)
    }

    pub(super) fn serialize<S: Serializer>(feeds: &[Feed], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(feeds.iter().map(ToString::to_string))
    }
}
