//! Submissions that realise given published figures: so many clocks stopped in a month, so many of them met.
//!
//! Among the clocks are the edges of the rule: 120, 0 and 119 minutes among the met, 121 among the others. Referrals
//! are received and stopped on the same day of the month, so that both published tables fall into it.

use std::collections::BTreeMap;

use chrono::{Duration, Months, NaiveDate, NaiveTime};
use homeward_contract::calendar::FileType;
use homeward_contract::feed::Table;
use homeward_contract::submission::{CsdsVersion, Submission};

use crate::csds::{Row, SubmissionFiles};

/// What one provider's submission shall come to for one commissioner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedRow {
    /// Provider code.
    pub provider: String,
    /// Commissioner code, which decides the ICB.
    pub commissioner: String,
    /// Clocks stopped within 120 minutes; at most `stopped`.
    pub met: u64,
    /// Clocks stopped in the month.
    pub stopped: u64,
}

/// People a provider's clocks are spread over.
const PEOPLE: u64 = 50;

/// One submission a provider for the month that begins on `month` (any day of it will do), in order of provider.
#[must_use]
pub fn submissions(month: NaiveDate, file_type: FileType, rows: &[PublishedRow]) -> Vec<SubmissionFiles> {
    let mut providers: BTreeMap<&str, Vec<&PublishedRow>> = BTreeMap::new();
    for row in rows {
        providers.entry(&row.provider).or_default().push(row);
    }
    providers.into_iter().filter_map(|(provider, rows)| submission(provider, month, file_type, &rows)).collect()
}

fn submission(
    provider: &str,
    month: NaiveDate,
    file_type: FileType,
    rows: &[&PublishedRow],
) -> Option<SubmissionFiles> {
    use chrono::Datelike;
    let rp_start = month.with_day(1)?;
    let following = rp_start.checked_add_months(Months::new(1))?;
    let rp_end = following.pred_opt()?;
    let window = match file_type {
        FileType::Primary => following,
        FileType::Refresh => following.checked_add_months(Months::new(1))?,
    };
    let made_at = window.with_day(8)?.and_hms_opt(10, 0, 0)?;
    let submission = Submission::new(provider, CsdsVersion::of_period(rp_end), rp_start, rp_end, made_at);
    let mut tables: BTreeMap<Table, Vec<Row>> = BTreeMap::new();
    tables.insert(Table::Cyp000Header, vec![header(&submission, &made_at.format("%Y-%m-%dT%H:%M:%S").to_string())]);
    let mut number = 0;
    for row in rows {
        for clock in 0..row.stopped {
            let minutes = minutes_of(clock, row.met);
            add_clock(
                &mut tables,
                number,
                row,
                rp_start + Duration::days((number % u64::from(rp_end.day())) as i64),
                minutes,
            );
            number += 1;
        }
    }
    for person in 0..number.min(PEOPLE) {
        tables.entry(Table::Cyp001Mpi).or_default().push(vec![
            ("LocalPatientID", patient(person)),
            ("OrgID_LocalPatientID", provider.to_owned()),
            ("DateOfBirth", "1940-05-17".to_owned()),
        ]);
        let gp = vec![("LocalPatientID", patient(person)), ("OrgID_GP", "V81999".to_owned())];
        tables.entry(Table::Cyp002Gp).or_default().push(gp);
    }
    Some(SubmissionFiles::new(submission, tables))
}

/// Minutes of the n-th clock: the met ones first.
const fn minutes_of(clock: u64, met: u64) -> i64 {
    if clock < met {
        match clock {
            0 => 120,
            1 => 0,
            2 => 119,
            _ => (5 + clock * 7 % 110) as i64,
        }
    } else {
        match clock - met {
            0 => 121,
            late => (122 + late * 13 % 290) as i64,
        }
    }
}

fn patient(number: u64) -> String {
    format!("PUB{:04}", number % PEOPLE)
}

fn header(submission: &Submission, made_at: &str) -> Row {
    vec![
        ("Version", submission.version.as_str().to_owned()),
        ("OrgID_Provider", submission.provider.clone()),
        ("OrgID_Submitter", submission.provider.clone()),
        ("RP_StartDate", submission.rp_start.to_string()),
        ("RP_EndDate", submission.rp_end.to_string()),
        ("FileCreation_DateTime", made_at.to_owned()),
        ("PrimarySystem", "Simulated".to_owned()),
    ]
}

/// A clock that ends between 12:30 and 17:29 and so begins, at the latest 412 minutes before, on the same day and
/// away from any clock change.
fn add_clock(tables: &mut BTreeMap<Table, Vec<Row>>, number: u64, row: &PublishedRow, day: NaiveDate, minutes: i64) {
    let end = day.and_time(NaiveTime::MIN) + Duration::minutes(750 + (number % 300) as i64);
    let start = end - Duration::minutes(minutes);
    let id = format!("PUB-{}-{number:06}", day.format("%Y%m"));
    tables.entry(Table::Cyp101Referral).or_default().push(vec![
        ("ServiceRequestID", id.clone()),
        ("LocalPatientID", patient(number)),
        ("OrgID_Commissioner", row.commissioner.clone()),
        ("ReferralRequest_ReceivedDate", start.date().to_string()),
        ("ReferralRequest_ReceivedTime", start.time().to_string()),
    ]);
    tables.entry(Table::Cyp104Rtt).or_default().push(vec![
        ("ServiceRequestID", id),
        ("WaitingTime_MeasurementType", "05".to_owned()),
        ("RTT_StartDate", start.date().to_string()),
        ("RTT_StartTime", start.time().to_string()),
        ("RTT_EndDate", end.date().to_string()),
        ("RTT_EndTime", end.time().to_string()),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numerators_and_denominators_are_realised() {
        let month = NaiveDate::from_ymd_opt(2025, 3, 14).unwrap();
        let row = |provider: &str, commissioner: &str, met, stopped| PublishedRow {
            provider: provider.to_owned(),
            commissioner: commissioner.to_owned(),
            met,
            stopped,
        };
        let rows = [row("NR5", "15N", 400, 470), row("NR5", "11N", 3, 5), row("RA9", "15N", 0, 1)];
        let made = submissions(month, FileType::Refresh, &rows);
        assert_eq!(made.iter().map(|submission| submission.provider.as_str()).collect::<Vec<_>>(), ["NR5", "RA9"]);
        assert_eq!(made[0].submission().file_type, FileType::Refresh);
        assert_eq!((made[0].rows(Table::Cyp101Referral), made[0].rows(Table::Cyp104Rtt)), (475, 475));
        let primary = submissions(month, FileType::Primary, &rows);
        assert_eq!(primary[0].submission().file_type, FileType::Primary);

        let (_, csv) = made[0].files().into_iter().find(|(name, _)| name == "CYP104RTT.csv").unwrap();
        let mut reader = csv::Reader::from_reader(csv.as_slice());
        let headers = reader.headers().unwrap().clone();
        let minutes: Vec<i64> = reader
            .records()
            .map(|record| {
                let record = record.unwrap();
                let cell = |name: &str| {
                    record.get(headers.iter().position(|header| header == name).unwrap()).unwrap().to_owned()
                };
                assert_eq!(cell("RTT_StartDate"), cell("RTT_EndDate"));
                assert!(cell("RTT_EndDate").starts_with("2025-03-"));
                let time = |name: &str| NaiveTime::parse_from_str(&cell(name), "%H:%M:%S").unwrap();
                (time("RTT_EndTime") - time("RTT_StartTime")).num_minutes()
            })
            .collect();
        assert_eq!(minutes.iter().filter(|minutes| (0..=120).contains(*minutes)).count(), 403);
        for edge in [0, 119, 120, 121] {
            assert!(minutes.contains(&edge), "{edge}");
        }
    }
}
