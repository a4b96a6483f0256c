//! Standard populations: how many people of each age a rate is weighted by, so that areas whose people are older or younger
//! can be compared.

use std::sync::LazyLock;

use crate::population::{AGES_FROM, counts_of};
use crate::reference_table::{CsvTable, ReferenceError};

/// The oldest band has no end and begins here.
const OLDEST: u8 = 90;

/// Years of a band.
const BAND_YEARS: u8 = 5;

/// A standard population, by the ages at which the bands of the population begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandardPopulation {
    /// What a definition calls it.
    pub name: String,
    /// Where it is from.
    pub source: String,
    weights: [u64; AGES_FROM.len()],
}

impl StandardPopulation {
    /// Those compiled into Homeward.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the table is compiled in and a test reads it")]
    pub fn all() -> &'static [Self] {
        static ALL: LazyLock<Vec<StandardPopulation>> = LazyLock::new(|| {
            let text = include_str!("../reference/standard_populations.csv");
            StandardPopulation::from_csv(text).expect("the built-in standard populations are valid")
        });
        &ALL
    }

    /// The one of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<&'static Self> {
        Self::all().iter().find(|standard| standard.name == name)
    }

    fn from_csv(text: &str) -> Result<Vec<Self>, ReferenceError> {
        let table = CsvTable::read("standard_populations.csv", text)?;
        let read = table
            .rows()
            .map(|row| Ok(Self { name: row.code("name")?, source: row.code("source")?, weights: counts_of(&row)? }));
        read.collect()
    }

    /// The people of a band.
    #[must_use]
    pub fn weight(&self, band: AgeBand) -> u64 {
        let bands = AGES_FROM.into_iter().zip(self.weights);
        bands.filter(|(from, _)| band.holds(*from)).map(|(_, weight)| weight).sum()
    }
}

/// A band of five years, or the part of one that lies in the ages shown; the oldest has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AgeBand {
    /// Its youngest age, in completed years.
    pub from: u8,
}

impl AgeBand {
    /// The bands of an age and older.
    pub fn from_age(youngest: u8) -> impl Iterator<Item = Self> {
        let later = AGES_FROM.into_iter().filter(move |from| from.is_multiple_of(BAND_YEARS) && *from > youngest);
        std::iter::once(youngest).chain(later).map(|from| Self { from })
    }

    /// The band of an age among those of an age and older; none when it is younger.
    #[must_use]
    pub fn of(age_years: i64, youngest: u8) -> Option<Self> {
        let age = u8::try_from(age_years.min(i64::from(OLDEST))).ok().filter(|age| *age >= youngest)?;
        Some(Self { from: (age - age % BAND_YEARS).max(youngest) })
    }

    /// The first age after the band.
    #[must_use]
    pub const fn until(self) -> Option<u8> {
        if self.from >= OLDEST { None } else { Some(self.from - self.from % BAND_YEARS + BAND_YEARS) }
    }

    /// True of an age in it.
    #[must_use]
    pub fn holds(self, age: u8) -> bool {
        age >= self.from && self.until().is_none_or(|until| age < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands(youngest: u8) -> Vec<(u8, u64)> {
        let standard = StandardPopulation::by_name("european-2013").unwrap();
        AgeBand::from_age(youngest).map(|band| (band.from, standard.weight(band))).collect()
    }

    #[test]
    fn the_european_standard_population_is_the_published_one() {
        let published = [
            5_000, 5_500, 5_500, 5_500, 6_000, 6_000, 6_500, 7_000, 7_000, 7_000, 7_000, 6_500, 6_000, 5_500, 5_000,
            4_000, 2_500, 1_500, 1_000,
        ];
        let whole = bands(0);
        assert_eq!(whole.iter().map(|(_, weight)| *weight).collect::<Vec<_>>(), published);
        assert_eq!(whole.iter().map(|(_, weight)| weight).sum::<u64>(), 100_000);
        assert_eq!(StandardPopulation::by_name("scandinavian"), None);
    }

    #[test]
    fn of_the_ages_shown_the_first_band_may_be_a_part() {
        assert_eq!(bands(18)[..2], [(18, 2_200), (20, 6_000)]);
        assert_eq!(bands(65), [(65, 5_500), (70, 5_000), (75, 4_000), (80, 2_500), (85, 1_500), (90, 1_000)]);
    }

    #[test]
    fn every_age_lies_in_one_band() {
        for youngest in AGES_FROM {
            for age in 0..=120_u8 {
                let holding: Vec<AgeBand> = AgeBand::from_age(youngest).filter(|band| band.holds(age)).collect();
                assert_eq!(holding, AgeBand::of(age.into(), youngest).into_iter().collect::<Vec<_>>(), "{age}");
                assert_eq!(holding.len(), usize::from(age >= youngest));
            }
        }
        assert_eq!(AgeBand::of(-1, 0), None);
    }
}
