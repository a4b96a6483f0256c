//! Files into the lake as Kafka would bring them: records one after the other, in batches of the size at which ingest
//! closes one, each decoded on several threads and committed with its offsets.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use homeward_contract::feed::{Feed, Table};
use homeward_contract::identity::PseudonymKeys;
use homeward_ingest::decode::{DecodeContext, Decoded, Place, RawRecord, decode};
use homeward_ingest::file::{FileRecord, read_path};
use homeward_ingest::lake::{FeedCommit, Lake, OffsetAdvance};
use homeward_ingest::pipeline::IngestOptions;

use crate::stand::Fault;

/// Takes files into a lake.
pub(crate) struct Loader {
    lake: Lake,
    keys: PseudonymKeys,
    threads: usize,
    topic: Arc<str>,
    next_offset: i64,
    /// What has been done so far.
    pub(crate) done: Done,
}

/// Rows, commits, and the time that each stage took on the thread that loads.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Done {
    pub(crate) rows: u64,
    pub(crate) commits: u64,
    pub(crate) reading: Duration,
    pub(crate) decoding: Duration,
    pub(crate) committing: Duration,
}

impl Loader {
    pub(crate) fn new(lake: Lake, threads: usize) -> Self {
        Self {
            lake,
            keys: PseudonymKeys::from_secret(1, b"benchmark-key-not-secret"),
            threads,
            topic: Arc::from(Feed::Csds.default_topic()),
            next_offset: 0,
            done: Done::default(),
        }
    }

    /// Takes in every file below `folder`.
    pub(crate) fn load(&mut self, folder: &Path, runtime: &tokio::runtime::Handle) -> Result<(), Fault> {
        let most_bytes = IngestOptions::default().batch_bytes_max;
        let mut files = read_path(folder)?;
        loop {
            let began = Instant::now();
            let (mut records, mut bytes) = (Vec::new(), 0);
            while bytes < most_bytes {
                let Some(record) = files.next().transpose()? else { break };
                bytes += record.key.len() + record.payload.len();
                records.push(record);
            }
            self.done.reading += began.elapsed();
            if records.is_empty() {
                return Ok(());
            }
            self.take(&records, runtime)?;
        }
    }

    fn take(&mut self, records: &[FileRecord], runtime: &tokio::runtime::Handle) -> Result<(), Fault> {
        let began = Instant::now();
        let (from, known_at) = (self.next_offset, Utc::now());
        self.next_offset += i64::try_from(records.len())?;
        let raw: Vec<RawRecord<'_>> = (from..).zip(records).map(|(offset, record)| self.raw(record, offset)).collect();
        let decoded = decode_all(&raw, &self.keys, known_at, self.threads);
        self.done.decoding += began.elapsed();

        let began = Instant::now();
        let mut tables: Vec<(Table, _)> = Vec::new();
        for part in decoded {
            if let Some(refusal) = part.refusals.first() {
                return Err(format!("a row of the load was refused: {refusal:?}").into());
            }
            tables.extend(part.tables);
        }
        let offsets = vec![OffsetAdvance { topic: self.topic.to_string(), partition: 0, from, next: self.next_offset }];
        let commit = FeedCommit { feed: Feed::Csds, tables, quarantine: None, offsets };
        runtime.block_on(self.lake.commit(commit))?;
        self.done.committing += began.elapsed();
        self.done.commits += 1;
        self.done.rows += records.len() as u64;
        Ok(())
    }

    fn raw<'r>(&self, record: &'r FileRecord, offset: i64) -> RawRecord<'r> {
        RawRecord {
            place: Place { topic: Arc::clone(&self.topic), partition: 0, offset },
            key: Some(&record.key),
            payload: Some(&record.payload),
        }
    }
}

/// As ingest does: in order, in as many pieces as there are threads.
fn decode_all(
    records: &[RawRecord<'_>],
    keys: &PseudonymKeys,
    known_at: DateTime<Utc>,
    threads: usize,
) -> Vec<Decoded> {
    let piece = records.len().div_ceil(threads.max(1)).max(1);
    std::thread::scope(|scope| {
        let decoding = |piece| move || decode(Feed::Csds, piece, &DecodeContext::new(keys, known_at));
        let workers: Vec<_> = records.chunks(piece).map(|piece| scope.spawn(decoding(piece))).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}
