//! The lake, record by record, against the broker's own offsets and the planted history.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Int32Type, Int64Type};
use homeward_contract::feed::{Feed, Table};
use homeward_ingest::lake::Lake;
use homeward_ingest::quarantine::QUARANTINE_TABLE;

use crate::history::History;
use crate::patience::until;

/// Fails unless every offset of the broker is in the lake exactly once, as a fact or as a refusal.
pub(crate) fn check(lake: &Path, end_offsets: &BTreeMap<i32, i64>, history: &History) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be started");
    runtime.block_on(async {
        let lake = Lake::open(lake).expect("the lake opens");
        let frontier = lake.frontier(Feed::Ucr).await.expect("the frontier can be read");
        let frontier: BTreeMap<i32, i64> = frontier
            .into_iter()
            .map(|((_, partition), next)| (partition, next))
            .filter(|(_, next)| *next > 0)
            .collect();
        let used: BTreeMap<i32, i64> =
            end_offsets.iter().filter(|(_, end)| **end > 0).map(|(partition, end)| (*partition, *end)).collect();
        assert_eq!(frontier, used, "the lake's frontier is where the broker's log ends");

        let mut places = Places::default();
        let mut ids = BTreeSet::new();
        let facts = lake.read_columns(Table::UcrEvent.name(), &["event_id", "partition", "offset"]).await;
        for batch in facts.expect("the facts can be read") {
            let columns = batch.columns();
            let names = columns[0].as_string::<i32>();
            ids.extend((0..names.len()).map(|row| names.value(row).to_owned()));
            places
                .add(columns[1].as_primitive::<Int32Type>().values(), columns[2].as_primitive::<Int64Type>().values());
        }
        let accepted = places.0.len();
        let refused = lake.read_columns(QUARANTINE_TABLE, &["partition", "offset"]).await;
        for batch in refused.expect("the quarantine can be read") {
            let (partitions, offsets) = (batch.column(0), batch.column(1));
            places.add(partitions.as_primitive::<Int32Type>().values(), offsets.as_primitive::<Int64Type>().values());
        }
        let refused = places.0.len() - accepted;
        let consumed: i64 = frontier.values().sum();
        assert_eq!(i64::try_from(places.0.len()).expect("few records"), consumed, "consumed = accepted + refused");
        assert_eq!((accepted, refused), (history.good, history.bad), "(accepted, refused) is what was planted");
        assert_eq!(ids, history.event_ids, "every acknowledged event is a fact");
    });
}

/// Records in the lake, facts and refusals together, as its frontier tells.
pub(crate) fn durable_records(lake: &Path) -> usize {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be started");
    let frontier = runtime.block_on(Lake::open(lake).expect("the lake opens").frontier(Feed::Ucr));
    let durable: i64 = frontier.expect("the frontier can be read").values().sum();
    usize::try_from(durable).expect("offsets count upwards")
}

/// Waits until the lake holds this many records.
pub(crate) fn wait_for_records(lake: &Path, records: usize) {
    until("records in the lake", Duration::from_secs(120), || match durable_records(lake) {
        durable if durable >= records => Ok(()),
        durable => Err(format!("{durable} of {records} records are durable")),
    });
}

/// Places seen so far; a place that comes twice is a record counted twice.
#[derive(Default)]
struct Places(BTreeSet<(i32, i64)>);

impl Places {
    fn add(&mut self, partitions: &[i32], offsets: &[i64]) {
        for (partition, offset) in partitions.iter().zip(offsets) {
            assert!(
                self.0.insert((*partition, *offset)),
                "partition {partition}, offset {offset} is in the lake twice"
            );
        }
    }
}
