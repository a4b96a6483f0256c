//! The same simulated history with one hospital told in events and in HL7 messages: the same nights.

use std::collections::BTreeMap;

use chrono::Duration;
use homeward_contract::geography::Geography;
use homeward_simulator::states::{StateRates, States, wards_csv};
use homeward_simulator::{Message, Parameters, Simulation};
use homeward_transform::definition::{Catalogue, Definition, FirstDays};
use homeward_transform::evaluate::{Instants, evaluate};
use homeward_transform::figure::{Dimension, Figure};
use homeward_transform::snapshot::{FigureQuery, Snapshot};

use super::*;

const HOSPITAL: &str = "RA9";

fn parameters() -> Parameters {
    Parameters { seed: 21, days: 24, type05_per_day: 12.0, ..Parameters::default() }
}

/// The indicators that look at spells, from when the simulated hospitals tell; not those of windows that are not over.
fn catalogue() -> Catalogue {
    let all = Catalogue::builtin().unwrap();
    let is_over = |id: &str| !id.ends_with("-90") && !id.ends_with("-365");
    let of_nights = |definition: &&Definition| definition.feeds.contains(&Feed::Spell) && is_over(&definition.id);
    let ids: Vec<&str> = all.iter().filter(of_nights).map(|definition| definition.id.as_str()).collect();
    let mut days = FirstDays::default();
    for feed in [Feed::Spell, Feed::EdStay, Feed::VwStay] {
        days.declare(feed.name(), "2025-03-01").unwrap();
    }
    all.only(&ids).covered(&days)
}

/// Urgent responses and whole states; from the hospital those feeds only that are named.
fn records(hl7_hospital: Option<String>, of_hospital: &[Feed]) -> Vec<OwnedRecord> {
    let simulation = Simulation::new(parameters());
    let states = States::new(&parameters(), &StateRates { people: 600, hl7_hospital, ..StateRates::default() });
    let is_wanted = |message: &Message| {
        let is_own = message.key.starts_with(HOSPITAL.as_bytes());
        !is_own
            || of_hospital.contains(&message.feed)
            || ![Feed::Spell, Feed::EdStay, Feed::Adt].contains(&message.feed)
    };
    let all = simulation.live().chain(states.into_messages()).filter(is_wanted);
    all.zip(0..)
        .map(|(message, offset)| OwnedRecord {
            feed: message.feed,
            place: Place { topic: Arc::from(message.feed.default_topic()), partition: 0, offset },
            key: message.key,
            payload: message.payload,
        })
        .collect()
}

async fn figures(records: &[OwnedRecord]) -> BTreeMap<String, Figure> {
    let as_of = parameters().start + Duration::days(60);
    let keys = parameters().pseudonym_keys();
    let mut decoded = decode_records(records, &keys, as_of);
    let wards = Wards::from_csv(&wards_csv()).unwrap();
    decoded.extend(told_by_messages(&decoded, &keys, wards, as_of).unwrap());
    let facts: Vec<_> = decoded.into_iter().flat_map(|batch| batch.tables).collect();
    let catalogue = Arc::new(catalogue());
    let instants = Instants { as_of, as_known_at: None };
    let snapshot = evaluate(&facts, Arc::clone(&catalogue), Arc::new(Geography::devon()), instants).await.unwrap();
    catalogue.iter().flat_map(|definition| every_figure(&snapshot, definition)).collect()
}

fn every_figure(snapshot: &Snapshot, definition: &Definition) -> Vec<(String, Figure)> {
    let mut figures = Vec::new();
    for level in [Dimension::Nation, Dimension::Lcp, Dimension::Pcn] {
        for grain in &definition.grains {
            let period = Dimension::ALL.into_iter().find(|dimension| dimension.as_str() == grain);
            let query = FigureQuery {
                indicator: definition.id.clone(),
                by: [level].into_iter().chain(period).collect(),
                ..FigureQuery::default()
            };
            let named = |figure: Figure| {
                (format!("{} {grain} {:?}", definition.id, (&figure.basis, &figure.dimensions)), figure)
            };
            figures.extend(snapshot.figures(&query).into_iter().map(named));
        }
    }
    figures
}

#[tokio::test]
async fn a_hospital_told_in_hl7_gives_the_nights_of_its_events() {
    let as_events = figures(&records(None, &[Feed::Spell, Feed::EdStay])).await;
    let as_messages = figures(&records(Some(HOSPITAL.to_owned()), &[Feed::Adt])).await;
    let without = figures(&records(None, &[])).await;
    let differing = |one: &BTreeMap<String, Figure>| {
        let cells = as_events.keys().chain(one.keys());
        cells.filter(|cell| as_events.get(*cell) != one.get(*cell)).cloned().collect::<Vec<_>>()
    };
    assert!(as_events.len() > 1_000, "{} figures", as_events.len());
    assert_eq!(differing(&as_messages), Vec::<String>::new());
    assert!(differing(&without).len() > 100, "the hospital matters: {}", differing(&without).len());
}
