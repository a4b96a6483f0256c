//! Counts what a run left in its lake, in a process of its own, so that the run's memory is not touched.

use homeward_contract::feed::Feed;
use homeward_ingest::lake::{FactCommit, Lake};
use homeward_ingest::quarantine::QUARANTINE_TABLE;

use arrow::array::AsArray;
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};
use serde_json::json;

use super::Fault;
use super::process::Child;

/// An event this far behind the newest of its partition is late. The load's late events lie more than two days
/// back and all others less than a minute, so that any threshold between gives the same count.
const LATE_MICROS: i64 = 24 * 3600 * 1_000_000;

/// One accepted event: partition, offset, event time, event id.
type Row = (i32, i64, i64, u128);

/// Prints accepted, distinct, duplicate, late and quarantined.
pub(crate) fn read(part: &Child) -> Result<(), Fault> {
    let (mut rows, quarantined) = tokio::runtime::Runtime::new()?.block_on(async {
        let lake = Lake::open(&part.lake)?;
        let mut follower = lake.follow(Feed::Ucr);
        let mut rows = Vec::new();
        loop {
            let commits = follower.poll().await?;
            if commits.is_empty() {
                break;
            }
            for commit in commits {
                take(&commit, &mut rows)?;
            }
        }
        let refused = lake.read(QUARANTINE_TABLE).await?;
        let quarantined: usize = refused.iter().map(arrow::record_batch::RecordBatch::num_rows).sum();
        Ok::<_, Fault>((rows, quarantined))
    })?;
    rows.sort_unstable();
    let late = late(&rows);
    let mut ids: Vec<u128> = rows.iter().map(|row| row.3).collect();
    ids.sort_unstable();
    ids.dedup();
    let answer = json!({
        "accepted": rows.len(), "distinct": ids.len(), "duplicate": rows.len() - ids.len(),
        "late": late, "quarantined": quarantined,
    });
    println!("{answer}");
    Ok(())
}

fn late(rows: &[Row]) -> usize {
    let mut newest = (i32::MIN, i64::MIN);
    let mut late = 0;
    for &(partition, _, time, _) in rows {
        if partition != newest.0 {
            newest = (partition, i64::MIN);
        }
        late += usize::from(time < newest.1.saturating_sub(LATE_MICROS));
        newest.1 = newest.1.max(time);
    }
    late
}

fn take(commit: &FactCommit, rows: &mut Vec<Row>) -> Result<(), Fault> {
    for batch in &commit.batches {
        let column = |name: &str| batch.column_by_name(name).ok_or_else(|| format!("no column {name}"));
        let partitions = column("partition")?.as_primitive::<Int32Type>();
        let offsets = column("offset")?.as_primitive::<Int64Type>();
        let times = column("event_time")?.as_primitive::<TimestampMicrosecondType>();
        let ids = column("event_id")?.as_string::<i32>();
        for row in 0..batch.num_rows() {
            // The load's ids are 32 hexadecimal digits.
            let id = u128::from_str_radix(ids.value(row), 16)?;
            rows.push((partitions.value(row), offsets.value(row), times.value(row), id));
        }
    }
    Ok(())
}
