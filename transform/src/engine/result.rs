//! Cells, and reading them from what the SQL of an indicator that adds up returned. Pure.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, AsArray, Int64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use arrow::record_batch::RecordBatch;

use super::counts::Counts;
use super::texts::Texts;
use crate::definition::{Definition, Kind};
use crate::figure::Dimension;
use crate::percentile::Percentile;
use crate::standardised;

/// Stands for the provider in a cell of all of them.
pub const EVERY_PROVIDER: &str = "*";

/// Stands for a stratum in a cell that is not broken down by it.
pub const EVERY_STRATUM: &str = "all";

/// The one area that a cell of a figure is of that does not add up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Its level: provider, ICB, region, LCP, PCN or nation.
    pub level: Dimension,
    /// What the area is called in that dimension.
    pub area: Arc<str>,
}

/// A cell. Where figures add up it is the finest one: one basis, provider, set of areas, stratum and period. Where they do
/// not, each area of each level has a cell of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Atom {
    /// Basis of the definition.
    pub basis: Arc<str>,
    /// Provider code, or [`EVERY_PROVIDER`].
    pub provider: Arc<str>,
    /// Integrated care board code.
    pub icb: Option<Arc<str>>,
    /// Local care partnership.
    pub lcp: Option<Arc<str>>,
    /// Primary care network code.
    pub pcn: Option<Arc<str>>,
    /// Values of the definition's strata, in its order, or [`EVERY_STRATUM`].
    pub strata: Arc<[Arc<str>]>,
    /// Name of the period.
    pub period: Arc<str>,
    /// The area of a cell that does not add up; the areas above are then empty.
    pub place: Option<Place>,
}

/// By their parts, in their order. Cells of a run share texts, so that most comparisons look at no letter.
impl Ord for Atom {
    fn cmp(&self, other: &Self) -> Ordering {
        let area = |one: &Option<Arc<str>>, two: &Option<Arc<str>>| match (one, two) {
            (Some(one), Some(two)) => order(one, two),
            (one, two) => one.is_some().cmp(&two.is_some()),
        };
        order(&self.basis, &other.basis)
            .then_with(|| order(&self.provider, &other.provider))
            .then_with(|| area(&self.icb, &other.icb))
            .then_with(|| area(&self.lcp, &other.lcp))
            .then_with(|| area(&self.pcn, &other.pcn))
            .then_with(|| order(&self.strata, &other.strata))
            .then_with(|| order(&self.period, &other.period))
            .then_with(|| self.place.cmp(&other.place))
    }
}

fn order<T: Ord + ?Sized>(one: &Arc<T>, two: &Arc<T>) -> Ordering {
    if Arc::ptr_eq(one, two) { Ordering::Equal } else { one.cmp(two) }
}

impl PartialOrd for Atom {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What a cell holds. All parts are sums over records, but for distinct people and percentiles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AtomValue {
    /// Numerator, or the count of a count indicator; 0 for a percentile.
    pub numerator: i64,
    /// Denominator; none for a count; for a percentile the number of its records.
    pub denominator: Option<i64>,
    /// The percentile; none for other kinds, and where there was nothing to take it of.
    pub percentile: Option<Percentile>,
    /// Lowest source rank: 1 live, 2 Primary, 3 Refresh; none when no clock counted.
    pub source_rank: Option<i64>,
    /// Companion counts.
    pub counts: Counts,
    /// Flags that occur, with the number of records.
    pub flags: Counts,
}

impl AtomValue {
    /// Adds another cell: sums, and the lower source rank. Two percentiles have no sum, so that none comes out wrong.
    pub fn add(&mut self, other: &Self) {
        self.percentile = self.percentile.xor(other.percentile);
        self.numerator += other.numerator;
        self.denominator = match (self.denominator, other.denominator) {
            (Some(one), Some(two)) => Some(one + two),
            (one, two) => one.or(two),
        };
        self.source_rank = match (self.source_rank, other.source_rank) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        self.counts.add(&other.counts);
        self.flags.add(&other.flags);
    }

    /// True when nothing was counted: such a cell is absent, not zero.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numerator == 0
            && self.denominator.is_none_or(|denominator| denominator == 0)
            && self.counts.are_zero()
            && self.flags.are_zero()
    }
}

/// The SQL's columns are not those of the contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResultShapeError {
    /// A column is missing.
    #[error("indicator.sql returns no column '{column}'; an indicator of this kind must return {wanted}")]
    Missing {
        /// Its name.
        column: String,
        /// Every column that it must return.
        wanted: String,
    },
    /// A column has a type that cannot be read.
    #[error("column '{column}' of indicator.sql has type {found}, wanted {wanted}; cast it")]
    Type {
        /// Its name.
        column: String,
        /// Type returned.
        found: DataType,
        /// Type wanted.
        wanted: DataType,
    },
    /// A value that may not be null is.
    #[error(
        "column '{0}' of indicator.sql is null in a row; basis, provider, strata, period and numerator must always have a value"
    )]
    Null(String),
    /// A stratum bears the name of the cell that is not broken down by it.
    #[error(
        "column '{0}' of indicator.sql is '{EVERY_STRATUM}' in a row, which stands for every value; call it otherwise"
    )]
    Reserved(String),
    /// A column is neither of the contract nor named count_ or flag_.
    #[error(
        "column '{0}' of indicator.sql is not of the contract; companion counts start with count_, flags with flag_"
    )]
    Unknown(String),
}

/// Reads all rows, and gives each cell to `take`.
pub(super) fn read(
    definition: &Definition,
    batches: &[RecordBatch],
    mut take: impl FnMut(Atom, AtomValue),
) -> Result<(), ResultShapeError> {
    let mut texts = Texts::default();
    for batch in batches {
        let columns = Columns::new(definition, batch)?;
        for row in 0..batch.num_rows() {
            let (atom, value) = columns.cell(row, &mut texts)?;
            let value = columns.by_band(definition, row, value);
            if !value.is_empty() {
                take(atom, value);
            }
        }
    }
    Ok(())
}

/// What the names of companion counts begin with.
pub(super) const COUNT: &str = "count_";
/// What the names of flags begin with.
pub(super) const FLAG: &str = "flag_";

struct Columns {
    basis: StringArray,
    provider: StringArray,
    icb: StringArray,
    lcp: StringArray,
    pcn: StringArray,
    strata: Vec<(String, StringArray)>,
    period: StringArray,
    numerator: Int64Array,
    denominator: Int64Array,
    source_rank: Int64Array,
    counts: Vec<(Arc<str>, Int64Array)>,
    flags: Vec<(Arc<str>, Int64Array)>,
    /// Age and sum of squares, of a standardised rate.
    by_age: Option<[Int64Array; 2]>,
}

impl Columns {
    fn new(definition: &Definition, batch: &RecordBatch) -> Result<Self, ResultShapeError> {
        check_names(definition, batch)?;
        let text = |name: &str| text_column(definition, batch, name);
        let number = |name: &str| number_column(definition, batch, name);
        let strata = definition.strata.iter().copied().map(Dimension::as_str);
        let by_age = match definition.kind {
            Kind::Standardised => Some([number("age_years")?, number("numerator_squared")?]),
            _ => None,
        };
        let schema = batch.schema();
        let named =
            |prefix: &'static str| schema.fields().iter().filter_map(move |field| field.name().strip_prefix(prefix));
        let counts = named(COUNT).map(|name| Ok((Arc::from(name), number(&format!("{COUNT}{name}"))?)));
        let flags = named(FLAG).map(|name| Ok((Arc::from(name), number(&format!("{FLAG}{name}"))?)));
        Ok(Self {
            basis: text("basis")?,
            provider: text("provider")?,
            icb: text("icb")?,
            lcp: text("lcp")?,
            pcn: text("pcn")?,
            strata: strata.map(|name| Ok((name.to_owned(), text(name)?))).collect::<Result<_, _>>()?,
            period: text("period")?,
            numerator: number("numerator")?,
            denominator: match by_age {
                Some(_) => Int64Array::new_null(batch.num_rows()),
                None => number("denominator")?,
            },
            source_rank: number("source_rank")?,
            counts: counts.collect::<Result<_, _>>()?,
            flags: flags.collect::<Result<_, _>>()?,
            by_age,
        })
    }

    fn cell(&self, row: usize, texts: &mut Texts) -> Result<(Atom, AtomValue), ResultShapeError> {
        let mut required = |array: &StringArray, name: &str| {
            texts.at(array, row).ok_or_else(|| ResultShapeError::Null(name.to_owned()))
        };
        let strata = self.strata.iter().map(|(name, array)| required(array, name)).collect::<Result<Vec<_>, _>>()?;
        let (basis, provider) = (required(&self.basis, "basis")?, required(&self.provider, "provider")?);
        let period = required(&self.period, "period")?;
        let [icb, lcp, pcn] = [&self.icb, &self.lcp, &self.pcn].map(|areas| texts.at(areas, row));
        let strata = texts.list(&strata);
        let atom = Atom { basis, provider, icb, lcp, pcn, strata, period, place: None };
        let value = AtomValue {
            numerator: number_at(&self.numerator, row).ok_or_else(|| ResultShapeError::Null("numerator".to_owned()))?,
            denominator: number_at(&self.denominator, row),
            percentile: None,
            source_rank: number_at(&self.source_rank, row),
            counts: counts_at(&self.counts, row),
            flags: flags_at(&self.flags, row),
        };
        Ok((atom, value))
    }

    /// What a row of an age brings to its cell, where the figure is standardised.
    fn by_band(&self, definition: &Definition, row: usize, value: AtomValue) -> AtomValue {
        let Some([age_years, squared]) = &self.by_age else { return value };
        let squared = number_at(squared, row).unwrap_or(0);
        standardised::put(definition, number_at(age_years, row), squared, value)
    }
}

/// Refuses a column that is neither of the contract nor named as a count or flag.
pub(super) fn check_names(definition: &Definition, batch: &RecordBatch) -> Result<(), ResultShapeError> {
    let is_own = |name: &str| name.starts_with(COUNT) || name.starts_with(FLAG);
    let is_stratum = |name: &str| definition.strata.iter().any(|stratum| stratum.as_str() == name);
    let is_known = |name: &str| is_own(name) || is_stratum(name) || definition.kind.columns().contains(&name);
    match batch.schema().fields().iter().find(|field| !is_known(field.name())) {
        Some(unknown) => Err(ResultShapeError::Unknown(unknown.name().clone())),
        None => Ok(()),
    }
}

/// A column of text, whatever Arrow type the SQL gave it.
pub(super) fn text_column(
    definition: &Definition,
    batch: &RecordBatch,
    name: &str,
) -> Result<StringArray, ResultShapeError> {
    Ok(column(definition, batch, name, &DataType::Utf8)?.as_string::<i32>().clone())
}

/// A column of whole numbers.
pub(super) fn number_column(
    definition: &Definition,
    batch: &RecordBatch,
    name: &str,
) -> Result<Int64Array, ResultShapeError> {
    Ok(column(definition, batch, name, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
}

fn column(
    definition: &Definition,
    batch: &RecordBatch,
    name: &str,
    wanted: &DataType,
) -> Result<Arc<dyn Array>, ResultShapeError> {
    let found = batch.column_by_name(name).ok_or_else(|| {
        let strata = definition.strata.iter().map(|stratum| stratum.as_str());
        let columns: Vec<&str> = definition.kind.columns().iter().copied().chain(strata).collect();
        ResultShapeError::Missing { column: name.to_owned(), wanted: columns.join(", ") }
    })?;
    let readable = found.data_type().is_null()
        || match wanted {
            DataType::Utf8 => matches!(found.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
            _ => found.data_type().is_integer(),
        };
    let mismatch =
        || ResultShapeError::Type { column: name.to_owned(), found: found.data_type().clone(), wanted: wanted.clone() };
    if !readable {
        return Err(mismatch());
    }
    cast(found, wanted).map_err(|_| mismatch())
}

pub(super) fn number_at(array: &Int64Array, row: usize) -> Option<i64> {
    array.is_valid(row).then(|| array.value(row))
}

/// The companion counts of a row: all of them, 0 for null.
pub(super) fn counts_at(columns: &[(Arc<str>, Int64Array)], row: usize) -> Counts {
    columns.iter().map(|(name, column)| (Arc::clone(name), number_at(column, row).unwrap_or(0))).collect()
}

/// The flags of a row that occur.
pub(super) fn flags_at(columns: &[(Arc<str>, Int64Array)], row: usize) -> Counts {
    let occurs = |column| number_at(column, row).filter(|count| *count != 0);
    columns.iter().filter_map(|(name, column)| Some((Arc::clone(name), occurs(column)?))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text() -> impl Strategy<Value = Arc<str>> {
        "[ab]?".prop_map(Arc::from)
    }

    prop_compose! {
        fn atom()(
            [basis, provider, period] in [text(), text(), text()],
            [icb, lcp, pcn] in [prop::option::of(text()), prop::option::of(text()), prop::option::of(text())],
            strata in prop::collection::vec(text(), 0..3).prop_map(Arc::from),
            area in prop::option::of(text()),
        ) -> Atom {
            let place = area.map(|area| Place { level: Dimension::Lcp, area });
            Atom { basis, provider, icb, lcp, pcn, strata, period, place }
        }
    }

    proptest! {
        /// Two cells are equal in their order exactly when they are equal, and all their parts decide, in their order.
        #[test]
        fn cells_are_in_the_order_of_their_parts(one in atom(), two in atom()) {
            let parts = |atom: &Atom| {
                let Atom { basis, provider, icb, lcp, pcn, strata, period, place } = atom.clone();
                (basis, provider, icb, lcp, pcn, strata, period, place)
            };
            prop_assert_eq!(one.cmp(&two), parts(&one).cmp(&parts(&two)));
            prop_assert_eq!(one.cmp(&two).is_eq(), one == two);
            prop_assert!(one.cmp(&one.clone()).is_eq());
        }
    }
}
