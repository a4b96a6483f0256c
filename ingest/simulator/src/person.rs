//! The people of the simulation. Nobody is real: NHS numbers come from the 999 range, practices are fictitious.

use chrono::{Datelike, Duration, NaiveDate};
use homeward_contract::geography::Geography;
use rand::Rng;

use crate::parameters::{Parameters, ProviderParameters};
use crate::random::{Stream, between, chance, generator, weighted};

/// Most people a provider can know: keeps the NHS numbers of eight providers inside the 999 range.
const PEOPLE_PER_PROVIDER_MAX: u32 = 12_000;

/// One person as one provider knows them.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// Ten digits with a valid check digit; `None` for who has none.
    pub(crate) nhs_number: Option<String>,
    pub(crate) local_patient_id: String,
    pub(crate) birth_date: NaiveDate,
    pub(crate) gender: &'static str,
    pub(crate) lsoa: String,
    pub(crate) home: Home,
    /// Commissioner code as the provider sends it.
    pub(crate) commissioner: Option<&'static str>,
    /// The board that pays: by commissioner, else by practice (E20).
    pub(crate) icb: Option<&'static str>,
}

impl Person {
    /// Age in completed years on a day.
    pub(crate) fn age_on(&self, day: NaiveDate) -> i32 {
        age_on(self.birth_date, day)
    }
}

/// Age in completed years on a day.
pub(crate) fn age_on(birth: NaiveDate, day: NaiveDate) -> i32 {
    let had_birthday = (day.month(), day.day()) >= (birth.month(), birth.day());
    day.year() - birth.year() - i32::from(!had_birthday)
}

/// Where a person is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Home {
    pub(crate) practice: String,
    pub(crate) pcn: Option<String>,
    pub(crate) lcp: Option<String>,
}

/// The simulated map: practices with their networks and partnerships.
#[derive(Debug, Clone)]
pub(crate) struct Map {
    homes: Vec<Home>,
}

impl Map {
    /// The Devon of the contract's reference data.
    pub(crate) fn devon() -> Self {
        let mut homes: Vec<Home> = Geography::devon()
            .practices()
            .map(|(practice, pcn)| Home {
                practice: practice.to_owned(),
                pcn: Some(pcn.code.clone()),
                lcp: Some(pcn.lcp.clone()),
            })
            .collect();
        homes.sort_by(|one, two| one.practice.cmp(&two.practice));
        Self { homes }
    }

    fn of_lcps(&self, lcps: &[String]) -> Vec<&Home> {
        self.homes.iter().filter(|home| home.lcp.as_ref().is_some_and(|lcp| lcps.contains(lcp))).collect()
    }
}

/// The person with this number at a provider; always the same for one seed.
pub(crate) fn person(
    parameters: &Parameters,
    map: &Map,
    provider: (usize, &ProviderParameters),
    number: u32,
) -> Person {
    let (provider_index, provider) = provider;
    let mut rng = generator(parameters.seed, Stream::Person, &[provider_index as u64, u64::from(number)]);
    let out_of_area = chance(&mut rng, parameters.out_of_area_share);
    let local = map.of_lcps(&provider.lcps);
    let (home, commissioner, icb) = match local.get(between(&mut rng, 0, local.len() as i64 - 1) as usize) {
        Some(home) if !out_of_area => {
            let commissioner = match rng.random_range(0..100) {
                0..70 => Some("15N"),
                70..97 => Some("QJK"),
                _ => None,
            };
            ((*home).clone(), commissioner, Some("QJK"))
        }
        _ => elsewhere(number),
    };
    let has_number = !chance(&mut rng, parameters.no_nhs_number_share);
    let lowest_age = *weighted(&mut rng, &[(75, 0.62), (65, 0.14), (45, 0.14), (18, 0.085), (8, 0.015)]).unwrap_or(&75);
    let age_years = lowest_age + between(&mut rng, 0, if lowest_age == 75 { 22 } else { 9 }) as i32;
    let birth_date =
        NaiveDate::from_ymd_opt(2025 - age_years, 1, 1).unwrap_or_default() + Duration::days(between(&mut rng, 0, 364));
    Person {
        nhs_number: has_number.then(|| test_nhs_number(provider_index as u32 * PEOPLE_PER_PROVIDER_MAX + number)),
        local_patient_id: format!("P{number:06}"),
        birth_date,
        gender: if chance(&mut rng, 0.6) { "2" } else { "1" },
        lsoa: format!("E019999{:02}", number % 100),
        home,
        commissioner,
        icb,
    }
}

/// Somebody from over the border: no Devon network, another board's commissioner code.
fn elsewhere(number: u32) -> (Home, Option<&'static str>, Option<&'static str>) {
    let (practice, commissioner, icb) =
        if number.is_multiple_of(2) { ("L82900", "11N", "QT6") } else { ("L85900", "11X", "QSL") };
    (Home { practice: practice.to_owned(), pcn: None, lcp: None }, Some(commissioner), Some(icb))
}

/// How many people a provider knows under these parameters.
pub(crate) fn people(parameters: &Parameters) -> u32 {
    parameters.people_per_provider.clamp(1, PEOPLE_PER_PROVIDER_MAX)
}

/// An NHS number of the 999 range with a valid check digit, different for each index below 100,000.
///
/// Each index owns the ten nine-digit prefixes `999xxxxx?`; the first one whose check digit exists is taken.
pub(crate) fn test_nhs_number(index: u32) -> String {
    let block = 999_000_000 + u64::from(index % 100_000) * 10;
    (block..block + 10).find_map(with_check_digit).unwrap_or_default()
}

fn with_check_digit(prefix: u64) -> Option<String> {
    let digits = format!("{prefix:09}");
    let sum: u32 = digits.bytes().zip(2..=10u32).map(|(digit, place)| u32::from(digit - b'0') * (12 - place)).sum();
    match (11 - sum % 11) % 11 {
        10 => None,
        check => Some(format!("{digits}{check}")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use homeward_contract::identity::NhsNumber;

    use super::*;

    #[test]
    fn test_numbers_are_valid_and_distinct() {
        assert_eq!(test_nhs_number(0), "9990000018");
        let numbers: BTreeSet<String> = (0..2000).chain(95_000..96_000).map(test_nhs_number).collect();
        assert_eq!(numbers.len(), 3000);
        for number in numbers {
            assert!(number.starts_with("999"));
            assert!(NhsNumber::parse(&number).is_ok(), "{number}");
        }
    }

    #[test]
    fn devon_has_its_31_networks_in_five_partnerships() {
        let map = Map::devon();
        let pcns: BTreeSet<_> = map.homes.iter().filter_map(|home| home.pcn.clone()).collect();
        let lcps: BTreeSet<_> = map.homes.iter().filter_map(|home| home.lcp.clone()).collect();
        assert_eq!(pcns.len(), 31);
        assert_eq!(lcps.into_iter().collect::<Vec<_>>(), ["Eastern", "Northern", "Plymouth", "Southern", "Western"]);
    }

    #[test]
    fn a_person_is_always_the_same() {
        let parameters = Parameters::default();
        let map = Map::devon();
        let one = person(&parameters, &map, (0, &parameters.providers[0]), 17);
        let again = person(&parameters, &map, (0, &parameters.providers[0]), 17);
        assert_eq!(format!("{one:?}"), format!("{again:?}"));
    }
}
