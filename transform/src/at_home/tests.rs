//! What a change touches, to the day and to the index day, and no more.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Date32Type, Int64Type};
use chrono::{DateTime, NaiveDate, Utc};
use homeward_contract::geography::Geography;

use super::AtHome;
use crate::book::Acceptance;
use crate::book::change::Subject;
use crate::book::dirty::{CalendarPeriod, DirtyCells};
use crate::definition::Case;
use crate::definition::case::{DeathInput, RegistrationInput, SpellInput};
use crate::proof::facts;

const NOW: &str = "2025-03-10T09:00:00Z";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn spell(admitted: &str, discharged: &str, version: i64) -> SpellInput {
    SpellInput {
        spell: "X1".into(),
        admitted: admitted.into(),
        discharged: discharged.into(),
        time: Some("2025-02-01T00:00:00Z".into()),
        version: Some(version),
        ..SpellInput::default()
    }
}

fn died(day: &str, version: i64) -> DeathInput {
    DeathInput { died: day.into(), version: Some(version), ..DeathInput::default() }
}

fn take(at_home: &mut AtHome, spells: Vec<SpellInput>, deaths: Vec<DeathInput>, registrations: Vec<RegistrationInput>) {
    let case = Case { id: "dirty".into(), as_of: at(NOW), spells, deaths, registrations, ..Case::default() };
    for (table, batch) in facts("none", &case).unwrap() {
        at_home.apply(table, &batch).unwrap();
    }
}

/// One person on a list since the year began, settled.
fn listed() -> AtHome {
    let mut at_home = AtHome::new(Arc::new(Geography::devon()));
    let own = RegistrationInput { from: Some("2025-01-01".into()), ..RegistrationInput::default() };
    take(&mut at_home, Vec::new(), Vec::new(), vec![own]);
    at_home.settle(at(NOW)).unwrap();
    at_home
}

/// `2025-02` for a month, `02-03` for a day of 2025.
fn names(dirty: &DirtyCells, subject: Subject) -> Vec<String> {
    let own = dirty.periods().filter(|(.., causes)| causes.keys().any(|reason| reason.subject == subject));
    let named = own.map(|(_, period, _)| match period {
        CalendarPeriod::Day(day) => day.format("%m-%d").to_string(),
        CalendarPeriod::Month(first) => first.format("%Y-%m").to_string(),
    });
    named.collect()
}

fn nights(dirty: &DirtyCells) -> Vec<String> {
    names(dirty, Subject::PersonNight)
}

#[test]
fn a_corrected_discharge_touches_the_nights_between_and_its_cohorts() {
    let mut at_home = listed();
    take(&mut at_home, vec![spell("2025-01-05T10:00:00Z", "2025-01-08T10:00:00Z", 1)], Vec::new(), Vec::new());
    let dirty = at_home.settle(at(NOW)).unwrap();
    assert_eq!(nights(&dirty), ["01-05", "01-06", "01-07", "2025-01"]);
    assert_eq!(names(&dirty, Subject::CohortMember), ["01-08", "2025-01"]);
    take(&mut at_home, vec![spell("2025-01-05T10:00:00Z", "2025-01-10T10:00:00Z", 2)], Vec::new(), Vec::new());
    let dirty = at_home.settle(at(NOW)).unwrap();
    assert_eq!(nights(&dirty), ["01-08", "01-09", "2025-01"]);
    assert_eq!(names(&dirty, Subject::CohortMember), ["01-08", "01-10", "2025-01"]);
    take(&mut at_home, vec![spell("2025-01-05T12:00:00Z", "2025-01-10T23:00:00Z", 3)], Vec::new(), Vec::new());
    assert!(at_home.settle(at(NOW)).unwrap().is_empty(), "other hours, the same nights");
}

/// A window that is not over counts nothing yet: only the 30 nights from 8 January are.
#[test]
fn a_later_stay_touches_the_windows_that_hold_its_nights() {
    let mut at_home = listed();
    take(&mut at_home, vec![spell("2025-01-05T10:00:00Z", "2025-01-08T10:00:00Z", 1)], Vec::new(), Vec::new());
    at_home.settle(at(NOW)).unwrap();
    let second = |admitted: &str, discharged: &str| SpellInput { spell: "X2".into(), ..spell(admitted, discharged, 1) };
    take(&mut at_home, vec![second("2025-02-20T10:00:00Z", "2025-02-22T10:00:00Z")], Vec::new(), Vec::new());
    let dirty = at_home.settle(at(NOW)).unwrap();
    assert_eq!(nights(&dirty), ["02-20", "02-21", "2025-02"]);
    assert!(names(&dirty, Subject::CohortMember).is_empty(), "after the 30 nights, and its own are not over");
    let third = SpellInput { spell: "X3".into(), ..spell("2025-02-05T10:00:00Z", "2025-02-07T10:00:00Z", 1) };
    take(&mut at_home, vec![third], Vec::new(), Vec::new());
    let dirty = at_home.settle(at(NOW)).unwrap();
    assert_eq!(names(&dirty, Subject::CohortMember), ["01-08", "02-07", "2025-01", "2025-02"]);
}

#[test]
fn a_late_death_takes_back_the_nights_since() {
    let mut at_home = listed();
    take(&mut at_home, Vec::new(), vec![died("2025-03-07", 1)], Vec::new());
    assert_eq!(nights(&at_home.settle(at(NOW)).unwrap()), ["03-07", "03-08", "03-09", "2025-03"]);
    take(&mut at_home, Vec::new(), vec![died("2025-03-08", 2)], Vec::new());
    assert_eq!(nights(&at_home.settle(at(NOW)).unwrap()), ["03-07", "2025-03"]);
    let undone = DeathInput { revoked: true, ..died("2025-03-08", 3) };
    take(&mut at_home, Vec::new(), vec![undone], Vec::new());
    assert_eq!(nights(&at_home.settle(at(NOW)).unwrap()), ["03-08", "03-09", "2025-03"]);
}

#[test]
fn a_cancelled_admission_and_another_person_move_nights() {
    let mut at_home = listed();
    take(&mut at_home, vec![spell("2025-03-01T10:00:00Z", "2025-03-03T10:00:00Z", 1)], Vec::new(), Vec::new());
    at_home.settle(at(NOW)).unwrap();
    let other = RegistrationInput {
        person: Some("P2".into()),
        practice: Some("L83998".into()),
        from: Some("2025-03-02".into()),
        ..RegistrationInput::default()
    };
    take(&mut at_home, Vec::new(), Vec::new(), vec![other]);
    at_home.settle(at(NOW)).unwrap();
    let moved = SpellInput { person: Some("P2".into()), ..spell("2025-03-01T10:00:00Z", "2025-03-03T10:00:00Z", 2) };
    take(&mut at_home, vec![moved], Vec::new(), Vec::new());
    let dirty = at_home.settle(at(NOW)).unwrap();
    assert_eq!(nights(&dirty), ["03-02", "2025-03", "03-01", "03-02", "2025-03"], "on the one list, and on the other");
    let cancelled = SpellInput { cancelled: true, ..spell("", "", 3) };
    take(&mut at_home, vec![cancelled], Vec::new(), Vec::new());
    assert_eq!(nights(&at_home.settle(at(NOW)).unwrap()), ["03-02", "2025-03"]);
}

/// Midnight is the one hour at which time alone changes anything; a window of 30 nights is over with its last night.
#[test]
fn time_passing_touches_the_nights_that_are_over() {
    let mut at_home = listed();
    take(&mut at_home, vec![spell("2025-02-07T10:00:00Z", "2025-02-10T10:00:00Z", 1)], Vec::new(), Vec::new());
    at_home.settle(at(NOW)).unwrap();
    assert!(at_home.settle(at("2025-03-10T23:59:59Z")).unwrap().is_empty());
    let dirty = at_home.settle(at("2025-03-12T00:00:00Z")).unwrap();
    assert_eq!(nights(&dirty), ["03-10", "03-11", "2025-03"]);
    assert_eq!(names(&dirty, Subject::CohortMember), ["02-10", "2025-02"]);
}

#[test]
fn ten_years_of_a_list_are_as_many_cells_as_days_and_months() {
    let mut at_home = AtHome::new(Arc::new(Geography::devon()));
    take(
        &mut at_home,
        Vec::new(),
        Vec::new(),
        vec![RegistrationInput { from: Some("1950-01-01".into()), ..RegistrationInput::default() }],
    );
    let dirty = at_home.settle(at(NOW)).unwrap();
    let first: NaiveDate = "2017-10-01".parse().unwrap();
    let days = usize::try_from((at(NOW).date_naive() - first).num_days()).unwrap();
    assert_eq!(nights(&dirty).len(), days + 90, "since October 2017, and 90 months");
    let rows = at_home.nights(("2025-03-01".parse().unwrap(), "2025-04-01".parse().unwrap()), None, None).unwrap();
    assert_eq!(rows.num_rows(), 1);
    let until = rows.column_by_name("until_day").unwrap().as_primitive::<Date32Type>().value_as_date(0);
    assert_eq!(until, Some("2025-03-10".parse().unwrap()), "nights that are over");
}

/// What a hospital would have told of nights before its feed began is not known, so nobody is followed from one of them.
#[test]
fn nights_before_the_feeds_began_are_not_observed_and_nobody_is_followed_from_them() {
    let mut at_home = AtHome::new(Arc::new(Geography::devon())).since(NaiveDate::from_ymd_opt(2025, 2, 1));
    let own = RegistrationInput { from: Some("2025-01-01".into()), ..RegistrationInput::default() };
    let second = SpellInput { spell: "X2".into(), ..spell("2025-01-30T10:00:00Z", "2025-02-03T10:00:00Z", 1) };
    take(&mut at_home, vec![spell("2025-01-05T10:00:00Z", "2025-01-08T10:00:00Z", 1), second], Vec::new(), vec![own]);
    at_home.settle(at(NOW)).unwrap();
    let window = ("2025-01-01".parse().unwrap(), "2025-03-01".parse().unwrap());
    let rows = at_home.nights(window, None, None).unwrap();
    let text = |row: usize, column: &str| {
        let column = rows.column_by_name(column).unwrap().as_string::<i32>();
        if column.is_null(row) { "" } else { column.value(row) }
    };
    let day = |row: usize, column: &str| {
        rows.column_by_name(column).unwrap().as_primitive::<Date32Type>().value_as_date(row).unwrap().to_string()
    };
    let told: Vec<[String; 4]> = (0..rows.num_rows())
        .map(|row| [text(row, "state").into(), text(row, "reason").into(), day(row, "from_day"), day(row, "until_day")])
        .collect();
    assert_eq!(
        told,
        [
            ["not_observed", "not_covered", "2025-01-01", "2025-02-01"],
            ["away_hospital", "", "2025-02-01", "2025-02-03"],
            ["home", "", "2025-02-03", "2025-03-01"],
        ]
    );
    let [members, _] = at_home.members(window, None).unwrap();
    let indices = members.column_by_name("index_day").unwrap().as_primitive::<Date32Type>();
    assert_eq!((members.num_rows(), indices.value_as_date(0)), (1, NaiveDate::from_ymd_opt(2025, 2, 3)));
}

#[test]
fn an_accepted_referral_touches_its_index_day_alone() {
    let accepted = |day: Option<&str>| {
        let person_on = day.map(|day| (Arc::from(format!("{:A<43}", "P1")), day.parse().unwrap()));
        vec![Acceptance { referral: 700_000, person_on }]
    };
    let mut at_home = listed();
    let mut told = |day: Option<&str>| {
        at_home.follow(accepted(day));
        let dirty = at_home.settle(at(NOW)).unwrap();
        assert!(nights(&dirty).is_empty(), "nobody's night is another");
        names(&dirty, Subject::CohortMember)
    };
    assert!(told(None).is_empty());
    assert_eq!(told(Some("2025-01-08")), ["01-08", "2025-01"]);
    assert!(told(Some("2025-01-08")).is_empty(), "told again");
    assert_eq!(told(Some("2025-02-01")), ["01-08", "02-01", "2025-01", "2025-02"]);
    assert_eq!(told(None), ["02-01", "2025-02"]);
    assert!(told(Some("2025-03-01")).is_empty(), "no window is over");
}

/// The first stay that tells an age does not touch the nights at home before it.
#[test]
fn another_age_touches_nights_away_alone() {
    let mut at_home = listed();
    let aged = |spell_id: &str, admitted: &str, discharged: &str, age_years: i64| SpellInput {
        spell: spell_id.into(),
        age_years: Some(age_years),
        ..spell(admitted, discharged, 1)
    };
    take(&mut at_home, vec![aged("X1", "2025-01-05T10:00:00Z", "2025-01-07T10:00:00Z", 79)], Vec::new(), Vec::new());
    assert_eq!(nights(&at_home.settle(at(NOW)).unwrap()), ["01-05", "01-06", "2025-01"]);
    take(&mut at_home, vec![aged("X2", "2025-02-05T10:00:00Z", "2025-02-06T10:00:00Z", 79)], Vec::new(), Vec::new());
    assert_eq!(nights(&at_home.settle(at(NOW)).unwrap()), ["02-05", "2025-02"]);
    take(&mut at_home, vec![aged("X3", "2025-02-20T10:00:00Z", "2025-02-21T10:00:00Z", 80)], Vec::new(), Vec::new());
    let dirty = nights(&at_home.settle(at(NOW)).unwrap());
    assert_eq!(
        dirty,
        ["01-05", "01-06", "02-05", "02-20", "2025-01", "2025-02"],
        "born a year earlier than was thought"
    );
}

/// A registration tells the age of every night, and says it before any stay does.
#[test]
fn an_age_that_a_registration_tells_is_of_every_night() {
    let mut at_home = listed();
    let aged = |age_years: i64, version: i64| RegistrationInput {
        from: Some("2025-01-01".into()),
        age_years: Some(age_years),
        version: Some(version),
        ..RegistrationInput::default()
    };
    take(&mut at_home, Vec::new(), Vec::new(), vec![aged(64, 2)]);
    let dirty = nights(&at_home.settle(at(NOW)).unwrap());
    assert_eq!((dirty.len(), dirty.last().map(String::as_str)), (68 + 3, Some("2025-03")), "every night, and month");
    let spell = SpellInput { age_years: Some(90), ..spell("2025-01-05T10:00:00Z", "2025-01-07T10:00:00Z", 1) };
    take(&mut at_home, vec![spell], Vec::new(), Vec::new());
    assert_eq!(nights(&at_home.settle(at(NOW)).unwrap()), ["01-05", "01-06", "2025-01"], "nobody is of another age");
    take(&mut at_home, Vec::new(), Vec::new(), vec![aged(64, 3)]);
    assert!(at_home.settle(at(NOW)).unwrap().is_empty(), "told again");
    let window = ("2025-01-01".parse().unwrap(), "2025-02-01".parse().unwrap());
    let rows = at_home.nights(window, None, None).unwrap();
    for column in super::view::AGES {
        let ages = rows.column_by_name(column).unwrap().as_primitive::<Int64Type>();
        assert_eq!(ages.iter().collect::<Vec<_>>(), [Some(64); 3], "{column}");
    }
}

/// Of somebody whom stays alone tell an age of, nights at home have none, and figures of both leave nights away out too.
#[test]
fn an_age_that_stays_tell_is_of_nights_away_and_rows_end_with_the_year() {
    let mut at_home = AtHome::new(Arc::new(Geography::devon()));
    let own = RegistrationInput { from: Some("2024-12-01".into()), ..RegistrationInput::default() };
    let spell = SpellInput { age_years: Some(64), ..spell("2024-12-30T10:00:00Z", "2025-01-03T10:00:00Z", 1) };
    take(&mut at_home, vec![spell], Vec::new(), vec![own]);
    at_home.settle(at(NOW)).unwrap();
    let window = ("2024-12-01".parse().unwrap(), "2025-02-01".parse().unwrap());
    let rows = at_home.nights(window, None, None).unwrap();
    let days = rows.column_by_name("from_day").unwrap().as_primitive::<Date32Type>();
    let [ages, listed] =
        super::view::AGES.map(|column| rows.column_by_name(column).unwrap().as_primitive::<Int64Type>());
    let told: Vec<_> = (0..rows.num_rows())
        .map(|row| (days.value_as_date(row).unwrap().to_string(), ages.is_valid(row).then(|| ages.value(row))))
        .collect();
    let expected = [("2024-12-01", None), ("2024-12-30", Some(64)), ("2025-01-01", Some(65)), ("2025-01-03", None)];
    assert_eq!(told, expected.map(|(day, age)| (day.to_owned(), age)));
    assert_eq!(listed.null_count(), rows.num_rows());
}

/// People at home all along are one row a year of birth where an age is read, and one row where none is.
#[test]
fn people_are_told_apart_by_age_where_it_is_read() {
    let mut at_home = AtHome::new(Arc::new(Geography::devon()));
    let own = |person: &str, age_years: Option<i64>| RegistrationInput {
        person: Some(person.into()),
        from: Some("2025-01-01".into()),
        age_years,
        ..RegistrationInput::default()
    };
    let people = vec![own("P1", Some(70)), own("P2", Some(70)), own("P3", Some(17)), own("P4", None)];
    take(&mut at_home, Vec::new(), Vec::new(), people);
    at_home.settle(at(NOW)).unwrap();
    let window = ("2025-01-01".parse().unwrap(), "2025-02-01".parse().unwrap());
    let told = |columns: &[&str]| {
        let read = columns.iter().map(|column| (*column).to_owned()).collect();
        let rows = at_home.nights(window, None, Some(&read)).unwrap();
        let number = |column: &str| rows.column_by_name(column).unwrap().as_primitive::<Int64Type>().clone();
        let ages = number("registered_age_years");
        ages.iter().zip(number("people").values()).map(|(age, people)| (age, *people)).collect::<Vec<_>>()
    };
    assert_eq!(told(&["people", "care_home"]), [(None, 4)]);
    for column in super::view::AGES {
        assert_eq!(told(&["people", column]), [(None, 1), (Some(70), 2), (Some(17), 1)], "{column}");
    }
}
