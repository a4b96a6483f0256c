//! Figures that are divided when all is summed: by the people on the lists of an area (which people, and of which edition),
//! by the nights of their months, or by what a factor says. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;
use homeward_contract::geography::{AreaLevel, Geography};

use crate::book::referral_rows::next_month;
use crate::definition::{Definition, PerPopulation};
use crate::engine::AtomValue;
use crate::figure::Dimension;
use crate::standardised;
use crate::statistics::standard::StandardisedRate;

/// What the name of the flag begins with that tells the edition.
pub(crate) const EDITION_FLAG: &str = "population of ";

/// Of these dimensions the one that names the smallest area, as a level of the population; the nation when none does.
fn level(dimension: Dimension) -> Option<AreaLevel> {
    Some(match dimension {
        Dimension::Provider => AreaLevel::Practice,
        Dimension::Pcn => AreaLevel::Pcn,
        Dimension::Lcp => AreaLevel::Lcp,
        Dimension::Icb => AreaLevel::Icb,
        Dimension::Region => AreaLevel::Region,
        Dimension::Nation => AreaLevel::Nation,
        _ => return None,
    })
}

/// The smallest area of a cell, whose people it is divided by; the nation when none is named.
fn smallest_area(cell: &[(Dimension, Arc<str>)]) -> (AreaLevel, &str) {
    let areas = cell.iter().filter_map(|(dimension, value)| Some((level(*dimension)?, value.as_ref())));
    areas.min().unwrap_or((AreaLevel::Nation, homeward_contract::geography::NATION))
}

/// The people that a figure of some periods is divided by: those of its smallest area, once for each period; and the names of
/// the editions that they are from, as flags. None where an edition names no practice of the area.
pub(crate) fn people(
    geography: &Geography,
    per: PerPopulation,
    cell: &[(Dimension, Arc<str>)],
    begins: &BTreeSet<NaiveDate>,
) -> (Option<i64>, BTreeSet<String>) {
    let (level, code) = smallest_area(cell);
    let of =
        |day: &NaiveDate| i64::try_from(geography.people_in(level, code, *day)?.aged_from(per.age_from, None)).ok();
    let people = begins.iter().map(of).sum::<Option<i64>>().filter(|people| *people > 0);
    let editions = begins.iter().filter_map(|day| geography.population().in_force(*day));
    (people, editions.map(|edition| format!("{EDITION_FLAG}{}", edition.name())).collect())
}

/// The nights of some months that are over on a day.
fn nights(begins: &BTreeSet<NaiveDate>, today: NaiveDate) -> i64 {
    begins.iter().map(|month| (next_month(*month).min(today) - *month).num_days().max(0)).sum()
}

/// Divides what a definition has divided last: by a factor, by the nights that are over `today`, or by people, whose editions
/// then stand among the flags, each with its people. Gives the rate where it is standardised.
pub(crate) fn divide(
    geography: &Geography,
    definition: &Definition,
    cell: &[(Dimension, Arc<str>)],
    begins: &BTreeSet<NaiveDate>,
    today: NaiveDate,
    value: &mut AtomValue,
) -> Option<StandardisedRate> {
    if definition.per_night {
        value.denominator = Some(nights(begins, today));
    }
    if let Some(factor) = &definition.factor {
        let (numerator, denominator) = factor.of(value.numerator, begins.len());
        (value.numerator, value.denominator) = (numerator, Some(denominator));
    }
    let per = definition.per_population?;
    let (people, editions) = people(geography, per, cell, begins);
    value.denominator = people;
    let people = people.unwrap_or_default();
    value.flags.extend(editions.into_iter().filter(|_| people > 0).map(|name| (Arc::from(name), people)));
    standardised::rate(geography, definition, smallest_area(cell), begins, &value.counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(parts: &[(Dimension, &str)]) -> Vec<(Dimension, Arc<str>)> {
        parts.iter().map(|(dimension, value)| (*dimension, Arc::from(*value))).collect()
    }

    #[test]
    fn nights_that_are_to_come_do_not_count() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let months = BTreeSet::from([day("2024-02-01"), day("2024-03-01")]);
        assert_eq!(nights(&months, day("2024-04-01")), 29 + 31);
        assert_eq!(nights(&months, day("2024-03-11")), 29 + 10);
        assert_eq!(nights(&months, day("2024-02-01")), 0);
    }

    #[test]
    fn the_smallest_area_decides_and_each_period_has_its_edition() {
        let geography = Geography::devon();
        let begins: BTreeSet<NaiveDate> = ["2024-03-01", "2024-04-01"].iter().map(|day| day.parse().unwrap()).collect();
        let per = PerPopulation { age_from: 65 };
        let ask = |parts: &[(Dimension, &str)]| people(&geography, per, &cell(parts), &begins);
        let of = |level, code: &str| -> i64 {
            let each = begins.iter().map(|day| geography.people_in(level, code, *day).unwrap().aged_from(65, None));
            i64::try_from(each.sum::<u64>()).unwrap()
        };
        let (people, editions) = ask(&[(Dimension::Icb, "QJK"), (Dimension::Provider, "L83999")]);
        assert_eq!(people, Some(of(AreaLevel::Practice, "L83999")));
        let names: Vec<&str> = editions.iter().map(String::as_str).collect();
        assert_eq!(names, ["population of 2023-04-01, version 1", "population of 2024-04-01, version 1"]);
        assert_eq!(ask(&[(Dimension::Icb, "QJK")]).0, Some(of(AreaLevel::Icb, "QJK")));
        assert_eq!(ask(&[(Dimension::Month, "2024-03")]).0, Some(of(AreaLevel::Nation, "National")));
        assert_eq!(ask(&[(Dimension::Provider, "RH8")]).0, None, "a hospital has no list");
        assert_eq!(ask(&[(Dimension::Lcp, "unknown")]).0, None);
    }
}
