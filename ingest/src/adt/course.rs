//! The messages of one stay, in the order recorded, read as one course: where the patient was from when to when.
//!
//! | Event | What it says (our choice where HL7 leaves it open) |
//! |---|---|
//! | A01 | the stay begins at PV1-44, else when the event occurred; after an emergency attendance the admission begins |
//! | A02 | from when the event occurred the patient is on another ward; PV1-6 says where before, if nothing else did |
//! | A03 | the stay ends at PV1-45, else when the event occurred |
//! | A08 | ward, class, person, admission and discharge are corrected, where they are given |
//! | A11 | the whole stay is taken back, until another A01 |
//! | A13 | the stay has not ended |

use chrono::{DateTime, Utc};
use homeward_contract::adt::{PatientClass, Trigger, admission_method};

use super::message::{Message, Person};
use super::wards::{Bed, Wards};

/// One piece of the course, as events carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) starts_at: DateTime<Utc>,
    pub(super) ends_at: Option<DateTime<Utc>>,
    /// None in an emergency department.
    pub(super) bed: Option<Bed>,
    pub(super) class: PatientClass,
    pub(super) admission_method: Option<&'static str>,
    pub(super) person: Person,
    pub(super) is_withdrawn: bool,
    /// Of an attendance: it led to the spell of the same visit.
    pub(super) is_followed: bool,
}

impl Part {
    /// The same, taken back.
    pub(super) fn withdrawn(self) -> Self {
        Self { is_withdrawn: true, ..self }
    }
}

/// The whole course.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Course {
    /// The time in an emergency department before anything else.
    pub(super) ed: Option<Part>,
    /// The segments of the spell.
    pub(super) beds: Vec<Part>,
}

/// From when the patient was where.
#[derive(Debug, Clone)]
struct Step<'m> {
    at: Option<DateTime<Utc>>,
    ward: Option<&'m str>,
    class: PatientClass,
}

#[derive(Debug, Default)]
struct Reading<'m> {
    steps: Vec<Step<'m>>,
    /// In the emergency department; in a bed.
    arrived_at: Option<DateTime<Utc>>,
    admitted_at: Option<DateTime<Utc>>,
    discharged_at: Option<DateTime<Utc>>,
    is_cancelled: bool,
    admission_type: Option<&'m str>,
    person: Person,
}

/// Reads the course; empty while nothing says when it began.
pub(super) fn read(messages: &[Message], wards: &Wards) -> Course {
    let mut reading = Reading::default();
    for message in messages {
        reading.take(message);
    }
    let Some(first) = messages.first() else { return Course::default() };
    reading.course(|ward| wards.bed(&first.provider, ward))
}

const fn is_emergency(class: PatientClass) -> bool {
    matches!(class, PatientClass::Emergency)
}

impl<'m> Reading<'m> {
    fn take(&mut self, message: &'m Message) {
        let ward = message.ward.as_deref();
        let step = |at, ward| Step { at, ward, class: message.class };
        if self.steps.is_empty() {
            let before = message.prior_ward.as_deref().filter(|_| message.trigger == Trigger::Transfer);
            self.steps.push(step(None, before.or(ward)));
        }
        match message.trigger {
            Trigger::Admit => {
                (self.is_cancelled, self.discharged_at) = (false, None);
                let is_same = |held: &&mut Step<'m>| is_emergency(held.class) == is_emergency(message.class);
                match self.steps.iter_mut().find(is_same) {
                    // Said again, or late: it corrects what the admission said.
                    Some(held) => *held = Step { at: held.at, ward: ward.or(held.ward), class: message.class },
                    None => self.steps.push(step(message.admitted_at.or(Some(message.occurred_at)), ward)),
                }
            }
            Trigger::Transfer => self.steps.push(step(Some(message.occurred_at), ward)),
            Trigger::Discharge => self.discharged_at = message.discharged_at.or(Some(message.occurred_at)),
            Trigger::Update => {
                if let Some(last) = self.steps.last_mut()
                    && is_emergency(last.class) == is_emergency(message.class)
                {
                    (last.ward, last.class) = (ward.or(last.ward), message.class);
                }
                if self.discharged_at.is_some() {
                    self.discharged_at = message.discharged_at.or(self.discharged_at);
                }
            }
            Trigger::CancelAdmit => self.is_cancelled = true,
            Trigger::CancelDischarge => self.discharged_at = None,
        }
        self.begins(message);
        self.admission_type = message.admission_type.as_deref().or(self.admission_type);
        if message.person.pseudonym.is_some() {
            self.person.pseudonym.clone_from(&message.person.pseudonym);
            self.person.key_version = message.person.key_version;
        }
        self.person.age_years = message.person.age_years.or(self.person.age_years);
    }

    /// When the stay began, as a message says it. Some hospitals go on sending the arrival in the emergency department as
    /// the admission: it is none then.
    fn begins(&mut self, message: &Message) {
        let occurred = Some(message.occurred_at).filter(|_| message.trigger == Trigger::Admit);
        let Some(at) = message.admitted_at.or(occurred) else { return };
        if is_emergency(message.class) {
            self.arrived_at = Some(at);
        } else if self.arrived_at.is_none_or(|arrived| at > arrived) {
            self.admitted_at = Some(at);
        }
    }

    fn course(mut self, bed: impl Fn(Option<&str>) -> Bed) -> Course {
        let mut is_first = true;
        let mut is_bed_seen = false;
        for step in &mut self.steps {
            let begin = match is_emergency(step.class) {
                true if is_first => self.arrived_at,
                false if !is_bed_seen && (is_first || self.admitted_at.is_some()) => self.admitted_at,
                _ => step.at,
            };
            step.at = begin;
            is_bed_seen |= !is_emergency(step.class);
            is_first = false;
        }
        let Some(begin) = self.steps.first().and_then(|step| step.at) else { return Course::default() };
        let later = self.steps.split_off(1);
        let mut moves: Vec<(DateTime<Utc>, Step<'_>)> = later
            .into_iter()
            .filter_map(|step| Some((step.at?.max(begin), step)))
            .filter(|(at, _)| self.discharged_at.is_none_or(|end| *at < end))
            .collect();
        moves.sort_by_key(|(at, _)| *at);
        let first = self.steps.pop().map(|step| (begin, step));
        let places: Vec<(DateTime<Utc>, PatientClass, Option<Bed>)> = first
            .into_iter()
            .chain(moves)
            .scan(true, |may_be_ed, (at, step)| {
                // Only the beginning is an attendance: whoever goes back to the department is an inpatient there.
                *may_be_ed &= is_emergency(step.class);
                Some((at, step.class, (!*may_be_ed).then(|| bed(step.ward))))
            })
            .collect();
        self.parts(&places)
    }

    /// Neighbours in beds of one kind are one part; what lasts no time between two others is none.
    fn parts(self, places: &[(DateTime<Utc>, PatientClass, Option<Bed>)]) -> Course {
        let mut parts: Vec<Part> = Vec::new();
        for (number, (at, class, bed)) in places.iter().enumerate() {
            let next = places.get(number + 1).map(|(at, ..)| *at);
            if next == Some(*at) && number > 0 {
                continue;
            }
            let ends_at = next.or(self.discharged_at);
            match parts.last_mut().filter(|part| part.bed == *bed) {
                Some(part) => (part.ends_at, part.class) = (ends_at, *class),
                None => parts.push(Part {
                    starts_at: *at,
                    ends_at,
                    bed: *bed,
                    class: *class,
                    admission_method: self.admission_type.and_then(admission_method).filter(|_| bed.is_some()),
                    person: self.person.clone(),
                    is_withdrawn: self.is_cancelled,
                    is_followed: false,
                }),
            }
        }
        let is_ed = parts.first().is_some_and(|part| part.bed.is_none());
        let beds = parts.split_off(usize::from(is_ed));
        let ed = parts.pop().map(|ed| Part { is_followed: !beds.is_empty(), ..ed });
        Course { ed, beds }
    }
}
