//! What happens to wards and people.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use homeward_contract::feed::Feed;
use homeward_contract::identity::NhsNumber;

use super::hospital::{Admission, HOSPITALS, admit, attend};
use super::truth::{Beds, Death, Registration, State, Stay, Who};
use super::{Plan, Subject};
use crate::person::{Map, Person, age_on, people as people_known, person};
use crate::random::{Stream, between, generator, weighted};
use crate::wall::{midnight, wall};

/// A virtual ward: provider, ward, pathway, beds. One whose beds nobody knows any more stands last but one, one whose
/// beds nobody ever knew last.
pub(super) const WARDS: [(&str, &str, &str, Option<u32>); 5] = [
    ("RH8", "RH8-VW-FRAILTY", "frailty", Some(30)),
    ("RH8", "RH8-VW-RESP", "acute_respiratory", Some(12)),
    ("RK9", "RK9-VW-FRAILTY", "frailty", Some(24)),
    ("RA9", "RA9-VW-HF", "heart_failure", Some(10)),
    ("RA9", "RA9-VW-OTHER", "other", None),
];

/// The ward that stops telling.
const SILENT_WARD: usize = 3;

/// Beds of every ward: all from before the first day, the first one's changed half way and one number put right.
pub(super) fn wards(plan: &mut Plan<'_>) {
    let first_day = wall(plan.start).date();
    let half_way = first_day + Duration::days(i64::from(plan.parameters.days) / 2);
    for (place, (provider, ward_id, pathway, number)) in WARDS.into_iter().enumerate() {
        let mut row = |day: NaiveDate, until: Option<NaiveDate>, numbers: &[Option<u32>]| {
            let mut subject = Subject::new(Feed::VwCapacity, &[provider, ward_id, &day.to_string()]);
            for (again, beds) in numbers.iter().enumerate() {
                let recorded_at = midnight(day) - Duration::hours(8) + Duration::days(3 * again as i64);
                let (valid_from, valid_to) = (midnight(day), until.map(midnight));
                let beds = Beds { provider, ward_id, pathway, beds: *beds, valid_from, valid_to };
                plan.tell(&mut subject, recorded_at, false, State::Beds(beds));
            }
        };
        let before = first_day - Duration::days(30);
        row(before, (place == SILENT_WARD).then_some(half_way), &[number]);
        if place == 0 {
            row(half_way, None, &[number.map(|beds| beds + 60), number.map(|beds| beds - 6)]);
        }
    }
}

/// One person's circumstances.
pub(super) struct Life {
    serial: u64,
    who: Who,
    pub(super) residence: &'static str,
    died_at: Option<DateTime<Utc>>,
    told: u32,
}

impl Life {
    /// An id of the next thing that happens to this person.
    pub(super) fn next_id(&mut self, prefix: &str) -> String {
        self.told += 1;
        format!("{prefix}-{:06}", self.serial * 40 + u64::from(self.told))
    }

    /// The person at the begin of a stay in hospital: hospitals tell the age at the admission.
    pub(super) fn who_at(&self, at: DateTime<Utc>) -> Who {
        Who { age_years: age_on(self.who.birth_date, wall(at).date()), ..self.who.clone() }
    }

    /// An end, or the death that comes before it.
    pub(super) fn until(&self, end: DateTime<Utc>) -> DateTime<Utc> {
        self.died_at.map_or(end, |died_at| end.min(died_at))
    }

    pub(super) fn dies_by(&self, end: DateTime<Utc>) -> bool {
        self.died_at.is_some_and(|died_at| died_at <= end)
    }
}

/// Every person: registration, death, episodes of care.
pub(super) fn people(plan: &mut Plan<'_>) {
    let (parameters, map) = (plan.parameters, Map::devon());
    let keys = parameters.pseudonym_keys();
    let providers = parameters.providers.len().max(1) as u64;
    for serial in 0..u64::from(plan.rates.people).min(u64::from(people_known(parameters)) * providers) {
        let place = (serial % providers) as usize;
        let Some(provider) = parameters.providers.get(place) else { return };
        plan.rng = generator(parameters.seed, Stream::States, &[serial + 1]);
        let known = person(parameters, &map, (place, provider), (serial / providers) as u32);
        let number = known.nhs_number.as_deref().and_then(|number| NhsNumber::parse(number).ok());
        let who = Who {
            pseudonym: number.map(|number| keys.nhs(&number)),
            age_years: known.age_on(wall(plan.start).date()),
            birth_date: known.birth_date,
            nhs_number: known.nhs_number.clone(),
            local_patient_id: known.local_patient_id.clone(),
            lsoa: known.lsoa.clone(),
            practice: known.home.practice.clone(),
        };
        let dies = plan.chance(plan.rates.deaths);
        let died_at = plan.some_time();
        let residence = if plan.chance(0.1) { "care_home" } else { "own_home" };
        let mut life = Life { serial, who, residence, died_at: dies.then_some(died_at), told: 0 };
        registered(plan, &life, &known);
        died(plan, &life);
        if plan.chance(plan.rates.episodes) {
            for _ in 0..between(&mut plan.rng, 1, 3) {
                let begin = plan.some_time();
                if !life.dies_by(begin) {
                    episode(plan, &mut life, begin);
                }
            }
        }
    }
}

fn registered(plan: &mut Plan<'_>, life: &Life, known: &Person) {
    let Some(pseudonym) = life.who.pseudonym.clone() else { return };
    let home = &known.home;
    let first_day = wall(plan.start).date();
    let first_told = plan.start - Duration::days(2);
    // Lists go back about as far as the feeds that tell of nights away: before them everybody would seem to be at home.
    let registered_from = first_day - Duration::days(between(&mut plan.rng, 30, 90));
    let bands = [("fit", 0.4), ("mild", 0.3), ("moderate", 0.2), ("severe", 0.05), ("not_scored", 0.05)];
    let mut own = Registration {
        pseudonym: pseudonym.clone(),
        practice: home.practice.clone(),
        pcn: home.pcn.clone(),
        lsoa: life.who.lsoa.clone(),
        registered_from,
        registered_to: None,
        end_reason: None,
        opted_out: plan.chance(0.03),
        care_home: life.residence == "care_home",
        efi_band: weighted(&mut plan.rng, &bands).copied().unwrap_or("fit"),
        age_years: known.age_on(wall(first_told).date()),
    };
    let parts = ["QJK", &pseudonym, &home.practice, &registered_from.to_string()];
    let mut subject = Subject::new(Feed::Registration, &parts);
    plan.tell(&mut subject, first_told, false, State::Registration(own.clone()));
    let moved = plan.chance(plan.rates.moved_away).then(|| plan.some_time());
    let (ended_at, reason) = match (life.died_at, moved) {
        (Some(died_at), _) => (died_at, "died"),
        (None, Some(moved)) => (moved, "moved_away"),
        (None, None) => return,
    };
    own.registered_to = Some(wall(ended_at).date() - Duration::days(1));
    own.end_reason = Some(reason);
    let told_at = ended_at + plan.hours(24, 24 * 10);
    own.age_years = known.age_on(wall(told_at).date());
    plan.tell(&mut subject, told_at, false, State::Registration(own));
}

/// Told provisionally, then formally; now and then undone.
fn died(plan: &mut Plan<'_>, life: &Life) {
    let (Some(died_at), Some(pseudonym)) = (life.died_at, life.who.pseudonym.clone()) else { return };
    let mut subject = Subject::new(Feed::Death, &["QJK", &pseudonym]);
    let place_kind = if life.residence == "care_home" { "care_home" } else { "hospital" };
    let date_of_death = wall(died_at).date();
    let mut told_at = died_at;
    for status in ["informal", "formal"] {
        told_at += plan.hours(6, 24 * 5);
        let death = Death { pseudonym: pseudonym.clone(), date_of_death, status, place_kind };
        plan.tell(&mut subject, told_at, false, State::Death(death.clone()));
        if status == "formal" && plan.chance(plan.rates.revoked) {
            told_at += plan.hours(24, 24 * 5);
            plan.tell(&mut subject, told_at, true, State::Death(death));
        }
    }
}

/// One course of care, from its begin on.
fn episode(plan: &mut Plan<'_>, life: &mut Life, begin: DateTime<Utc>) {
    let hospital = HOSPITALS[between(&mut plan.rng, 0, HOSPITALS.len() as i64 - 1) as usize];
    let kinds = [("seen", 0.35), ("admitted", 0.25), ("planned", 0.15), ("step_down", 0.13), ("step_up", 0.12)];
    match weighted(&mut plan.rng, &kinds).copied().unwrap_or("seen") {
        "seen" => drop(attend(plan, life, hospital, begin, None)),
        "planned" => {
            let end = begin + plan.hours(3, 60);
            admit(plan, life, Admission { hospital, id: None, begin, end, method: "elective", to_ward: None });
        }
        "step_up" => {
            let end = begin + plan.hours(24, 24 * 15);
            let escalated = plan.chance(0.1) && !life.dies_by(end);
            virtual_stay(plan, life, begin, end, "step_up", escalated.then_some("escalated"));
            if escalated {
                let back = end + plan.hours(24, 24 * 8);
                let method = "emergency";
                admit(plan, life, Admission { hospital, id: None, begin: end, end: back, method, to_ward: None });
            }
        }
        kind => {
            let spell = life.next_id("SP");
            let Some(begin) = attend(plan, life, hospital, begin, Some(&spell)) else { return };
            let end = begin + plan.hours(20, 24 * 12);
            let ward = (kind == "step_down" && !life.dies_by(end)).then(|| end + plan.hours(48, 24 * 14));
            // Some hospitals keep the spell open while the person is on their virtual ward.
            let to_ward = ward.filter(|_| plan.chance(0.2));
            admit(plan, life, Admission { hospital, id: Some(spell), begin, end, method: "emergency", to_ward });
            if let Some(until) = ward {
                virtual_stay(plan, life, end, until, "step_down", None);
            }
        }
    }
}

/// A stay on a virtual ward, from its begin to its end.
fn virtual_stay(
    plan: &mut Plan<'_>,
    life: &mut Life,
    begin: DateTime<Utc>,
    end: DateTime<Utc>,
    route: &'static str,
    outcome: Option<&'static str>,
) {
    let (provider, ward_id, pathway, _) = WARDS[between(&mut plan.rng, 0, WARDS.len() as i64 - 1) as usize];
    let stay_id = life.next_id("VWS");
    let mut subject = Subject::new(Feed::VwStay, &[provider, &stay_id]);
    let mut stay = Stay {
        provider,
        stay_id,
        ward_id,
        person: life.who.clone(),
        admitted_at: begin,
        discharged_at: None,
        route,
        pathway,
        tech_enabled: plan.chance(0.6),
        usual_residence: life.residence,
        outcome: None,
    };
    plan.tell(&mut subject, begin + Duration::minutes(20), false, State::Stay(stay.clone()));
    if plan.chance(plan.rates.voided) {
        plan.tell(&mut subject, begin + Duration::hours(18), true, State::VoidedStay(stay));
        return;
    }
    if plan.chance(plan.rates.corrected) {
        stay.admitted_at = begin + Duration::minutes(45);
        plan.tell(&mut subject, begin + Duration::hours(3), false, State::Stay(stay.clone()));
    }
    let end = life.until(end);
    let dies = life.dies_by(end);
    if !dies && outcome.is_none() && plan.chance(plan.rates.never_closed) {
        return;
    }
    // A correction moved the begin, and a death may come before it.
    stay.discharged_at = Some(end.max(stay.admitted_at));
    stay.outcome = Some(outcome.unwrap_or(if dies { "died" } else { "home" }));
    plan.tell(&mut subject, end + Duration::minutes(35), false, State::Stay(stay));
}
