//! Published figures into their fact table.

use std::borrow::Cow;

use arrow::array::RecordBatch;
use homeward_contract::feed::Table;
use homeward_contract::published::PublishedFigure;
use homeward_contract::reject::RejectCode;
use homeward_contract::schema::{self, Source, fact_schema};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::columns::{Columns, Value};
use super::csds_plan::place;
use super::fault::Fault;
use super::{DecodeContext, RawRecord};

#[derive(Deserialize)]
struct Wire<'p> {
    #[serde(borrow)]
    figure: Option<&'p RawValue>,
}

/// Collects the accepted figures of one batch.
pub(super) struct PublishedDecoder<'c> {
    context: &'c DecodeContext<'c>,
    columns: Columns,
}

impl<'c> PublishedDecoder<'c> {
    pub(super) fn new(context: &'c DecodeContext<'c>, capacity_rows: usize) -> Self {
        Self { context, columns: Columns::new(fact_schema(Table::PublishedFigure), capacity_rows) }
    }

    /// Decodes one record and appends it.
    ///
    /// # Errors
    /// The fault for which the record is refused; nothing is kept then.
    pub(super) fn read(&mut self, record: &RawRecord<'_>, payload: &[u8]) -> Result<(), Fault> {
        let wire: Wire<'_> = serde_json::from_slice(payload)
            .map_err(|error| Fault::json(&error, payload, RejectCode::WrongPublishedKind))?;
        // The wire type would also take a list of its members in order; the contract does not.
        if payload.trim_ascii_start().first() != Some(&b'{') {
            return Err(Fault::new(RejectCode::NotAnObject));
        }
        let raw = wire.figure.ok_or_else(|| Fault::new(RejectCode::WrongPublishedKind))?;
        let figure = PublishedFigure::from_json(raw.get())
            .map_err(|member| Fault::item(RejectCode::BadPublishedFigure, member))?;
        if record.key.ok_or_else(|| Fault::new(RejectCode::MissingKey))? != figure.organisation.as_bytes() {
            return Err(Fault::new(RejectCode::PublishedKeyMismatch));
        }
        let text = |text: String| Value::Text(Cow::Owned(text));
        let word = |word: &'static str| Value::Text(Cow::Borrowed(word));
        let own = [
            text(figure.load),
            Value::instant(figure.loaded_at),
            text(figure.workbook),
            word(figure.measure.as_str()),
            text(figure.organisation),
            word(figure.level.as_str()),
            Value::day(figure.month),
            figure.value.map_or(Value::Null, Value::Real),
            Value::Whole(i64::from(figure.decimals)),
            Value::Flag(figure.provisional),
        ];
        let mut own = own.into_iter();
        let columns = schema::columns(Table::PublishedFigure).iter();
        let mut row: Vec<Value<'_>> = columns
            .map(|column| match column.source {
                Source::Own => own.next().unwrap_or_default(),
                source => place(source, record, self.context),
            })
            .collect();
        self.columns.append(&mut row);
        Ok(())
    }

    /// The batch; none without a figure.
    pub(super) fn finish(self) -> Option<RecordBatch> {
        self.columns.finish()
    }
}
