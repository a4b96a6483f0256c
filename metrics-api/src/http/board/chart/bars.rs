//! Counts side by side, from zero.

use maud::{Markup, html};

use super::scale::{Scale, count_axis};
use super::{Size, Tone, image, mark, number};

/// One count.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Bar {
    pub(in super::super) label: String,
    /// The count; none when nothing may be or can be shown.
    pub(in super::super) count: Option<f64>,
    /// The count, or the word that stands for it.
    pub(in super::super) words: String,
    pub(in super::super) tone: Tone,
}

/// The chart in both widths.
pub(in super::super) fn bars(id: &str, title: &str, twin: &str, rows: &[Bar]) -> Markup {
    image(id, title, twin, |size| draw(rows, size))
}

fn draw(rows: &[Bar], size: Size) -> (f64, Markup) {
    let (left, step): (f64, f64) = if size.is_narrow { (20.0, 50.0) } else { (250.0, 34.0) };
    let right = size.width - 70.0;
    let ticks = count_axis(rows.iter().filter_map(|bar| bar.count));
    let x = Scale::new((0.0, ticks.last().copied().unwrap_or(1.0)), (left, right));
    let bottom = step.mul_add(rows.len() as f64, 6.0);
    let drawing = html! {
        @for (row, bar) in rows.iter().enumerate() {
            @let y = step.mul_add(row as f64, 6.0);
            @let top = if size.is_narrow { y + 20.0 } else { y + 4.0 };
            @if size.is_narrow {
                text.area x=(number(left)) y=(number(y + 13.0)) { (bar.label) }
            } @else {
                text.area x=(number(left - 14.0)) y=(number(y + 20.0)) text-anchor="end" { (bar.label) }
            }
            g {
                title { (bar.label) ": " (bar.words) }
                @if let Some(count) = bar.count {
                    rect class={ "bar " (bar.tone.class()) } x=(number(left)) y=(number(top)) width=(number(x.at(count) - left)) height="22" {}
                }
                @let end = bar.count.map_or(left, |count| x.at(count));
                @if bar.tone != Tone::Usual { (mark(bar.tone, false, end + 14.0, top + 11.0, 6.0)) }
                @let shift = if bar.tone == Tone::Usual { 8.0 } else { 28.0 };
                text.value x=(number(end + shift)) y=(number(top + 16.0)) { (bar.words) }
            }
        }
        line.axis x1=(number(left)) x2=(number(left)) y1="4" y2=(number(bottom)) {}
    };
    (bottom + 6.0, drawing)
}

#[cfg(test)]
mod tests {
    use super::super::SIZES;
    use super::*;

    fn bar(label: &str, count: Option<f64>, tone: Tone) -> Bar {
        let words = count.map_or("suppressed".to_owned(), |count| count.to_string());
        Bar { label: label.to_owned(), count, words, tone }
    }

    #[test]
    fn bars_begin_at_zero_and_keep_their_proportion() {
        let rows = [bar("one", Some(10.0), Tone::Usual), bar("two", Some(5.0), Tone::Usual)];
        let drawn = draw(&rows, SIZES[0]).1.into_string();
        let widths: Vec<f64> = drawn
            .split("class=\"bar usual\"")
            .skip(1)
            .map(|rest| rest.split("width=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap())
            .collect();
        assert!((widths[0] - 2.0 * widths[1]).abs() < 0.2, "{widths:?}");
    }

    #[test]
    fn a_suppressed_count_has_no_bar() {
        let drawn = draw(&[bar("one", None, Tone::Usual)], SIZES[0]).1.into_string();
        assert!(drawn.contains("suppressed") && !drawn.contains("class=\"bar"), "{drawn}");
    }

    #[test]
    fn what_asks_for_action_has_a_shape_as_well() {
        let drawn = draw(&[bar("past due", Some(1.0), Tone::Worse)], SIZES[0]).1.into_string();
        assert!(drawn.contains("bar worse") && drawn.contains("mark outline"), "{drawn}");
    }
}
