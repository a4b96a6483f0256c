use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::*;

type Points = BTreeSet<Point>;

fn points(set: &Spans) -> Points {
    set.pieces().iter().flat_map(|piece| piece.from..piece.to).collect()
}

fn pieces() -> impl Strategy<Value = Vec<Span>> {
    let piece = (0_i64..60, -3_i64..12).prop_map(|(from, length)| Span::new(from, from + length));
    proptest::collection::vec(piece, 0..12)
}

proptest! {
    /// The same stays in any order, twice, or cut in two, are the same set.
    #[test]
    fn order_repetition_and_cutting_change_nothing(pieces in pieces(), cut in 0_i64..60) {
        let set: Spans = pieces.iter().copied().collect();
        let cut_in_two = |piece: &Span| {
            let at = cut.clamp(piece.from, piece.to.max(piece.from));
            [Span::new(piece.from, at), Span::new(at, piece.to)]
        };
        let told_otherwise: Spans = pieces.iter().rev().chain(&pieces).flat_map(cut_in_two).collect();
        prop_assert_eq!(&set, &told_otherwise);
        prop_assert!(set.pieces().windows(2).all(|two| two[0].to < two[1].from));
    }

    /// Every operation is that of the sets of points.
    #[test]
    fn operations_are_those_of_sets(one in pieces(), two in pieces(), from in 0_i64..60, length in 0_i64..40) {
        let (one, two): (Spans, Spans) = (one.into_iter().collect(), two.into_iter().collect());
        let (first, second) = (points(&one), points(&two));
        prop_assert_eq!(points(&one.union(&two)), first.union(&second).copied().collect::<Points>());
        prop_assert_eq!(points(&one.intersection(&two)), first.intersection(&second).copied().collect::<Points>());
        prop_assert_eq!(points(&one.minus(&two)), first.difference(&second).copied().collect::<Points>());
        let window = Span::new(from, from + length);
        prop_assert_eq!(points(&one.within(window)), first.range(from..from + length).copied().collect::<Points>());
        prop_assert_eq!(one.length(), i64::try_from(first.len()).expect("few points"));
        prop_assert!((-5..70).all(|point| one.covers(point) == first.contains(&point)));
    }

    /// Shares add up: every observed night is in one state, and adding a stay never raises the nights at home.
    #[test]
    fn precedence_gives_each_night_to_one_state(sets in proptest::collection::vec(pieces(), 1..5), more in pieces()) {
        let mut sets: Vec<Spans> = sets.into_iter().map(Spans::from_iter).collect();
        let window = Spans::from(Span::new(0, 70));
        sets.push(window.clone());
        let own = by_precedence(&sets);
        let total: i64 = own.iter().map(|set| set.within(Span::new(0, 70)).length()).sum();
        prop_assert_eq!(total, window.length());
        let home = own.last().expect("home").length();
        sets[0] = sets[0].union(&Spans::from_iter(more));
        prop_assert!(by_precedence(&sets).last().expect("home").length() <= home);
    }

    /// Stay-days are the integral of the count, and the count at a point is the number of stays that hold it.
    #[test]
    fn the_profile_counts_what_the_stays_hold(pieces in pieces(), from in -5_i64..40, length in 0_i64..60) {
        let profile: Profile = pieces.iter().copied().collect();
        let window = Span::new(from, from + length);
        let held = |point| pieces.iter().filter(|piece| piece.from <= point && point < piece.to).count();
        for point in -6..75 {
            prop_assert_eq!(profile.at(point), i64::try_from(held(point)).expect("few stays"));
        }
        let each: Vec<i64> = profile.at_each(-6..75).map(|step| step.count).collect();
        prop_assert_eq!(each, (-6..75).map(|point| profile.at(point)).collect::<Vec<_>>());
        let of_stays: i64 = pieces.iter().map(|piece| Spans::from(*piece).within(window).length()).sum();
        prop_assert_eq!(profile.integral(window), of_stays);
        prop_assert_eq!(profile.integral(window), (window.from..window.to).map(|point| profile.at(point)).sum::<i64>());
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn counted(admitted: &str, discharged: Option<&str>) -> i64 {
    let as_of = at("2024-06-01T09:00:00Z");
    nights(at(admitted), discharged.map(at), as_of, as_of, 30).span.length()
}

/// Cases B, C and D of `days-at-home.md` section 4, and the clock changes.
#[test]
fn nights_are_midnights_of_the_local_calendar() {
    assert_eq!(counted("2024-01-10T10:00:00Z", Some("2024-01-15T09:00:00Z")), 5);
    assert_eq!(counted("2024-01-10T08:00:00Z", Some("2024-01-10T17:00:00Z")), 0);
    assert_eq!(counted("2024-01-10T22:00:00Z", Some("2024-01-11T03:30:00Z")), 1);
    assert_eq!(
        counted("2024-01-10T22:00:00Z", Some("2024-01-12T00:00:00Z")),
        2,
        "a discharge at 00:00 keeps the night before"
    );
    assert_eq!(counted("2024-03-30T22:00:00Z", Some("2024-03-31T08:00:00Z")), 1, "the night of 23 hours");
    assert_eq!(counted("2024-04-30T22:30:00Z", Some("2024-04-30T23:30:00Z")), 1, "00:30 in London is the next day");
}

#[test]
fn case_e_of_transfers_and_overlaps_counts_each_night_once() {
    let as_of = at("2024-06-01T09:00:00Z");
    let stays = [
        ("2024-01-10T22:00:00Z", "2024-01-11T03:30:00Z"),
        ("2024-01-11T03:30:00Z", "2024-01-14T12:00:00Z"),
        ("2024-01-14T11:00:00Z", "2024-01-18T15:00:00Z"),
    ];
    let away: Spans =
        stays.map(|(from, to)| nights(at(from), Some(at(to)), as_of, as_of, 30).span).into_iter().collect();
    assert_eq!(away.length(), 8);
}

#[test]
fn an_open_stay_counts_up_to_today_and_expires_without_support() {
    let as_of = at("2024-06-01T09:00:00Z");
    let open = nights(at("2024-05-30T10:00:00Z"), None, at("2024-05-30T10:00:00Z"), as_of, 30);
    assert_eq!((open.span.length(), open.open, open.unsupported.is_empty()), (2, true, true));
    let stale = nights(at("2024-04-01T10:00:00Z"), None, at("2024-04-02T10:00:00Z"), as_of, 30);
    assert_eq!((stale.span.length(), stale.unsupported.length()), (31, 30));
    let future = nights(at("2024-07-01T10:00:00Z"), None, at("2024-05-30T10:00:00Z"), as_of, 30);
    assert_eq!((future.span.length(), future.unsupported.length()), (0, 0));
    let ends_later = nights(at("2024-05-30T10:00:00Z"), Some(at("2024-06-03T10:00:00Z")), as_of, as_of, 30);
    assert_eq!((ends_later.span.length(), ends_later.open), (2, true));
}
