//! Attendances at emergency departments and admissions to hospitals.

use chrono::{DateTime, Duration, Utc};
use homeward_contract::feed::Feed;

use super::life::Life;
use super::truth::{EdStay, Spell, State};
use super::{Plan, Subject};
use crate::random::weighted;
use crate::wall::{wall, whole_seconds};

/// Hospitals with an emergency department.
pub(super) const HOSPITALS: [&str; 3] = ["RH8", "RK9", "RA9"];

/// An attendance; its departure, when it is left alive.
pub(super) fn attend(
    plan: &mut Plan<'_>,
    life: &mut Life,
    provider: &'static str,
    arrived_at: DateTime<Utc>,
    spell: Option<&str>,
) -> Option<DateTime<Utc>> {
    let attendance_id = life.next_id("ED");
    let mut subject = Subject::new(Feed::EdStay, &[provider, &attendance_id]);
    let person = life.who_at(arrived_at);
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
pub(super) struct Admission {
    pub(super) hospital: &'static str,
    pub(super) id: Option<String>,
    pub(super) begin: DateTime<Utc>,
    pub(super) end: DateTime<Utc>,
    pub(super) method: &'static str,
    /// End of a virtual segment that follows within the spell.
    pub(super) to_ward: Option<DateTime<Utc>>,
}

/// A spell of one segment, or of two: on the hospital's virtual ward, or in a community hospital, after the first.
pub(super) fn admit(plan: &mut Plan<'_>, life: &mut Life, admission: Admission) {
    let Admission { hospital, id, begin, end, method, to_ward } = admission;
    let end = life.until(end);
    let spell_id = id.unwrap_or_else(|| life.next_id("SP"));
    let same_day = wall(begin).date() == wall(end).date();
    let spell = Spell {
        provider: hospital,
        spell_id,
        segment: 1,
        trigger: "A01",
        person: life.who_at(begin),
        spell_admitted_at: begin,
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
    let transferred = plan.chance(plan.rates.transferred).then(|| whole_seconds(begin + (end - begin) / 2));
    let second = match (to_ward, transferred) {
        (Some(until), _) => Some((end, "acute", "virtual", life.until(until))),
        (None, Some(moved_at)) => Some((moved_at, "community_hospital", "physical", end)),
        (None, None) => None,
    };
    let mut subject = subject_of(&spell);
    let Some((moved_at, setting, ward_kind, end)) = second else {
        let never_closed = plan.chance(plan.rates.never_closed) && !life.dies_by(end);
        let opened = begin_spell(plan, &mut subject, spell, (!never_closed).then_some(end));
        if let Some(opened) = opened.filter(|_| !never_closed) {
            discharge(plan, life, &mut subject, opened, end);
        }
        return;
    };
    let Some(first) = begin_spell(plan, &mut subject, spell, Some(moved_at)) else { return };
    let moved = Spell { trigger: "A02", discharged_at: Some(moved_at), ..first.clone() };
    plan.tell(&mut subject, moved_at + Duration::minutes(1), false, State::Spell(moved));
    let second = Spell { segment: 2, trigger: "A02", admitted_at: moved_at, setting, ward_kind, ..first };
    let mut subject = subject_of(&second);
    plan.tell(&mut subject, moved_at + Duration::minutes(1), false, State::Spell(second.clone()));
    discharge(plan, life, &mut subject, second, end);
}

fn subject_of(spell: &Spell) -> Subject {
    Subject::new(Feed::Spell, &[spell.provider, &spell.spell_id, &spell.segment.to_string()])
}

/// Tells the admission, and what went wrong with it; none when it was cancelled.
fn begin_spell(plan: &mut Plan<'_>, subject: &mut Subject, opened: Spell, end: Option<DateTime<Utc>>) -> Option<Spell> {
    let begin = opened.admitted_at;
    plan.tell(subject, begin + Duration::minutes(1), false, State::Spell(opened.clone()));
    if end.is_some() && plan.chance(plan.rates.cancelled) {
        let cancelled = Spell { trigger: "A11", ..opened };
        plan.tell(subject, begin + Duration::minutes(50), true, State::Spell(cancelled));
        return None;
    }
    let corrected_at = begin + Duration::minutes(90);
    if !plan.chance(plan.rates.corrected) || end.is_some_and(|end| end < corrected_at) {
        return Some(opened);
    }
    let earlier = begin - Duration::minutes(20);
    let corrected = Spell { trigger: "A08", spell_admitted_at: earlier, admitted_at: earlier, ..opened };
    plan.tell(subject, corrected_at, false, State::Spell(corrected.clone()));
    Some(corrected)
}

/// Tells the discharge from the last segment; now and then it is cancelled and made again.
fn discharge(plan: &mut Plan<'_>, life: &Life, subject: &mut Subject, open: Spell, end: DateTime<Utc>) {
    let dies = life.dies_by(end);
    let closed = Spell {
        trigger: "A03",
        discharged_at: Some(end),
        discharge_destination: Some(if dies { "died" } else { "usual_residence" }),
        discharge_pathway: (!dies).then(|| weighted(&mut plan.rng, &PATHWAYS).copied().unwrap_or("P0")),
        ..open.clone()
    };
    plan.tell(subject, end + Duration::minutes(12), false, State::Spell(closed.clone()));
    if !dies && plan.chance(plan.rates.reopened) {
        let reopened_at = end + Duration::minutes(40);
        plan.tell(subject, reopened_at, false, State::Spell(Spell { trigger: "A13", ..open }));
        let later = life.until(end + plan.hours(4, 30));
        let told_at = reopened_at.max(later) + Duration::minutes(12);
        plan.tell(subject, told_at, false, State::Spell(Spell { discharged_at: Some(later), ..closed }));
    }
}

const PATHWAYS: [(&str, f64); 4] = [("P0", 0.6), ("P1", 0.25), ("P2", 0.1), ("P3", 0.05)];
