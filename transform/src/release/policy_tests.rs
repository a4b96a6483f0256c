use std::collections::BTreeMap;

use chrono::{TimeZone, Utc};

use super::*;
use crate::definition::Catalogue;
use crate::figure::Status;

fn figure(by: &[(Dimension, &str)], numerator: i64, denominator: Option<i64>) -> Figure {
    Figure {
        indicator: "ucr-two-hour-response".into(),
        version: 1,
        basis: "published".into(),
        dimensions: by.iter().map(|(dimension, value)| (*dimension, (*value).to_owned())).collect(),
        period_start: Utc.with_ymd_and_hms(2025, 5, 31, 23, 0, 0).unwrap(),
        period_end: Utc.with_ymd_and_hms(2025, 6, 30, 23, 0, 0).unwrap(),
        numerator: Some(numerator),
        denominator,
        percentile: None,
        standardised: None,
        counts: BTreeMap::from([("open".to_owned(), 3)]),
        flags: BTreeMap::from([("negative_wait".to_owned(), 3), ("clock_change".to_owned(), 0)]),
        status: Status::Provisional,
        as_of: Utc.with_ymd_and_hms(2025, 7, 20, 9, 0, 0).unwrap(),
    }
}

fn release(policy: &str, by: &[(Dimension, &str)], numerator: i64, denominator: Option<i64>) -> ReleasedFigure {
    let catalogue = Catalogue::builtin().unwrap();
    let definition = catalogue.get("ucr-two-hour-response").unwrap();
    let policy = Policy::by_name(policy).unwrap();
    policy.release(vec![figure(by, numerator, denominator)], definition)[0].clone()
}

const PROVIDER: &[(Dimension, &str)] = &[(Dimension::Provider, "NR5"), (Dimension::Month, "2025-06")];
const ENGLAND: &[(Dimension, &str)] = &[(Dimension::Nation, "England"), (Dimension::Month, "2025-06")];

fn ratio_of(shown: Shown) -> f64 {
    match shown {
        Shown::Number(number) => number,
        other => panic!("expected a ratio, found {other}"),
    }
}

#[test]
fn golden_published_ratios_come_from_rounded_counts() {
    // ucr.md section 1, recomputed from ucr_published_2024_25.csv; 15 significant digits.
    for (met, stopped, published) in [
        (44_960, 52_655, 0.853_860_032_285_633),
        (46_780, 54_715, 0.854_975_783_605_958),
        (47_905, 56_515, 0.847_651_066_088_649),
        (49_090, 57_975, 0.846_744_286_330_315),
    ] {
        for (met, stopped) in [(met, stopped), (met + 2, stopped - 2), (met - 2, stopped + 2)] {
            let released = release("ucr-publication", ENGLAND, met, Some(stopped));
            assert_eq!(format!("{:.15}", ratio_of(released.value)), format!("{published:.15}"));
        }
    }
}

#[test]
fn rounded_is_never_compared_with_exact() {
    let exact = release("internal-live", PROVIDER, 46, Some(53));
    let rounded = release("ucr-publication", PROVIDER, 46, Some(53));
    assert_eq!((exact.numerator, exact.denominator), (Shown::Count(46), Shown::Count(53)));
    assert_eq!((rounded.numerator, rounded.denominator), (Shown::Count(45), Shown::Count(55)));
    assert!((ratio_of(exact.value) - 0.868).abs() < 5e-4);
    assert!((ratio_of(rounded.value) - 0.818).abs() < 5e-4);
}

#[test]
fn the_interval_speaks_of_the_numbers_shown() {
    let bounds = |figure: &ReleasedFigure| (ratio_of(figure.lower), ratio_of(figure.upper));
    let exact = release("internal-live", PROVIDER, 46, Some(53));
    let rounded = release("ucr-publication", PROVIDER, 46, Some(53));
    assert_eq!(bounds(&exact), wilson(46, 53, Z95).unwrap());
    assert_eq!(bounds(&rounded), wilson(45, 55, Z95).unwrap());
}

#[test]
fn hes_suppresses_below_national_level_and_a_rate_inherits_it() {
    let small_part = release("public-hes", PROVIDER, 7, Some(53));
    assert_eq!((small_part.numerator, small_part.denominator), (Shown::Suppressed, Shown::Count(55)));
    assert_eq!(
        (small_part.value, small_part.lower, small_part.upper),
        (Shown::Suppressed, Shown::Suppressed, Shown::Suppressed)
    );
    assert_eq!(small_part.flags, ["rounded", "suppressed"]);
    assert_eq!(small_part.counts["open"], Shown::Suppressed);

    let none_of_few = release("public-hes", PROVIDER, 0, Some(7));
    assert_eq!((none_of_few.numerator, none_of_few.denominator), (Shown::Count(0), Shown::Suppressed));
    assert_eq!(none_of_few.value, Shown::Suppressed, "a true zero does not free its rate");

    let eight = release("public-hes", PROVIDER, 8, Some(12));
    assert_eq!(
        (eight.numerator, eight.denominator, eight.value),
        (Shown::Count(10), Shown::Count(10), Shown::Number(1.0))
    );
}

#[test]
fn a_part_of_england_is_no_nation_whatever_it_is_called() {
    for policy in Policy::ALL {
        let part = Policy::by_name_over(policy.name, Coverage::PartOfEngland).expect("it has the same names");
        assert_eq!((part.name, part.label()), (policy.name, policy.label()));
        assert_eq!(part.national_is_exact, policy.name == "internal-live", "{}", policy.name);
    }
    let part = Policy::by_name_over("public-hes", Coverage::PartOfEngland).expect("it has the same names");
    assert_eq!(*part.release_count(3, true), Shown::Suppressed);
    assert_eq!(*Policy::by_name("public-hes").expect("it exists").release_count(3, true), Shown::Count(3));
}

#[test]
fn hes_is_unrestricted_for_england_alone() {
    let england = release("public-hes", ENGLAND, 3, Some(7));
    assert_eq!((england.numerator, england.denominator), (Shown::Count(3), Shown::Count(7)));
    assert!(england.flags.is_empty());
    let with_icb = [(Dimension::Nation, "England"), (Dimension::Icb, "QJK")];
    assert_eq!(release("public-hes", &with_icb, 3, Some(7)).numerator, Shown::Suppressed);
    let no_area = [(Dimension::Month, "2025-06")];
    assert_eq!(release("public-hes", &no_area, 3, Some(7)).numerator, Shown::Suppressed, "no area is not England");
}

#[test]
fn nothing_zero_and_suppressed_are_three_answers() {
    let nothing = release("internal-live", PROVIDER, 0, Some(0));
    assert_eq!((nothing.value, nothing.lower), (Shown::NoData, Shown::NoData));
    let zero = release("internal-live", PROVIDER, 0, Some(12));
    assert_eq!(zero.value, Shown::Number(0.0));
    let small = release("public-csds", PROVIDER, 2, Some(7));
    assert_eq!(
        (small.numerator, small.denominator, small.value),
        (Shown::Count(5), Shown::Count(5), Shown::Suppressed)
    );
}

#[test]
fn a_count_shows_its_count_and_no_denominator() {
    let count = release("ucr-publication", PROVIDER, 23, None);
    assert_eq!((count.value, count.denominator, count.lower), (Shown::Count(25), Shown::NoData, Shown::NoData));
}

#[test]
fn quality_flags_stay_inside() {
    assert_eq!(release("internal-live", PROVIDER, 46, Some(53)).flags_text(), "negative_wait:3");
    for public in ["ucr-publication", "public-hes", "public-csds"] {
        assert!(!release(public, PROVIDER, 46, Some(53)).flags_text().contains("negative_wait"), "{public}");
    }
}

#[test]
fn a_label_names_the_version_and_an_unknown_policy_releases_nothing() {
    assert_eq!(Policy::by_name("public-hes").unwrap().label(), "public-hes/1");
    assert!(Policy::by_name("public-hes/1").is_ok());
    let refused = Policy::by_name("none").unwrap_err().to_string();
    assert!(refused.contains("'none'"));
    assert!(Policy::ALL.iter().all(|policy| refused.contains(policy.name)), "the message lists every policy");
    assert!(Policy::by_name("public-hes/2").is_err(), "another version is another policy");
}

#[test]
fn the_row_has_the_columns_of_evaluate_in_order() {
    let json = serde_json::to_string(&release("ucr-publication", PROVIDER, 46, Some(53))).unwrap();
    let expected = r#"{"indicator":"ucr-two-hour-response","version":1,"basis":"published","provider":"NR5","month":"2025-06","period_start":"2025-06-01T00:00:00+01:00","period_end":"2025-07-01T00:00:00+01:00","numerator":45,"denominator":55,"value":0.8181818181818182,"#;
    assert!(json.starts_with(expected), "{json}");
    assert!(json.contains(
        r#""status":"provisional","flags":"rounded","release":"ucr-publication/1","as_of":"2025-07-20T09:00:00Z""#
    ));
}

#[test]
fn one_count_is_released_by_the_same_rule() {
    let hes = Policy::by_name("public-hes").unwrap();
    assert_eq!(*hes.release_count(3, false), Shown::Suppressed);
    assert_eq!(*hes.release_count(3, true), Shown::Count(3));
}

#[test]
fn a_percentile_is_shown_from_eight_records_on_and_its_number_of_records_with_it() {
    let catalogue = Catalogue::builtin().unwrap();
    let definition = catalogue.get("ucr-response-minutes-median").unwrap();
    let of = |policy: &str, by: &[(Dimension, &str)], records: i64| {
        let percentile = Percentile::stored(74.5).filter(|_| records > 0);
        let figure = Figure { numerator: None, percentile, ..figure(by, 0, Some(records)) };
        let released = Policy::by_name(policy).unwrap().release(vec![figure], definition)[0].clone();
        assert_eq!((released.numerator, released.lower, released.upper), (Shown::NoData, Shown::NoData, Shown::NoData));
        (released.denominator, released.value)
    };
    let (hidden, shown) = (Shown::Suppressed, Shown::Number(74.5));
    assert_eq!(of("internal-live", PROVIDER, 1), (Shown::Count(1), shown));
    for public in ["ucr-publication", "public-hes", "public-csds"] {
        assert_eq!(of(public, PROVIDER, 7), (hidden, hidden), "{public}");
        assert_eq!(of(public, PROVIDER, 8), (Shown::Count(10), shown), "{public}");
        assert_eq!(of(public, PROVIDER, 0), (Shown::Count(0), Shown::NoData), "{public}: none is no small number");
    }
    assert_eq!(of("public-hes", ENGLAND, 3), (Shown::Count(3), shown), "national figures are exact under this rule");
    assert_eq!(of("ucr-publication", ENGLAND, 3), (hidden, hidden));
}

#[test]
fn a_side_of_a_revision_is_released_as_its_figure_is() {
    let policy = Policy::by_name("public-csds").unwrap();
    let stated = |records| Stated { numerator: 0, denominator: Some(records), percentile: Percentile::stored(74.0) };
    let few = policy.release_stated(stated(7), Kind::Quantile);
    assert_eq!((few.denominator, few.value), (Shown::Suppressed, Shown::Suppressed));
    let enough = policy.release_stated(stated(12), Kind::Quantile);
    assert_eq!(
        (enough.numerator, enough.denominator, enough.value),
        (Shown::NoData, Shown::Count(10), Shown::Number(74.0))
    );
    let rate = policy.release_stated((46, Some(53)).into(), Kind::Proportion);
    assert_eq!((rate.numerator, rate.denominator), (Shown::Count(45), Shown::Count(55)));
}
