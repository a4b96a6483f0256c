//! Fields that the contract does not know, kept as JSON text so that a later version can read them.
//!
//! Fields that would carry a direct identifier are dropped, at any depth (`disclosure.md` section
//! 3): name, address, postcode, date of birth, NHS number, contact details, staff, free text. So is
//! any value that is itself a valid NHS number.

use std::borrow::Cow;
use std::fmt;

use homeward_contract::identity::NhsNumber;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::scalar::Key;

/// Fragments that mark a field name, in lower case without separators, as a direct identifier or
/// free text.
const IDENTIFYING_FRAGMENTS: [&str; 24] = [
    "name",
    "address",
    "postcode",
    "postalcode",
    "zipcode",
    "birth",
    "nhsno",
    "nhsnumber",
    "nhsid",
    "freetext",
    "narrative",
    "note",
    "comment",
    "staff",
    "clinician",
    "practitioner",
    "phone",
    "mobile",
    "email",
    "telecom",
    "nextofkin",
    "keysafe",
    "latitude",
    "longitude",
];

/// Whole field names of the same kind that are too short to look for inside others.
const IDENTIFYING_NAMES: [&str; 8] =
    ["dob", "nok", "text", "description", "details", "uprn", "contact", "localpatientid"];

/// Whether a field of this name would carry a direct identifier or free text.
pub(crate) fn is_direct_identifier(field: &str) -> bool {
    let plain: String =
        field.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    IDENTIFYING_NAMES.contains(&plain.as_str()) || IDENTIFYING_FRAGMENTS.iter().any(|fragment| plain.contains(fragment))
}

/// Unknown fields of one record, in the order they came. Empty for most records, and then nothing
/// is allocated.
#[derive(Debug, Default)]
pub(super) struct Extra<'a> {
    fields: Vec<(&'static str, Cow<'a, str>, &'a RawValue)>,
    dropped: bool,
}

/// An unknown field holds JSON nested beyond the parser's limit of 128 levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooDeep;

impl<'a> Extra<'a> {
    /// Keeps a field; `prefix` names the object it stood in (`"data."`, `"person."`), so that equal
    /// names do not collide.
    pub(super) fn keep(&mut self, prefix: &'static str, field: Cow<'a, str>, value: &'a RawValue) {
        if value.get() == "null" {
            return;
        }
        if is_direct_identifier(&field) {
            self.dropped = true;
        } else {
            self.fields.push((prefix, field, value));
        }
    }

    /// Whether a field of the record's own objects was dropped because its name says it identifies
    /// somebody.
    pub(super) fn dropped_identifier(&self) -> bool {
        self.dropped
    }

    /// Takes over the fields of a nested object.
    pub(super) fn append(&mut self, other: Self) {
        self.dropped |= other.dropped;
        self.fields.extend(other.fields);
    }

    /// The fields as the text of one JSON object; `None` when nothing is left to keep.
    pub(super) fn to_json(&self) -> Result<Option<String>, TooDeep> {
        if self.fields.is_empty() {
            return Ok(None);
        }
        let mut out = String::with_capacity(
            32 + self.fields.iter().map(|(_, name, value)| name.len() + value.get().len() + 16).sum::<usize>(),
        );
        out.push('{');
        for (prefix, field, value) in &self.fields {
            let start = out.len();
            if start > 1 {
                out.push(',');
            }
            if prefix.is_empty() {
                push_text(&mut out, field);
            } else {
                push_text(&mut out, &format!("{prefix}{field}"));
            }
            out.push(':');
            if !copy_without_identifiers(value, &mut out)? {
                out.truncate(start);
            }
        }
        out.push('}');
        Ok((out.len() > 2).then_some(out))
    }
}

/// Writes the value; `false` when the whole value must go because it is an NHS number.
pub(super) fn copy_without_identifiers(value: &RawValue, out: &mut String) -> Result<bool, TooDeep> {
    let mut kept = true;
    let mut parser = serde_json::Deserializer::from_str(value.get());
    Copy { out, kept: &mut kept }.deserialize(&mut parser).map_err(|_| TooDeep)?;
    Ok(kept)
}

/// Copies one JSON value into `out`; sets `kept` to false instead of writing when the value is an
/// NHS number.
struct Copy<'w> {
    out: &'w mut String,
    kept: &'w mut bool,
}

impl Copy<'_> {
    fn literal<E>(self, text: &str) -> Result<(), E> {
        if is_nhs_number(text) {
            *self.kept = false;
        } else {
            self.out.push_str(text);
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Copy<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Copy<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.literal("null")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<(), E> {
        self.literal(if flag { "true" } else { "false" })
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.literal(&number.to_string())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.literal(&number.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<(), E> {
        let text = serde_json::to_string(&number).map_err(E::custom)?;
        self.literal(&text)
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if is_nhs_number(text) {
            *self.kept = false;
        } else {
            push_text(self.out, text);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.out.push('[');
        let first = self.out.len();
        loop {
            let start = self.out.len();
            if start > first {
                self.out.push(',');
            }
            let mut kept = true;
            let more = items.next_element_seed(Copy { out: self.out, kept: &mut kept })?;
            if more.is_none() || !kept {
                self.out.truncate(start);
            }
            if more.is_none() {
                break;
            }
        }
        self.out.push(']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        self.out.push('{');
        let first = self.out.len();
        while let Some(Key(field)) = fields.next_key()? {
            if is_direct_identifier(&field) {
                fields.next_value::<serde::de::IgnoredAny>()?;
                continue;
            }
            let start = self.out.len();
            if start > first {
                self.out.push(',');
            }
            push_text(self.out, &field);
            self.out.push(':');
            let mut kept = true;
            fields.next_value_seed(Copy { out: self.out, kept: &mut kept })?;
            if !kept {
                self.out.truncate(start);
            }
        }
        self.out.push('}');
        Ok(())
    }
}

/// Ten digits, with or without spaces or hyphens between them, that pass the NHS number rules.
fn is_nhs_number(text: &str) -> bool {
    if text.len() < 10 || text.len() > 14 {
        return false;
    }
    let digits: String = text.chars().filter(|letter| !matches!(letter, ' ' | '-')).collect();
    NhsNumber::parse(&digits).is_ok()
}

/// Appends `text` as a JSON string.
pub(crate) fn push_text(out: &mut String, text: &str) {
    if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        out.push_str(&serde_json::Value::from(text).to_string());
    } else {
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}
