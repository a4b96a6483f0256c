//! A batch while it is being gathered: records, bytes, age, and how far it moves each partition on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::kafka::Record;
use crate::lake::OffsetAdvance;

/// Records gathered since the last commit, in the order received.
#[derive(Debug, Default)]
pub(super) struct OpenBatch {
    pub(super) records: Vec<Record>,
    bytes: usize,
    opened_at: Option<Instant>,
    spans: Vec<Span>,
}

#[derive(Debug)]
struct Span {
    topic: Arc<str>,
    partition: i32,
    from: i64,
    next: i64,
}

impl OpenBatch {
    pub(super) fn push(&mut self, record: Record, now: Instant) {
        self.bytes += record.bytes();
        self.opened_at.get_or_insert(now);
        let own = |span: &&mut Span| span.partition == record.partition && span.topic == record.topic;
        match self.spans.iter_mut().find(own) {
            Some(span) => span.next = record.offset + 1,
            None => self.spans.push(Span {
                topic: Arc::clone(&record.topic),
                partition: record.partition,
                from: record.due.unwrap_or(record.offset),
                next: record.offset + 1,
            }),
        }
        self.records.push(record);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Time until the batch has to close; nothing while it is empty.
    pub(super) fn time_left(&self, interval: Duration, now: Instant) -> Option<Duration> {
        self.opened_at.map(|opened_at| (opened_at + interval).saturating_duration_since(now))
    }

    pub(super) fn is_due(&self, interval: Duration, bytes_max: usize, now: Instant) -> bool {
        self.bytes >= bytes_max || self.time_left(interval, now).is_some_and(|left| left.is_zero())
    }

    pub(super) fn offsets(&self) -> Vec<OffsetAdvance> {
        let advance = |span: &Span| OffsetAdvance {
            topic: span.topic.to_string(),
            partition: span.partition,
            from: span.from,
            next: span.next,
        };
        self.spans.iter().map(advance).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(partition: i32, offset: i64, due: Option<i64>) -> Record {
        Record { topic: "t".into(), partition, offset, due, key: None, payload: Some(vec![0; 100]) }
    }

    #[test]
    fn spans_begin_where_the_lake_stands_even_across_a_gap() {
        let mut batch = OpenBatch::default();
        let now = Instant::now();
        for record in [record(0, 7, Some(5)), record(1, 3, None), record(0, 8, Some(8)), record(0, 12, Some(9))] {
            batch.push(record, now);
        }
        let advance = |partition, from, next| OffsetAdvance { topic: "t".to_owned(), partition, from, next };
        assert_eq!(batch.offsets(), [advance(0, 5, 13), advance(1, 3, 4)]);
    }

    #[test]
    fn a_batch_closes_by_age_or_by_size() {
        let mut batch = OpenBatch::default();
        let (now, interval) = (Instant::now(), Duration::from_millis(250));
        assert!(!batch.is_due(interval, 1_000, now + Duration::from_secs(60)));
        batch.push(record(0, 0, None), now);
        assert!(!batch.is_due(interval, 1_000, now + Duration::from_millis(249)));
        assert!(batch.is_due(interval, 1_000, now + interval));
        assert!(batch.is_due(interval, 100, now));
        assert_eq!(batch.time_left(interval, now), Some(interval));
    }
}
