//! One JSON value, borrowed from the payload where the text holds no escapes.
//!
//! A field of the wrong JSON type is not a parse error here: the value is kept as what it is, so
//! that validation can say which field is wrong. Messages of `serde_json` are never shown, because
//! they quote the value.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A JSON scalar, or a note that something else stood in its place.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Scalar<'a> {
    /// The field is absent or `null`: both mean "not known".
    #[default]
    Null,
    Text(Cow<'a, str>),
    Integer(i64),
    Flag(bool),
    /// A fraction, or a whole number beyond 64 bits.
    Real(f64),
    /// An object or an array.
    Nested,
}

impl<'a> Scalar<'a> {
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value as trimmed text; `Ok(None)` when null or blank, `Err` when it is no text at all.
    ///
    /// Whole numbers are read as text, because senders print codes such as `5` without quotes.
    pub(super) fn into_text(self) -> Result<Option<Cow<'a, str>>, NotText> {
        match self {
            Self::Null => Ok(None),
            Self::Text(Cow::Borrowed(text)) => Ok(filled(text).map(Cow::Borrowed)),
            Self::Text(Cow::Owned(text)) => Ok(filled(&text).map(|kept| Cow::Owned(kept.to_owned()))),
            Self::Integer(number) => Ok(Some(Cow::Owned(number.to_string()))),
            Self::Flag(_) | Self::Real(_) | Self::Nested => Err(NotText),
        }
    }
}

/// The value is a fraction, a truth value, an object or an array where text was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotText;

fn filled(text: &str) -> Option<&str> {
    let kept = text.trim();
    (!kept.is_empty()).then_some(kept)
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Scalar::Real(number as f64), Scalar::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Real(number))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Flag(flag))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nested)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nested)
    }
}

/// A JSON key: borrowed unless it holds escapes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key<'a>(pub(super) Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a field name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Owned(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_borrowed_trimmed_and_blank_means_unknown() {
        let read = |json: &'static str| serde_json::from_str::<Scalar<'static>>(json).unwrap();
        assert_eq!(read(r#"" 05 ""#).into_text(), Ok(Some(Cow::Borrowed("05"))));
        assert!(matches!(read(r#""05""#).into_text(), Ok(Some(Cow::Borrowed("05")))));
        assert_eq!(read(r#""  ""#).into_text(), Ok(None));
        assert_eq!(read("null").into_text(), Ok(None));
        assert_eq!(read("5").into_text(), Ok(Some(Cow::Borrowed("5"))));
        assert_eq!(read(r#""a\u0062""#).into_text(), Ok(Some(Cow::Borrowed("ab"))));
    }

    #[test]
    fn other_shapes_are_no_text() {
        for json in ["1.5", "true", "{\"a\":1}", "[1,[2]]", "18446744073709551615"] {
            assert_eq!(serde_json::from_str::<Scalar<'_>>(json).unwrap().into_text(), Err(NotText), "{json}");
        }
    }
}
