//! The cells of every level, straight from the records: distinct people and percentiles do not add up (handbook,
//! statistics section 6), so each area of each level is computed by itself, with and without each stratum. Pure.

use std::sync::Arc;

use arrow::array::{AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;

use super::records::{own_column, sums};
use super::result::{
    Atom, AtomValue, COUNT, EVERY_PROVIDER, EVERY_STRATUM, FLAG, Place, counts_at, flags_at, number_at,
};
use super::tally::Tally;
use super::texts::Texts;
use crate::definition::{Definition, Kind};
use crate::figure::Dimension;
use crate::release::reach::LEVELS;
use crate::snapshot::NATION;

/// Table of the records while their cells are made. No indicator can read it: it is none of the views.
pub(super) const TABLE: &str = "record";

/// How many records have a measure.
const RECORDS: &str = "records";

/// One query for all levels: every record is counted once in each. Of a percentile it makes a row a cell and measure, of
/// distinct people a row a cell.
pub(super) fn sql(definition: &Definition, records: &RecordBatch) -> String {
    let strata: Vec<&str> = definition.strata.iter().map(|stratum| stratum.as_str()).collect();
    let levels = LEVELS.into_iter().filter(|level| *level != Dimension::Nation).map(Dimension::as_str);
    let areas: Vec<Option<&str>> = levels.map(Some).chain([None]).collect();
    let mut sets = Vec::new();
    for area in &areas {
        for chosen in 0_u32..1 << strata.len() {
            let broken_down = strata.iter().enumerate().filter(|(index, _)| chosen & (1 << index) != 0);
            let columns = ["basis", "period"].into_iter().chain(*area).chain(broken_down.map(|(_, name)| *name));
            let columns = columns.chain(definition.quantile.map(|_| own_column(definition.kind)));
            sets.push(format!("({})", columns.map(quoted).collect::<Vec<_>>().join(", ")));
        }
    }
    let own = quoted(own_column(definition.kind));
    let own = match definition.kind {
        Kind::Quantile => format!("{own}, count({own}) AS {RECORDS}"),
        _ => format!("count(DISTINCT {own}) AS {own}"),
    };
    let grouped = ["basis", "period"].into_iter().chain(areas.iter().copied().flatten()).chain(strata).map(quoted);
    let summed = sums(records).map(|name| format!("sum({name}) AS {name}", name = quoted(name)));
    let rank = "min(source_rank) AS source_rank".to_owned();
    let selected: Vec<String> = grouped.chain([own, rank]).chain(summed).collect();
    format!("SELECT {} FROM {TABLE} GROUP BY GROUPING SETS ({})", selected.join(", "), sets.join(", "))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What each cell takes from its records.
enum Own {
    /// How many distinct people.
    People(Int64Array),
    /// A measure, and how many records have it.
    Measure(Int64Array, Int64Array),
}

struct Columns {
    basis: StringArray,
    period: StringArray,
    areas: Vec<(Dimension, StringArray)>,
    strata: Vec<StringArray>,
    own: Own,
    source_rank: Int64Array,
    counts: Vec<(Arc<str>, Int64Array)>,
    flags: Vec<(Arc<str>, Int64Array)>,
}

/// Reads the cells that [`sql`] made; `None` when they do not have its columns, a defect.
pub(super) fn read(definition: &Definition, cells: &RecordBatch, mut take: impl FnMut(Atom, Tally)) -> Option<()> {
    let (columns, mut texts) = (Columns::new(definition, cells)?, Texts::default());
    (0..cells.num_rows()).for_each(|row| take(columns.atom(row, &mut texts), columns.tally(row)));
    Some(())
}

impl Columns {
    fn new(definition: &Definition, cells: &RecordBatch) -> Option<Self> {
        let text = |name: &str| cells.column_by_name(name)?.as_string_opt::<i32>().cloned();
        let number = |name: &str| cells.column_by_name(name)?.as_primitive_opt::<Int64Type>().cloned();
        let named = |prefix: &'static str| {
            let names = sums(cells).filter_map(move |name| Some((name, name.strip_prefix(prefix)?)));
            names.map(|(column, name)| Some((Arc::from(name), number(column)?))).collect::<Option<Vec<_>>>()
        };
        let levels = LEVELS.into_iter().filter(|level| *level != Dimension::Nation);
        let own = own_column(definition.kind);
        Some(Self {
            basis: text("basis")?,
            period: text("period")?,
            areas: levels.map(|level| Some((level, text(level.as_str())?))).collect::<Option<_>>()?,
            strata: definition.strata.iter().map(|stratum| text(stratum.as_str())).collect::<Option<_>>()?,
            own: match definition.quantile {
                Some(_) => Own::Measure(number(own)?, number(RECORDS)?),
                None => Own::People(number(own)?),
            },
            source_rank: number("source_rank")?,
            counts: named(COUNT)?,
            flags: named(FLAG)?,
        })
    }

    /// The columns that a cell is not grouped by are empty in it, and those it is grouped by never are.
    fn atom(&self, row: usize, texts: &mut Texts) -> Atom {
        let area = self.areas.iter().find_map(|(level, areas)| Some((*level, texts.at(areas, row)?)));
        let (level, area) = area.unwrap_or_else(|| (Dimension::Nation, texts.text(NATION)));
        let own_provider = (level == Dimension::Provider).then(|| Arc::clone(&area));
        let mut stratum = |values: &StringArray| texts.at(values, row).unwrap_or_else(|| texts.text(EVERY_STRATUM));
        let strata: Vec<_> = self.strata.iter().map(&mut stratum).collect();
        Atom {
            basis: texts.text(self.basis.value(row)),
            provider: own_provider.unwrap_or_else(|| texts.text(EVERY_PROVIDER)),
            icb: None,
            lcp: None,
            pcn: None,
            strata: texts.list(&strata),
            period: texts.text(self.period.value(row)),
            place: Some(Place { level, area }),
        }
    }

    fn tally(&self, row: usize) -> Tally {
        let (counts, flags) = (counts_at(&self.counts, row), flags_at(&self.flags, row));
        let source_rank = number_at(&self.source_rank, row);
        let sums = AtomValue { source_rank, counts, flags, ..AtomValue::default() };
        match &self.own {
            Own::People(people) => AtomValue { numerator: number_at(people, row).unwrap_or(0), ..sums }.into(),
            Own::Measure(measures, records) => {
                Tally::of_measure(sums, number_at(measures, row), number_at(records, row).unwrap_or(0))
            }
        }
    }
}
