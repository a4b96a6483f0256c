//! Differencing (handbook, disclosure, section 2; hazard H10), played by a login under a public policy.
//!
//! Random histories of people, corrections and voids run over three days. At chosen instants an attacker reads
//! everything there is, whole and as differences, and then the same town with one person more or less is read. Held:
//!
//! 1. Every figure and every version of it is the handbook's rounding of what was known at a tick, and nothing else is
//!    there. So all that is seen depends on rounded counts alone.
//! 2. Between ticks one person makes no difference to anything. At a tick he changes those figures alone whose released
//!    form he changes.
//! 3. No sum or difference of released values, over areas, periods, bases and ticks, determines that a count which is not
//!    published itself is 1 to 7.
//!
//! Weaker, and so for every policy that rounds cell by cell without looking at others:
//!
//! * Where the rest of a sum is shown as 0, a part that is never published equals one that is: a network's only day.
//! * All published values together, each with its own bounds, can pin small counts exactly: see
//!   [`what_rounding_alone_lets_through`]. The handbook keeps perturbation as an option against it.
//! * Between a figure that is 0 and one that is not, the policies tell apart. So they do with a row that is there and one
//!   that is not, and with `status`, which says whether any clock is known from live events alone.
//! * How long an answer takes is not looked at.
#![expect(clippy::unwrap_used, reason = "a test says why it fails by panicking")]

mod attack;
mod people;

use std::cell::Cell;
use std::collections::BTreeMap;

use homeward_sql::Tick;
use homeward_transform::release::{Coverage, Policy};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::planted::{Devon, Login, Planted, REFERRALS};
use attack::{Bounds, NOTHING, Version, check_derived, check_differences, look, read_figures, read_history};
use people::{
    DAYS, Fact, Group, Key, MINUTES, Outcome, PLACES, PROVIDERS, RULES, Rule, Told, figures, instant, state, step,
    tick_at_or_after, told, versions,
};

/// Towns that are read over SQL; each is read seven times, by some 18 questions.
const CASES: u32 = 12;

fn facts() -> impl Strategy<Value = Fact> {
    let outcomes = prop_oneof![3 => Just(Outcome::Met), 2 => Just(Outcome::Late), 1 => Just(Outcome::Excluded)];
    (0..PROVIDERS.len(), 0..PLACES.len(), 0..DAYS.len(), outcomes, 1_i64..4)
        .prop_map(|(provider, place, day, outcome, rank)| Fact { provider, place, day, outcome, rank })
}

/// Known at once, corrected up to twice, perhaps voided.
fn groups(people: impl Strategy<Value = i64>) -> impl Strategy<Value = Group> {
    let corrections = prop::collection::vec((1..MINUTES, prop::option::weighted(0.7, facts())), 0..3);
    (people, 0..MINUTES / 2, facts(), corrections).prop_map(|(people, from, fact, corrections)| {
        let mut known = vec![(from, Some(fact))];
        known.extend(corrections.into_iter().filter(|(minute, _)| *minute > from));
        known.sort_by_key(|(minute, _)| *minute);
        Group { people, known }
    })
}

fn towns() -> impl Strategy<Value = Vec<Group>> {
    prop::collection::vec(groups(prop_oneof![3 => 1_i64..4, 2 => 4_i64..16]), 4..24)
}

/// The house with a town in it, as it is at a minute: what is known later does not exist yet.
fn house(town: &[Group], minute: i64) -> Devon {
    let known: Vec<_> = versions(town).into_iter().filter(|version| version.is_known(instant(minute))).collect();
    let mut devon = Devon::of(&known);
    // The number of the snapshot tells of people too.
    let events = town.iter().flat_map(|group| &group.known).filter(|(known, _)| *known <= minute).count();
    for _ in 0..=events % 3 {
        let (freshness, revisions) = state(town, minute);
        devon.show_with(instant(minute), freshness, revisions);
    }
    devon.clock.set(instant(minute));
    devon
}

fn public(devon: &Devon, rule: Rule, tick: Tick) -> Login {
    devon.login_under(Policy::by_name_over(rule.policy, Coverage::PartOfEngland).unwrap(), Some(tick))
}

async fn seen(town: &[Group], minute: i64, rule: Rule, tick: Tick) -> Vec<String> {
    look(&public(&house(town, minute), rule, tick)).await
}

/// The versions that the history must tell up to a tick.
fn versions_told(town: &[Group], until: i64, rule: Rule, tick: Tick) -> BTreeMap<Key, Vec<Version>> {
    let word = |minute: i64| instant(minute).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
    let mut history: BTreeMap<Key, Vec<Version>> = BTreeMap::new();
    for minute in (0..=until).step_by(usize::try_from(step(tick)).unwrap()) {
        let mut now = told(town, minute, rule);
        for (key, versions) in &mut history {
            let standing = versions.last_mut().filter(|(_, until, _)| until == "-");
            if let Some((_, until, row)) = standing
                && now.get(key).is_none_or(|told| told.row != *row)
            {
                *until = word(minute);
            } else if versions.last().is_some_and(|(_, until, _)| until == "-") {
                now.remove(key);
            }
        }
        for (key, told) in now {
            history.entry(key).or_default().push((word(minute), "-".to_owned(), told.row));
        }
    }
    history
}

/// Everything that is told at a tick is the handbook's form of what was known then.
async fn check_all_is_released(login: &Login, town: &[Group], tick_minute: i64, rule: Rule, tick: Tick) {
    let expected = told(town, tick_minute, rule);
    assert_eq!(read_figures(login).await, expected, "the figures of minute {tick_minute}");
    for (key, exact) in figures(town, tick_minute) {
        assert!(Bounds::of(&expected[&key].row[0]).admits(exact.numerator), "{key:?}");
        assert!(exact.denominator.is_none_or(|exact| Bounds::of(&expected[&key].row[1]).admits(exact)), "{key:?}");
    }
    assert_eq!(read_history(login).await, versions_told(town, tick_minute, rule, tick));
    check_derived(login).await;
}

/// Lines that differ are about these figures.
fn check_only(moved: &[&Key], one: &[String], other: &[String]) {
    let differ = one.iter().filter(|line| !other.contains(line)).chain(other.iter().filter(|line| !one.contains(line)));
    for (number, row) in differ.map(|line| line.split_once(": ").unwrap()) {
        // The first five questions answer in figures and versions, whose rows begin with their key.
        if number.parse::<u8>().unwrap() < 5 {
            let words: Vec<&str> = row.split(" | ").collect();
            let key: Key = [words[0], words[2], words[3], words[4], words[6], words[7]].map(str::to_owned).into();
            assert!(moved.contains(&&key), "{row}");
        }
    }
}

/// Figures whose released form one person changes; the companion count is part of it.
fn moved<'a>(one: &'a BTreeMap<Key, Told>, other: &'a BTreeMap<Key, Told>) -> Vec<&'a Key> {
    one.keys().chain(other.keys()).filter(|key| one.get(*key) != other.get(*key)).collect()
}

/// Figures that one person moved, by whether it shows.
#[derive(Default)]
struct Tally {
    seen: Cell<usize>,
    hidden: Cell<usize>,
}

async fn play(town: &[Group], person: &Group, rule: Rule, tick: Tick, tally: &Tally) {
    let with: Vec<Group> = town.iter().chain([person]).cloned().collect();
    let first = person.known[0].0;
    let next = tick_at_or_after(tick, first);
    let (not_yet, issued) = (next + 4, next + 6);
    // The tick before is out, and the person known.
    let between = (issued - step(tick)).max(first + 1).min(not_yet);
    let before = seen(town, between, rule, tick).await;
    for minute in [between, not_yet] {
        assert_eq!(before, seen(&with, minute, rule, tick).await, "one person shows at minute {minute}");
    }
    let (house, without) = (house(&with, issued), seen(town, issued, rule, tick).await);
    let login = public(&house, rule, tick);
    check_all_is_released(&login, &with, next, rule, tick).await;
    let (told_without, told_with) = (told(town, next, rule), told(&with, next, rule));
    let (moved, after) = (moved(&told_without, &told_with), look(&login).await);
    check_only(&moved, &without, &after);
    assert_eq!(moved.is_empty(), without == after, "{moved:?}");
    one_who_stays_sees_the_same(&with, [(between, &before), (issued, &after)], rule, tick).await;
    let (exact_without, exact_with) = (figures(town, next), figures(&with, next));
    let touched = exact_with.iter().filter(|(key, exact)| exact_without.get(*key) != Some(exact)).count();
    tally.seen.set(tally.seen.get() + moved.len());
    tally.hidden.set(tally.hidden.get() + touched.saturating_sub(moved.len()));
    check_differences(&[told(&with, next - step(tick), rule), told_without, told_with], rule);
}

/// A login that stays over the tick, in a house where the history is there already, sees what a new one sees.
async fn one_who_stays_sees_the_same(town: &[Group], looks: [(i64, &Vec<String>); 2], rule: Rule, tick: Tick) {
    let devon = Devon::of(&versions(town));
    devon.clock.set(instant(looks[0].0));
    let login = public(&devon, rule, tick);
    for (minute, expected) in looks {
        devon.clock.set(instant(minute));
        login.pin.renew();
        assert_eq!(look(&login).await, *expected, "at minute {minute}");
    }
}

fn config(cases: u32, seed: u64) -> ProptestConfig {
    let rng_seed = RngSeed::Fixed(seed);
    ProptestConfig { cases, rng_seed, max_shrink_iters: 16, failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn one_person_is_seen_at_a_tick_alone_and_there_by_rounding_alone() {
    let (runtime, tally) = (&tokio::runtime::Builder::new_current_thread().build().unwrap(), &Tally::default());
    let ticks = prop_oneof![Just(Tick::Day), Just(Tick::Hour)];
    proptest!(config(CASES, 1), |(
        town in towns(), person in groups(Just(1)), rule in prop::sample::select(RULES.to_vec()), tick in ticks,
    )| {
        runtime.block_on(play(&town, &person, rule, tick, tally));
    });
    let (seen, hidden) = (tally.seen.get(), tally.hidden.get());
    assert!(seen > 0 && hidden > 0, "one person moved {seen} figures for all to see and {hidden} in secret");
}

#[test]
fn no_sum_or_difference_of_released_values_determines_a_small_count() {
    proptest!(config(128, 2), |(town in towns(), rule in prop::sample::select(RULES.to_vec()))| {
        let ticks = (0..=MINUTES).step_by(720);
        check_differences(&ticks.map(|minute| told(&town, minute, rule)).collect::<Vec<_>>(), rule);
    });
}

/// The known limit, so that nobody takes the property for more than it is: seven days of one referral each, in a month of
/// seven, are all shown as 5. Seven counts of at least 1 in a sum of at most 7 are 1 each.
#[tokio::test]
async fn what_rounding_alone_lets_through() {
    let days =
        ["day:2025-05-01", "day:2025-05-02", "day:2025-05-03", "day:2025-05-04", "day:2025-05-05", "day:2025-05-06"];
    let day = |day| Planted::new(REFERRALS, "live", day).counted(1, None);
    let mut cells: Vec<Planted> = days.into_iter().chain(["day:2025-05-07"]).map(day).collect();
    cells.push(Planted::new(REFERRALS, "live", "month:2025-05").counted(7, None));
    let devon = Devon::of(&cells);
    let login = public(&devon, RULES[0], Tick::Day);
    let sql = "SELECT period_kind, numerator FROM outcomes.figures WHERE level = 'provider' ORDER BY 1";
    let (mut days, mut month) = (NOTHING, NOTHING);
    for row in login.ask(sql).await {
        let sum = if row[0] == "day" { &mut days } else { &mut month };
        *sum = *sum + Bounds::of(&row[1]);
    }
    assert!(!(month - days).is_small(), "the difference alone tells nothing");
    assert_eq!((days.lowest, month.highest), (7, 7), "both together tell all");
}
