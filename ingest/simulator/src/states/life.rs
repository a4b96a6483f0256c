//! What happens to wards and people.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use homeward_contract::feed::Feed;
use homeward_contract::identity::{NhsNumber, PseudonymKeys};

use super::truth::{Beds, Death, EdStay, Registration, Spell, State, Stay, Who};
use super::{Plan, Subject};
use crate::event::KEY_VERSION;
use crate::person::{Map, Person, people as people_known, person};
use crate::random::{Stream, between, generator, weighted};
use crate::wall::{midnight, wall};

/// A virtual ward: provider, ward, pathway, beds. One whose beds nobody knows any more stands last but one, one whose
/// beds nobody ever knew last.
const WARDS: [(&str, &str, &str, Option<u32>); 5] = [
    ("RH8", "RH8-VW-FRAILTY", "frailty", Some(30)),
    ("RH8", "RH8-VW-RESP", "acute_respiratory", Some(12)),
    ("RK9", "RK9-VW-FRAILTY", "frailty", Some(24)),
    ("RA9", "RA9-VW-HF", "heart_failure", Some(10)),
    ("RA9", "RA9-VW-OTHER", "other", None),
];

/// The ward that stops telling.
const SILENT_WARD: usize = 3;

/// Hospitals with an emergency department.
const HOSPITALS: [&str; 3] = ["RH8", "RK9", "RA9"];

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
struct Life {
    serial: u64,
    who: Who,
    residence: &'static str,
    died_at: Option<DateTime<Utc>>,
    told: u32,
}

impl Life {
    /// An id of the next thing that happens to this person.
    fn next_id(&mut self, prefix: &str) -> String {
        self.told += 1;
        format!("{prefix}-{:06}", self.serial * 40 + u64::from(self.told))
    }

    /// An end, or the death that comes before it.
    fn until(&self, end: DateTime<Utc>) -> DateTime<Utc> {
        self.died_at.map_or(end, |died_at| end.min(died_at))
    }

    fn dies_by(&self, end: DateTime<Utc>) -> bool {
        self.died_at.is_some_and(|died_at| died_at <= end)
    }
}

/// Every person: registration, death, episodes of care.
pub(super) fn people(plan: &mut Plan<'_>) {
    let (parameters, map) = (plan.parameters, Map::devon());
    let keys = PseudonymKeys::from_secret(KEY_VERSION, parameters.pseudonym_secret.as_bytes());
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

/// An attendance; its departure, when it is left alive.
fn attend(
    plan: &mut Plan<'_>,
    life: &mut Life,
    provider: &'static str,
    arrived_at: DateTime<Utc>,
    spell: Option<&str>,
) -> Option<DateTime<Utc>> {
    let attendance_id = life.next_id("ED");
    let mut subject = Subject::new(Feed::EdStay, &[provider, &attendance_id]);
    let person = life.who.clone();
    let mut stay = EdStay {
        provider,
        attendance_id,
        person,
        arrived_at,
        departed_at: None,
        disposal: None,
        linked_spell_id: None,
    };
    plan.tell(&mut subject, arrived_at + Duration::minutes(2), false, State::EdStay(stay.clone()));
    if spell.is_none() && plan.chance(plan.rates.cancelled) {
        plan.tell(&mut subject, arrived_at + Duration::minutes(40), true, State::EdStay(stay));
        return None;
    }
    let departed_at = life.until(arrived_at + plan.hours(1, 11));
    stay.departed_at = Some(departed_at);
    stay.disposal = Some(if spell.is_some() { "admitted" } else { "home" });
    stay.linked_spell_id = spell.map(str::to_owned);
    plan.tell(&mut subject, departed_at + Duration::minutes(3), false, State::EdStay(stay));
    (!life.dies_by(departed_at)).then_some(departed_at)
}

/// An admission to a hospital.
struct Admission {
    hospital: &'static str,
    id: Option<String>,
    begin: DateTime<Utc>,
    end: DateTime<Utc>,
    method: &'static str,
    /// End of a virtual segment that follows within the spell.
    to_ward: Option<DateTime<Utc>>,
}

fn admit(plan: &mut Plan<'_>, life: &mut Life, admission: Admission) {
    let Admission { hospital, id, begin, end, method, to_ward } = admission;
    let end = life.until(end);
    let spell_id = id.unwrap_or_else(|| life.next_id("SP"));
    let same_day = wall(begin).date() == wall(end).date();
    let spell = Spell {
        provider: hospital,
        spell_id,
        segment: 1,
        trigger: "A01",
        person: life.who.clone(),
        admitted_at: begin,
        discharged_at: None,
        setting: "acute",
        ward_kind: "physical",
        admission_method: method,
        patient_classification: if same_day && method == "elective" { "day_case" } else { "ordinary" },
        usual_residence: life.residence,
        discharge_destination: None,
        discharge_pathway: None,
    };
    let transferred = plan.chance(plan.rates.transferred).then(|| begin + (end - begin) / 2);
    match (to_ward, transferred) {
        (Some(until), _) => {
            segment(plan, life, spell.clone(), Some(end));
            let virtual_part = Spell { segment: 2, trigger: "A02", admitted_at: end, ward_kind: "virtual", ..spell };
            let until = life.until(until);
            segment(plan, life, virtual_part, Some(until));
        }
        (None, Some(moved_at)) => {
            let moved_at = crate::wall::whole_seconds(moved_at);
            segment(plan, life, spell.clone(), Some(moved_at));
            let setting = "community_hospital";
            segment(
                plan,
                life,
                Spell { segment: 2, trigger: "A02", admitted_at: moved_at, setting, ..spell },
                Some(end),
            );
        }
        (None, None) if plan.chance(plan.rates.never_closed) && !life.dies_by(end) => segment(plan, life, spell, None),
        (None, None) => segment(plan, life, spell, Some(end)),
    }
}

/// Tells one segment from its begin to its end, and what went wrong in between.
fn segment(plan: &mut Plan<'_>, life: &Life, opened: Spell, end: Option<DateTime<Utc>>) {
    let mut subject = Subject::new(Feed::Spell, &[opened.provider, &opened.spell_id, &opened.segment.to_string()]);
    let begin = opened.admitted_at;
    plan.tell(&mut subject, begin + Duration::minutes(1), false, State::Spell(opened.clone()));
    if opened.segment == 1 && end.is_some() && plan.chance(plan.rates.cancelled) {
        let cancelled = Spell { trigger: "A11", ..opened };
        plan.tell(&mut subject, begin + Duration::minutes(50), true, State::Spell(cancelled));
        return;
    }
    let mut current = opened;
    if plan.chance(plan.rates.corrected) {
        current = Spell { trigger: "A08", admitted_at: begin - Duration::minutes(20), ..current };
        plan.tell(&mut subject, begin + Duration::minutes(90), false, State::Spell(current.clone()));
    }
    let Some(end) = end else { return };
    let dies = life.dies_by(end);
    let closed = Spell {
        trigger: "A03",
        discharged_at: Some(end),
        discharge_destination: Some(if dies { "died" } else { "usual_residence" }),
        discharge_pathway: (!dies).then(|| weighted(&mut plan.rng, &PATHWAYS).copied().unwrap_or("P0")),
        ..current
    };
    plan.tell(&mut subject, end + Duration::minutes(12), false, State::Spell(closed.clone()));
    if !dies && plan.chance(plan.rates.reopened) {
        let reopened = Spell {
            trigger: "A13",
            discharged_at: None,
            discharge_destination: None,
            discharge_pathway: None,
            ..closed.clone()
        };
        plan.tell(&mut subject, end + Duration::minutes(40), false, State::Spell(reopened));
        let later = life.until(end + plan.hours(4, 30));
        plan.tell(
            &mut subject,
            later + Duration::minutes(12),
            false,
            State::Spell(Spell { discharged_at: Some(later), ..closed }),
        );
    }
}

const PATHWAYS: [(&str, f64); 4] = [("P0", 0.6), ("P1", 0.25), ("P2", 0.1), ("P3", 0.05)];

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
