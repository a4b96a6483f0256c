//! Days at home the slow way: the newest version of each record by walking through all, then every night of every person
//! looked at by itself. It shares no rule with the code.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Europe::London;
use homeward_transform::definition::Case;

/// First instant of a history; the clocks go forward within it.
pub(crate) const START: &str = "2024-01-20T00:00:00Z";
/// The instant that the figures speak for.
pub(crate) const END: &str = "2024-06-12T15:30:00Z";

/// Numbers by their names, by cell, by indicator.
pub(crate) type Cells = BTreeMap<Vec<String>, BTreeMap<String, i64>>;

pub(crate) fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn day_of(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&London).date_naive()
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// An interval in local dates.
struct Interval {
    person: String,
    kind: &'static str,
    spell: String,
    from: NaiveDate,
    /// The day of its end; for one without an end the day up to which it is trusted.
    until: NaiveDate,
    open: bool,
}

impl Interval {
    fn holds(&self, night: NaiveDate) -> bool {
        self.from <= night && night < self.until
    }

    fn is_doubted(&self, night: NaiveDate) -> bool {
        self.open && night >= self.until.max(self.from)
    }
}

struct Registration {
    person: String,
    practice: String,
    from: NaiveDate,
    last: Option<NaiveDate>,
    opted_out: bool,
    care_home: bool,
}

struct World {
    intervals: Vec<Interval>,
    registrations: Vec<Registration>,
    deaths: Vec<(String, NaiveDate, bool)>,
}

/// Of the inputs with one name the one with the greatest version.
fn newest<T>(inputs: &[T], name: impl Fn(&T) -> String, version: impl Fn(&T) -> i64) -> Vec<&T> {
    let mut held: BTreeMap<String, &T> = BTreeMap::new();
    for input in inputs {
        let own = held.entry(name(input)).or_insert(input);
        if version(input) > version(own) {
            *own = input;
        }
    }
    held.into_values().collect()
}

fn interval(
    (person, kind, spell): (&Option<String>, &'static str, String),
    (begin, end, time): (&str, &str, &Option<String>),
) -> Interval {
    let recorded = instant(time.as_deref().expect("given"));
    let open = end.is_empty();
    let until = if open { recorded + Duration::days(30) } else { instant(end) };
    let person = person.clone().expect("given");
    Interval { person, kind, spell, from: day_of(instant(begin)), until: day_of(until), open }
}

impl World {
    fn new(case: &Case) -> Self {
        let given = |text: &Option<String>| text.clone().expect("given");
        let mut intervals = Vec::new();
        let name = |spell: &homeward_transform::definition::case::SpellInput| {
            format!("{}|{}|{}", given(&spell.provider), spell.spell, spell.segment.expect("given"))
        };
        for spell in newest(&case.spells, name, |own| own.version.expect("given")) {
            let kind = match (spell.ward_kind.as_deref(), spell.setting.as_deref()) {
                (Some("virtual"), _) => "virtual",
                (_, Some("hospice" | "care_home_short_term")) => "short",
                _ => "hospital",
            };
            let of = format!("{}|{}", given(&spell.provider), spell.spell);
            if !spell.cancelled {
                intervals.push(interval((&spell.person, kind, of), (&spell.admitted, &spell.discharged, &spell.time)));
            }
        }
        for stay in newest(&case.attendances, |own| own.attendance.clone(), |own| own.version.expect("given")) {
            if !stay.cancelled {
                let own = (&stay.person, "emergency", String::new());
                intervals.push(interval(own, (&stay.arrived, &stay.departed, &stay.time)));
            }
        }
        for stay in newest(&case.stays, |own| own.stay.clone(), |own| own.version.expect("given")) {
            if !stay.voided {
                let own = (&stay.person, "virtual", String::new());
                intervals.push(interval(own, (&stay.admitted, &stay.discharged, &stay.time)));
            }
        }
        let who = |own: &homeward_transform::definition::case::DeathInput| {
            format!("{}|{}", given(&own.source), given(&own.person))
        };
        let deaths = newest(&case.deaths, who, |own| own.version.expect("given"));
        let deaths = deaths.into_iter().filter(|own| !own.revoked);
        let deaths =
            deaths.map(|own| (given(&own.person), day(&own.died), own.status.as_deref() == Some("formal"))).collect();
        let name = |own: &homeward_transform::definition::case::RegistrationInput| {
            format!("{}|{}|{}", given(&own.person), given(&own.practice), given(&own.from))
        };
        let registrations = newest(&case.registrations, name, |own| own.version.expect("given")).into_iter();
        let registrations = registrations.map(|own| Registration {
            person: given(&own.person),
            practice: given(&own.practice),
            from: day(&given(&own.from)),
            last: (!own.to.is_empty()).then(|| day(&own.to)),
            opted_out: own.opted_out,
            care_home: own.care_home,
        });
        Self { intervals, registrations: registrations.collect(), deaths }
    }

    fn died_on(&self, person: &str) -> Option<NaiveDate> {
        let own = || self.deaths.iter().filter(|(who, ..)| who == person);
        let formal = own().filter(|(.., formal)| *formal).map(|(_, day, _)| *day).min();
        formal.or_else(|| own().map(|(_, day, _)| *day).min())
    }

    fn later<'a>(rows: impl Iterator<Item = &'a Registration>) -> Option<&'a Registration> {
        rows.max_by_key(|own| (own.from, own.practice.clone()))
    }

    /// The registration of a night.
    fn list(&self, person: &str, night: NaiveDate) -> Option<&Registration> {
        let covers = |own: &&Registration| {
            own.person == person && own.from <= night && own.last.is_none_or(|last| night <= last)
        };
        Self::later(self.registrations.iter().filter(covers))
    }

    fn has_opted_out(&self, person: &str, list: &Registration) -> bool {
        let newest = Self::later(self.registrations.iter().filter(|own| own.person == person));
        list.opted_out || newest.is_some_and(|own| own.opted_out)
    }

    fn any(&self, person: &str, wanted: impl Fn(&Interval) -> bool) -> bool {
        self.intervals.iter().any(|own| own.person == person && wanted(own))
    }

    /// A night in a hospital bed of this interval: no virtual segment of the spell holds it.
    fn in_bed(&self, own: &Interval, night: NaiveDate) -> bool {
        let is_virtual = |other: &Interval| other.kind == "virtual" && other.spell == own.spell && other.holds(night);
        own.kind == "hospital" && own.holds(night) && !self.any(&own.person, is_virtual)
    }

    /// State and reason of a night of somebody on a list.
    fn state(&self, person: &str, list: &Registration, night: NaiveDate) -> &'static str {
        let claims = |own: &Interval| own.holds(night);
        let is_dead = self.died_on(person).is_some_and(|day| night >= day);
        let away = |open: bool| {
            move |own: &Interval| {
                own.open == open && (self.in_bed(own, night) || own.kind == "emergency" && claims(own))
            }
        };
        let short = |open: bool| move |own: &Interval| own.open == open && own.kind == "short" && claims(own);
        if is_dead && !self.has_opted_out(person, list) && self.any(person, claims) {
            "dead"
        } else if is_dead {
            "none"
        } else if self.has_opted_out(person, list) {
            "opted_out"
        } else if self.any(person, away(false)) {
            "hospital"
        } else if self.any(person, away(true)) {
            "hospital_open"
        } else if self.any(person, short(false)) {
            "short"
        } else if self.any(person, short(true)) {
            "short_open"
        } else if self.any(person, |own| own.is_doubted(night)) {
            "unsupported"
        } else if self.any(person, |own| own.kind == "virtual" && claims(own)) {
            "virtual"
        } else {
            "home"
        }
    }

    fn discharged_on(&self, person: &str, day: NaiveDate) -> bool {
        let before = day - Duration::days(1);
        let ends = |own: &Interval| !own.open && self.in_bed(own, before) && !self.in_bed(own, day);
        self.any(person, ends) && !self.any(person, |own| self.in_bed(own, day))
    }

    fn joined_ward_on(&self, person: &str, day: NaiveDate) -> bool {
        let holds = |night: NaiveDate| self.any(person, |own| own.kind == "virtual" && own.holds(night));
        holds(day) && !holds(day - Duration::days(1))
    }
}

/// Adds to a cell.
fn add(cells: &mut Cells, cell: &[&str], numbers: &[(&str, i64)]) {
    let cell = cells.entry(cell.iter().map(|part| (*part).to_owned()).collect()).or_default();
    for (name, number) in numbers {
        *cell.entry((*name).to_owned()).or_default() += number;
    }
}

/// Every figure that the tests ask for, by name; numbers that are 0 are left out.
pub(crate) fn figures(case: &Case, people: &[String]) -> BTreeMap<&'static str, Cells> {
    let world = World::new(case);
    let today = day_of(instant(END));
    let mut all: BTreeMap<&'static str, Cells> = BTreeMap::new();
    for person in people {
        let first = day_of(instant(START)) - Duration::days(60);
        for night in first.iter_days().take_while(|night| *night < today) {
            let Some(list) = world.list(person, night) else { continue };
            let state = world.state(person, list, night);
            let month = night.format("%Y-%m").to_string();
            let cell = [list.practice.as_str(), month.as_str()];
            add(all.entry("days-at-home").or_default(), &cell, &night_numbers(state, list.care_home));
            let away = i64::from(["hospital", "hospital_open", "short", "short_open"].contains(&state));
            let beds = [("numerator", away), ("short_term_beds", i64::from(state.starts_with("short")))];
            add(all.entry("beds-occupied-at-midnight").or_default(), &[&list.practice, &night.to_string()], &beds);
            if ["none", "dead", "opted_out"].contains(&state) {
                continue;
            }
            for (indicator, nights, joins) in [
                ("days-at-home-after-discharge-30", 30, world.discharged_on(person, night)),
                ("days-at-home-after-discharge-90", 90, world.discharged_on(person, night)),
                ("days-at-home-from-virtual-ward-90", 90, world.joined_ward_on(person, night)),
            ] {
                if joins && night + Duration::days(nights) <= today {
                    add(all.entry(indicator).or_default(), &cell, &followed(&world, person, night, nights));
                }
            }
        }
    }
    for cells in all.values_mut() {
        cells.values_mut().for_each(|numbers| numbers.retain(|_, number| *number != 0));
        cells.retain(|_, numbers| !numbers.is_empty());
    }
    all
}

fn night_numbers(state: &str, care_home: bool) -> Vec<(&'static str, i64)> {
    let is = |states: &[&str]| i64::from(states.contains(&state));
    let home = is(&["home", "virtual"]);
    vec![
        ("numerator", 365 * home),
        ("denominator", home + is(&["hospital", "hospital_open", "short", "short_open"])),
        ("home_nights", is(&["home"])),
        ("virtual_ward_nights", is(&["virtual"])),
        ("hospital_nights", is(&["hospital", "hospital_open"])),
        ("short_term_nights", is(&["short", "short_open"])),
        ("own_home_nights", if care_home { 0 } else { home }),
        ("open_stay", is(&["hospital_open", "short_open"])),
        ("unsupported", is(&["unsupported"])),
        ("opted_out", is(&["opted_out"])),
        ("after_death", is(&["dead"])),
    ]
}

fn followed(world: &World, person: &str, index: NaiveDate, nights: i64) -> Vec<(&'static str, i64)> {
    let (mut home, mut at_ward, mut away, mut dead) = (0, 0, 0, 0);
    for night in index.iter_days().take(usize::try_from(nights).expect("few")) {
        if world.died_on(person).is_some_and(|day| night >= day) {
            dead += 1;
            continue;
        }
        let Some(list) = world.list(person, night) else { continue };
        match world.state(person, list, night) {
            "home" => home += 1,
            "virtual" => (home, at_ward) = (home + 1, at_ward + 1),
            "hospital" | "hospital_open" | "short" | "short_open" => away += 1,
            _ => {}
        }
    }
    let is_whole = home + away + dead == nights;
    let count = |number: i64| if is_whole { number } else { 0 };
    vec![
        ("numerator", count(home)),
        ("denominator", count(1)),
        ("virtual_ward_nights", count(at_ward)),
        ("away_nights", count(away)),
        ("died", count(i64::from(dead > 0))),
        ("alive", count(i64::from(dead == 0))),
        ("home_nights_benchmark", count(if dead > 0 { 0 } else { home })),
        ("excluded", i64::from(!is_whole)),
    ]
}
