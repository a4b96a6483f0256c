//! The last days of one figure of one place: process limits, labels, words, chart and table.

use chrono::{Days, NaiveDate};
use homeward_transform::definition::{Definition, Direction, Kind};
use homeward_transform::figure::{Dimension, Status};
use homeward_transform::release::{ReleasedFigure, Shown};
use homeward_transform::statistics::xmr::{Label, RULE_SET, Variation, Xmr};
use maud::{Markup, html};

use super::chart::{self, Line, Point, Tone, TrendPlot};
use super::sentence::unit;
use super::words::{assurance_words, one_decimal, percent_text, target_value, targets_on, trimmed, variation_words};
use super::{Page, numbers};
use crate::reading::TREND_DAYS;

/// One day of the chart.
struct Day<'a> {
    date: NaiveDate,
    figure: Option<&'a ReleasedFigure>,
    label: Option<Label>,
}

/// The days of one figure of one place.
pub(super) struct Trend<'a> {
    page: &'a Page<'a>,
    definition: &'a Definition,
    days: Vec<Day<'a>>,
    /// Over the whole days before today.
    chart: Option<Xmr>,
}

impl<'a> Trend<'a> {
    /// `None` where days are not shown (networks) or there are none.
    pub(super) fn of(page: &'a Page<'a>, definition: &'a Definition) -> Option<Self> {
        let (level, area) = (page.place.level, page.place.code.as_str());
        let figures: Vec<&ReleasedFigure> = page.days.of(&definition.id, level, area).collect();
        if figures.is_empty() {
            return None;
        }
        let on = |date: NaiveDate| {
            let name = date.to_string();
            figures.iter().copied().find(|figure| figure.dimension(Dimension::Day) == Some(name.as_str()))
        };
        let dates = (0..=TREND_DAYS).rev().filter_map(|back| page.today().checked_sub_days(Days::new(back)));
        let mut days: Vec<Day<'_>> = dates.map(|date| Day { date, figure: on(date), label: None }).collect();
        // Days before the first figure are not missing: nothing was counted yet.
        let first = days.iter().position(|day| day.figure.is_some()).unwrap_or(0);
        days.drain(..first);
        let whole = days.iter().filter(|day| day.date < page.today());
        let values: Vec<Option<f64>> = whole.map(|day| day.figure.and_then(|figure| figure.value.as_f64())).collect();
        let chart = Xmr::of(&values);
        if let Some(chart) = &chart {
            for (day, label) in days.iter_mut().zip(&chart.labels) {
                day.label = *label;
            }
        }
        Some(Self { page, definition, days, chart })
    }

    fn is_rate(&self) -> bool {
        self.definition.kind == Kind::Proportion
    }

    /// A value of the chart, as its axis has it.
    fn value_text(&self, value: f64) -> String {
        if self.is_rate() { format!("{}%", one_decimal(value)) } else { trimmed(format!("{value:.1}")) }
    }

    fn id(&self) -> String {
        format!("{}-days", self.definition.id)
    }

    /// What the process does, in sentences.
    fn words(&self) -> Vec<String> {
        let Some(chart) = &self.chart else {
            return vec!["Too few days for process limits.".to_owned()];
        };
        let kind = if chart.is_trial() { "Trial limits" } else { "Process limits" };
        let mut words = vec![format!(
            "{kind} {} to {} about a mean of {}, from {} whole days (rule set {RULE_SET}, without screening).",
            self.value_text(chart.lower),
            self.value_text(chart.upper),
            self.value_text(chart.mean),
            chart.points()
        )];
        words.push(match chart.labels.iter().flatten().last() {
            Some(label) if *label != Label::CommonCause => {
                format!("The last whole day is unusual: {}, {}.", label.words(), self.variation_text(chart))
            }
            _ => "The last whole day is usual variation.".to_owned(),
        });
        for target in targets_on(self.definition, self.page.today()) {
            if let Some(assurance) = chart.assurance(target.value, self.definition.direction) {
                let value = target_value(self.definition, target);
                words.push(format!(
                    "As it runs now, a day {} the {value} {} target.",
                    assurance_words(assurance),
                    target.name
                ));
            }
        }
        words
    }

    fn variation_text(&self, chart: &Xmr) -> &'static str {
        variation_words(chart.variation(self.definition.direction))
    }

    /// The variation icon and its words.
    pub(super) fn icon(&self) -> Markup {
        let Some(chart) = &self.chart else { return html! {} };
        let variation = chart.variation(self.definition.direction);
        let high = chart.labels.iter().flatten().last().map(|label| label.variation(Direction::Context));
        let side = match (variation, high) {
            (Variation::Improvement | Variation::Concern, Some(Variation::NeutralHigh)) => " (H)",
            (Variation::Improvement | Variation::Concern, Some(Variation::NeutralLow)) => " (L)",
            _ => "",
        };
        html! { span.icon { (chart::sample(Tone::from(variation), false)) " " (variation_words(variation)) (side) } }
    }

    fn plot(&self) -> TrendPlot {
        let name = self.page.name(&self.page.place);
        let days = self.days.len().saturating_sub(1);
        let percent = |value: f64| self.value_text(value);
        TrendPlot {
            id: self.id(),
            title: format!("{}, {name}: each of the last {days} whole days, and today so far", self.definition.title),
            twin: format!("{} Each day is in the table \"{}\".", self.words().join(" "), self.caption()),
            points: self.days.iter().map(|day| self.point(day)).collect(),
            label_every: 7,
            targets: targets_on(self.definition, self.page.today())
                .into_iter()
                .map(|target| Line {
                    label: format!("{} {}", target_value(self.definition, target), target.name),
                    value: target.value,
                })
                .collect(),
            mean: self
                .chart
                .as_ref()
                .map(|chart| Line { label: format!("mean {}", percent(chart.mean)), value: chart.mean }),
            limits: self.chart.as_ref().map(|chart| (chart.lower, chart.upper)),
            trial: self.chart.as_ref().is_some_and(Xmr::is_trial),
            is_rate: self.is_rate(),
        }
    }

    fn point(&self, day: &Day<'_>) -> Point {
        let incomplete = day.date == self.page.today();
        let figure = day.figure;
        let interval = figure.and_then(|figure| match (figure.lower, figure.upper) {
            (Shown::Number(lower), Shown::Number(upper)) => Some((lower, upper)),
            _ => None,
        });
        Point {
            label: day.date.format("%-d %b").to_string(),
            value: figure.and_then(|figure| figure.value.as_f64()),
            interval,
            tone: day.label.map_or(Tone::Usual, |label| Tone::from(label.variation(self.definition.direction))),
            hollow: incomplete || figure.is_some_and(|figure| figure.status != Status::Final),
            incomplete,
            suppressed: figure.is_some_and(|figure| figure.value == Shown::Suppressed),
            tip: format!("{}: {}", day.date.format("%-d %B"), self.day_words(day)),
        }
    }

    fn day_words(&self, day: &Day<'_>) -> String {
        let Some(figure) = day.figure else { return "no data".to_owned() };
        let unfinished = if day.date == self.page.today() { ", not final" } else { "" };
        if self.is_rate() {
            return format!("{} of {}, {}{unfinished}", figure.numerator, figure.denominator, percent_text(figure));
        }
        let unit = unit(self.definition, figure.value.as_count().unwrap_or(0));
        format!("{} {unit}{unfinished}", numbers::number_text(figure))
    }

    fn caption(&self) -> String {
        format!("{}, day by day: {}", self.definition.title, self.page.name(&self.page.place))
    }

    /// The chart alone.
    pub(super) fn chart(&self) -> Markup {
        chart::trend(&self.plot())
    }

    /// Words, chart and table.
    pub(super) fn figure(&self) -> Markup {
        let region = format!("{}-table", self.id());
        html! {
            h3 { "Day by day" }
            p { (self.words().join(" ")) }
            div.picture { (self.chart()) }
            (self.legend())
            details {
                summary { "Each day as a table" }
                div.wide role="region" tabindex="0" aria-labelledby=(region) { (self.table(&region)) }
            }
        }
    }

    fn legend(&self) -> Markup {
        let shows = |tone: Tone| {
            self.days
                .iter()
                .filter_map(|day| day.label)
                .any(|label| Tone::from(label.variation(self.definition.direction)) == tone)
        };
        html! {
            p.legend {
                span { (chart::sample(Tone::Usual, true)) " usual variation" }
                @if shows(Tone::Better) { span { (chart::sample(Tone::Better, true)) " improving" } }
                @if shows(Tone::Worse) { span { (chart::sample(Tone::Worse, true)) " concerning" } }
                @if shows(Tone::Neutral) { span { (chart::sample(Tone::Neutral, true)) " unusual" } }
                span { "hollow: provisional" }
                span { "shaded: today, not final, outside limits and rules" }
                @if self.is_rate() { span { "thin line: 95% interval of the day" } }
                @if self.days.iter().any(|day| day.figure.is_some_and(|figure| figure.value == Shown::Suppressed)) {
                    span { "s: suppressed" }
                }
            }
        }
    }

    fn table(&self, caption_id: &str) -> Markup {
        html! {
            table {
                caption id=(caption_id) { (self.caption()) }
                thead { tr {
                    th scope="col" { "Day" }
                    (numbers::heads(self.definition))
                    th scope="col" { "Variation" } th scope="col" { "Status" }
                } }
                tbody { @for day in self.days.iter().rev() { (self.row(day)) } }
            }
        }
    }

    fn row(&self, day: &Day<'_>) -> Markup {
        let today = day.date == self.page.today();
        html! {
            tr {
                th scope="row" { (day.date.format("%a %-d %b").to_string()) }
                @match day.figure {
                    None => { td.n colspan=(numbers::width(self.definition)) { "no data" } }
                    Some(figure) => (numbers::cells(self.definition, figure)),
                }
                td { (day.label.map_or("", Label::words)) }
                td { (day.figure.map_or("", |figure| figure.status.as_str())) @if today { ", not final" } }
            }
        }
    }
}
