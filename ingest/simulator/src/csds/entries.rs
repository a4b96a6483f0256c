//! The rows of one submission: what the provider's own system held when the file was made, with the planted faults.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use homeward_contract::calendar::FileType;
use homeward_contract::feed::Table;
use homeward_contract::submission::{CsdsVersion, Submission};
use rand::rngs::StdRng;

use super::dirt;
use super::files::{Row, SubmissionFiles};
use super::further;
use super::plan::first_of_month;
use super::planted::{CsdsClock, CsdsCounts, Planted};
use crate::malformed::MalformedRow;
use crate::parameters::Parameters;
use crate::person::Person;
use crate::random::{Stream, between, chance, generator};
use crate::referral::{CsdsEnd, CsdsTimes, Fate, Referral};
use crate::truth::state::State;
use crate::wall::wall;

/// Writes one submission.
pub(crate) struct Writer<'a> {
    pub(crate) parameters: &'a Parameters,
    pub(crate) submission: Submission,
    pub(crate) file_type: FileType,
    pub(crate) sent_before: bool,
    /// Nothing was sent for this month before.
    pub(crate) first_of_month: bool,
}

pub(super) type Tables = BTreeMap<Table, Vec<Row>>;

impl Writer<'_> {
    pub(crate) fn write<'p>(
        self,
        rng: &mut StdRng,
        referrals: &[&'p Referral],
        planted: &mut Planted,
    ) -> SubmissionFiles {
        let mut tables = Tables::new();
        let mut people: BTreeMap<&'p str, &'p Person> = BTreeMap::new();
        for referral in referrals {
            if let Some(state) = self.state_if_sent(referral) {
                if self.leaves_out(referral) {
                    planted.counts.left_out += 1;
                    continue;
                }
                people.insert(&referral.person.local_patient_id, &referral.person);
                self.referral_rows(rng, referral, &state, &mut tables, planted);
            }
        }
        self.other_rows(rng, referrals, &mut people, &mut tables, planted);
        let mut take_person = |person: &'p Person| {
            people.insert(&person.local_patient_id, person);
        };
        self.community_rows(referrals, &mut take_person, &mut tables, planted);
        for person in people.values() {
            self.person_rows(person, &mut tables);
        }
        further::add(&mut tables, &self.submission, self.parameters.seed, self.parameters.csds.further_tables);
        self.header_row(rng, &mut tables, &mut planted.counts);
        for (table, rows) in &tables {
            *planted.counts.rows.entry(table.csds_name().unwrap_or_default().to_owned()).or_default() +=
                rows.len() as u64;
        }
        planted.counts.resubmissions += u64::from(self.sent_before);
        planted.counts.late_refreshes += u64::from(self.sent_before && self.file_type == FileType::Refresh);
        self.malformed_rows(rng, &mut tables, &mut planted.counts);
        SubmissionFiles::new(self.submission, tables)
    }

    /// What the provider's system holds of a referral, when this file carries it.
    fn state_if_sent(&self, referral: &Referral) -> Option<State> {
        let received_on = wall(referral.received_at).date();
        let first_primary =
            self.file_type == FileType::Primary && first_of_month(received_on) == self.submission.rp_start;
        if referral.csds.absent || received_on > self.submission.rp_end || (referral.csds.late_record && first_primary)
        {
            return None;
        }
        let made_at = self.submission.file_received_at;
        let state = State::of(referral.facts.iter().filter(|fact| fact.recorded_at <= made_at));
        let finished_at = state.closed_at.or(state.rejected_at);
        let finished_before = finished_at.is_some_and(|at| wall(at).date() < self.submission.rp_start);
        let withheld = state.voided && !self.sends_voided(referral);
        (!finished_before && !withheld).then_some(state)
    }

    /// A later submission of the month leaves a referral out that an earlier one had.
    fn leaves_out(&self, referral: &Referral) -> bool {
        if self.first_of_month {
            return false;
        }
        let made_at = self.submission.file_received_at.timestamp().unsigned_abs();
        let mut rng = generator(self.parameters.seed, Stream::LeftOut, &[referral.serial, made_at]);
        chance(&mut rng, self.parameters.csds.left_out)
    }

    fn sends_voided(&self, referral: &Referral) -> bool {
        debug_assert_eq!(referral.fate, Fate::Voided);
        let mut rng = generator(self.parameters.seed, Stream::CsdsPlan, &[referral.serial, 1]);
        chance(&mut rng, self.parameters.csds.voided_still_submitted)
    }

    fn referral_rows(
        &self,
        rng: &mut StdRng,
        referral: &Referral,
        state: &State,
        tables: &mut Tables,
        planted: &mut Planted,
    ) {
        let rates = &self.parameters.csds;
        let (id, suffixed) = dirt::referral_id(rng, rates.suffixed_ids, &referral.id);
        planted.counts.suffixed_ids += u64::from(suffixed);
        let received = wall(referral.received_at);
        let in_period = |at: DateTime<Utc>| wall(at).date() <= self.submission.rp_end;
        let day_of = |at: Option<DateTime<Utc>>| {
            at.filter(|at| in_period(*at)).map(|at| wall(at).date().to_string()).unwrap_or_default()
        };
        let closed_on = day_of(state.closed_at);
        rows(tables, Table::Cyp101Referral).push(vec![
            ("ServiceRequestID", id.clone()),
            ("LocalPatientID", referral.person.local_patient_id.clone()),
            ("OrgID_Commissioner", referral.person.commissioner.unwrap_or_default().to_owned()),
            ("ReferralRequest_ReceivedDate", received.date().to_string()),
            ("ReferralRequest_ReceivedTime", received.format("%H:%M:%S").to_string()),
            ("OrgID_Referring", referral.referring.clone().unwrap_or_default()),
            ("Priority_Type", "2".to_owned()),
            ("Discharge_Date", closed_on.clone()),
        ]);
        let rejected_on = day_of(state.rejected_at);
        let ended_on = [&closed_on, &rejected_on].into_iter().find_map(|day| day.parse().ok());
        let row = rows(tables, Table::Cyp101Referral).len();
        let named = (referral.id.as_str(), referral.person.local_patient_id.as_str());
        planted.referral(&self.submission, named, received.date(), ended_on, row);
        rows(tables, Table::Cyp102ServiceTypeReferredTo).push(vec![
            ("ServiceRequestID", id.clone()),
            ("TeamID_Local", referral.team_id.clone()),
            ("TeamType", referral.team_type.unwrap_or_default().to_owned()),
            ("Referral_ClosureDate", closed_on),
            ("Referral_RejectionReason", if rejected_on.is_empty() { String::new() } else { "02".to_owned() }),
            ("Referral_RejectionDate", rejected_on),
        ]);
        self.clock_row(rng, &id, referral, state, tables, planted);
        self.contact_rows(rng, &id, referral, state, tables, planted);
    }

    fn clock_row(
        &self,
        rng: &mut StdRng,
        id: &str,
        referral: &Referral,
        state: &State,
        tables: &mut Tables,
        planted: &mut Planted,
    ) {
        let (Some(start_at), rates) = (state.start_at, &self.parameters.csds) else { return };
        let plan = &referral.csds;
        let start = wall(start_at);
        let end = state.end_at.filter(|end_at| self.carries_end(plan.end, *end_at)).map(|end_at| match plan.times {
            CsdsTimes::EndBeforeStart => wall(start_at - chrono::Duration::minutes(30)),
            _ => wall(end_at),
        });
        let seven = plan.changed_type || state.reclassified_at.is_some();
        let clock = CsdsClock {
            provider: self.submission.provider.clone(),
            serial: referral.serial,
            waiting_type: if seven { "07" } else { referral.waiting_type },
            start_date: start.date(),
            start_time: (plan.times != CsdsTimes::StartTimeMissing).then(|| start.time()),
            end_date: end.map(|end| end.date()),
            end_time: end.map(|end| end.time()).filter(|_| plan.times != CsdsTimes::EndTimeMissing),
            rp_end: self.submission.rp_end,
            received_at: self.submission.file_received_at,
            submission: self.submission.id.clone(),
            row_number: rows(tables, Table::Cyp104Rtt).len() + 1,
        };
        let counts = &mut planted.counts;
        let (waiting_type, dirty) = dirt::two_digit(rng, rates.dirty_codes, clock.waiting_type);
        counts.dirty_codes += u64::from(dirty);
        let mut time_text = |day: Option<NaiveDate>, time: Option<NaiveTime>| match (day, time) {
            (Some(day), Some(time)) => {
                let (text, dated) = dirt::time(rng, rates.dated_times, day, time);
                counts.dated_times += u64::from(dated);
                text
            }
            _ => String::new(),
        };
        let row = vec![
            ("ServiceRequestID", id.to_owned()),
            ("WaitingTime_MeasurementType", waiting_type),
            ("RTT_StartDate", clock.start_date.to_string()),
            ("RTT_StartTime", time_text(Some(clock.start_date), clock.start_time)),
            ("RTT_EndDate", clock.end_date.map(|day| day.to_string()).unwrap_or_default()),
            ("RTT_EndTime", time_text(clock.end_date, clock.end_time)),
        ];
        rows(tables, Table::Cyp104Rtt).push(row);
        planted.clocks.push(clock);
    }

    /// An end after the period is sent with the next month; a gained end comes with the Refresh of its month.
    fn carries_end(&self, plan: CsdsEnd, end_at: DateTime<Utc>) -> bool {
        let ended_on = wall(end_at).date();
        let refreshed = self.file_type == FileType::Refresh || first_of_month(ended_on) < self.submission.rp_start;
        ended_on <= self.submission.rp_end
            && match plan {
                CsdsEnd::AsRecorded => true,
                CsdsEnd::Missing => false,
                CsdsEnd::GainedInRefresh => refreshed,
            }
    }

    fn contact_rows(
        &self,
        rng: &mut StdRng,
        id: &str,
        referral: &Referral,
        state: &State,
        tables: &mut Tables,
        planted: &mut Planted,
    ) {
        let period = self.submission.rp_start..=self.submission.rp_end;
        let (mechanism, attendance) = match self.submission.version {
            CsdsVersion::V1_0 | CsdsVersion::V1_5 => ("Consultation_MediumUsed", "AttendOrNot"),
            CsdsVersion::V1_6 => ("ConsMechanism", "AttendanceStatus"),
        };
        for visit in &state.contacts {
            let at = wall(visit.at);
            if !period.contains(&at.date()) {
                continue;
            }
            let (attended, dirty) = dirt::one_digit(rng, self.parameters.csds.dirty_codes, "5");
            planted.counts.dirty_codes += u64::from(dirty);
            rows(tables, Table::Cyp201CareContact).push(vec![
                ("CareContactID", visit.contact.clone()),
                ("ServiceRequestID", id.to_owned()),
                ("TeamID_Local", referral.team_id.clone()),
                ("Contact_Date", at.date().to_string()),
                ("Contact_Time", at.format("%H:%M:%S").to_string()),
                ("CareContact_Duration", visit.duration_minutes.to_string()),
                ("Consultation_Type", if visit.first { "01" } else { "02" }.to_owned()),
                (mechanism, "01".to_owned()),
                (attendance, attended),
                ("Activity_LocationType", "A01".to_owned()),
                ("Treatment_OrgSiteID", format!("{}00", self.submission.provider)),
            ]);
            let row = rows(tables, Table::Cyp201CareContact).len();
            let told = (visit.contact.as_str(), at.date(), "5");
            let named = (referral.id.as_str(), referral.person.local_patient_id.as_str());
            planted.contact(&self.submission, named, Some(referral.serial), told, row);
        }
    }

    /// Referrals of other services, and a placeholder id: they must change no two-hour figure.
    fn other_rows<'p>(
        &self,
        rng: &mut StdRng,
        referrals: &[&'p Referral],
        people: &mut BTreeMap<&'p str, &'p Person>,
        tables: &mut Tables,
        planted: &mut Planted,
    ) {
        let month = self.submission.rp_end.format("%Y%m");
        let mut ids: Vec<String> = (0..self.parameters.csds.other_referrals_per_month)
            .map(|number| format!("OTH-{month}-{number:04}"))
            .collect();
        if chance(rng, self.parameters.csds.placeholder_ids) {
            ids.push(format!("NHSNOREM{month}"));
            planted.counts.placeholder_ids += 1;
        }
        for (number, id) in ids.into_iter().enumerate() {
            let Some(referral) = referrals.get(number * referrals.len() / 64) else { return };
            people.insert(&referral.person.local_patient_id, &referral.person);
            let day = self.submission.rp_start + chrono::Duration::days(number as i64 % 20);
            let waiting_type = if id.starts_with("NHSNOREM") { "04" } else { ["01", "04", "06"][number % 3] };
            rows(tables, Table::Cyp101Referral).push(vec![
                ("ServiceRequestID", id.clone()),
                ("LocalPatientID", referral.person.local_patient_id.clone()),
                ("OrgID_Commissioner", "15N".to_owned()),
                ("ReferralRequest_ReceivedDate", day.to_string()),
            ]);
            if !id.starts_with("NHSNOREM") {
                let row = rows(tables, Table::Cyp101Referral).len();
                planted.referral(&self.submission, (&id, &referral.person.local_patient_id), day, None, row);
            }
            rows(tables, Table::Cyp104Rtt).push(vec![
                ("ServiceRequestID", id),
                ("WaitingTime_MeasurementType", waiting_type.to_owned()),
                ("RTT_StartDate", day.to_string()),
                ("RTT_EndDate", (day + chrono::Duration::days(2)).to_string()),
            ]);
        }
    }

    fn person_rows(&self, person: &Person, tables: &mut Tables) {
        let number = person.nhs_number.clone();
        rows(tables, Table::Cyp001Mpi).push(vec![
            ("LocalPatientID", person.local_patient_id.clone()),
            ("OrgID_LocalPatientID", self.submission.provider.clone()),
            ("NHSNumber_Status", if number.is_some() { "01" } else { "07" }.to_owned()),
            ("NHSNumber", number.unwrap_or_default()),
            ("DateOfBirth", person.birth_date.to_string()),
            ("Postcode", "ZZ99 3VZ".to_owned()),
            ("Gender", person.gender.to_owned()),
            ("EthnicCategory", "A".to_owned()),
        ]);
        rows(tables, Table::Cyp002Gp).push(vec![
            ("LocalPatientID", person.local_patient_id.clone()),
            ("OrgID_GP", person.home.practice.clone()),
        ]);
    }

    fn header_row(&self, rng: &mut StdRng, tables: &mut Tables, counts: &mut CsdsCounts) {
        let submission = &self.submission;
        let padded = chance(rng, self.parameters.csds.padded_provider);
        counts.padded_providers += u64::from(padded);
        rows(tables, Table::Cyp000Header).push(vec![
            ("Version", submission.version.as_str().to_owned()),
            ("OrgID_Provider", if padded { format!("{}00", submission.provider) } else { submission.provider.clone() }),
            ("OrgID_Submitter", submission.provider.clone()),
            ("RP_StartDate", submission.rp_start.to_string()),
            ("RP_EndDate", submission.rp_end.to_string()),
            ("FileCreation_DateTime", wall(submission.file_received_at).format("%Y-%m-%dT%H:%M:%S").to_string()),
            ("PrimarySystem", "Simulated".to_owned()),
        ]);
    }

    fn malformed_rows(&self, rng: &mut StdRng, tables: &mut Tables, counts: &mut CsdsCounts) {
        let day = self.submission.rp_start.to_string();
        for number in 0..self.parameters.csds.malformed_rows {
            let kind = MalformedRow::ALL[between(rng, 0, MalformedRow::ALL.len() as i64 - 1) as usize];
            *counts.malformed.entry(kind).or_default() += 1;
            let clock = |id: &str, day: &str, time: &str| {
                vec![
                    ("ServiceRequestID", id.to_owned()),
                    ("WaitingTime_MeasurementType", "05".to_owned()),
                    ("RTT_StartDate", day.to_owned()),
                    ("RTT_StartTime", time.to_owned()),
                ]
            };
            let id = format!("BAD-{number:03}");
            match kind {
                MalformedRow::ImpossibleDate => {
                    rows(tables, Table::Cyp104Rtt).push(clock(&id, "2025-02-30", "10:00:00"))
                }
                MalformedRow::ImpossibleTime => rows(tables, Table::Cyp104Rtt).push(clock(&id, &day, "25:61:00")),
                MalformedRow::ClockWithoutReferral => rows(tables, Table::Cyp104Rtt).push(clock("", &day, "10:00:00")),
                MalformedRow::PersonWithoutId => rows(tables, Table::Cyp001Mpi)
                    .push(vec![("OrgID_LocalPatientID", self.submission.provider.clone()), ("Gender", "9".to_owned())]),
            }
        }
    }
}

pub(super) fn rows(tables: &mut Tables, table: Table) -> &mut Vec<Row> {
    tables.entry(table).or_default()
}
