//! Cell versions to and from Arrow.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int32Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{
    DataType, Field, Float64Type, Int32Type, Int64Type, Schema, SchemaRef, TimestampMicrosecondType,
};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use chrono::DateTime;

use super::CellVersion;
use crate::book::view::instant_type;
use crate::engine::{Atom, AtomValue, Counts, Place, Texts};
use crate::percentile::Percentile;

/// The history table does not have the columns of this version of Homeward.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "lake table 'figure_version' lacks a readable column '{0}': it was written by another version of Homeward; upgrade Homeward, or move the table aside to compute the figures again"
)]
pub struct HistoryShapeError(pub &'static str);

const STRATA_SEPARATOR: char = '|';

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    Arc::new(Schema::new(vec![
        text("indicator", false),
        Field::new("version", DataType::Int32, false),
        text("basis", false),
        text("provider", false),
        text("icb", true),
        text("lcp", true),
        text("pcn", true),
        text("strata", false),
        text("period", false),
        Field::new("present", DataType::Boolean, false),
        Field::new("numerator", DataType::Int64, true),
        Field::new("denominator", DataType::Int64, true),
        Field::new("source_rank", DataType::Int64, true),
        text("counts", true),
        text("flags", true),
        Field::new("known_at", instant_type(), false),
        text("csds_because", false),
        text("live_because", false),
        text("level", true),
        text("area", true),
        Field::new("percentile", DataType::Float64, true),
    ]))
});

/// Schema of the history table.
#[must_use]
pub fn schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

pub(super) fn to_batch(versions: &[CellVersion]) -> Result<RecordBatch, ArrowError> {
    let text = |read: fn(&CellVersion) -> Option<&str>| -> ArrayRef {
        Arc::new(versions.iter().map(read).collect::<StringArray>())
    };
    let json = |read: fn(&AtomValue) -> &Counts| -> Result<ArrayRef, ArrowError> {
        let counts =
            versions.iter().map(|version| version.value.as_ref().map(read).map(serde_json::to_string).transpose());
        let texts: StringArray =
            counts.collect::<Result<_, _>>().map_err(|error| ArrowError::JsonError(error.to_string()))?;
        Ok(Arc::new(texts))
    };
    let number = |read: fn(&AtomValue) -> Option<i64>| -> ArrayRef {
        let values = versions.iter().map(|version| version.value.as_ref().and_then(read));
        Arc::new(values.collect::<Int64Array>())
    };
    let known_at = versions.iter().map(|version| version.known_at.timestamp_micros());
    let columns: Vec<ArrayRef> = vec![
        text(|version| Some(&version.indicator)),
        Arc::new(versions.iter().map(|version| i32::try_from(version.version).ok()).collect::<Int32Array>()),
        text(|version| Some(&version.atom.basis)),
        text(|version| Some(&version.atom.provider)),
        text(|version| version.atom.icb.as_deref()),
        text(|version| version.atom.lcp.as_deref()),
        text(|version| version.atom.pcn.as_deref()),
        Arc::new(StringArray::from_iter_values(versions.iter().map(|version| version.atom.strata.join("|")))),
        text(|version| Some(&version.atom.period)),
        Arc::new(versions.iter().map(|version| Some(version.value.is_some())).collect::<BooleanArray>()),
        number(|value| Some(value.numerator)),
        number(|value| value.denominator),
        number(|value| value.source_rank),
        json(|value| &value.counts)?,
        json(|value| &value.flags)?,
        Arc::new(TimestampMicrosecondArray::from_iter_values(known_at).with_timezone("UTC")),
        text(|version| Some(&version.csds_because)),
        text(|version| Some(&version.live_because)),
        text(|version| version.atom.place.as_ref().map(|place| place.level.as_str())),
        text(|version| version.atom.place.as_ref().map(|place| &*place.area)),
        Arc::new(versions.iter().map(percentile).collect::<Float64Array>()),
    ];
    RecordBatch::try_new(schema(), columns)
}

fn percentile(version: &CellVersion) -> Option<f64> {
    version.value.as_ref()?.percentile.map(Percentile::value)
}

/// Which cell a version is of, before it is read whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionName<'a> {
    /// Indicator id.
    pub indicator: &'a str,
    /// Basis of the definition.
    pub basis: &'a str,
    /// Name of the period, for example `month:2024-10`.
    pub period: &'a str,
}

pub(super) fn read_batch(
    batch: &RecordBatch,
    wanted: impl Fn(&VersionName<'_>) -> bool,
    texts: &mut Texts,
    versions: &mut Vec<CellVersion>,
) -> Result<(), HistoryShapeError> {
    let columns = Columns::new(batch)?;
    for row in 0..batch.num_rows() {
        let name = VersionName {
            indicator: columns.plain("indicator", row)?,
            basis: columns.plain("basis", row)?,
            period: columns.plain("period", row)?,
        };
        if wanted(&name) {
            versions.push(columns.version(row, texts)?);
        }
    }
    Ok(())
}

struct Columns<'a> {
    texts: BTreeMap<&'static str, &'a StringArray>,
    numbers: BTreeMap<&'static str, &'a Int64Array>,
    version: &'a Int32Array,
    present: &'a BooleanArray,
    percentile: Option<&'a Float64Array>,
    known_at: &'a TimestampMicrosecondArray,
}

const TEXTS: [&str; 11] =
    ["indicator", "basis", "provider", "icb", "lcp", "pcn", "strata", "period", "counts", "flags", "csds_because"];
const NUMBERS: [&str; 3] = ["numerator", "denominator", "source_rank"];

impl<'a> Columns<'a> {
    fn new(batch: &'a RecordBatch) -> Result<Self, HistoryShapeError> {
        let find = |name: &'static str| batch.column_by_name(name).ok_or(HistoryShapeError(name));
        let text = |name: &'static str| find(name)?.as_string_opt::<i32>().ok_or(HistoryShapeError(name));
        let number = |name: &'static str| find(name)?.as_primitive_opt::<Int64Type>().ok_or(HistoryShapeError(name));
        let mut texts = TEXTS.into_iter().map(|name| Ok((name, text(name)?))).collect::<Result<BTreeMap<_, _>, _>>()?;
        texts.insert("live_because", text("live_because")?);
        // A table from before there were levels and percentiles lacks their columns; it holds cells that add up.
        for name in ["level", "area"] {
            if batch.column_by_name(name).is_some() {
                texts.insert(name, text(name)?);
            }
        }
        let percentile = batch
            .column_by_name("percentile")
            .map(|column| column.as_primitive_opt::<Float64Type>().ok_or(HistoryShapeError("percentile")));
        Ok(Self {
            texts,
            numbers: NUMBERS.into_iter().map(|name| Ok((name, number(name)?))).collect::<Result<_, _>>()?,
            version: find("version")?.as_primitive_opt::<Int32Type>().ok_or(HistoryShapeError("version"))?,
            percentile: percentile.transpose()?,
            present: find("present")?.as_boolean_opt().ok_or(HistoryShapeError("present"))?,
            known_at: find("known_at")?
                .as_primitive_opt::<TimestampMicrosecondType>()
                .ok_or(HistoryShapeError("known_at"))?,
        })
    }

    fn plain(&self, name: &'static str, row: usize) -> Result<&'a str, HistoryShapeError> {
        self.optional(name, row).ok_or(HistoryShapeError(name))
    }

    fn optional(&self, name: &'static str, row: usize) -> Option<&'a str> {
        self.texts.get(name).filter(|array| array.is_valid(row)).map(|array| array.value(row))
    }

    fn number(&self, name: &'static str, row: usize) -> Option<i64> {
        self.numbers.get(name).filter(|array| array.is_valid(row)).map(|array| array.value(row))
    }

    fn counts(&self, name: &'static str, row: usize, texts: &mut Texts) -> Result<Counts, HistoryShapeError> {
        let Some(text) = self.optional(name, row) else { return Ok(Counts::default()) };
        let plain: BTreeMap<String, i64> = serde_json::from_str(text).map_err(|_| HistoryShapeError(name))?;
        Ok(plain.into_iter().map(|(name, count)| (texts.text(&name), count)).collect())
    }

    fn percentile(&self, row: usize) -> Result<Option<Percentile>, HistoryShapeError> {
        let held = self.percentile.filter(|array| array.is_valid(row)).map(|array| array.value(row));
        held.map(|value| Percentile::stored(value).ok_or(HistoryShapeError("percentile"))).transpose()
    }

    fn place(&self, row: usize, texts: &mut Texts) -> Result<Option<Place>, HistoryShapeError> {
        let Some(level) = self.optional("level", row) else { return Ok(None) };
        let level = level.parse().map_err(|_| HistoryShapeError("level"))?;
        Ok(Some(Place { level, area: texts.text(self.plain("area", row)?) }))
    }

    fn atom(&self, row: usize, texts: &mut Texts) -> Result<Atom, HistoryShapeError> {
        let strata = self.plain("strata", row)?.split(STRATA_SEPARATOR).filter(|part| !part.is_empty());
        let strata: Vec<_> = strata.map(|stratum| texts.text(stratum)).collect();
        let place = self.place(row, texts)?;
        let mut required = |name| Ok(texts.text(self.plain(name, row)?));
        let (basis, provider, period) = (required("basis")?, required("provider")?, required("period")?);
        let [icb, lcp, pcn] = ["icb", "lcp", "pcn"].map(|name| self.optional(name, row).map(|area| texts.text(area)));
        Ok(Atom { basis, provider, icb, lcp, pcn, strata: texts.list(&strata), period, place })
    }

    fn value(&self, row: usize, texts: &mut Texts) -> Result<AtomValue, HistoryShapeError> {
        Ok(AtomValue {
            numerator: self.number("numerator", row).ok_or(HistoryShapeError("numerator"))?,
            denominator: self.number("denominator", row),
            percentile: self.percentile(row)?,
            source_rank: self.number("source_rank", row),
            counts: self.counts("counts", row, texts)?,
            flags: self.counts("flags", row, texts)?,
        })
    }

    fn version(&self, row: usize, texts: &mut Texts) -> Result<CellVersion, HistoryShapeError> {
        Ok(CellVersion {
            indicator: texts.text(self.plain("indicator", row)?),
            version: u32::try_from(self.version.value(row)).map_err(|_| HistoryShapeError("version"))?,
            atom: self.atom(row, texts)?,
            value: self.present.value(row).then(|| self.value(row, texts)).transpose()?,
            known_at: DateTime::from_timestamp_micros(self.known_at.value(row)).ok_or(HistoryShapeError("known_at"))?,
            csds_because: texts.text(self.plain("csds_because", row)?),
            live_because: texts.text(self.plain("live_because", row)?),
        })
    }
}
