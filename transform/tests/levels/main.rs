//! Figures that do not add up, against sets and sorted lists: distinct people and percentiles of every level of area, with
//! and without a stratum, after random corrections; one batch = step by step = shuffled and doubled = resumed from what
//! the lake keeps.
#![expect(clippy::expect_used, reason = "a panic is how a test fails")]

mod clocks;
mod definitions;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use homeward_contract::geography::Geography;
use homeward_ingest::lake::Lake;
use homeward_transform::book::dirty::CalendarPeriod;
use homeward_transform::book::{Book, View, view};
use homeward_transform::computation::Computation;
use homeward_transform::definition::{Catalogue, Definition};
use homeward_transform::engine::period::Period;
use homeward_transform::engine::{Engine, EngineError, Input};
use homeward_transform::figure::{Dimension, Figure};
use homeward_transform::history::{self, CellVersion, VersionQuery, cells_at, figure_versions, from_batches, to_batch};
use homeward_transform::levels;
use homeward_transform::release::reach::LEVELS;
use homeward_transform::snapshot::{FigureQuery, Snapshot};
use proptest::prelude::*;

use clocks::{Clock, Figures, Numbers, brute_force, facts};
use definitions::{PEOPLE, QUARTILE, catalogue};

const AS_OF: &str = "2025-06-30T20:00:00Z";

fn as_of() -> DateTime<Utc> {
    AS_OF.parse().expect("an instant")
}

fn computation(catalogue: &Arc<Catalogue>) -> Computation {
    Computation::new(Arc::clone(catalogue), Arc::new(Geography::devon()))
}

/// Every figure of a definition: by level, with and without the stratum, by month or window.
fn figures(snapshot: &Snapshot, indicator: &str, grain: Dimension) -> Figures {
    let mut found = Figures::new();
    for level in LEVELS {
        for strata in [&[][..], &[Dimension::Band]] {
            let by = std::iter::once(level).chain(strata.iter().copied()).chain([grain]).collect();
            let query = FigureQuery { indicator: indicator.to_owned(), by, ..FigureQuery::default() };
            for figure in snapshot.figures(&query) {
                let held = found.insert(cell(level, &figure), numbers(&figure));
                assert_eq!(held, None, "a figure stands once");
            }
        }
    }
    found
}

async fn assert_true(computation: &mut Computation, clocks: &[Clock]) {
    let snapshot = computation.snapshot(as_of()).await.expect("evaluates");
    for indicator in [PEOPLE, QUARTILE] {
        for grain in [Dimension::Month, Dimension::Window] {
            let expected = brute_force(clocks, indicator, grain, as_of());
            assert_eq!(figures(&snapshot, indicator, grain), expected, "{indicator} by {grain}");
        }
    }
}

/// Months of a snapshot in words.
fn months(snapshot: &Snapshot) -> BTreeMap<&'static str, Figures> {
    [PEOPLE, QUARTILE].map(|indicator| (indicator, figures(snapshot, indicator, Dimension::Month))).into()
}

/// The figures that are broken down by the stratum: those that the table of versions follows.
fn broken_down(figures: &Figures) -> Figures {
    figures
        .iter()
        .filter(|((_, values), _)| values.len() == 3)
        .map(|(cell, figure)| (cell.clone(), figure.clone()))
        .collect()
}

/// The versions of months that stood at an instant.
fn standing(kept: &[CellVersion], catalogue: &Catalogue, indicator: &str, known_at: DateTime<Utc>) -> Figures {
    let (definition, geography) = (catalogue.get(indicator).expect("planted"), Geography::devon());
    let mut found = Figures::new();
    for level in LEVELS {
        let query = VersionQuery { definition, geography: &geography, level, grain: Dimension::Month };
        for version in figure_versions(kept, &query, Some) {
            let stands = version.replaced_at.is_none_or(|replaced| replaced > known_at);
            if version.figure.as_of <= known_at && stands {
                found.insert(cell(level, &version.figure), numbers(&version.figure));
            }
        }
    }
    found
}

fn cell(level: Dimension, figure: &Figure) -> (Dimension, Vec<String>) {
    (level, figure.dimensions.iter().map(|(_, value)| value.clone()).collect())
}

fn numbers(figure: &Figure) -> Numbers {
    let percentile = figure.percentile.map(|percentile| format!("{:.6}", percentile.value()));
    (figure.numerator, figure.denominator, percentile)
}

fn clock() -> impl Strategy<Value = Clock> {
    (0_usize..3, 0_usize..3, 0_usize..6, 0_i64..60 * 24 * 60, 0_i64..200, 60_i32..72, prop::option::of(0_i64..200))
        .prop_map(|(provider, commissioner, practice, start, wait, age_years, corrected)| Clock {
            provider,
            commissioner,
            practice,
            start,
            wait,
            age_years,
            corrected,
        })
}

async fn four_ways(clocks: Vec<Clock>, chunk: usize, turn: usize) {
    let catalogue = catalogue();
    let before: Vec<Clock> = clocks.iter().map(|clock| Clock { corrected: None, ..*clock }).collect();
    let records = facts(&clocks);

    // Step by step, true after each: first all clocks, then their corrections.
    let mut stepwise = computation(&catalogue);
    let mut versions: Vec<CellVersion> = Vec::new();
    let mut shown = Vec::new();
    for (step, chunk) in records.chunks(chunk).enumerate() {
        for (table, batch) in chunk {
            stepwise.apply(*table, batch).expect("the facts have their columns");
        }
        let known_at = as_of() + chrono::Duration::seconds(i64::try_from(step).expect("few"));
        versions.extend(stepwise.evaluate(known_at).await.expect("evaluates").versions());
        shown.push((known_at, months(&stepwise.snapshot(as_of()).await.expect("evaluates"))));
    }
    assert_true(&mut stepwise, &clocks).await;
    let outcome = months(&stepwise.snapshot(as_of()).await.expect("evaluates"));

    // In one batch, and before the corrections.
    let mut batch = computation(&catalogue);
    for (table, facts) in &records[..clocks.len()] {
        batch.apply(*table, facts).expect("the facts have their columns");
    }
    batch.evaluate(as_of()).await.expect("evaluates");
    assert_true(&mut batch, &before).await;

    // In another order, every record twice.
    let mut shuffled = computation(&catalogue);
    let turn = turn % records.len();
    for (table, facts) in records[turn..].iter().rev().chain(records[..turn].iter()).chain(&records) {
        shuffled.apply(*table, facts).expect("the facts have their columns");
    }
    shuffled.evaluate(as_of()).await.expect("evaluates");
    assert_true(&mut shuffled, &clocks).await;

    // As the lake keeps it: what was shown then, and the same again from there.
    let kept = from_batches(&[to_batch(&versions).expect("a batch")]).expect("its columns");
    assert_eq!(kept, versions);
    let geography = Arc::new(Geography::devon());
    for (known_at, expected) in shown {
        let cells = cells_at(&kept, known_at);
        let then = Snapshot::of_cells(cells, Arc::clone(&catalogue), Arc::clone(&geography), as_of());
        assert_eq!(months(&then), expected, "as known at {known_at}");
        for (indicator, figures) in &expected {
            assert_eq!(
                standing(&kept, &catalogue, indicator, known_at),
                broken_down(figures),
                "{indicator} {known_at}"
            );
        }
    }
    let mut resumed = Computation::resume(Arc::clone(&catalogue), geography, &kept);
    for (table, facts) in &records {
        resumed.apply(*table, facts).expect("the facts have their columns");
    }
    assert!(resumed.catch_up(as_of(), as_of()).await.expect("evaluates").is_empty(), "nothing is new");
    assert_eq!(months(&resumed.snapshot(as_of()).await.expect("evaluates")), outcome);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_level_is_what_its_records_say(
        clocks in prop::collection::vec(clock(), 1..40), chunk in 8_usize..40, turn in 0_usize..1_000,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(four_ways(clocks, chunk, turn));
    }
}

/// A restatement is told in the words of the definition, once for the provider and never for a stratum or a wider area.
#[test]
fn a_restated_percentile_is_told_with_its_unit() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let catalogue = Arc::new(Catalogue::builtin().expect("sound").only(&["ucr-response-minutes-median"]));
        let clock = |start: i64, wait: i64, corrected: Option<i64>| Clock {
            provider: 0,
            commissioner: 0,
            practice: 0,
            start,
            wait,
            age_years: 80,
            corrected,
        };
        let records = facts(&[clock(600, 70, None), clock(700, 74, Some(76)), clock(800, 90, None)]);
        let mut computation = computation(&catalogue);
        for step in [&records[..3], &records[3..]] {
            for (table, batch) in step {
                computation.apply(*table, batch).expect("the facts have their columns");
            }
            computation.evaluate(as_of()).await.expect("evaluates");
        }
        let snapshot = computation.snapshot(as_of()).await.expect("evaluates");
        let told: Vec<String> =
            snapshot.revisions().iter().map(|revision| revision.words(catalogue.get(&revision.indicator))).collect();
        let median = "NR5, May 2025: median 74 minutes (of 3) to 76 minutes (of 3) because 1 clock ";
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with(median), "{told:?}");
    });
}

#[test]
fn a_question_across_cells_has_no_figure() {
    use Dimension::{Band, Icb, Month, Nation, Pcn, Provider, Window};
    let catalogue = catalogue();
    let definition = catalogue.get(QUARTILE).expect("the planted definition");
    let asks = |by: &[Dimension], period: Option<&str>| {
        let period = period.map(str::to_owned);
        let query = FigureQuery { indicator: QUARTILE.to_owned(), by: by.to_vec(), period, ..FigureQuery::default() };
        levels::has_figure(definition, &query)
    };
    for (by, period) in
        [(&[Provider, Icb, Month][..], None), (&[Pcn, Provider, Window], None), (&[Icb], None), (&[], None)]
    {
        assert!(!asks(by, period), "{by:?}");
    }
    for (by, period) in [
        (&[Icb, Month][..], None),
        (&[Nation, Icb, Month], None),
        (&[Month], None),
        (&[Pcn, Band, Window], None),
        (&[Provider], Some("month:2025-06")),
    ] {
        assert!(asks(by, period), "{by:?}");
    }
}

/// A lake from before there were levels: its table is read as it is, and widened by the first rows that need it.
#[test]
fn a_table_from_before_levels_is_read_and_widened() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let catalogue = Arc::new(Catalogue::builtin().expect("sound"));
        let clock =
            Clock { provider: 0, commissioner: 0, practice: 0, start: 600, wait: 70, age_years: 80, corrected: None };
        let mut computation = computation(&catalogue);
        for (table, batch) in facts(&[clock]) {
            computation.apply(table, &batch).expect("the facts have their columns");
        }
        let changes = computation.evaluate(as_of()).await.expect("evaluates");
        let (whole, summed): (Vec<_>, Vec<_>) = changes.versions().partition(|version| version.atom.place.is_some());
        assert!(!whole.is_empty() && !summed.is_empty());

        let folder = tempfile::tempdir().expect("a folder");
        let lake = Lake::open(folder.path()).expect("opens");
        let batch = to_batch(&summed).expect("a batch");
        let before: Vec<usize> = (0..batch.num_columns() - 3).collect();
        lake.append(history::TABLE, batch.project(&before).expect("the older columns")).await.expect("appends");
        let read = from_batches(&lake.read(history::TABLE).await.expect("reads")).expect("its columns");
        assert_eq!(read, summed, "as it was");

        lake.append(history::TABLE, to_batch(&whole).expect("a batch")).await.expect("widens");
        let read = from_batches(&lake.read(history::TABLE).await.expect("reads")).expect("its columns");
        assert_eq!(read, [summed, whole].concat(), "both");
    });
}

#[test]
fn a_record_without_a_stratum_or_with_a_reserved_one_is_refused_in_words() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let clock =
        Clock { provider: 0, commissioner: 0, practice: 0, start: 600, wait: 70, age_years: 80, corrected: None };
    for (band, words) in
        [("CAST(NULL AS VARCHAR)", "'band' of indicator.sql is null"), ("'all'", "stands for every value")]
    {
        let mut definition = catalogue().get(QUARTILE).expect("planted").clone();
        let case = "CASE WHEN c.true_minutes <= 60 THEN 'short' ELSE 'long' END";
        assert!(definition.sql.contains(case));
        definition.sql = definition.sql.replace(case, band);
        let error = runtime.block_on(run(&definition, clock)).expect_err("is refused").to_string();
        assert!(error.contains(words), "{error}");
    }
}

/// Runs a definition over one clock.
async fn run(definition: &Definition, clock: Clock) -> Result<usize, EngineError> {
    let geography = Arc::new(Geography::devon());
    let mut book = Book::new(Arc::clone(&geography));
    for (table, batch) in facts(&[clock]) {
        book.apply(table, &batch).expect("the facts have their columns");
    }
    book.settle(as_of().timestamp_micros());
    let first = std::iter::once(0).collect();
    let rows = view::batch(view::clock(), |_| true, book.clocks(View::Live, &first)).expect("a batch");
    let month = Period::calendar(CalendarPeriod::Month("2025-05-01".parse().expect("a day")));
    let mut input = Input::empty(vec![month], as_of());
    input.add("csds_clock", rows.clone());
    input.add("live_clock", rows);
    Engine::new(geography).run(definition, &input).await.map(|cells| cells.len())
}
