use proptest::prelude::*;

use super::*;
use crate::statistics::Z95;

fn sums(people: &[(i64, i64)]) -> PeopleSums {
    let sum = |of: fn(i64, i64) -> i64| people.iter().map(|(x, y)| of(*x, *y)).sum();
    PeopleSums {
        people: i64::try_from(people.len()).unwrap(),
        x: sum(|x, _| x),
        y: sum(|_, y| y),
        xx: sum(|x, _| x * x),
        xy: sum(|x, y| x * y),
        yy: sum(|_, y| y * y),
    }
}

/// The standard error straight from the people.
fn error(people: &[(i64, i64)]) -> f64 {
    let floats = || people.iter().map(|(x, y)| (float(i128::from(*x)), float(i128::from(*y))));
    let (x, y) = floats().fold((0.0, 0.0), |(one, two), (x, y)| (one + x, two + y));
    let squares: f64 = floats().map(|(own_x, own_y)| (own_x - x / y * own_y).powi(2)).sum();
    let count = floats().count() as f64;
    (count / (count - 1.0) * squares).sqrt() / y
}

/// Nights at home of nights observed, of some people.
fn nights() -> impl Strategy<Value = Vec<(i64, i64)>> {
    prop::collection::vec((1_i64..=31).prop_flat_map(|observed| (0..=observed, Just(observed))), 2..60)
}

proptest! {
    #[test]
    fn sums_give_what_the_people_give(people in nights(), times in 1_i64..400) {
        let people: Vec<_> = people.into_iter().map(|(x, y)| (x * times, y)).collect();
        let own = sums(&people);
        let (lower, upper) = own.interval(Z95).unwrap();
        let ratio = own.x as f64 / own.y as f64;
        let half = Z95 * error(&people);
        prop_assert!((upper - ratio - half).abs() < 1e-9 * (1.0 + ratio), "{upper} of {ratio} and {half}");
        prop_assert!((lower - (ratio - half).max(0.0)).abs() < 1e-9 * (1.0 + ratio));
    }

    #[test]
    fn everybody_alike_leaves_no_doubt(nights in 1_i64..31, observed in 31_i64..40, count in 2_usize..50) {
        let (lower, upper) = sums(&vec![(nights, observed); count]).interval(Z95).unwrap();
        prop_assert_eq!(lower, upper);
    }
}

/// People drawn again and again, by a generator of fixed seed: the spread of their ratios is the standard error.
#[test]
fn a_bootstrap_of_people_agrees() {
    let mut state = 20_250_612_u64;
    let mut draw = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % bound
    };
    // Most are at home throughout, some are away for long: nights within a person go together.
    let people: Vec<(i64, i64)> = (0..400)
        .map(|_| {
            let observed = 20 + i64::try_from(draw(12)).unwrap();
            let away = if draw(10) == 0 { i64::try_from(draw(20)).unwrap() } else { 0 };
            (observed - away, observed)
        })
        .collect();
    let ratios: Vec<f64> = (0..2000)
        .map(|_| {
            let drawn = (0..people.len()).map(|_| people[draw(people.len())]);
            let (x, y) = drawn.fold((0, 0), |(one, two), (x, y)| (one + x, two + y));
            x as f64 / y as f64
        })
        .collect();
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    let spread = (ratios.iter().map(|ratio| (ratio - mean).powi(2)).sum::<f64>() / ratios.len() as f64).sqrt();
    let (lower, upper) = sums(&people).interval(Z95).unwrap();
    let half = (upper - lower) / 2.0;
    assert!((half / Z95 / spread - 1.0).abs() < 0.1, "{} against {spread}", half / Z95);
    // A binomial on nights would claim to know three times as much.
    let own = sums(&people);
    let rate = own.x as f64 / own.y as f64;
    let binomial = Z95 * (rate * (1.0 - rate) / own.y as f64).sqrt();
    assert!(half > 2.0 * binomial, "{half} against {binomial}");
}

#[test]
fn one_person_tells_nothing_of_the_spread() {
    assert_eq!(sums(&[(3, 30)]).interval(Z95), None);
    assert_eq!(sums(&[(0, 0), (0, 0)]).interval(Z95), None);
    assert_eq!(PeopleSums::default().interval(Z95), None);
}

/// Areas that share nobody are added up.
#[test]
fn sums_of_areas_add_up() {
    let (one, two) = ([(20, 30), (30, 30)], [(28, 28), (1, 31), (17, 30)]);
    let (a, b) = (sums(&one), sums(&two));
    let added = PeopleSums {
        people: a.people + b.people,
        x: a.x + b.x,
        y: a.y + b.y,
        xx: a.xx + b.xx,
        xy: a.xy + b.xy,
        yy: a.yy + b.yy,
    };
    assert_eq!(added, sums(&[&one[..], &two[..]].concat()));
}
