//! Working days, England's bank holidays, submission windows, and whether a file is a Primary or a Refresh.
//!
//! Bank holidays follow the rules of the Banking and Financial Dealings Act 1971 for England, plus the days that were
//! moved or proclaimed since CSDS began in October 2017. A new royal occasion needs one line in [`PROCLAIMED`].

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc, Weekday};

use crate::time;

/// Which of a reporting period's two submissions a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileType {
    /// The first submission of a period: provisional.
    Primary,
    /// The second, one month later: replaces the Primary as a whole.
    Refresh,
}

impl FileType {
    /// The word stored and exchanged.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            FileType::Primary => "primary",
            FileType::Refresh => "refresh",
        }
    }

    /// Reads the word, in any letter case.
    #[must_use]
    pub fn from_word(word: &str) -> Option<FileType> {
        [FileType::Primary, FileType::Refresh]
            .into_iter()
            .find(|file_type| file_type.as_str().eq_ignore_ascii_case(word.trim()))
    }
}

/// Year, month and day of month, as a constant can hold them.
type DayParts = (i32, u32, u32);

/// Extra bank holidays of England outside the yearly rules.
const PROCLAIMED: [DayParts; 3] = [
    (2022, 6, 3),  // Platinum Jubilee
    (2022, 9, 19), // state funeral
    (2023, 5, 8),  // coronation
];

/// Which of the yearly May holidays moved, and where to.
const MOVED: [(DayParts, DayParts); 2] = [
    ((2020, 5, 4), (2020, 5, 8)),  // early May to the anniversary of 8 May 1945
    ((2022, 5, 30), (2022, 6, 2)), // spring to the Platinum Jubilee
];

/// True on Monday to Friday except England's bank holidays.
#[must_use]
pub fn is_working_day(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !is_bank_holiday(day)
}

/// True on a bank holiday of England, substitute days included.
#[must_use]
pub fn is_bank_holiday(day: NaiveDate) -> bool {
    let key = (day.year(), day.month(), day.day());
    if PROCLAIMED.contains(&key) || MOVED.iter().any(|(_, to)| *to == key) {
        return true;
    }
    if MOVED.iter().any(|(from, _)| *from == key) {
        return false;
    }
    is_christmas_or_new_year(day) || is_easter_holiday(day) || is_monday_holiday(day)
}

/// New Year's Day, Christmas Day, Boxing Day, each moved to the next free weekday when it falls on a weekend.
fn is_christmas_or_new_year(day: NaiveDate) -> bool {
    use Weekday::{Mon, Sat, Sun, Tue};
    match (day.month(), day.day()) {
        (1, 1) | (12, 25 | 26) => !matches!(day.weekday(), Sat | Sun),
        (1, 2 | 3) => day.weekday() == Mon,
        // Christmas on a Friday frees Monday 28; on a Saturday Monday 27 and Tuesday 28; on a Sunday Tuesday 27.
        (12, 27 | 28) => matches!(day.weekday(), Mon | Tue),
        _ => false,
    }
}

/// Good Friday and Easter Monday.
fn is_easter_holiday(day: NaiveDate) -> bool {
    easter_sunday(day.year()).is_some_and(|easter| {
        easter.checked_sub_days(Days::new(2)) == Some(day) || easter.checked_add_days(Days::new(1)) == Some(day)
    })
}

/// First Monday of May, last Monday of May, last Monday of August.
fn is_monday_holiday(day: NaiveDate) -> bool {
    if day.weekday() != Weekday::Mon {
        return false;
    }
    match day.month() {
        5 => day.day() <= 7 || day.day() > 24,
        8 => day.day() > 24,
        _ => false,
    }
}

/// Easter Sunday of the Gregorian calendar by the anonymous algorithm of 1876; `None` beyond the calendar's range.
fn easter_sunday(year: i32) -> Option<NaiveDate> {
    let golden = year.rem_euclid(19);
    let (century, year_of_century) = (year.div_euclid(100), year.rem_euclid(100));
    let skipped_leap_days = century - century / 4 - (century - (century + 8) / 25 + 1) / 3;
    let moon = (19 * golden + skipped_leap_days + 15).rem_euclid(30);
    let weekday = (32 + 2 * (century % 4) + 2 * (year_of_century / 4) - moon - year_of_century % 4).rem_euclid(7);
    let correction = (golden + 11 * moon + 22 * weekday) / 451;
    let march_based = moon + weekday - 7 * correction + 114;
    let (month, day) = (march_based / 31, march_based % 31 + 1);
    NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

/// The tenth working day of a month, on which its submission window closes at 23:59:59.
///
/// A month outside 1 to 12 is taken as the nearest one, a year beyond the calendar as its last.
#[must_use]
pub fn tenth_working_day(year: i32, month: u32) -> NaiveDate {
    let first = NaiveDate::from_ymd_opt(year, month.clamp(1, 12), 1).unwrap_or(NaiveDate::MAX);
    first.iter_days().take(31).filter(|day| is_working_day(*day)).nth(9).unwrap_or(first)
}

/// One monthly submission window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubmissionWindow {
    /// First local day on which files are taken.
    pub opens: NaiveDate,
    /// Last local day, until 23:59:59.
    pub closes: NaiveDate,
    /// First day of the month whose Primary the window takes.
    pub primary: NaiveDate,
    /// First day of the month whose Refresh the window takes.
    pub refresh: NaiveDate,
}

/// The window that takes the Primary of the month that holds `day`.
///
/// It opens on the working day after the previous window closed: 17 March to 14 April 2025 takes March's Primary and
/// February's Refresh.
#[must_use]
pub fn submission_window(day: NaiveDate) -> SubmissionWindow {
    let primary = day.with_day(1).unwrap_or(day);
    let refresh = primary.checked_sub_months(Months::new(1)).unwrap_or(primary);
    let previous_close = tenth_working_day(primary.year(), primary.month());
    let opens = previous_close.iter_days().skip(1).take(31).find(|day| is_working_day(*day)).unwrap_or(previous_close);
    SubmissionWindow { opens, closes: primary_deadline(primary), primary, refresh }
}

/// The last local day on which a file for the period ending on `rp_end` still is a Primary.
#[must_use]
pub fn primary_deadline(rp_end: NaiveDate) -> NaiveDate {
    let next_month = rp_end.checked_add_months(Months::new(1)).unwrap_or(rp_end);
    tenth_working_day(next_month.year(), next_month.month())
}

/// Primary or Refresh, from the reporting period's end and the instant of receipt.
///
/// Primary up to 23:59:59 local time of the tenth working day of the month after the period, Refresh afterwards,
/// however late: a submission after its Refresh window still is newer knowledge, and nothing is dropped for lateness.
#[must_use]
pub fn file_type(rp_end: NaiveDate, received: DateTime<Utc>) -> FileType {
    BY_RULE.file_type(rp_end, received)
}

/// The submission calendar: the rules above, with what an operator knows better.
///
/// A deadline that NHS England moved, or a bank holiday that was proclaimed after this Homeward was built, is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmissionCalendar {
    deadline_working_day: usize,
    bank_holidays: BTreeSet<NaiveDate>,
    deadlines: BTreeMap<NaiveDate, NaiveDate>,
}

/// The calendar by rule, without a configured exception.
pub static BY_RULE: SubmissionCalendar =
    SubmissionCalendar { deadline_working_day: 10, bank_holidays: BTreeSet::new(), deadlines: BTreeMap::new() };

impl Default for SubmissionCalendar {
    fn default() -> Self {
        BY_RULE.clone()
    }
}

impl SubmissionCalendar {
    /// A calendar whose windows close on this working day of the month, from 1 up; bank holidays beyond the rules; and for
    /// single months, named by any of their days, the last day of the window that closes in them.
    #[must_use]
    pub fn new(
        deadline_working_day: usize,
        bank_holidays: impl IntoIterator<Item = NaiveDate>,
        deadlines: impl IntoIterator<Item = (NaiveDate, NaiveDate)>,
    ) -> Self {
        let first = |day: NaiveDate| day.with_day(1).unwrap_or(day);
        Self {
            deadline_working_day: deadline_working_day.max(1),
            bank_holidays: bank_holidays.into_iter().collect(),
            deadlines: deadlines.into_iter().map(|(month, day)| (first(month), day)).collect(),
        }
    }

    /// The last local day of the window that closes in the month of `day`.
    #[must_use]
    pub fn window_closes(&self, day: NaiveDate) -> NaiveDate {
        let first = day.with_day(1).unwrap_or(day);
        let worked = |day: &NaiveDate| is_working_day(*day) && !self.bank_holidays.contains(day);
        let by_rule = || first.iter_days().take(31).filter(worked).nth(self.deadline_working_day - 1);
        self.deadlines.get(&first).copied().or_else(by_rule).unwrap_or(first)
    }

    /// The last local day on which the Primary, or the Refresh, of the period ending on `rp_end` is expected.
    #[must_use]
    pub fn deadline(&self, file_type: FileType, rp_end: NaiveDate) -> NaiveDate {
        let months = match file_type {
            FileType::Primary => 1,
            FileType::Refresh => 2,
        };
        self.window_closes(rp_end.checked_add_months(Months::new(months)).unwrap_or(rp_end))
    }

    /// Primary or Refresh, as [`file_type`] decides, by this calendar's deadline.
    #[must_use]
    pub fn file_type(&self, rp_end: NaiveDate, received: DateTime<Utc>) -> FileType {
        let deadline = self.deadline(FileType::Primary, rp_end);
        if time::london(received).date() <= deadline { FileType::Primary } else { FileType::Refresh }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// As announced on GOV.UK, for England.
    const BANK_HOLIDAYS: [(i32, &str); 11] = [
        (2017, "01-02 04-14 04-17 05-01 05-29 08-28 12-25 12-26"),
        (2018, "01-01 03-30 04-02 05-07 05-28 08-27 12-25 12-26"),
        (2019, "01-01 04-19 04-22 05-06 05-27 08-26 12-25 12-26"),
        (2020, "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28"),
        (2021, "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28"),
        (2022, "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27"),
        (2023, "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26"),
        (2024, "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26"),
        (2025, "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26"),
        (2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28"),
        (2027, "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28"),
    ];

    #[test]
    fn windows_of_the_handbook() {
        for (primary, opens, closes) in [
            ("2025-03-31", "2025-03-17", "2025-04-14"),
            ("2025-10-31", "2025-10-15", "2025-11-14"),
            ("2026-07-31", "2026-07-15", "2026-08-14"),
        ] {
            let window = submission_window(day(primary));
            assert_eq!((window.opens, window.closes), (day(opens), day(closes)), "{primary}");
            assert_eq!(window.refresh, window.primary.checked_sub_months(Months::new(1)).unwrap());
        }
    }

    #[test]
    fn a_file_is_primary_until_the_deadlines_last_second() {
        let march = day("2025-03-31");
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(file_type(march, at("2025-04-05T12:00:00Z")), FileType::Primary);
        assert_eq!(file_type(march, at("2025-04-14T22:59:59Z")), FileType::Primary);
        // 23:00Z is midnight of the 15th in London.
        assert_eq!(file_type(march, at("2025-04-14T23:00:00Z")), FileType::Refresh);
        assert_eq!(file_type(march, at("2025-09-01T00:00:00Z")), FileType::Refresh);
        assert_eq!(file_type(day("2024-12-31"), at("2025-01-15T09:00:00Z")), FileType::Primary);
        assert_eq!(file_type(day("2024-12-31"), at("2025-01-16T09:00:00Z")), FileType::Refresh);
    }

    #[test]
    fn a_configured_calendar_moves_deadlines() {
        let march = day("2025-03-31");
        let rules = SubmissionCalendar::default();
        assert_eq!(rules.deadline(FileType::Primary, march), day("2025-04-14"));
        assert_eq!(rules.deadline(FileType::Refresh, march), day("2025-05-15"));
        let holiday = SubmissionCalendar::new(10, [day("2025-04-02")], []);
        assert_eq!(holiday.deadline(FileType::Primary, march), day("2025-04-15"));
        let moved = SubmissionCalendar::new(10, [], [(day("2025-04-01"), day("2025-04-22"))]);
        assert_eq!(moved.deadline(FileType::Primary, march), day("2025-04-22"));
        assert_eq!(moved.deadline(FileType::Primary, day("2025-04-30")), day("2025-05-15"));
        let received = "2025-04-20T12:00:00Z".parse().unwrap();
        assert_eq!(moved.file_type(march, received), FileType::Primary);
        assert_eq!(rules.file_type(march, received), FileType::Refresh);
        assert_eq!(SubmissionCalendar::new(1, [], []).deadline(FileType::Primary, march), day("2025-04-01"));
    }

    #[test]
    fn bank_holidays_of_2017_to_2027() {
        let listed: Vec<NaiveDate> = BANK_HOLIDAYS
            .iter()
            .flat_map(|(year, days)| days.split(' ').map(move |month_day| day(&format!("{year}-{month_day}"))))
            .collect();
        let ruled: Vec<NaiveDate> = day("2017-01-01")
            .iter_days()
            .take_while(|day| day.year() <= 2027)
            .filter(|day| is_bank_holiday(*day))
            .collect();
        assert_eq!(ruled, listed);
    }

    #[test]
    fn easter_sundays() {
        for easter in ["2017-04-16", "2018-04-01", "2024-03-31", "2025-04-20", "2026-04-05", "2038-04-25"] {
            assert_eq!(easter_sunday(day(easter).year()), Some(day(easter)));
        }
    }

    #[test]
    fn file_types_are_words() {
        assert_eq!(FileType::from_word(" Primary "), Some(FileType::Primary));
        assert_eq!(FileType::from_word("REFRESH"), Some(FileType::Refresh));
        assert_eq!(FileType::from_word(""), None);
        assert!(FileType::Primary < FileType::Refresh);
    }
}
