//! The figures that NHS England published for 2024-25 come out of CSDS rows to the last digit: England, the South West,
//! Devon and Devon's providers, every month. See README.md here for what was published and what was found again.
//!
//! Each month plants the clocks of all England, about 60,000, through the decoder, the book, the SQL and the release gate.
#![allow(clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

mod plan;
mod search;
mod workbook;

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use chrono::{DateTime, NaiveDate, Utc};
use homeward_contract::calendar::FileType;
use homeward_contract::feed::{Feed, Table};
use homeward_contract::geography::Geography;
use homeward_contract::identity::PseudonymKeys;
use homeward_ingest::decode::{DecodeContext, Place, RawRecord, decode};
use homeward_simulator::published::submissions;
use homeward_simulator::{Message, SubmissionFiles};
use homeward_transform::definition::Catalogue;
use homeward_transform::evaluate::{Instants, evaluate};
use homeward_transform::figure::{Dimension, Status};
use homeward_transform::release::{Policy, ReleasedFigure, Shown};
use homeward_transform::snapshot::{FigureQuery, Snapshot};

use plan::{MonthPlan, Planted};
use search::{Pair, devon, gap_to, pairs, pairs_of};
use workbook::{DEVON, MONTHS, NATION, SOUTH_WEST, published};

const INDICATOR: &str = "ucr-two-hour-response";
/// Records that are decoded together.
const BATCH_RECORDS: usize = 20_000;

/// One test a month, so that they run side by side and a failure names its month.
macro_rules! months {
    ($($name:ident $month:literal)*) => {
        $(#[test] fn $name() { the_month_comes_out_as_published($month); })*

        #[test]
        fn every_month_has_a_test() {
            assert_eq!([$($month),*], MONTHS);
        }
    };
}

months! {
    april_2024 "2024-04" may_2024 "2024-05" june_2024 "2024-06" july_2024 "2024-07" august_2024 "2024-08"
    september_2024 "2024-09" october_2024 "2024-10" november_2024 "2024-11" december_2024 "2024-12"
    january_2025 "2025-01" february_2025 "2025-02" march_2025 "2025-03"
}

fn the_month_comes_out_as_published(month: &'static str) {
    let plan = MonthPlan::of(month);
    let snapshot = snapshot_of(&submissions(first_day(month), FileType::Refresh, &plan.rows));
    for (place, area) in plan.areas.into_iter().enumerate() {
        let by = [Dimension::Nation, Dimension::Region, Dimension::Icb][place];
        assert_published(&snapshot, by, area, month);
    }
    for provider in plan.providers {
        assert_published(&snapshot, Dimension::Provider, provider, month);
    }
}

/// Twelve submissions a provider at once: each clock falls into its own month.
#[test]
fn a_year_of_devon_comes_out_as_published() {
    let made: Vec<SubmissionFiles> = MONTHS
        .into_iter()
        .flat_map(|month| submissions(first_day(month), FileType::Refresh, &MonthPlan::of(month).devon_rows()))
        .collect();
    let snapshot = snapshot_of(&made);
    for month in MONTHS {
        let plan = MonthPlan::of(month);
        let [_, _, icb] = plan.areas;
        assert_published(&snapshot, Dimension::Icb, icb, month);
        for provider in plan.providers {
            assert_published(&snapshot, Dimension::Provider, provider, month);
        }
    }
}

/// The released figure is the published one, and the exact figure is the planted one: rounding, and nothing else, lies
/// between them.
fn assert_published(snapshot: &Snapshot, by: Dimension, planted: Planted, month: &str) {
    let Planted { code, published: Pair { met, stopped }, truth } = planted;
    let rate = &published(code)[month].rate;
    let what = format!("{code} {month}");

    let released = released(snapshot, by, code, month, "ucr-publication");
    let count = |count: u64| Shown::Count(i64::try_from(count).expect("small"));
    assert_eq!((released.numerator, released.denominator), (count(met), count(stopped)), "{what}");
    let value = released.value.as_f64().unwrap_or_else(|| panic!("{what}: {}", released.value));
    assert!(rate.is(value), "{what}: published {rate:?}, released {value}");
    assert_eq!((released.release.as_str(), released.status), ("ucr-publication/1", Status::Final), "{what}");

    let exact = self::released(snapshot, by, code, month, "internal-live");
    assert_eq!((exact.numerator, exact.denominator), (count(truth.met), count(truth.stopped())), "{what}");
    assert!(truth.met % 5 != 0 && truth.stopped() % 5 != 0, "{what}: rounding has nothing to do");
    let value = exact.value.as_f64().unwrap_or_else(|| panic!("{what}: {}", exact.value));
    assert!(met == stopped || !rate.is(value), "{what}: {value} is published without rounding");
}

fn released(snapshot: &Snapshot, by: Dimension, code: &str, month: &str, policy: &str) -> ReleasedFigure {
    let query = FigureQuery {
        indicator: INDICATOR.to_owned(),
        bases: vec!["published".to_owned()],
        by: vec![by, Dimension::Month],
        ..FigureQuery::default()
    };
    let definition = snapshot.catalogue().get(INDICATOR).expect("built in");
    let released = Policy::by_name(policy).expect("a policy").release(snapshot.figures(&query), definition);
    let of_cell = |figure: &&ReleasedFigure| {
        figure.dimension(by) == Some(code) && figure.dimension(Dimension::Month) == Some(month)
    };
    let mut found = released.iter().filter(of_cell);
    let figure = found.next().unwrap_or_else(|| panic!("no figure of {code} for {month}"));
    assert!(found.next().is_none(), "{code} has two figures for {month}");
    figure.clone()
}

/// Through the decoder, as Kafka would carry it, and the evaluation of files; well after the year's last Refresh.
fn snapshot_of(made: &[SubmissionFiles]) -> Snapshot {
    let as_of: DateTime<Utc> = "2025-07-01T00:00:00Z".parse().expect("an instant");
    let keys = PseudonymKeys::from_secret(1, b"homeward-test-key-not-secret");
    let mut facts: Vec<(Table, RecordBatch)> = Vec::new();
    let mut messages = made.iter().flat_map(SubmissionFiles::messages_iter).peekable();
    while messages.peek().is_some() {
        let batch: Vec<Message> = messages.by_ref().take(BATCH_RECORDS).collect();
        let raw: Vec<RawRecord<'_>> = batch.iter().zip(0..).map(raw_record).collect();
        let decoded = decode(Feed::Csds, &raw, &DecodeContext::new(&keys, as_of));
        let refusal = decoded.refusals.first().map(|refusal| (refusal.code.code(), &refusal.detail));
        assert_eq!(refusal, None, "{} of {} records were refused", decoded.refusals.len(), raw.len());
        facts.extend(decoded.tables);
    }
    let catalogue = Arc::new(Catalogue::builtin().expect("the built-in definitions are sound").only(&[INDICATOR]));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let instants = Instants { as_of, as_known_at: None };
    runtime.block_on(evaluate(&facts, catalogue, Arc::new(Geography::devon()), instants)).expect("evaluates")
}

fn raw_record((message, offset): (&Message, i64)) -> RawRecord<'_> {
    let place = Place { topic: Arc::from(Feed::Csds.default_topic()), partition: 0, offset };
    RawRecord { place, key: Some(&message.key), payload: Some(&message.payload) }
}

fn first_day(month: &str) -> NaiveDate {
    format!("{month}-01").parse().expect("a month")
}

/// The golden ratios of the handbook, `ucr.md` section 1. England's August is not among them: three pairs give it.
#[test]
fn the_search_finds_the_golden_ratios() {
    let england = [
        ("2024-04", 44_960, 52_655),
        ("2024-05", 46_780, 54_715),
        ("2024-06", 47_905, 56_515),
        ("2024-07", 49_090, 57_975),
        ("2024-09", 50_120, 59_065),
        ("2024-10", 54_420, 64_665),
        ("2024-11", 50_975, 61_010),
        ("2024-12", 52_155, 62_455),
        ("2025-01", 55_365, 66_535),
        ("2025-02", 46_970, 55_655),
        ("2025-03", 51_760, 61_165),
    ];
    let devon = [
        ("2024-04", 220, 245),
        ("2024-07", 295, 330),
        ("2024-08", 640, 755),
        ("2024-09", 715, 820),
        ("2024-10", 805, 955),
        ("2024-11", 655, 765),
        ("2024-12", 720, 860),
        ("2025-02", 605, 705),
        ("2025-03", 620, 730),
    ];
    for (code, golden) in [(NATION, &england[..]), (DEVON, &devon[..])] {
        let found = pairs_of(code);
        for (month, met, stopped) in golden {
            assert_eq!(found[month], Pair { met: *met, stopped: *stopped }, "{code} {month}");
        }
    }
}

/// A pair is found for every month of the region, and stands to the month's referrals as it does in the six months
/// where only one pair fits.
#[test]
fn the_search_finds_a_pair_for_every_month_of_the_south_west() {
    let (found, printed) = (pairs_of(SOUTH_WEST), published(SOUTH_WEST));
    let alone = printed.values().filter(|month| pairs(&month.rate, month.referrals).len() == 1).count();
    assert_eq!((found.len(), alone), (12, 6));
    for (month, pair) in found {
        let share = pair.stopped as f64 / printed[month].referrals as f64;
        assert!((0.92..0.97).contains(&share), "{month}: {pair:?} is {share:.3} of the referrals received");
    }
}

/// Two searches that know nothing of each other agree: the providers' pairs add up to Devon's within 10 clocks. They need
/// not add up closer, since every published cell was rounded by itself.
#[test]
fn the_providers_add_up_to_devon() {
    for month in MONTHS {
        let (pair, providers) = devon(month);
        assert!(gap_to(pair, &providers) <= 20, "{month}: {pair:?} {providers:?}");
    }
}
