use super::*;
use crate::geography::{AreaLevel, Geography};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A table with so many people in each band of a practice.
fn table(rows: &[(&str, &str, u32, &str, u64)]) -> String {
    let ages: Vec<String> = AGES_FROM.iter().map(u8::to_string).collect();
    let mut text = format!("practice,as_of,version,source,sex,{}\n", ages.join(","));
    for (practice, as_of, version, sex, people) in rows {
        let counts = vec![people.to_string(); AGES_FROM.len()].join(",");
        text.push_str(&format!("{practice},{as_of},{version},simulated,{sex},{counts}\n"));
    }
    text
}

#[test]
fn an_edition_holds_from_its_date_and_a_greater_version_takes_its_place() {
    let population = Population::from_csv(&table(&[
        ("L83999", "2023-04-01", 1, "female", 10),
        ("L83999", "2024-04-01", 2, "female", 30),
        ("L83999", "2024-04-01", 1, "female", 20),
    ]))
    .unwrap();
    let named = |on: &str| population.in_force(day(on)).map(Edition::name).unwrap();
    assert_eq!(named("2024-03-31"), "2023-04-01, version 1");
    assert_eq!(named("2024-04-01"), "2024-04-01, version 2");
    assert_eq!(named("2030-01-01"), "2024-04-01, version 2");
    assert_eq!(named("2020-01-01"), "2023-04-01, version 1", "before the first of all, the first");
    assert_eq!(Population::default().in_force(day("2024-01-01")), None);
}

#[test]
fn ages_and_sexes_are_told_apart() {
    let rows = [("L83999", "2024-04-01", 1, "female", 10), ("L83999", "2024-04-01", 1, "male", 1)];
    let population = Population::from_csv(&table(&rows)).unwrap();
    let (_, people) = population.editions()[0].practices().next().unwrap();
    assert_eq!(people.aged_from(0, None), 21 * 11);
    assert_eq!(people.aged_from(16, None), 17 * 11);
    assert_eq!(people.aged_from(65, Some(Sex::Female)), 60);
    assert_eq!(people.aged_from(90, Some(Sex::Male)), 1);
}

#[test]
fn faults_name_the_line() {
    let twice = table(&[("L83999", "2024-04-01", 1, "male", 1), ("L83999", "2024-04-01", 1, "male", 2)]);
    assert!(
        Population::from_csv(&twice).unwrap_err().to_string().contains("population.csv, line 3: L83999 stands twice")
    );
    let other = table(&[("L83999", "2024-04-01", 1, "unknown", 1)]);
    assert!(Population::from_csv(&other).unwrap_err().to_string().contains("neither female nor male"));
}

/// The totals are those that the handbook names, and every practice of the simulated Devon has people.
#[test]
fn the_built_in_population_has_the_published_totals() {
    let geography = Geography::devon();
    let all = |age: u8, on: &str| geography.people_in(AreaLevel::Icb, "QJK", day(on)).unwrap().aged_from(age, None);
    assert_eq!(all(16, "2023-04-01"), 1_082_047, "registered, 16 and over, April 2023");
    assert_eq!(all(0, "2023-04-01"), 1_271_620);
    let practices: Vec<&str> = geography.practices().map(|(code, _)| code).collect();
    for edition in geography.population().editions() {
        let told: Vec<&str> = edition.practices().map(|(code, _)| code).collect();
        assert_eq!(told, practices);
        assert!(edition.source.contains("simulated"), "{}", edition.source);
    }
}

#[test]
fn areas_are_the_sums_of_their_practices() {
    let geography = Geography::devon();
    let on = day("2024-06-01");
    let people = |level, code: &str| geography.people_in(level, code, on).unwrap().aged_from(65, None);
    let of_practices = |pcn: &str| -> u64 {
        let own = geography.practices().filter(|(_, network)| network.code == pcn);
        own.map(|(code, _)| people(AreaLevel::Practice, code)).sum()
    };
    let networks = geography.pcns();
    for network in networks {
        assert_eq!(people(AreaLevel::Pcn, &network.code), of_practices(&network.code), "{}", network.code);
    }
    let lcps: u64 = geography.lcps().iter().map(|lcp| people(AreaLevel::Lcp, lcp)).sum();
    assert_eq!(lcps, people(AreaLevel::Icb, "QJK"));
    assert_eq!(people(AreaLevel::Region, "Y58"), people(AreaLevel::Nation, "National"));
    assert_eq!(geography.people_in(AreaLevel::Practice, "Z99999", on), None);
}
