//! The items of one CSDS row as they were sent, in the order of the contract's item list.

use std::borrow::Cow;
use std::fmt;

use homeward_contract::feed::Table;
use homeward_contract::item::{Handling, Item, items};
use homeward_contract::reject::RejectCode;
use homeward_contract::submission::CsdsVersion;
use homeward_contract::version;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use super::fault::Fault;
use super::field::MOST_TEXT_BYTES;
use super::flags::Flags;
use super::scalar::{Key, Scalar};

/// One item as it was sent; blank counts as absent.
#[derive(Debug, Clone, Default)]
pub(super) struct Sent<'a>(Option<Cow<'a, str>>);

impl<'a> Sent<'a> {
    /// The item without blanks around it.
    pub(super) fn trimmed(&self) -> Option<&str> {
        self.0.as_deref().map(str::trim)
    }

    /// The item without blanks around it, still borrowed from the payload where it was.
    pub(super) fn trimmed_cow(&self) -> Option<Cow<'a, str>> {
        Some(match self.0.as_ref()? {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        })
    }

    /// The item exactly as sent.
    pub(super) fn raw(&self) -> Option<Cow<'a, str>> {
        self.0.clone()
    }
}

/// Reads the `record` object into `sent`, one place an item of the table.
///
/// # Errors
/// The fault when the object cannot be read, or an item is no text, too long or holds control
/// characters.
pub(super) fn read_items<'p>(
    table: Table,
    record: &'p str,
    sent: &mut Vec<Sent<'p>>,
    flags: &mut Flags,
) -> Result<(), Fault> {
    let items = items(table);
    sent.clear();
    sent.resize(items.len(), Sent::default());
    let mut parser = serde_json::Deserializer::from_str(record);
    let read =
        Record { items, sent: &mut *sent }.deserialize(&mut parser).and_then(|unknown| parser.end().map(|()| unknown));
    let unknown = read.map_err(|error| {
        // Half an object says nothing, not even which row it is.
        sent.clear();
        Fault::json(&error, record.as_bytes(), RejectCode::WrongCsdsKind)
    })?;
    if unknown {
        flags.raise(RejectCode::CsdsUnknownItem);
    }
    for (item, Sent(text)) in items.iter().zip(sent) {
        let Some(text) = text else { continue };
        if text.len() > MOST_TEXT_BYTES {
            return Err(Fault::item(RejectCode::ItemTooLong, item.name));
        }
        if text.trim().bytes().any(|byte| byte.is_ascii_control()) {
            return Err(Fault::item(RejectCode::BadItemValue, item.name));
        }
    }
    Ok(())
}

/// Lifts a row of an older version to the newest shape: a renamed item fills the newer one where the list of changes
/// says that both share their codes. The older item keeps its own column.
pub(super) fn uplift(table: Table, version: CsdsVersion, sent: &mut [Sent<'_>]) {
    let place = |name| items(table).iter().position(|item| item.name == name);
    for (older, newer) in version::uplifts(table, version) {
        if let (Some(older), Some(newer)) = (place(older), place(newer))
            && sent[newer].0.is_none()
        {
            sent[newer] = sent[older].clone();
        }
    }
}

/// Reads an object by the item list; the value says whether a name was unknown.
struct Record<'r, 'p> {
    items: &'static [Item],
    sent: &'r mut [Sent<'p>],
}

/// A text that stands for "not text", which no text can be: control characters are refused.
const NOT_TEXT: &str = "\u{1}";

impl<'p> DeserializeSeed<'p> for Record<'_, 'p> {
    type Value = bool;

    fn deserialize<D: Deserializer<'p>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'p> Visitor<'p> for Record<'_, 'p> {
    type Value = bool;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object of items")
    }

    fn visit_map<A: MapAccess<'p>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut unknown = false;
        // Senders keep one order: the item after the last one found is tried first.
        let mut expected = 0;
        while let Some(Key(name)) = map.next_key()? {
            let Some(place) = self.place(&name, expected) else {
                unknown = true;
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            expected = place + 1;
            let value: Scalar<'p> = map.next_value()?;
            let slot = &mut self.sent[place].0;
            if slot.is_some() {
                return Err(A::Error::duplicate_field(self.items[place].name));
            }
            *slot = match value {
                Scalar::Null => None,
                Scalar::Text(text) if text.trim().is_empty() => None,
                Scalar::Text(text) => Some(text),
                Scalar::Integer(number) => Some(Cow::Owned(number.to_string())),
                // The shortest text that reads back as the number is what the sender wrote, bar zeros at its end.
                Scalar::Real(number) if takes_fractions(&self.items[place]) => Some(Cow::Owned(number.to_string())),
                Scalar::Flag(_) | Scalar::Real(_) | Scalar::Nested => Some(Cow::Borrowed(NOT_TEXT)),
            };
        }
        Ok(unknown)
    }
}

/// Whether a JSON number with a fraction can be the item's value.
fn takes_fractions(item: &Item) -> bool {
    matches!(item.handling, Handling::Decimal { .. } | Handling::Measurement)
}

impl Record<'_, '_> {
    fn place(&self, name: &str, expected: usize) -> Option<usize> {
        if self.items.get(expected).is_some_and(|item| item.name == name) {
            return Some(expected);
        }
        self.items
            .iter()
            .position(|item| item.name == name)
            .or_else(|| self.items.iter().position(|item| item.name.eq_ignore_ascii_case(name)))
    }
}
