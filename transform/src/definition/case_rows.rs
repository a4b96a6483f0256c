//! Referrals and contacts of a case's submission in short form.

use chrono::NaiveDate;
use homeward_contract::time::parse_local_date_time;
use serde::Deserialize;

use super::case_submission::{Row, row};

/// One referral without a clock.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralInput {
    /// ServiceRequestID.
    pub referral: String,
    /// Referral received, local: a day, or a day and a time.
    pub received: String,
    /// LocalPatientID. Default: `P-` and the referral.
    pub person: Option<String>,
    /// TeamType of each team that it goes to. Default: one of 51.
    #[serde(default)]
    pub teams: Vec<String>,
    /// Discharge_Date.
    pub discharged: Option<String>,
    /// Referral_RejectionDate, of every team.
    pub rejected: Option<String>,
    /// Referral_ClosureDate, of the first team.
    pub closed: Option<String>,
    /// SourceOfReferral.
    pub source: Option<String>,
    /// OrgID_Commissioner.
    pub commissioner: Option<String>,
}

/// One contact.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactInput {
    /// ServiceRequestID; a referral that the submission does not hold is added, received on the contact's day.
    pub referral: String,
    /// CareContactID.
    pub id: String,
    /// When it took place, local: a day, or a day and a time.
    pub at: String,
    /// AttendanceStatus, or AttendOrNot before version 1.6.
    pub attendance: Option<String>,
}

impl ReferralInput {
    /// Its CYP101 row and its CYP102 rows.
    pub(super) fn rows(&self) -> Result<(Row, Vec<Row>), String> {
        let (day, time) = day_and_time(&self.received)?;
        let mut referral = row(&[
            ("ServiceRequestID", self.referral.clone()),
            ("ReferralRequest_ReceivedDate", day),
            ("ReferralRequest_ReceivedTime", time),
        ]);
        let given = [
            ("LocalPatientID", &self.person),
            ("Discharge_Date", &self.discharged),
            ("SourceOfReferral", &self.source),
            ("OrgID_Commissioner", &self.commissioner),
        ];
        for (item, value) in given {
            referral.extend(value.clone().map(|value| (item.to_owned(), value)));
        }
        let teams = if self.teams.is_empty() { &["51".to_owned()][..] } else { &self.teams[..] };
        let services = teams.iter().enumerate().map(|(number, team)| {
            let mut service = row(&[
                ("ServiceRequestID", self.referral.clone()),
                ("TeamID_Local", format!("TEAM-{number}")),
                ("TeamType", team.clone()),
            ]);
            service.extend(self.rejected.clone().map(|day| ("Referral_RejectionDate".to_owned(), day)));
            let closed = self.closed.clone().filter(|_| number == 0);
            service.extend(closed.map(|day| ("Referral_ClosureDate".to_owned(), day)));
            service
        });
        Ok((referral, services.collect()))
    }
}

impl ContactInput {
    /// Its CYP201 row.
    pub(super) fn row(&self, version: &str) -> Result<Row, String> {
        let (day, time) = day_and_time(&self.at)?;
        let attendance = if version == "1.6" { "AttendanceStatus" } else { "AttendOrNot" };
        let mut contact = row(&[
            ("ServiceRequestID", self.referral.clone()),
            ("CareContactID", self.id.clone()),
            ("Contact_Date", day),
            ("Contact_Time", time),
        ]);
        contact.extend(self.attendance.clone().map(|code| (attendance.to_owned(), code)));
        Ok(contact)
    }
}

/// A day and a time as a file holds them; the time is empty when there is none.
fn day_and_time(text: &str) -> Result<(String, String), String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok((day.to_string(), String::new()));
    }
    let at = parse_local_date_time(text).map_err(|error| format!("'{text}': {error}"))?;
    Ok((at.date().to_string(), at.time().format("%H:%M:%S").to_string()))
}
