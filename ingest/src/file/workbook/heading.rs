//! What a sheet says above its numbers: which table it is, and which month a column is for. Pure.

use chrono::{Days, NaiveDate};
use homeward_contract::published::Measure;

use super::table::Cell;

/// A month at the head of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Month {
    pub(super) first_day: NaiveDate,
    pub(super) provisional: bool,
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// "April 2024", "Apr-24", "2024-04", a date; each also with "(provisional)".
pub(super) fn month(cell: &Cell) -> Option<Month> {
    let text = match cell {
        Cell::Date(serial) | Cell::Number(serial) => {
            return date(*serial).map(|first_day| Month { first_day, provisional: false });
        }
        Cell::Text(text) => text.to_ascii_lowercase(),
        Cell::Other => return None,
    };
    let provisional = text.contains("provisional");
    let plain = text.split(['(', '[']).next().unwrap_or_default();
    let plain = plain.trim_end_matches("provisional");
    let words: Vec<&str> =
        plain.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let (year, month) = match words.as_slice() {
        [one, two] => named(one, two).or_else(|| named(two, one)).or_else(|| numbered(one, two))?,
        // A date of a CSV file: its first day.
        [year, month, "01"] => numbered(year, month)?,
        ["01", month, year] => numbered(year, month)?,
        _ => return None,
    };
    Some(Month { first_day: NaiveDate::from_ymd_opt(year, month, 1)?, provisional })
}

fn named(month: &str, year: &str) -> Option<(i32, u32)> {
    let is_named = |name: &&str| month.len() >= 3 && name.starts_with(month);
    let number = (1..).zip(MONTHS).find(|(_, name)| is_named(name)).map(|(number, _)| number)?;
    Some((full_year(year)?, number))
}

fn numbered(year: &str, month: &str) -> Option<(i32, u32)> {
    (year.len() == 4).then_some(())?;
    Some((full_year(year)?, month.parse().ok().filter(|month| (1..=12).contains(month))?))
}

fn full_year(text: &str) -> Option<i32> {
    let year: i32 = text.parse().ok()?;
    match text.len() {
        2 => Some(2000 + year),
        4 if (2000..2100).contains(&year) => Some(year),
        _ => None,
    }
}

/// Excel counts days from 30 December 1899. Only the first of a month of this century is a month.
fn date(serial: f64) -> Option<NaiveDate> {
    use chrono::Datelike;
    if !(36_526.0..73_050.0).contains(&serial) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked above")]
    let days = Days::new(serial as u64);
    let day = NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(days)?;
    (day.day() == 1).then_some(day)
}

/// Which table a sheet is, by the words above its header, else by its name. `new_layout` is that from 2026/27 on.
pub(super) fn measure(title: &str, name: &str, new_layout: bool) -> Option<Measure> {
    by_title(title).or_else(|| by_name(name, new_layout))
}

/// True for a workbook from 2026/27 on: it has a Table 3b, or a rate per 100,000.
pub(super) fn is_new_layout<'a>(mut sheets: impl Iterator<Item = (&'a str, &'a str)>) -> bool {
    sheets.any(|(name, title)| {
        table_number(name).as_deref() == Some("3b") || by_title(title) == Some(Measure::ReferralsPer100k)
    })
}

fn by_title(title: &str) -> Option<Measure> {
    let title = title.to_lowercase().replace(',', "");
    let says = |words: &[&str]| words.iter().any(|word| title.contains(word));
    if says(&["100000", "100k"]) {
        Some(Measure::ReferralsPer100k)
    } else if says(&["percentage", "per cent", "% of", "proportion"]) {
        Some(Measure::TwoHourRate)
    } else if says(&["contacts"]) {
        Some(if says(&["all contacts", "all ucr contacts"]) { Measure::AllContacts } else { Measure::UcrContacts })
    } else {
        says(&["referrals"]).then_some(Measure::TwoHourReferrals)
    }
}

fn by_name(name: &str, new_layout: bool) -> Option<Measure> {
    match (table_number(name)?.as_str(), new_layout) {
        ("1", _) => Some(Measure::TwoHourRate),
        ("2", false) | ("3b", true) => Some(Measure::TwoHourReferrals),
        ("2", true) => Some(Measure::ReferralsPer100k),
        ("3", _) => Some(Measure::UcrContacts),
        _ => None,
    }
}

/// "3b" of "Table 3b" and of "UCR Table 3b 2026-27.csv".
fn table_number(name: &str) -> Option<String> {
    let name = name.to_lowercase();
    let (_, after) = name.split_once("table")?;
    let number: String =
        after.trim_start_matches([' ', '_', '-']).chars().take_while(char::is_ascii_alphanumeric).collect();
    (!number.is_empty()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_as_workbooks_write_them() {
        let april = |text: &str| {
            month(&Cell::Text(text.to_owned())).map(|month| (month.first_day.to_string(), month.provisional))
        };
        for text in
            ["April 2024", "Apr-24", "Apr 2024", " apr-2024 ", "2024-04", "2024 April", "2024-04-01", "01/04/2024"]
        {
            assert_eq!(april(text), Some(("2024-04-01".to_owned(), false)), "{text}");
        }
        for text in ["April 2024 (provisional)", "Apr-24 (Provisional)", "April 2024 provisional"] {
            assert_eq!(april(text), Some(("2024-04-01".to_owned(), true)), "{text}");
        }
        for text in ["Total", "2024/25", "April", "13-2024", "Month (RTT End Date)", "April 24 2024", ""] {
            assert_eq!(april(text), None, "{text}");
        }
        assert_eq!(
            month(&Cell::Date(45_383.0)).map(|month| month.first_day.to_string()),
            Some("2024-04-01".to_owned())
        );
        assert_eq!(month(&Cell::Date(45_384.0)), None, "the second of April");
        assert_eq!(month(&Cell::Number(f64::NAN)), None);
    }

    #[test]
    fn a_table_is_known_by_its_title_and_else_by_its_name() {
        let title = "Table 1: Percentage of 2-hour UCR referrals that achieved the standard";
        assert_eq!(measure(title, "Sheet4", false), Some(Measure::TwoHourRate));
        let title = "Table 2: Standardised rate of 2-hour UCR referrals per 100,000";
        assert_eq!(measure(title, "Table 2", true), Some(Measure::ReferralsPer100k));
        assert_eq!(measure("", "Table 2", false), Some(Measure::TwoHourReferrals));
        assert_eq!(measure("", "Table 2", true), Some(Measure::ReferralsPer100k));
        assert_eq!(measure("Month (RTT End Date)", "Table 3b", true), Some(Measure::TwoHourReferrals));
        assert_eq!(measure("All UCR contacts", "Table 3a", true), Some(Measure::AllContacts));
        assert_eq!(measure("", "Notes", false), None);
    }
}
