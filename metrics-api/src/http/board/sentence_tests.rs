use std::collections::BTreeMap;

use chrono::Utc;
use homeward_transform::definition::Catalogue;
use homeward_transform::figure::{Dimension, Figure, Status};
use homeward_transform::percentile::Percentile;
use homeward_transform::release::Policy;

use super::*;

fn exact(numerator: i64, denominator: Option<i64>, definition: &Definition) -> Figure {
    Figure {
        indicator: definition.id.clone(),
        version: 1,
        basis: "live".to_owned(),
        dimensions: vec![(Dimension::Lcp, "Northern".to_owned()), (Dimension::Window, "28d".to_owned())],
        period_start: Utc::now(),
        period_end: Utc::now(),
        numerator: Some(numerator),
        denominator,
        percentile: None,
        standardised: None,
        counts: BTreeMap::new(),
        flags: BTreeMap::new(),
        status: Status::Live,
        as_of: Utc::now(),
    }
}

fn released(policy: &str, numerator: i64, denominator: Option<i64>, definition: &Definition) -> ReleasedFigure {
    let figure = exact(numerator, denominator, definition);
    Policy::by_name(policy).unwrap().release(vec![figure], definition)[0].clone()
}

fn response() -> Definition {
    Catalogue::builtin().unwrap().get("ucr-two-hour-response").unwrap().clone()
}

#[test]
fn the_handbooks_sentence_comes_out_to_the_letter() {
    let definition = response();
    let local = &definition.targets[0];
    let figure = released("internal-live", 27, Some(40), &definition);
    let mut above = local.clone();
    above.value = 0.79;
    // 27 of 40 has the upper bound 79.9: under 80% that is no chance, under 79% it could be.
    assert_eq!(
        sentence("North", &figure, &definition, Some(&above)),
        "North: 27 of 40 seen within two hours, 67.5% (95% interval 52.0 to 79.9), below the 79% target; the \
         difference could be chance."
    );
    assert!(
        sentence("North", &figure, &definition, Some(local))
            .ends_with("below the 80% target; the difference is more than chance.")
    );
    let national = &definition.targets[1];
    assert!(
        sentence("North", &figure, &definition, Some(national)).contains("below the 70% target; the difference could")
    );
    let met = released("internal-live", 32, Some(40), &definition);
    assert!(
        sentence("North", &met, &definition, Some(local)).ends_with("(95% interval 65.2 to 89.5), at the 80% target.")
    );
}

#[test]
fn another_definition_speaks_in_its_own_words() {
    let mut definition = response();
    definition.deed = Some("at home within a day".to_owned());
    definition.targets[0].value = 0.655;
    let figure = released("internal-live", 39, Some(40), &definition);
    let words = sentence("North", &figure, &definition, Some(&definition.targets[0]));
    assert!(words.starts_with("North: 39 of 40 at home within a day, 97.5%"), "{words}");
    assert!(words.ends_with("above the 65.5% target; the difference is more than chance."), "{words}");
    definition.deed = None;
    assert!(sentence("North", &figure, &definition, None).starts_with("North: 39 of 40, 97.5% (95%"));
    definition.kind = Kind::Count;
    definition.unit = "people".to_owned();
    assert_eq!(
        sentence("North", &released("internal-live", 12, None, &definition), &definition, None),
        "North: 12 people."
    );
}

#[test]
fn suppressed_and_missing_are_words() {
    let definition = response();
    let suppressed = released("public-hes", 3, Some(40), &definition);
    assert_eq!(
        sentence("North", &suppressed, &definition, Some(&definition.targets[0])),
        "North: suppressed by public-hes/1."
    );
    let empty = released("internal-live", 0, Some(0), &definition);
    assert_eq!(sentence("North", &empty, &definition, None), "North: no data.");
    assert_eq!(smallest_confident(&empty, &definition, &definition.targets[0]), None);
}

#[test]
fn a_small_area_learns_why_it_is_silent() {
    let definition = response();
    let note = |n| {
        smallest_confident(&released("internal-live", 1, Some(n), &definition), &definition, &definition.targets[0])
    };
    assert_eq!(note(20).unwrap(), "of 20, 12 or fewer (60.0%) would be below 80% and more than chance");
    assert_eq!(note(100).unwrap(), "of 100, 72 or fewer (72.0%) would be below 80% and more than chance");
    assert_eq!(
        smallest_confident(&released("internal-live", 0, Some(1), &definition), &definition, &definition.targets[1])
            .unwrap(),
        "of 1, no result at all could be told from chance against 70%"
    );
    let mut down = response();
    down.direction = Direction::Down;
    assert_eq!(smallest_confident(&released("internal-live", 1, Some(20), &down), &down, &down.targets[0]), None);
}

#[test]
fn a_percentile_is_told_with_its_unit_and_its_number_of_records() {
    let catalogue = Catalogue::builtin().unwrap();
    let definition = catalogue.get("ucr-response-minutes-p90").unwrap();
    let figure = |policy: &str, records: i64| {
        let percentile = Percentile::stored(107.25).filter(|_| records > 0);
        let figure = Figure { numerator: None, percentile, ..exact(0, Some(records), definition) };
        Policy::by_name(policy).unwrap().release(vec![figure], definition)[0].clone()
    };
    let told = |policy, records| sentence("North", &figure(policy, records), definition, None);
    assert_eq!(told("internal-live", 12), "North: 90th percentile 107.3 minutes (of 12).");
    assert_eq!(told("public-csds", 12), "North: 90th percentile 107.3 minutes (of 10).");
    assert_eq!(told("public-csds", 7), "North: suppressed by public-csds/1.");
    assert_eq!(told("internal-live", 0), "North: no data.");
}
