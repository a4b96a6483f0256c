//! One Kafka batch into the lake: several tables, each row once, the anchor's commit last.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{Array as _, AsArray as _, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use deltalake::kernel::{Add, Transaction};
use futures::future::try_join_all;
use homeward_contract::feed::{Feed, Table};

use super::error::LakeError;
use super::{Lake, TableHandle, datafile, signed};
use crate::quarantine::QUARANTINE_TABLE;

/// Everything one batch of a feed leaves in the lake. Every batch of rows carries the columns `topic`,
/// `partition` and `offset`, each inside one of `offsets`.
#[derive(Debug, Clone)]
pub struct FeedCommit {
    /// The feed.
    pub feed: Feed,
    /// Accepted rows; a table may occur more than once.
    pub tables: Vec<(Table, RecordBatch)>,
    /// Refused records.
    pub quarantine: Option<RecordBatch>,
    /// How far the batch moves each partition on.
    pub offsets: Vec<OffsetAdvance>,
}

/// The offsets of one partition that a batch consumed: `from` up to, but not with, `next`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetAdvance {
    /// Kafka topic.
    pub topic: String,
    /// Partition of the topic.
    pub partition: i32,
    /// First offset of the batch: what the lake must hold as next.
    pub from: i64,
    /// Next offset after the batch.
    pub next: i64,
}

impl OffsetAdvance {
    fn application(&self, feed: Feed) -> String {
        format!("homeward/{feed}/{}/{}", self.topic, self.partition)
    }
}

/// What a commit did.
#[derive(Debug, Clone)]
pub struct CommitReceipt {
    /// New version of the anchor table: batches of a feed are ordered by it.
    pub version: i64,
    /// Rows written, over all tables and the quarantine.
    pub rows: usize,
    /// Rows skipped because an earlier, interrupted attempt had written them.
    pub skipped_rows: usize,
    /// Time from call to durable.
    pub elapsed: Duration,
}

/// A table's share of a batch, its data file written but not yet committed.
struct Part {
    table: Arc<TableHandle>,
    adds: Vec<Add>,
    batches: Vec<RecordBatch>,
    /// Stored next offset of each advance when the part was prepared.
    stored: Vec<Option<i64>>,
    skipped_rows: usize,
}

impl Lake {
    /// Makes a batch durable: quarantine first, then the other tables, the feed's anchor last.
    ///
    /// After an error some tables may hold the batch already. Committing the batch again, or another batch from
    /// the same frontier, then skips those rows.
    ///
    /// # Errors
    /// [`LakeError::Fenced`] when another writer moved a partition on: drop the batch and seek to
    /// [`Lake::frontier`]. Others as [`Lake::append`].
    pub async fn commit(&self, commit: FeedCommit) -> Result<CommitReceipt, LakeError> {
        let started = Instant::now();
        let feed = commit.feed;
        let _turn = self.inner.feed_locks[feed as usize].lock().await;
        check_offsets(&commit)?;
        self.check_fence(feed, &commit.offsets).await?;

        let parts = self.group(commit.tables, commit.quarantine, feed)?;
        let prepared = parts.into_iter().map(|(name, batches)| self.prepare(name, batches, feed, &commit.offsets));
        let parts = try_join_all(prepared).await?;
        // The anchor may have moved while files were written: what its own part found is what must hold.
        for anchor in parts.iter().filter(|part| part.table.name == feed.anchor().name()) {
            check_stored(feed, &commit.offsets, &anchor.stored)?;
        }

        let mut receipt = CommitReceipt { version: -1, rows: 0, skipped_rows: 0, elapsed: Duration::ZERO };
        for part in parts {
            receipt.rows += part.batches.iter().map(RecordBatch::num_rows).sum::<usize>();
            receipt.skipped_rows += part.skipped_rows;
            let is_anchor = part.table.name == feed.anchor().name();
            if part.adds.is_empty() && !is_anchor {
                continue;
            }
            let version = self.finish(part, feed, &commit.offsets).await?;
            if is_anchor {
                receipt.version = signed(version);
            }
        }
        receipt.elapsed = started.elapsed();
        Ok(receipt)
    }

    /// Refuses a stale batch before anything of it is written.
    async fn check_fence(&self, feed: Feed, offsets: &[OffsetAdvance]) -> Result<(), LakeError> {
        let anchor = self.table(feed.anchor().name())?;
        let Some(log) = anchor.current().await? else { return Ok(()) };
        check_stored(feed, offsets, &stored_offsets(feed, offsets, log.transactions()))
    }

    /// Batches by table in commit order: quarantine, other tables in the feed's order, the anchor.
    fn group(
        &self,
        tables: Vec<(Table, RecordBatch)>,
        quarantine: Option<RecordBatch>,
        feed: Feed,
    ) -> Result<Vec<(&'static str, Vec<RecordBatch>)>, LakeError> {
        if let Some((stray, _)) = tables.iter().find(|(table, _)| table.feed() != feed) {
            return Err(LakeError::defect(stray.name(), format!("rows in a batch of feed {feed}")));
        }
        let rows_of = |wanted: Table| -> Vec<RecordBatch> {
            let own = tables.iter().filter(|(table, batch)| *table == wanted && batch.num_rows() > 0);
            own.map(|(_, batch)| batch.clone()).collect()
        };
        let mut parts = vec![(QUARANTINE_TABLE, quarantine.into_iter().filter(|batch| batch.num_rows() > 0).collect())];
        let others = feed.tables().iter().filter(|table| **table != feed.anchor());
        parts.extend(others.map(|&table| (table.name(), rows_of(table))));
        parts.retain(|(_, batches): &(_, Vec<_>)| !batches.is_empty());
        parts.push((feed.anchor().name(), rows_of(feed.anchor())));
        Ok(parts)
    }

    /// Drops the rows that the table holds already and writes the others to a data file.
    async fn prepare(
        &self,
        name: &'static str,
        batches: Vec<RecordBatch>,
        feed: Feed,
        offsets: &[OffsetAdvance],
    ) -> Result<Part, LakeError> {
        let table = self.table(name)?;
        let schema = match batches.first() {
            Some(batch) => batch.schema(),
            None => homeward_contract::schema::fact_schema(feed.anchor()),
        };
        let (schema, stored) = {
            let log = table.ready(&schema).await?;
            (Arc::clone(log.schema()), stored_offsets(feed, offsets, log.transactions()))
        };
        let mut part = Part { table, adds: Vec::new(), batches: Vec::new(), stored, skipped_rows: 0 };
        for batch in &batches {
            let new = new_rows(name, batch, offsets, &part.stored)?;
            part.skipped_rows += batch.num_rows() - new.num_rows();
            if new.num_rows() > 0 {
                part.batches.push(datafile::fit(name, &new, &schema)?);
            }
        }
        if !part.batches.is_empty() {
            let store = part.table.store.object_store(None);
            part.adds.push(datafile::write(&*store, name, schema, part.batches.clone()).await?);
        }
        Ok(part)
    }

    /// Commits a prepared part, unless another writer has moved one of its partitions on meanwhile.
    async fn finish(&self, part: Part, feed: Feed, offsets: &[OffsetAdvance]) -> Result<u64, LakeError> {
        let now = chrono::Utc::now().timestamp_millis();
        let ahead = offsets
            .iter()
            .zip(&part.stored)
            .filter(|(advance, stored)| stored.is_none_or(|stored| advance.next > stored));
        let transactions = ahead
            .map(|(advance, _)| Transaction::new_with_last_update(advance.application(feed), advance.next, Some(now)));
        let transactions = transactions.collect();
        let unmoved = |current: &BTreeMap<String, i64>| {
            for (advance, stored) in offsets.iter().zip(&part.stored) {
                let current = current.get(&advance.application(feed)).copied();
                if current != *stored {
                    return Err(fenced(feed, advance, current));
                }
            }
            Ok(())
        };
        let mut log = part.table.log.lock().await;
        let log = log.as_mut().ok_or_else(|| LakeError::defect(&part.table.name, "a prepared table is not open"))?;
        let version = log.append(part.adds, transactions, unmoved).await?;
        self.remember(&part.table.name, version, &part.batches);
        Ok(version)
    }
}

/// Next offsets by topic and partition from a table's application transactions.
pub(super) fn offsets_of(feed: Feed, transactions: &BTreeMap<String, i64>) -> BTreeMap<(String, i32), i64> {
    let prefix = format!("homeward/{feed}/");
    let parse = |(application, &next): (&String, &i64)| {
        let (topic, partition) = application.strip_prefix(&prefix)?.rsplit_once('/')?;
        Some(((topic.to_owned(), partition.parse().ok()?), next))
    };
    transactions.iter().filter_map(parse).collect()
}

/// Stored next offset of each advance, in their order.
fn stored_offsets(feed: Feed, offsets: &[OffsetAdvance], transactions: &BTreeMap<String, i64>) -> Vec<Option<i64>> {
    offsets.iter().map(|advance| transactions.get(&advance.application(feed)).copied()).collect()
}

/// The anchor must hold nothing of a partition, or exactly the offset the batch starts at.
fn check_stored(feed: Feed, offsets: &[OffsetAdvance], stored: &[Option<i64>]) -> Result<(), LakeError> {
    let mut pairs = offsets.iter().zip(stored);
    match pairs.find(|(advance, stored)| stored.is_some_and(|stored| stored != advance.from)) {
        Some((advance, stored)) => Err(fenced(feed, advance, *stored)),
        None => Ok(()),
    }
}

fn fenced(feed: Feed, advance: &OffsetAdvance, stored: Option<i64>) -> LakeError {
    LakeError::Fenced { feed, topic: advance.topic.clone(), partition: advance.partition, from: advance.from, stored }
}

fn check_offsets(commit: &FeedCommit) -> Result<(), LakeError> {
    let anchor = commit.feed.anchor().name();
    if commit.offsets.is_empty() {
        return Err(LakeError::defect(anchor, "a batch without offsets"));
    }
    let mut seen = std::collections::BTreeSet::new();
    for advance in &commit.offsets {
        if advance.next <= advance.from || !seen.insert((&advance.topic, advance.partition)) {
            return Err(LakeError::defect(
                anchor,
                format!("offsets that do not advance, or a partition twice: {advance:?}"),
            ));
        }
    }
    Ok(())
}

/// The rows of `batch` at or beyond the stored offset of their partition. A row outside the batch's offsets is
/// a defect: its offset would never be recorded.
fn new_rows(
    table: &str,
    batch: &RecordBatch,
    offsets: &[OffsetAdvance],
    stored: &[Option<i64>],
) -> Result<RecordBatch, LakeError> {
    let defect = |detail: String| LakeError::defect(table, detail);
    let column = |name: &str| batch.column_by_name(name).ok_or_else(|| defect(format!("rows without a column {name}")));
    let topics = arrow::compute::cast(column("topic")?, &DataType::Utf8).map_err(|error| defect(error.to_string()))?;
    let topics = topics.as_string::<i32>();
    let partitions = column("partition")?.as_primitive_opt::<Int32Type>();
    let at = column("offset")?.as_primitive_opt::<Int64Type>();
    let (Some(partitions), Some(at)) = (partitions, at) else {
        return Err(defect("partition must be Int32 and offset Int64".to_owned()));
    };
    let mut keep = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        let (topic, partition, offset) = (topics.value(row), partitions.value(row), at.value(row));
        let place = offsets.iter().position(|advance| advance.partition == partition && advance.topic == topic);
        let inside = place.filter(|&place| (offsets[place].from..offsets[place].next).contains(&offset));
        let Some(place) = inside else {
            return Err(defect(format!("row at {topic}/{partition} offset {offset} is outside its batch")));
        };
        keep.push(stored[place].is_none_or(|stored| offset >= stored));
    }
    if keep.iter().all(|keep| *keep) {
        return Ok(batch.clone());
    }
    debug_assert_eq!(keep.len(), topics.len());
    filter_record_batch(batch, &BooleanArray::from(keep)).map_err(|error| defect(error.to_string()))
}
