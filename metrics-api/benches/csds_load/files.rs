//! Submission folders in bulk: every core table of the handbook (`csds.md` section 3) in the proportions of its volumes
//! (section 10), for as many providers and months as asked for.
//!
//! A referral is sent with the period in which it came and two or three after it, each time in the Primary and again in
//! the Refresh: 6.5 times in all. What is known of it grows from one sending to the next, so that a reader who counts a
//! row twice, or takes the newest file for the newest period, gets other figures. A Refresh is made three days after the
//! Primary of the month that follows it. Everything is drawn from what it is about, so that a row that is sent again
//! says the same again.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use chrono::{Datelike as _, Days, Months, NaiveDate};
use homeward_contract::submission::CsdsVersion;

use crate::extent::{Clock, Draw, Extent, REFERRALS_A_CLOCK, code, first_day, last_age};
use crate::stand::Fault;

/// What was written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Written {
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) submissions: u64,
}

/// One submission: a provider's Primary or Refresh of a month, counted from the first.
#[derive(Debug, Clone, Copy)]
struct Submission {
    provider: u64,
    month: u32,
    is_refresh: bool,
}

/// Writes everything, window by window: the Primaries of a month, then the Refreshes of the month before.
pub(crate) fn write(folder: &Path, extent: Extent) -> Result<Written, Fault> {
    let mut written = Written::default();
    for month in 0..extent.months {
        let window = write_window(folder, extent, month)?;
        written.rows += window.rows;
        written.bytes += window.bytes;
        written.submissions += window.submissions;
    }
    Ok(written)
}

/// Writes one submission window into a folder of its own below `folder`.
pub(crate) fn write_window(folder: &Path, extent: Extent, month: u32) -> Result<Written, Fault> {
    let window = folder.join(window_name(month));
    let mut written = Written::default();
    for (month, is_refresh) in [(Some(month), false), (month.checked_sub(1), true)] {
        let Some(month) = month else { continue };
        for provider in 0..extent.providers {
            let submission = Submission { provider, month, is_refresh };
            let name = format!("{}-{}-{}", u8::from(is_refresh), code(provider), first_day(month)?.format("%Y%m"));
            let mut tables = Tables::create(&window.join(name), submission)?;
            tables.write_referrals(extent)?;
            let (rows, bytes) = tables.finish()?;
            written.rows += rows;
            written.bytes += bytes;
            written.submissions += 1;
        }
    }
    Ok(written)
}

/// The folder of a submission window.
pub(crate) fn window_name(month: u32) -> String {
    format!("window-{month:03}")
}

/// A table's file and its header line.
struct Table {
    file: BufWriter<File>,
    rows: u64,
}

const HEADERS: [(&str, &str); 10] = [
    (
        "CYP000Header",
        "Version,OrgID_Provider,OrgID_Submitter,RP_StartDate,RP_EndDate,FileCreation_DateTime,PrimarySystem",
    ),
    (
        "CYP001MPI",
        "LocalPatientID,OrgID_LocalPatientID,NHSNumber,NHSNumber_Status,DateOfBirth,Postcode,Gender,EthnicCategory",
    ),
    ("CYP002GP", "LocalPatientID,OrgID_GP,GPRegistration_StartDate,GPRegistration_EndDate"),
    ("CYP003AccommType", "LocalPatientID,AccommStatus,AccommStatus_Date"),
    (
        "CYP101Referral",
        "ServiceRequestID,LocalPatientID,OrgID_Commissioner,ReferralRequest_ReceivedDate,ReferralRequest_ReceivedTime,\
         SourceOfReferral,OrgID_Referring,Priority_Type,PrimaryReferralReason,Discharge_Date",
    ),
    (
        "CYP102ServiceTypeReferredTo",
        "ServiceRequestID,TeamID_Local,TeamType,Referral_ClosureDate,Referral_RejectionDate,Referral_ClosureReason,\
         Referral_RejectionReason",
    ),
    (
        "CYP104RTT",
        "ServiceRequestID,WaitingTime_MeasurementType,RTT_StartDate,RTT_EndDate,RTT_Status,RTT_StartTime,RTT_EndTime",
    ),
    ("CYP105OnwardReferral", "ServiceRequestID,Onward_ReferralDate,Onward_ReferralReason,OrgID_Receiving"),
    (
        "CYP201CareContact",
        "CareContactID,ServiceRequestID,TeamID_Local,Contact_Date,Contact_Time,OrgID_Commissioner,CareContact_Duration,\
         Consultation_Type,CareContact_Subject,ConsMechanism,Activity_LocationType,AttendanceStatus,Contact_CancellationDate",
    ),
    ("CYP202CareActivity", "CareActivityID,CareContactID,Activity_Type,CareProfessionalID_Local,CareActivity_Duration"),
];

/// Places in [`HEADERS`].
const HEADER: usize = 0;
const PERSON: usize = 1;
const GP: usize = 2;
const ACCOMMODATION: usize = 3;
const REFERRAL: usize = 4;
const SERVICE: usize = 5;
const CLOCK: usize = 6;
const ONWARD: usize = 7;
const CONTACT: usize = 8;
const ACTIVITY: usize = 9;

/// The files of one submission.
struct Tables {
    submission: Submission,
    provider: String,
    first: NaiveDate,
    tables: Vec<Table>,
}

impl Tables {
    fn create(folder: &Path, submission: Submission) -> Result<Self, Fault> {
        fs::create_dir_all(folder)?;
        let mut tables = Vec::new();
        for (name, header) in HEADERS {
            let mut file = BufWriter::with_capacity(256 << 10, File::create(folder.join(format!("{name}.csv")))?);
            writeln!(file, "{header}")?;
            tables.push(Table { file, rows: 0 });
        }
        let first = first_day(submission.month)?;
        let mut own = Self { submission, provider: code(submission.provider), first, tables };
        let last = first.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt()).ok_or("no last day")?;
        // Each on its side of the tenth working day that divides Primary from Refresh.
        let created = last + if submission.is_refresh { Days::new(38) } else { Days::new(5) };
        let provider = own.provider.clone();
        let version = CsdsVersion::of_period(last).as_str();
        writeln!(own.row(HEADER), "{version},{provider},{provider},{first},{last},{created}T10:15:00,BENCH")?;
        Ok(own)
    }

    fn row(&mut self, table: usize) -> &mut BufWriter<File> {
        let table = &mut self.tables[table];
        table.rows += 1;
        &mut table.file
    }

    fn write_referrals(&mut self, extent: Extent) -> Result<(), Fault> {
        let referrals = extent.referrals_of(self.submission.provider);
        // Those that came three months ago first: one in four of them is still open.
        for age in (0..=3.min(self.submission.month)).rev() {
            let mut last_person = None;
            for number in (0..referrals).filter(|number| age <= last_age(*number)) {
                let person = number * 10 / 13;
                self.write_referral(age, number, person, last_person != Some(person))?;
                last_person = Some(person);
            }
        }
        Ok(())
    }

    fn write_referral(&mut self, age: u32, number: u64, person: u64, is_new_person: bool) -> Result<(), Fault> {
        let came = self.submission.month - age;
        let first_then = first_day(came)?;
        let mut draw = Draw::about([self.submission.provider, came.into(), number, 0]);
        // How often it was sent before: what is known of it grows with that.
        let stage = u64::from(2 * age) + u64::from(self.submission.is_refresh);
        let received = first_then + Days::new(draw.below(days_of(first_then)));
        let minute = 8 * 60 + draw.below(11 * 60);
        let request = format!("{came:03}{number:07}");
        let commissioner = draw.of(&["QJK", "15N", "QT6", ""]);
        let provider = self.provider.clone();
        if is_new_person {
            self.write_person(came, person)?;
        }
        // With its last sending a referral ends, but for one in twenty, which nobody ever closes.
        let ends = age == last_age(number) && number % 20 != 7;
        let discharge = if ends { self.first + Days::new(days_of(self.first) - 1) } else { NaiveDate::default() };
        writeln!(
            self.row(REFERRAL),
            "{request},P{came:03}{person:07},{commissioner},{received},{},{:02},{provider},{},{:02},{}",
            time(minute),
            1 + draw.below(9),
            1 + draw.below(3),
            1 + draw.below(60),
            Known(discharge),
        )?;
        let team = draw.of(&["49", "51", "12", "26", "45", "18"]);
        let team_local = draw.below(40);
        writeln!(self.row(SERVICE), "{request},TM{team_local:03},{team},{},,,", Known(discharge))?;
        if number.is_multiple_of(REFERRALS_A_CLOCK) {
            let clock = Clock::of(&mut Draw::of_clock(self.submission.provider, came, number));
            self.write_clock(&request, received, minute, stage, &clock)?;
        }
        if draw.below(20) == 0 {
            writeln!(self.row(ONWARD), "{request},{},01,RH8", received + Days::new(1))?;
        }
        self.write_contacts(&request, came, number, team_local)
    }

    fn write_person(&mut self, came: u32, person: u64) -> Result<(), Fault> {
        let mut draw = Draw::about([self.submission.provider, came.into(), person, 1]);
        let provider = self.provider.clone();
        let id = format!("P{came:03}{person:07}");
        let born = NaiveDate::default() - Days::new(365 * 40) + Days::new(draw.below(365 * 45));
        let (number, status) = match nhs_number(draw.below(1_000_000)) {
            Some(number) => (number.to_string(), "01"),
            None => (String::new(), "03"),
        };
        let (gender, ethnicity) = (1 + draw.below(2), draw.of(&["A", "B", "C", "Z"]));
        writeln!(self.row(PERSON), "{id},{provider},{number},{status},{born},PL1 1AA,{gender},{ethnicity}")?;
        writeln!(self.row(GP), "{id},L83{:03},2015-04-01,", draw.below(120))?;
        writeln!(self.row(ACCOMMODATION), "{id},{:02},2022-01-01", 1 + draw.below(9))?;
        Ok(())
    }

    fn write_clock(
        &mut self,
        request: &str,
        day: NaiveDate,
        minute: u64,
        stage: u64,
        clock: &Clock,
    ) -> Result<(), Fault> {
        let start = time(minute);
        if stage >= clock.known_from {
            writeln!(self.row(CLOCK), "{request},05,{day},{day},30,{start},{}", time(minute + clock.minutes))?;
        } else {
            writeln!(self.row(CLOCK), "{request},05,{day},,20,{start},")?;
        }
        Ok(())
    }

    fn write_contacts(&mut self, request: &str, came: u32, number: u64, team: u64) -> Result<(), Fault> {
        let month = self.submission.month;
        let mut draw = Draw::about([self.submission.provider, u64::from(came) << 32 | u64::from(month), number, 2]);
        for contact in 0..1 + u64::from(draw.below(100) < 48) {
            let (first, id) = (self.first, format!("C{month:03}{request}{contact}"));
            let day = first + Days::new(draw.below(days_of(first)));
            writeln!(
                self.row(CONTACT),
                "{id},{request},TM{team:03},{day},{},QJK,{},02,01,{},{},5,",
                time(8 * 60 + draw.below(600)),
                10 + draw.below(90),
                draw.of(&["01", "01", "02", "11"]),
                draw.of(&["A01", "A01", "B01", "E03"]),
            )?;
            for activity in 0..2 + u64::from(draw.below(100) < 65) {
                writeln!(
                    self.row(ACTIVITY),
                    "{id}{activity},{id},{:02},ST{:04},{}",
                    1 + draw.below(12),
                    draw.below(2000),
                    5 + draw.below(60)
                )?;
            }
        }
        Ok(())
    }

    /// Rows, the header's among them, and bytes.
    fn finish(self) -> Result<(u64, u64), Fault> {
        let (mut rows, mut bytes) = (0, 0);
        for table in self.tables {
            rows += table.rows;
            let file = table.file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            bytes += file.metadata()?.len();
        }
        Ok((rows, bytes))
    }
}

/// A date, or nothing for the epoch, which no date here is.
struct Known(NaiveDate);

impl std::fmt::Display for Known {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 == NaiveDate::default() { Ok(()) } else { self.0.fmt(out) }
    }
}

fn days_of(first: NaiveDate) -> u64 {
    u64::from(first.num_days_in_month())
}

fn time(minute: u64) -> String {
    format!("{:02}:{:02}:00", minute / 60, minute % 60)
}

/// A number of the range that no person has; one in eleven has no check digit.
fn nhs_number(of: u64) -> Option<u64> {
    let body = 999_000_000 + of % 1_000_000;
    let digits = (0..9).map(|place| body / 10_u64.pow(8 - place) % 10 * (10 - u64::from(place)));
    let check = match 11 - digits.sum::<u64>() % 11 {
        10 => return None,
        11 => 0,
        check => check,
    };
    Some(body * 10 + check)
}
