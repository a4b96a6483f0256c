//! What a lake of an earlier version and another reference table make of people's nights at a start.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use homeward_contract::deprivation::Deprivation;
use homeward_contract::geography::Geography;
use homeward_ingest::lake::Lake;
use homeward_transform::definition::case::RegistrationInput;
use homeward_transform::definition::{Case, Catalogue};
use homeward_transform::figure::{Dimension, Figure};
use homeward_transform::live::{Live, LiveOptions};
use homeward_transform::proof::facts;
use homeward_transform::snapshot::{FigureQuery, Snapshot};

use super::run;

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// One person on a list from March 2025 on, in a neighbourhood of the most deprived fifth.
fn registration(version: i64, age_years: Option<i64>) -> RegistrationInput {
    RegistrationInput {
        from: Some("2025-03-01".into()),
        lsoa: Some("E01999901".into()),
        version: Some(version),
        age_years,
        ..RegistrationInput::default()
    }
}

/// Takes a registration into the lake, without these columns.
async fn put(lake: &Lake, own: RegistrationInput, lacking: &[&str]) {
    let case = Case { id: "restart".into(), registrations: vec![own], ..Case::default() };
    for (table, batch) in facts("restart", &case).expect("the decoder takes them") {
        let schema = batch.schema();
        let kept = schema.fields().iter().enumerate().filter(|(_, field)| !lacking.contains(&field.name().as_str()));
        let kept: Vec<usize> = kept.map(|(place, _)| place).collect();
        lake.append(table.name(), batch.project(&kept).expect("its columns")).await.expect("written");
    }
}

async fn start(folder: &Path, deprivation: Deprivation, now: &str) -> Live {
    let builtin = Catalogue::builtin().expect("the built-in definitions are sound");
    let catalogue = builtin.only(&["days-at-home", "days-at-home-65-and-over", "days-at-home-core20"]);
    let geography = Arc::new(Geography::devon().with_deprivation(deprivation));
    let lake = Arc::new(Lake::open(folder).expect("a lake"));
    let live = Live::restore(lake, Arc::new(catalogue), geography, LiveOptions::default(), instant(now));
    live.await.expect("restores")
}

fn april(live: &Live, indicator: &str) -> Option<Figure> {
    let snapshot: Arc<Snapshot> = live.subscribe().borrow().clone();
    let figures = snapshot.figures(&FigureQuery {
        indicator: indicator.into(),
        by: vec![Dimension::Provider, Dimension::Month],
        ..FigureQuery::default()
    });
    figures.into_iter().find(|figure| figure.dimensions.iter().any(|(_, value)| value == "2025-04"))
}

/// Nights counted, and those in the flag.
fn told(live: &Live, indicator: &str, flag: &str) -> (Option<i64>, i64) {
    let figure = april(live, indicator);
    let flagged = figure.as_ref().and_then(|figure| figure.flags.get(flag).copied());
    (figure.and_then(|figure| figure.denominator), flagged.unwrap_or_default())
}

#[test]
fn a_lake_without_the_age_of_registrations_is_read_and_widened() {
    run(async {
        let folder = tempfile::tempdir().expect("a folder");
        put(&Lake::open(folder.path()).expect("a lake"), registration(1, None), &["age_years"]).await;
        let mut live = start(folder.path(), Deprivation::simulated(), "2025-05-10T09:00:00Z").await;
        assert_eq!(told(&live, "days-at-home", "age_unknown"), (Some(30), 0));
        assert_eq!(told(&live, "days-at-home-65-and-over", "age_unknown"), (Some(0), 30));
        put(&Lake::open(folder.path()).expect("a lake"), registration(2, Some(80)), &[]).await;
        live.cycle(instant("2025-05-10T09:01:00Z")).await.expect("a cycle");
        assert_eq!(told(&live, "days-at-home-65-and-over", "age_unknown"), (Some(30), 0));
        drop(live);
        let live = start(folder.path(), Deprivation::simulated(), "2025-05-10T09:02:00Z").await;
        assert_eq!(told(&live, "days-at-home-65-and-over", "age_unknown"), (Some(30), 0), "from files of both kinds");
    });
}

#[test]
fn another_table_of_neighbourhoods_counts_the_past_again_at_the_start() {
    run(async {
        let folder = tempfile::tempdir().expect("a folder");
        put(&Lake::open(folder.path()).expect("a lake"), registration(1, None), &[]).await;
        let table = |text: &str| Deprivation::from_csv(text).expect("a table");
        let others = table("lsoa,imd_decile,edition\nE01999901,3,another\n");
        let none = table("lsoa,imd_decile,edition\nE01999902,1,a third\n");
        let editions = [(Deprivation::simulated(), Some(30), 0), (others, None, 0), (none, Some(0), 30)];
        for (minute, (deprivation, counted, unknown)) in editions.into_iter().enumerate() {
            let live = start(folder.path(), deprivation, &format!("2025-05-10T09:0{minute}:00Z")).await;
            let own = told(&live, "days-at-home-core20", "neighbourhood_unknown");
            assert_eq!(own, (counted, unknown), "{minute}");
            assert_eq!(told(&live, "days-at-home", "none").0, Some(30));
            let snapshot: Arc<Snapshot> = live.subscribe().borrow().clone();
            let words: Vec<String> = snapshot.revisions().iter().map(|own| own.words(None)).collect();
            let again = words.iter().filter(|words| words.contains("computed again at start")).count();
            assert_eq!(again > 0, minute > 0, "{words:#?}");
        }
    });
}
