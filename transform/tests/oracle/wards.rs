//! Random histories of virtual wards from a fixed seed: stays that overlap, move between wards and persons, end late or
//! never, are corrected, taken back and told twice; beds that change, end, are unknown or none; all of it around 08:00,
//! midnight and the nights on which the clocks change. Some messages are nonsense, and refused.

use std::sync::Arc;

use arrow::array::RecordBatch;
use chrono::{DateTime, Duration, NaiveDate, SecondsFormat, Utc};
use homeward_contract::feed::{Feed, Table};
use homeward_contract::identity::PseudonymKeys;
use homeward_contract::time::{local_midnight, resolve_start};
use homeward_ingest::decode::{DecodeContext, Place, RawRecord, decode};
use homeward_transform::definition::case::{BedInput, CaseRecord, StayInput, records};
use homeward_transform::definition::{Case, Catalogue};
use homeward_transform::figure::{Dimension, Figure};
use homeward_transform::snapshot::{FigureQuery, Snapshot};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Dice, Figures, compare, in_parts, numbers, oracle};

/// The instant that the figures speak for; the next 08:00 is that of another day.
const AS_OF: &str = "2025-04-15T15:30:00Z";
/// First day on which anything begins.
const FIRST: &str = "2024-03-01";
/// Days on which something may begin; the last of them lie ahead.
const DAYS: u64 = 425;
/// Days on which the clocks change, and one on which the national figure is taken.
const SPECIAL: [&str; 4] = ["2024-03-31", "2024-10-27", "2025-03-30", "2025-02-20"];
const SEED: u64 = 20_250_415;
const STAYS: u64 = 2_500;
/// A code that another answers for is among them.
const PROVIDERS: [&str; 3] = ["RH8", "RK9", "RBZ"];

/// What the script tells.
#[derive(Deserialize)]
struct Told {
    figures: Figures,
    /// Messages that no decoder may take.
    refused: usize,
}

fn day(dice: &mut Dice) -> NaiveDate {
    if dice.one_in(10) {
        return dice.pick(&SPECIAL).parse().expect("a date");
    }
    let first: NaiveDate = FIRST.parse().expect("a date");
    first + Duration::days(i64::try_from(dice.below(DAYS)).expect("few"))
}

/// A minute; one in four is a midnight or an 08:00.
fn moment(dice: &mut Dice) -> DateTime<Utc> {
    let day = day(dice);
    match dice.below(8) {
        0 => local_midnight(day),
        1 => resolve_start(day.and_hms_opt(8, 0, 0).expect("a time")).at,
        _ => local_midnight(day) + dice.hours(24),
    }
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// One version of a stay. People are few, so that their stays overlap.
fn stay(number: u64, dice: &mut Dice) -> StayInput {
    let from = moment(dice);
    let end = match dice.below(14) {
        0 => None,
        1 => Some(from),
        // Nonsense: it ends before it begins.
        2 if dice.one_in(4) => Some(from - Duration::minutes(1) - dice.hours(50)),
        2 => Some(from + dice.hours(2_000)),
        3 => Some(from + Duration::days(14)),
        _ => Some(from + dice.hours(500)),
    };
    let outcome = if end.is_some() { dice.pick(&["home", "home", "escalated", "died", "transferred", ""]) } else { "" };
    StayInput {
        stay: format!("S{number}"),
        provider: Some(PROVIDERS[usize::try_from(number % 3).expect("few")].into()),
        ward: Some(format!("W{}", dice.below(4))),
        person: Some(if dice.one_in(15) { String::new() } else { format!("P{}", dice.below(300)) }),
        practice: Some(if dice.one_in(8) { String::new() } else { format!("L83{}", 870 + dice.below(12)) }),
        admitted: text(from),
        discharged: end.map(text).unwrap_or_default(),
        route: Some(dice.pick(&["step_up", "step_down", "step_down", "other", ""]).into()),
        pathway: Some(dice.pick(&["frailty", "acute_respiratory", "heart_failure", ""]).into()),
        outcome: Some(outcome.into()),
        voided: dice.one_in(12),
        // A record that comes long after, or before, what it tells of.
        time: Some(text(if dice.one_in(3) { moment(dice) } else { end.unwrap_or(from) })),
        version: dice.one_in(4).then(|| i64::try_from(1 + dice.below(3)).expect("few")),
        ..StayInput::default()
    }
}

fn beds(provider: &str, ward: u64, dice: &mut Dice) -> BedInput {
    let from = moment(dice);
    let to = match dice.below(10) {
        0 => text(from + dice.hours(900)),
        1 => text(from),
        2 if dice.one_in(3) => text(from - Duration::minutes(1) - dice.hours(50)),
        _ => String::new(),
    };
    BedInput {
        provider: Some(provider.into()),
        ward: Some(format!("W{ward}")),
        beds: if dice.one_in(8) { None } else { i64::try_from(dice.below(14)).ok() },
        from: text(from),
        to,
        area: Some(dice.pick(&["QJK", "QJK", "15N", "QT6"]).into()),
        pathway: Some(dice.pick(&["frailty", "acute_respiratory"]).into()),
        time: Some(text(moment(dice))),
        version: dice.one_in(4).then(|| i64::try_from(1 + dice.below(3)).expect("few")),
        ..BedInput::default()
    }
}

fn history(dice: &mut Dice) -> Case {
    let mut case = Case {
        id: "wards".into(),
        rule: "oracle".into(),
        as_of: AS_OF.parse().expect("an instant"),
        ..Case::default()
    };
    for number in 0..STAYS {
        for _ in 0..=dice.below(3) {
            case.stays.push(stay(number, dice));
        }
    }
    for provider in PROVIDERS {
        // The last ward is never told of.
        for ward in 0..3 {
            for _ in 0..10 {
                case.beds.push(beds(provider, ward, dice));
            }
        }
    }
    case
}

/// The messages; who is watched from afar differs from one to the next.
fn messages(case: &Case, dice: &mut Dice) -> Vec<CaseRecord> {
    let mut made = records(case).expect("the history describes records");
    for record in made.iter_mut().filter(|record| record.feed == Feed::VwStay) {
        let mut event: Value = serde_json::from_slice(&record.payload).expect("a message");
        if let Some(told) = event["data"].get_mut("tech_enabled") {
            *told = dice.pick(&[Some(true), Some(false), None]).map_or(Value::Null, |told| json!(told));
        }
        record.payload = event.to_string().into_bytes();
    }
    made
}

/// What the decoder makes of them, and how many it refuses.
fn decoded(messages: &[CaseRecord], as_of: DateTime<Utc>) -> (Vec<(Table, RecordBatch)>, usize) {
    let keys = PseudonymKeys::from_secret(1, b"homeward-test-key-not-secret");
    let context = DecodeContext::new(&keys, as_of);
    let (mut facts, mut refused) = (Vec::new(), 0);
    for feed in [Feed::VwStay, Feed::VwCapacity] {
        let own = messages.iter().zip(1..).filter(|(record, _)| record.feed == feed);
        let raw = own.map(|(record, offset)| RawRecord {
            place: Place { topic: Arc::from("history"), partition: 0, offset },
            key: Some(&record.key),
            payload: Some(&record.payload),
        });
        let decoded = decode(feed, &raw.collect::<Vec<_>>(), &context);
        refused += decoded.refusals.len();
        facts.extend(decoded.tables);
    }
    (facts, refused)
}

/// Each by what a definition tells of it.
const BREAKDOWNS: [&[Dimension]; 9] = {
    use Dimension::{Icb, Lcp, Pathway, Pcn, Provider, Route, Ward};
    [
        &[Provider, Ward, Pathway, Route],
        &[Provider, Route],
        &[Provider, Pathway],
        &[Ward],
        &[Provider],
        &[Icb],
        &[Lcp],
        &[Pcn],
        &[],
    ]
};

fn told(snapshot: &Snapshot, catalogue: &Catalogue) -> Figures {
    const STRATA: [Dimension; 3] = [Dimension::Ward, Dimension::Pathway, Dimension::Route];
    let mut all = Figures::new();
    for definition in catalogue.iter() {
        let cells = all.entry(definition.id.clone()).or_default();
        let grains = definition.grains.iter().map(|grain| match grain.as_str() {
            "now" => None,
            grain => Some(grain.parse::<Dimension>().expect("a dimension")),
        });
        for period in grains {
            for breakdown in BREAKDOWNS {
                let is_told = |own: &Dimension| {
                    !STRATA.contains(own) || definition.strata.iter().any(|stratum| stratum.as_str() == own.as_str())
                };
                let by = breakdown.iter().copied().filter(is_told).chain(period).collect();
                let query = FigureQuery { indicator: definition.id.clone(), by, ..FigureQuery::default() };
                let found = snapshot.figures(&query).into_iter().map(cell);
                cells.extend(found.filter(|(_, numbers)| !numbers.is_empty()));
            }
        }
    }
    all
}

fn cell(figure: Figure) -> (String, std::collections::BTreeMap<String, i64>) {
    let parts = figure.dimensions.iter().map(|(dimension, value)| format!("{dimension}={value}"));
    let key = parts.collect::<Vec<_>>().join("|");
    #[expect(clippy::cast_possible_truncation, reason = "a median of nights is a whole number of halves")]
    let twice = figure.percentile.map_or(0, |median| (2.0 * median.value()) as i64);
    let mut own = numbers(figure);
    own.extend((twice != 0).then(|| ("twice the median".to_owned(), twice)));
    (key, own)
}

#[tokio::test]
async fn the_oracle_agrees_with_every_definition_of_virtual_wards() {
    let mut dice = Dice(SEED);
    let end: DateTime<Utc> = AS_OF.parse().expect("an instant");
    let messages = messages(&history(&mut dice), &mut dice);
    let lines: Vec<Vec<u8>> = messages.iter().map(|record| record.payload.clone()).collect();
    let Some(expected) = oracle::<Told>("wards.py", AS_OF, &lines) else { return };
    let (facts, refused) = decoded(&messages, end);
    assert!(refused > 50, "nonsense is among it");
    assert_eq!(refused, expected.refused, "and refused, and nothing else");
    let builtin = Catalogue::builtin().expect("the built-in definitions are sound");
    let ids: Vec<&str> = builtin.iter().filter(|own| own.counts_wards()).map(|own| own.id.as_str()).collect();
    let catalogue = Arc::new(builtin.only(&ids));
    compare(&told(&in_parts(&catalogue, &facts, end, &mut dice).await, &catalogue), &expected.figures);
}
