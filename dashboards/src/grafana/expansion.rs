//! What Grafana makes of a query before it sends it: variables and macros. Pure.
//!
//! Nobody needs Grafana's answer more than our own tests and benchmarks, which ask the boards' queries of a real
//! Prometheus and of our SQL. Only what the boards use is known here; anything else stays as it is and is found, because
//! no query may hold a dollar sign afterwards. Forms as Grafana 11 and 12 send them.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};

use super::POSTGRES;
use super::model::{Board, Target};

/// A statement of a board, as it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Title of the panel, or the menu that it fills.
    pub place: String,
    /// With its variables and macros.
    pub raw_sql: String,
}

/// The SQL that fills a board's menus.
#[must_use]
pub fn menu_statements(board: &Board) -> Vec<Statement> {
    let menus = board
        .templating
        .list
        .iter()
        .filter(|menu| menu.datasource.as_ref().is_some_and(|source| source.uid == POSTGRES));
    let text = |query: &serde_json::Value| query.as_str().map(str::to_owned);
    menus
        .filter_map(|menu| Some(Statement { place: format!("menu {}", menu.name), raw_sql: text(&menu.query)? }))
        .collect()
}

/// The SQL that fills a board's panels.
#[must_use]
pub fn panel_statements(board: &Board) -> Vec<Statement> {
    let mut statements = Vec::new();
    for panel in &board.panels {
        for target in &panel.targets {
            if let Target::Sql(sql) = target {
                statements.push(Statement { place: panel.title.clone(), raw_sql: sql.raw_sql.clone() });
            }
        }
    }
    statements
}

/// What a reader has chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// Begin of the time range.
    pub from: DateTime<Utc>,
    /// Its end.
    pub to: DateTime<Utc>,
    /// Values by variable: one, or several where several may be chosen.
    pub values: BTreeMap<String, Vec<String>>,
}

impl Choices {
    /// PromQL as it is sent: several values become a group of alternatives.
    #[must_use]
    pub fn promql(&self, expression: &str) -> String {
        self.each(expression, |values| match values {
            [one] => one.clone(),
            many => format!("({})", many.iter().map(|value| literal(value)).collect::<Vec<_>>().join("|")),
        })
    }

    /// SQL as it is sent.
    #[must_use]
    pub fn sql(&self, statement: &str) -> String {
        let quote = |value: &String| format!("'{}'", value.replace('\'', "''"));
        let mut text = self.each(statement, |values| values.iter().map(quote).collect::<Vec<_>>().join(","));
        let instant = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        while let Some((before, arguments, after)) = macro_call(&text, "$__timeFilter(") {
            let column = arguments.trim();
            text = format!("{before}{column} BETWEEN '{}' AND '{}'{after}", instant(self.from), instant(self.to));
        }
        while let Some((before, arguments, after)) = macro_call(&text, "$__timeGroup(") {
            let (column, interval) = arguments.rsplit_once(',').unwrap_or((&arguments, ""));
            let seconds = seconds(interval.trim().trim_matches('\''));
            text = format!("{before}floor(extract(epoch from {})/{seconds})*{seconds}{after}", column.trim());
        }
        text
    }

    /// `${name:sqlstring}` and `$name`, longest name first.
    fn each(&self, text: &str, written: impl Fn(&[String]) -> String) -> String {
        let mut text = text.to_owned();
        for (name, values) in self.values.iter().rev() {
            let value = written(values);
            text = text.replace(&format!("${{{name}:sqlstring}}"), &value).replace(&format!("${name}"), &value);
        }
        text
    }
}

/// A value inside a regular expression inside a string of PromQL.
fn literal(value: &str) -> String {
    let special = |c: char| r"\^$*+?.()|[]{}".contains(c);
    value.chars().flat_map(|c| special(c).then_some(r"\\").into_iter().flat_map(str::chars).chain([c])).collect()
}

/// The text before, inside and after the first call of a macro.
fn macro_call(text: &str, opening: &str) -> Option<(String, String, String)> {
    let (before, rest) = text.split_once(opening)?;
    let (arguments, after) = rest.split_once(')')?;
    Some((before.to_owned(), arguments.to_owned(), after.to_owned()))
}

/// `1h` in seconds; 0 for what is no interval, which no database accepts as a divisor.
fn seconds(interval: &str) -> u64 {
    let unit = match interval.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return 0,
    };
    interval[..interval.len() - 1].parse::<u64>().map_or(0, |number| number * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(areas: &[&str]) -> Choices {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let values = [("area", areas.to_vec()), ("level", vec!["lcp"])];
        Choices {
            from: at("2025-05-01T00:00:00Z"),
            to: at("2025-06-01T00:00:00Z"),
            values: values
                .map(|(name, values)| (name.to_owned(), values.into_iter().map(str::to_owned).collect()))
                .into(),
        }
    }

    #[test]
    fn several_areas_become_alternatives_and_their_signs_are_taken_literally() {
        let expression = r#"sum(x{level="$level",area=~"$area"})"#;
        assert_eq!(choices(&["NR5"]).promql(expression), r#"sum(x{level="lcp",area=~"NR5"})"#);
        let several = choices(&["NR5", "North (a.b)"]).promql(expression);
        assert_eq!(several, r#"sum(x{level="lcp",area=~"(NR5|North \\(a\\.b\\))"})"#);
    }

    #[test]
    fn macros_and_quotes_come_out_as_grafana_writes_them() {
        let statement = "SELECT $__timeGroup(t, '1h') FROM f WHERE area IN (${area:sqlstring}) AND $__timeFilter(t)";
        assert_eq!(
            choices(&["NR5", "St Mary's"]).sql(statement),
            "SELECT floor(extract(epoch from t)/3600)*3600 FROM f WHERE area IN ('NR5','St Mary''s') \
             AND t BETWEEN '2025-05-01T00:00:00.000Z' AND '2025-06-01T00:00:00.000Z'"
        );
    }
}
