//! Reads what an indicator's SQL returned into cells. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, Int64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use arrow::record_batch::RecordBatch;

use crate::definition::Definition;
use crate::figure::Dimension;

/// The finest cell: one basis, provider, set of areas, stratum and period.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Atom {
    /// Basis of the definition.
    pub basis: Arc<str>,
    /// Provider code.
    pub provider: Arc<str>,
    /// Integrated care board code.
    pub icb: Option<Arc<str>>,
    /// Local care partnership.
    pub lcp: Option<Arc<str>>,
    /// Primary care network code.
    pub pcn: Option<Arc<str>>,
    /// Values of the definition's strata, in its order.
    pub strata: Vec<Arc<str>>,
    /// Name of the period.
    pub period: Arc<str>,
}

/// What a cell holds. All parts are sums over records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AtomValue {
    /// Numerator, or the count of a count indicator.
    pub numerator: i64,
    /// Denominator; none for a count.
    pub denominator: Option<i64>,
    /// Lowest source rank: 1 live, 2 Primary, 3 Refresh; none when no clock counted.
    pub source_rank: Option<i64>,
    /// Companion counts.
    pub counts: BTreeMap<Arc<str>, i64>,
    /// Flags that occur, with the number of records.
    pub flags: BTreeMap<Arc<str>, i64>,
}

impl AtomValue {
    /// Adds another cell: sums, and the lower source rank.
    pub fn add(&mut self, other: &Self) {
        self.numerator += other.numerator;
        self.denominator = match (self.denominator, other.denominator) {
            (Some(one), Some(two)) => Some(one + two),
            (one, two) => one.or(two),
        };
        self.source_rank = match (self.source_rank, other.source_rank) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        for (name, count) in &other.counts {
            *self.counts.entry(Arc::clone(name)).or_default() += count;
        }
        for (name, count) in &other.flags {
            *self.flags.entry(Arc::clone(name)).or_default() += count;
        }
    }

    /// True when nothing was counted: such a cell is absent, not zero.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numerator == 0
            && self.denominator.is_none_or(|denominator| denominator == 0)
            && self.counts.values().all(|count| *count == 0)
            && self.flags.values().all(|count| *count == 0)
    }
}

/// The SQL's columns are not those of the contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResultShapeError {
    /// A column is missing.
    #[error(
        "indicator.sql returns no column '{column}'; it must return basis, provider, icb, lcp, pcn, {strata}period, numerator, denominator and source_rank"
    )]
    Missing {
        /// Its name.
        column: String,
        /// Strata of the definition, each followed by a comma.
        strata: String,
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
    /// A column is neither of the contract nor named count_ or flag_.
    #[error(
        "column '{0}' of indicator.sql is not of the contract; companion counts start with count_, flags with flag_"
    )]
    Unknown(String),
}

/// Reads all rows.
pub(super) fn read(
    definition: &Definition,
    batches: &[RecordBatch],
) -> Result<Vec<(Atom, AtomValue)>, ResultShapeError> {
    let mut cells = Vec::new();
    for batch in batches {
        let columns = Columns::new(definition, batch)?;
        for row in 0..batch.num_rows() {
            let (atom, value) = columns.cell(row)?;
            if !value.is_empty() {
                cells.push((atom, value));
            }
        }
    }
    Ok(cells)
}

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
}

const CONTRACT: [&str; 9] =
    ["basis", "provider", "icb", "lcp", "pcn", "period", "numerator", "denominator", "source_rank"];

impl Columns {
    fn new(definition: &Definition, batch: &RecordBatch) -> Result<Self, ResultShapeError> {
        let strata: Vec<&str> = definition.strata.iter().copied().map(Dimension::as_str).collect();
        let find = |name: &str, wanted: &DataType| column(batch, name, wanted, &strata);
        let text = |name: &str| Ok(find(name, &DataType::Utf8)?.as_string::<i32>().clone());
        let number = |name: &str| Ok(find(name, &DataType::Int64)?.as_primitive::<Int64Type>().clone());
        let (mut counts, mut flags) = (Vec::new(), Vec::new());
        for field in batch.schema().fields() {
            let name = field.name().as_str();
            if let Some(count) = name.strip_prefix("count_") {
                counts.push((Arc::from(count), number(name)?));
            } else if let Some(flag) = name.strip_prefix("flag_") {
                flags.push((Arc::from(flag), number(name)?));
            } else if !CONTRACT.contains(&name) && !strata.contains(&name) {
                return Err(ResultShapeError::Unknown(name.to_owned()));
            }
        }
        Ok(Self {
            basis: text("basis")?,
            provider: text("provider")?,
            icb: text("icb")?,
            lcp: text("lcp")?,
            pcn: text("pcn")?,
            strata: strata.iter().map(|name| Ok(((*name).to_owned(), text(name)?))).collect::<Result<_, _>>()?,
            period: text("period")?,
            numerator: number("numerator")?,
            denominator: number("denominator")?,
            source_rank: number("source_rank")?,
            counts,
            flags,
        })
    }

    fn cell(&self, row: usize) -> Result<(Atom, AtomValue), ResultShapeError> {
        let required = |array: &StringArray, name: &str| {
            text_at(array, row).ok_or_else(|| ResultShapeError::Null(name.to_owned()))
        };
        let strata = self.strata.iter().map(|(name, array)| required(array, name)).collect::<Result<_, _>>()?;
        let atom = Atom {
            basis: required(&self.basis, "basis")?,
            provider: required(&self.provider, "provider")?,
            icb: text_at(&self.icb, row),
            lcp: text_at(&self.lcp, row),
            pcn: text_at(&self.pcn, row),
            strata,
            period: required(&self.period, "period")?,
        };
        let value = AtomValue {
            numerator: number_at(&self.numerator, row).ok_or_else(|| ResultShapeError::Null("numerator".to_owned()))?,
            denominator: number_at(&self.denominator, row),
            source_rank: number_at(&self.source_rank, row),
            counts: self
                .counts
                .iter()
                .map(|(name, array)| (Arc::clone(name), number_at(array, row).unwrap_or(0)))
                .collect(),
            flags: self
                .flags
                .iter()
                .filter_map(|(name, array)| {
                    number_at(array, row).filter(|count| *count != 0).map(|count| (Arc::clone(name), count))
                })
                .collect(),
        };
        Ok((atom, value))
    }
}

fn column(
    batch: &RecordBatch,
    name: &str,
    wanted: &DataType,
    strata: &[&str],
) -> Result<Arc<dyn Array>, ResultShapeError> {
    let found = batch.column_by_name(name).ok_or_else(|| ResultShapeError::Missing {
        column: name.to_owned(),
        strata: strata.iter().map(|stratum| format!("{stratum}, ")).collect(),
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

fn text_at(array: &StringArray, row: usize) -> Option<Arc<str>> {
    array.is_valid(row).then(|| Arc::from(array.value(row)))
}

fn number_at(array: &Int64Array, row: usize) -> Option<i64> {
    array.is_valid(row).then(|| array.value(row))
}
