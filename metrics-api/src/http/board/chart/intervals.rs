//! Areas side by side: the rate of each with its interval, against the targets and the average.

use maud::{Markup, html};

use super::scale::{Scale, rate_axis, spread};
use super::{Line, Size, Tone, image, mark, number};

/// One area.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Row {
    pub(in super::super) area: String,
    pub(in super::super) value: Option<f64>,
    pub(in super::super) interval: Option<(f64, f64)>,
    pub(in super::super) tone: Tone,
    pub(in super::super) hollow: bool,
    /// `27 of 40, 67.5%`, or the word that stands for it.
    pub(in super::super) words: String,
}

/// The chart in both widths. `average` is the rate of the areas together.
pub(in super::super) fn intervals(
    id: &str,
    title: &str,
    twin: &str,
    rows: &[Row],
    targets: &[Line],
    average: Option<&Line>,
) -> Markup {
    image(id, title, twin, |size| draw(rows, targets, average, size))
}

fn draw(rows: &[Row], targets: &[Line], average: Option<&Line>, size: Size) -> (f64, Markup) {
    let (left, right, step) =
        if size.is_narrow { (10.0, size.width - 10.0, 50.0) } else { (236.0, size.width - 150.0, 30.0) };
    let top = 22.0 * steps(targets.len() + usize::from(average.is_some())) + 6.0;
    let bottom = top + step * steps(rows.len());
    let ticks = rate_axis(drawn_values(rows, targets, average));
    let ends = (ticks.first().copied().unwrap_or(0.0), ticks.last().copied().unwrap_or(1.0));
    let x = Scale::new(ends, (left, right));
    let drawing = html! {
        @for tick in &ticks {
            line.grid x1=(number(x.at(*tick))) x2=(number(x.at(*tick))) y1=(number(top)) y2=(number(bottom)) {}
            text.tick x=(number(x.at(*tick))) y=(number(bottom + 18.0)) text-anchor=(anchor(x.at(*tick), size)) { (format!("{:.0}%", tick * 100.0)) }
        }
        (standards(targets, average, &x, (top, bottom), size))
        @for (index, row) in rows.iter().enumerate() {
            @let y = top + step * (steps(index) + if size.is_narrow { 0.72 } else { 0.5 });
            (area(row, &x, y, (left, right), size))
        }
    };
    (bottom + 26.0, drawing)
}

/// Letters at the very edge would be cut off.
fn anchor(x: f64, size: Size) -> &'static str {
    if x > size.width - 20.0 {
        "end"
    } else if x < 20.0 {
        "start"
    } else {
        "middle"
    }
}

fn drawn_values<'a>(rows: &'a [Row], targets: &'a [Line], average: Option<&'a Line>) -> impl Iterator<Item = f64> + 'a {
    let areas = rows.iter().flat_map(|row| {
        let ends = row.interval.into_iter().flat_map(|(lower, upper)| [lower, upper]);
        row.value.into_iter().chain(ends)
    });
    areas.chain(targets.iter().map(|line| line.value)).chain(average.map(|line| line.value))
}

/// The lines that every area is held against, each with its label on a row of its own.
fn standards(targets: &[Line], average: Option<&Line>, x: &Scale, (top, bottom): (f64, f64), size: Size) -> Markup {
    let rows: Vec<f64> = (0..=targets.len()).map(|index| 12.0 + 22.0 * steps(index)).collect();
    html! {
        @for (index, (target, y)) in targets.iter().zip(&rows).enumerate() {
            @let at = x.at(target.value);
            line.target x1=(number(at)) x2=(number(at)) y1=(number(y + 6.0)) y2=(number(bottom)) {}
            (flag(&target.label, at, *y, if index == 0 { "flag solid" } else { "flag open" }, size))
        }
        @if let Some(line) = average {
            @let at = x.at(line.value);
            line.mean x1=(number(at)) x2=(number(at)) y1=(number(top - 8.0)) y2=(number(bottom)) {}
            (flag(&line.label, at, rows[targets.len()], "line-label", size))
        }
    }
}

/// A label centred on its line, pushed inside the picture.
fn flag(words: &str, at: f64, y: f64, class: &str, size: Size) -> Markup {
    let width = 7.4 * steps(words.chars().count()) + 12.0;
    let centre = spread(&[at], 0.0, (width / 2.0 + 2.0, size.width - width / 2.0 - 2.0));
    let left = centre.first().copied().unwrap_or(at) - width / 2.0;
    html! {
        @if class == "line-label" {
            text.line-label x=(number(left + width / 2.0)) y=(number(y + 4.5)) text-anchor="middle" { (words) }
        } @else {
            rect class=(class) x=(number(left)) y=(number(y - 9.0)) width=(number(width)) height="18" {}
            text class=(format!("{class}-text")) x=(number(left + width / 2.0)) y=(number(y + 4.5)) text-anchor="middle" { (words) }
        }
    }
}

fn area(row: &Row, x: &Scale, y: f64, (left, right): (f64, f64), size: Size) -> Markup {
    let words_y = if size.is_narrow { y - 16.0 } else { y + 4.5 };
    html! {
        @if size.is_narrow {
            text.area x=(number(left)) y=(number(words_y)) { (shortened(&row.area, 30)) }
            text.value x=(number(right)) y=(number(words_y)) text-anchor="end" { (row.words) }
        } @else {
            text.area x=(number(left - 14.0)) y=(number(words_y)) text-anchor="end" { (shortened(&row.area, 30)) }
            text.value x=(number(right + 12.0)) y=(number(words_y)) { (row.words) }
        }
        g {
            title { (row.area) ": " (row.words) }
            @if let Some((lower, upper)) = row.interval {
                @let (from, to) = (number(x.at(lower)), number(x.at(upper)));
                line.whisker.strong x1=(from) x2=(to) y1=(number(y)) y2=(number(y)) {}
                @for end in [&from, &to] { line.whisker.strong x1=(end) x2=(end) y1=(number(y - 5.0)) y2=(number(y + 5.0)) {} }
            }
            @if let Some(value) = row.value { (mark(row.tone, row.hollow, x.at(value), y, 5.5)) }
        }
    }
}

/// Names that would run over the picture's edge; the table has them whole.
fn shortened(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let start: String = name.chars().take(most - 1).collect();
    format!("{}\u{2026}", start.trim_end())
}

#[expect(clippy::cast_precision_loss, reason = "a chart has a few dozen rows")]
const fn steps(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::super::SIZES;
    use super::*;

    fn row(area: &str, value: Option<f64>) -> Row {
        Row {
            area: area.to_owned(),
            value,
            interval: value.map(|value| (value - 0.12, value + 0.1)),
            tone: Tone::Usual,
            hollow: true,
            words: value.map_or("suppressed".to_owned(), |_| "67.5%, 27 of 40".to_owned()),
        }
    }

    fn line(label: &str, value: f64) -> Line {
        Line { label: label.to_owned(), value }
    }

    #[test]
    fn whiskers_and_lines_share_one_scale() {
        let rows = [row("North", Some(0.675)), row("South", Some(0.9))];
        let targets = [line("80% local", 0.8), line("70% national", 0.7)];
        let (_, drawing) = draw(&rows, &targets, Some(&line("average 78.0%", 0.78)), SIZES[0]);
        let drawn = drawing.into_string();
        let x = Scale::new((0.4, 1.0), (236.0, 570.0));
        // 0.555 to 1.0 in steps of a tenth begins at 0.5.
        let x = if drawn.contains(">40%<") { x } else { Scale::new((0.5, 1.0), (236.0, 570.0)) };
        assert!(drawn.contains(&format!("cx=\"{}\"", number(x.at(0.675)))), "{drawn}");
        assert!(drawn.contains(&format!("class=\"target\" x1=\"{}\"", number(x.at(0.8)))), "{drawn}");
        assert!(drawn.contains(&format!("class=\"whisker strong\" x1=\"{}\"", number(x.at(0.555)))), "{drawn}");
        for words in ["80% local", "70% national", "average 78.0%", "North", "67.5%, 27 of 40"] {
            assert!(drawn.contains(words), "{words}");
        }
    }

    #[test]
    fn a_suppressed_area_has_its_word_and_no_mark() {
        let (_, drawing) = draw(&[row("North", None)], &[], None, SIZES[1]);
        let drawn = drawing.into_string();
        assert!(drawn.contains("suppressed") && !drawn.contains("mark") && !drawn.contains("whisker"), "{drawn}");
    }

    #[test]
    fn long_names_are_shortened_in_the_picture() {
        assert_eq!(shortened("Plymouth", 30), "Plymouth");
        assert_eq!(shortened("NHS Bath and North East Somerset, Swindon", 30), "NHS Bath and North East Somer\u{2026}");
    }
}
