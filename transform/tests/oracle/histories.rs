//! Random histories from a fixed seed: spells with transfers and overlaps, virtual segments, emergency departments over
//! midnight, clock-change nights, stays without an end, corrections, cancellations, late and revoked deaths, lists that are
//! left and opted out of, referrals that are accepted, rejected, amended and voided.

use chrono::{DateTime, Duration, NaiveDate, SecondsFormat, Utc};
use homeward_contract::time::local_midnight;
use homeward_transform::definition::Case;
use homeward_transform::definition::case::{
    AttendanceInput, ChangeInput, DeathInput, EventInput, RegistrationInput, SpellInput, StayInput,
};

/// The instant that the figures speak for.
pub(crate) const AS_OF: &str = "2025-06-12T15:30:00Z";
/// First day on which anything begins.
const FIRST: &str = "2024-03-01";
/// Days on which something may begin; the last of them lie ahead.
const DAYS: u64 = 480;
/// Days on which the clocks change.
const CHANGES: [&str; 3] = ["2024-03-31", "2024-10-27", "2025-03-30"];
/// Ages around those from which people count apart.
const AGES: [i64; 8] = [15, 17, 18, 40, 64, 65, 66, 81];
/// Areas of the most deprived fifth, of another, one that is not ranked, and none.
const LSOAS: [&str; 5] = ["E01999900", "E01999911", "E01999902", "E01999999", ""];
/// People of one history share ids of stays, so that corrections move nights between them.
const TOGETHER: u64 = 3;

/// SplitMix64: the same numbers on every machine.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).expect("few")]
    }

    pub(crate) fn hours(&mut self, bound: u64) -> Duration {
        Duration::minutes(i64::try_from(self.below(bound * 60)).expect("few"))
    }

    fn day(&mut self) -> NaiveDate {
        if self.one_in(8) {
            return self.pick(&CHANGES).parse().expect("a date");
        }
        let first: NaiveDate = FIRST.parse().expect("a date");
        first + Duration::days(i64::try_from(self.below(DAYS)).expect("few"))
    }

    /// One in five lies on a local midnight.
    fn moment(&mut self) -> DateTime<Utc> {
        let midnight = local_midnight(self.day());
        if self.one_in(5) { midnight } else { midnight + self.hours(24) }
    }

    /// A length of stay: hours, days or, at times, most of a year.
    fn length(&mut self) -> Duration {
        match self.below(8) {
            0 => self.hours(8),
            1 => self.hours(5000),
            2 => Duration::days(1),
            _ => self.hours(300),
        }
    }
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Begin, end (one in eight has none) and when it was recorded.
fn stretch(dice: &mut Dice, from: DateTime<Utc>) -> (String, String, Option<String>) {
    let end = from + dice.length();
    let recorded = if dice.one_in(3) { dice.moment() } else { end };
    let end = if dice.one_in(8) { String::new() } else { text(end) };
    (text(from), end, Some(text(recorded)))
}

/// As many histories of [`TOGETHER`] people each.
pub(crate) fn histories(count: u64, dice: &mut Dice) -> Case {
    let mut case = Case {
        id: "oracle".into(),
        rule: "oracle".into(),
        as_of: AS_OF.parse().expect("an instant"),
        ..Case::default()
    };
    (0..count).for_each(|number| History { number, dice }.add_to(&mut case));
    case
}

struct History<'a> {
    number: u64,
    dice: &'a mut Dice,
}

impl History<'_> {
    fn add_to(mut self, case: &mut Case) {
        for person in 0..TOGETHER {
            self.registrations(person, case);
        }
        for spell in 0..self.dice.below(6) {
            self.spell(spell, case);
        }
        for attendance in 0..self.dice.below(4) {
            for _ in 0..=self.dice.below(2) {
                case.attendances.push(self.attendance(attendance));
            }
        }
        for stay in 0..self.dice.below(3) {
            for _ in 0..=self.dice.below(2) {
                case.stays.push(self.stay(stay));
            }
        }
        for _ in 0..self.dice.below(3) {
            case.deaths.push(self.death());
        }
        for referral in 0..self.dice.below(4) {
            self.referral(referral, case);
        }
    }

    fn name(&self, of: &str, number: u64) -> String {
        format!("{of}{}x{number}", self.number)
    }

    fn someone(&mut self) -> Option<String> {
        let person = self.dice.below(TOGETHER);
        Some(self.name("P", person))
    }

    /// The two practices of a history, between which its people move.
    fn practice(&mut self) -> Option<String> {
        let first = 870 + 2 * (self.number % 8);
        Some(format!("L83{:03}", first + self.dice.below(2)))
    }

    fn registrations(&mut self, person: u64, case: &mut Case) {
        let whole = !self.dice.one_in(3);
        for place in 0..=self.dice.below(3) {
            let from = if place == 0 && whole { FIRST.parse().expect("a date") } else { self.dice.day() };
            let days = i64::try_from(self.dice.below(400)).expect("few") - 1;
            let last = if self.dice.one_in(3) { (from + Duration::days(days)).to_string() } else { String::new() };
            let registration = RegistrationInput {
                person: Some(self.name("P", person)),
                practice: self.practice(),
                lsoa: Some(self.dice.pick(&LSOAS).to_owned()),
                from: Some(from.to_string()),
                to: last,
                opted_out: self.dice.one_in(15),
                care_home: self.dice.one_in(4),
                efi_band: Some(self.dice.pick(&["fit", "mild", "moderate", "severe"]).to_owned()),
                age_years: if self.dice.one_in(3) { None } else { Some(self.dice.pick(&AGES)) },
                ..RegistrationInput::default()
            };
            if self.dice.one_in(6) {
                case.registrations.push(RegistrationInput {
                    to: String::new(),
                    opted_out: true,
                    ..registration.clone()
                });
            }
            case.registrations.push(registration);
        }
    }

    /// Segments that follow each other, overlap by an hour, or lie anywhere; each in up to three versions.
    fn spell(&mut self, number: u64, case: &mut Case) {
        let mut from = self.dice.moment();
        let person = self.someone();
        for segment in 1..=1 + i64::try_from(self.dice.below(3)).expect("few") {
            let mut end = String::new();
            for _ in 0..=self.dice.below(3) {
                let (admitted, discharged, time) = stretch(self.dice, from);
                let setting = self.dice.pick(&[
                    "acute",
                    "acute",
                    "community_hospital",
                    "mental_health",
                    "hospice",
                    "care_home_short_term",
                ]);
                end.clone_from(&discharged);
                case.spells.push(SpellInput {
                    spell: self.name("X", number),
                    segment: Some(segment),
                    provider: Some(["RH8", "RK9"][usize::from(self.number.is_multiple_of(2))].into()),
                    setting: Some(setting.into()),
                    ward_kind: Some(if self.dice.one_in(5) { "virtual" } else { "physical" }.into()),
                    person: if self.dice.one_in(8) { self.someone() } else { person.clone() },
                    admitted,
                    discharged,
                    time,
                    cancelled: self.dice.one_in(12),
                    age_years: Some(self.dice.pick(&AGES)),
                    ..SpellInput::default()
                });
            }
            from = match end.parse::<DateTime<Utc>>() {
                Ok(end) if !self.dice.one_in(4) => end - Duration::hours(i64::from(self.dice.one_in(2))),
                _ => self.dice.moment(),
            };
        }
    }

    fn attendance(&mut self, number: u64) -> AttendanceInput {
        let from = self.dice.moment();
        let (arrived, mut departed, time) = stretch(self.dice, from);
        if !departed.is_empty() && !self.dice.one_in(4) {
            departed = text(from + self.dice.hours(12));
        }
        AttendanceInput {
            attendance: self.name("E", number),
            person: self.someone(),
            arrived,
            departed,
            time,
            cancelled: self.dice.one_in(8),
            age_years: Some(self.dice.pick(&AGES)),
            ..AttendanceInput::default()
        }
    }

    fn stay(&mut self, number: u64) -> StayInput {
        let from = self.dice.moment();
        let (admitted, discharged, time) = stretch(self.dice, from);
        StayInput {
            stay: self.name("S", number),
            person: self.someone(),
            admitted,
            discharged,
            time,
            voided: self.dice.one_in(8),
            ..StayInput::default()
        }
    }

    fn death(&mut self) -> DeathInput {
        let died = self.dice.day();
        DeathInput {
            person: self.someone(),
            died: died.to_string(),
            status: Some(self.dice.pick(&["formal", "informal"]).into()),
            source: Some(self.dice.pick(&["QJK", "RH8"]).into()),
            revoked: self.dice.one_in(3),
            time: Some(text(local_midnight(died) + self.dice.hours(2000))),
            ..DeathInput::default()
        }
    }

    fn referral(&mut self, number: u64, case: &mut Case) {
        let received = self.dice.moment();
        let event = |kind: &str, at: DateTime<Utc>| EventInput {
            kind: kind.into(),
            referral: self.name("R", number),
            at: Some(text(at)),
            ..EventInput::default()
        };
        let (triaged, rejected) = (event("triaged", received), event("rejected", received));
        let (amended, voided) = (event("amended", received), event("voided", received));
        let received_event = event("received", received);
        for _ in 0..=self.dice.below(2) {
            case.events.push(EventInput { person: self.someone(), ..received_event.clone() });
        }
        let decided = received + self.dice.hours(48);
        for _ in 0..self.dice.below(3) {
            let at = decided + self.dice.hours(30);
            let decision = self.dice.pick(&["accepted", "accepted", "accepted", "reclassified", "redirected"]);
            let redirected_to = (decision == "redirected").then(|| "RK9".into());
            let told =
                EventInput { at: Some(text(at)), decision: Some(decision.into()), redirected_to, ..triaged.clone() };
            case.events.push(told);
        }
        if self.dice.one_in(8) {
            case.events.push(rejected);
        }
        if self.dice.one_in(4) {
            let to = if self.dice.one_in(4) { String::new() } else { text(self.dice.moment()) };
            let change = ChangeInput { item: "decidedAt".into(), from: String::new(), to };
            case.events.push(EventInput { changes: vec![change], ..amended });
        }
        if self.dice.one_in(10) {
            let target = self.dice.pick(&["referral", "clock"]);
            case.events.push(EventInput { target: Some(target.into()), ..voided });
        }
    }
}
