//! Rates standardised by age: the sums by band of age that a cell holds, and the rate that is made of them last. Pure.
//!
//! The sums stand among the counts of a cell, so that they add up over areas and months as all counts do, and are kept as
//! they were known at each instant. They leave the house as a rate alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;
use homeward_contract::geography::{AreaLevel, Geography};
use homeward_contract::population::People;
use homeward_contract::standard_population::{AgeBand, StandardPopulation};

use crate::definition::Definition;
use crate::engine::{AtomValue, Counts};
use crate::statistics::Z95;
use crate::statistics::standard::{Band, StandardisedRate, standardised};

/// The ages that a definition of a standardised rate shows begin here.
fn youngest(definition: &Definition) -> u8 {
    definition.per_population.map_or(0, |per| per.age_from)
}

/// What the names of the sums by age begin with.
pub(crate) const SUMS_BY_AGE: &str = "aged_";

/// Names of the sums of a band: of its events, and of the squares of each person's.
fn names(AgeBand { from }: AgeBand) -> [String; 2] {
    [format!("{SUMS_BY_AGE}{from}"), format!("{SUMS_BY_AGE}{from}_squared")]
}

/// Puts what a row of an age counts into its band. A row without an age, or of one that is not shown, has nothing to
/// standardise; its other counts stay.
pub(crate) fn put(definition: &Definition, age_years: Option<i64>, squared: i64, value: AtomValue) -> AtomValue {
    let band = age_years.and_then(|age_years| AgeBand::of(age_years, youngest(definition)));
    let Some(band) = band else { return AtomValue { numerator: 0, ..value } };
    let mut value = value;
    value.counts.extend(names(band).map(Arc::from).into_iter().zip([value.numerator, squared]));
    value
}

/// The rate of an area over some periods: people of each band are counted once for each.
pub(crate) fn rate(
    geography: &Geography,
    definition: &Definition,
    (level, code): (AreaLevel, &str),
    begins: &BTreeSet<NaiveDate>,
    counts: &Counts,
) -> Option<StandardisedRate> {
    let standardise = definition.standardise.as_ref()?;
    let standard = StandardPopulation::by_name(&standardise.population)?;
    let editions = begins.iter().map(|day| geography.people_in(level, code, *day));
    let editions: Vec<&People> = editions.collect::<Option<_>>()?;
    let of = |band: AgeBand| {
        let [events, squared] = names(band).map(|name| counts.get(&name).unwrap_or(0));
        let people: u64 = editions.iter().map(|people| people_of(people, band)).sum();
        Some(Band { weight: standard.weight(band), events, squared, people: i64::try_from(people).ok()? })
    };
    let bands: Vec<Band> = AgeBand::from_age(youngest(definition)).map(of).collect::<Option<_>>()?;
    standardised(&bands, standardise.per, Z95)
}

fn people_of(people: &People, band: AgeBand) -> u64 {
    let older = band.until().map_or(0, |until| people.aged_from(until, None));
    people.aged_from(band.from, None).saturating_sub(older)
}
