//! The figures of an area's board, read from its HTML as a reader sees them.

use chrono::{DateTime, Utc};

use crate::http;
use crate::server::Server;
use crate::surfaces::{Key, Numbers};

/// Windows by the words of the board.
const WINDOWS: [(&str, &str); 4] =
    [("last 24 hours", "1d"), ("last 7 days", "7d"), ("last 28 days", "28d"), ("so far", "mtd")];

/// What the board of one area says otherwise than SQL, and how many of its figures were compared; nothing when the server
/// has moved on meanwhile.
pub(crate) fn compare_board(server: &Server, level: &str, area: &str, sql: &Numbers) -> Option<(usize, Vec<String>)> {
    let page = http::body(server.http, &format!("/area/{level}/{area}")).unwrap();
    let shown: DateTime<Utc> = between(&page, "<time datetime=\"", "\"")?.parse().ok()?;
    if shown.timestamp_micros() != sql.as_of_micros {
        return None;
    }
    let (mut compared, mut faults) = (0, Vec::new());
    for table in page.split("<table>").skip(1) {
        let Some(indicator) = between(table, "<caption id=\"", "\"").and_then(|id| id.strip_suffix("-windows")) else {
            continue;
        };
        let table = table.split("</table>").next().unwrap_or_default();
        let mut rows = table.split("<tr>").skip(1).map(cells);
        let head = rows.next().unwrap_or_default();
        for row in rows {
            let cell = |name: &str| head.iter().position(|held| held == name).and_then(|at| row.get(at)).cloned();
            let words = cell("Period").unwrap_or_default();
            let (_, window) =
                WINDOWS.iter().find(|(ending, _)| words.ends_with(ending)).expect("a window of the board");
            let basis = cell("Basis").unwrap_or_default();
            let key: Key = [indicator, &basis, level, area, window, ""].map(str::to_owned);
            let told =
                [cell("Numerator").or_else(|| cell("Count")), cell("Denominator"), cell("Share"), cell("95% interval")];
            compared += 1;
            if told != expected(sql, &key) {
                faults.push(format!("board and SQL: {key:?}: {told:?} and {:?}", expected(sql, &key)));
            }
        }
    }
    Some((compared, faults))
}

/// The figure of SQL in the board's words: counts as they are, percentages with one decimal.
fn expected(sql: &Numbers, key: &Key) -> [Option<String>; 4] {
    let (numerator, denominator) = sql.counts.get(key).copied().unwrap_or_default();
    let bits = sql.values.get(key).copied().unwrap_or_default();
    let [value, lower, upper] = bits.map(|bits| bits.map(|bits| percent(f64::from_bits(bits))));
    let plain = |count: Option<i64>| count.map(|count| count.to_string());
    let Some(denominator) = denominator else { return [plain(numerator), None, None, None] };
    let share = value.map_or_else(|| "no data".to_owned(), |value| format!("{value}%"));
    let interval =
        lower.zip(upper).map_or_else(|| "no data".to_owned(), |(lower, upper)| format!("{lower} to {upper}"));
    [plain(numerator), Some(denominator.to_string()), Some(share), Some(interval)]
}

/// One decimal, half away from zero (handbook, statistics section 6).
fn percent(ratio: f64) -> String {
    format!("{:.1}", (ratio * 1_000.0).round() / 10.0)
}

/// The texts of a row's cells.
fn cells(row: &str) -> Vec<String> {
    let mut cells = Vec::new();
    for piece in row.split("<t").skip(1).filter(|piece| piece.starts_with('h') || piece.starts_with('d')) {
        let Some((_, text)) = piece.split_once('>') else { continue };
        let mut plain = String::new();
        let mut within_tag = false;
        for character in text.split("</t").next().unwrap_or_default().chars() {
            match character {
                '<' => within_tag = true,
                '>' => within_tag = false,
                other if !within_tag => plain.push(other),
                _ => {}
            }
        }
        cells.push(plain.trim().to_owned());
    }
    cells
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}
