//! What was planted in the submissions, for the truth.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use homeward_contract::submission::Submission;
use serde::Serialize;

use super::story::PlantedSubmission;
use crate::malformed::MalformedRow;
use crate::referral::{CsdsEnd, CsdsTimes, Referral};

/// One CYP104 row of a two-hour clock as it was meant, before any dirt.
#[derive(Debug, Clone)]
pub(crate) struct CsdsClock {
    pub(crate) provider: String,
    pub(crate) serial: u64,
    pub(crate) waiting_type: &'static str,
    pub(crate) start_date: NaiveDate,
    pub(crate) start_time: Option<NaiveTime>,
    pub(crate) end_date: Option<NaiveDate>,
    pub(crate) end_time: Option<NaiveTime>,
    pub(crate) rp_end: NaiveDate,
    pub(crate) received_at: DateTime<Utc>,
    pub(crate) submission: String,
    pub(crate) row_number: usize,
}

/// What orders the rows of one key: end of the reporting period, receipt, submission, number of the row.
pub(crate) type Rank = (NaiveDate, DateTime<Utc>, String, usize);

/// One CYP101 row as it was meant.
#[derive(Debug, Clone)]
pub(crate) struct PlantedReferral {
    pub(crate) provider: String,
    pub(crate) referral: String,
    /// LocalPatientID of the person it names.
    pub(crate) person: String,
    pub(crate) received_on: NaiveDate,
    /// The last day: discharged, or closed or rejected by its team.
    pub(crate) ended_on: Option<NaiveDate>,
    pub(crate) rank: Rank,
}

/// One CYP201 row as it was meant.
#[derive(Debug, Clone)]
pub(crate) struct PlantedContact {
    pub(crate) provider: String,
    pub(crate) referral: String,
    /// Of a two-hour referral.
    pub(crate) serial: Option<u64>,
    pub(crate) contact: String,
    /// LocalPatientID of the person whom its referral names in the same submission (D4).
    pub(crate) person: String,
    pub(crate) on: NaiveDate,
    pub(crate) attendance: String,
    pub(crate) rank: Rank,
}

fn rank(submission: &Submission, row_number: usize) -> Rank {
    (submission.rp_end, submission.file_received_at, submission.id.clone(), row_number)
}

impl Planted {
    /// Notes a CYP101 row: its id and the LocalPatientID it names.
    pub(crate) fn referral(
        &mut self,
        submission: &Submission,
        (referral, person): (&str, &str),
        received_on: NaiveDate,
        ended_on: Option<NaiveDate>,
        row_number: usize,
    ) {
        self.referrals.push(PlantedReferral {
            provider: submission.provider.clone(),
            referral: referral.to_owned(),
            person: person.to_owned(),
            received_on,
            ended_on,
            rank: rank(submission, row_number),
        });
    }

    /// Notes a CYP201 row: its referral's id and person, its own id, day and attendance.
    pub(crate) fn contact(
        &mut self,
        submission: &Submission,
        (referral, person): (&str, &str),
        serial: Option<u64>,
        (contact, on, attendance): (&str, NaiveDate, &str),
        row_number: usize,
    ) {
        self.contacts.push(PlantedContact {
            provider: submission.provider.clone(),
            referral: referral.to_owned(),
            serial,
            contact: contact.to_owned(),
            person: person.to_owned(),
            on,
            attendance: attendance.to_owned(),
            rank: rank(submission, row_number),
        });
    }
}

/// What the submissions hold, for the truth.
#[derive(Debug, Clone, Default)]
pub(crate) struct Planted {
    pub(crate) clocks: Vec<CsdsClock>,
    pub(crate) referrals: Vec<PlantedReferral>,
    pub(crate) contacts: Vec<PlantedContact>,
    pub(crate) submissions: Vec<PlantedSubmission>,
    pub(crate) counts: CsdsCounts,
}

/// Exact numbers of what was planted in the submissions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CsdsCounts {
    /// Submissions made.
    pub submissions: u64,
    /// Of those, sent a second time for their month and kind.
    pub resubmissions: u64,
    /// Of those, Refreshes that come long after their window.
    pub late_refreshes: u64,
    /// Submissions of which only the first half ever arrives.
    pub broken_off: u64,
    /// Submissions whose second half arrives later.
    pub completed_later: u64,
    /// Submissions that are withdrawn.
    pub withdrawn: u64,
    /// Of those, reinstated.
    pub reinstated: u64,
    /// Rows of referrals that a later submission of the month leaves out.
    pub left_out: u64,
    /// Good rows by table.
    pub rows: BTreeMap<String, u64>,
    /// Broken rows by kind; they come in addition.
    pub malformed: BTreeMap<MalformedRow, u64>,
    /// Referrals left out of their first Primary.
    pub late_records: u64,
    /// Live referrals that are never submitted.
    pub absent: u64,
    /// Referrals that only CSDS knows.
    pub csds_only: u64,
    /// Live type-05 referrals submitted as 07.
    pub changed_type: u64,
    /// Clocks whose end never reaches CSDS.
    pub ends_missing: u64,
    /// Clocks whose end is missing in Primary and present in Refresh.
    pub ends_gained_in_refresh: u64,
    /// Clocks with a start or end time missing.
    pub times_missing: u64,
    /// Clocks that end before they start.
    pub negative_waits: u64,
    /// Rows with a dirty waiting type or attendance code.
    pub dirty_codes: u64,
    /// Referral ids with a suffix, counted once a submission.
    pub suffixed_ids: u64,
    /// Rows of CYP104 under a placeholder id.
    pub placeholder_ids: u64,
    /// Times carried by a date.
    pub dated_times: u64,
    /// Submissions whose provider code is padded.
    pub padded_providers: u64,
}

impl CsdsCounts {
    /// Adds the faults of one referral.
    pub(crate) fn add_referral(&mut self, referral: &Referral) {
        let plan = &referral.csds;
        if plan.absent {
            self.absent += u64::from(referral.on_feed());
            return;
        }
        self.csds_only += u64::from(!referral.on_feed());
        self.late_records += u64::from(plan.late_record);
        self.changed_type += u64::from(plan.changed_type);
        self.ends_missing += u64::from(plan.end == CsdsEnd::Missing);
        self.ends_gained_in_refresh += u64::from(plan.end == CsdsEnd::GainedInRefresh);
        self.times_missing += u64::from(matches!(plan.times, CsdsTimes::StartTimeMissing | CsdsTimes::EndTimeMissing));
        self.negative_waits += u64::from(plan.times == CsdsTimes::EndBeforeStart);
    }
}
