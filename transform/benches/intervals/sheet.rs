//! Rows of tables of states as the decoder leaves them, and the way into the lake.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Int32Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use homeward_contract::feed::{Feed, Table};
use homeward_contract::schema::fact_schema;
use homeward_ingest::lake::{FeedCommit, Lake, OffsetAdvance};
use tokio::runtime::Handle;

use crate::Fault;
use crate::draw::{Micros, guid, mix};

/// Rows of a commit: about what ingest commits while a history is taken in.
const ROWS_A_COMMIT: usize = 100_000;

/// What a column of a row holds.
#[derive(Clone, Copy)]
pub(crate) enum Cell<'a> {
    Nothing,
    Text(&'a str),
    /// A number, a day or an instant.
    Whole(i64),
    Flag(bool),
}

/// What each version of a state begins with.
pub(crate) struct Version<'a> {
    pub(crate) subject: &'a str,
    pub(crate) number: i64,
    pub(crate) told_at: Micros,
    pub(crate) withdrawn: bool,
}

enum Column {
    Text(StringBuilder),
    Small(Int32Builder),
    Large(Int64Builder),
    Day(Date32Builder),
    Instant(TimestampMicrosecondBuilder),
    Flag(BooleanBuilder),
}

/// Rows of one table.
pub(crate) struct Sheet {
    schema: SchemaRef,
    topic: &'static str,
    columns: Vec<Column>,
    rows: usize,
}

impl Sheet {
    pub(crate) fn new(table: Table) -> Result<Self, Fault> {
        let schema = fact_schema(table);
        let column = |data_type: &DataType| {
            Ok(match data_type {
                DataType::Utf8 => Column::Text(StringBuilder::new()),
                DataType::Int32 => Column::Small(Int32Builder::new()),
                DataType::Int64 => Column::Large(Int64Builder::new()),
                DataType::Date32 => Column::Day(Date32Builder::new()),
                DataType::Timestamp(..) => Column::Instant(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
                DataType::Boolean => Column::Flag(BooleanBuilder::new()),
                other => return Err(Fault::from(format!("no rows are made with a column of {other}"))),
            })
        };
        let columns = schema.fields().iter().map(|field| column(field.data_type())).collect::<Result<_, _>>()?;
        Ok(Self { schema, topic: table.feed().default_topic(), columns, rows: 0 })
    }

    /// One version of a state; `item` says what its items hold.
    pub(crate) fn row<'a>(&mut self, version: &Version<'a>, offset: i64, item: impl Fn(&str) -> Cell<'a>) {
        let key = version.subject.bytes().fold(version.number.cast_unsigned(), |key, byte| mix(key ^ u64::from(byte)));
        let id = guid(key);
        let schema = Arc::clone(&self.schema);
        for (field, column) in schema.fields().iter().zip(&mut self.columns) {
            column.push(match field.name().as_str() {
                "event_id" => Cell::Text(&id),
                "source" => Cell::Text("uk.nhs.simulated"),
                "event_type" => Cell::Text(if version.withdrawn { "voided" } else { "recorded" }),
                "event_time" | "known_at" => Cell::Whole(version.told_at),
                "version_id" => Cell::Whole(version.number),
                "subject" => Cell::Text(version.subject),
                "withdrawn" => Cell::Flag(version.withdrawn),
                "topic" => Cell::Text(self.topic),
                "partition" => Cell::Whole(0),
                "offset" => Cell::Whole(offset),
                "pseudonym_key_version" => Cell::Whole(1),
                name => item(name),
            });
        }
        self.rows += 1;
    }

    pub(crate) fn finish(&mut self) -> Result<RecordBatch, Fault> {
        self.rows = 0;
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), self.columns.iter_mut().map(Column::finish).collect())?)
    }
}

impl Column {
    fn push(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            (Self::Text(column), Cell::Text(text)) => column.append_value(text),
            (Self::Small(column), Cell::Whole(number)) => column.append_option(i32::try_from(number).ok()),
            (Self::Day(column), Cell::Whole(number)) => column.append_option(i32::try_from(number).ok()),
            (Self::Large(column), Cell::Whole(number)) => column.append_value(number),
            (Self::Instant(column), Cell::Whole(number)) => column.append_value(number),
            (Self::Flag(column), Cell::Flag(flag)) => column.append_value(flag),
            (Self::Text(column), _) => column.append_null(),
            (Self::Small(column), _) => column.append_null(),
            (Self::Day(column), _) => column.append_null(),
            (Self::Large(column), _) => column.append_null(),
            (Self::Instant(column), _) => column.append_null(),
            (Self::Flag(column), _) => column.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(column) => Arc::new(column.finish()),
            Self::Small(column) => Arc::new(column.finish()),
            Self::Large(column) => Arc::new(column.finish()),
            Self::Day(column) => Arc::new(column.finish()),
            Self::Instant(column) => Arc::new(column.finish()),
            Self::Flag(column) => Arc::new(column.finish()),
        }
    }
}

/// The way into the lake, as ingest commits: Parquet, fsync, offsets.
pub(crate) struct Sink<'l> {
    lake: &'l Lake,
    runtime: Handle,
    sheets: BTreeMap<Table, Sheet>,
    offsets: BTreeMap<Feed, i64>,
    /// Rows committed.
    pub(crate) rows: u64,
}

impl<'l> Sink<'l> {
    pub(crate) fn new(lake: &'l Lake, runtime: &Handle) -> Self {
        let (sheets, offsets) = Default::default();
        Self { lake, runtime: runtime.clone(), sheets, offsets, rows: 0 }
    }

    pub(crate) fn finish(mut self) -> Result<u64, Fault> {
        for (table, mut sheet) in std::mem::take(&mut self.sheets) {
            if sheet.rows > 0 {
                self.commit(table, sheet.finish()?)?;
            }
        }
        Ok(self.rows)
    }

    fn commit(&mut self, table: Table, batch: RecordBatch) -> Result<(), Fault> {
        let from = self.offsets.entry(table.feed()).or_default();
        let count = batch.num_rows();
        commit(self.lake, &self.runtime, (table, batch), *from)?;
        *from += i64::try_from(count)?;
        self.rows += count as u64;
        Ok(())
    }
}

/// Commits rows that begin at an offset.
pub(crate) fn commit(
    lake: &Lake,
    runtime: &Handle,
    (table, batch): (Table, RecordBatch),
    from: i64,
) -> Result<(), Fault> {
    let feed = table.feed();
    let next = from + i64::try_from(batch.num_rows())?;
    let offsets = vec![OffsetAdvance { topic: feed.default_topic().to_owned(), partition: 0, from, next }];
    let commit = FeedCommit { feed, tables: vec![(table, batch)], quarantine: None, offsets };
    runtime.block_on(lake.commit(commit))?;
    Ok(())
}

/// Whoever takes versions of states.
pub(crate) trait Rows {
    /// One version; `item` says what its items hold.
    fn row<'a>(&mut self, table: Table, version: &Version<'a>, item: impl Fn(&str) -> Cell<'a>) -> Result<(), Fault>;
}

impl Rows for Sink<'_> {
    fn row<'a>(&mut self, table: Table, version: &Version<'a>, item: impl Fn(&str) -> Cell<'a>) -> Result<(), Fault> {
        let sheet = match self.sheets.entry(table) {
            Entry::Occupied(own) => own.into_mut(),
            Entry::Vacant(own) => own.insert(Sheet::new(table)?),
        };
        let offset = self.offsets.entry(table.feed()).or_default();
        sheet.row(version, *offset + i64::try_from(sheet.rows)?, item);
        if sheet.rows >= ROWS_A_COMMIT {
            let batch = sheet.finish()?;
            self.commit(table, batch)?;
        }
        Ok(())
    }
}

/// One row alone, as a batch that begins at an offset.
pub(crate) struct Alone {
    pub(crate) offset: i64,
    pub(crate) made: Option<(Table, RecordBatch)>,
}

impl Rows for Alone {
    fn row<'a>(&mut self, table: Table, version: &Version<'a>, item: impl Fn(&str) -> Cell<'a>) -> Result<(), Fault> {
        let mut sheet = Sheet::new(table)?;
        sheet.row(version, self.offset, item);
        self.made = Some((table, sheet.finish()?));
        Ok(())
    }
}
