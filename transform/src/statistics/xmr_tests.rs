use super::*;

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 5e-4, "found {found}, expected {expected}");
}

fn labels(values: &[f64]) -> Vec<Label> {
    let values: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
    Xmr::of(&values).unwrap().labels.into_iter().flatten().collect()
}

#[test]
fn the_worked_limits_come_out() {
    let chart = Xmr::of(&[3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0].map(Some)).unwrap();
    for (found, expected) in [
        (chart.mean, 3.571_428_6),
        (chart.moving_range, 3.833_333_3),
        (chart.lower, -6.625_238_1),
        (chart.upper, 13.768_095_2),
        (chart.near_lower, -3.226_349_2),
        (chart.near_upper, 10.369_206_3),
    ] {
        assert!((found - expected).abs() < 1e-7, "found {found}, expected {expected}");
    }
    assert!(chart.is_trial() && chart.labels.iter().all(|label| *label == Some(Label::CommonCause)));
}

/// Devon's published virtual ward occupancy, July 2023 to February 2024: people and beds.
#[test]
fn the_published_occupancy_of_devon_fails_its_target_consistently() {
    let published = [(98.0, 126.0), (77.0, 129.0), (67.0, 150.0), (101.0, 202.0), (107.0, 225.0), (105.0, 208.0)];
    let later = [(96.0, 216.0), (114.0, 216.0)];
    let values: Vec<Option<f64>> =
        published.iter().chain(&later).map(|(people, beds)| Some(100.0 * people / beds)).collect();
    let chart = Xmr::of(&values).unwrap();
    near(chart.mean, 53.424);
    near(chart.moving_range, 8.312);
    near(chart.lower, 31.314);
    near(chart.upper, 75.534);
    assert_eq!(chart.labels[0].map(Label::words), Some("Above UCL"));
    assert!(chart.is_trial(), "eight points are trial limits");
    assert_eq!(chart.assurance(80.0, Direction::Up), Some(Assurance::ConsistentFail));
    assert_eq!(chart.assurance(chart.upper, Direction::Up), Some(Assurance::Inconsistent), "equality included");
    assert_eq!(chart.assurance(30.0, Direction::Up), Some(Assurance::ConsistentPass));
    assert_eq!(chart.assurance(80.0, Direction::Down), Some(Assurance::ConsistentPass));
    assert_eq!(chart.assurance(30.0, Direction::Down), Some(Assurance::ConsistentFail));
    assert_eq!(chart.assurance(80.0, Direction::Context), None);
}

#[test]
fn two_of_three_needs_one_side_and_marks_the_close_points_alone() {
    let close = [false, false, true, false, true, false, false];
    let above = two_of_three(&[1; 7], &close);
    assert_eq!(above, close.to_vec(), "points 3 and 5");
    let alternating = two_of_three(&[1, -1, 1, -1, 1, -1, 1], &close);
    assert!(alternating.iter().all(|marked| !marked));
    let overhanging = two_of_three(&[1, 1], &[true, true]);
    assert!(overhanging.iter().all(|marked| !marked), "a window over the end does not count");
}

#[test]
fn a_shift_is_seven_on_one_side_and_the_mean_breaks_it() {
    assert_eq!(shift(&[1; 7]), vec![true; 7]);
    assert_eq!(shift(&[1; 6]), vec![false; 6]);
    assert!(shift(&[1, 1, 1, 1, 0, 1, 1, 1, 1]).iter().all(|marked| !marked));
    let later = shift(&[-1, 1, 1, 1, 1, 1, 1, 1]);
    assert!(!later[0] && later[1..].iter().all(|marked| *marked));
}

#[test]
fn a_trend_is_six_strict_steps_and_a_tie_breaks_it() {
    assert_eq!(trend(&[1; 6]), vec![1; 7]);
    assert_eq!(trend(&[1; 5]), vec![0; 6]);
    assert_eq!(trend(&[1, 1, 1, 0, 1, 1, 1]), vec![0; 8]);
    // Up six, down six: the peak belongs to both, and the step to the next point decides.
    let peak: Vec<i8> = [[1; 6], [-1; 6]].concat();
    let marked = trend(&peak);
    assert_eq!((marked[5], marked[6], marked[7], marked[12]), (1, -1, -1, -1));
}

#[test]
fn a_rising_run_below_the_mean_is_an_improvement_when_up_is_better() {
    let values = [10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 60.0, 61.0, 60.0, 61.0, 60.0, 61.0, 60.0];
    let found = labels(&values);
    let low = found[3];
    assert!(matches!(low, Label::TrendUp | Label::BelowLimit), "{low:?}");
    assert_eq!(Label::TrendUp.variation(Direction::Up), Variation::Improvement);
    assert_eq!(Label::TrendUp.variation(Direction::Down), Variation::Concern);
    assert_eq!(Label::ShiftBelow.variation(Direction::Up), Variation::Concern);
    assert_eq!(Label::TwoOfThreeBelow.variation(Direction::Down), Variation::Improvement);
    assert_eq!(Label::AboveLimit.variation(Direction::Context), Variation::NeutralHigh);
    assert_eq!(Label::ShiftBelow.variation(Direction::Context), Variation::NeutralLow);
}

#[test]
fn the_first_rule_that_holds_names_the_point() {
    // Steady about 50 with one far outlier: outside wins although it also ends no run.
    let found = labels(&[50.0, 51.0, 49.0, 50.0, 51.0, 49.0, 50.0, 51.0, 49.0, 90.0, 50.0, 51.0]);
    assert_eq!(found[9], Label::AboveLimit);
    // Seven on one side, not rising: shift.
    let found = labels(&[49.0, 53.0, 49.0, 53.0, 49.0, 53.0, 49.0, 47.0, 43.0, 47.0, 43.0, 47.0, 43.0, 47.0]);
    assert_eq!(found[1], Label::ShiftAbove);
    assert_eq!(found[13], Label::ShiftBelow);
}

#[test]
fn a_missing_period_has_no_point_no_moving_range_and_breaks_runs() {
    let mut values: Vec<Option<f64>> = (0..13).map(|number| Some(f64::from(number))).collect();
    values[6] = None;
    let chart = Xmr::of(&values).unwrap();
    assert_eq!(chart.moving_range, 1.0, "the step over the gap is not counted");
    assert_eq!(chart.labels[6], None);
    assert!(chart.labels.iter().flatten().all(|label| !matches!(label, Label::TrendUp)), "two runs of six points");
    assert_eq!(chart.points(), 12);
    assert!(!chart.is_trial());
}

#[test]
fn without_two_neighbours_there_is_no_chart() {
    assert_eq!(Xmr::of(&[]), None);
    assert_eq!(Xmr::of(&[Some(1.0)]), None);
    assert_eq!(Xmr::of(&[Some(1.0), None, Some(2.0)]), None);
}

#[test]
fn the_icon_is_what_the_last_point_says() {
    let rising: Vec<Option<f64>> = (0..7).map(|number| Some(f64::from(number))).collect();
    let chart = Xmr::of(&rising).unwrap();
    assert_eq!(chart.variation(Direction::Up), Variation::Improvement);
    assert_eq!(chart.variation(Direction::Down), Variation::Concern);
}
