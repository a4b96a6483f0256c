//! A row of `adt_message` as one thing that happened to a stay.

use arrow::array::{
    Array, ArrayRef, AsArray, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use homeward_contract::adt::{PatientClass, Trigger};
use homeward_contract::schema::timestamp;

/// Rows of `adt_message` lack a column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the table adt_message lacks a usable column `{0}`: was the lake written by another version of Homeward? Start this one on a lake of its own or upgrade it"
)]
pub struct AdtShapeError(pub &'static str);

/// Who the stay is of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) pseudonym: Option<String>,
    pub(super) key_version: Option<i32>,
    pub(super) age_years: Option<i32>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) provider: String,
    pub(super) visit_id: String,
    sending_application: String,
    control_id: String,
    pub(super) trigger: Trigger,
    pub(super) recorded_at: DateTime<Utc>,
    pub(super) occurred_at: DateTime<Utc>,
    pub(super) class: PatientClass,
    pub(super) ward: Option<String>,
    pub(super) prior_ward: Option<String>,
    pub(super) admitted_at: Option<DateTime<Utc>>,
    pub(super) discharged_at: Option<DateTime<Utc>>,
    pub(super) admission_type: Option<String>,
    pub(super) person: Person,
}

impl Message {
    /// The same for a message that comes twice.
    pub(super) fn id(&self) -> (&str, &str) {
        (&self.sending_application, &self.control_id)
    }

    /// The order in which the hospital recorded what happened.
    pub(super) fn order(&self) -> (DateTime<Utc>, &str, &str) {
        (self.recorded_at, &self.control_id, &self.sending_application)
    }
}

/// When a row became known, then its place in Kafka.
pub(super) type Place = (i64, String, i32, i64);

struct Columns {
    batch: RecordBatch,
}

impl Columns {
    /// A column in the type of the contract: the engine may read texts as views.
    fn column(&self, name: &'static str, wanted: &DataType) -> Result<ArrayRef, AdtShapeError> {
        let column = self.batch.column_by_name(name).ok_or(AdtShapeError(name))?;
        cast(column, wanted).map_err(|_| AdtShapeError(name))
    }

    fn text(&self, name: &'static str) -> Result<StringArray, AdtShapeError> {
        Ok(self.column(name, &DataType::Utf8)?.as_string().clone())
    }

    fn instant(&self, name: &'static str) -> Result<TimestampMicrosecondArray, AdtShapeError> {
        Ok(self.column(name, &timestamp())?.as_primitive::<TimestampMicrosecondType>().clone())
    }

    fn small(&self, name: &'static str) -> Result<Int32Array, AdtShapeError> {
        Ok(self.column(name, &DataType::Int32)?.as_primitive::<Int32Type>().clone())
    }

    fn large(&self, name: &'static str) -> Result<Int64Array, AdtShapeError> {
        Ok(self.column(name, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
    }
}

/// Reads every row; one whose words this version does not know is passed over.
pub(super) fn read(batch: &RecordBatch, rows: &mut Vec<(Place, Message)>) -> Result<(), AdtShapeError> {
    let columns = Columns { batch: batch.clone() };
    let (application, control) = (columns.text("sending_application")?, columns.text("control_id")?);
    let (provider, visit) = (columns.text("provider")?, columns.text("visit_id")?);
    let (trigger, class) = (columns.text("trigger")?, columns.text("patient_class")?);
    let (recorded, occurred) = (columns.instant("recorded_at")?, columns.instant("occurred_at")?);
    let (admitted, discharged) = (columns.instant("admitted_at")?, columns.instant("discharged_at")?);
    let (ward, prior_ward) = (columns.text("ward")?, columns.text("prior_ward")?);
    let (admission_type, pseudonym) = (columns.text("admission_type")?, columns.text("pseudonym")?);
    let (key_version, age) = (columns.small("pseudonym_key_version")?, columns.small("age_years")?);
    let (known_at, topic) = (columns.instant("known_at")?, columns.text("topic")?);
    let (partition, offset) = (columns.small("partition")?, columns.large("offset")?);
    let text = |column: &StringArray, row: usize| column.value(row).to_owned();
    let maybe = |column: &StringArray, row: usize| column.is_valid(row).then(|| column.value(row).to_owned());
    let at = |column: &TimestampMicrosecondArray, row: usize| {
        column.is_valid(row).then(|| DateTime::from_timestamp_micros(column.value(row))).flatten()
    };
    let number = |column: &Int32Array, row: usize| column.is_valid(row).then(|| column.value(row));
    for row in 0..batch.num_rows() {
        let known = Trigger::from_code(trigger.value(row)).zip(PatientClass::from_code(class.value(row)));
        let Some(((trigger, class), (recorded_at, occurred_at))) =
            known.zip(at(&recorded, row).zip(at(&occurred, row)))
        else {
            continue;
        };
        let message = Message {
            provider: text(&provider, row),
            visit_id: text(&visit, row),
            sending_application: text(&application, row),
            control_id: text(&control, row),
            trigger,
            recorded_at,
            occurred_at,
            class,
            ward: maybe(&ward, row),
            prior_ward: maybe(&prior_ward, row),
            admitted_at: at(&admitted, row),
            discharged_at: at(&discharged, row),
            admission_type: maybe(&admission_type, row),
            person: Person {
                pseudonym: maybe(&pseudonym, row),
                key_version: number(&key_version, row),
                age_years: number(&age, row),
            },
        };
        let place = (known_at.value(row), text(&topic, row), partition.value(row), offset.value(row));
        rows.push((place, message));
    }
    Ok(())
}
