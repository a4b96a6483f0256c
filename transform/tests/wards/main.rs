//! Virtual wards over random histories with corrections, voids, late and repeated messages: one batch = row by row while
//! the clock runs = shuffled and doubled = resumed from what the lake keeps; each figure is that of a model which walks
//! through mornings and stays one by one; and Little: the time of stays is the time for which beds were occupied.
#![expect(clippy::expect_used, reason = "a panic is how a test fails")]

mod conditions;
mod model;
mod published;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Duration, Utc};
use homeward_contract::feed::Table;
use homeward_contract::geography::Geography;
use homeward_transform::computation::Computation;
use homeward_transform::definition::case::{BedInput, StayInput};
use homeward_transform::definition::{Case, Catalogue};
use homeward_transform::figure::Dimension;
use homeward_transform::proof::facts;
use homeward_transform::snapshot::{FigureQuery, Snapshot};
use proptest::prelude::*;

use model::{END, Figures, START, figures, instant};

/// The indicators of virtual wards, and by what each is asked.
const ASKED: [(&str, &[Dimension]); 15] = {
    use Dimension::{Day, Icb, Month, Pathway, Provider, Route, Ward, Window};
    [
        ("virtual-ward-occupancy", &[Provider, Ward, Day]),
        ("virtual-ward-occupancy", &[Icb, Month]),
        ("virtual-ward-occupancy-national", &[Provider, Ward, Month]),
        ("virtual-ward-occupancy-now", &[Provider, Ward]),
        ("virtual-ward-occupied-time", &[Provider, Ward, Month]),
        ("virtual-ward-occupied-time", &[Provider, Day]),
        ("virtual-ward-stay-nights", &[Provider, Route, Month]),
        ("virtual-ward-admissions", &[Provider, Ward, Pathway, Route, Day]),
        ("virtual-ward-escalations", &[Provider, Month]),
        ("virtual-ward-people", &[Icb, Month]),
        ("virtual-ward-people", &[Provider, Window]),
        ("virtual-ward-beds", &[Provider, Ward, Month]),
        // These three are held against the oracle in Python alone.
        ("virtual-ward-acute-equivalent", &[Provider, Month]),
        ("virtual-ward-implied-stay", &[Provider, Ward, Month]),
        ("virtual-ward-implied-stay", &[Icb, Month]),
    ]
};

/// A history: messages in the order of their time.
#[derive(Debug, Clone)]
struct History {
    stays: Vec<StayInput>,
    beds: Vec<BedInput>,
}

impl History {
    fn rows(&self) -> Vec<(Table, RecordBatch)> {
        let case = Case {
            id: "random".into(),
            rule: "four ways".into(),
            as_of: instant(END),
            stays: self.stays.clone(),
            beds: self.beds.clone(),
            ..Case::default()
        };
        let batches = facts("random", &case).expect("the history describes records");
        let each =
            |(table, batch): (Table, RecordBatch)| (0..batch.num_rows()).map(move |row| (table, batch.slice(row, 1)));
        batches.into_iter().flat_map(each).collect()
    }
}

fn catalogue() -> Arc<Catalogue> {
    let builtin = Catalogue::builtin().expect("the built-in definitions are sound");
    let asked: Vec<&str> = ASKED.iter().map(|(indicator, _)| *indicator).collect();
    Arc::new(builtin.only(&asked))
}

fn computation() -> Computation {
    Computation::new(catalogue(), Arc::new(Geography::devon()))
}

fn told(snapshot: &Snapshot) -> BTreeMap<String, Figures> {
    let ask = |(indicator, by): &(&str, &[Dimension])| {
        let query = FigureQuery { indicator: (*indicator).to_owned(), by: by.to_vec(), ..FigureQuery::default() };
        let cells = snapshot.figures(&query).into_iter().map(|figure| {
            let cell = figure.dimensions.iter().map(|(_, value)| value.clone()).collect();
            (cell, (figure.numerator.unwrap_or_default(), figure.denominator.filter(|beds| *beds != 0)))
        });
        let by: Vec<&str> = by.iter().map(|dimension| dimension.as_str()).collect();
        (format!("{indicator} by {}", by.join(", ")), cells.filter(|(_, numbers)| *numbers != (0, None)).collect())
    };
    ASKED.iter().map(ask).collect()
}

/// Every figure with all that it holds, for comparisons among the four ways.
fn whole(snapshot: &Snapshot) -> Vec<String> {
    let ask = |(indicator, by): &(&str, &[Dimension])| {
        let query = FigureQuery { indicator: (*indicator).to_owned(), by: by.to_vec(), ..FigureQuery::default() };
        snapshot.figures(&query).into_iter().map(|figure| format!("{figure:?}")).collect::<Vec<_>>()
    };
    ASKED.iter().flat_map(ask).collect()
}

async fn settled(computation: &mut Computation, as_of: DateTime<Utc>) -> Snapshot {
    computation.evaluate(as_of).await.expect("evaluates");
    computation.snapshot(as_of).await.expect("evaluates")
}

fn take(computation: &mut Computation, rows: &[(Table, RecordBatch)]) {
    rows.iter().for_each(|(table, row)| computation.apply(*table, row).expect("the rows are of their table"));
}

fn assert_same(way: &str, told: &[String], expected: &[String]) {
    let of_one = |one: &[String], two: &[String]| -> Vec<String> {
        one.iter().filter(|figure| !two.contains(figure)).cloned().collect()
    };
    assert_eq!(of_one(told, expected), of_one(expected, told), "{way}");
}

async fn four_ways(history: History, shuffled: Vec<usize>, pieces: usize) {
    let (rows, end) = (history.rows(), instant(END));
    let mut one_batch = computation();
    take(&mut one_batch, &rows);
    let snapshot = settled(&mut one_batch, end).await;
    let expected = whole(&snapshot);
    let told = told(&snapshot);
    for (name, figures) in figures(&history.stays, &history.beds) {
        let differ = |one: &Figures, two: &Figures| -> Figures {
            one.iter()
                .filter(|(cell, own)| two.get(*cell) != Some(*own))
                .map(|(cell, own)| (cell.clone(), *own))
                .collect()
        };
        assert_eq!(differ(&told[&name], &figures), differ(&figures, &told[&name]), "{name}: told, and the model's");
    }

    let mut in_any_order = computation();
    let doubled = shuffled.iter().map(|place| rows[place % rows.len()].clone());
    take(&mut in_any_order, &doubled.collect::<Vec<_>>());
    assert_same("shuffled and doubled", &whole(&settled(&mut in_any_order, end).await), &expected);

    // The clock runs meanwhile, so that most of what is taken in lies in the past and some of it ahead.
    let mut row_by_row = computation();
    let mut kept = Vec::new();
    let size = rows.len().div_ceil(pieces);
    let mut clock = instant(START);
    for part in rows.chunks(size) {
        take(&mut row_by_row, part);
        kept.extend(row_by_row.evaluate(clock).await.expect("evaluates").versions());
        row_by_row.snapshot(clock).await.expect("evaluates");
        clock += (end - instant(START)) / i32::try_from(pieces + 1).expect("few") + Duration::minutes(7);
    }
    kept.extend(row_by_row.evaluate(end).await.expect("evaluates").versions());
    let told = whole(&row_by_row.snapshot(end).await.expect("evaluates"));
    assert_same("row by row", &told, &expected);

    let mut resumed = Computation::resume(catalogue(), Arc::new(Geography::devon()), &kept);
    take(&mut resumed, &rows);
    let again = resumed.catch_up(end, end).await.expect("evaluates");
    assert!(again.is_empty(), "killed and restored, nothing is new: {again:?}");
    let told = whole(&resumed.snapshot(end).await.expect("evaluates"));
    assert_same("killed and restored", &told, &expected);
}

/// An instant of the history, by the hour or at 08:00 and midnight exactly; some lie ahead of its end.
fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    let hours = (instant(END) - instant(START)).num_hours() + 48;
    prop_oneof![
        3 => (0..hours, 0_i64..60).prop_map(|(hour, minute)| instant(START) + Duration::hours(hour) + Duration::minutes(minute)),
        1 => (0..hours / 24).prop_map(|day| model::local_hour(model::day_of(instant(START)) + Duration::days(day), 8)),
        1 => (0..hours / 24).prop_map(|day| model::local_hour(model::day_of(instant(START)) + Duration::days(day), 0)),
    ]
}

fn text(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

prop_compose! {
    fn stay()(
        (id, version, person, ward) in (0_u8..14, 1_i64..4, 0_u8..6, 0_u8..3),
        (from, hours, recorded) in (moment(), prop::option::weighted(0.75, 0_i64..900), moment()),
        (route, outcome, voided, practice) in (0_usize..3, 0_usize..3, prop::bool::weighted(0.08), prop::bool::ANY),
    ) -> StayInput {
        StayInput {
            stay: format!("S{id}"),
            provider: Some(["RH8", "RK9"][usize::from(id % 2)].into()),
            ward: Some(format!("W{ward}")),
            person: Some(if person == 0 { String::new() } else { format!("P{person}") }),
            admitted: text(from),
            discharged: hours.map(|hours| text(from + Duration::hours(hours))).unwrap_or_default(),
            route: Some(["step_up", "step_down", "other"][route].into()),
            outcome: Some(["home", "escalated", "died"][outcome].into()),
            practice: Some(if practice { "L83999" } else { "" }.into()),
            voided,
            version: Some(version),
            time: Some(text(recorded)),
            ..StayInput::default()
        }
    }
}

prop_compose! {
    fn bed()(
        (provider, ward, from) in (0_usize..2, 0_u8..3, moment()),
        (beds, days, version) in (prop::option::weighted(0.9, 0_i64..12), prop::option::weighted(0.3, 1_i64..30), 1_i64..3),
    ) -> BedInput {
        BedInput {
            provider: Some(["RH8", "RK9"][provider].into()),
            ward: Some(format!("W{ward}")),
            beds,
            from: text(from),
            to: days.map(|days| text(from + Duration::days(days))).unwrap_or_default(),
            version: Some(version),
            ..BedInput::default()
        }
    }
}

fn history() -> impl Strategy<Value = History> {
    let stays = prop::collection::vec(stay(), 1..30);
    (stays, prop::collection::vec(bed(), 0..8)).prop_map(|(stays, beds)| History { stays, beds })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn four_ways_give_one_answer_and_the_models(
        (history, shuffled) in history().prop_flat_map(|history| {
            let count = history.stays.len() + history.beds.len();
            let doubled: Vec<usize> = (0..count).chain((0..count).step_by(3)).collect();
            (Just(history), Just(doubled).prop_shuffle())
        }),
        pieces in 1_usize..8,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(four_ways(history, shuffled, pieces));
    }

    /// Over a period in which every stay begins and ends: seconds of stays = seconds for which beds were occupied.
    #[test]
    fn the_time_of_stays_is_the_time_of_occupied_beds(history in history()) {
        let mut history = history;
        for stay in &mut history.stays {
            // Closed, and over before the last day is.
            let admitted = instant(&stay.admitted).min(instant(END) - Duration::days(3));
            let ended = if stay.discharged.is_empty() { instant(END) } else { instant(&stay.discharged) };
            stay.admitted = text(admitted);
            stay.discharged = text(ended.clamp(admitted, instant(END) - Duration::days(2)));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let mut computation = computation();
        take(&mut computation, &history.rows());
        let snapshot = runtime.block_on(settled(&mut computation, instant(END)));
        let query = FigureQuery {
            indicator: "virtual-ward-occupied-time".to_owned(),
            by: vec![Dimension::Day],
            ..FigureQuery::default()
        };
        let occupied: i64 = snapshot.figures(&query).iter().filter_map(|figure| figure.numerator).sum();
        prop_assert_eq!(occupied, model::seconds_of_stays(&history.stays));
    }
}
