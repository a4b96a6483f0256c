//! Days at home and virtual wards against oracles in another language: some thousand random histories go as messages, one a
//! line, to both the decoder and a script with the standard library alone: `nights.py` walks through every night of every
//! person, `wards.py` through every minute of every ward. Every figure of every definition of people's nights and of virtual
//! wards is the same, told in parts while the clock runs.
//!
//! Without Python the test says that it is skipped, or fails under `HOMEWARD_TESTS_REQUIRE_ALL`.
#![expect(clippy::expect_used, reason = "a panic is how a test fails")]

mod histories;
mod wards;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arrow::array::{RecordBatch, UInt64Array};
use arrow::compute::take_record_batch;
use chrono::{DateTime, Duration, Utc};
use homeward_contract::feed::Table;
use homeward_contract::geography::Geography;
use homeward_transform::computation::Computation;
use homeward_transform::definition::Catalogue;
use homeward_transform::definition::case::records;
use homeward_transform::figure::{Dimension, Figure};
use homeward_transform::proof::facts;
use homeward_transform::snapshot::{FigureQuery, Snapshot};
use serde::de::DeserializeOwned;

use histories::{AS_OF, Dice, histories};

const SEED: u64 = 20_250_612;
const HISTORIES: u64 = 700;
const PARTS: usize = 2;

/// Numbers by name, by cell, by indicator; what is 0 is left out.
type Figures = BTreeMap<String, BTreeMap<String, BTreeMap<String, i64>>>;

/// What a script makes of some messages; none without Python.
fn oracle<T: DeserializeOwned>(script: &str, as_of: &str, messages: &[Vec<u8>]) -> Option<T> {
    let mut lines = tempfile::NamedTempFile::new().expect("a file");
    for message in messages {
        lines.write_all(message).and_then(|()| lines.write_all(b"\n")).expect("written");
    }
    lines.flush().expect("written");
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let reference = here.join("../ingest/contract/reference");
    let mut command = Command::new("python3");
    command.arg(here.join("tests/oracle").join(script)).arg(as_of).arg(lines.path()).arg(reference);
    let Ok(done) = command.output() else {
        assert!(std::env::var_os("HOMEWARD_TESTS_REQUIRE_ALL").is_none(), "python3 is missing");
        eprintln!("skipped: python3 is missing");
        return None;
    };
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Some(serde_json::from_slice(&done.stdout).expect("figures"))
}

fn told(snapshot: &Snapshot, catalogue: &Catalogue) -> Figures {
    let mut all = Figures::new();
    for definition in catalogue.iter() {
        let by = if definition.has_months() { Dimension::Month } else { Dimension::Day };
        let query = FigureQuery {
            indicator: definition.id.clone(),
            by: vec![Dimension::Provider, by],
            ..FigureQuery::default()
        };
        let cells = all.entry(definition.id.clone()).or_default();
        for figure in snapshot.figures(&query) {
            let cell: Vec<String> = figure.dimensions.iter().map(|(_, value)| value.clone()).collect();
            cells.extend(Some((cell.join("|"), numbers(figure))).filter(|(_, numbers)| !numbers.is_empty()));
        }
    }
    all
}

/// What a figure holds, by name; what is 0 is left out.
fn numbers(figure: Figure) -> BTreeMap<String, i64> {
    let own = [("numerator", figure.numerator), ("denominator", figure.denominator)];
    let own = own.into_iter().map(|(name, number)| (name.to_owned(), number.unwrap_or_default()));
    own.chain(figure.counts).chain(figure.flags).filter(|(_, number)| *number != 0).collect()
}

/// Both have the same cells; the first that differ are shown.
fn compare(found: &Figures, expected: &Figures) {
    for (indicator, cells) in found {
        let none = BTreeMap::new();
        let wanted = expected.get(indicator).unwrap_or(&none);
        let keys = cells.keys().chain(wanted.keys().filter(|key| !cells.contains_key(*key)));
        let differ: Vec<_> = keys.filter(|key| cells.get(*key) != wanted.get(*key)).collect();
        let shown: Vec<_> = differ.iter().take(4).map(|key| (key, cells.get(*key), wanted.get(*key))).collect();
        assert!(differ.is_empty(), "{indicator}: {} of {} differ: {shown:#?}", differ.len(), wanted.len());
    }
    assert!(found.values().all(|cells| !cells.is_empty()), "every indicator counts something");
}

/// A part of each table's rows: every n-th, from the one of that number.
fn part(facts: &[(Table, RecordBatch)], number: usize, dice: &mut Dice) -> Vec<(Table, RecordBatch)> {
    let of = |(table, batch): &(Table, RecordBatch)| {
        let rows = (0..batch.num_rows()).filter(|row| row % PARTS == number);
        let mut rows: Vec<u64> = rows.map(|row| row as u64).collect();
        for place in (1..rows.len()).rev() {
            rows.swap(place, usize::try_from(dice.below(place as u64 + 1)).expect("few"));
        }
        (*table, take_record_batch(batch, &UInt64Array::from(rows)).expect("its own rows"))
    };
    facts.iter().map(of).collect()
}

#[tokio::test]
async fn the_oracle_agrees_with_every_definition_of_nights() {
    let mut dice = Dice(SEED);
    let case = histories(HISTORIES, &mut dice);
    let messages = records(&case).expect("the histories describe records").into_iter().map(|record| record.payload);
    let messages: Vec<Vec<u8>> = messages.collect();
    let Some(expected) = oracle::<Figures>("nights.py", AS_OF, &messages) else { return };
    let facts = facts("oracle", &case).expect("the decoder takes them");
    let builtin = Catalogue::builtin().expect("the built-in definitions are sound");
    let ids: Vec<&str> = builtin.iter().filter(|own| own.counts_nights()).map(|own| own.id.as_str()).collect();
    let catalogue = Arc::new(builtin.only(&ids));
    let end: DateTime<Utc> = AS_OF.parse().expect("an instant");

    compare(&told(&in_parts(&catalogue, &facts, end, &mut dice).await, &catalogue), &expected);
}

/// The picture when the facts come in parts. The clock runs meanwhile: most of the first part lies in the past when it is
/// told, and the rest corrects it.
async fn in_parts(
    catalogue: &Arc<Catalogue>,
    facts: &[(Table, RecordBatch)],
    end: DateTime<Utc>,
    dice: &mut Dice,
) -> Snapshot {
    let mut computation = Computation::new(Arc::clone(catalogue), Arc::new(Geography::devon()));
    for number in 0..PARTS {
        for (table, batch) in part(facts, number, dice) {
            computation.apply(table, &batch).expect("of its table");
        }
        let clock = end - Duration::days(70 * i64::try_from(PARTS - 1 - number).expect("few"));
        computation.evaluate(clock).await.expect("evaluates");
    }
    computation.snapshot(end).await.expect("evaluates")
}
