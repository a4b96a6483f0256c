use super::*;
use crate::statistics::Z95;

/// Bands of 65 to 74, 75 to 84, 85 and over: the handbook's example, with the squares given.
fn handbook(squared: [i64; 3]) -> [Band; 3] {
    let rows = [(10_500, 40, 20_000), (6_500, 60, 12_000), (2_500, 50, 4_000)];
    let mut bands = [Band::default(); 3];
    for (band, ((weight, events, people), squared)) in bands.iter_mut().zip(rows.into_iter().zip(squared)) {
        *band = Band { weight, events, squared, people };
    }
    bands
}

fn assert_rate(bands: &[Band], value: f64, lower: f64, upper: f64) {
    let rate = standardised(bands, 100_000, Z95).unwrap();
    for (found, expected) in [(rate.value, value), (rate.lower, lower), (rate.upper, upper)] {
        assert!((found - expected).abs() < 5e-4, "{rate:?}, expected {value}, {lower} to {upper}");
    }
}

#[test]
fn limits_of_counts_are_the_handbooks() {
    for (count, lower, upper) in [(65.0, 50.163_188, 82.849_139), (1_045.0, 982.593_202, 1_110.331_213)] {
        let (low, high) = byar(count, Z95);
        assert!((low - lower).abs() < 1e-6 && (high - upper).abs() < 1e-6, "{count}: {low} to {high}");
    }
}

/// Ten people of four nights, sixty of one and twenty-five of two: the rate of 150 people of one night, with a wider
/// interval. By hand: the variance is (0.525² x 160 + 0.541667² x 60 + 0.625² x 100) / 19,500² = 2.650e-7.
///
/// `PHEindicatormethods` prints 9,532.95 to 11,373.07 for its `testdata_nonind_big` (rate 10,430.25), and these formulas give
/// it; its files are under another licence and are not copied.
#[test]
fn nights_of_one_person_widen_the_interval_and_leave_the_rate() {
    assert_rate(&handbook([40, 60, 50]), 434.615, 367.650, 510.219);
    assert_rate(&handbook([160, 60, 100]), 434.615, 337.752, 543.974);
}

#[test]
fn few_events_or_a_band_without_people_give_no_rate() {
    let few = handbook([3, 3, 3]).map(|band| Band { events: 3, ..band });
    assert_eq!(standardised(&few, 100_000, Z95), None, "9 events");
    let mut ten = few;
    ten[0].events = 4;
    assert!(standardised(&ten, 100_000, Z95).is_some());
    ten[2].people = 0;
    assert_eq!(standardised(&ten, 100_000, Z95), None);
    assert_eq!(standardised(&[], 100_000, Z95), None);
}

#[test]
fn one_band_is_the_crude_rate_and_the_weights_are_shares() {
    let band = Band { weight: 7_000, events: 65, squared: 65, people: 1_000 };
    let rate = standardised(&[band], 1_000, Z95).unwrap();
    let (lower, upper) = byar(65.0, Z95);
    assert!((rate.value - 65.0).abs() < 1e-9 && (rate.lower - lower).abs() < 1e-9 && (rate.upper - upper).abs() < 1e-9);
    let tenfold = handbook([160, 60, 100]).map(|band| Band { weight: 10 * band.weight, ..band });
    assert_rate(&tenfold, 434.615, 337.752, 543.974);
}

#[test]
fn one_person_of_all_nights_has_no_bound_below_nothing() {
    let band = Band { weight: 1_000, events: 30, squared: 900, people: 500 };
    let rate = standardised(&[band], 1_000, Z95).unwrap();
    assert!((rate.lower, rate.value) == (0.0, 60.0) && rate.upper > 150.0, "{rate:?}");
}
