//! `[submissions]` into a calendar.

use chrono::NaiveDate;
use homeward_contract::calendar::SubmissionCalendar;

use super::fault::Faults;
use super::settings::SubmissionSettings;

/// The calendar of the settings; what cannot be read is a fault and left out.
pub(super) fn calendar(settings: &SubmissionSettings, faults: &mut Faults) -> SubmissionCalendar {
    let day = |place: &str, text: &str, faults: &mut Faults| match text.parse::<NaiveDate>() {
        Ok(day) => Some(day),
        Err(_) => {
            faults.add(place, format!("'{text}' is not a day"), "write CCYY-MM-DD, for example \"2025-04-16\"");
            None
        }
    };
    if !(1..=20).contains(&settings.deadline_working_day) {
        faults.add(
            "[submissions] deadline_working_day",
            format!("{} is no working day of every month", settings.deadline_working_day),
            "write a number from 1 to 20; windows close on the tenth",
        );
    }
    let place = "[submissions] bank_holidays";
    let holidays: Vec<_> = settings.bank_holidays.iter().filter_map(|text| day(place, text, faults)).collect();
    let place = "[submissions] deadlines";
    let mut deadlines = Vec::new();
    for (month, text) in &settings.deadlines {
        let first = day(place, &format!("{month}-01"), faults);
        deadlines.extend(first.zip(day(place, text, faults)));
    }
    SubmissionCalendar::new(settings.deadline_working_day, holidays, deadlines)
}
