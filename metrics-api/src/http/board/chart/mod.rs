//! Charts as SVG, made on the server from released figures alone: scales, marks and labels. Pure.
//!
//! Every chart comes in two widths, of which the style sheet shows one, so that its letters are as large on a phone as
//! on a wall. Colours, shapes and words are those of the handbook's statistics page, section 7, drawn on white; no
//! meaning by colour alone.

mod bars;
mod intervals;
mod scale;
mod trend;

pub(super) use bars::{Bar, bars};
pub(super) use intervals::{Row, intervals};
pub(super) use trend::{Line, Point, TrendPlot, trend};

use homeward_transform::statistics::xmr::Variation;
use maud::{Markup, html};

/// A chart's width and its letters.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Size {
    width: f64,
    is_narrow: bool,
    class: &'static str,
    suffix: &'static str,
}

const SIZES: [Size; 2] = [
    Size { width: 720.0, is_narrow: false, class: "chart roomy", suffix: "w" },
    Size { width: 340.0, is_narrow: true, class: "chart slim", suffix: "n" },
];

/// Both widths of a chart, each an image with a name and a description that points to its text twin.
fn image(id: &str, title: &str, twin: &str, draw: impl Fn(Size) -> (f64, Markup)) -> Markup {
    html! {
        @for size in SIZES {
            @let (height, drawing) = draw(size);
            @let (title_id, twin_id) = (format!("{id}-{}-t", size.suffix), format!("{id}-{}-d", size.suffix));
            svg class=(size.class) viewBox=(format!("0 0 {} {}", number(size.width), number(height))) role="img"
                aria-labelledby=(title_id) aria-describedby=(twin_id) {
                title id=(title_id) { (title) }
                desc id=(twin_id) { (twin) }
                (drawing)
            }
        }
    }
}

/// What a mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Circle: usual, or could be chance.
    Usual,
    /// Square: better, and not by chance.
    Better,
    /// Diamond: worse, and not by chance.
    Worse,
    /// Triangle: unusual where neither way is better.
    Neutral,
}

impl From<Variation> for Tone {
    fn from(variation: Variation) -> Self {
        match variation {
            Variation::Common => Self::Usual,
            Variation::Improvement => Self::Better,
            Variation::Concern => Self::Worse,
            Variation::NeutralHigh | Variation::NeutralLow => Self::Neutral,
        }
    }
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Neutral => "neutral",
        }
    }
}

/// A mark by shape and colour; hollow while its figure is not final. The diamond has a dark outline, because its orange
/// alone is too faint.
fn mark(tone: Tone, hollow: bool, x: f64, y: f64, radius: f64) -> Markup {
    let class = format!("mark {}{}", tone.class(), if hollow { " hollow" } else { "" });
    let (r, wide) = (radius, radius * 1.3);
    let path = |points: [(f64, f64); 4]| {
        let corners: Vec<String> =
            points.iter().map(|(dx, dy)| format!("{} {}", number(x + dx), number(y + dy))).collect();
        format!("M{}Z", corners.join("L"))
    };
    html! {
        @match tone {
            Tone::Usual => circle class=(class) cx=(number(x)) cy=(number(y)) r=(number(r)) {},
            Tone::Better => path class=(class) d=(path([(-r, -r), (r, -r), (r, r), (-r, r)])) {},
            Tone::Worse => {
                @let diamond = path([(0.0, -wide), (wide, 0.0), (0.0, wide), (-wide, 0.0)]);
                path class="mark outline" d=(diamond) {}
                path class=(class) d=(diamond) {}
            }
            Tone::Neutral => path class=(class) d=(path([(0.0, -wide), (wide, r), (-wide, r), (0.0, -wide)])) {},
        }
    }
}

/// A mark by itself, for legends beside its words.
pub(super) fn sample(tone: Tone, hollow: bool) -> Markup {
    html! {
        svg.sample viewBox="0 0 20 20" aria-hidden="true" focusable="false" { (mark(tone, hollow, 10.0, 10.0, 6.0)) }
    }
}

/// A coordinate with one decimal, without a needless one.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tone_has_a_shape_of_its_own() {
        let shape = |tone| {
            let drawn = mark(tone, false, 0.0, 0.0, 4.0).into_string();
            drawn.split(" d=").nth(1).map_or("circle".to_owned(), str::to_owned)
        };
        let shapes = [Tone::Usual, Tone::Better, Tone::Worse, Tone::Neutral].map(shape);
        for (index, one) in shapes.iter().enumerate() {
            assert!(shapes[index + 1..].iter().all(|other| other != one), "{shapes:?}");
        }
    }

    #[test]
    fn the_diamond_has_a_dark_outline_and_provisional_marks_are_hollow() {
        let drawn = mark(Tone::Worse, true, 5.0, 5.0, 4.0).into_string();
        assert!(drawn.contains("mark outline") && drawn.contains("worse hollow"), "{drawn}");
        assert!(!mark(Tone::Usual, false, 0.0, 0.0, 4.0).into_string().contains("hollow"));
    }

    #[test]
    fn both_widths_have_a_name_and_a_text_twin() {
        let drawn = image("x", "Share by day", "See the table.", |size| (10.0, html! { (size.width) })).into_string();
        for words in ["role=\"img\"", "x-w-t", "x-n-t", "Share by day", "See the table.", "viewBox=\"0 0 340 10\""] {
            assert!(drawn.contains(words), "{words}: {drawn}");
        }
    }
}
