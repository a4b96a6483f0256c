//! What a change of a stay or of beds touches, to the day, and no more.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use homeward_contract::geography::Geography;

use super::Wards;
use crate::book::dirty::{CalendarPeriod, DirtyCells};
use crate::definition::Case;
use crate::definition::case::{BedInput, StayInput};
use crate::proof::facts;
use crate::spans::Span;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn stay(admitted: &str, discharged: &str, version: i64) -> StayInput {
    StayInput {
        stay: "S1".into(),
        admitted: admitted.into(),
        discharged: discharged.into(),
        version: Some(version),
        time: Some("2025-02-01T00:00:00Z".into()),
        ..StayInput::default()
    }
}

fn beds(beds: i64, from: &str, version: i64) -> BedInput {
    BedInput { beds: Some(beds), from: from.into(), version: Some(version), ..BedInput::default() }
}

fn take(wards: &mut Wards, stays: Vec<StayInput>, beds: Vec<BedInput>) {
    let case = Case {
        id: "dirty".into(),
        rule: String::new(),
        as_of: at("2025-01-01T00:00:00Z"),
        stays,
        beds,
        ..Case::default()
    };
    for (table, batch) in facts("none", &case).unwrap() {
        wards.apply(table, &batch).unwrap();
    }
}

/// `2025-02` for a month, `02-03` for a day of 2025.
fn names(dirty: &DirtyCells) -> Vec<String> {
    let named = dirty.periods().map(|(_, period, _)| match period {
        CalendarPeriod::Day(day) => day.format("%m-%d").to_string(),
        CalendarPeriod::Month(first) => first.format("%Y-%m").to_string(),
    });
    let mut named: Vec<String> = named.collect();
    named.sort_by_key(|name| (name.len(), name.clone()));
    named
}

const NOW: &str = "2025-02-20T12:00:00Z";

fn wards() -> Wards {
    Wards::new(Arc::new(Geography::devon()))
}

/// What the second version of a stay makes dirty.
fn touched_by(old: StayInput, new: StayInput) -> Vec<String> {
    let mut wards = wards();
    take(&mut wards, vec![old], Vec::new());
    wards.settle(at(NOW)).unwrap();
    take(&mut wards, vec![new], Vec::new());
    names(&wards.settle(at(NOW)).unwrap())
}

#[test]
fn a_corrected_discharge_touches_the_days_between_and_no_other() {
    let began = "2025-02-01T10:00:00Z";
    let old = stay(began, "2025-02-05T10:00:00Z", 1);
    assert_eq!(
        touched_by(old.clone(), stay(began, "2025-02-08T09:00:00Z", 2)),
        ["02-05", "02-06", "02-07", "02-08", "2025-02"]
    );
    assert_eq!(touched_by(old.clone(), stay(began, "2025-02-05T11:00:00Z", 2)), ["02-05", "2025-02"]);
    assert_eq!(touched_by(old.clone(), old.clone()), [""; 0], "the same again");
    assert_eq!(touched_by(stay(began, "2025-02-18T10:00:00Z", 2), stay(began, "", 1)), [""; 0], "an older version");
}

#[test]
fn a_changed_item_touches_the_whole_stay_and_an_outcome_its_end() {
    let began = "2025-01-30T10:00:00Z";
    let old = stay(began, "2025-02-02T10:00:00Z", 1);
    let route = StayInput { route: Some("step_up".into()), version: Some(2), ..old.clone() };
    assert_eq!(touched_by(old.clone(), route), ["01-30", "01-31", "02-01", "02-02", "2025-01", "2025-02"]);
    let outcome = StayInput { outcome: Some("escalated".into()), version: Some(2), ..old.clone() };
    assert_eq!(touched_by(old.clone(), outcome), ["02-02", "2025-02"]);
    let voided = StayInput { voided: true, version: Some(2), ..old.clone() };
    assert_eq!(touched_by(old, voided), ["01-30", "01-31", "02-01", "02-02", "2025-01", "2025-02"]);
}

/// The month after asks whether the reference morning of the month before had patients: 23 January 2025.
#[test]
fn the_month_after_is_touched_when_the_reference_morning_is() {
    let old = stay("2025-01-20T10:00:00Z", "2025-01-22T10:00:00Z", 1);
    let later = stay("2025-01-20T10:00:00Z", "2025-01-24T10:00:00Z", 2);
    assert_eq!(touched_by(old.clone(), later), ["01-22", "01-23", "01-24", "2025-01", "2025-02"]);
    let sooner = stay("2025-01-20T10:00:00Z", "2025-01-23T07:00:00Z", 2);
    assert_eq!(touched_by(old, sooner), ["01-22", "01-23", "2025-01"]);
}

#[test]
fn an_open_stay_goes_on_as_the_clock_does() {
    let mut wards = wards();
    take(&mut wards, vec![stay("2025-02-19T10:00:00Z", "", 1)], Vec::new());
    let mut settle = |text: &str| names(&wards.settle(at(text)).unwrap());
    assert_eq!(settle(NOW), ["02-19", "02-20", "2025-02"]);
    assert_eq!(settle("2025-02-20T23:59:59Z"), [""; 0], "nothing is counted in between");
    assert_eq!(settle("2025-02-21T00:00:01Z"), ["02-20", "02-21", "2025-02"], "the day is over");
    assert_eq!(settle("2025-02-21T08:00:00Z"), ["02-21", "2025-02"], "08:00 has come");
    assert_eq!(settle("2025-02-23T09:00:00Z"), ["02-21", "02-22", "02-23", "2025-02"]);
    take(&mut wards, vec![stay("2025-02-19T10:00:00Z", "2025-02-23T15:00:00Z", 2)], Vec::new());
    let mut settle = |text: &str| names(&wards.settle(at(text)).unwrap());
    assert_eq!(settle("2025-02-23T10:00:00Z"), [""; 0], "told ahead");
    assert_eq!(settle("2025-02-23T15:00:00Z"), ["02-23", "2025-02"], "what was told ahead has come");
    assert_eq!(settle("2025-02-24T09:00:00Z"), ["02-23", "2025-02"]);
    assert_eq!(settle("2025-02-25T09:00:00Z"), [""; 0], "it is over");
}

#[test]
fn a_change_of_beds_touches_the_days_on_which_they_differ() {
    let mut wards = wards();
    take(&mut wards, Vec::new(), vec![beds(30, "2025-02-01T00:00:00Z", 1)]);
    wards.settle(at(NOW)).unwrap();
    take(&mut wards, Vec::new(), vec![beds(24, "2025-02-18T00:00:00Z", 1)]);
    assert_eq!(names(&wards.settle(at(NOW)).unwrap()), ["02-18", "02-19", "02-20", "2025-02"]);
    take(&mut wards, Vec::new(), vec![beds(31, "2025-02-01T00:00:00Z", 2), beds(30, "2025-02-03T00:00:00Z", 1)]);
    assert_eq!(names(&wards.settle(at(NOW)).unwrap()), ["02-01", "02-02", "2025-02"]);
    take(&mut wards, Vec::new(), vec![beds(9, "2025-03-01T00:00:00Z", 1)]);
    assert!(wards.settle(at(NOW)).unwrap().is_empty(), "beds that lie ahead");
}

/// Overlapping stays are one row from the first begin to the last end, also for a span that only the merged stay touches.
#[test]
fn merged_stays_are_one_row_of_the_view() {
    let mut wards = wards();
    let other = |name: &str, admitted: &str, discharged: &str| StayInput {
        stay: name.into(),
        person: Some("S1".into()),
        outcome: Some("escalated".into()),
        ..stay(admitted, discharged, 1)
    };
    let long = other("S2", "2025-02-04T10:00:00Z", "2025-02-09T10:00:00Z");
    let inside = other("S3", "2025-02-05T10:00:00Z", "2025-02-06T10:00:00Z");
    take(&mut wards, vec![stay("2025-02-01T10:00:00Z", "2025-02-05T10:00:00Z", 1), long, inside], Vec::new());
    wards.settle(at(NOW)).unwrap();
    let micros = |text: &str| at(text).timestamp_micros();
    let day = Span::new(micros("2025-02-08T00:00:00Z"), micros("2025-02-09T00:00:00Z"));
    let row = wards.stays(day, None, None).unwrap();
    assert_eq!(row.num_rows(), 1);
    let instant = |name: &str| row.column_by_name(name).unwrap().as_primitive::<TimestampMicrosecondType>().value(0);
    assert_eq!(instant("admitted_at"), micros("2025-02-01T10:00:00Z"));
    assert_eq!(instant("discharged_at"), micros("2025-02-09T10:00:00Z"));
    assert_eq!(row.column_by_name("outcome").unwrap().as_string::<i32>().value(0), "escalated");
    assert_eq!(row.column_by_name("merged_stays").unwrap().as_primitive::<Int64Type>().value(0), 3);
    assert_eq!(row.column_by_name("icb").unwrap().as_string::<i32>().value(0), "QJK");
    take(
        &mut wards,
        vec![StayInput { version: Some(2), voided: true, stay: "S2".into(), ..stay("", "", 2) }],
        Vec::new(),
    );
    wards.settle(at(NOW)).unwrap();
    assert_eq!(wards.stays(day, None, None).unwrap().num_rows(), 0);
    let whole = Span::new(micros("2025-02-01T00:00:00Z"), micros("2025-03-01T00:00:00Z"));
    assert_eq!(wards.stays(whole, None, None).unwrap().num_rows(), 2, "apart again");
    let providers = [Arc::from("RK9")].into();
    assert_eq!(wards.stays(whole, Some(&providers), None).unwrap().num_rows(), 0);
    assert!(wards.beds(whole, None, None).unwrap().column(0).is_empty());
}

/// Whether stays were merged is counted on the days of admission and discharge, however far away the overlap is.
#[test]
fn an_overlap_touches_the_admission_and_the_discharge_of_what_it_merges() {
    let mut wards = wards();
    take(&mut wards, vec![stay("2025-02-01T10:00:00Z", "2025-02-09T10:00:00Z", 1)], Vec::new());
    wards.settle(at(NOW)).unwrap();
    let inside = stay("2025-02-04T10:00:00Z", "2025-02-05T10:00:00Z", 1);
    take(&mut wards, vec![StayInput { stay: "S2".into(), person: Some("S1".into()), ..inside }], Vec::new());
    assert_eq!(names(&wards.settle(at(NOW)).unwrap()), ["02-01", "02-09", "2025-02"]);
}

/// A stay that leaves one merged stay for another is told once.
#[test]
fn a_stay_moves_from_one_merged_stay_to_another() {
    let mut wards = wards();
    let of = |name: &str, person: &str, version: i64| StayInput {
        stay: name.into(),
        person: Some(person.into()),
        ..stay("2025-02-01T10:00:00Z", "2025-02-05T10:00:00Z", version)
    };
    take(&mut wards, vec![of("S1", "P1", 1), of("S2", "P2", 1), of("S3", "P2", 1), of("S4", "P2", 1)], Vec::new());
    wards.settle(at(NOW)).unwrap();
    let all = Span::new(0, at(NOW).timestamp_micros());
    let merged = |wards: &Wards| {
        let rows = wards.stays(all, None, None).unwrap();
        let counts = rows.column_by_name("merged_stays").unwrap().as_primitive::<Int64Type>().clone();
        let mut counts: Vec<i64> = counts.values().to_vec();
        counts.sort_unstable();
        counts
    };
    assert_eq!(merged(&wards), [1, 3]);
    take(&mut wards, vec![of("S3", "P1", 2)], Vec::new());
    wards.settle(at(NOW)).unwrap();
    assert_eq!(merged(&wards), [2, 2]);
    take(&mut wards, vec![of("S2", "P1", 2)], Vec::new());
    wards.settle(at(NOW)).unwrap();
    assert_eq!(merged(&wards), [1, 3]);
}

/// A ward whose beds have ended is closed, and asks nobody to tell them again.
#[test]
fn when_stays_and_beds_were_last_told_is_known() {
    let mut wards = wards();
    let told_on = |beds: BedInput, time: &str| BedInput { time: Some(time.into()), ..beds };
    let first = told_on(beds(30, "2025-02-01T00:00:00Z", 1), "2025-01-31T10:00:00Z");
    let again = told_on(beds(30, "2025-02-01T00:00:00Z", 2), "2025-02-10T10:00:00Z");
    let closed = BedInput {
        ward: Some("W2".into()),
        to: "2025-02-05T00:00:00Z".into(),
        ..told_on(beds(8, "2025-01-01T00:00:00Z", 1), "2025-01-01T10:00:00Z")
    };
    take(&mut wards, vec![stay("2025-01-30T10:00:00Z", "", 1)], vec![first, again, closed]);
    assert_eq!(wards.stays_told().into_values().collect::<Vec<_>>(), [at("2025-02-01T00:00:00Z")]);
    let told = |text: &str| -> Vec<(String, DateTime<Utc>)> {
        wards.beds_told(at(text)).into_iter().map(|((_, ward), told_at)| (ward.to_string(), told_at)).collect()
    };
    assert_eq!(told(NOW), [("W1".to_owned(), at("2025-02-10T10:00:00Z"))]);
    assert_eq!(told("2025-02-04T00:00:00Z").len(), 2);
}
