//! How full wards are, and what is not told of them, as conditions of the board.

use std::sync::Arc;

use homeward_contract::geography::Geography;
use homeward_transform::computation::Computation;
use homeward_transform::conditions::wards::{BEDS_STALE, BELOW, HIGH, OCCUPANCY, SILENT, ZERO};
use homeward_transform::conditions::{Stage, conditions};
use homeward_transform::definition::case::{BedInput, StayInput};
use homeward_transform::definition::{Case, Catalogue};
use homeward_transform::proof::facts;

use super::model::instant as at;

/// So many patients from 1 February on, in 20 beds from an instant on.
fn wards(patients: usize, discharged: &str, beds_from: &str) -> Case {
    let stay = |number: usize| StayInput {
        stay: format!("S{number}"),
        admitted: "2025-02-01T10:00:00Z".into(),
        discharged: discharged.into(),
        ..StayInput::default()
    };
    let beds = BedInput { beds: Some(20), from: beds_from.into(), ..BedInput::default() };
    Case {
        id: "wards".into(),
        rule: "conditions".into(),
        as_of: at("2025-04-01T00:00:00Z"),
        stays: (0..patients).map(stay).collect(),
        beds: vec![beds],
        ..Case::default()
    }
}

/// The conditions at some instants, one after the other: rule, stage and sentence.
async fn course(case: &Case, instants: &[&str]) -> Vec<Vec<(String, Stage, String)>> {
    let catalogue = Catalogue::builtin().expect("sound").only(&[OCCUPANCY, "virtual-ward-occupancy"]);
    let mut computation = Computation::new(Arc::new(catalogue), Arc::new(Geography::devon()));
    for (table, batch) in facts("wards", case).expect("the case describes records") {
        computation.apply(table, &batch).expect("of its table");
    }
    let (mut held, mut told) = (Vec::new(), Vec::new());
    for instant in instants {
        computation.evaluate(at(instant)).await.expect("evaluates");
        held = conditions(&computation.snapshot(at(instant)).await.expect("evaluates"), &held);
        let words = held.iter().map(|own| (own.alert.clone(), own.stage, own.sentence.clone()));
        told.push(words.collect::<Vec<_>>());
    }
    told
}

fn rules(told: &[(String, Stage, String)]) -> Vec<&str> {
    told.iter().map(|(rule, ..)| rule.as_str()).collect()
}

#[tokio::test]
async fn a_full_ward_is_told_after_an_hour_and_cleared_at_once() {
    let case = wards(20, "2025-02-03T12:00:00Z", "2025-02-01T09:00:00Z");
    let told = course(&case, &["2025-02-03T09:00:00Z", "2025-02-03T10:00:00Z", "2025-02-03T12:30:00Z"]).await;
    let sentence = "RH8: 20 patients in 20 virtual ward beds, 100.0%: hardly a bed is free".to_owned();
    let until = at("2025-02-03T10:00:00Z");
    assert_eq!(told[0], [(HIGH.to_owned(), Stage::Pending(until), sentence.clone())]);
    assert_eq!(told[1], [(HIGH.to_owned(), Stage::Firing, sentence)]);
    let zero = "RH8: not one patient in 20 virtual ward beds, and there were some within 31 days";
    assert_eq!(rules(&told[2]), [ZERO]);
    assert_eq!(told[2][0].2, zero);
    let exactly = wards(19, "", "2025-02-01T09:00:00Z");
    assert_eq!(course(&exactly, &["2025-02-03T09:00:00Z"]).await[0], [], "95% is not above 95%");
}

#[tokio::test]
async fn below_the_line_is_told_of_a_week_that_was_seen() {
    let case = wards(15, "", "2025-01-01T00:00:00Z");
    let told = course(&case, &["2025-02-02T07:59:00Z", "2025-02-08T08:00:00Z"]).await;
    assert_eq!(rules(&told[1]), [BELOW, SILENT]);
    assert_eq!(told[1][0].2, "RH8: virtual wards were 75.0% full at 08:00 over 7 days, below 80%");
    assert_eq!(rules(&told[0]), [BELOW], "empty beds of January");
    let young = wards(15, "", "2025-02-02T08:00:01Z");
    let told = course(&young, &["2025-02-08T12:00:00Z", "2025-02-09T08:00:00Z"]).await;
    assert_eq!(rules(&told[0]), [SILENT], "the first morning had no beds");
    assert_eq!(rules(&told[1]), [BELOW, SILENT]);
}

#[tokio::test]
async fn what_was_not_told_for_long_is_a_condition() {
    let case = wards(17, "", "2025-01-01T00:00:00Z");
    let told = course(&case, &["2025-02-04T10:00:00Z", "2025-02-04T10:00:01Z", "2025-02-12T00:00:01Z"]).await;
    assert_eq!(rules(&told[0]), [BELOW]);
    assert_eq!(rules(&told[1]), [BELOW, SILENT]);
    assert_eq!(rules(&told[2]), [BEDS_STALE, SILENT], "85% over the last week");
    assert_eq!(told[2][0].2, "RH8: beds of W1 were last told more than 42 days ago");
}
