//! Cells of any type as text, as psql would show them: enough to compare an answer of either protocol with a word.

use std::error::Error;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use tokio_postgres::types::{FromSql, Kind, Type};
use tokio_postgres::{Row, SimpleQueryMessage};

/// Text of one cell, whatever its type.
pub(crate) struct Text(pub(crate) String);

impl<'a> FromSql<'a> for Text {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        if let Kind::Array(element) = kind.kind() {
            let cells = postgres_array(element, raw)?;
            return Ok(Self(format!("{{{}}}", cells.join(","))));
        }
        let text = match *kind {
            Type::BOOL => if bool::from_sql(kind, raw)? { "t" } else { "f" }.to_owned(),
            Type::CHAR => char::from(raw.first().copied().unwrap_or_default()).to_string(),
            Type::INT2 => i16::from_sql(kind, raw)?.to_string(),
            Type::INT4 => i32::from_sql(kind, raw)?.to_string(),
            Type::INT8 => i64::from_sql(kind, raw)?.to_string(),
            Type::OID => u32::from_sql(kind, raw)?.to_string(),
            Type::FLOAT4 => f32::from_sql(kind, raw)?.to_string(),
            Type::FLOAT8 => f64::from_sql(kind, raw)?.to_string(),
            Type::TIMESTAMPTZ | Type::TIMESTAMP => DateTime::<Utc>::from(SystemTime::from_sql(kind, raw)?).to_rfc3339(),
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN | Type::BPCHAR => String::from_utf8(raw.to_vec())?,
            // Others are only counted.
            _ => format!("{} bytes of {kind}", raw.len()),
        };
        Ok(Self(text))
    }

    fn accepts(_kind: &Type) -> bool {
        true
    }
}

fn postgres_array(element: &Type, raw: &[u8]) -> Result<Vec<String>, Box<dyn Error + Sync + Send>> {
    let cells = Vec::<Option<Text>>::from_sql(&array_of(element), raw)?;
    Ok(cells.into_iter().map(|cell| cell.map_or_else(|| "NULL".to_owned(), |cell| cell.0)).collect())
}

fn array_of(element: &Type) -> Type {
    Type::new(format!("_{}", element.name()), 0, Kind::Array(element.clone()), String::new())
}

/// Number of rows and text of the first cell.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) rows: usize,
    pub(crate) first: Option<String>,
}

impl Answer {
    /// Of the simple protocol; of several statements all rows count.
    pub(crate) fn of_messages(messages: &[SimpleQueryMessage]) -> Self {
        let mut answer = Self::default();
        for message in messages {
            if let SimpleQueryMessage::Row(row) = message {
                if answer.rows == 0 && !row.is_empty() {
                    answer.first = row.get(0).map(str::to_owned);
                }
                answer.rows += 1;
            }
        }
        answer
    }

    /// Of the extended protocol; every cell is read, so that a type that cannot be decoded is found.
    pub(crate) fn of_rows(rows: &[Row]) -> Result<Self, tokio_postgres::Error> {
        let mut answer = Self { rows: rows.len(), first: None };
        for (number, row) in rows.iter().enumerate() {
            for column in 0..row.len() {
                let cell = row.try_get::<_, Option<Text>>(column)?.map(|text| text.0);
                if number == 0 && column == 0 {
                    answer.first = cell;
                }
            }
        }
        Ok(answer)
    }
}
