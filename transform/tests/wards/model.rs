//! The figures of virtual wards the slow way: states by their greatest version, stays merged pair by pair, and every
//! morning looked at by itself. It shares no rule with the code.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Duration, NaiveDate, TimeZone, Utc};
use chrono_tz::Europe::London;
use homeward_transform::definition::case::{BedInput, StayInput};

/// First instant of a history; the clocks go forward within it.
pub(crate) const START: &str = "2025-02-10T00:00:00Z";
/// The instant that the figures speak for.
pub(crate) const END: &str = "2025-04-20T15:30:00Z";

/// Numerator and denominator by cell.
pub(crate) type Figures = BTreeMap<Vec<String>, (i64, Option<i64>)>;

pub(crate) fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

pub(crate) fn day_of(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&London).date_naive()
}

pub(crate) fn local_hour(day: NaiveDate, hour: u32) -> DateTime<Utc> {
    let local = London.with_ymd_and_hms(day.year(), day.month(), day.day(), hour, 0, 0);
    local.earliest().expect("08:00 and midnight exist on every day").with_timezone(&Utc)
}

#[derive(Debug, Clone)]
struct Stay {
    provider: String,
    ward: String,
    person: String,
    practice: String,
    id: String,
    /// The stay that ends it.
    tail: String,
    route: String,
    from: DateTime<Utc>,
    to: Option<DateTime<Utc>>,
    outcome: String,
}

impl Stay {
    fn end(&self) -> DateTime<Utc> {
        self.to.unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    fn covers(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && at < self.end()
    }
}

/// Version, time, id of the event, and what it says.
type Ranked<'a> = (i64, DateTime<Utc>, String, &'a StayInput);

/// The greatest version of each stay that is not voided.
fn standing(inputs: &[StayInput]) -> Vec<Stay> {
    let mut newest: BTreeMap<(String, String), Ranked<'_>> = BTreeMap::new();
    for (place, input) in inputs.iter().enumerate() {
        let key = (input.provider.clone().unwrap_or_default(), input.stay.clone());
        let time = instant(input.time.as_deref().expect("given"));
        let own = (input.version.expect("given"), time, id_of(place), input);
        let held = newest.entry(key).or_insert_with(|| own.clone());
        if (own.0, own.1, &own.2) > (held.0, held.1, &held.2) {
            *held = own;
        }
    }
    let made = newest.into_iter().filter(|(_, (.., input))| !input.voided).map(|((provider, id), (.., input))| Stay {
        provider,
        tail: id.clone(),
        id,
        ward: input.ward.clone().expect("given"),
        person: input.person.clone().expect("given"),
        practice: input.practice.clone().expect("given"),
        route: input.route.clone().expect("given"),
        from: instant(&input.admitted),
        to: (!input.discharged.is_empty()).then(|| instant(&input.discharged)),
        outcome: input.outcome.clone().expect("given"),
    });
    made.collect()
}

/// The event's id as the case makes it: ties between equal versions and times are decided by it.
fn id_of(place: usize) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(format!("four ways|random|ward-{place}"));
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}

/// Two stays at a time become one, until no two of one person and ward overlap.
fn merged(mut stays: Vec<Stay>) -> Vec<Stay> {
    loop {
        let together = |one: &Stay, two: &Stay| {
            let same = (&one.provider, &one.ward, &one.person) == (&two.provider, &two.ward, &two.person);
            let overlap = one.from < two.end() && two.from < one.end();
            // One without length is merged with another that it lies within, or with which it begins.
            let point_in = |point: &Stay, other: &Stay| {
                point.from == point.end() && other.from <= point.from && point.from < other.end()
            };
            !one.person.is_empty() && same && (overlap || point_in(one, two) || point_in(two, one))
        };
        let pairs = (0..stays.len()).flat_map(|one| (one + 1..stays.len()).map(move |two| (one, two)));
        let Some((one, two)) = pairs.into_iter().find(|(one, two)| together(&stays[*one], &stays[*two])) else {
            return stays;
        };
        let (second, first) = (stays.remove(two), stays.remove(one));
        let begins = |stay: &Stay| (stay.from, std::cmp::Reverse(stay.end()), stay.id.clone());
        let (head, other) = if begins(&first) <= begins(&second) { (first, second) } else { (second, first) };
        let ends_later = (other.end(), &other.tail) > (head.end(), &head.tail);
        let end = if ends_later { other } else { head.clone() };
        stays.push(Stay { to: end.to, outcome: end.outcome, tail: end.tail, ..head });
    }
}

/// What is told of beds. The ids of their events count on after those of the stays.
struct Beds<'a> {
    inputs: &'a [BedInput],
    first_id: usize,
}

impl Beds<'_> {
    /// None where nothing is told, and where it is told that they are not known.
    fn at(&self, (provider, ward): (&str, &str), at: DateTime<Utc>) -> Option<Option<i64>> {
        // One subject a ward and local day.
        let mut newest: BTreeMap<NaiveDate, (i64, DateTime<Utc>, String, &BedInput)> = BTreeMap::new();
        for (place, input) in self.inputs.iter().enumerate() {
            if input.provider.as_deref() == Some(provider) && input.ward.as_deref() == Some(ward) {
                let from = instant(&input.from);
                let own = (input.version.expect("given"), from, id_of(self.first_id + place), input);
                let held = newest.entry(day_of(from)).or_insert_with(|| own.clone());
                if (own.0, own.1, &own.2) > (held.0, held.1, &held.2) {
                    *held = own;
                }
            }
        }
        let (.., input) = newest.into_values().filter(|(_, from, ..)| *from <= at).max_by_key(|(_, from, ..)| *from)?;
        let is_valid = input.to.is_empty() || instant(&input.to) > at;
        is_valid.then_some(input.beds)
    }
}

const PROVIDERS: [&str; 2] = ["RH8", "RK9"];
const WARDS: [&str; 3] = ["W0", "W1", "W2"];

fn places() -> impl Iterator<Item = (&'static str, &'static str)> {
    PROVIDERS.into_iter().flat_map(|provider| WARDS.map(|ward| (provider, ward)))
}

/// Adds to a cell; one that counts nothing at all is not there.
fn add(figures: &mut Figures, cell: Vec<String>, numerator: i64, denominator: Option<i64>) {
    let held = figures.entry(cell).or_insert((0, None));
    held.0 += numerator;
    held.1 = match (held.1, denominator) {
        (Some(one), Some(two)) => Some(one + two),
        (one, two) => one.or(two),
    };
}

fn cell(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|part| (*part).to_owned()).collect()
}

fn month_of(day: NaiveDate) -> String {
    day.format("%Y-%m").to_string()
}

/// Local days from the first thing that could count to the end.
fn days() -> impl Iterator<Item = NaiveDate> {
    let last = day_of(instant(END));
    (day_of(instant(START)) - Duration::days(1)).iter_days().take_while(move |day| *day <= last)
}

/// The Thursday of the week before the last Friday of a month, by looking at each day of it.
fn reference(month: NaiveDate) -> DateTime<Utc> {
    let in_month = month.iter_days().take_while(|day| day.month() == month.month());
    let friday = in_month.filter(|day| day.weekday() == chrono::Weekday::Fri).last().expect("a month has Fridays");
    local_hour(friday - Duration::days(8), 8)
}

/// Seconds of all merged stays.
pub(crate) fn seconds_of_stays(stays: &[StayInput]) -> i64 {
    merged(standing(stays)).iter().map(|stay| (stay.end() - stay.from).num_seconds()).sum()
}

/// Every figure that the tests ask for, by name.
pub(crate) fn figures(stays: &[StayInput], beds: &[BedInput]) -> BTreeMap<String, Figures> {
    let now = instant(END);
    let beds = Beds { inputs: beds, first_id: stays.len() };
    let stays = merged(standing(stays));
    let mut all = census(&stays, &beds, now);
    all.extend(moving_and_stock(&stays, &beds, now));
    all.extend(time(&stays, &beds, now));
    all.extend(flow(&stays, now));
    // No beds and none told come to the same, and a cell of nothing may be there or not.
    for (_, figures) in &mut all {
        figures.values_mut().for_each(|(_, denominator)| *denominator = denominator.filter(|beds| *beds != 0));
        figures.retain(|_, numbers| *numbers != (0, None));
    }
    all.into_iter().collect()
}

fn patients(stays: &[Stay], (provider, ward): (&str, &str), at: DateTime<Utc>) -> i64 {
    let here = |stay: &&Stay| stay.provider == provider && stay.ward == ward && stay.covers(at);
    i64::try_from(stays.iter().filter(here).count()).expect("few")
}

/// One look at every ward at an instant: patients, and beds where any are told.
fn look(
    stays: &[Stay],
    beds: &Beds<'_>,
    at: DateTime<Utc>,
    mut found: impl FnMut((&str, &str), i64, Option<i64>, bool),
) {
    for place in places() {
        let (patients, told) = (patients(stays, place, at), beds.at(place, at));
        found(place, patients, told.flatten(), told.is_some());
    }
}

fn census(stays: &[Stay], beds: &Beds<'_>, now: DateTime<Utc>) -> Vec<(String, Figures)> {
    let (mut by_day, mut by_month, mut national) = (Figures::new(), Figures::new(), Figures::new());
    for day in days() {
        let at = local_hour(day, 8);
        if at > now {
            continue;
        }
        let is_reference = at == reference(day.with_day(1).expect("a day"));
        look(stays, beds, at, |(provider, ward), patients, told, is_told| {
            if patients == 0 && told.unwrap_or(0) == 0 {
                return;
            }
            add(&mut by_day, cell(&[provider, ward, &day.to_string()]), patients, told);
            let icb = if is_told { "QJK" } else { "unknown" };
            add(&mut by_month, cell(&[icb, &month_of(day)]), patients, told);
            if is_reference {
                add(&mut national, cell(&[provider, ward, &month_of(day)]), patients, told);
            }
        });
    }
    vec![
        ("virtual-ward-occupancy by provider, ward, day".into(), by_day),
        ("virtual-ward-occupancy by icb, month".into(), by_month),
        ("virtual-ward-occupancy-national by provider, ward, month".into(), national),
    ]
}

fn moving_and_stock(stays: &[Stay], beds: &Beds<'_>, now: DateTime<Utc>) -> Vec<(String, Figures)> {
    let (mut present, mut held) = (Figures::new(), Figures::new());
    look(stays, beds, now, |(provider, ward), patients, told, _| {
        if patients > 0 || told.unwrap_or(0) > 0 {
            add(&mut present, cell(&[provider, ward]), patients, told);
        }
    });
    let mornings = days().map(|day| (month_of(day), local_hour(day, 8))).filter(|(_, at)| *at <= now);
    let last: BTreeMap<String, DateTime<Utc>> = mornings.collect();
    for (month, at) in &last {
        look(stays, beds, *at, |(provider, ward), _, told, is_told| {
            if is_told {
                add(&mut held, cell(&[provider, ward, month]), told.unwrap_or(0), None);
            }
        });
    }
    vec![
        ("virtual-ward-occupancy-now by provider, ward".into(), present),
        ("virtual-ward-beds by provider, ward, month".into(), held),
    ]
}

/// Seconds by minute-wise steps would take too long: between two instants at which anything changes, nothing does.
fn time(stays: &[Stay], beds: &Beds<'_>, now: DateTime<Utc>) -> Vec<(String, Figures)> {
    let (mut by_month, mut by_day) = (Figures::new(), Figures::new());
    let mut edges: BTreeSet<DateTime<Utc>> = days().map(|day| local_hour(day, 0)).collect();
    edges.extend(stays.iter().flat_map(|stay| [Some(stay.from), stay.to]).flatten());
    for input in beds.inputs {
        edges.insert(instant(&input.from));
        edges.extend((!input.to.is_empty()).then(|| instant(&input.to)));
    }
    let over = local_hour(day_of(now), 0);
    let edges: Vec<DateTime<Utc>> = edges.into_iter().filter(|edge| *edge <= over).collect();
    for pair in edges.windows(2) {
        let seconds = (pair[1] - pair[0]).num_seconds();
        let day = day_of(pair[0]);
        look(stays, beds, pair[0], |(provider, ward), patients, told, is_told| {
            if patients > 0 || is_told {
                let (occupied, available) = (patients * seconds, told.map(|beds| beds * seconds));
                add(&mut by_month, cell(&[provider, ward, &month_of(day)]), occupied, available);
                add(&mut by_day, cell(&[provider, &day.to_string()]), occupied, available);
            }
        });
    }
    for figures in [&mut by_month, &mut by_day] {
        figures.retain(|_, (numerator, denominator)| *numerator != 0 || denominator.unwrap_or(0) != 0);
    }
    vec![
        ("virtual-ward-occupied-time by provider, ward, month".into(), by_month),
        ("virtual-ward-occupied-time by provider, day".into(), by_day),
    ]
}

fn flow(stays: &[Stay], now: DateTime<Utc>) -> Vec<(String, Figures)> {
    let (mut nights, mut admissions, mut escalations) = (Figures::new(), Figures::new(), Figures::new());
    let (mut people, mut year) = (BTreeMap::<Vec<String>, BTreeSet<&str>>::new(), BTreeMap::new());
    for stay in stays {
        if let Some(to) = stay.to.filter(|to| *to <= now) {
            let (first, last) = (day_of(stay.from), day_of(to));
            let month = month_of(last);
            let own = (last - first).num_days();
            add(&mut nights, cell(&[&stay.provider, &stay.route, &month]), own, Some(1));
            add(&mut escalations, cell(&[&stay.provider, &month]), i64::from(stay.outcome == "escalated"), Some(1));
        }
        if stay.from > now {
            continue;
        }
        let day = day_of(stay.from).to_string();
        add(&mut admissions, cell(&[&stay.provider, &stay.ward, "frailty", &stay.route, &day]), 1, None);
        if stay.person.is_empty() {
            continue;
        }
        let icb = if stay.practice.is_empty() { "unknown" } else { "QJK" };
        for day in days() {
            let (begin, end) = (local_hour(day, 0), local_hour(day + Duration::days(1), 0));
            let is_there = stay.from < end && (stay.end() > begin || stay.from >= begin);
            if is_there {
                people.entry(cell(&[icb, &month_of(day)])).or_default().insert(&stay.person);
            }
        }
        year.entry(cell(&[&stay.provider, "365d"])).or_insert_with(BTreeSet::new).insert(stay.person.as_str());
    }
    let counted = |sets: BTreeMap<Vec<String>, BTreeSet<&str>>| -> Figures {
        sets.into_iter().map(|(cell, set)| (cell, (i64::try_from(set.len()).expect("few"), None))).collect()
    };
    vec![
        ("virtual-ward-stay-nights by provider, route, month".into(), nights),
        ("virtual-ward-admissions by provider, ward, pathway, route, day".into(), admissions),
        ("virtual-ward-escalations by provider, month".into(), escalations),
        ("virtual-ward-people by icb, month".into(), counted(people)),
        ("virtual-ward-people by provider, window".into(), counted(year)),
    ]
}
