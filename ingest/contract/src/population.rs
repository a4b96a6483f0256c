//! How many people are registered with each practice, by age and sex, in dated editions: what rates are divided by.
//!
//! An edition holds from its date until the next; of two of one date the greater version does. Counts of networks,
//! partnerships, boards, regions and the nation are those of their practices. The built-in editions are simulated; a
//! deployment loads its own with [`Population::from_csv`].

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::reference_table::{CsvRow, CsvTable, ReferenceError};
use crate::time::parse_date;

/// The ages at which the bands of the table begin, in completed years; the last has no end. They are five years wide, but
/// where 16 and 18 are needed too.
pub const AGES_FROM: [u8; 21] = [0, 5, 10, 15, 16, 18, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90];

/// Sex as the register has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

/// People of one practice or area by band of age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct People([[u64; AGES_FROM.len()]; 2]);

impl Default for People {
    fn default() -> Self {
        Self([[0; AGES_FROM.len()]; 2])
    }
}

impl People {
    /// Those of an age and older, of both sexes or of one. The age is one of [`AGES_FROM`]; one between two counts from the
    /// next band on.
    #[must_use]
    pub fn aged_from(&self, age: u8, sex: Option<Sex>) -> u64 {
        let sexes = [Sex::Female, Sex::Male].into_iter().filter(|own| sex.is_none_or(|sex| sex == *own));
        let bands = |own: Sex| AGES_FROM.into_iter().zip(self.0[own as usize]);
        sexes.flat_map(bands).filter(|(from, _)| *from >= age).map(|(_, people)| people).sum()
    }

    /// Adds those of another.
    pub fn add(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().flatten().zip(other.0.iter().flatten()) {
            *own += other;
        }
    }
}

/// One edition of the population.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// The date that it speaks for, and from which it holds.
    pub as_of: NaiveDate,
    /// Raised when the figures of a date are published again.
    pub version: u32,
    /// Where it is from.
    pub source: String,
    practices: BTreeMap<String, People>,
}

impl Edition {
    /// Each practice with its people, by code.
    pub fn practices(&self) -> impl Iterator<Item = (&str, &People)> {
        self.practices.iter().map(|(code, people)| (code.as_str(), people))
    }

    /// `2024-04-01, version 1`: what names it beside a figure.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}, version {}", self.as_of, self.version)
    }
}

/// Every edition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Population {
    /// By date and version.
    editions: Vec<Edition>,
}

impl Population {
    /// The editions compiled into Homeward: simulated, for the fictitious practices of the simulated Devon.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the table is compiled in and a test reads it")]
    pub fn devon() -> Self {
        Self::from_csv(include_str!("../reference/population.csv")).expect("the built-in population is valid")
    }

    /// Reads the table: `practice,as_of,version,source,sex`, and a column for each age of [`AGES_FROM`].
    ///
    /// # Errors
    /// [`ReferenceError`] with line and fault: a column that is missing, a date or count that is none, another word for a
    /// sex than `female` and `male`, a row that stands twice.
    pub fn from_csv(text: &str) -> Result<Self, ReferenceError> {
        let table = CsvTable::read("population.csv", text)?;
        let mut editions: BTreeMap<(NaiveDate, u32), Edition> = BTreeMap::new();
        let mut seen = std::collections::BTreeSet::new();
        for row in table.rows() {
            let (practice, sex) = (row.code("practice")?, sex_of(&row)?);
            let as_of = parse_date(row.text("as_of")?).map_err(|error| row.fault(&format!("as_of: {error}")))?;
            let version = row.text("version")?.parse().map_err(|_| row.fault("version is not a whole number"))?;
            if !seen.insert((as_of, version, practice.clone(), sex)) {
                return Err(row.fault(&format!("{practice} stands twice for one sex and edition; keep one row")));
            }
            let source = row.code("source")?;
            let edition = || Edition { as_of, version, source, practices: BTreeMap::new() };
            let held = editions.entry((as_of, version)).or_insert_with(edition);
            held.practices.entry(practice).or_default().0[sex as usize] = counts_of(&row)?;
        }
        Ok(Self { editions: editions.into_values().collect() })
    }

    /// The edition in force on a day: the newest whose date has come; before the first of all, the first.
    #[must_use]
    pub fn in_force(&self, day: NaiveDate) -> Option<&Edition> {
        let come = self.editions.iter().rev().find(|edition| edition.as_of <= day);
        let first = || self.editions.first().map(|edition| edition.as_of);
        come.or_else(|| self.editions.iter().rev().find(|edition| Some(edition.as_of) == first()))
    }

    /// Every edition, by date and version.
    #[must_use]
    pub fn editions(&self) -> &[Edition] {
        &self.editions
    }
}

fn sex_of(row: &CsvRow<'_>) -> Result<Sex, ReferenceError> {
    match row.text("sex")? {
        "female" => Ok(Sex::Female),
        "male" => Ok(Sex::Male),
        _ => Err(row.fault("sex is neither female nor male")),
    }
}

pub(crate) fn counts_of(row: &CsvRow<'_>) -> Result<[u64; AGES_FROM.len()], ReferenceError> {
    let mut counts = [0; AGES_FROM.len()];
    for (count, age) in counts.iter_mut().zip(AGES_FROM) {
        let text = row.text(&age.to_string())?;
        *count = text.parse().map_err(|_| row.fault(&format!("the people from {age} on are no whole number")))?;
    }
    Ok(counts)
}

#[cfg(test)]
#[path = "population_tests.rs"]
mod tests;
