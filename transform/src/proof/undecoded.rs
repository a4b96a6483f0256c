//! Rows of whole states straight from their messages, until the decoder takes them: then this file goes.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::DataType;
use chrono::{DateTime, NaiveDate};
use homeward_contract::feed::{Feed, Table};
use homeward_contract::schema::fact_schema;
use homeward_contract::state::{StateType, from_wire_name, items};
use serde_json::Value;

use crate::definition::case::CaseRecord;

/// One batch, if there are any records.
pub(super) fn rows(feed: Feed, records: &[&CaseRecord]) -> Option<(Table, RecordBatch)> {
    let messages: Vec<Value> =
        records.iter().filter_map(|record| serde_json::from_slice(&record.payload).ok()).collect();
    let schema = fact_schema(feed.anchor());
    let known_at = |row: usize| records.get(row).map(|record| Value::from(record.known_at.to_rfc3339()));
    let columns = schema.fields().iter().map(|field| {
        let cell = |(row, message): (usize, &Value)| match field.name().as_str() {
            "known_at" => known_at(row).unwrap_or_default(),
            name => cell(feed, name, message),
        };
        array(field.data_type(), messages.iter().enumerate().map(cell).collect())
    });
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns.collect()).ok()?;
    (batch.num_rows() > 0).then(|| (feed.anchor(), batch))
}

fn cell(feed: Feed, column: &str, message: &Value) -> Value {
    let kind = message["type"].as_str().and_then(from_wire_name).map(|(_, kind)| kind);
    match column {
        "event_id" => message["id"].clone(),
        "event_time" => message["time"].clone(),
        "event_type" => kind.map(StateType::short_name).into(),
        "version_id" => message["versionid"].as_str().and_then(|text| text.parse::<i64>().ok()).into(),
        "withdrawn" => Value::from(kind == Some(StateType::Voided)),
        "source" | "subject" => message[column].clone(),
        "topic" => Value::from("case"),
        "partition" | "offset" => Value::from(0),
        _ => {
            let item = items(feed).iter().find(|item| item.column == Some(column));
            let path = item.map(|item| format!("/data/{}", item.name.replace('.', "/")));
            path.and_then(|path| message.pointer(&path)).cloned().unwrap_or_default()
        }
    }
}

fn array(data_type: &DataType, cells: Vec<Value>) -> ArrayRef {
    let cells = cells.iter();
    let whole = |value: &Value| value.as_i64();
    match data_type {
        DataType::Timestamp(..) => {
            let instant = |value: &Value| DateTime::parse_from_rfc3339(value.as_str()?).ok();
            let micros = cells.map(|value| instant(value).map(|at| at.timestamp_micros()));
            Arc::new(micros.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
        }
        DataType::Date32 => {
            let day = |value: &Value| value.as_str()?.parse::<NaiveDate>().ok();
            let days = cells.map(|value| i32::try_from((day(value)? - NaiveDate::default()).num_days()).ok());
            Arc::new(days.collect::<Date32Array>())
        }
        DataType::Int32 => Arc::new(cells.map(|value| i32::try_from(whole(value)?).ok()).collect::<Int32Array>()),
        DataType::Int64 => Arc::new(cells.map(whole).collect::<Int64Array>()),
        DataType::Boolean => Arc::new(cells.map(Value::as_bool).collect::<BooleanArray>()),
        _ => Arc::new(cells.map(Value::as_str).collect::<StringArray>()),
    }
}
