use super::super::SIZES;
use super::*;

fn point(value: Option<f64>) -> Point {
    Point {
        label: "12 Jun".to_owned(),
        value,
        interval: value.map(|value| (value - 0.1, value + 0.1)),
        tone: Tone::Usual,
        hollow: true,
        incomplete: false,
        suppressed: false,
        tip: "12 June: 8 of 10, 80.0%".to_owned(),
    }
}

fn plot(points: Vec<Point>) -> TrendPlot {
    TrendPlot {
        id: "x-trend".to_owned(),
        title: "By day".to_owned(),
        twin: "The table".to_owned(),
        points,
        label_every: 7,
        targets: vec![
            Line { label: "80% local".to_owned(), value: 0.8 },
            Line { label: "70% national".to_owned(), value: 0.7 },
        ],
        mean: Some(Line { label: "mean 78.0%".to_owned(), value: 0.78 }),
        limits: Some((0.62, 0.94)),
        trial: false,
        is_rate: true,
    }
}

fn drawn(plot: &TrendPlot) -> String {
    draw(plot, SIZES[0]).1.into_string()
}

#[test]
fn targets_limits_and_mean_are_in_view_and_labelled() {
    let plot = plot(vec![point(Some(0.79)), point(Some(0.81)), point(Some(0.75))]);
    assert_eq!(axis(&plot).first().map(|tick| (tick * 100.0).round()), Some(60.0), "the lower limit is in view");
    let drawn = drawn(&plot);
    for words in ["80% local", "70% national", "mean 78.0%", ">limit<", "flag solid", "flag open"] {
        assert!(drawn.contains(words), "{words}: {drawn}");
    }
    assert_eq!(drawn.matches("class=\"target\"").count(), 2, "both target lines");
    assert_eq!(drawn.matches("class=\"limit\"").count(), 2);
    assert_eq!(drawn.matches("class=\"whisker\"").count(), 3);
}

#[test]
fn a_value_lies_where_the_scale_says() {
    let plot = plot(vec![point(Some(0.8)), point(Some(0.7))]);
    let ticks = axis(&plot);
    let frame = Frame::new(&plot, &ticks, SIZES[0]);
    let drawn = drawn(&plot);
    let target = format!("class=\"target\" x1=\"48\" x2=\"602\" y1=\"{}\"", number(frame.y.at(0.8)));
    assert!(drawn.contains(&target), "{drawn}");
    assert!(drawn.contains(&format!("cy=\"{}\"", number(frame.y.at(0.8)))), "the point lies on its target");
    assert!(frame.y.at(0.8) < frame.y.at(0.7), "higher is better is higher up");
}

#[test]
fn a_missing_day_is_a_gap_and_today_stands_apart() {
    let mut points = vec![point(Some(0.8)), point(None), point(Some(0.7)), point(Some(0.75)), point(Some(0.2))];
    points[4].incomplete = true;
    let plot = plot(points);
    let drawn = drawn(&plot);
    let path = drawn.split("class=\"joined\" d=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert_eq!((path.matches('M').count(), path.matches('L').count()), (2, 1), "{path}");
    assert_eq!(drawn.matches("class=\"unfinished\"").count(), 1);
    assert_eq!(drawn.matches("<circle").count(), 4);
}

#[test]
fn a_suppressed_day_shows_a_letter_and_no_place() {
    let mut hidden = point(None);
    hidden.suppressed = true;
    hidden.tip = "12 June: suppressed".to_owned();
    let drawn = drawn(&plot(vec![point(Some(0.8)), hidden, point(Some(0.7))]));
    assert!(drawn.contains(">s<title>12 June: suppressed</title>"), "{drawn}");
    assert_eq!(drawn.matches("<circle").count(), 2);
}
