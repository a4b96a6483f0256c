//! A row of days or months with mean, process limits, targets and an interval for each.

use maud::{Markup, html};

use super::scale::{Scale, count_axis, rate_axis, spread};
use super::{Size, Tone, image, mark, number};

/// One day or month.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Point {
    /// The day or month below the axis.
    pub(in super::super) label: String,
    /// The value; none when nothing may be or can be shown.
    pub(in super::super) value: Option<f64>,
    /// Ends of the whisker.
    pub(in super::super) interval: Option<(f64, f64)>,
    pub(in super::super) tone: Tone,
    /// The figure is not final.
    pub(in super::super) hollow: bool,
    /// The period is not over: it enters neither limits nor rules.
    pub(in super::super) incomplete: bool,
    pub(in super::super) suppressed: bool,
    /// The same in words, when pointed at.
    pub(in super::super) tip: String,
}

/// A target line.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Line {
    pub(in super::super) label: String,
    pub(in super::super) value: f64,
}

/// Everything on the chart.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct TrendPlot {
    pub(in super::super) id: String,
    pub(in super::super) title: String,
    /// Where the same can be read.
    pub(in super::super) twin: String,
    pub(in super::super) points: Vec<Point>,
    /// Every so many points, counted from the last, the axis has a label.
    pub(in super::super) label_every: usize,
    pub(in super::super) targets: Vec<Line>,
    pub(in super::super) mean: Option<Line>,
    /// Lower and upper process limits.
    pub(in super::super) limits: Option<(f64, f64)>,
    /// The limits rest on too few points.
    pub(in super::super) trial: bool,
    pub(in super::super) is_rate: bool,
}

const TOP: f64 = 14.0;

struct Frame {
    size: Size,
    left: f64,
    right: f64,
    bottom: f64,
    height: f64,
    across: f64,
    y: Scale,
}

impl Frame {
    fn new(plot: &TrendPlot, ticks: &[f64], size: Size) -> Self {
        let (left, margin) = if size.is_narrow { (36.0, 86.0) } else { (48.0, 118.0) };
        let height = if size.is_narrow { 230.0 } else { 280.0 };
        let (bottom, right) = (height - 30.0, size.width - margin);
        let ends = (ticks.first().copied().unwrap_or(0.0), ticks.last().copied().unwrap_or(1.0));
        let y = Scale::new(ends, (bottom, TOP));
        let steps = plot.points.len().saturating_sub(1).max(1);
        Self { size, left, right, bottom, height, across: (right - left - 16.0) / steps_as_width(steps), y }
    }

    fn x(&self, index: usize) -> f64 {
        self.left + 8.0 + self.across * steps_as_width(index)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a chart has a few dozen points")]
const fn steps_as_width(count: usize) -> f64 {
    count as f64
}

/// The chart in both widths.
pub(in super::super) fn trend(plot: &TrendPlot) -> Markup {
    image(&plot.id, &plot.title, &plot.twin, |size| draw(plot, size))
}

fn draw(plot: &TrendPlot, size: Size) -> (f64, Markup) {
    let ticks = axis(plot);
    let frame = Frame::new(plot, &ticks, size);
    let drawing = html! {
        (grid(plot, &frame, &ticks))
        (dates(plot, &frame))
        (lines(plot, &frame))
        (joined(plot, &frame))
        (marks(plot, &frame))
        (labels(plot, &frame))
    };
    (frame.height, drawing)
}

/// Rates show the range of the data with limits and targets in view; counts begin at zero. A single day's interval may
/// be cut off by the frame: it would flatten everything else.
fn axis(plot: &TrendPlot) -> Vec<f64> {
    let values = plot.points.iter().filter_map(|point| point.value);
    let limits = plot.limits.into_iter().flat_map(|(lower, upper)| [lower, upper]);
    let targets = plot.targets.iter().map(|target| target.value);
    let drawn = values.chain(limits).chain(targets);
    if plot.is_rate { rate_axis(drawn) } else { count_axis(drawn) }
}

fn grid(plot: &TrendPlot, frame: &Frame, ticks: &[f64]) -> Markup {
    html! {
        @for tick in ticks {
            @let y = number(frame.y.at(*tick));
            line.grid x1=(number(frame.left)) x2=(number(frame.right)) y1=(y) y2=(y) {}
            text.tick x=(number(frame.left - 6.0)) y=(number(frame.y.at(*tick) + 4.0)) text-anchor="end" {
                (tick_text(*tick, plot.is_rate))
            }
        }
    }
}

fn tick_text(tick: f64, is_rate: bool) -> String {
    if is_rate { format!("{:.0}%", tick * 100.0) } else { number(tick) }
}

/// Dates below the axis, and the incomplete period as a band of its own.
fn dates(plot: &TrendPlot, frame: &Frame) -> Markup {
    let last = plot.points.len().saturating_sub(1);
    html! {
        @for (index, point) in plot.points.iter().enumerate() {
            @let x = frame.x(index);
            @if point.incomplete {
                @let width = frame.across.min(20.0);
                rect.unfinished x=(number(x - width / 2.0)) y=(number(TOP)) width=(number(width))
                    height=(number(frame.bottom - TOP)) {}
            }
            @if (last - index).is_multiple_of(plot.label_every) {
                line.axis x1=(number(x)) x2=(number(x)) y1=(number(frame.bottom)) y2=(number(frame.bottom + 4.0)) {}
                @let anchor = if frame.size.is_narrow && index == last { "end" } else { "middle" };
                @let shift = if frame.size.is_narrow && index == last { 14.0 } else { 0.0 };
                text.tick x=(number(x + shift)) y=(number(frame.bottom + 18.0)) text-anchor=(anchor) { (point.label) }
            }
            @if point.suppressed { text.tick x=(number(x)) y=(number(frame.bottom - 6.0)) text-anchor="middle" { "s" title { (point.tip) } } }
        }
        line.axis x1=(number(frame.left)) x2=(number(frame.right)) y1=(number(frame.bottom)) y2=(number(frame.bottom)) {}
    }
}

fn lines(plot: &TrendPlot, frame: &Frame) -> Markup {
    let across = |class: &str, value: f64| {
        let y = number(frame.y.at(value));
        html! { line class=(class) x1=(number(frame.left)) x2=(number(frame.right)) y1=(y) y2=(y) {} }
    };
    html! {
        @if let Some((lower, upper)) = plot.limits { (across("limit", lower)) (across("limit", upper)) }
        @if let Some(mean) = &plot.mean { (across(if plot.trial { "limit" } else { "mean" }, mean.value)) }
        @for target in &plot.targets { (across("target", target.value)) }
    }
}

/// Neighbours are joined; a missing one leaves a gap, and the incomplete one stands apart.
fn joined(plot: &TrendPlot, frame: &Frame) -> Markup {
    let mut path = String::new();
    let mut before = false;
    for (index, point) in plot.points.iter().enumerate() {
        if let Some(value) = point.value.filter(|_| !point.incomplete) {
            let step = if before { 'L' } else { 'M' };
            path.push_str(&format!("{step}{} {}", number(frame.x(index)), number(frame.y.at(value))));
            before = true;
        } else {
            before = false;
        }
    }
    html! { path.joined d=(path) {} }
}

fn marks(plot: &TrendPlot, frame: &Frame) -> Markup {
    let radius = if frame.size.is_narrow { 3.2 } else { 5.0 };
    html! {
        @for (index, point) in plot.points.iter().enumerate() {
            @if let Some(value) = point.value {
                g {
                    title { (point.tip) }
                    @let x = number(frame.x(index));
                    @if let Some((lower, upper)) = point.interval {
                        line.whisker x1=(x) x2=(x) y1=(number(frame.y.at(lower))) y2=(number(frame.y.at(upper))) {}
                    }
                    (mark(point.tone, point.hollow, frame.x(index), frame.y.at(value), radius))
                }
            }
        }
    }
}

/// Words at the right end of each line; the first target has a filled label, further ones an outlined one.
fn labels(plot: &TrendPlot, frame: &Frame) -> Markup {
    let mut lines: Vec<(String, f64, Option<usize>)> = Vec::new();
    lines.extend(plot.targets.iter().enumerate().map(|(at, line)| (line.label.clone(), line.value, Some(at))));
    lines.extend(plot.mean.iter().map(|line| (line.label.clone(), line.value, None)));
    if let Some((lower, upper)) = plot.limits {
        let words = if plot.trial { "trial limit" } else { "limit" };
        lines.extend([upper, lower].map(|value| (words.to_owned(), value, None)));
    }
    let places: Vec<f64> = lines.iter().map(|(_, value, _)| frame.y.at(*value)).collect();
    let places = spread(&places, 19.0, (TOP, frame.bottom));
    let width = frame.size.width - frame.right - 8.0;
    html! {
        @for ((words, _, target), y) in lines.iter().zip(places) {
            @if let Some(at) = target {
                @let class = if *at == 0 { "flag solid" } else { "flag open" };
                rect class=(class) x=(number(frame.right + 4.0)) y=(number(y - 9.0)) width=(number(width)) height="18" {}
                text class=(format!("{class}-text")) x=(number(frame.right + 9.0)) y=(number(y + 4.5)) { (words) }
            } @else {
                text.line-label x=(number(frame.right + 9.0)) y=(number(y + 4.5)) { (words) }
            }
        }
    }
}

#[cfg(test)]
#[path = "trend_tests.rs"]
mod tests;
