//! The figures of an area's board, read from its HTML as a reader sees them: every window and basis, the days of the
//! chart's table, and the bands of open clocks.

use chrono::{DateTime, Days, NaiveDate, Utc};
use homeward_contract::time::london;
use homeward_metrics_api::reading::{TREND_DAYS, shown_basis};
use homeward_transform::definition::{Definition, Kind};
use homeward_transform::figure::Dimension;
use homeward_transform::statistics::percent_one_decimal;

use crate::surfaces::{Key, Numbers, Written};

/// Windows by the words of the board.
const WINDOWS: [(&str, &str); 4] =
    [("last 24 hours", "24h"), ("last 7 days", "7d"), ("last 28 days", "28d"), ("so far", "mtd")];

/// The tiles of open clocks, in the order of the board.
const BANDS: [&str; 4] = ["0_to_60m", "60_to_90m", "90_to_120m", "over_120m"];

/// One board.
pub(crate) struct Board {
    pub(crate) level: Dimension,
    pub(crate) area: String,
    page: String,
}

impl Board {
    pub(crate) fn of(level: Dimension, area: &str, page: String) -> Self {
        Self { level, area: area.to_owned(), page }
    }

    /// Address of the board of an area.
    pub(crate) fn path(level: Dimension, area: &str) -> String {
        if level == Dimension::Nation {
            return "/".to_owned();
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        let segment = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        format!("/area/{level}/{}", area.bytes().map(segment).collect::<String>())
    }

    /// The instant that it speaks for; none while the house has nothing to show.
    pub(crate) fn as_of(&self) -> Option<DateTime<Utc>> {
        between(&self.page, "<time datetime=\"", "\"")?.parse().ok()
    }

    /// The rows of the table of that caption, without its head.
    fn table(&self, caption: &str) -> Vec<Vec<String>> {
        let begin = format!("<caption id=\"{caption}\"");
        let table = self.page.split("<table>").skip(1).find(|table| table.trim_start().starts_with(&begin));
        let table = table.and_then(|table| table.split("</table>").next()).unwrap_or_default();
        table.split("<tr>").skip(2).map(cells).collect()
    }

    fn key(&self, definition: &Definition, basis: &str, period: &str, band: &str) -> Key {
        [&definition.id, basis, self.level.as_str(), &self.area, period, band].map(str::to_owned)
    }

    /// How many figures say the same as SQL, and what differs.
    pub(crate) fn compare(&self, definition: &Definition, sql: &Numbers) -> (usize, Vec<String>) {
        let here = |key: &&Key| key[0] == definition.id && key[2] == self.level.as_str() && key[3] == self.area;
        let of = |kind: &str| sql.keys().filter(here).filter(|key| key[4].starts_with(kind)).count();
        let (mut told, mut expected) = (Vec::new(), Vec::new());
        for row in self.table(&format!("{}-windows", definition.id)) {
            let words = &row[0];
            let (_, window) =
                WINDOWS.iter().find(|(ending, _)| words.ends_with(ending)).expect("a window of the board");
            let key = self.key(definition, &row[1], &format!("window:{window}"), "");
            expected.push((words.clone(), shown(definition, sql.get(&key))));
            told.push((words.clone(), row[2..row.len() - 1].to_vec()));
        }
        let windows = told.len();
        self.days(definition, sql, &mut told, &mut expected);
        self.bands(definition, sql, &mut told, &mut expected);
        let mut faults: Vec<String> = told
            .iter()
            .zip(&expected)
            .filter(|(told, expected)| told != expected)
            .map(|(told, expected)| {
                format!("{} {}: {}: {told:?}, by SQL {expected:?}", self.level, self.area, definition.id)
            })
            .collect();
        if windows != of("window:") || told.len() != expected.len() {
            faults.push(format!(
                "{} {}: {}: {windows} windows on the board and {} in SQL; {} figures and {} expected",
                self.level,
                self.area,
                definition.id,
                of("window:"),
                told.len(),
                expected.len()
            ));
        }
        (told.len(), faults)
    }

    /// Today and the days before on the basis that is shown first, newest first, from the first day that has a figure.
    fn days(&self, definition: &Definition, sql: &Numbers, told: &mut Vec<Row>, expected: &mut Vec<Row>) {
        for row in self.table(&format!("{}-days-table", definition.id)) {
            told.push((row[0].clone(), row[1..row.len() - 2].to_vec()));
        }
        let Some(today) = self.as_of().map(|as_of| london(as_of).date()) else { return };
        let figure =
            |day: &NaiveDate| sql.get(&self.key(definition, shown_basis(definition), &format!("day:{day}"), ""));
        let days = (0..=TREND_DAYS).filter_map(|back| today.checked_sub_days(Days::new(back)));
        let mut days: Vec<NaiveDate> = days.collect();
        while days.last().is_some_and(|day| figure(day).is_none()) {
            days.pop();
        }
        for day in days {
            let words = figure(&day).map_or_else(|| vec!["no data".to_owned()], |found| shown(definition, Some(found)));
            expected.push((day.format("%a %-d %b").to_string(), words));
        }
    }

    /// The tiles of a snapshot: a band without a figure is empty.
    fn bands(&self, definition: &Definition, sql: &Numbers, told: &mut Vec<Row>, expected: &mut Vec<Row>) {
        if definition.kind != Kind::Snapshot || self.level == Dimension::Pcn {
            return;
        }
        let section = between(&self.page, &format!("<section aria-labelledby=\"{}\">", definition.id), "</section>");
        let tiles = section.unwrap_or_default().split("<span class=\"number\">").skip(1);
        for (tile, band) in tiles.zip(BANDS) {
            told.push((band.to_owned(), vec![plain(tile.split("</span><span").next().unwrap_or_default())]));
        }
        for band in BANDS {
            let found = sql.get(&self.key(definition, shown_basis(definition), "now:now", band));
            let count = found.and_then(|found| found.counts.0).unwrap_or(0);
            expected.push((band.to_owned(), vec![count.to_string()]));
        }
    }
}

/// What a row is called, and its numbers as they are shown.
type Row = (String, Vec<String>);

/// A figure of SQL in the board's words: counts as they are, percentages with one decimal.
fn shown(definition: &Definition, figure: Option<&Written>) -> Vec<String> {
    if definition.kind == Kind::Quantile {
        return figure.map(percentile).unwrap_or_default();
    }
    let Some(Written { counts: (Some(numerator), denominator), values: [_, lower, upper] }) = figure else {
        return Vec::new();
    };
    if definition.kind != Kind::Proportion {
        return vec![numerator.to_string()];
    }
    let denominator = denominator.expect("a proportion has a denominator");
    let whole = |count: i64| u64::try_from(count).expect("counts of people");
    let share = percent_one_decimal(whole(*numerator), whole(denominator));
    let share = share.map_or_else(|| "no data".to_owned(), |share| format!("{share}%"));
    // One decimal, half away from zero (handbook, statistics section 6).
    let percent = |bits: u64| format!("{:.1}", (f64::from_bits(bits) * 1_000.0).round() / 10.0);
    let interval = lower.zip(*upper).map(|(lower, upper)| format!("{} to {}", percent(lower), percent(upper)));
    let interval = interval.unwrap_or_else(|| "no data".to_owned());
    vec![numerator.to_string(), denominator.to_string(), share, interval]
}

/// A percentile with one decimal at most, half away from zero, and the number of its records.
fn percentile(Written { counts, values }: &Written) -> Vec<String> {
    let rounded = |bits: u64| ((f64::from_bits(bits) * 10.0).round() / 10.0).to_string();
    let records = counts.1.expect("a percentile is of some records");
    vec![values[0].map_or_else(|| "no data".to_owned(), rounded), records.to_string()]
}

/// The texts of a row's cells.
fn cells(row: &str) -> Vec<String> {
    let pieces = row.split("<t").skip(1).filter(|piece| piece.starts_with('h') || piece.starts_with('d'));
    let texts = pieces.filter_map(|piece| piece.split_once('>')).map(|(_, text)| text.split("</t").next());
    texts.map(|text| plain(text.unwrap_or_default())).collect()
}

/// A text without its tags.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut within_tag = false;
    for character in text.chars() {
        match character {
            '<' => within_tag = true,
            '>' => within_tag = false,
            other if !within_tag => plain.push(other),
            _ => {}
        }
    }
    plain.trim().to_owned()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}
