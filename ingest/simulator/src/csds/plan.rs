//! Which submissions there are: a Primary and a Refresh for each provider and month, some sent twice, some late.

use chrono::{Datelike, Duration, Months, NaiveDate, NaiveDateTime};
use homeward_contract::calendar::FileType;
use homeward_contract::submission::{CsdsVersion, Submission};
use rand::rngs::StdRng;

use super::entries::Writer;
use super::files::SubmissionFiles;
use super::planted::Planted;
use super::story::Story;
use crate::parameters::Parameters;
use crate::random::{Stream, between, chance, generator};
use crate::referral::Referral;
use crate::wall::wall;

/// First and last day of the month after the reporting month on which a Primary, or one month later a Refresh, is
/// made. The tenth working day is never earlier than the 12th.
const MADE_ON_DAYS: (i64, i64) = (7, 11);

/// Makes every submission, in order of receipt, and says what was planted.
pub(crate) fn submissions(
    parameters: &Parameters,
    referrals: &[&Referral],
    last_day: NaiveDate,
) -> (Vec<SubmissionFiles>, Planted) {
    let mut planted = Planted::default();
    let mut made = Vec::new();
    let first_month = first_of_month(wall(parameters.start).date());
    for (place, provider) in parameters.providers.iter().enumerate() {
        let own: Vec<&Referral> =
            referrals.iter().copied().filter(|referral| referral.provider == provider.code).collect();
        for referral in &own {
            planted.counts.add_referral(referral);
        }
        let mut month = first_month;
        while month <= last_day {
            let mut rng = generator(
                parameters.seed,
                Stream::Submission,
                &[place as u64, u64::from(month.year_ce().1), u64::from(month.month())],
            );
            let coordinates = [place as u64, u64::from(month.year_ce().1), u64::from(month.month())];
            for (number, sending) in sendings(&mut rng, parameters, &coordinates, month).into_iter().enumerate() {
                let submission = Submission::new(
                    &provider.code,
                    CsdsVersion::of_period(last_of_month(month)),
                    month,
                    last_of_month(month),
                    sending.made_at,
                );
                let [place, year, month] = coordinates;
                let story =
                    Story::of(parameters, &submission, &[place, year, month, number as u64], &mut planted.counts);
                planted.submissions.push(story.planted(&submission));
                let writer = Writer {
                    parameters,
                    submission,
                    file_type: sending.file_type,
                    sent_before: sending.again,
                    first_of_month: number == 0,
                };
                made.push(writer.write(&mut rng, &own, &mut planted).with_story(story));
            }
            month = next_month(month);
        }
    }
    made.sort_by(|one, two| (one.delivered_at, &one.id).cmp(&(two.delivered_at, &two.id)));
    planted.counts.submissions = made.len() as u64;
    (made, planted)
}

struct Sending {
    file_type: FileType,
    made_at: NaiveDateTime,
    again: bool,
}

fn sendings(rng: &mut StdRng, parameters: &Parameters, coordinates: &[u64; 3], month: NaiveDate) -> Vec<Sending> {
    let primary_at = made_at(rng, next_month(month));
    let mut sendings = vec![Sending { file_type: FileType::Primary, made_at: primary_at, again: false }];
    if chance(rng, parameters.csds.resubmitted) && i64::from(primary_at.day()) < MADE_ON_DAYS.1 {
        let made_at = primary_at + Duration::days(1);
        sendings.push(Sending { file_type: FileType::Primary, made_at, again: true });
    }
    let refresh_at = made_at(rng, next_month(next_month(month)));
    sendings.push(Sending { file_type: FileType::Refresh, made_at: refresh_at, again: false });
    // Drawn apart, so that a rate of 0 leaves all else as it was.
    let mut late = generator(parameters.seed, Stream::SubmissionStory, coordinates);
    if chance(&mut late, parameters.csds.late_refresh) {
        let made_at = refresh_at + Duration::minutes(between(&mut late, 25 * 1440, 80 * 1440));
        sendings.push(Sending { file_type: FileType::Refresh, made_at, again: true });
    }
    sendings
}

/// Somewhere in office hours: half of the Refreshes arrive after the Primary of the newer month (D5).
fn made_at(rng: &mut StdRng, window_month: NaiveDate) -> NaiveDateTime {
    let day = between(rng, MADE_ON_DAYS.0, MADE_ON_DAYS.1);
    let seconds = between(rng, 9 * 3600, 17 * 3600);
    (window_month + Duration::days(day - 1)).and_time(chrono::NaiveTime::MIN) + Duration::seconds(seconds)
}

pub(crate) fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

pub(crate) fn next_month(month: NaiveDate) -> NaiveDate {
    month.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX)
}

pub(crate) fn last_of_month(month: NaiveDate) -> NaiveDate {
    next_month(month) - Duration::days(1)
}
