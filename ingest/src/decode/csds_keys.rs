//! The keys that a refused row names: its own, by which its children name it, and its parent's.
//!
//! They are kept as the columns of accepted rows hold them, so that both meet. A refused row may have its values in the
//! wrong columns, so that a key which would stay in clear is kept only when it can be no name, number or day of a person.

use std::borrow::Cow;

use homeward_contract::feed::Table;
use homeward_contract::identity::{PseudonymKeys, names_a_patient};
use homeward_contract::item::{Handling, Item, items};
use homeward_contract::time;

use super::clean;
use super::csds_items::Sent;

/// Own key and parent's key; none where the table has none, or the row does not say.
pub(super) fn of(table: Table, sent: &[Sent<'_>], provider: &str, keys: &PseudonymKeys) -> [Option<String>; 2] {
    let items_of_keys = [table.named_by(), table.parent().map(|(_, item)| item)];
    items_of_keys.map(|item| {
        let item = item?;
        let place = items(table).iter().position(|each| each.name == item.name)?;
        key(item, sent.get(place)?.trimmed()?, provider, keys)
    })
}

fn key(item: &Item, text: &str, provider: &str, keys: &PseudonymKeys) -> Option<String> {
    match item.handling {
        Handling::LocalPseudonym => Some(keys.local(provider, text)),
        Handling::ServiceRequestId => clean::service_request_id(Cow::Borrowed(text))
            .filter(|(id, placeholder)| !placeholder && says_nobody(id))
            .map(|(id, _)| id.into_owned()),
        _ => Some(text.to_owned()).filter(|id| says_nobody(id)),
    }
}

/// True for an id with a digit that holds no blank, no control character, no valid NHS number and is no day.
fn says_nobody(id: &str) -> bool {
    id.len() <= MOST_KEY_BYTES
        && id.bytes().any(|byte| byte.is_ascii_digit())
        && !id.chars().any(|character| character.is_whitespace() || character.is_control())
        && !holds_number(id)
        && time::parse_date(id).is_err()
}

/// True when the id holds a valid NHS number. Hyphens part the digits of an id with letters, where joining them would find a
/// number in every eleventh id of ten digits; an id of digits and hyphens alone may be a number as people write it.
fn holds_number(id: &str) -> bool {
    if !id.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return names_a_patient(id);
    }
    id.split(|character: char| !character.is_ascii_digit()).any(names_a_patient)
}

/// Ids of the data set have up to 20 characters; longer ones are seen.
const MOST_KEY_BYTES: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_clear_names_nobody() {
        for id in ["S1", "SRI-000912345", "OTH-202503-0002", "0123", "NR5/2025/17"] {
            assert!(says_nobody(id), "{id}");
        }
        let long = "1".repeat(101);
        for id in
            ["", "Doe", "Jane 1", "9990000018", "S9990000018", "999-000-0018", "1941-05-01", "1\u{7}", long.as_str()]
        {
            assert!(!says_nobody(id), "{id}");
        }
    }
}
