//! People on the lists of Devon's practices: registrations, spells, stays in emergency departments and on virtual wards, and
//! deaths over years.
//!
//! The handbook names no rate of admission, so that all rates are our choice: one person in four is 65 or over; of these one
//! in three has a spell in a year and one in two an evening in an emergency department, of the others one in eleven and one
//! in five. Spells of the old last 8 nights, of the others 3; one in five none. In a year 3 old people in a hundred die.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use homeward_contract::feed::Table;
use homeward_contract::geography::Geography;

use crate::Fault;
use crate::draw::{DAY, Draw, HOUR, MINUTE, Micros, day, day_of, instant, midnight, pseudonym};
use crate::sheet::{Alone, Cell, Rows, Sink, Version};
use crate::world::World;

const TRUSTS: [&str; 4] = ["RA9", "RH8", "RK9", "RBZ"];
const FRAILTY: [&str; 4] = ["fit", "mild", "moderate", "severe"];
const PRACTICES: &str = include_str!("../../../ingest/contract/reference/practices.csv");

/// The people of a system.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Devon {
    people: u64,
    years: u64,
    first: NaiveDate,
}

/// One person, as far as it is drawn once.
struct Person {
    name: String,
    age: i64,
    practices: [&'static str; 2],
    lsoa: String,
    efi_band: &'static str,
    moves_on: Option<Micros>,
    dies_on: Option<Micros>,
    opted_out: bool,
    care_home: bool,
}

struct Spell {
    id: String,
    trust: &'static str,
    setting: &'static str,
    from: Micros,
    to: Micros,
    cancelled: bool,
}

impl Spell {
    /// Nights, about: the clock of the admission is not that of the discharge.
    const fn days(&self) -> i64 {
        (self.to - self.from) / DAY
    }
}

impl Devon {
    pub(crate) fn new(people: u64, years: u64) -> Result<Self, Fault> {
        Ok(Self { people: people.max(1000), years, first: day("2017-10-01")? })
    }

    fn days(&self) -> u64 {
        self.years * 365
    }

    fn person(&self, number: u64) -> Person {
        let mut draw = Draw::about([3, number, 0]);
        let practices: Vec<&str> = PRACTICES.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
        let age = draw.signed_below(85);
        let is_old = age >= 65;
        let (own, other) = (draw.of(&practices), draw.of(&practices));
        let on = |draw: &mut Draw| midnight(self.first) + draw.signed_below(self.days()) * DAY;
        let (moves, dies) = (draw.below(12) == 0, draw.below(1000) < self.years * if is_old { 30 } else { 1 });
        let (moves_on, dies_on) = (on(&mut draw), on(&mut draw));
        Person {
            name: pseudonym(number),
            age,
            practices: [own, other],
            lsoa: format!("E0199{:04}", draw.below(700)),
            efi_band: if is_old { draw.of(&FRAILTY) } else { "fit" },
            moves_on: (moves && own != other).then_some(moves_on),
            dies_on: dies.then_some(dies_on),
            opted_out: draw.below(100) == 0,
            care_home: is_old && draw.below(25) == 0,
        }
    }

    /// The spell of a year, where there is one.
    fn spell(&self, number: u64, person: &Person, year: u64) -> Option<Spell> {
        let mut draw = Draw::about([4, number, year]);
        let is_old = person.age >= 65;
        if draw.below(100) >= if is_old { 34 } else { 9 } {
            return None;
        }
        let from = midnight(self.first) + ((year * 365).cast_signed() + draw.signed_below(365)) * DAY;
        let from = from + (8 * 60 + draw.signed_below(15 * 60)) * MINUTE;
        let nights = if draw.below(5) == 0 { 0 } else { 1 + draw.signed_below(if is_old { 15 } else { 5 }) };
        let to = if nights == 0 {
            from + HOUR
        } else {
            from - from % DAY + nights * DAY + (9 + draw.signed_below(9)) * HOUR
        };
        let settings =
            ["acute", "acute", "acute", "acute", "acute", "acute", "acute", "community_hospital", "mental_health"];
        let setting = match draw.below(40) {
            0 => "hospice",
            1 if is_old => "care_home_short_term",
            _ => draw.of(&settings),
        };
        let spell = Spell {
            id: format!("SP-{number:07}-{year}"),
            trust: draw.of(&TRUSTS),
            setting,
            from,
            to: person.dies_on.filter(|day| *day > from).map_or(to, |day| to.min(day + 12 * HOUR)),
            cancelled: draw.below(150) == 0,
        };
        person.dies_on.is_none_or(|day| from < day).then_some(spell)
    }

    fn put_spell(
        person: &Person,
        spell: &Spell,
        (version, told_at, withdrawn): (i64, Micros, bool),
        end: Option<Micros>,
        rows: &mut impl Rows,
    ) -> Result<(), Fault> {
        let subject = format!("{}|{}|1", spell.trust, spell.id);
        let version = Version { subject: &subject, number: version, told_at, withdrawn };
        rows.row(Table::HospitalSpell, &version, |item| match item {
            "provider" => Cell::Text(spell.trust),
            "spell_id" => Cell::Text(&spell.id),
            "segment" => Cell::Whole(1),
            "pseudonym" => Cell::Text(&person.name),
            "age_years" => Cell::Whole(person.age),
            "lsoa" => Cell::Text(&person.lsoa),
            "practice" => Cell::Text(person.practices[0]),
            "admitted_at" => Cell::Whole(spell.from),
            "discharged_at" => end.map_or(Cell::Nothing, Cell::Whole),
            "setting" => Cell::Text(spell.setting),
            "ward_kind" => Cell::Text("physical"),
            "admission_method" => Cell::Text("emergency"),
            "patient_classification" => Cell::Text("ordinary"),
            "status" => Cell::Text(if withdrawn {
                "cancelled"
            } else if end.is_some() {
                "closed"
            } else {
                "open"
            }),
            "trigger" => Cell::Text(if withdrawn {
                "A11"
            } else if end.is_some() {
                "A03"
            } else {
                "A01"
            }),
            _ => Cell::Nothing,
        })
    }

    fn tell_spell(&self, person: &Person, spell: &Spell, draw: &mut Draw, rows: &mut impl Rows) -> Result<(), Fault> {
        let now = self.as_of().timestamp_micros();
        Self::put_spell(person, spell, (1, spell.from + 10 * MINUTE, false), None, rows)?;
        // One in four hundred is never closed.
        if draw.below(400) == 0 || spell.to + HOUR > now {
            return Ok(());
        }
        Self::put_spell(person, spell, (2, spell.to + HOUR, false), Some(spell.to), rows)?;
        let later = spell.to + 25 * DAY;
        if draw.below(30) == 0 && later <= now {
            Self::put_spell(person, spell, (3, later, false), Some(spell.to + DAY), rows)?;
        }
        if spell.cancelled {
            Self::put_spell(person, spell, (4, spell.to + 2 * HOUR, true), Some(spell.to), rows)?;
        }
        // Some go home on a virtual ward.
        if draw.below(30) == 0 && later <= now {
            Self::put_stay((Table::VirtualWardStay, "VWS"), person, spell, (spell.to, spell.to + 6 * DAY), rows)?;
        }
        Ok(())
    }

    /// A stay of the other kinds, told once.
    fn put_stay(
        (table, kind): (Table, &str),
        person: &Person,
        like: &Spell,
        (from, to): (Micros, Micros),
        rows: &mut impl Rows,
    ) -> Result<(), Fault> {
        let id = format!("{kind}-{}", like.id);
        let subject = format!("{}|{id}", like.trust);
        let version = Version { subject: &subject, number: 1, told_at: to + HOUR, withdrawn: false };
        rows.row(table, &version, |item| match item {
            "provider" => Cell::Text(like.trust),
            "stay_id" | "attendance_id" => Cell::Text(&id),
            "ward_id" => Cell::Text("VW"),
            "pseudonym" => Cell::Text(&person.name),
            "age_years" => Cell::Whole(person.age),
            "practice" => Cell::Text(person.practices[0]),
            "admitted_at" | "arrived_at" => Cell::Whole(from),
            "discharged_at" | "departed_at" => Cell::Whole(to),
            "status" => Cell::Text("closed"),
            _ => Cell::Nothing,
        })
    }

    fn tell_emergency(&self, number: u64, person: &Person, year: u64, rows: &mut impl Rows) -> Result<(), Fault> {
        let mut draw = Draw::about([5, number, year]);
        let from = midnight(self.first) + ((year * 365).cast_signed() + draw.signed_below(365)) * DAY;
        let from = from + (17 * 60 + draw.signed_below(7 * 60)) * MINUTE;
        let to = from + (30 + draw.signed_below(480)) * MINUTE;
        let is_alive = person.dies_on.is_none_or(|day| to < day) && to + HOUR <= self.as_of().timestamp_micros();
        if draw.below(100) < if person.age >= 65 { 50 } else { 20 } && is_alive {
            let trust = draw.of(&TRUSTS);
            let id = format!("{number:07}-{year}");
            let like = Spell { id, trust, setting: "", from, to, cancelled: false };
            Self::put_stay((Table::EdStay, "ED"), person, &like, (from, to), rows)?;
        }
        Ok(())
    }

    fn tell_registrations(&self, person: &Person, rows: &mut impl Rows) -> Result<(), Fault> {
        let began = day("2010-01-01")?;
        let first = (0, midnight(began), person.moves_on.map(|day| day - DAY));
        let second = person.moves_on.map(|day| (1, day, None));
        for (place, from, to) in [first].into_iter().chain(second) {
            let practice = person.practices[place];
            let subject = format!("QJK|{}|{practice}|{}", person.name, day_of(from));
            // The end of a registration is a version of its own.
            for end in [None, to].into_iter().take(if to.is_some() { 2 } else { 1 }) {
                let (number, told_at) = end.map_or((1, from + 9 * HOUR), |end| (2, end + 2 * DAY));
                let version = Version { subject: &subject, number, told_at, withdrawn: false };
                rows.row(Table::Registration, &version, |item| match item {
                    "pseudonym" => Cell::Text(&person.name),
                    "practice" => Cell::Text(practice),
                    "lsoa" => Cell::Text(&person.lsoa),
                    "registered_from" => Cell::Whole(from / DAY),
                    "registered_to" => end.map_or(Cell::Nothing, |end| Cell::Whole(end / DAY)),
                    "end_reason" if end.is_some() => Cell::Text("other"),
                    "opted_out" => Cell::Flag(person.opted_out),
                    "care_home" => Cell::Flag(person.care_home),
                    "efi_band" => Cell::Text(person.efi_band),
                    _ => Cell::Nothing,
                })?;
            }
        }
        Ok(())
    }

    fn tell_death(person: &Person, revoked: bool, rows: &mut impl Rows) -> Result<(), Fault> {
        let Some(day) = person.dies_on else { return Ok(()) };
        let subject = format!("QJK|{}", person.name);
        for number in 1..=if revoked { 2 } else { 1 } {
            let (told_at, withdrawn) = (day + number * 3 * DAY, number == 2);
            let version = Version { subject: &subject, number, told_at, withdrawn };
            rows.row(Table::Death, &version, |item| match item {
                "pseudonym" => Cell::Text(&person.name),
                "date_of_death" => Cell::Whole(day / DAY),
                "status" => Cell::Text("formal"),
                "revoked" => Cell::Flag(withdrawn),
                _ => Cell::Nothing,
            })?;
        }
        Ok(())
    }
}

impl World for Devon {
    fn described(&self) -> String {
        format!(
            "{} people on the lists of {} practices, {} years",
            self.people,
            PRACTICES.lines().count() - 1,
            self.years
        )
    }

    fn indicators(&self) -> &'static [(&'static str, &'static [&'static str])] {
        &[
            ("days-at-home", &["people", "home_nights", "numerator_squared", "product", "denominator_squared"]),
            ("nights-in-hospital", &[]),
            ("beds-occupied-at-midnight", &["short_term_beds"]),
            ("days-at-home-after-discharge-30", &["died"]),
            ("days-at-home-after-discharge-90", &["died"]),
            ("days-at-home-after-discharge-365", &["died"]),
        ]
    }

    fn geography(&self) -> Result<Geography, Fault> {
        Ok(Geography::devon())
    }

    fn first_day(&self) -> NaiveDate {
        self.first
    }

    fn as_of(&self) -> DateTime<Utc> {
        instant(midnight(self.first)) + Duration::days(self.days().cast_signed()) + Duration::minutes(630)
    }

    fn tell(&self, sink: &mut Sink<'_>) -> Result<(), Fault> {
        for number in 0..self.people {
            let person = self.person(number);
            let mut draw = Draw::about([6, number, 0]);
            self.tell_registrations(&person, sink)?;
            Self::tell_death(&person, draw.below(100) == 0, sink)?;
            for year in 0..self.years {
                if let Some(spell) = self.spell(number, &person, year) {
                    self.tell_spell(&person, &spell, &mut draw, sink)?;
                }
                self.tell_emergency(number, &person, year, sink)?;
            }
        }
        Ok(())
    }

    fn correct(&self, number: u64, row: &mut Alone) -> Result<(), Fault> {
        let year = self.years / 2;
        let mut own = number * 7919 % self.people;
        loop {
            let person = self.person(own);
            let spell = self.spell(own, &person, year).filter(|spell| spell.days() >= 4 && !spell.cancelled);
            if let Some(spell) = spell.filter(|_| person.dies_on.is_none() && !person.opted_out) {
                let version = (9, spell.to + 40 * DAY, false);
                return Self::put_spell(&person, &spell, version, Some(spell.to - 2 * DAY), row);
            }
            own = (own + 1) % self.people;
        }
    }
}
