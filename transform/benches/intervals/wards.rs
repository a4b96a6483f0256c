//! Virtual wards of the size of England: beds, and stays that are opened, closed, corrected, voided and told twice.
//!
//! Codes and names are made up; so are all shares but the numbers of beds and stays.

use std::fmt::Write as _;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use homeward_contract::feed::Table;
use homeward_contract::geography::Geography;

use crate::Fault;
use crate::draw::{DAY, Draw, HOUR, MINUTE, Micros, day, day_of, instant, midnight, pseudonym};
use crate::sheet::{Alone, Cell, Rows, Sink, Version};
use crate::world::World;

const BOARDS: u64 = 42;
const PRACTICES: u64 = 210;
const WARDS_A_PROVIDER: u64 = 3;
/// About what the boards publish: seven beds in ten are taken.
const OCCUPANCY_PERCENT: u64 = 70;
const PATHWAYS: [&str; 4] = ["frailty", "acute_respiratory", "heart_failure", "other"];

/// The wards of a country.
#[derive(Debug, Clone, Copy)]
pub(crate) struct England {
    beds: u64,
    stays_a_week: u64,
    years: u64,
    first: NaiveDate,
}

struct Stay {
    ward: u64,
    person: Option<u64>,
    practice: String,
    from: Micros,
    to: Micros,
    route: &'static str,
    outcome: &'static str,
}

impl England {
    pub(crate) fn new(beds: u64, stays_a_week: u64, years: u64) -> Result<Self, Fault> {
        Ok(Self { beds: beds.max(100), stays_a_week: stays_a_week.max(10), years, first: day("2024-01-01")? })
    }

    fn providers(&self) -> u64 {
        (self.beds / 92).max(2)
    }

    fn wards(&self) -> u64 {
        self.providers() * WARDS_A_PROVIDER
    }

    fn stays(&self) -> u64 {
        self.years * 365 / 7 * self.stays_a_week
    }

    /// One stay in a hundred is a second record of the one before it, on the same ward and of the same person.
    fn stay(&self, number: u64) -> Stay {
        if number % 100 == 7 {
            let first = self.stay(number - 1);
            return Stay { from: first.from + HOUR, to: first.to + 5 * HOUR, ..first };
        }
        let mut draw = Draw::about([1, number, 0]);
        let week = (number / self.stays_a_week).cast_signed();
        let from = midnight(self.first) + week * 7 * DAY + draw.signed_below(7 * 1440) * MINUTE;
        // Of the mean; one stay in twenty is three times as long.
        let minutes = self.beds * OCCUPANCY_PERCENT / 100 * 7 * 1440 / self.stays_a_week;
        let long = if draw.below(20) == 0 { 3 } else { 1 };
        let length = 60 + draw.signed_below(minutes * 2 * 20 / 22) * long;
        Stay {
            ward: draw.below(self.wards()),
            person: (number % 211 != 13).then(|| draw.below(self.stays_a_week * 40)),
            practice: format!("P{:05}", draw.below(PRACTICES)),
            from,
            to: from + length * MINUTE,
            route: draw.of(&["step_up", "step_down", "step_down", "other"]),
            outcome: draw.of(&["home", "home", "home", "escalated", "died"]),
        }
    }

    /// One version of a stay, with the end that it knows.
    fn put(
        stay: &Stay,
        number: u64,
        (version, told_at, withdrawn): (i64, Micros, bool),
        end: Option<Micros>,
        rows: &mut impl Rows,
    ) -> Result<(), Fault> {
        let (provider, ward) = (provider(stay.ward / WARDS_A_PROVIDER), ward(stay.ward));
        let (id, person) = (format!("VWS-{number:09}"), stay.person.map(pseudonym));
        let subject = format!("{provider}|{id}");
        let version = Version { subject: &subject, number: version, told_at, withdrawn };
        rows.row(Table::VirtualWardStay, &version, |item| match item {
            "provider" => Cell::Text(&provider),
            "stay_id" => Cell::Text(&id),
            _ if withdrawn => Cell::Nothing,
            "ward_id" => Cell::Text(&ward),
            "pseudonym" => person.as_deref().map_or(Cell::Nothing, Cell::Text),
            "practice" => Cell::Text(&stay.practice),
            "admitted_at" => Cell::Whole(stay.from),
            "discharged_at" => end.map_or(Cell::Nothing, Cell::Whole),
            "route" => Cell::Text(stay.route),
            "pathway" => Cell::Text(PATHWAYS[(stay.ward % 4) as usize]),
            "outcome" if end.is_some() => Cell::Text(stay.outcome),
            "status" => Cell::Text(if end.is_some() { "closed" } else { "open" }),
            "age_years" => Cell::Whole(80),
            "tech_enabled" => Cell::Flag(number.is_multiple_of(3)),
            "usual_residence" => Cell::Text("own_home"),
            _ => Cell::Nothing,
        })
    }

    /// What is told of a stay up to the instant: opened, closed, in places corrected, voided, or told twice.
    fn tell_stay(&self, number: u64, rows: &mut impl Rows) -> Result<(), Fault> {
        let stay = self.stay(number);
        let now = self.as_of().timestamp_micros();
        Self::put(&stay, number, (1, stay.from + 10 * MINUTE, false), None, rows)?;
        let mut closed = stay.to + HOUR;
        if closed > now {
            return Ok(());
        }
        Self::put(&stay, number, (2, closed, false), Some(stay.to), rows)?;
        if number % 200 == 11 {
            Self::put(&stay, number, (2, closed, false), Some(stay.to), rows)?;
        }
        closed += 20 * DAY;
        if number % 31 == 5 && closed <= now {
            Self::put(&stay, number, (3, closed, false), Some(stay.to + DAY), rows)?;
        }
        if number % 97 == 3 && closed <= now {
            Self::put(&stay, number, (4, closed, true), None, rows)?;
        }
        Ok(())
    }

    /// A ward's beds for half a year: the next row ends it.
    fn tell_beds(&self, number: u64, half: u64, rows: &mut impl Rows) -> Result<(), Fault> {
        let mut draw = Draw::about([2, number, half]);
        let beds = (self.beds / self.wards()).cast_signed() + draw.signed_below(5) - 2;
        let from = midnight(self.first) + (half * 182).cast_signed() * DAY;
        let (provider, ward) = (provider(number / WARDS_A_PROVIDER), ward(number));
        let (subject, area) = (format!("{provider}|{ward}|{}", day_of(from)), board(number / WARDS_A_PROVIDER));
        // Every seventh row is told again with another number.
        for (version, beds) in [(1, beds), (2, beds + 1)].into_iter().take(if draw.below(7) == 0 { 2 } else { 1 }) {
            let version =
                Version { subject: &subject, number: version, told_at: from + version * HOUR, withdrawn: false };
            rows.row(Table::VirtualWardCapacity, &version, |item| match item {
                "provider" => Cell::Text(&provider),
                "ward_id" | "ward_name" => Cell::Text(&ward),
                "pathway" => Cell::Text(PATHWAYS[(number % 4) as usize]),
                "beds" => Cell::Whole(beds),
                "valid_from" => Cell::Whole(from),
                "area" => Cell::Text(&area),
                _ => Cell::Nothing,
            })?;
        }
        Ok(())
    }
}

impl World for England {
    fn described(&self) -> String {
        format!(
            "{} beds on {} virtual wards of {} providers, {} stays a week, {} years",
            self.beds,
            self.wards(),
            self.providers(),
            self.stays_a_week,
            self.years
        )
    }

    fn indicators(&self) -> &'static [(&'static str, &'static [&'static str])] {
        &[
            ("virtual-ward-occupancy", &[]),
            ("virtual-ward-occupied-time", &[]),
            ("virtual-ward-admissions", &["tech_enabled"]),
            ("virtual-ward-stay-nights", &["over_14_nights"]),
        ]
    }

    fn geography(&self) -> Result<Geography, Fault> {
        let mut organisations = "code,name,type,parent,successor_code,successor_date\nNational,England,national,,,\nY00,Region,region,National,,\n".to_owned();
        let (mut networks, mut practices) = ("code,name,practices,lcp,icb\n".to_owned(), "code,pcn\n".to_owned());
        for number in 0..BOARDS {
            writeln!(organisations, "{0},Board {0},icb,Y00,,", board(number))?;
        }
        for number in 0..self.providers() {
            writeln!(organisations, "{0},Provider {0},provider,,,", provider(number))?;
        }
        for number in 0..PRACTICES {
            let board = board(number);
            writeln!(networks, "U{number:05},Network {number},1,Place {board},{board}")?;
            writeln!(practices, "P{number:05},U{number:05}")?;
        }
        Ok(Geography::from_csv(&organisations, &networks, &practices)?)
    }

    fn first_day(&self) -> NaiveDate {
        self.first
    }

    fn as_of(&self) -> DateTime<Utc> {
        instant(midnight(self.first)) + Duration::days((self.years * 365).cast_signed()) + Duration::minutes(630)
    }

    fn tell(&self, sink: &mut Sink<'_>) -> Result<(), Fault> {
        for half in 0..self.years * 2 {
            (0..self.wards()).try_for_each(|ward| self.tell_beds(ward, half, sink))?;
        }
        (0..self.stays()).try_for_each(|number| self.tell_stay(number, sink))
    }

    fn correct(&self, number: u64, row: &mut Alone) -> Result<(), Fault> {
        // In the middle of the years, none that was voided.
        let mut own = self.stays() / 3 + number * 7919 % (self.stays() / 3);
        while own % 97 == 3 {
            own += 1;
        }
        let stay = self.stay(own);
        Self::put(&stay, own, (9, stay.to + 40 * DAY, false), Some(stay.to + 2 * DAY), row)
    }
}

fn provider(number: u64) -> String {
    format!("T{number:03}")
}

fn ward(number: u64) -> String {
    format!("{}-VW-{}", provider(number / WARDS_A_PROVIDER), number % WARDS_A_PROVIDER)
}

fn board(number: u64) -> String {
    format!("Q{:02}", number % BOARDS)
}
