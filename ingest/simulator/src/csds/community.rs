//! Referrals to other community services: several teams (D9), contacts of every attendance code, one contact id under
//! several referrals (D3), contacts sent again with the month after (D12), and referrals that move to another person (D4).

use chrono::{Datelike, Duration, NaiveDate};
use homeward_contract::calendar::FileType;
use homeward_contract::feed::Table;
use homeward_contract::submission::CsdsVersion;
use rand::Rng;
use rand::rngs::StdRng;

use super::entries::{Tables, Writer, rows};
use super::plan::{first_of_month, next_month};
use super::planted::Planted;
use crate::person::Person;
use crate::random::{Stream, between, chance, generator};
use crate::referral::Referral;

/// Months for which a community referral may stay open; later submissions need not look further back.
const MONTHS: i32 = 6;

/// What a contact may be: most are attended.
const ATTENDANCE: [&str; 10] = ["5", "5", "5", "5", "6", "3", "7", "2", "4", ""];

const TEAMS: [&str; 4] = ["12", "16", "48", "54"];

/// One referral to another service, the same whenever it is drawn.
struct Community {
    id: String,
    received_on: NaiveDate,
    discharged_on: Option<NaiveDate>,
    teams: usize,
    /// Places of its people among the provider's referrals; from the second month the second one.
    people: [usize; 2],
    contacts: Vec<Visit>,
}

struct Visit {
    id: String,
    on: NaiveDate,
    attendance: &'static str,
    /// As the Primary has it, which the Refresh corrects.
    at_first: &'static str,
    sent_twice: bool,
}

impl Community {
    fn draw(seed: u64, provider: &str, month: NaiveDate, number: u32) -> Self {
        let provider_number = provider.bytes().fold(0_u64, |sum, byte| sum * 256 + u64::from(byte));
        let place = [provider_number, u64::from(month.year().unsigned_abs()), u64::from(month.month()), number.into()];
        let mut rng = generator(seed, Stream::Community, &place);
        let received_on = month + Duration::days(between(&mut rng, 0, 27));
        let days = between(&mut rng, 5, i64::from(MONTHS - 1) * 28);
        let discharged_on = chance(&mut rng, 0.9).then(|| received_on + Duration::days(days));
        let one = rng.random_range(0..1_000_000);
        let people = [one, if chance(&mut rng, 0.2) { rng.random_range(0..1_000_000) } else { one }];
        let mut contacts = Vec::new();
        let mut on = received_on + Duration::days(between(&mut rng, 0, 9));
        while on < received_on + Duration::days(days) {
            contacts.push(Visit::draw(&mut rng, on));
            on += Duration::days(between(&mut rng, 3, 21));
        }
        Self {
            id: format!("COM-{}-{number:04}", month.format("%Y%m")),
            received_on,
            discharged_on,
            teams: rng.random_range(1..=3),
            people,
            contacts,
        }
    }
}

impl Visit {
    /// The id counts the visits of a day from 0 to 2 alone, so that referrals share ids.
    fn draw(rng: &mut StdRng, on: NaiveDate) -> Self {
        let attendance = ATTENDANCE[rng.random_range(0..ATTENDANCE.len())];
        Self {
            id: format!("VISIT-{}-{}", on.format("%Y%m%d"), rng.random_range(0..3)),
            on,
            attendance,
            at_first: if chance(rng, 0.1) { "4" } else { attendance },
            sent_twice: chance(rng, 0.1),
        }
    }
}

impl Writer<'_> {
    /// The community referrals that this submission carries, each with its rows and its person.
    pub(super) fn community_rows<'p>(
        &self,
        referrals: &[&'p Referral],
        take_person: &mut dyn FnMut(&'p Person),
        tables: &mut Tables,
        planted: &mut Planted,
    ) {
        let period = &self.submission;
        let first = first_of_month(crate::wall::wall(self.parameters.start).date());
        let mut month = first.max(months_before(period.rp_start, MONTHS));
        while month <= period.rp_end && !referrals.is_empty() {
            for number in 0..self.parameters.csds.community_referrals_per_month {
                let one = Community::draw(self.parameters.seed, &period.provider, month, number);
                let ended_before = one.discharged_on.is_some_and(|day| day < period.rp_start);
                // A referral without an end is sent as long as a submission looks back, and then left out for good.
                if !ended_before {
                    let moved = usize::from(period.rp_start > next_month(month));
                    let person = &referrals[one.people[moved] % referrals.len()].person;
                    take_person(person);
                    self.community_referral(&one, person, tables, planted);
                }
            }
            month = next_month(month);
        }
    }

    fn community_referral(&self, one: &Community, person: &Person, tables: &mut Tables, planted: &mut Planted) {
        let period = &self.submission;
        let discharged_on = one.discharged_on.filter(|day| *day <= period.rp_end);
        rows(tables, Table::Cyp101Referral).push(vec![
            ("ServiceRequestID", one.id.clone()),
            ("LocalPatientID", person.local_patient_id.clone()),
            ("OrgID_Commissioner", "15N".to_owned()),
            ("ReferralRequest_ReceivedDate", one.received_on.to_string()),
            ("SourceOfReferral", "03".to_owned()),
            ("Discharge_Date", discharged_on.map(|day| day.to_string()).unwrap_or_default()),
        ]);
        let row = rows(tables, Table::Cyp101Referral).len();
        let named = (one.id.as_str(), person.local_patient_id.as_str());
        planted.referral(period, named, one.received_on, discharged_on, row);
        for team in &TEAMS[..one.teams] {
            rows(tables, Table::Cyp102ServiceTypeReferredTo).push(vec![
                ("ServiceRequestID", one.id.clone()),
                ("TeamID_Local", format!("TEAM-{team}")),
                ("TeamType", (*team).to_owned()),
            ]);
        }
        let attendance_item = if period.version == CsdsVersion::V1_6 { "AttendanceStatus" } else { "AttendOrNot" };
        for visit in &one.contacts {
            let again = visit.sent_twice && next_month(first_of_month(visit.on)) == period.rp_start;
            if !(period.rp_start..=period.rp_end).contains(&visit.on) && !again {
                continue;
            }
            let primary = self.file_type == FileType::Primary && !again;
            let attendance = if primary { visit.at_first } else { visit.attendance };
            rows(tables, Table::Cyp201CareContact).push(vec![
                ("CareContactID", visit.id.clone()),
                ("ServiceRequestID", one.id.clone()),
                ("TeamID_Local", format!("TEAM-{}", TEAMS[0])),
                ("Contact_Date", visit.on.to_string()),
                ("Consultation_Type", "02".to_owned()),
                (attendance_item, attendance.to_owned()),
                ("Activity_LocationType", "A01".to_owned()),
            ]);
            let row = rows(tables, Table::Cyp201CareContact).len();
            planted.contact(period, named, None, (&visit.id, visit.on, attendance), row);
        }
    }
}

fn months_before(month: NaiveDate, months: i32) -> NaiveDate {
    month.checked_sub_months(chrono::Months::new(months.unsigned_abs())).unwrap_or(month)
}
