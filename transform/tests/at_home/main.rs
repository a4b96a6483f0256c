//! Days at home over random histories with corrections, cancellations, late deaths, late and repeated messages: one batch =
//! row by row while the clock runs = shuffled and doubled = resumed from what the lake keeps; each figure is that of a model
//! which walks through nights one by one; and whatever a change changes is dirty.
#![expect(clippy::expect_used, reason = "a panic is how a test fails")]

mod model;
mod restart;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Duration, Utc};
use homeward_contract::feed::Table;
use homeward_contract::geography::Geography;
use homeward_transform::at_home::AtHome;
use homeward_transform::book::dirty::CalendarPeriod;
use homeward_transform::computation::Computation;
use homeward_transform::definition::case::{AttendanceInput, DeathInput, RegistrationInput, SpellInput, StayInput};
use homeward_transform::definition::{Case, Catalogue, Interval};
use homeward_transform::figure::Dimension;
use homeward_transform::proof::facts;
use homeward_transform::snapshot::{FigureQuery, Snapshot};
use proptest::prelude::*;

use model::{Cells, END, START, figures, instant};

/// The indicators, and by what each is asked.
const ASKED: [(&str, Dimension); 5] = [
    ("beds-occupied-at-midnight", Dimension::Day),
    ("days-at-home", Dimension::Month),
    ("days-at-home-after-discharge-30", Dimension::Month),
    ("days-at-home-after-discharge-90", Dimension::Month),
    ("days-at-home-from-virtual-ward-90", Dimension::Month),
];

fn rows(case: &Case) -> Vec<(Table, RecordBatch)> {
    let batches = facts("random", case).expect("the history describes records");
    let each =
        |(table, batch): (Table, RecordBatch)| (0..batch.num_rows()).map(move |row| (table, batch.slice(row, 1)));
    batches.into_iter().flat_map(each).collect()
}

fn catalogue() -> Arc<Catalogue> {
    let builtin = Catalogue::builtin().expect("the built-in definitions are sound");
    Arc::new(builtin.only(&ASKED.map(|(indicator, _)| indicator)))
}

fn computation() -> Computation {
    Computation::new(catalogue(), Arc::new(Geography::devon()))
}

fn told(snapshot: &Snapshot) -> BTreeMap<&'static str, Cells> {
    let mut all = BTreeMap::new();
    for (indicator, by) in ASKED {
        let query = FigureQuery {
            indicator: indicator.to_owned(),
            by: vec![Dimension::Provider, by],
            ..FigureQuery::default()
        };
        let mut cells = Cells::new();
        for figure in snapshot.figures(&query) {
            let cell = figure.dimensions.iter().map(|(_, value)| value.clone()).collect();
            let own = [("numerator", figure.numerator), ("denominator", figure.denominator)];
            let own = own.into_iter().map(|(name, number)| (name.to_owned(), number.unwrap_or_default()));
            // The oracle in another language knows what intervals are made of.
            let is_plain = |(name, _): &(&String, &i64)| !Interval::People.sums().contains(&name.as_str());
            let more = figure.counts.iter().filter(is_plain).chain(&figure.flags);
            let more = more.map(|(name, count)| (name.clone(), *count));
            let numbers: BTreeMap<String, i64> = own.chain(more).filter(|(_, number)| *number != 0).collect();
            cells.insert(cell, numbers);
        }
        cells.retain(|_, numbers| !numbers.is_empty());
        if !cells.is_empty() {
            all.insert(indicator, cells);
        }
    }
    all
}

async fn settled(computation: &mut Computation, as_of: DateTime<Utc>) -> Snapshot {
    computation.evaluate(as_of).await.expect("evaluates");
    computation.snapshot(as_of).await.expect("evaluates")
}

fn take(computation: &mut Computation, rows: &[(Table, RecordBatch)]) {
    rows.iter().for_each(|(table, row)| computation.apply(*table, row).expect("the rows are of their table"));
}

async fn four_ways(case: Case, order: Vec<usize>, pieces: usize) {
    let (rows, end) = (rows(&case), instant(END));
    let mut one_batch = computation();
    take(&mut one_batch, &rows);
    let expected = told(&settled(&mut one_batch, end).await);
    let mut of_model = figures(&case, &people());
    of_model.retain(|_, cells| !cells.is_empty());
    assert_eq!(expected, of_model, "the model's");

    let mut in_any_order = computation();
    take(&mut in_any_order, &order.iter().map(|place| rows[place % rows.len()].clone()).collect::<Vec<_>>());
    assert_eq!(told(&settled(&mut in_any_order, end).await), expected, "shuffled and doubled");

    // The clock runs meanwhile, so that most of what is taken in lies in the past and some of it ahead.
    let mut row_by_row = computation();
    let mut kept = Vec::new();
    let mut clock = instant(START);
    let shuffled: Vec<_> = order.iter().map(|place| rows[place % rows.len()].clone()).collect();
    for part in shuffled.chunks(shuffled.len().div_ceil(pieces)) {
        take(&mut row_by_row, part);
        kept.extend(row_by_row.evaluate(clock).await.expect("evaluates").versions());
        row_by_row.snapshot(clock).await.expect("evaluates");
        clock += (end - instant(START)) / i32::try_from(pieces + 1).expect("few") + Duration::minutes(7);
    }
    kept.extend(row_by_row.evaluate(end).await.expect("evaluates").versions());
    assert_eq!(told(&row_by_row.snapshot(end).await.expect("evaluates")), expected, "row by row");

    let mut resumed = Computation::resume(catalogue(), Arc::new(Geography::devon()), &kept);
    take(&mut resumed, &rows);
    let again = resumed.catch_up(end, end).await.expect("evaluates");
    assert!(again.is_empty(), "killed and restored, nothing is new: {again:?}");
    assert_eq!(told(&resumed.snapshot(end).await.expect("evaluates")), expected, "killed and restored");
}

/// The last row is a correction. Every cell that differs is dirty.
async fn dirty_is_what_differs(case: Case) {
    let (rows, end) = (rows(&case), instant(END));
    let (before, last) = rows.split_at(rows.len() - 1);
    let mut at_home = AtHome::new(Arc::new(Geography::devon()));
    let mut computation = computation();
    take(&mut computation, before);
    let old = told(&settled(&mut computation, end).await);
    take(&mut computation, last);
    let new = told(&settled(&mut computation, end).await);
    before.iter().for_each(|(table, row)| at_home.apply(*table, row).expect("of its table"));
    at_home.settle(end).expect("settles");
    last.iter().for_each(|(table, row)| at_home.apply(*table, row).expect("of its table"));
    let dirty = at_home.settle(end).expect("settles");
    let name = |(practice, period): (&Arc<str>, CalendarPeriod)| match period {
        CalendarPeriod::Day(day) => vec![practice.to_string(), day.to_string()],
        CalendarPeriod::Month(first) => vec![practice.to_string(), first.format("%Y-%m").to_string()],
    };
    let of = |indicators: &[&str]| -> BTreeSet<Vec<String>> {
        let cells = |all: &BTreeMap<&'static str, Cells>| -> BTreeSet<(String, Vec<String>, BTreeMap<String, i64>)> {
            let own = all.iter().filter(|(name, _)| indicators.contains(name));
            own.flat_map(|(name, cells)| {
                cells.iter().map(|(cell, numbers)| ((*name).into(), cell.clone(), numbers.clone()))
            })
            .collect()
        };
        cells(&old).symmetric_difference(&cells(&new)).map(|(_, cell, _)| cell.clone()).collect()
    };
    let made_dirty = |subject: &str| -> BTreeSet<Vec<String>> {
        let own = dirty
            .periods()
            .filter(|(.., causes)| causes.keys().any(|reason| format!("{:?}", reason.subject) == subject));
        own.map(|(practice, period, _)| name((practice, period))).collect()
    };
    let nights = made_dirty("PersonNight");
    let months: BTreeSet<_> = nights.iter().filter(|cell| cell[1].len() == 7).cloned().collect();
    assert!(of(&["beds-occupied-at-midnight"]).is_subset(&nights), "days");
    assert!(of(&["days-at-home"]).is_subset(&months), "months: {:?} are not all of {months:?}", of(&["days-at-home"]));
    let members = made_dirty("CohortMember");
    let cohorts = of(&ASKED.map(|(indicator, _)| indicator)[2..]);
    assert!(cohorts.is_subset(&members), "cohorts: {cohorts:?} are not all of {members:?}");
}

fn people() -> Vec<String> {
    (0..4).map(|person| format!("P{person}")).collect()
}

/// An instant of the history, by the hour or at midnight exactly; some lie ahead of its end.
fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    let hours = (instant(END) - instant(START)).num_hours() + 72;
    prop_oneof![
        3 => (0..hours, 0_i64..60)
            .prop_map(|(hour, minute)| instant(START) + Duration::hours(hour) + Duration::minutes(minute)),
        1 => (0..hours / 24, 0_i64..2)
            .prop_map(|(day, summer)| instant(START) + Duration::days(day) - Duration::hours(summer)),
    ]
}

fn text(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn date(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

fn person() -> impl Strategy<Value = Option<String>> {
    (0_usize..4).prop_map(|person| Some(people()[person].clone()))
}

/// Begin, end and when it was recorded. Most stays are short, and one in six does not end.
fn stretch() -> impl Strategy<Value = (String, String, Option<String>)> {
    let hours = prop_oneof![3 => 0_i64..200, 1 => 0_i64..3000];
    (moment(), prop::option::weighted(0.85, hours), moment()).prop_map(|(from, hours, recorded)| {
        let end = hours.map(|hours| text(from + Duration::hours(hours))).unwrap_or_default();
        (text(from), end, Some(text(recorded)))
    })
}

prop_compose! {
    fn spell()(
        (id, segment, person, cancelled) in (0_u8..6, 1_i64..3, person(), prop::bool::weighted(0.1)),
        (admitted, discharged, time) in stretch(),
        (setting, kind) in (0_usize..6, prop::bool::weighted(0.2)),
    ) -> SpellInput {
        let settings = ["acute", "acute", "community_hospital", "mental_health", "hospice", "care_home_short_term"];
        SpellInput {
            spell: format!("X{id}"),
            segment: Some(segment),
            provider: Some(["RH8", "RK9"][usize::from(id % 2)].into()),
            setting: Some(settings[setting].into()),
            ward_kind: Some(if kind { "virtual" } else { "physical" }.into()),
            person, admitted, discharged, time, cancelled,
            ..SpellInput::default()
        }
    }
}

prop_compose! {
    fn attendance()(
        (id, person, cancelled) in (0_u8..4, person(), prop::bool::weighted(0.1)),
        (arrived, departed, time) in stretch(),
    ) -> AttendanceInput {
        AttendanceInput { attendance: format!("E{id}"), person, arrived, departed, time, cancelled, ..AttendanceInput::default() }
    }
}

prop_compose! {
    fn stay()(
        (id, person, voided) in (0_u8..4, person(), prop::bool::weighted(0.1)),
        (admitted, discharged, time) in stretch(),
    ) -> StayInput {
        StayInput { stay: format!("S{id}"), person, admitted, discharged, time, voided, ..StayInput::default() }
    }
}

prop_compose! {
    fn death()(
        (person, died, formal, source, revoked) in (person(), moment(), prop::bool::ANY, 0_usize..2, prop::bool::weighted(0.3)),
    ) -> DeathInput {
        DeathInput {
            person,
            died: date(died),
            status: Some(if formal { "formal" } else { "informal" }.into()),
            source: Some(["QJK", "RH8"][source].into()),
            revoked,
            ..DeathInput::default()
        }
    }
}

prop_compose! {
    fn registration()(
        (person, practice, late) in (person(), 0_usize..2, prop::bool::weighted(0.3)),
        (from, days) in (moment(), prop::option::weighted(0.3, 0_i64..120)),
        (opted_out, care_home) in (prop::bool::weighted(0.08), prop::bool::weighted(0.3)),
    ) -> RegistrationInput {
        let from = if late { from } else { instant(START) };
        RegistrationInput {
            person,
            practice: Some(["L83999", "L83998"][practice].into()),
            from: Some(date(from)),
            to: days.map(|days| date(from + Duration::days(days))).unwrap_or_default(),
            opted_out, care_home,
            ..RegistrationInput::default()
        }
    }
}

/// Versions differ, so that none is decided by an id: the store of states has tests of that.
fn history() -> impl Strategy<Value = Case> {
    let lists = (
        prop::collection::vec(spell(), 1..16),
        prop::collection::vec(attendance(), 0..5),
        prop::collection::vec(stay(), 0..5),
    );
    let others = (prop::collection::vec(death(), 0..3), prop::collection::vec(registration(), 3..9));
    (lists, others, prop::collection::vec(0_i64..9, 40)).prop_map(
        |((spells, attendances, stays), (deaths, registrations), ranks)| {
            let mut case = Case {
                id: "random".into(),
                rule: "four ways".into(),
                as_of: instant(END),
                spells,
                attendances,
                stays,
                deaths,
                registrations,
                ..Case::default()
            };
            let mut version = (0_i64..).zip(ranks).map(|(place, rank)| rank * 100 + place + 1);
            let versions = case
                .spells
                .iter_mut()
                .map(|own| &mut own.version)
                .chain(case.attendances.iter_mut().map(|own| &mut own.version))
                .chain(case.stays.iter_mut().map(|own| &mut own.version))
                .chain(case.deaths.iter_mut().map(|own| &mut own.version))
                .chain(case.registrations.iter_mut().map(|own| &mut own.version));
            versions.for_each(|own| *own = version.next());
            case
        },
    )
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(test);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn four_ways_give_one_answer_and_the_models(
        (history, order) in history().prop_flat_map(|history| {
            let count = rows(&history).len();
            let doubled: Vec<usize> = (0..count).chain((0..count).step_by(3)).collect();
            (Just(history), Just(doubled).prop_shuffle())
        }),
        pieces in 1_usize..8,
    ) {
        run(four_ways(history, order, pieces));
    }

    #[test]
    fn what_differs_is_dirty(history in history()) {
        run(dirty_is_what_differs(history));
    }
}
