//! The newest version of every subject of one table. Pure.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, make_comparator, new_empty_array};
use arrow::compute::{SortOptions, cast, concat_batches, interleave};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use homeward_contract::feed::Table;
use homeward_contract::schema::fact_schema;
use homeward_contract::state::{Role, items};

use super::chunk::{Chunk, Place};
use crate::book::rank::{EventId, EventRank};
use crate::book::read::{FactShapeError, Facts};
use crate::spans::Span;

/// Batches are joined up to this many rows.
const JOINED_ROWS_MAX: usize = 65_536;

/// A subject whose newest version is another one than before. The rows can be read until [`Store::tidy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The subject's number.
    pub subject: u32,
    /// Its row before; none when it was not known, or withdrawn.
    pub old: Option<Place>,
    /// Its row now; none when it is withdrawn.
    pub new: Option<Place>,
}

/// The states of one table.
pub struct Store {
    table: Table,
    /// Columns kept: the items, and when the source recorded them.
    schema: SchemaRef,
    /// Columns of an interval's begin and end, among those kept.
    interval: Option<(usize, usize)>,
    index: HashMap<Arc<str>, u32, ahash::RandomState>,
    subjects: Vec<Held>,
    chunks: Vec<Chunk>,
}

struct Held {
    name: Arc<str>,
    rank: EventRank,
    place: Option<Place>,
}

impl Store {
    /// An empty store of a table whose rows are versions of states.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self::of_columns(table, |_| true)
    }

    /// The same, of the items that are wanted: of two versions of one rank these decide, and no others are held.
    #[must_use]
    pub fn of_columns(table: Table, is_wanted: impl Fn(&str) -> bool) -> Self {
        let items = items(table.feed());
        let columns = items.iter().filter(|item| item.name != "reason").filter_map(|item| item.column);
        let kept: Vec<&str> = std::iter::once("event_time").chain(columns.filter(|column| is_wanted(column))).collect();
        let facts = fact_schema(table);
        let fields = kept.iter().filter_map(|column| facts.field_with_name(column).ok().cloned());
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let of_role = |role: Role| items.iter().find(|item| item.role == role).and_then(|item| item.column);
        let place = |name: &str| schema.index_of(name).ok();
        let interval = of_role(Role::Start).and_then(place).zip(of_role(Role::End).and_then(place));
        Self { table, schema, interval, index: HashMap::default(), subjects: Vec::new(), chunks: Vec::new() }
    }

    /// Takes the rows of one batch and tells what they change, in order.
    ///
    /// # Errors
    /// When the batch does not have the table's columns; nothing is then taken.
    pub fn apply(&mut self, batch: &RecordBatch) -> Result<Vec<Change>, FactShapeError> {
        let facts = Facts::new(self.table.name(), batch);
        let (names, ids) = (facts.text("subject")?, facts.text("event_id")?);
        let (versions, times) = (facts.long("version_id")?, facts.instant("event_time")?);
        let withdrawn = facts.flag("withdrawn")?;
        let rows = self.project(batch)?;
        let chunk = u32::try_from(self.chunks.len()).unwrap_or(u32::MAX);
        let count = rows.num_rows();
        let subjects: Vec<u32> = (0..count).map(|row| self.number(names.value(row))).collect();
        self.chunks.push(Chunk { rows, subjects, standing: 0 });
        let mut changes = Vec::new();
        for row in 0..count {
            let subject = self.chunks[chunk as usize].subjects[row];
            let rank =
                EventRank { version: versions.value(row), time: times.value(row), id: EventId::parse(ids.value(row)) };
            let own = Place { chunk, row: u32::try_from(row).unwrap_or(u32::MAX) };
            let new = (!withdrawn.value(row)).then_some(own);
            let held = &self.subjects[subject as usize];
            if self.is_newer((&rank, new), held) {
                let old = held.place;
                let held = &mut self.subjects[subject as usize];
                (held.rank, held.place) = (rank, new);
                for (place, change) in [(old, -1_isize), (new, 1)] {
                    let Some(place) = place else { continue };
                    let standing = &mut self.chunks[place.chunk as usize].standing;
                    *standing = standing.saturating_add_signed(change);
                }
                if old.is_some() || new.is_some() {
                    changes.push(Change { subject, old, new });
                }
            }
        }
        Ok(changes)
    }

    /// The kept columns of a batch.
    fn project(&self, batch: &RecordBatch) -> Result<RecordBatch, FactShapeError> {
        let lacks = |wanted: &Field| FactShapeError {
            table: self.table.name(),
            // The contract's own name of the column, which lives as long as the program.
            column: items(self.table.feed())
                .iter()
                .filter_map(|item| item.column)
                .find(|own| own == wanted.name())
                .unwrap_or("event_time"),
            wanted: wanted.data_type().clone(),
        };
        let columns = self.schema.fields().iter().map(|wanted| {
            let found = batch.column_by_name(wanted.name()).ok_or_else(|| lacks(wanted))?;
            match (found.data_type(), wanted.data_type()) {
                (found_type, wanted_type) if found_type == wanted_type => Ok(Arc::clone(found)),
                // UTC has several names.
                (DataType::Timestamp(TimeUnit::Microsecond, _), DataType::Timestamp(_, _)) => {
                    cast(found, wanted.data_type()).map_err(|_| lacks(wanted))
                }
                _ => Err(lacks(wanted)),
            }
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let first = self.schema.field(0);
        RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(|_| lacks(first))
    }

    /// The number of a subject; a new one begins older than any version.
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.index.get(name) {
            return *number;
        }
        let number = u32::try_from(self.subjects.len()).unwrap_or(u32::MAX);
        let name: Arc<str> = Arc::from(name);
        let rank = EventRank { version: i64::MIN, time: i64::MIN, id: EventId::Guid(0) };
        self.subjects.push(Held { name: Arc::clone(&name), rank, place: None });
        self.index.insert(name, number);
        number
    }

    /// Of two versions of one rank the withdrawal, else the one whose items are greater: whatever came first.
    fn is_newer(&self, (rank, new): (&EventRank, Option<Place>), held: &Held) -> bool {
        rank.cmp(&held.rank).then_with(|| match (new, held.place) {
            (None, Some(_)) => Ordering::Greater,
            (Some(new), Some(old)) => self.compare(new, old),
            (_, None) => Ordering::Less,
        }) == Ordering::Greater
    }

    fn compare(&self, one: Place, two: Place) -> Ordering {
        let (one_rows, two_rows) = (&self.chunks[one.chunk as usize].rows, &self.chunks[two.chunk as usize].rows);
        let columns = one_rows.columns().iter().zip(two_rows.columns());
        let orders = columns.map(|(first, second)| {
            make_comparator(first, second, SortOptions::default())
                .map_or(Ordering::Equal, |order| order(one.row as usize, two.row as usize))
        });
        orders.fold(Ordering::Equal, Ordering::then)
    }

    /// Number of subjects known, the withdrawn ones too.
    #[must_use]
    pub fn len(&self) -> usize {
        self.subjects.len()
    }

    /// True when nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// What a subject is called.
    #[must_use]
    pub fn name(&self, subject: u32) -> &str {
        &self.subjects[subject as usize].name
    }

    /// Where a subject's row is; none when it is withdrawn.
    #[must_use]
    pub fn place(&self, subject: u32) -> Option<Place> {
        self.subjects[subject as usize].place
    }

    /// Every subject that is not withdrawn.
    pub fn standing(&self) -> impl Iterator<Item = u32> + '_ {
        let numbers = 0..u32::try_from(self.subjects.len()).unwrap_or(u32::MAX);
        numbers.filter(|number| self.subjects[*number as usize].place.is_some())
    }

    /// The subjects whose interval touches a span of points: it begins before its end, and does not end before its begin.
    /// Points are microseconds, or days where the table holds dates. A table without intervals gives none.
    ///
    /// # Errors
    /// When Arrow refuses a column, which the schema rules out.
    pub fn touching(&self, span: Span) -> Result<Vec<u32>, ArrowError> {
        let Some(interval) = self.interval else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for (number, chunk) in (0_u32..).zip(&self.chunks) {
            let mask = chunk.touching(interval, span)?;
            for row in mask.values().set_indices() {
                let subject = chunk.subjects[row];
                if self.is_at(subject, number, row) {
                    found.push(subject);
                }
            }
        }
        Ok(found)
    }

    fn is_at(&self, subject: u32, chunk: u32, row: usize) -> bool {
        self.place(subject).is_some_and(|place| place.chunk == chunk && place.row as usize == row)
    }

    /// The batch and the number of a row.
    #[must_use]
    pub fn row(&self, place: Place) -> (&RecordBatch, usize) {
        (&self.chunks[place.chunk as usize].rows, place.row as usize)
    }

    /// A column of the rows at some places.
    ///
    /// # Errors
    /// When no such column is kept.
    pub fn column(&self, name: &str, places: &[Place]) -> Result<ArrayRef, ArrowError> {
        let column = self.schema.index_of(name)?;
        if places.is_empty() {
            return Ok(new_empty_array(self.schema.field(column).data_type()));
        }
        let held: Vec<&dyn Array> = self.chunks.iter().map(|chunk| chunk.rows.column(column).as_ref()).collect();
        let indices: Vec<(usize, usize)> =
            places.iter().map(|place| (place.chunk as usize, place.row as usize)).collect();
        interleave(&held, &indices)
    }

    /// Lets superseded rows go and joins small batches. Places found before are then void.
    ///
    /// # Errors
    /// When Arrow refuses to copy rows, which the schema rules out.
    pub fn tidy(&mut self) -> Result<(), ArrowError> {
        for chunk in 0..self.chunks.len() {
            if self.chunks[chunk].is_mostly_dead() {
                self.rewrite(chunk)?;
            }
        }
        // As in a binary counter, each row is copied as often as the number of rows has digits.
        while let [.., before, last] = self.chunks.as_slice() {
            let (before_rows, last_rows) = (before.subjects.len(), last.subjects.len());
            if before_rows > 2 * last_rows || before_rows + last_rows > JOINED_ROWS_MAX {
                break;
            }
            let number = self.chunks.len() - 2;
            let joined = concat_batches(&before.rows.schema(), [&before.rows, &last.rows])?;
            let (before_standing, last_standing) = (before.standing, last.standing);
            let offset = u32::try_from(before_rows).unwrap_or(u32::MAX);
            let Some(last) = self.chunks.pop() else { break };
            let chunk = &mut self.chunks[number];
            chunk.rows = joined;
            chunk.standing = before_standing + last_standing;
            chunk.subjects.extend(&last.subjects);
            let to = u32::try_from(number).unwrap_or(u32::MAX);
            for (row, subject) in (0_u32..).zip(last.subjects) {
                let place = &mut self.subjects[subject as usize].place;
                if *place == Some(Place { chunk: to + 1, row }) {
                    *place = Some(Place { chunk: to, row: row + offset });
                }
            }
        }
        Ok(())
    }

    fn rewrite(&mut self, number: usize) -> Result<(), ArrowError> {
        let chunk = &self.chunks[number];
        let own = u32::try_from(number).unwrap_or(u32::MAX);
        let rows: Vec<u32> = (0_u32..)
            .zip(&chunk.subjects)
            .filter(|(row, subject)| self.is_at(**subject, own, *row as usize))
            .map(|(row, _)| row)
            .collect();
        let kept = chunk.keep(&rows)?;
        for (row, subject) in (0_u32..).zip(&kept.subjects) {
            self.subjects[*subject as usize].place = Some(Place { chunk: own, row });
        }
        self.chunks[number] = kept;
        Ok(())
    }

    /// Rows held, and how many of them stand.
    #[must_use]
    pub fn rows_held(&self) -> (usize, usize) {
        let sum = |read: fn(&Chunk) -> usize| self.chunks.iter().map(read).sum();
        (sum(|chunk| chunk.subjects.len()), sum(|chunk| chunk.standing))
    }

    /// Number of batches.
    #[must_use]
    pub fn batches_held(&self) -> usize {
        self.chunks.len()
    }
}
